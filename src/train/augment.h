// SPDX-License-Identifier: Apache-2.0
//
// What the network sees of the images: their order in an epoch, how each is moved, and its pixels as -1 and +1. All of it
// is a function of the seed and the epoch alone, so that a resumed training sees what an uninterrupted one would.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "bitloom/data.h"

namespace bitloom::train {

struct Shift {
  int32_t x = 0, y = 0;  ///< pixels to the right and down
};

/// One epoch: which image comes when, and how it is moved.
struct EpochPlan {
  std::vector<int32_t> order;
  std::vector<Shift> shifts;  ///< one an image of `order`
};

/// `count` images in random order, each moved by up to `shift` pixels in each direction.
EpochPlan plan_epoch(int64_t count, int64_t shift, uint64_t seed, int64_t epoch);

/// Writes image `index` to `signs` as its network reads it: [channel][y][x], +1 where the pixel is 128 or more (where
/// 2 * p / 255 - 1 >= 0), else -1. What a shift uncovers is dark.
void write_signs(const data::Images& images, int64_t index, Shift shift, std::span<int8_t> signs);

}  // namespace bitloom::train
