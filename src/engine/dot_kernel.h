// SPDX-License-Identifier: Apache-2.0
//
// What a Dot kernel is given: a layer, ready for one instruction set, and a list of pixels. A pixel here is one position of
// the output, of any image; a row is the part of the input under its window.
//
// The lanes of a vector are output channels: each 32-bit word of a row is broadcast and meets the same word of the weights
// of kBlock channels. No sum ever goes across lanes, and the results can be compared with thresholds where they are.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bitloom::engine {

inline constexpr int kBlock = 16;  ///< output channels whose weights lie together, a cache line a word
inline constexpr int kTile = 4;    ///< pixels that share each load of weights

/// How a dot product is counted (choose_form in dot_form.cc has the reasons).
enum class DotForm {
  kXor,               ///< planes by planes: population counts of x ^ w
  kAnd,               ///< planes by planes: population counts of x & w
  kTernary,           ///< -1, 0, 1 on both sides, as planes (nonzero, negative): two counts, nonzero and negative products
  kTernaryByBipolar,  ///< the same by -1, 1, whose plane says negative: one count, of negative products
  kValues,            ///< no planes: bytes or 16-bit numbers, multiplied
};
inline constexpr int kDotForms = 5;

struct DotLayer {
  DotForm form = DotForm::kXor;
  int x_planes = 1, w_planes = 1;

  // Rows. A plane of a row is `segments` runs of 32-bit words in memory.
  int64_t segments = 1;
  int64_t segment_words = 0;
  int64_t segment_stride = 0;  ///< bytes from one run to the next
  int64_t x_plane_stride = 0;  ///< bytes from one plane of a row to the next

  // Weights and what makes accumulators of counts. With `factors`, accumulator = constant + sum over p, q of factor[p][q] *
  // count[p][q]. Without: constant - count (kXor, kAnd), constant + nonzero - 2 negative (kTernary), constant + row term -
  // 2 negative (kTernaryByBipolar), constant + sum (kValues). All modulo 2^32.
  int64_t words = 0;                  ///< of one plane of a row: segments * segment_words
  int64_t channels = 0;               ///< of the output
  const uint32_t* weights = nullptr;  ///< [block][w plane][word][lane]; with one lane, [channel][w plane][word]
  const int32_t* factors = nullptr;   ///< [block][x plane][w plane][kBlock], or null

  // Codes instead of accumulators. The level is the number of thresholds reached; a plane's bit is that of the highest
  // level, changed at each threshold that is not reached and whose toggles name the plane. (Vectors compare by "less".)
  int thresholds_count = 0;               ///< 0: accumulators are stored
  const int32_t* thresholds = nullptr;    ///< [block][threshold][kBlock]
  const uint32_t* toggles = nullptr;      ///< [threshold]: bit p for plane p
  const uint8_t* highest_bits = nullptr;  ///< [plane][2 bytes a block]
  int out_planes = 0;
  int64_t out_plane_stride = 0;  ///< bytes
  bool pooled = false;           ///< each tile is a pooling window: its largest accumulators count

  int64_t blocks() const { return (channels + kBlock - 1) / kBlock; }
};

struct DotPixels {
  int64_t count = 0;
  const std::byte* const* rows = nullptr;
  const int32_t* const* constants = nullptr;  ///< each [block][kBlock]; null: all are zero
  const int32_t* row_terms = nullptr;         ///< kTernaryByBipolar: ones of the first plane
  std::byte* const* results = nullptr;        ///< the pixel's first word, or accumulator; one a tile if pooled
};

using DotFunction = void (*)(const DotLayer& layer, const DotPixels& pixels);

/// ones[i]: bits of the first plane of row i that are set.
using CountOnesFunction = void (*)(const DotLayer& layer, const std::byte* const* rows, int64_t count, int32_t* ones);

}  // namespace bitloom::engine
