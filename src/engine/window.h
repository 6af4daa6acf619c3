// SPDX-License-Identifier: Apache-2.0
//
// Which taps of a sliding window lie inside the image. Positions grow with the tap, so they are one run in each direction.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "bitloom/ir.h"

namespace bitloom::engine {

/// One direction of a window over an image.
struct Axis {
  int64_t size = 1;  ///< of the image
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t pad = 0;  ///< before the image
  int64_t dilation = 1;

  int64_t position(int64_t output, int64_t tap) const { return output * stride - pad + tap * dilation; }
};

inline Axis rows_of(const ir::Window& w, const ir::Shape& image) {
  return {image.height, w.kernel_h, w.stride_h, w.pad_top, w.dilation_h};
}
inline Axis columns_of(const ir::Window& w, const ir::Shape& image) {
  return {image.width, w.kernel_w, w.stride_w, w.pad_left, w.dilation_w};
}

/// Taps begin .. end - 1; begin == end if none.
struct Taps {
  int64_t begin = 0;
  int64_t end = 0;
  bool operator==(const Taps&) const = default;
};

/// The taps of output position `output` that lie inside the image.
inline Taps taps_inside(const Axis& axis, int64_t output) {
  const int64_t first = axis.position(output, 0);
  const int64_t begin = first >= 0 ? 0 : (-first + axis.dilation - 1) / axis.dilation;
  const int64_t end = first >= axis.size ? 0 : (axis.size - 1 - first) / axis.dilation + 1;
  return {std::min(begin, axis.kernel), std::max(std::min(begin, axis.kernel), std::min(end, axis.kernel))};
}

/// taps_inside of every output position.
inline std::vector<Taps> all_taps(const Axis& axis, int64_t outputs) {
  std::vector<Taps> taps;
  for (int64_t o = 0; o < outputs; ++o) taps.push_back(taps_inside(axis, o));
  return taps;
}

}  // namespace bitloom::engine
