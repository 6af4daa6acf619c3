// SPDX-License-Identifier: Apache-2.0
//
// The inner loops of Dot: XOR, population count, weighted sums. Weights lie in blocks of kLanes output channels, so that
// the lanes of a vector are channels and no sum ever goes across one.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace bitloom::engine {

inline constexpr int kLanes = 8;  ///< output channels of a block: one 512-bit vector of words
inline constexpr int kTile = 4;   ///< pixels that share each load of weights

/// Up to kChunk channels of 1 or kTile pixels.
struct DotTile {
  int pixels = 1;
  int blocks = 0;
  int x_planes = 0;
  int w_planes = 0;
  int64_t words = 0;                       ///< of one plane of a row
  const uint64_t* rows[kTile] = {};        ///< input rows: [x plane][word]
  const uint64_t* weights = nullptr;       ///< [block][w plane][word][lane]
  const uint64_t* coefficients = nullptr;  ///< [x plane][w plane]
  const uint64_t* constants[kTile] = {};   ///< [block][lane]
  uint64_t row_terms[kTile] = {};
};

/// accumulators[pixel][kChunk] = (constant + row term - sum over p, q of coefficient[p][q] * popcount(x_p ^ w_q)) / 2,
/// where the numerator is even and computed modulo 2^64.
void dot_tile(const DotTile& tile, int32_t* accumulators);

/// The versions that this CPU can run, best first; `dot_tile` is the first.
struct DotKernel {
  std::string_view name;
  void (*run)(const DotTile& tile, int32_t* accumulators) = nullptr;
};
std::vector<DotKernel> dot_kernels();

}  // namespace bitloom::engine
