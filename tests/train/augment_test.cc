// SPDX-License-Identifier: Apache-2.0
//
// What the network sees of an image under each change.
#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "train/augment.h"

namespace bitloom::train {
namespace {

/// 2 rows of 3 pixels of one channel: 10 20 30 / 140 150 160.
data::Images picture() { return {1, 2, 3, 1, {10, 20, 30, 140, 150, 160}}; }

std::vector<int> seen(const data::Images& images, const Change& change, Input input = Input::kPixels) {
  std::vector<int8_t> values(static_cast<size_t>(int64_t{images.height} * images.width * images.channels));
  write_image(images, 0, change, input, values);
  std::vector<int> pixels(values.begin(), values.end());
  if (input == Input::kPixels) {
    for (int& p : pixels) p += 128;
  }
  return pixels;
}

TEST(Augment, unchanged_images_are_centred_pixels_or_signs) {
  EXPECT_EQ(seen(picture(), {}), (std::vector<int>{10, 20, 30, 140, 150, 160}));
  EXPECT_EQ(seen(picture(), {}, Input::kSign), (std::vector<int>{-1, -1, -1, 1, 1, 1}));
  data::Images limits{1, 1, 4, 1, {0, 127, 128, 255}};
  EXPECT_EQ(seen(limits, {}, Input::kSign), (std::vector<int>{-1, -1, 1, 1}));
  EXPECT_EQ(seen(limits, {}), (std::vector<int>{0, 127, 128, 255}));
}

TEST(Augment, shifts_uncover_darkness) {
  EXPECT_EQ(seen(picture(), {.right = 1}), (std::vector<int>{0, 10, 20, 0, 140, 150}));
  EXPECT_EQ(seen(picture(), {.down = -1}), (std::vector<int>{140, 150, 160, 0, 0, 0}));
  EXPECT_EQ(seen(picture(), {.right = -2, .down = 1}, Input::kSign), (std::vector<int>{-1, -1, -1, -1, -1, -1}));
}

TEST(Augment, shifts_may_mirror_the_image) {
  EXPECT_EQ(seen(picture(), {.right = 1, .reflect = true}), (std::vector<int>{20, 10, 20, 150, 140, 150}));
  EXPECT_EQ(seen(picture(), {.right = -2, .reflect = true}), (std::vector<int>{30, 20, 10, 160, 150, 140}));
  EXPECT_EQ(seen(picture(), {.down = 1, .reflect = true}), (std::vector<int>{140, 150, 160, 10, 20, 30}));
}

TEST(Augment, flips_mirror_columns) {
  EXPECT_EQ(seen(picture(), {.flip = true}), (std::vector<int>{30, 20, 10, 160, 150, 140}));
  const data::Images colour{1, 1, 2, 3, {1, 2, 3, 4, 5, 6}};
  EXPECT_EQ(seen(colour, {.flip = true}), (std::vector<int>{4, 5, 6, 1, 2, 3}));
}

TEST(Augment, cut_out_squares_are_grey) {
  EXPECT_EQ(seen(picture(), {.cut_x = 1, .cut_y = -1, .cut = 2}), (std::vector<int>{10, 128, 128, 140, 150, 160}));
  EXPECT_EQ(seen(picture(), {.cut_x = 2, .cut_y = 1, .cut = 9}), (std::vector<int>{10, 20, 30, 140, 150, 128}));
  EXPECT_EQ(seen(picture(), {.cut_x = -9, .cut_y = 0, .cut = 3}), (std::vector<int>{10, 20, 30, 140, 150, 160}));
  EXPECT_EQ(seen(picture(), {.cut_x = 0, .cut_y = 1, .cut = 1}, Input::kSign), (std::vector<int>{-1, -1, -1, -1, 1, 1}));
}

TEST(Augment, plan_has_each_image_once_and_changes_as_asked) {
  Recipe recipe;
  recipe.shift = 2;
  recipe.flip = true;
  recipe.cutout = 3;
  const EpochPlan plan = plan_epoch(recipe, 500, 8, 9, 4);
  std::vector<int32_t> sorted = plan.order;
  std::sort(sorted.begin(), sorted.end());
  for (int32_t i = 0; i < 500; ++i) EXPECT_EQ(sorted[static_cast<size_t>(i)], i);
  EXPECT_NE(sorted, plan.order);
  std::set<int32_t> right, cut_y;
  int64_t flipped = 0;
  for (const Change& change : plan.changes) {
    right.insert(change.right);
    cut_y.insert(change.cut_y);
    flipped += change.flip;
    EXPECT_EQ(change.cut, 3);
    EXPECT_FALSE(change.reflect);
  }
  EXPECT_EQ(right, (std::set<int32_t>{-2, -1, 0, 1, 2}));
  EXPECT_EQ(cut_y, (std::set<int32_t>{-1, 0, 1, 2, 3, 4, 5, 6}));
  EXPECT_NEAR(static_cast<double>(flipped), 250, 60);
  EXPECT_NE(plan_epoch(recipe, 500, 8, 9, 5).order, plan.order);
  EXPECT_EQ(plan_epoch(recipe, 500, 8, 9, 4).order, plan.order);
}

}  // namespace
}  // namespace bitloom::train
