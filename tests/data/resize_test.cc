// SPDX-License-Identifier: Apache-2.0
#include <numeric>
#include <random>

#include <gtest/gtest.h>

#include "bitloom/data.h"
#include "bitloom/file.h"
#include "pictures.h"
#include "support/error_of.h"
#include "support/property.h"
#include "support/temporary_folder.h"

namespace bitloom::data {
namespace {

using Pixels = std::vector<uint8_t>;

Pixels resized_line(const Pixels& line, int32_t width) {
  const Images images{1, 1, static_cast<int32_t>(line.size()), 1, line};
  // The height that keeps the proportions is made, too, so that nothing is cut off.
  Images tall{1, images.width, images.width, 1, {}};
  for (int32_t y = 0; y < images.width; ++y) tall.pixels.insert(tall.pixels.end(), line.begin(), line.end());
  Pixels result = resized(tall, width, width).pixels;
  result.resize(static_cast<size_t>(width));
  return result;
}

TEST(Resize, a_new_pixel_is_the_mean_of_the_area_it_covers) {
  EXPECT_EQ(resized_line({10, 20, 30, 40}, 2), (Pixels{15, 35}));
  EXPECT_EQ(resized_line({0, 90, 30}, 2), (Pixels{30, 50}));
  EXPECT_EQ(resized_line({7, 9}, 4), (Pixels{7, 7, 9, 9}));
  EXPECT_EQ(resized_line({10, 30}, 3), (Pixels{10, 20, 30}));
  EXPECT_EQ(resized({1, 2, 2, 1, {0, 1, 2, 3}}, 1, 1).pixels, Pixels{2}) << "1.5 is rounded up";
}

TEST(Resize, the_centre_of_the_new_proportions_is_taken) {
  EXPECT_EQ(resized({1, 1, 5, 1, {1, 2, 3, 4, 5}}, 1, 1).pixels, Pixels{3});
  EXPECT_EQ(resized({1, 1, 4, 1, {1, 2, 3, 4}}, 1, 1).pixels, Pixels{2});
  EXPECT_EQ(resized({1, 4, 1, 1, {1, 2, 3, 4}}, 1, 1).pixels, Pixels{2});
  EXPECT_EQ(resized({1, 4, 2, 1, {1, 2, 3, 4, 5, 6, 7, 8}}, 1, 2).pixels, (Pixels{3, 4}));
  // A part as thin as this would round to nothing.
  EXPECT_EQ(resized({1, 1, 3, 1, {1, 2, 3}}, 9, 1).pixels, Pixels(9, 2));
}

TEST(Resize, images_and_channels_stay_apart) {
  const Images images{2, 1, 2, 3, {0, 10, 100, 2, 20, 200, 50, 60, 70, 50, 60, 70}};
  EXPECT_EQ(
      resized({2, 2, 2, 3, {0, 10, 100, 2, 20, 200, 0, 10, 100, 2, 20, 200, 9, 8, 7, 9, 8, 7, 9, 8, 7, 9, 8, 7}}, 1, 1)
          .pixels,
      (Pixels{1, 15, 150, 9, 8, 7}));
  EXPECT_EQ(resized(images, 1, 2).pixels, images.pixels);
}

TEST(Resize, PropertyShrinkingUndoesEnlargingAndKeepsTheMean) {
  std::mt19937_64 random(1);
  for (uint64_t c = 0; c < test::cases(300); ++c) {
    const auto number = [&](uint64_t most) { return static_cast<int32_t>(1 + random() % most); };
    Images images{1, number(9), number(9), number(2) == 1 ? 1 : 3, {}};
    for (int32_t i = images.height * images.width * images.channels; i > 0; --i) {
      images.pixels.push_back(static_cast<uint8_t>(random()));
    }
    const int32_t times = number(4);
    const Images larger = resized(images, images.height * times, images.width * times);
    ASSERT_EQ(resized(larger, images.height, images.width).pixels, images.pixels) << "case " << c;
    if (images.height != images.width || images.channels != 1) continue;
    const int64_t sum = std::accumulate(images.pixels.begin(), images.pixels.end(), int64_t{0});
    const auto count = static_cast<int64_t>(images.pixels.size());
    ASSERT_EQ(resized(images, 1, 1).pixels[0], (2 * sum + count) / (2 * count)) << "case " << c;
  }
}

TEST(Resize, folders_of_pictures_of_all_sizes_are_read) {
  const test::TemporaryFolder folder;
  write_file(folder.path() / "a.png", std::span<const std::byte>(test::grey_png(7, 9, 50)));
  write_file(folder.path() / "b.png", std::span<const std::byte>(test::colour_png(640, 480, 90)));
  const DataSet set = read_images(folder.path(), {.height = 4, .width = 6, .channels = 3, .resize = true});
  EXPECT_EQ(set.images.count, 2);
  EXPECT_EQ(set.images.height, 4);
  EXPECT_EQ(set.images.width, 6);
  Pixels expected(4 * 6 * 3, 50);
  expected.resize(2 * expected.size(), 90);
  EXPECT_EQ(set.images.pixels, expected);
}

TEST(Resize, a_size_is_needed_bad) {
  EXPECT_EQ(test::error_of([] { read_images("x.png", {.width = 6, .resize = true}); }),
            "x.png: cannot be resized to 6 x 0 pixels (width x height)");
}

}  // namespace
}  // namespace bitloom::data
