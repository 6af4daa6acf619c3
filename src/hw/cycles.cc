// SPDX-License-Identifier: Apache-2.0
//
// Cycles a frame: what the headers of rtl/ promise.
#include <algorithm>

#include "cost.h"

namespace bitloom::hw {
namespace {

int32_t positions(int32_t size, int32_t kernel, int32_t stride, int32_t before, int32_t after, int32_t dilation) {
  return (size + before + after - (kernel - 1) * dilation - 1) / stride + 1;
}

int32_t span_h(const Window& w) { return (w.window.kernel_h - 1) * w.window.dilation_h + 1; }

}  // namespace

int32_t Window::out_h() const {
  return positions(in_h, window.kernel_h, window.stride_h, window.pad_top, window.pad_bottom, window.dilation_h);
}
int32_t Window::out_w() const {
  return positions(in_w, window.kernel_w, window.stride_w, window.pad_left, window.pad_right, window.dilation_w);
}

int32_t fewest_rows(const Window& w) { return span_h(w); }

// While an output row is read, the rows that come next arrive; at the end of a picture they are the first of the next.
int32_t ample_rows(const Window& w) {
  return span_h(w) + std::max(w.window.stride_h, w.in_h - (w.out_h() - 1) * w.window.stride_h);
}

int64_t unit_cycles(const UnitKind& kind, int64_t words) {
  if (const auto* mvtu = std::get_if<Mvtu>(&kind)) return mvtu->vectors * mvtu->steps() * mvtu->folds();
  return words;
}

int64_t cycles(const Design& design, const Unit& unit) {
  int64_t words = 0;
  for (const auto* streams : {&unit.in, &unit.out}) {
    for (const int32_t stream : *streams) words = std::max(words, design.streams[static_cast<size_t>(stream)].words);
  }
  return unit_cycles(unit.kind, words);
}

int64_t interval(const Design& design) {
  int64_t most = 0;
  for (const Unit& unit : design.units) most = std::max(most, cycles(design, unit));
  return most;
}

}  // namespace bitloom::hw
