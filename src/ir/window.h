// SPDX-License-Identifier: Apache-2.0
//
// Counting along one axis of a sliding window.
#pragma once

#include <cstdint>

#include "bitloom/ir.h"

namespace bitloom::ir {

/// One axis of a window over an image of `size`. Every number is at most kMaxElements, so int64 arithmetic is exact.
struct WindowAxis {
  int64_t size = 1;
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t pad_before = 0;
  int64_t pad_after = 0;
  int64_t dilation = 1;

  /// From the first tap to the last.
  int64_t span() const { return dilation * (kernel - 1) + 1; }
  /// Positions of the window; 0 if it is larger than the padded image.
  int64_t positions() const;
  /// Taps of the window at this position that lie inside the image.
  int64_t taps_inside(int64_t position) const;
};

/// Fewest and most taps inside the image over all positions (at least one).
struct TapCount {
  int64_t fewest = 0;
  int64_t most = 0;
};
TapCount count_taps(const WindowAxis& axis);

WindowAxis vertical(const Window& window, const Shape& image);
WindowAxis horizontal(const Window& window, const Shape& image);

/// Throws Error unless every number of the window is in its bounds and it fits the padded image.
void check(const Window& window, const Shape& image);

}  // namespace bitloom::ir
