// SPDX-License-Identifier: Apache-2.0
//
// What the network sees of the images: their order in an epoch, how each is changed, and its pixels as integers. All of it
// is a function of the seed and the epoch alone, so that a resumed training sees what an uninterrupted one would.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "bitloom/data.h"
#include "bitloom/train.h"

namespace bitloom::train {

/// How one image is changed.
struct Change {
  int32_t right = 0, down = 0;   ///< pixels that it is moved by
  bool flip = false;             ///< mirrored, left and right
  int32_t cut_x = 0, cut_y = 0;  ///< the upper left corner of the square that is cut out; may lie outside
  int32_t cut = 0;               ///< its side
  bool reflect = false;          ///< what moving uncovers mirrors the image, else it is dark
};

/// One epoch: which image comes when, and how it is changed.
struct EpochPlan {
  std::vector<int32_t> order;
  std::vector<Change> changes;  ///< one an image of `order`
};

/// `count` images of this size in random order, changed as the recipe says.
EpochPlan plan_epoch(const Recipe& recipe, int64_t count, int32_t height, int32_t width, int64_t epoch);

/// Writes image `index` as its network reads it, [y][x][channel]: pixel - 128, or for Input::kSign +1 where the pixel is
/// 128 or more (where 2 * p / 255 - 1 >= 0), else -1. What is cut out is 0 (for kSign -1).
void write_image(const data::Images& images, int64_t index, const Change& change, Input input, std::span<int8_t> values);

}  // namespace bitloom::train
