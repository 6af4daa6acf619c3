// SPDX-License-Identifier: Apache-2.0
//
// Values <-> codes <-> bit planes, for one encoding.
//
// A pixel of a coded tensor is `planes` rows of words_for(channels) words, one after the other; an image is its pixels in
// [y][x] order. Codes in planes are canonical, so equal values have equal bits.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "bitloom/ir.h"

namespace bitloom::engine {

class Codec {
 public:
  explicit Codec(const ir::Encoding& encoding);

  int planes() const { return planes_; }

  /// True if each of the numbers is a level of the encoding.
  bool are_levels(std::span<const int32_t> values) const;

  /// Values of one pixel, all of them levels, to its planes.
  void pack(std::span<const int32_t> values, uint64_t* pixel) const;
  /// One pixel's planes to values.
  void unpack(const uint64_t* pixel, std::span<int32_t> values) const;

 private:
  uint32_t code(int32_t value) const;
  bool is_level(int32_t value) const;

  int planes_ = 0;
  std::vector<int32_t> coefficients_;
  int32_t lowest_ = 0, highest_ = 0;
  int32_t bias_ = 0, step_ = 0;        // step_ > 0: coefficients are step_ * 2^p, the last perhaps negative
  std::vector<int32_t> levels_;        // unless step_ > 0
  std::vector<uint32_t> level_codes_;  // likewise
};

/// Up to 64 codes to bits `bit`, `bit` + 1 ... of each plane; the bits there were zero.
void deposit(std::span<const uint32_t> codes, int planes, uint64_t* pixel, int64_t plane_words, int64_t bit);

}  // namespace bitloom::engine
