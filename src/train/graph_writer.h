// SPDX-License-Identifier: Apache-2.0
//
// Builds an ONNX graph node by node; each node is named after the tensor that it makes.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <onnx/onnx_pb.h>

namespace bitloom::train {

using Dims = std::vector<int64_t>;

inline constexpr const char* kQuantDomain = "qonnx.custom_op.general";

class GraphWriter {
 public:
  explicit GraphWriter(std::string name);

  void input(const std::string& name, const Dims& shape);
  void output(const std::string& name, const Dims& shape);

  /// Appends a node whose result, of this shape, is called `output`; returns that name. Shape inference stops at operators
  /// that it does not know, so that every tensor's shape is written down.
  std::string add(const char* op, std::initializer_list<std::string> inputs, const std::string& output, const Dims& shape);

  /// Attributes of the node that was added last, and its domain.
  void attribute(const char* name, int64_t value);
  void attribute(const char* name, float value);
  void attribute(const char* name, const char* value);
  void attribute(const char* name, const Dims& values);
  void domain(const char* name);

  std::string constant(const std::string& name, std::span<const float> values, const Dims& shape);
  std::string constant(const std::string& name, float value);
  std::string constant(const std::string& name, std::span<const int8_t> values, const Dims& shape);

  /// The model's bytes.
  std::string bytes() const;

 private:
  onnx::AttributeProto& attribute(const char* name, onnx::AttributeProto::AttributeType type);
  onnx::TensorProto& tensor(const std::string& name, onnx::TensorProto::DataType type, const Dims& shape);

  onnx::ModelProto model_;
  onnx::GraphProto& graph_;
};

}  // namespace bitloom::train
