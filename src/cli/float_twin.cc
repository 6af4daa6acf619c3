// SPDX-License-Identifier: Apache-2.0
//
// The tensor of node i is "t<i>": [image][channel] if it is 1 x 1 x channels, else [image][channel][y][x].
#include "float_twin.h"

#include <algorithm>
#include <limits>
#include <span>
#include <vector>

#include <onnx/onnx_pb.h>

namespace bitloom::cli {
namespace {

constexpr int64_t kIrVersion = 7;  // the one that belongs to operator set 13
constexpr int64_t kOpset = 13;

using Integers = std::vector<int64_t>;

bool is_flat(const ir::Shape& shape) { return shape.height == 1 && shape.width == 1; }

/// Sizes of a batch of such tensors; -1 is the number of images.
Integers sizes(const ir::Shape& shape) {
  if (is_flat(shape)) return {-1, shape.channels};
  return {-1, shape.channels, shape.height, shape.width};
}

void set_attribute(onnx::NodeProto& node, const char* name, int64_t value) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INT);
  attribute.set_i(value);
}

void set_attribute(onnx::NodeProto& node, const char* name, const Integers& values) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INTS);
  for (const int64_t value : values) attribute.add_ints(value);
}

void set_attribute(onnx::NodeProto& node, const char* name, const char* text) {
  onnx::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::STRING);
  attribute.set_s(text);
}

void set_window(onnx::NodeProto& node, const ir::Window& w) {
  set_attribute(node, "kernel_shape", {w.kernel_h, w.kernel_w});
  set_attribute(node, "strides", {w.stride_h, w.stride_w});
  set_attribute(node, "pads", {w.pad_top, w.pad_left, w.pad_bottom, w.pad_right});
}

/// The values of a Dot's weights: [row][column] as they are, or, of an image, [row][channel][y][x].
std::vector<float> weight_values(const ir::Dot& dot) {
  std::vector<float> values(static_cast<size_t>(dot.weights.rows() * dot.weights.columns()));
  const int64_t area = int64_t{dot.window.kernel_h} * dot.window.kernel_w, channels = dot.weights.columns() / area;
  size_t i = 0;
  for (int64_t row = 0; row < dot.weights.rows(); ++row) {
    for (int64_t channel = 0; channel < channels; ++channel) {
      for (int64_t place = 0; place < area; ++place)
        values[i++] = static_cast<float>(dot.encoding.value(dot.weights.code(row, place * channels + channel)));
    }
  }
  return values;
}

class TwinWriter {
 public:
  explicit TwinWriter(const ir::Network& network) : network_(network) {
    model_.set_ir_version(kIrVersion);
    model_.set_producer_name("bitloom");
    model_.add_opset_import()->set_version(kOpset);
    graph().set_name(network.name);
  }

  std::string bytes() {
    for (id_ = 0; id_ < static_cast<ir::NodeId>(network_.nodes.size()); ++id_)
      std::visit([&](const auto& layer) { write(layer); }, node(id_).layer);
    for (const ir::NodeId id : network_.outputs) describe(*graph().add_output(), id);
    if (model_.ByteSizeLong() > size_t{std::numeric_limits<int32_t>::max()}) {
      throw Unsupported("network '{}': its float network takes {} bytes, and an ONNX file holds 2 GiB", network_.name,
                        model_.ByteSizeLong());
    }
    return model_.SerializeAsString();
  }

 private:
  onnx::GraphProto& graph() { return *model_.mutable_graph(); }
  const ir::Node& node(ir::NodeId id) const { return network_.nodes[static_cast<size_t>(id)]; }
  ir::NodeId input() const { return node(id_).inputs[0]; }
  const ir::Shape& in() const { return node(input()).type.shape; }
  const ir::Shape& out() const { return node(id_).type.shape; }
  static std::string tensor(ir::NodeId id) { return fmt::format("t{}", id); }
  std::string part(const char* what) const { return fmt::format("t{}.{}", id_, what); }

  onnx::NodeProto& add(const char* op, const std::vector<std::string>& inputs, const std::string& output) {
    onnx::NodeProto& added = *graph().add_node();
    added.set_op_type(op);
    added.set_name(output == tensor(id_) ? node(id_).name : node(id_).name + output.substr(tensor(id_).size()));
    for (const std::string& name : inputs) added.add_input(name);
    added.add_output(output);
    return added;
  }

  template <typename T>
  std::string constant(const char* what, onnx::TensorProto::DataType type, std::span<const T> values,
                       const Integers& shape) {
    onnx::TensorProto& added = *graph().add_initializer();
    added.set_name(part(what));
    added.set_data_type(type);
    for (const int64_t size : shape) added.add_dims(size);
    added.set_raw_data(values.data(), values.size_bytes());
    return added.name();
  }

  void reshape(const std::string& from, const std::string& to, const Integers& shape, const char* shape_name) {
    const Integers rank{static_cast<int64_t>(shape.size())};
    add("Reshape", {from, constant<int64_t>(shape_name, onnx::TensorProto::INT64, shape, rank)}, to);
  }

  void describe(onnx::ValueInfoProto& value, ir::NodeId id) {
    value.set_name(tensor(id));
    onnx::TypeProto_Tensor& type = *value.mutable_type()->mutable_tensor_type();
    const bool index = std::holds_alternative<ir::TopK>(node(id).layer);
    type.set_elem_type(index ? onnx::TensorProto::INT64 : onnx::TensorProto::FLOAT);
    for (const int64_t size : sizes(node(id).type.shape)) {
      auto& dimension = *type.mutable_shape()->add_dim();
      if (size < 0) {
        dimension.set_dim_param("images");
      } else {
        dimension.set_dim_value(size);
      }
    }
  }

  /// An operator that works on images, whatever its input is.
  onnx::NodeProto& add_on_image(const char* op, std::vector<std::string> more_inputs = {}) {
    std::string from = tensor(input());
    if (is_flat(in())) {
      from = part("image");
      reshape(tensor(input()), from, {-1, in().channels, 1, 1}, "image_shape");
    }
    more_inputs.insert(more_inputs.begin(), from);
    if (!is_flat(out())) return add(op, more_inputs, tensor(id_));
    onnx::NodeProto& added = add(op, more_inputs, part("pixel"));
    reshape(part("pixel"), tensor(id_), sizes(out()), "flat_shape");
    return added;
  }

  void write(const ir::Input&) { describe(*graph().add_input(), id_); }

  void write(const ir::Dot& dot) {
    const std::vector<float> values = weight_values(dot);
    const Integers shape{dot.weights.rows(), dot.weights.columns()};
    const auto weights = [&](const Integers& size) {
      return constant<float>("weights", onnx::TensorProto::FLOAT, values, size);
    };
    if (is_flat(in()) && dot.window == ir::Window{} && dot.groups == 1) {
      set_attribute(add("Gemm", {tensor(input()), weights(shape)}, tensor(id_)), "transB", 1);
      return;
    }
    const ir::Window& w = dot.window;
    const int64_t channels = dot.weights.columns() / (int64_t{w.kernel_h} * w.kernel_w);
    onnx::NodeProto& conv = add_on_image("Conv", {weights({dot.weights.rows(), channels, w.kernel_h, w.kernel_w})});
    set_window(conv, w);
    set_attribute(conv, "dilations", {w.dilation_h, w.dilation_w});
    set_attribute(conv, "group", dot.groups);
  }

  void write(const ir::Threshold&) { add("Relu", {tensor(input())}, tensor(id_)); }

  void write(const ir::MaxPool& pool) {
    onnx::NodeProto& added = add_on_image("MaxPool");
    set_window(added, pool.window);
    set_attribute(added, "dilations", {pool.window.dilation_h, pool.window.dilation_w});
  }

  void write(const ir::SumPool& pool) {
    if (pool.window.dilation_h != 1 || pool.window.dilation_w != 1) {
      throw Unsupported(
          "node '{}' (sum_pool): a dilated window is more than AveragePool takes in the float network that other runtimes "
          "are given; run bench without --compare",
          node(id_).name);
    }
    onnx::NodeProto& added = add_on_image("AveragePool");
    set_window(added, pool.window);
    set_attribute(added, "count_include_pad", 1);
  }

  void write(const ir::Add& layer) {
    std::vector<std::string> terms;
    for (size_t i = 0; i < layer.multipliers.size(); ++i) {
      terms.push_back(tensor(node(id_).inputs[i]));
      if (layer.multipliers[i] == 1) continue;
      const auto factor = static_cast<float>(layer.multipliers[i]);
      const std::string name = fmt::format("factor{}", i), term = fmt::format("term{}", i);
      const std::string constant_name = constant<float>(name.c_str(), onnx::TensorProto::FLOAT, {&factor, 1}, {});
      add("Mul", {terms.back(), constant_name}, part(term.c_str()));
      terms.back() = part(term.c_str());
    }
    add("Sum", terms, tensor(id_));
  }

  void write(const ir::Concat&) {
    std::vector<std::string> parts;
    for (const ir::NodeId id : node(id_).inputs) parts.push_back(tensor(id));
    set_attribute(add("Concat", parts, tensor(id_)), "axis", 1);
  }

  void write(const ir::Reshape& layer) {
    // With one channel, or one pixel, both orders are the same.
    const auto transposed = [&](const ir::Shape& s) { return !layer.channels_first && s.channels > 1 && !is_flat(s); };
    std::string from = tensor(input());
    if (transposed(in())) {
      set_attribute(add("Transpose", {from}, part("channels_last")), "perm", {0, 2, 3, 1});
      from = part("channels_last");
    }
    if (!transposed(out())) return reshape(from, tensor(id_), sizes(out()), "shape");
    reshape(from, part("reshaped"), {-1, out().height, out().width, out().channels}, "shape");
    set_attribute(add("Transpose", {part("reshaped")}, tensor(id_)), "perm", {0, 3, 1, 2});
  }

  void write(const ir::Output&) { add("Identity", {tensor(input())}, tensor(id_)); }

  void write(const ir::TopK& layer) {
    const int64_t k = layer.k;
    const std::string count = constant<int64_t>("k", onnx::TensorProto::INT64, {&k, 1}, {1});
    onnx::NodeProto& added = add("TopK", {tensor(input()), count}, part("largest"));
    added.add_output(tensor(id_));
    set_attribute(added, "axis", 1);
  }

  void write(const ir::Slice& layer) {
    const auto number = [&](const char* what, int64_t value) {
      return constant<int64_t>(what, onnx::TensorProto::INT64, {&value, 1}, {1});
    };
    add("Slice", {tensor(input()), number("begin", layer.begin), number("end", layer.end), number("axis", 1)}, tensor(id_));
  }

  void write(const ir::DepthToSpace& layer) {
    onnx::NodeProto& added = add_on_image("DepthToSpace");
    set_attribute(added, "blocksize", layer.block);
    set_attribute(added, "mode", layer.column_row_depth ? "CRD" : "DCR");
  }

  void write(const ir::Upsample& layer) {
    const std::vector<float> factors{1, 1, static_cast<float>(layer.factor_h), static_cast<float>(layer.factor_w)};
    onnx::NodeProto& added =
        add_on_image("Resize", {"", constant<float>("factors", onnx::TensorProto::FLOAT, factors, {4})});
    set_attribute(added, "mode", "nearest");
    set_attribute(added, "coordinate_transformation_mode", "asymmetric");
    set_attribute(added, "nearest_mode", "floor");
  }

  const ir::Network& network_;
  onnx::ModelProto model_;
  ir::NodeId id_ = 0;  // of the node that is written
};

}  // namespace

std::string float_twin_bytes(const ir::Network& network) { return TwinWriter(network).bytes(); }

}  // namespace bitloom::cli
