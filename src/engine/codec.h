// SPDX-License-Identifier: Apache-2.0
//
// Values <-> codes <-> bit planes, for one encoding.
//
// A coded image is [plane][y][x][word], with words_for(channels) words a pixel: within a plane the bits under a row of a
// window lie side by side. Codes in planes are canonical, so equal values have equal bits.
//
// A tensor whose values span at most 256 numbers can also be bytes, [y][x][channel]: value - byte_offset(its type).
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

  /// True if every integer from the lowest to the highest level is a level.
  bool is_dense() const {
    return step_ == 1 || (step_ == 0 && static_cast<int64_t>(levels_.size()) == int64_t{highest_} - lowest_ + 1);
  }
  /// True if each of the numbers is a level of the encoding.
  bool are_levels(std::span<const int32_t> values) const;

  /// Values of one pixel, all of them levels, to its planes, which are `plane_stride` words apart.
  void pack(std::span<const int32_t> values, uint64_t* pixel, int64_t plane_stride) const;
  /// One pixel's planes to values.
  void unpack(const uint64_t* pixel, int64_t plane_stride, std::span<int32_t> values) const;

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

/// Up to 64 codes to bits `bit`, `bit` + 1 ... of each plane of a pixel; the bits there were zero.
void deposit(std::span<const uint32_t> codes, int planes, uint64_t* pixel, int64_t plane_stride, int64_t bit);

inline bool fits_bytes(const ir::Range& range) { return int64_t{range.highest} - range.lowest <= 255; }
/// What a byte of 0 stands for: 0 itself wherever that is possible, as pixels are bytes already.
inline int32_t byte_offset(const ir::Range& range) { return range.lowest >= 0 && range.highest <= 255 ? 0 : range.lowest; }

}  // namespace bitloom::engine
