// SPDX-License-Identifier: Apache-2.0
#include "onnx_models.h"

#include <cmath>
#include <random>

#include <onnx/onnx_pb.h>

#include "bitloom/file.h"

namespace bitloom::bench {
namespace {

using onnx::TensorProto;
using Integers = std::vector<int64_t>;

constexpr int kIrVersion = 7, kOpset = 13;  // these belong together

/// Uniform in -1 .. 1.
float uniform(std::mt19937_64& random) { return static_cast<float>(static_cast<int64_t>(random())) / 9.223372e18F; }

bool is_flat(const ir::Shape& shape) { return shape.height == 1 && shape.width == 1; }

class Writer {
 public:
  explicit Writer(Arithmetic arithmetic) : int8_(arithmetic == Arithmetic::kInt8) {}

  onnx::ModelProto write(const std::vector<Layer>& layers, const std::string& name) {
    model_.set_ir_version(kIrVersion);
    model_.add_opset_import()->set_version(kOpset);
    graph().set_name(name);
    if (int8_) add_shared_constants();
    current_ = "image";
    const bool flat = layers.front().kind == LayerKind::kFullyConnected;
    describe(graph().add_input(), layers.front().input, flat);
    for (const Layer& layer : layers) write(layer);
    describe(graph().add_output(), layers.back().output, true);
    return std::move(model_);
  }

 private:
  onnx::GraphProto& graph() { return *model_.mutable_graph(); }

  void describe(onnx::ValueInfoProto* value, const ir::Shape& shape, bool flat) {
    value->set_name(current_);
    auto* type = value->mutable_type()->mutable_tensor_type();
    type->set_elem_type(int8_ ? TensorProto::UINT8 : TensorProto::FLOAT);
    type->mutable_shape()->add_dim()->set_dim_param("images");
    const Integers sizes = flat ? Integers{shape.elements()} : Integers{shape.channels, shape.height, shape.width};
    for (const int64_t size : sizes) type->mutable_shape()->add_dim()->set_dim_value(size);
  }

  /// Appends an operator over the current tensor and `parameters`; its result becomes the current tensor.
  onnx::NodeProto& add_node(const std::string& op, const std::vector<std::string>& parameters = {}) {
    onnx::NodeProto& node = *graph().add_node();
    node.set_op_type(op);
    node.set_name(fmt::format("{}_{}", op, graph().node_size()));
    node.add_input(current_);
    for (const std::string& parameter : parameters) node.add_input(parameter);
    current_ = node.name() + "_result";
    node.add_output(current_);
    return node;
  }

  static void set_attribute(onnx::NodeProto& node, const std::string& name, int64_t value) {
    onnx::AttributeProto& attribute = *node.add_attribute();
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::INT);
    attribute.set_i(value);
  }

  static void set_attribute(onnx::NodeProto& node, const std::string& name, const Integers& values) {
    onnx::AttributeProto& attribute = *node.add_attribute();
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::INTS);
    for (const int64_t value : values) attribute.add_ints(value);
  }

  static void set_window(onnx::NodeProto& node, const ir::Window& w) {
    set_attribute(node, "kernel_shape", {w.kernel_h, w.kernel_w});
    set_attribute(node, "strides", {w.stride_h, w.stride_w});
    set_attribute(node, "pads", {w.pad_top, w.pad_left, w.pad_bottom, w.pad_right});
    set_attribute(node, "dilations", {w.dilation_h, w.dilation_w});
  }

  template <typename T>
  std::string add_constant(const std::string& name, TensorProto::DataType type, const Integers& sizes,
                           const std::vector<T>& values) {
    TensorProto& tensor = *graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(type);
    for (const int64_t size : sizes) tensor.add_dims(size);
    tensor.set_raw_data(values.data(), values.size() * sizeof(T));
    return name;
  }

  void add_shared_constants() {
    add_constant<float>("one", TensorProto::FLOAT, {}, {1.0F});
    add_constant<uint8_t>("zero_u8", TensorProto::UINT8, {}, {0});
    add_constant<int8_t>("zero_s8", TensorProto::INT8, {}, {0});
  }

  std::string add_weights(const Integers& sizes, int64_t fan_in) {
    int64_t count = 1;
    for (const int64_t size : sizes) count *= size;
    const std::string name = fmt::format("weights_{}", graph().initializer_size());
    if (int8_) {
      std::vector<int8_t> values(static_cast<size_t>(count));
      for (int8_t& value : values) value = static_cast<int8_t>(std::lround(uniform(random_) * 127));
      return add_constant(name, TensorProto::INT8, sizes, values);
    }
    const auto bound = static_cast<float>(std::sqrt(6.0 / static_cast<double>(fan_in)));  // keeps the scale through ReLUs
    std::vector<float> values(static_cast<size_t>(count));
    for (float& value : values) value = uniform(random_) * bound;
    return add_constant(name, TensorProto::FLOAT, sizes, values);
  }

  /// Scales and zero points around the weights of a QLinear operator: everything stays in the scale of 8 bits.
  std::vector<std::string> int8_parameters(const std::string& weights, int64_t fan_in) {
    constexpr double kProductDeviation = 148.0 * 73.0;  // root mean square of 0..255 times that of -127..127
    const auto scale = static_cast<float>(kProductDeviation * std::sqrt(static_cast<double>(fan_in)) / 128.0);
    const std::string result = add_constant<float>("scale_of_" + weights, TensorProto::FLOAT, {}, {scale});
    return {"one", "zero_u8", weights, "one", "zero_s8", result, "zero_u8"};
  }

  void write(const Layer& layer) {
    const ir::Shape &in = layer.input, &out = layer.output;
    switch (layer.kind) {
      case LayerKind::kMaxPool:
        set_window(add_node("MaxPool"), layer.window);
        return;
      case LayerKind::kConvolution: {
        const std::string weights =
            add_weights({out.channels, in.channels, layer.window.kernel_h, layer.window.kernel_w}, layer.fan_in());
        set_window(int8_ ? add_node("QLinearConv", int8_parameters(weights, layer.fan_in())) : add_node("Conv", {weights}),
                   layer.window);
        break;
      }
      case LayerKind::kFullyConnected:
        write_fully_connected(layer);
        break;
    }
    if (layer.activated && !int8_) add_node("Relu");
    // The last convolution leaves one pixel; what follows wants a matrix.
    if (layer.kind == LayerKind::kConvolution && is_flat(out)) set_attribute(add_node("Flatten"), "axis", 1);
  }

  void write_fully_connected(const Layer& layer) {
    const int64_t in = layer.input.channels, out = layer.output.channels;
    if (int8_) {
      add_node("QLinearMatMul", int8_parameters(add_weights({in, out}, in), in));
    } else {
      set_attribute(add_node("Gemm", {add_weights({out, in}, in)}), "transB", 1);
    }
  }

  bool int8_;
  onnx::ModelProto model_;
  std::string current_;  // the tensor that the next operator reads
  std::mt19937_64 random_{1};
};

}  // namespace

void write_onnx(const std::vector<Layer>& layers, const std::string& name, Arithmetic arithmetic,
                const std::filesystem::path& path) {
  write_file(path, Writer(arithmetic).write(layers, name).SerializeAsString());
}

}  // namespace bitloom::bench
