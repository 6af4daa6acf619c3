// SPDX-License-Identifier: Apache-2.0
#include "augment.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "random.h"

namespace bitloom::train {
namespace {

/// Where along a side of this size a position comes from that may lie outside; -1: from nowhere.
int32_t source(int32_t position, int32_t size, bool reflect) {
  if (position >= 0 && position < size) return position;
  if (!reflect) return -1;
  return position < 0 ? -position : 2 * size - 2 - position;
}

int8_t value_of(uint8_t pixel, Input input) {
  if (input == Input::kPixels) return static_cast<int8_t>(pixel - 128);
  return pixel >= 128 ? 1 : -1;
}

void cut_out(const data::Images& images, const Change& change, int8_t value, std::span<int8_t> values) {
  const int32_t first_x = std::max(0, change.cut_x), last_x = std::min(images.width, change.cut_x + change.cut);
  for (int32_t y = std::max(0, change.cut_y); y < std::min(images.height, change.cut_y + change.cut); ++y) {
    const auto row = values.subspan(static_cast<size_t>(y) * static_cast<size_t>(images.width * images.channels));
    std::fill(row.begin() + first_x * images.channels, row.begin() + std::max(first_x, last_x) * images.channels, value);
  }
}

}  // namespace

EpochPlan plan_epoch(const Recipe& recipe, int64_t count, int32_t height, int32_t width, int64_t epoch) {
  EpochPlan plan;
  plan.order.resize(static_cast<size_t>(count));
  std::iota(plan.order.begin(), plan.order.end(), 0);
  Random order(recipe.seed, Use::kOrder, epoch);
  for (size_t i = plan.order.size(); i > 1; --i) std::swap(plan.order[i - 1], plan.order[order.below(i)]);

  plan.changes.resize(plan.order.size());
  Random shift(recipe.seed, Use::kShift, epoch), flip(recipe.seed, Use::kFlip, epoch),
      cutout(recipe.seed, Use::kCutout, epoch);
  const auto moved = [&] {
    return static_cast<int32_t>(shift.below(static_cast<uint64_t>(2 * recipe.shift + 1)) -
                                static_cast<uint64_t>(recipe.shift));
  };
  const auto corner = [&](int32_t size) {
    return static_cast<int32_t>(cutout.below(static_cast<uint64_t>(size))) - static_cast<int32_t>(recipe.cutout / 2);
  };
  for (Change& change : plan.changes) {
    if (recipe.shift > 0) {
      change.right = moved();
      change.down = moved();
      change.reflect = recipe.reflect;
    }
    if (recipe.flip) change.flip = flip.below(2) == 1;
    if (recipe.cutout > 0) {
      change.cut = static_cast<int32_t>(recipe.cutout);
      change.cut_x = corner(width);
      change.cut_y = corner(height);
    }
  }
  return plan;
}

void write_image(const data::Images& images, int64_t index, const Change& change, Input input, std::span<int8_t> values) {
  const std::span<const uint8_t> pixels = images.image(index);
  const int32_t height = images.height, width = images.width, channels = images.channels;
  const int8_t dark = value_of(0, input);
  int8_t* to = values.data();
  for (int32_t y = 0; y < height; ++y) {
    const int32_t from_y = source(y - change.down, height, change.reflect);
    for (int32_t x = 0; x < width; ++x, to += channels) {
      const int32_t from_x = source((change.flip ? width - 1 - x : x) - change.right, width, change.reflect);
      if (from_y < 0 || from_x < 0) {
        std::fill_n(to, channels, dark);
        continue;
      }
      const uint8_t* from = pixels.data() + (int64_t{from_y} * width + from_x) * channels;
      for (int32_t c = 0; c < channels; ++c) to[c] = value_of(from[c], input);
    }
  }
  if (change.cut > 0) cut_out(images, change, input == Input::kPixels ? int8_t{0} : int8_t{-1}, values);
}

}  // namespace bitloom::train
