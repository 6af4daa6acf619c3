// SPDX-License-Identifier: Apache-2.0
//
// ONNX models made in memory, a line an item.
#pragma once

#include <cstring>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include <onnx/onnx_pb.h>

#include "bitloom/frontend.h"

namespace bitloom::test {

inline std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

inline frontend::QuantGraph read_model(const onnx::ModelProto& model) {
  return frontend::read_onnx(bytes_of(model.SerializeAsString()), "m.onnx");
}

/// What `read_model` says when it refuses, "" if it does not.
inline std::string refusal(const onnx::ModelProto& model) {
  try {
    read_model(model);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

inline onnx::ValueInfoProto* add_input(onnx::ModelProto& model, const std::string& name, std::vector<int64_t> shape) {
  auto* input = model.mutable_graph()->add_input();
  input->set_name(name);
  auto* dims = input->mutable_type()->mutable_tensor_type()->mutable_shape();
  for (const int64_t size : shape) dims->add_dim()->set_dim_value(size);
  return input;
}

inline onnx::NodeProto* add_node(onnx::ModelProto& model, const std::string& name, const std::string& op,
                                 std::vector<std::string> inputs, std::vector<std::string> outputs) {
  auto* node = model.mutable_graph()->add_node();
  node->set_name(name);
  node->set_op_type(op);
  for (const auto& input : inputs) node->add_input(input);
  for (const auto& output : outputs) node->add_output(output);
  return node;
}

inline onnx::AttributeProto* add_attribute(onnx::NodeProto* node, const std::string& name,
                                           onnx::AttributeProto::AttributeType type) {
  auto* attribute = node->add_attribute();
  attribute->set_name(name);
  attribute->set_type(type);
  return attribute;
}

/// A tensor of raw data.
template <typename T>
onnx::TensorProto tensor(const std::string& name, onnx::TensorProto::DataType type, std::vector<int64_t> shape,
                         std::vector<T> values) {
  onnx::TensorProto result;
  result.set_name(name);
  result.set_data_type(type);
  for (const int64_t size : shape) result.add_dims(size);
  result.set_raw_data(values.data(), values.size() * sizeof(T));
  return result;
}

inline onnx::TensorProto floats(const std::string& name, std::vector<int64_t> shape, std::vector<float> values) {
  return tensor(name, onnx::TensorProto::FLOAT, std::move(shape), std::move(values));
}

inline void add_constant(onnx::ModelProto& model, onnx::TensorProto constant) {
  *model.mutable_graph()->add_initializer() = std::move(constant);
}

inline void add_output(onnx::ModelProto& model, const std::string& name) {
  model.mutable_graph()->add_output()->set_name(name);
}

inline void annotate(onnx::ModelProto& model, const std::string& name, const std::string& key, const std::string& value) {
  auto* annotation = model.mutable_graph()->add_quantization_annotation();
  annotation->set_tensor_name(name);
  auto* entry = annotation->add_quant_parameter_tensor_names();
  entry->set_key(key);
  entry->set_value(value);
}

/// x -> MatMul(w) -> BipolarQuant(scale) -> y, in the manner of Brevitas: a custom domain that is not imported.
inline onnx::ModelProto small_model() {
  onnx::ModelProto model;
  model.set_ir_version(6);
  model.add_opset_import()->set_version(9);
  model.mutable_graph()->set_name("small");
  add_input(model, "x", {1, 2});
  add_constant(model, floats("w", {2, 3}, {1, -1, 1, -1, 1, -1}));
  add_constant(model, floats("s", {}, {0.5F}));
  add_node(model, "dot", "MatMul", {"x", "w"}, {"a"});
  add_node(model, "sign", "BipolarQuant", {"a", "s"}, {"y"})->set_domain("onnx.brevitas");
  add_output(model, "y");
  return model;
}

}  // namespace bitloom::test
