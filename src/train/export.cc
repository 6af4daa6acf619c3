// SPDX-License-Identifier: Apache-2.0
#include "export.h"

#include <cmath>
#include <initializer_list>
#include <span>
#include <utility>

#include <onnx/onnx_pb.h>

#include "bitloom/error.h"

namespace bitloom::train {
namespace {

constexpr int64_t kIrVersion = 7;  // the one that belongs to operator set 13
constexpr int64_t kOpset = 13;
constexpr const char* kQuantDomain = "qonnx.custom_op.general";

/// Appends nodes to a graph; each is named after the tensor that it makes.
class GraphWriter {
 public:
  explicit GraphWriter(onnx::GraphProto& graph) : graph_(graph) {}

  onnx::NodeProto& add(const char* op, std::initializer_list<std::string> inputs, const std::string& output) {
    onnx::NodeProto& node = *graph_.add_node();
    node.set_op_type(op);
    node.set_name(output);
    for (const std::string& input : inputs) node.add_input(input);
    node.add_output(output);
    return node;
  }

  void add_quant(const std::string& input, const std::string& output) {
    add("BipolarQuant", {input, "one"}, output).set_domain(kQuantDomain);
  }

  std::string constant(const std::string& name, std::span<const float> values, bool scalar = false) {
    onnx::TensorProto& tensor = add_tensor(name, onnx::TensorProto::FLOAT);
    if (!scalar) tensor.add_dims(static_cast<int64_t>(values.size()));
    tensor.set_raw_data(values.data(), values.size_bytes());
    return name;
  }

  std::string constant(const std::string& name, float value) { return constant(name, std::span(&value, 1), true); }

  std::string constant(const std::string& name, std::span<const int8_t> values, int64_t rows, int64_t columns) {
    onnx::TensorProto& tensor = add_tensor(name, onnx::TensorProto::INT8);
    tensor.add_dims(rows);
    tensor.add_dims(columns);
    tensor.set_raw_data(values.data(), values.size_bytes());
    return name;
  }

  void describe(onnx::ValueInfoProto& value, const std::string& name, std::initializer_list<int64_t> shape) {
    value.set_name(name);
    onnx::TypeProto_Tensor& type = *value.mutable_type()->mutable_tensor_type();
    type.set_elem_type(onnx::TensorProto::FLOAT);
    for (const int64_t size : shape) type.mutable_shape()->add_dim()->set_dim_value(size);
  }

  /// Shape inference stops at operators it does not know, so every tensor's shape is written down.
  void describe(const std::string& name, std::initializer_list<int64_t> shape) {
    describe(*graph_.add_value_info(), name, shape);
  }

 private:
  onnx::TensorProto& add_tensor(const std::string& name, onnx::TensorProto::DataType type) {
    onnx::TensorProto& tensor = *graph_.add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(type);
    return tensor;
  }

  onnx::GraphProto& graph_;
};

/// x * scale + offset, the same as the norm.
std::pair<float, float> affine(const TrainedNorm& norm) {
  const double scale = norm.scale.at(0) / std::sqrt(double{norm.variance.at(0)} + double{kNormEpsilon});
  return {static_cast<float>(scale), static_cast<float>(norm.offset.at(0) - norm.mean.at(0) * scale)};
}

void set_attribute(onnx::NodeProto& node, const char* name, int64_t value) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INT);
  attribute.set_i(value);
}

void set_attribute(onnx::NodeProto& node, const char* name, float value) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::FLOAT);
  attribute.set_f(value);
}

/// The layer's product with the tensor `input`; returns its name.
std::string add_product(GraphWriter& writer, const TrainedLayer& layer, const std::string& name, const std::string& input) {
  BITLOOM_CHECK(static_cast<int64_t>(layer.weights.size()) == layer.inputs * layer.outputs);
  const std::string stored = writer.constant(name + ".weight", layer.weights, layer.inputs, layer.outputs);
  set_attribute(writer.add("Cast", {stored}, name + ".weight_real"), "to", int64_t{onnx::TensorProto::FLOAT});
  writer.add_quant(name + ".weight_real", name + ".weight_sign");
  writer.add("MatMul", {input, name + ".weight_sign"}, name + ".sum");
  for (const char* part : {".weight_real", ".weight_sign"}) writer.describe(name + part, {layer.inputs, layer.outputs});
  writer.describe(name + ".sum", {1, layer.outputs});
  return name + ".sum";
}

std::string add_hidden(GraphWriter& writer, const TrainedLayer& layer, const std::string& name, const std::string& input) {
  const TrainedNorm& norm = layer.norm;
  const std::string sum = add_product(writer, layer, name, input);
  onnx::NodeProto& node = writer.add(
      "BatchNormalization",
      {sum, writer.constant(name + ".norm.scale", norm.scale), writer.constant(name + ".norm.offset", norm.offset),
       writer.constant(name + ".norm.mean", norm.mean), writer.constant(name + ".norm.variance", norm.variance)},
      name + ".norm");
  set_attribute(node, "epsilon", kNormEpsilon);
  writer.add_quant(name + ".norm", name + ".sign");
  for (const char* part : {".norm", ".sign"}) writer.describe(name + part, {1, layer.outputs});
  return name + ".sign";
}

/// Images in 0 .. 1 to signs, [1][channel * y * x].
std::string add_input(GraphWriter& writer, const TrainedNetwork& network) {
  writer.constant("one", 1.0F);
  set_attribute(writer.add("Flatten", {"image"}, "pixels"), "axis", int64_t{1});
  writer.add("Mul", {"pixels", writer.constant("two", 2.0F)}, "pixels.doubled");
  writer.add("Sub", {"pixels.doubled", "one"}, "pixels.centred");
  writer.add_quant("pixels.centred", "pixels.sign");
  for (const char* name : {"pixels", "pixels.doubled", "pixels.centred", "pixels.sign"}) {
    writer.describe(name, {1, network.channels * network.height * network.width});
  }
  return "pixels.sign";
}

}  // namespace

std::string qonnx_bytes(const TrainedNetwork& network) {
  BITLOOM_CHECK(!network.layers.empty());
  onnx::ModelProto model;
  model.set_ir_version(kIrVersion);
  model.set_producer_name("bitloom");
  for (const auto& [domain, version] : {std::pair{"", kOpset}, std::pair{kQuantDomain, int64_t{1}}}) {
    onnx::OperatorSetIdProto& import = *model.add_opset_import();
    import.set_domain(domain);
    import.set_version(version);
  }
  onnx::GraphProto& graph = *model.mutable_graph();
  graph.set_name(network.name);
  GraphWriter writer(graph);
  writer.describe(*graph.add_input(), "image", {1, network.channels, network.height, network.width});
  std::string tensor = add_input(writer, network);
  for (size_t i = 0; i + 1 < network.layers.size(); ++i) {
    tensor = add_hidden(writer, network.layers[i], fmt::format("layer{}", i), tensor);
  }
  const TrainedLayer& last = network.layers.back();
  const std::string sum = add_product(writer, last, fmt::format("layer{}", network.layers.size() - 1), tensor);
  const auto [scale, offset] = affine(last.norm);
  writer.add("Mul", {sum, writer.constant("logits.scale", scale)}, "logits.scaled");
  writer.add("Add", {"logits.scaled", writer.constant("logits.offset", offset)}, "logits");
  writer.describe("logits.scaled", {1, last.outputs});
  writer.describe(*graph.add_output(), "logits", {1, last.outputs});
  return model.SerializeAsString();
}

}  // namespace bitloom::train
