// SPDX-License-Identifier: Apache-2.0
#include "augment.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "random.h"

namespace bitloom::train {

EpochPlan plan_epoch(int64_t count, int64_t shift, uint64_t seed, int64_t epoch) {
  EpochPlan plan;
  plan.order.resize(static_cast<size_t>(count));
  std::iota(plan.order.begin(), plan.order.end(), 0);
  Random order(seed, Use::kOrder, epoch);
  for (size_t i = plan.order.size(); i > 1; --i) std::swap(plan.order[i - 1], plan.order[order.below(i)]);

  plan.shifts.resize(plan.order.size());
  if (shift == 0) return plan;
  Random random(seed, Use::kShift, epoch);
  const auto draw = [&] {
    return static_cast<int32_t>(random.below(static_cast<uint64_t>(2 * shift + 1))) - static_cast<int32_t>(shift);
  };
  for (Shift& moved : plan.shifts) {
    moved.x = draw();
    moved.y = draw();
  }
  return plan;
}

void write_signs(const data::Images& images, int64_t index, Shift shift, std::span<int8_t> signs) {
  const std::span<const uint8_t> pixels = images.image(index);
  const int32_t height = images.height, width = images.width, channels = images.channels;
  std::fill(signs.begin(), signs.end(), int8_t{-1});
  const int32_t first_y = std::max(0, shift.y), last_y = std::min(height, height + shift.y);
  const int32_t first_x = std::max(0, shift.x), last_x = std::min(width, width + shift.x);
  for (int32_t c = 0; c < channels; ++c) {
    for (int32_t y = first_y; y < last_y; ++y) {
      const int64_t from = (int64_t{y - shift.y} * width - shift.x) * channels + c;
      const int64_t to = (int64_t{c} * height + y) * width;
      for (int32_t x = first_x; x < last_x; ++x) {
        signs[static_cast<size_t>(to + x)] = pixels[static_cast<size_t>(from + int64_t{x} * channels)] >= 128 ? 1 : -1;
      }
    }
  }
}

}  // namespace bitloom::train
