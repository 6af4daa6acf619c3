// SPDX-License-Identifier: Apache-2.0
//
// The geometry of sliding windows: convolution, pooling and Im2Col, with auto_pad and ceil_mode turned into plain pads.
#include <algorithm>
#include <bit>

#include "operators_detail.h"

namespace bitloom::lower {
namespace {

using Pair = std::array<int64_t, 2>;

/// What the attributes say, before the image's size is known. Vectors have one entry an axis, pads two.
struct WindowAttributes {
  Dims kernel, strides, dilations, pads;
  std::string auto_pad = "NOTSET";
  bool ceil_mode = false;
};

int64_t ceil_divide(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// One entry an axis, or the same number for all where the attribute is a single integer (older FINN files).
Dims integers_or_one(const GraphNode& node, std::string_view name, size_t count, const Dims& fallback) {
  const auto found = node.attributes.find(std::string(name));
  if (found != node.attributes.end() && std::holds_alternative<int64_t>(found->second)) {
    return Dims(count, std::get<int64_t>(found->second));
  }
  return node.integers(name, fallback);
}

WindowAttributes read_attributes(const GraphNode& node, size_t axes, Dims kernel) {
  return {std::move(kernel),
          node.integers("strides", Dims(axes, 1)),
          node.integers("dilations", Dims(axes, 1)),
          node.integers("pads", Dims(2 * axes, 0)),
          node.text("auto_pad", "NOTSET"),
          node.integer("ceil_mode", 0) != 0};
}

void check_entries(const GraphNode& node, std::string_view what, const Dims& values, size_t count, int64_t least) {
  if (values.size() != count)
    throw mistaken(node, "{} {} has {} entries, expected {}", what, shape_text(values), values.size(), count);
  for (const int64_t value : values) {
    if (value < least || value > frontend::kMaxElements) {
      throw mistaken(node, "{} {} must be {} to {}", what, shape_text(values), least, frontend::kMaxElements);
    }
  }
}

/// Pads of one axis for auto_pad SAME_UPPER or SAME_LOWER: the output is the input divided by the stride, rounded up.
void pad_same(SlidingWindow& window, size_t axis, int64_t reach, bool more_at_end) {
  const int64_t output = ceil_divide(window.input[axis], window.stride[axis]);
  const int64_t total = std::max<int64_t>((output - 1) * window.stride[axis] + reach - window.input[axis], 0);
  window.pad_begin[axis] = more_at_end ? total / 2 : total - total / 2;
  window.pad_end[axis] = total - window.pad_begin[axis];
}

void set_output(const GraphNode& node, SlidingWindow& window, size_t axis, int64_t reach, bool ceil_mode) {
  const int64_t stride = window.stride[axis];
  const int64_t room = window.pad_begin[axis] + window.input[axis] + window.pad_end[axis] - reach;
  if (room < 0) {
    throw mistaken(node, "a window of {} does not fit into {} with pads {} and {}", reach, window.input[axis],
                   window.pad_begin[axis], window.pad_end[axis]);
  }
  int64_t steps = ceil_mode ? ceil_divide(room, stride) : room / stride;
  // A window that rounding up would begin behind the image is left out, as ONNX says.
  if (ceil_mode && steps * stride >= window.pad_begin[axis] + window.input[axis]) --steps;
  window.output[axis] = steps + 1;
  window.pad_end[axis] += std::max<int64_t>(steps * stride - room, 0);
}

SlidingWindow make_window(const GraphNode& node, std::span<const int64_t> image, const WindowAttributes& attributes) {
  const size_t axes = image.size();
  check_entries(node, "kernel", attributes.kernel, axes, 1);
  check_entries(node, "strides", attributes.strides, axes, 1);
  check_entries(node, "dilations", attributes.dilations, axes, 1);
  check_entries(node, "pads", attributes.pads, 2 * axes, 0);
  const std::string& auto_pad = attributes.auto_pad;
  const bool same = auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER";
  if (!same && auto_pad != "NOTSET" && auto_pad != "VALID") {
    throw mistaken(node, "auto_pad is '{}', expected NOTSET, VALID, SAME_UPPER or SAME_LOWER", auto_pad);
  }
  SlidingWindow window;
  for (size_t i = 0; i < axes; ++i) {
    const size_t axis = 2 - axes + i;
    window.input[axis] = image[i];
    window.kernel[axis] = attributes.kernel[i];
    window.stride[axis] = attributes.strides[i];
    window.dilation[axis] = attributes.dilations[i];
    if (auto_pad == "NOTSET") {
      window.pad_begin[axis] = attributes.pads[i];
      window.pad_end[axis] = attributes.pads[axes + i];
    }
    const int64_t reach = (window.kernel[axis] - 1) * window.dilation[axis] + 1;
    if (same) pad_same(window, axis, reach, auto_pad == "SAME_UPPER");
    set_output(node, window, axis, reach, attributes.ceil_mode);
  }
  return window;
}

/// Maxima and averages of nothing do not exist.
void refuse_empty_windows(const GraphNode& node, const SlidingWindow& window) {
  for (size_t axis = 0; axis < 2; ++axis) {
    for (int64_t o = 0; o < window.output[axis]; ++o) {
      const int64_t begin = o * window.stride[axis] - window.pad_begin[axis];
      const int64_t skipped = begin < 0 ? ceil_divide(-begin, window.dilation[axis]) : 0;
      if (skipped >= window.kernel[axis] || begin + skipped * window.dilation[axis] >= window.input[axis]) {
        throw mistaken(node, "window {} of axis {} holds no element of the image; its pads are too large", o, axis);
      }
    }
  }
}

Dims spatial_sizes(const GraphNode& node, const Dims& shape, bool channels_last) {
  if (shape.size() != 3 && shape.size() != 4) {
    throw refused(node, "input {} has not one or two spatial axes", shape_text(shape));
  }
  checked_elements(node, shape);
  return channels_last ? Dims(shape.begin() + 1, shape.end() - 1) : Dims(shape.begin() + 2, shape.end());
}

PoolAttributes read_quant_average(const GraphNode& node, const Dims& shape) {
  const std::string layout = node.text("data_layout", "NCHW");
  if (layout != "NCHW" && layout != "NHWC") throw mistaken(node, "data_layout is '{}', expected NCHW or NHWC", layout);
  PoolAttributes pool{.kind = PoolKind::kSumShift, .axes = 2, .channels_last = layout == "NHWC", .window = {}};
  const Dims image = spatial_sizes(node, shape, pool.channels_last);
  const int64_t kernel = node.integer("kernel", 1);
  const int64_t in_bits = node.integer("ibits", 1);
  const int64_t out_bits = node.integer("obits", 1);
  if (kernel < 1 || kernel > 32768) throw mistaken(node, "kernel is {}, but must be 1 to 32768", kernel);
  if (in_bits < 1 || in_bits > 32 || out_bits < 1 || out_bits > 32) {
    throw mistaken(node, "ibits {} and obits {} must be 1 to 32", in_bits, out_bits);
  }
  pool.window = make_window(node, image,
                            {Dims(2, kernel), Dims(2, node.integer("stride", 1)), Dims(2, 1), Dims(4, 0), "NOTSET", false});
  const auto largest = static_cast<uint64_t>(((int64_t{1} << in_bits) - 1) * kernel * kernel);
  pool.shift = std::max<int64_t>(std::bit_width(largest) - out_bits, 0);
  return pool;
}

}  // namespace

bool SlidingWindow::padded() const { return pad_begin != Pair{0, 0} || pad_end != Pair{0, 0}; }

ConvAttributes read_conv(const GraphNode& node, const Dims& shape, const Dims& weights) {
  refuse_channels_last(node);
  const Dims image = spatial_sizes(node, shape, false);
  if (weights.size() != shape.size()) {
    throw mistaken(node, "weights {} have not as many axes as the input {}", shape_text(weights), shape_text(shape));
  }
  checked_elements(node, weights);
  ConvAttributes conv{.axes = static_cast<int64_t>(image.size()), .groups = node.integer("group", 1), .window = {}};
  if (conv.groups < 1 || weights[0] % conv.groups != 0 || shape[1] % conv.groups != 0 ||
      weights[1] != shape[1] / conv.groups) {
    throw mistaken(node, "weights {} do not fit an input {} in {} groups", shape_text(weights), shape_text(shape),
                   conv.groups);
  }
  const Dims kernel(weights.begin() + 2, weights.end());
  if (const Dims stated = node.integers("kernel_shape", kernel); stated != kernel) {
    throw mistaken(node, "kernel_shape {} differs from the weights {}", shape_text(stated), shape_text(weights));
  }
  conv.window = make_window(node, image, read_attributes(node, image.size(), kernel));
  return conv;
}

PoolAttributes read_pool(const GraphNode& node, const Dims& shape) {
  refuse_channels_last(node);
  if (node.op == "QuantAvgPool2d") return read_quant_average(node, shape);
  PoolAttributes pool;
  pool.channels_last = node.op == "MaxPoolNHWC";
  pool.kind = node.op.ends_with("AveragePool") ? PoolKind::kAverage : PoolKind::kMax;
  const Dims image = spatial_sizes(node, shape, pool.channels_last);
  pool.axes = static_cast<int64_t>(image.size());
  if (node.op.starts_with("Global")) {
    pool.window =
        make_window(node, image, {image, Dims(image.size(), 1), Dims(image.size(), 1), Dims(2 * image.size(), 0)});
    return pool;
  }
  const WindowAttributes attributes = read_attributes(node, image.size(), node.integers("kernel_shape", {}));
  pool.counts_padding = node.integer("count_include_pad", 0) != 0;
  pool.window = make_window(node, image, attributes);
  refuse_empty_windows(node, pool.window);
  WindowAttributes floor = attributes;
  floor.ceil_mode = false;
  if (pool.counts_padding && attributes.ceil_mode && make_window(node, image, floor) != pool.window) {
    throw refused(node, "ceil_mode with count_include_pad is not handled where windows reach beyond the pads");
  }
  return pool;
}

Im2Col read_im2col(const GraphNode& node, const Dims& shape) {
  if (shape.size() != 4) throw mistaken(node, "input has shape {}, expected [N, H, W, C]", shape_text(shape));
  const Dims image = spatial_sizes(node, shape, true);
  const Dims kernel = integers_or_one(node, "kernel_size", 2, {});
  Im2Col result;
  result.window =
      make_window(node, image,
                  {kernel, integers_or_one(node, "stride", 2, {1, 1}), integers_or_one(node, "dilations", 2, {1, 1}),
                   integers_or_one(node, "pad_amount", 4, {0, 0, 0, 0}), "NOTSET", false});
  result.pad_value = static_cast<double>(node.integer("pad_value", 0));
  result.depthwise = node.integer("depthwise", 0) != 0;
  return result;
}

}  // namespace bitloom::lower
