// SPDX-License-Identifier: Apache-2.0
//
// Reads trained networks that others wrote into a quant graph: an ONNX-like graph with real-valued constants, straight from
// the file. Reading checks form (sizes, references, order); what an operator means is decided by `lower`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bitloom/error.h"

namespace bitloom::frontend {

/// A dense array in row-major order. Every ONNX element type that occurs is exact in a double (int64 is checked to be).
struct Array {
  std::vector<int64_t> shape;  ///< empty for a scalar
  std::vector<double> data;
  bool operator==(const Array&) const = default;
  int64_t elements() const;  ///< product of the shape
  static Array scalar(double value) { return {{}, {value}}; }
};

using Attribute = std::variant<int64_t, double, std::string, std::vector<int64_t>, std::vector<double>,
                               std::vector<std::string>, Array>;

/// One operator. Domains of QONNX dialects ("onnx.brevitas", "qonnx.custom_op.general", "finn.custom_op.general") are kept
/// as found; an operator is known by `op` alone.
struct GraphNode {
  std::string name;  ///< unique, never empty (made from op and position where the file has none)
  std::string op;    ///< "Conv", "Quant", "MultiThreshold" ...
  std::string domain;
  int64_t opset = 1;  ///< version of the domain that the file imports; 1 where it does not say
  std::vector<std::string> inputs;  ///< "" for an optional input left out
  std::vector<std::string> outputs;
  std::map<std::string, Attribute> attributes;

  /// The attribute, or `fallback`. Throws Error naming the node when the attribute has another type.
  int64_t integer(std::string_view attribute, int64_t fallback) const;
  double real(std::string_view attribute, double fallback) const;
  std::string text(std::string_view attribute, std::string_view fallback) const;
  std::vector<int64_t> integers(std::string_view attribute, std::vector<int64_t> fallback) const;
  bool has(std::string_view attribute) const;
};

struct GraphInput {
  std::string name;
  std::vector<int64_t> shape;  ///< -1 where the file leaves a size open (always allowed for the batch)
  std::string datatype;        ///< finn_datatype annotation ("UINT8", "BIPOLAR" ...), "" if there is none
  std::string layout;          ///< letters of the tensor_layout annotation ("NCHW", "NHWC", "NC"), "" if there is none
};

/// A trained network as its file tells it. Nodes are in topological order and every name they read is a graph input, a
/// constant or an earlier node's output.
struct QuantGraph {
  std::string name;
  std::string source;  ///< the path it came from, for messages
  std::string format;  ///< "QONNX", "FINN JSON + NPZ", "BNN-PYNQ"
  std::vector<GraphInput> inputs;  ///< without those that are constants
  std::vector<std::string> outputs;
  std::vector<GraphNode> nodes;
  std::map<std::string, Array> constants;
  std::map<std::string, std::string> datatypes;  ///< finn_datatype annotations of all tensors
  std::vector<std::string> classes;              ///< names of the classes, where the source has them
};

/// Limits of every reader; what lies beyond is refused before it is allocated.
inline constexpr int64_t kMaxElements = int64_t{1} << 28;  ///< of one array, and of all constants together

/// Reads a model, known by its contents: an ONNX file (QONNX, Brevitas and FINN dialects), a FINN topology JSON (its .npz
/// beside it), or a BNN-PYNQ parameter folder. Throws Error naming the file and the fault.
QuantGraph read(const std::filesystem::path& path);

/// The parts of `read`; `source` stands for the file in messages.
QuantGraph read_onnx(std::span<const std::byte> bytes, std::string_view source);
QuantGraph read_finn_json(std::string_view json, std::span<const std::byte> npz, std::string_view source);
QuantGraph read_bnn_pynq(const std::filesystem::path& folder);

/// Throws Error if the graph is not in topological order, a name is defined twice or read before it is defined, or an
/// output does not exist.
void verify(const QuantGraph& graph);

}  // namespace bitloom::frontend
