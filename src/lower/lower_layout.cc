// SPDX-License-Identifier: Apache-2.0
//
// Operators that only move values, and TopK. Axes are tracked instead of moved: a Transpose or Unsqueeze costs nothing.
#include <algorithm>

#include "encodings.h"
#include "lowering.h"
#include "operators.h"

namespace bitloom::lower {
namespace {

using frontend::GraphNode;

const std::vector<Axis> kNchw{Axis::kBatch, Axis::kChannel, Axis::kHeight, Axis::kWidth};

// True if the axes list channels before height and width.
bool channels_first(const std::vector<Axis>& axes) {
  const auto channel = std::find(axes.begin(), axes.end(), Axis::kChannel);
  return std::any_of(channel, axes.end(), [](Axis axis) { return axis == Axis::kHeight || axis == Axis::kWidth; });
}

void lower_transpose(Lowering& lowering, const GraphNode& node) {
  Activation value = lowering.activation(node, 0);
  const Dims permutation = read_permutation(node, value.axes.size());
  std::vector<Axis> axes;
  for (const int64_t index : permutation) axes.push_back(value.axes[static_cast<size_t>(index)]);
  const auto batch = std::find(value.axes.begin(), value.axes.end(), Axis::kBatch);
  if (batch != value.axes.end() && axes.front() != Axis::kBatch) {
    throw lowering.refusal(node, "moves the batch axis; keep it first");
  }
  value.axes = std::move(axes);
  lowering.report(node, "nothing (axes are tracked)");
  lowering.define(node, 0, std::move(value));
}

// The axes of a reshaped tensor, if it has the sizes of the old ones with units added or dropped.
std::optional<std::vector<Axis>> same_axes(const std::vector<Axis>& axes, const Dims& from, const Dims& to) {
  std::vector<Axis> result;
  size_t next = 0;
  for (const int64_t size : to) {
    while (next < from.size() && from[next] == 1 && size != 1) ++next;
    if (next < from.size() && from[next] == size) {
      result.push_back(axes[next++]);
    } else if (size == 1) {
      result.push_back(Axis::kUnit);
    } else {
      return std::nullopt;
    }
  }
  while (next < from.size() && from[next] == 1) ++next;
  if (next != from.size() || std::find(result.begin(), result.end(), Axis::kChannel) == result.end()) return std::nullopt;
  return result;
}

void move_elements(Lowering& lowering, const GraphNode& node, Activation& value, const ir::Shape& shape, bool first) {
  const ir::Shape old = value.shape;
  const int64_t area = int64_t{old.height} * old.width;
  const bool flattens = shape.height == 1 && shape.width == 1;
  if (value.chain.rows() != 1 && !flattens) {
    throw lowering.refusal(node, "reshapes a tensor with a scale a channel; quantize it first");
  }
  if (value.chain.has_pools()) value.node = lowering.on_grid(node, value, "reshape").node;
  std::erase_if(value.chain.links, [](const auto& link) { return std::holds_alternative<PendingPool>(link); });
  value.chain = value.chain.remapped(
      shape.channels, [first, area, old](int64_t feature) { return first ? feature / area : feature % old.channels; });
  // With one channel, or one pixel, both orders are the same.
  const auto either_order = [](const ir::Shape& s) { return s.channels == 1 || (s.height == 1 && s.width == 1); };
  const ir::Reshape reshape{shape, first && !(either_order(old) && either_order(shape))};
  value.shape = shape;
  if (value.node < 0) {
    value.deferred.push_back(reshape);
  } else {
    value.node = lowering.emit(node, reshape, {value.node});
  }
}

void lower_reshape(Lowering& lowering, const GraphNode& node) {
  Activation value = lowering.activation(node, 0);
  lowering.check_nothing_pending(node, value);
  const auto parameters = lowering.parameters(node);
  const Dims from = lowering.sizes(value);
  const Dims to = read_reshape(node, parameters, from);
  if (auto axes = same_axes(value.axes, from, to)) {
    value.axes = std::move(*axes);
    lowering.report(node, "nothing (axes are tracked)");
    return lowering.define(node, 0, std::move(value));
  }
  const bool batch_first = to.size() >= 2 && to[0] == 1;
  const auto narrow = [](int64_t size) { return static_cast<int32_t>(size); };
  const bool first = channels_first(value.axes) || (value.shape.height == 1 && value.shape.width == 1);
  if (batch_first && to.size() == 2) {
    move_elements(lowering, node, value, {1, 1, narrow(to[1])}, channels_first(value.axes));
    value.axes = {Axis::kBatch, Axis::kChannel};
  } else if (batch_first && to.size() == 4 && first) {
    move_elements(lowering, node, value, {narrow(to[2]), narrow(to[3]), narrow(to[1])}, true);
    value.axes = kNchw;
  } else {
    throw lowering.refusal(node,
                           "reshapes [{}] to [{}]; flattening to [1, features] and reshapes to [1, channels, height, "
                           "width] are supported",
                           fmt::join(from, ", "), fmt::join(to, ", "));
  }
  lowering.report(node, "reshape");
  lowering.define(node, 0, std::move(value));
}

void lower_concat(Lowering& lowering, const GraphNode& node) {
  const Activation& head = lowering.activation(node, 0);
  const int64_t axis = read_axis(node, head.axes.size());
  if (head.axes[static_cast<size_t>(axis)] != Axis::kChannel)
    throw lowering.refusal(node, "joins along another axis than the channels");
  std::vector<ir::NodeId> sources;
  std::vector<double> scale, offset;
  int32_t lowest = INT32_MAX;
  int32_t highest = INT32_MIN;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const Activation& value = lowering.activation(node, i);
    if (value.axes != head.axes) throw lowering.refusal(node, "joins tensors of different layouts");
    const auto [source, grid] = lowering.on_grid(node, value, "concatenation");
    if (lowering.type(source).encoding() == nullptr) {
      throw lowering.refusal(node, "joins accumulators; quantize each branch before the Concat");
    }
    for (int64_t c = 0; c < value.shape.channels; ++c) {
      scale.push_back(grid.scale[c]);
      offset.push_back(grid.offset[c]);
    }
    const ir::Range range = lowering.type(source).range();
    lowest = std::min(lowest, range.lowest);
    highest = std::max(highest, range.highest);
    sources.push_back(source);
  }
  const ir::Encoding& first = *lowering.type(sources[0]).encoding();
  const bool alike = std::all_of(sources.begin(), sources.end(),
                                 [&](ir::NodeId source) { return *lowering.type(source).encoding() == first; });
  const std::optional<ir::Encoding> common = alike ? first : encoding_between(lowest, highest);
  if (!common) {
    throw lowering.refusal(node, "joins integers from {} to {}, more than {} bits; quantize the branches to like ranges",
                           lowest, highest, ir::kMaxPlanes);
  }
  for (ir::NodeId& source : sources) source = lowering.recode(node, source, *common);
  Activation result;
  result.axes = head.axes;
  result.node = lowering.emit(node, ir::Concat{}, sources);
  result.shape = lowering.type(result.node).shape;
  result.chain.grid = {PerChannel(std::move(scale)), PerChannel(std::move(offset))};
  lowering.report(node, "concatenation");
  lowering.define(node, 0, std::move(result));
}

// Channels begin .. end - 1 of a value.
Activation slice_channels(Lowering& lowering, const GraphNode& node, Activation value, int64_t begin, int64_t end) {
  if (value.node < 0)
    throw lowering.refusal(node, "slices real numbers before they are quantized; quantize the input first");
  if (begin == 0 && end == value.shape.channels) return value;
  value.node = lowering.emit(node, ir::Slice{static_cast<int32_t>(begin), static_cast<int32_t>(end)}, {value.node});
  value.shape.channels = static_cast<int32_t>(end - begin);
  value.chain = value.chain.remapped(end - begin, [begin](int64_t channel) { return channel + begin; });
  return value;
}

void lower_slice(Lowering& lowering, const GraphNode& node) {
  const Activation& value = lowering.activation(node, 0);
  lowering.check_nothing_pending(node, value);
  const auto parameters = lowering.parameters(node);
  const Dims sizes = lowering.sizes(value);
  const std::vector<SliceAxis> slices = read_slice(node, parameters, sizes);
  int64_t begin = 0;
  int64_t end = value.shape.channels;
  for (size_t i = 0; i < slices.size(); ++i) {
    const bool whole = slices[i].start == 0 && slices[i].step == 1 && slices[i].count == sizes[i];
    if (value.axes[i] == Axis::kChannel && slices[i].step == 1 && slices[i].count > 0) {
      begin = slices[i].start;
      end = begin + slices[i].count;
    } else if (!whole) {
      throw lowering.refusal(node, "slices another axis than the channels, or with a step");
    }
  }
  lowering.report(node, "slice of channels");
  lowering.define(node, 0, slice_channels(lowering, node, value, begin, end));
}

void lower_split(Lowering& lowering, const GraphNode& node) {
  const Activation value = lowering.activation(node, 0);
  lowering.check_nothing_pending(node, value);
  if (lowering.has_input(node, 1)) lowering.constant(node, 1);
  const int64_t axis = read_axis(node, value.axes.size());
  if (value.axes[static_cast<size_t>(axis)] != Axis::kChannel)
    throw lowering.refusal(node, "splits another axis than the channels");
  int64_t begin = 0;
  size_t output = 0;
  lowering.report(node, "slices of channels");
  for (const int64_t size : read_split(node, lowering.operands(node), lowering.sizes(value))) {
    lowering.define(node, output++, slice_channels(lowering, node, value, begin, begin + size));
    begin += size;
  }
}

void lower_pad(Lowering& lowering, const GraphNode& node) {
  Activation value = lowering.activation(node, 0);
  const auto parameters = lowering.parameters(node);
  if (value.axes != kNchw) throw lowering.refusal(node, "needs an input in the layout NCHW");
  const PadAmounts pad = read_pad(node, parameters, lowering.sizes(value));
  if (pad.value != 0) throw lowering.refusal(node, "pads with {}; only 0 is supported", pad.value);
  if (pad.begin[0] != 0 || pad.end[0] != 0 || pad.begin[1] != 0 || pad.end[1] != 0) {
    throw lowering.refusal(node, "pads the batch or the channels");
  }
  const auto widen = [&](int32_t& side, int64_t by) {
    if (by > ir::kMaxWindow - side) throw lowering.refusal(node, "pads by {}; {} is the most", by + side, ir::kMaxWindow);
    side += static_cast<int32_t>(by);
  };
  widen(value.pending_pad.pad_top, pad.begin[2]);
  widen(value.pending_pad.pad_left, pad.begin[3]);
  widen(value.pending_pad.pad_bottom, pad.end[2]);
  widen(value.pending_pad.pad_right, pad.end[3]);
  lowering.report(node, "padding of the next convolution");
  lowering.define(node, 0, std::move(value));
}

void lower_depth_to_space(Lowering& lowering, const GraphNode& node) {
  Activation value = lowering.activation(node, 0);
  lowering.check_nothing_pending(node, value);
  if (value.axes != kNchw) throw lowering.refusal(node, "needs an input in the layout NCHW");
  const DepthToSpace attributes = read_depth_to_space(node, lowering.sizes(value));
  if (value.chain.rows() != 1 || value.chain.has_pools() || value.node < 0) {
    throw lowering.refusal(node, "rearranges channels that have a scale each; quantize before it");
  }
  value.node = lowering.emit(node, ir::DepthToSpace{static_cast<int32_t>(attributes.block), attributes.column_row_depth},
                             {value.node});
  value.shape = lowering.type(value.node).shape;
  lowering.report(node, "rearrangement of channels");
  lowering.define(node, 0, std::move(value));
}

void lower_upsample(Lowering& lowering, const GraphNode& node) {
  Activation value = lowering.activation(node, 0);
  lowering.check_nothing_pending(node, value);
  const auto parameters = lowering.parameters(node);
  if (value.axes != kNchw || value.node < 0) throw lowering.refusal(node, "needs a quantized input in the layout NCHW");
  const Dims factors = read_upsample(node, parameters, lowering.sizes(value));
  if (factors[0] != 1 || factors[1] != 1) throw lowering.refusal(node, "enlarges the batch or the channels");
  if (value.chain.has_pools()) {
    value.node = lowering.on_grid(node, value, "enlargement").node;
    std::erase_if(value.chain.links, [](const auto& link) { return std::holds_alternative<PendingPool>(link); });
  }
  value.node =
      lowering.emit(node, ir::Upsample{static_cast<int32_t>(factors[2]), static_cast<int32_t>(factors[3])}, {value.node});
  value.shape = lowering.type(value.node).shape;
  lowering.report(node, "nearest-neighbour enlargement");
  lowering.define(node, 0, std::move(value));
}

// TopK's second result (indices) and ArgMax; the values of TopK are not kept.
void lower_top_k(Lowering& lowering, const GraphNode& node) {
  const Activation& value = lowering.activation(node, 0);
  const TopKAttributes attributes = read_top_k(node, lowering.operands(node), lowering.sizes(value));
  const bool over_channels = value.axes[static_cast<size_t>(attributes.axis)] == Axis::kChannel;
  if (!over_channels || value.shape.height != 1 || value.shape.width != 1) {
    throw lowering.refusal(node, "is supported over the channels of a fully connected output only");
  }
  if (!attributes.largest || attributes.last) {
    throw lowering.refusal(node, "is supported for the largest values with ties to the lowest index only");
  }
  const auto [source, grid] = lowering.on_grid(node, value, kOutput);
  const ir::NodeId reals = lowering.emit(node, ir::Output{grid.scale.values(), grid.offset.values()}, {source}, "_values");
  Activation result;
  result.axes = value.axes;
  if (!attributes.keep) result.axes.erase(result.axes.begin() + static_cast<std::ptrdiff_t>(attributes.axis));
  result.node = lowering.emit(node, ir::TopK{static_cast<int32_t>(attributes.k)}, {reals});
  result.shape = lowering.type(result.node).shape;
  lowering.report(node, "indices of the largest values");
  lowering.define(node, node.op == "TopK" ? 1 : 0, std::move(result));
}

}  // namespace

const std::map<std::string_view, Handler>& layout_handlers() {
  static const std::map<std::string_view, Handler> table{
      {"ArgMax", lower_top_k},      {"Concat", lower_concat},     {"DepthToSpace", lower_depth_to_space},
      {"Flatten", lower_reshape},   {"Pad", lower_pad},           {"Reshape", lower_reshape},
      {"Resize", lower_upsample},   {"Slice", lower_slice},       {"Split", lower_split},
      {"Squeeze", lower_reshape},   {"TopK", lower_top_k},        {"Transpose", lower_transpose},
      {"Unsqueeze", lower_reshape}, {"Upsample", lower_upsample},
  };
  return table;
}

}  // namespace bitloom::lower
