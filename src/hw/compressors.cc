// SPDX-License-Identifier: Apache-2.0
#include "compressors.h"

#include <algorithm>

namespace bitloom::hw {
namespace {

/// The bits of a count of so many bits that columns are left for.
int64_t count_bits(int64_t size, size_t columns_above) {
  const int64_t bits = size <= 2 ? 0 : size == 3 ? 2 : 3;
  return std::min<int64_t>(bits, static_cast<int64_t>(columns_above));
}

}  // namespace

Compressors compressors(std::vector<int64_t> heights, bool fused) {
  Compressors result;
  int64_t group = fused ? 3 : 6;
  while (std::ranges::max(heights) > 2) {
    std::vector<int64_t> next(heights.size() + 3);
    for (size_t c = 0; c < heights.size(); ++c) {
      for (int64_t left = heights[c]; left > 0; left -= group) {
        const int64_t size = std::min(left, group);
        const int64_t bits = count_bits(size, heights.size() - c);
        result.luts += bits;
        next[c] += size <= 2 ? size : 1;
        for (int64_t b = 1; b < bits; ++b) ++next[c + static_cast<size_t>(b)];
      }
    }
    next.resize(heights.size());
    heights = std::move(next);
    group = 6;
  }
  result.added = std::ranges::count(heights, 2);
  return result;
}

}  // namespace bitloom::hw
