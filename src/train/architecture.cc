// SPDX-License-Identifier: Apache-2.0
#include "architecture.h"

#include <cmath>
#include <utility>

#include "quantizer.h"

namespace bitloom::train {
namespace {

constexpr int64_t kMaxWeights = int64_t{1} << 28;
constexpr int64_t kMaxSum = (int64_t{1} << 31) - 2;

/// Sizes of a window's results along one side; 0 if none fits.
int64_t results(int64_t size, int64_t kernel, int64_t stride, int64_t padding, int64_t dilation) {
  const int64_t rest = size + 2 * padding - (dilation * (kernel - 1) + 1);
  return rest < 0 ? 0 : rest / stride + 1;
}

class Planner {
 public:
  explicit Planner(const Recipe& recipe) : recipe_(recipe) {}

  Architecture run(int64_t height, int64_t width, int64_t channels, int64_t classes) {
    const int64_t magnitude = recipe_.input == Input::kSign ? 1 : 128;
    size_t node = push({"image", ImageOp{recipe_.input}, {}, height, width, channels, magnitude, false});
    node = add(recipe_.layers, node, "layer ");
    Layer last;
    last.outputs = classes;
    last.kernel = 1;
    last.weights = recipe_.last;
    node = add_product(last, node, "the last layer");
    const Node& sums = at(node);
    push({"logits", LogitsOp{recipe_.logits}, {node}, 1, 1, sums.channels, sums.magnitude, true});
    return std::move(result_);
  }

 private:
  const Node& at(size_t node) const { return result_.nodes[node]; }

  size_t push(Node node) {
    if (node.magnitude > kMaxSum && !result_.is_float)
      throw Unsupported("{}: '{}' has sums up to {}; at most 2^31 - 2 fit 32 bits", recipe_.name, node.name,
                        node.magnitude);
    result_.nodes.push_back(std::move(node));
    return result_.nodes.size() - 1;
  }

  size_t add(const std::vector<Layer>& layers, size_t node, const std::string& place) {
    for (size_t i = 0; i < layers.size(); ++i) node = add(layers[i], node, fmt::format("{}{}", place, i + 1));
    return node;
  }

  size_t add(const Layer& layer, size_t node, const std::string& place) {
    switch (layer.kind) {
      case Layer::Kind::kDense:
      case Layer::Kind::kConv: {
        const size_t product = add_product(layer, node, place);
        const size_t pooled = layer.pool > 1 ? add_pool<MaxPoolOp>(layer.pool, product, place) : product;
        return add_quantizer(layer.activations.value_or(recipe_.activations), layer.norm, pooled, at(product).name);
      }
      case Layer::Kind::kMaxPool:
        return add_pool<MaxPoolOp>(layer.kernel, node, place);
      case Layer::Kind::kAveragePool:
        return add_pool<SumPoolOp>(layer.kernel, node, place);
      case Layer::Kind::kQuantizer:
        return add_quantizer(*layer.activations, layer.norm, node, at(node).name);
      case Layer::Kind::kResidual:
        return add_residual(layer, node, place);
    }
    BITLOOM_CHECK(false);
  }

  size_t add_product(const Layer& layer, size_t node, const std::string& place) {
    const bool dense = layer.kind == Layer::Kind::kDense;
    if (!dense && at(node).flat)
      throw Error("{}: {}: a convolution behind a fully connected layer has no image", recipe_.name, place);
    if (dense && !at(node).flat) {
      const Node& from = at(node);
      const int64_t elements = from.height * from.width * from.channels;
      node = push({from.name + ".flat", FlattenOp{}, {node}, 1, 1, elements, from.magnitude, true});
    }
    const Node& from = at(node);
    ProductOp op{dense,          from.channels, layer.outputs,
                 layer.kernel,   layer.stride,  layer.padding,
                 layer.dilation, layer.groups,  layer.weights.value_or(recipe_.weights)};
    if (layer.depthwise) op.outputs = op.groups = from.channels;
    if (op.inputs % op.groups != 0 || op.outputs % op.groups != 0) {
      throw Error("{}: {}: {} input and {} output channels cannot be split into {} groups", recipe_.name, place, op.inputs,
                  op.outputs, op.groups);
    }
    const int64_t height = results(from.height, op.kernel, op.stride, op.padding, op.dilation);
    const int64_t width = results(from.width, op.kernel, op.stride, op.padding, op.dilation);
    if (height < 1 || width < 1) {
      throw Error("{}: {}: its window of {} x {} does not fit the {} x {} that come in; lower 'kernel' or raise 'padding'",
                  recipe_.name, place, op.dilation * (op.kernel - 1) + 1, op.dilation * (op.kernel - 1) + 1, from.height,
                  from.width);
    }
    weights_ += op.outputs * op.terms();
    if (weights_ > kMaxWeights)
      throw Unsupported("{}: {}: the network has more than {} weights", recipe_.name, place, kMaxWeights);
    const bool is_float = op.weights.method == Method::kFloat;
    result_.is_float |= is_float;
    const int64_t largest = is_float ? 1 : integers(op.weights, Operand::kWeights).magnitude();
    const int64_t magnitude = op.terms() * from.magnitude * largest;
    return push({fmt::format("{}{}", dense ? "dense" : "conv", products_++),
                 op,
                 {node},
                 height,
                 width,
                 op.outputs,
                 magnitude,
                 dense});
  }

  template <typename Pool>
  size_t add_pool(int64_t size, size_t node, const std::string& place) {
    const Node& from = at(node);
    if (from.height < size || from.width < size) {
      throw Error("{}: {}: its pool of {} x {} does not fit the {} x {} that come in", recipe_.name, place, size, size,
                  from.height, from.width);
    }
    const bool sums = std::is_same_v<Pool, SumPoolOp>;
    return push({fmt::format("{}.{}", from.name, sums ? "sum" : "max"),
                 Pool{size},
                 {node},
                 from.height / size,
                 from.width / size,
                 from.channels,
                 from.magnitude * (sums ? size * size : 1),
                 false});
  }

  size_t add_quantizer(const Quantizer& quantizer, bool norm, size_t node, const std::string& name) {
    const Node& from = at(node);
    QuantizeOp op{quantizer, norm, 1};
    // Sums of many random signs are about the square root of their number.
    if (!norm) op.factor = std::exp2(-std::round(std::log2(std::sqrt(static_cast<double>(from.magnitude)))));
    const bool is_float = quantizer.method == Method::kFloat;
    result_.is_float |= is_float;
    const int64_t magnitude = is_float ? 1 : integers(quantizer, Operand::kActivations).magnitude();
    return push({name + ".act", op, {node}, from.height, from.width, from.channels, magnitude, from.flat});
  }

  size_t add_residual(const Layer& layer, size_t node, const std::string& place) {
    const size_t body = add(layer.body, node, place + ", residual layer ");
    const size_t shortcut = add(layer.shortcut, node, place + ", shortcut layer ");
    const Node &a = at(body), &b = at(shortcut);
    if (a.height != b.height || a.width != b.width || a.channels != b.channels) {
      throw Error(
          "{}: {}: the residual branch makes {} x {} x {} and the shortcut {} x {} x {}; give the shortcut a "
          "convolution that makes the same",
          recipe_.name, place, a.height, a.width, a.channels, b.height, b.width, b.channels);
    }
    return push({fmt::format("add{}", sums_++),
                 AddOp{},
                 {body, shortcut},
                 a.height,
                 a.width,
                 a.channels,
                 a.magnitude + b.magnitude,
                 a.flat});
  }

  const Recipe& recipe_;
  Architecture result_;
  int64_t weights_ = 0;
  int products_ = 0, sums_ = 0;
};

}  // namespace

std::vector<int64_t> ProductOp::weight_shape() const {
  if (dense) return {outputs, inputs};
  return {outputs, inputs / groups, kernel, kernel};
}

int64_t ProductOp::terms() const { return inputs / groups * kernel * kernel; }

Architecture plan(const Recipe& recipe, int64_t height, int64_t width, int64_t channels, int64_t classes) {
  return Planner(recipe).run(height, width, channels, classes);
}

}  // namespace bitloom::train
