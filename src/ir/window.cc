// SPDX-License-Identifier: Apache-2.0
//
// Counting along one axis of a sliding window, without visiting every position: a file of a few bytes can name an image
// of millions of positions, and reading it must not take the time of running it.
#include "window.h"

#include <algorithm>

namespace bitloom::ir {
namespace {

void require(const char* what, int64_t value, int64_t lowest) {
  if (value < lowest || value > kMaxWindow) throw Error("{} is {}, expected {} to {}", what, value, lowest, kMaxWindow);
}

int64_t ceil_divide(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace

int64_t WindowAxis::positions() const {
  const int64_t room = size + pad_before + pad_after - span();
  return room < 0 ? 0 : room / stride + 1;
}

int64_t WindowAxis::taps_inside(int64_t position) const {
  const int64_t start = position * stride - pad_before;
  if (start >= size) return 0;
  const int64_t first = start >= 0 ? 0 : ceil_divide(-start, dilation);
  const int64_t end = std::min(kernel, (size - 1 - start) / dilation + 1);
  return std::max<int64_t>(0, end - first);
}

TapCount count_taps(const WindowAxis& axis) {
  // Windows from `inner` on begin inside the image, windows before `outer` end inside it: between the two nothing is cut
  // off, and one window stands for all. At most (pad_before + pad_after) / stride + 2 windows remain to be looked at.
  const int64_t positions = axis.positions();
  const int64_t inner = std::min(positions, ceil_divide(axis.pad_before, axis.stride));
  const int64_t last_start = axis.size + axis.pad_before - axis.span();
  const int64_t outer = last_start < 0 ? 0 : std::min(positions, last_start / axis.stride + 1);
  TapCount count{axis.kernel, 0};
  const auto include = [&](int64_t taps) { count = {std::min(count.fewest, taps), std::max(count.most, taps)}; };
  if (inner < outer) include(axis.kernel);
  for (int64_t p = 0; p < inner; ++p) include(axis.taps_inside(p));
  for (int64_t p = std::max(inner, outer); p < positions; ++p) include(axis.taps_inside(p));
  return count;
}

WindowAxis vertical(const Window& w, const Shape& image) {
  return {image.height, w.kernel_h, w.stride_h, w.pad_top, w.pad_bottom, w.dilation_h};
}

WindowAxis horizontal(const Window& w, const Shape& image) {
  return {image.width, w.kernel_w, w.stride_w, w.pad_left, w.pad_right, w.dilation_w};
}

void check(const Window& w, const Shape& image) {
  require("kernel height", w.kernel_h, 1);
  require("kernel width", w.kernel_w, 1);
  require("vertical stride", w.stride_h, 1);
  require("horizontal stride", w.stride_w, 1);
  require("padding at the top", w.pad_top, 0);
  require("padding at the left", w.pad_left, 0);
  require("padding at the bottom", w.pad_bottom, 0);
  require("padding at the right", w.pad_right, 0);
  require("vertical dilation", w.dilation_h, 1);
  require("horizontal dilation", w.dilation_w, 1);
  const WindowAxis v = vertical(w, image), h = horizontal(w, image);
  if (v.positions() == 0 || h.positions() == 0) {
    throw Error("a window that spans {}x{} does not fit an image of {}x{} with padding", v.span(), h.span(),
                v.size + v.pad_before + v.pad_after, h.size + h.pad_before + h.pad_after);
  }
}

}  // namespace bitloom::ir
