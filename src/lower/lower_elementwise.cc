// SPDX-License-Identifier: Apache-2.0
//
// Functions of one number: they become links of the chain. Sums of two activations become an Add of integers.
#include <cmath>
#include <numeric>

#include "lowering.h"
#include "operators.h"
#include "threshold_sum.h"

namespace bitloom::lower {
namespace {

using frontend::GraphNode;

void append(Lowering& lowering, const GraphNode& node, Activation value, Step step) {
  value.chain.links.emplace_back(std::move(step));
  lowering.define(node, 0, std::move(value));
}

// x (op) constant as a grid: what the function is up to rounding. Empty if it is no affine function.
std::optional<Grid> affine_form(const std::string& op, const PerChannel& c, bool constant_first) {
  const auto apply = [&](double (*function)(double)) {
    return combine(c, 0.0, [function](double a, double) { return function(a); });
  };
  if (op == "Add") return Grid{1.0, c};
  if (op == "Sub" && !constant_first) return Grid{1.0, apply([](double a) { return -a; })};
  if (op == "Sub") return Grid{-1.0, c};
  if (op == "Mul") return Grid{c, 0.0};
  if (op == "Div" && !constant_first) return Grid{apply([](double a) { return 1 / a; }), 0.0};
  return std::nullopt;
}

// A binary operator with one constant operand.
void lower_with_constant(Lowering& lowering, const GraphNode& node) {
  const bool constant_first = lowering.is_constant(node, 0);
  const Activation& value = lowering.activation(node, constant_first ? 1 : 0);
  const PerChannel c = lowering.per_channel(node, lowering.constant(node, constant_first ? 0 : 1).array, value);
  const Binary function = read_binary(node);
  BITLOOM_CHECK(function != nullptr);
  Step step{node.name, c.rows(), nullptr, affine_form(node.op, c, constant_first)};
  if (constant_first) {
    step.apply = [function, c](double x, int64_t channel) { return function(c[channel], x); };
  } else {
    step.apply = [function, c](double x, int64_t channel) { return function(x, c[channel]); };
  }
  const bool monotone = step.affine || node.op == "Min" || node.op == "Max";
  if (!monotone) {
    throw lowering.refusal(node,
                           "is not monotone in its input, so it cannot become thresholds; only sums, differences, products "
                           "and quotients by a constant, Min and Max are supported");
  }
  append(lowering, node, value, std::move(step));
}

struct Ratio {
  int32_t numerator, denominator;
};

// `ratio` as a fraction of small whole numbers, if it is one to within float64's own rounding.
std::optional<Ratio> small_ratio(double ratio) {
  constexpr int32_t kLargest = 4096;
  for (int32_t denominator = 1; denominator <= kLargest; ++denominator) {
    const double numerator = std::nearbyint(ratio * denominator);
    if (numerator < 1 || numerator > kLargest) continue;
    if (std::abs(numerator / denominator - ratio) <= 1e-14 * ratio)
      return Ratio{static_cast<int32_t>(numerator), denominator};
  }
  return std::nullopt;
}

// The sum as one quantizer, if both are quantizers of the same tensor.
std::optional<ThresholdSum> add_quantizers(const Lowering& lowering, ir::NodeId left, ir::NodeId right,
                                           const ir::Add& add) {
  const auto* a = std::get_if<ir::Threshold>(&lowering.node(left).layer);
  const auto* b = std::get_if<ir::Threshold>(&lowering.node(right).layer);
  if (a == nullptr || b == nullptr || lowering.node(left).inputs != lowering.node(right).inputs) return std::nullopt;
  return add_thresholds(*a, *b, add.multipliers, lowering.ranges(lowering.node(left).inputs[0]));
}

// a + b (or a - b) of two activations, on the finest common grid of the two.
void lower_sum(Lowering& lowering, const GraphNode& node) {
  const Activation& a = lowering.activation(node, 0);
  const Activation& b = lowering.activation(node, 1);
  if (a.shape != b.shape || a.axes != b.axes) {
    throw lowering.refusal(node, "adds tensors of shapes [{}] and [{}]; only equal shapes are supported",
                           fmt::join(lowering.sizes(a), ", "), fmt::join(lowering.sizes(b), ", "));
  }
  const auto left = lowering.on_grid(node, a, "sum");
  const auto right = lowering.on_grid(node, b, "sum");
  const PerChannel ratios = combine(left.grid.scale, right.grid.scale, [](double x, double y) { return x / y; });
  const std::optional<Ratio> ratio = ratios.uniform() ? small_ratio(std::abs(ratios[0])) : std::nullopt;
  if (!ratio) {
    throw lowering.refusal(node,
                           "adds two branches whose scales ({} and {}) have no common step; let both branches end in "
                           "one shared quantizer, as Brevitas's ResNet example does",
                           left.grid.scale[0], right.grid.scale[0]);
  }
  const bool opposite = ratios[0] < 0;
  const int32_t sign = (node.op == "Sub") != opposite ? -1 : 1;
  const ir::Add add{{(opposite ? -1 : 1) * ratio->numerator, (opposite ? -1 : 1) * sign * ratio->denominator}};
  Activation result;
  result.axes = a.axes;
  result.shape = a.shape;
  double unit = 1;
  if (auto fused = add_quantizers(lowering, left.node, right.node, add)) {
    unit = fused->unit;
    result.node = lowering.emit(node, std::move(fused->threshold), lowering.node(left.node).inputs);
  } else {
    result.node = lowering.emit(node, add, {left.node, right.node});
  }
  // a = s_a x, b = s_b y, s_a / s_b = n / d: the common step is s_b / d.
  result.chain.grid.scale = combine(right.grid.scale, unit, [&](double s, double u) { return s / ratio->denominator * u; });
  result.chain.grid.offset =
      combine(left.grid.offset, right.grid.offset, [&](double x, double y) { return node.op == "Sub" ? x - y : x + y; });
  const bool is_sum = std::holds_alternative<ir::Add>(lowering.node(result.node).layer);
  lowering.report(node, is_sum ? "sum of integers" : "thresholds: the sum of quantizers of one tensor is one quantizer");
  lowering.define(node, 0, std::move(result));
}

void lower_binary(Lowering& lowering, const GraphNode& node) {
  if (lowering.is_constant(node, 0) || lowering.is_constant(node, 1)) return lower_with_constant(lowering, node);
  if (node.op == "Add" || node.op == "Sub") return lower_sum(lowering, node);
  throw lowering.refusal(node,
                         "combines two tensors that depend on the input; only Add and Sub of such tensors are supported");
}

void lower_batch_norm(Lowering& lowering, const GraphNode& node) {
  const Activation& value = lowering.activation(node, 0);
  const auto channel_axis = std::find(value.axes.begin(), value.axes.end(), Axis::kChannel) - value.axes.begin();
  if (channel_axis != 1) throw lowering.refusal(node, "needs the channels as axis 1");
  const auto norms = read_batch_norm(node, lowering.operands(node), value.shape.channels);
  std::vector<double> scale, offset;
  for (const BatchNorm& norm : norms) {
    scale.push_back(norm.gamma / norm.deviation);
    offset.push_back(norm.beta - norm.mean * norm.gamma / norm.deviation);
  }
  Step step{node.name, static_cast<int64_t>(norms.size()), nullptr, Grid{PerChannel(scale), PerChannel(offset)}};
  step.apply = [norms](double x, int64_t channel) { return norms[static_cast<size_t>(channel)](x); };
  append(lowering, node, value, std::move(step));
}

bool is_identity(const GraphNode& node) { return node.op == "Identity" || node.op == "Dropout" || node.op == "Cast"; }

void lower_unary(Lowering& lowering, const GraphNode& node) {
  const Activation& value = lowering.activation(node, 0);
  if (node.op == "Cast") {
    constexpr int64_t kFloat = 1, kFloat16 = 10, kDouble = 11;
    const int64_t to = node.integer("to", kFloat);
    if (to != kFloat && to != kFloat16 && to != kDouble)
      throw lowering.refusal(node, "casts to an integer type; use a quantizer");
  }
  if (is_identity(node)) {
    lowering.report(node, "nothing (identity)");
    return lowering.define(node, 0, value);
  }
  const Unary function = read_unary(node, lowering.operands(node));
  BITLOOM_CHECK(function != nullptr);
  Step step{node.name, 1, [function](double x, int64_t) { return function(x); }, std::nullopt};
  if (node.op == "Neg") step.affine = Grid{-1.0, 0.0};
  if ((node.op == "LeakyRelu" || node.op == "Elu") && node.real("alpha", 0.01) < 0) {
    throw lowering.refusal(node, "has a negative alpha, so it is not monotone and cannot become thresholds");
  }
  if (node.op == "HardSigmoid" && node.real("alpha", 0.2) < 0) throw lowering.refusal(node, "has a negative alpha");
  append(lowering, node, value, std::move(step));
}

void lower_prelu(Lowering& lowering, const GraphNode& node) {
  const Activation& value = lowering.activation(node, 0);
  const PerChannel slope = lowering.per_channel(node, lowering.constant(node, 1).array, value);
  for (int64_t c = 0; c < slope.rows(); ++c) {
    if (!(slope[c] >= 0)) {
      throw lowering.refusal(
          node, "channel {} has the slope {}; a negative one is not monotone and cannot become thresholds", c, slope[c]);
    }
  }
  const Binary function = read_binary(node);
  append(lowering, node, value,
         Step{node.name,
              slope.rows(),
              [function, slope](double x, int64_t channel) { return function(x, slope[channel]); },
              {}});
}

void refuse_shape(Lowering& lowering, const GraphNode& node) {
  throw lowering.refusal(node, "is not monotone, so it cannot become thresholds");
}

// Softmax keeps the order of the classes, and nothing that follows it is supported but the output.
void lower_softmax(Lowering& lowering, const GraphNode& node) {
  Activation value = lowering.activation(node, 0);
  if (read_axis(node, value.axes.size()) != static_cast<int64_t>(value.axes.size()) - 1 ||
      value.axes.back() != Axis::kChannel) {
    throw lowering.refusal(node, "is supported over the channels of a fully connected output only");
  }
  value.order_only = true;
  lowering.report(node, "nothing: the output is the logits before it, in the same order");
  lowering.define(node, 0, std::move(value));
}

}  // namespace

const std::map<std::string_view, Handler>& elementwise_handlers() {
  static const std::map<std::string_view, Handler> table{
      {"Abs", refuse_shape},     {"Add", lower_binary},      {"BatchNormalization", lower_batch_norm},
      {"Cast", lower_unary},     {"Clip", lower_unary},      {"Div", lower_binary},
      {"Dropout", lower_unary},  {"Elu", lower_unary},       {"HardSigmoid", lower_unary},
      {"Identity", lower_unary}, {"LeakyRelu", lower_unary}, {"LogSoftmax", lower_softmax},
      {"Max", lower_binary},     {"Min", lower_binary},      {"Mul", lower_binary},
      {"Neg", lower_unary},      {"PRelu", lower_prelu},     {"Relu", lower_unary},
      {"Sigmoid", lower_unary},  {"Softmax", lower_softmax}, {"Softplus", lower_unary},
      {"Sub", lower_binary},     {"Tanh", lower_unary},
  };
  return table;
}

}  // namespace bitloom::lower
