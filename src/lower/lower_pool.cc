// SPDX-License-Identifier: Apache-2.0
//
// Pooling. A max-pool waits in the chain until it is known whether codes or accumulators are pooled; an average is a sum of
// integers whose divisor goes into the chain.
#include <algorithm>
#include <cmath>

#include "lowering.h"
#include "operators.h"

namespace bitloom::lower {
namespace {

using frontend::GraphNode;

void check_layout(const Lowering& lowering, const GraphNode& node, const Activation& value, bool channels_last) {
  const std::vector<Axis> last{Axis::kBatch, Axis::kHeight, Axis::kWidth, Axis::kChannel};
  const std::vector<Axis> first{Axis::kBatch, Axis::kChannel, Axis::kHeight, Axis::kWidth};
  const std::vector<Axis> line{Axis::kBatch, Axis::kChannel, Axis::kWidth};
  const bool fits = channels_last ? value.axes == last : value.axes == first || value.axes == line;
  if (!fits) throw lowering.refusal(node, "needs an input in the layout {}", channels_last ? "NHWC" : "NCHW");
}

void lower_max(Lowering& lowering, const GraphNode& node, Activation value, const PoolAttributes& pool) {
  if (value.node < 0) {
    throw lowering.refusal(node, "pools real numbers before they are quantized; quantize the input first");
  }
  lowering.check_nothing_pending(node, value);
  const PendingPool pending{node.name, to_window(pool.window)};
  const ir::TensorType before{value.shape, ir::Range{0, 1}};
  value.shape = ir::infer_type(ir::MaxPool{pending.window}, std::span(&before, 1)).shape;
  lowering.report(node, "max-pool");

  const bool increasing = [&] {
    for (int64_t c = 0; c < value.chain.rows(); ++c) {
      if (value.chain.slope(c) < 0) return false;
    }
    return true;
  }();
  // Codes are pooled on the spot; an accumulator waits for its quantizer, since codes are cheaper to pool.
  if (lowering.type(value.node).encoding() != nullptr && increasing && !value.chain.has_pools()) {
    value.node = lowering.emit(node, ir::MaxPool{pending.window}, {value.node});
  } else {
    value.chain.links.emplace_back(pending);
  }
  lowering.define(node, 0, std::move(value));
}

// The sum over the window, on the grid of the input; the offset comes once for each element of the window.
Activation lower_sum(Lowering& lowering, const GraphNode& node, const Activation& input, const ir::Window& window) {
  const auto [source, grid] = lowering.on_grid(node, input, "pool");
  const bool has_offset = !grid.offset.uniform() || grid.offset[0] != 0;
  if (has_offset && window.padded()) {
    throw lowering.refusal(node,
                           "pads with zeros a tensor on which zero is no multiple of the scale; quantize its input with "
                           "a quantizer that has a zero");
  }
  Activation result;
  result.axes = input.axes;
  result.node = lowering.emit(node, ir::SumPool{window}, {source});
  result.shape = lowering.type(result.node).shape;
  const double taps = static_cast<double>(window.kernel_h) * window.kernel_w;
  result.chain.grid = {grid.scale, combine(grid.offset, taps, [](double offset, double count) { return offset * count; })};
  return result;
}

void divide(Activation& value, const GraphNode& node, double divisor) {
  value.chain.links.emplace_back(
      Step{node.name, 1, [divisor](double x, int64_t) { return x / divisor; }, Grid{1.0 / divisor, 0.0}});
}

void lower_pool(Lowering& lowering, const GraphNode& node) {
  const Activation& value = lowering.activation(node, 0);
  const PoolAttributes pool = read_pool(node, lowering.sizes(value));
  check_layout(lowering, node, value, pool.channels_last);
  if (node.outputs.size() > 1 && !node.outputs[1].empty())
    throw lowering.refusal(node, "its second output (indices) is not supported");
  if (pool.kind == PoolKind::kMax) return lower_max(lowering, node, value, pool);

  const ir::Window window = to_window(pool.window);
  Activation result = lower_sum(lowering, node, value, window);
  lowering.report(node, "sum over the window; the divisor goes into the next thresholds or output");
  if (pool.kind == PoolKind::kAverage) {
    if (window.padded() && !pool.counts_padding) {
      throw lowering.refusal(node,
                             "averages over windows of different sizes at the border; set count_include_pad = 1 or drop "
                             "the padding");
    }
    divide(result, node, static_cast<double>(pool.window.kernel[0] * pool.window.kernel[1]));
    return lowering.define(node, 0, std::move(result));
  }
  Quantizer shift;
  shift.node = node.name;
  shift.slope = [](int64_t) { return 1; };
  shift.level = [divisor = std::ldexp(1.0, static_cast<int>(pool.shift))](double x, int64_t) {
    return std::floor(x / divisor);
  };
  GraphNode shift_node = node;
  shift_node.name += "_shift";
  lowering.define(node, 0, lowering.quantize(shift_node, result, shift));
}

// Means and sums over the whole image.
void lower_reduce(Lowering& lowering, const GraphNode& node) {
  const Activation& value = lowering.activation(node, 0);
  const ReduceAttributes reduce = read_reduce(node, lowering.operands(node), value.axes.size());
  const auto reduces = [&](Axis axis) {
    return std::any_of(reduce.axes.begin(), reduce.axes.end(),
                       [&](int64_t index) { return value.axes[static_cast<size_t>(index)] == axis; });
  };
  const bool whole_image =
      (reduces(Axis::kHeight) || value.shape.height == 1) && (reduces(Axis::kWidth) || value.shape.width == 1);
  if (reduces(Axis::kBatch) || reduces(Axis::kChannel) || !whole_image) {
    throw lowering.refusal(node, "is supported over all of height and width, and nothing else");
  }
  ir::Window window;
  window.kernel_h = value.shape.height;
  window.kernel_w = value.shape.width;
  Activation result = lower_sum(lowering, node, value, window);
  if (node.op == "ReduceMean") divide(result, node, static_cast<double>(window.kernel_h) * window.kernel_w);
  if (!reduce.keep) {
    for (auto index = reduce.axes.rbegin(); index != reduce.axes.rend(); ++index) {
      result.axes.erase(result.axes.begin() + static_cast<std::ptrdiff_t>(*index));
    }
  }
  lowering.report(node, "sum over the image");
  lowering.define(node, 0, std::move(result));
}

}  // namespace

const std::map<std::string_view, Handler>& pool_handlers() {
  static const std::map<std::string_view, Handler> table{
      {"AveragePool", lower_pool},  {"GlobalAveragePool", lower_pool}, {"GlobalMaxPool", lower_pool},
      {"MaxPool", lower_pool},      {"MaxPoolNHWC", lower_pool},       {"QuantAvgPool2d", lower_pool},
      {"ReduceMean", lower_reduce}, {"ReduceSum", lower_reduce},
  };
  return table;
}

}  // namespace bitloom::lower
