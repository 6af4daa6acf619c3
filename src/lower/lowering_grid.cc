// SPDX-License-Identifier: Apache-2.0
//
// What layers that mix values (products, sums, pools) take: integers of the network and the grid of their real numbers.
#include <algorithm>
#include <numeric>

#include "encodings.h"
#include "lowering.h"

namespace bitloom::lower {
namespace {

// Codes stay what they are when each value v becomes factor * v + shift.
ir::Encoding moved(const ir::Encoding& encoding, int32_t factor, int32_t shift) {
  ir::Encoding result = encoding;
  for (int32_t& coefficient : result.coefficients) coefficient *= factor;
  for (int32_t* value : {&result.bias, &result.lowest, &result.highest}) *value = factor * *value + shift;
  return result;
}

std::vector<int32_t> thresholds_of_identity(const ir::Encoding& encoding, int32_t unit = 1) {
  std::vector<int32_t> levels = encoding.levels();
  levels.erase(levels.begin());
  for (int32_t& level : levels) level *= unit;
  return levels;
}

}  // namespace

ir::NodeId Lowering::emit_pools(ir::NodeId node, const Chain& chain) {
  for (const auto& link : chain.links) {
    if (const auto* pool = std::get_if<PendingPool>(&link)) {
      node = network_.add(unique_name(pool->node), ir::MaxPool{pool->window}, {node});
    }
  }
  return node;
}

Lowering::OnGrid Lowering::on_grid(const frontend::GraphNode& node, const Activation& value, std::string_view why) {
  if (value.node < 0) {
    throw refusal(node,
                  "computes with real numbers: no quantizer lies between the graph's input and this {}. Quantize the "
                  "input in training (Brevitas: QuantIdentity as the first layer), or, if the inputs are 8-bit "
                  "pixels, convert with --input pixels (real number = pixel / 255) or --input uint8",
                  why);
  }
  check_nothing_pending(node, value);
  if (value.order_only && why != kOutput)
    throw refusal(node, "follows a Softmax, which only the network's output may follow");
  const std::optional<Grid> grid = value.chain.as_grid();
  if (!grid) {
    std::string culprit;
    for (const auto& link : value.chain.links) {
      const auto* step = std::get_if<Step>(&link);
      if (step != nullptr && !step->affine) culprit = step->node;
    }
    throw refusal(node,
                  "needs integers, but '{}' before it is a nonlinear function with no quantizer behind it; put a "
                  "quantizer between them",
                  culprit);
  }
  if (value.chain.has_pools() && !value.chain.pools_integers(type(value.node).shape.channels)) {
    throw refusal(node, "follows a max-pool over channels with a negative scale; put a quantizer before the pool");
  }
  return {emit_pools(value.node, value.chain), *grid};
}

std::optional<UnitEncoding> Lowering::encoding_of_values(ir::NodeId id) {
  while (value_steps_.size() <= static_cast<size_t>(id)) {
    value_steps_.push_back(value_step(network_, static_cast<ir::NodeId>(value_steps_.size()), value_steps_));
  }
  const ir::Range range = type(id).range();
  const int64_t step = value_steps_[static_cast<size_t>(id)];
  if ((int64_t{range.highest} - range.lowest) / step >= 1 << ir::kMaxPlanes) return std::nullopt;
  std::vector<int32_t> values;
  for (int64_t value = range.lowest; value <= range.highest; value += step) values.push_back(static_cast<int32_t>(value));
  if (values.size() == 1) values.push_back(values.front() + 1);  // an encoding has at least two levels
  return fewest_planes(values);
}

Lowering::OnGrid Lowering::coded_on_grid(const frontend::GraphNode& node, const Activation& value, std::string_view why) {
  OnGrid result = on_grid(node, value, why);
  if (type(result.node).encoding() != nullptr) return result;
  const std::optional<UnitEncoding> units = encoding_of_values(result.node);
  if (!units) {
    const ir::Range range = type(result.node).range();
    throw refusal(node, "takes integers from {} to {}, more than {} bits; put a quantizer in front", range.lowest,
                  range.highest, ir::kMaxPlanes);
  }
  ir::Threshold division{units->encoding, 1, thresholds_of_identity(units->encoding, units->unit), {0}};
  result.node = emit(node, std::move(division), {result.node}, "_recode");
  result.grid.scale = combine(result.grid.scale, units->unit, [](double scale, double unit) { return scale * unit; });
  return result;
}

Lowering::OnGrid Lowering::with_zero(const frontend::GraphNode& node, const OnGrid& tensor) {
  std::optional<int32_t> halves;
  bool on_grid = true;
  for (int64_t c = 0; c < std::max(tensor.grid.scale.rows(), tensor.grid.offset.rows()); ++c) {
    const std::optional<int32_t> found = half_steps(tensor.grid.scale[c], tensor.grid.offset[c]);
    on_grid = on_grid && found && (c == 0 || found == halves);
    halves = found;
  }
  const ir::Encoding& encoding = *type(tensor.node).encoding();
  constexpr int32_t kFarthest = 1 << 28;
  const int64_t reach =
      std::accumulate(encoding.coefficients.begin(), encoding.coefficients.end(), std::abs(int64_t{encoding.bias}),
                      [](int64_t a, int64_t b) { return a + std::abs(b); });
  if (!on_grid || reach > kFarthest) {
    throw refusal(node,
                  "pads with zeros a tensor on which zero is no multiple of half the scale (an offset lies between); "
                  "quantize its input with a quantizer that has a zero");
  }
  if (*halves == 0) return {tensor.node, {tensor.grid.scale, 0.0}};
  const int32_t factor = *halves % 2 == 0 ? 1 : 2;
  const ir::Node source = this->node(tensor.node);
  ir::Threshold threshold{encoding, 1, thresholds_of_identity(encoding), {0}};
  std::vector<ir::NodeId> inputs{tensor.node};
  if (const auto* quantizer = std::get_if<ir::Threshold>(&source.layer)) {
    threshold = *quantizer;
    inputs = source.inputs;
  }
  threshold.encoding = moved(threshold.encoding, factor, *halves / (factor == 1 ? 2 : 1));
  const PerChannel scale = combine(tensor.grid.scale, factor, [](double s, double f) { return s / f; });
  return {emit(node, std::move(threshold), std::move(inputs), "_with_zero"), {scale, 0.0}};
}

ir::NodeId Lowering::recode(const frontend::GraphNode& node, ir::NodeId source, const ir::Encoding& encoding) {
  const ir::Encoding* old = type(source).encoding();
  if (old != nullptr && *old == encoding) return source;
  ir::Threshold identity{encoding, 1, thresholds_of_identity(encoding), {0}};
  return emit(node, std::move(identity), {source}, "_recode");
}

}  // namespace bitloom::lower
