// SPDX-License-Identifier: Apache-2.0
//
// The type of each layer's result, and every rule that a layer and its inputs must keep.
//
// What passes here is safe for all that follows: sizes are bounded before they are multiplied, accumulators fit int32 by
// their exact bounds, and weights and thresholds have the sizes and the order that a kernel relies on.
#include <algorithm>
#include <cmath>
#include <limits>

#include "bitloom/ir.h"
#include "describe.h"
#include "levels.h"
#include "window.h"

namespace bitloom::ir {
namespace {

using Types = std::span<const TensorType>;

Shape checked_shape(int64_t height, int64_t width, int64_t channels) {
  const bool positive = height >= 1 && width >= 1 && channels >= 1;
  const bool bounded = height <= kMaxElements && width <= kMaxElements && channels <= kMaxElements;
  // Three factors of up to 2^28 do not fit int64, but two and a quotient do.
  if (!positive || !bounded || height * width > kMaxElements / channels) {
    throw Error("a tensor of {}x{}x{} is not possible; expected 1 to {} elements", height, width, channels, kMaxElements);
  }
  return {static_cast<int32_t>(height), static_cast<int32_t>(width), static_cast<int32_t>(channels)};
}

Range checked_range(int64_t lowest, int64_t highest) {
  if (lowest > highest) throw Error("the range {} to {} is empty", lowest, highest);
  if (lowest < kMinValue || highest > kMaxValue) {
    throw Error("the result can be {} to {}, beyond int32 ({} to {})", lowest, highest, kMinValue, kMaxValue);
  }
  return {static_cast<int32_t>(lowest), static_cast<int32_t>(highest)};
}

Shape windowed_shape(const Window& window, const Shape& image, int64_t channels) {
  check(window, image);
  return checked_shape(vertical(window, image).positions(), horizontal(window, image).positions(), channels);
}

void require_rows(const char* what, int32_t rows, const Shape& shape) {
  if (rows != 1 && rows != shape.channels) {
    throw Error("has {} rows of {}, expected 1 or one a channel ({})", rows, what, shape.channels);
  }
}

void require_count(const char* what, size_t found, int64_t expected) {
  if (static_cast<int64_t>(found) != expected) throw Error("has {} {}, expected {}", found, what, expected);
}

void require_flags(std::span<const uint8_t> descending, int32_t rows) {
  require_count("descending flags", descending.size(), rows);
  for (const uint8_t flag : descending) {
    if (flag > 1) throw Error("a descending flag is {}, expected 0 or 1", flag);
  }
}

TensorType infer(const Input& input, Types) {
  const TensorType type{checked_shape(input.shape.height, input.shape.width, input.shape.channels), input.element};
  if (const Encoding* encoding = type.encoding()) {
    check(*encoding);
  } else {
    checked_range(type.range().lowest, type.range().highest);
  }
  if (!input.real) return type;
  if (!type.encoding()) throw Error("has a real quantizer for plain integers; it needs an encoding");
  const RealQuantizer& real = *input.real;
  require_rows("real thresholds", real.rows, type.shape);
  const size_t steps = levels_in_use(*type.encoding()).size() - 1;
  require_count("real thresholds", real.thresholds.size(), int64_t{real.rows} * static_cast<int64_t>(steps));
  require_flags(real.descending, real.rows);
  for (size_t row = 0; row < real.descending.size(); ++row) {
    const auto thresholds = std::span(real.thresholds).subspan(row * steps, steps);
    if (std::ranges::any_of(thresholds, [](float t) { return std::isnan(t); })) {
      throw Error("a real threshold of row {} is not a number", row);
    }
    const bool sorted =
        real.descending[row] ? std::ranges::is_sorted(thresholds, std::greater<>()) : std::ranges::is_sorted(thresholds);
    if (!sorted)
      throw Error("real thresholds of row {} are not {}", row, real.descending[row] ? "descending" : "ascending");
  }
  return type;
}

TensorType infer(const Dot& dot, Types inputs) {
  const TensorType& in = inputs[0];
  if (!in.encoding()) throw Error("reads plain integers ({}); a dot needs an encoded input", describe(in));
  const int32_t channels = in.shape.channels, groups = dot.groups;
  const int64_t rows = dot.weights.rows();
  if (groups < 1 || channels % groups != 0 || rows % groups != 0) {
    throw Error("has {} groups, which do not divide {} input and {} output channels", groups, channels, rows);
  }
  const Shape shape = windowed_shape(dot.window, in.shape, rows);
  const int64_t columns = int64_t{dot.window.kernel_h} * dot.window.kernel_w * (channels / groups);
  if (dot.weights.columns() != columns) {
    throw Error("has {} weights an output channel, expected {} ({}x{} window on {} channels a group)",
                dot.weights.columns(), columns, dot.window.kernel_h, dot.window.kernel_w, channels / groups);
  }
  Range hull{std::numeric_limits<int32_t>::max(), std::numeric_limits<int32_t>::min()};
  for (const Range& range : channel_ranges(dot, in.range())) {
    hull = {std::min(hull.lowest, range.lowest), std::max(hull.highest, range.highest)};
  }
  return {shape, hull};
}

TensorType infer(const Threshold& layer, Types inputs) {
  const Shape& shape = inputs[0].shape;
  check(layer.encoding);
  require_rows("thresholds", layer.rows, shape);
  const size_t steps = levels_in_use(layer.encoding).size() - 1;
  require_count("thresholds", layer.thresholds.size(), int64_t{layer.rows} * static_cast<int64_t>(steps));
  require_flags(layer.descending, layer.rows);
  for (size_t row = 0; row < layer.descending.size(); ++row) {
    if (!std::ranges::is_sorted(std::span(layer.thresholds).subspan(row * steps, steps))) {
      throw Error("thresholds of row {} are not ascending", row);
    }
  }
  return {shape, layer.encoding};
}

TensorType infer(const MaxPool& layer, Types inputs) {
  const Shape& in = inputs[0].shape;
  const Shape shape = windowed_shape(layer.window, in, in.channels);
  if (count_taps(vertical(layer.window, in)).fewest == 0 || count_taps(horizontal(layer.window, in)).fewest == 0) {
    throw Error("a window lies wholly in the padding and has no largest value");
  }
  return {shape, inputs[0].element};
}

TensorType infer(const SumPool& layer, Types inputs) {
  const Shape& in = inputs[0].shape;
  const Shape shape = windowed_shape(layer.window, in, in.channels);
  const TapCount v = count_taps(vertical(layer.window, in)), h = count_taps(horizontal(layer.window, in));
  const int64_t fewest = v.fewest * h.fewest, most = v.most * h.most;
  const int64_t low = inputs[0].range().lowest, high = inputs[0].range().highest;
  return {shape, checked_range(low * (low < 0 ? most : fewest), high * (high > 0 ? most : fewest))};
}

TensorType infer(const Add& add, Types inputs) {
  require_count("multipliers", add.multipliers.size(), static_cast<int64_t>(inputs.size()));
  int64_t lowest = 0, highest = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].shape != inputs[0].shape) {
      throw Error("adds {} to {}; expected one shape", describe(inputs[i].shape), describe(inputs[0].shape));
    }
    const Range range = inputs[i].range();
    const int64_t a = int64_t{add.multipliers[i]} * range.lowest, b = int64_t{add.multipliers[i]} * range.highest;
    const Range term = checked_range(std::min(a, b), std::max(a, b));
    lowest += term.lowest;
    highest += term.highest;
  }
  return {inputs[0].shape, checked_range(lowest, highest)};
}

TensorType infer(const Concat&, Types inputs) {
  const TensorType& first = inputs[0];
  int64_t channels = 0;
  for (const TensorType& in : inputs) {
    if (in.shape.height != first.shape.height || in.shape.width != first.shape.width || in.element != first.element) {
      throw Error("joins {} and {}; expected one height, width and element type", describe(first), describe(in));
    }
    channels += in.shape.channels;
  }
  return {checked_shape(first.shape.height, first.shape.width, channels), first.element};
}

TensorType infer(const Slice& slice, Types inputs) {
  const Shape& in = inputs[0].shape;
  if (slice.begin < 0 || slice.begin >= slice.end || slice.end > in.channels) {
    throw Error("takes channels {} up to {} of {}", slice.begin, slice.end, in.channels);
  }
  return {{in.height, in.width, slice.end - slice.begin}, inputs[0].element};
}

TensorType infer(const Reshape& layer, Types inputs) {
  const Shape shape = checked_shape(layer.shape.height, layer.shape.width, layer.shape.channels);
  if (shape.elements() != inputs[0].shape.elements()) {
    throw Error("makes {} of {}; expected as many elements", describe(shape), describe(inputs[0].shape));
  }
  return {shape, inputs[0].element};
}

TensorType infer(const DepthToSpace& layer, Types inputs) {
  const Shape& in = inputs[0].shape;
  const int64_t block = layer.block;
  if (block < 1 || block > kMaxWindow || in.channels % (block * block) != 0) {
    throw Error("block is {}, expected a number whose square divides {} channels", block, in.channels);
  }
  return {checked_shape(in.height * block, in.width * block, in.channels / (block * block)), inputs[0].element};
}

TensorType infer(const Upsample& layer, Types inputs) {
  const Shape& in = inputs[0].shape;
  const int64_t v = layer.factor_h, h = layer.factor_w;
  if (v < 1 || h < 1 || v > kMaxWindow || h > kMaxWindow) {
    throw Error("factors are {}x{}, expected 1 to {}", v, h, kMaxWindow);
  }
  return {checked_shape(in.height * v, in.width * h, in.channels), inputs[0].element};
}

TensorType infer(const Output& output, Types inputs) {
  const auto channels = static_cast<size_t>(inputs[0].shape.channels);
  const auto check_vector = [&](const char* what, const std::vector<double>& v) {
    if (v.size() != 1 && v.size() != channels) {
      throw Error("has {} {}, expected 1 or one a channel ({})", v.size(), what, channels);
    }
    if (!std::ranges::all_of(v, [](double x) { return std::isfinite(x); })) throw Error("has {} that are not finite", what);
  };
  check_vector("scales", output.scale);
  check_vector("offsets", output.offset);
  return inputs[0];
}

TensorType infer(const TopK& layer, Types inputs) {
  const Shape& in = inputs[0].shape;
  if (in.height != 1 || in.width != 1) throw Error("reads {}, expected 1x1xC", describe(in));
  if (layer.k < 1 || layer.k > in.channels) throw Error("k is {}, expected 1 to {}", layer.k, in.channels);
  return {{1, 1, layer.k}, Range{0, in.channels - 1}};
}

void require_arity(const Layer& layer, size_t inputs) {
  if (std::holds_alternative<Input>(layer)) {
    if (inputs != 0) throw Error("has {} inputs, expected none", inputs);
  } else if (std::holds_alternative<Add>(layer) || std::holds_alternative<Concat>(layer)) {
    if (inputs == 0) throw Error("has no inputs, expected at least 1");
  } else if (inputs != 1) {
    throw Error("has {} inputs, expected 1", inputs);
  }
}

}  // namespace

TensorType infer_type(const Layer& layer, std::span<const TensorType> inputs) {
  require_arity(layer, inputs.size());
  return std::visit([&](const auto& kind) { return infer(kind, inputs); }, layer);
}

std::string_view layer_name(const Layer& layer) {
  static constexpr std::string_view kNames[] = {"input",    "dot",    "threshold", "max_pool", "sum_pool",
                                                "add",      "concat", "slice",     "reshape",  "depth_to_space",
                                                "upsample", "output", "top_k"};
  static_assert(std::size(kNames) == std::variant_size_v<Layer>);
  return kNames[layer.index()];
}

}  // namespace bitloom::ir
