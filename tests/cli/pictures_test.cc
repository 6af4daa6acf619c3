// SPDX-License-Identifier: Apache-2.0
//
// Pictures of other sizes, and names of classes: what users meet who run a network on photos of their own.
#include <fstream>

#include <gtest/gtest.h>

#include "cli/shell.h"

namespace bitloom::cli::test {
namespace {

using Strings = std::vector<std::string>;

// The IDX file of one grey image.
void write_idx(const std::filesystem::path& path, const data::Images& image) {
  std::string bytes{'\0', '\0', '\x08', '\x03'};
  for (const int32_t size : {1, image.height, image.width}) {
    bytes += {'\0', '\0', static_cast<char>(size >> 8), static_cast<char>(size & 255)};
  }
  bytes.append(image.pixels.begin(), image.pixels.end());
  std::ofstream(path, std::ios::binary) << bytes;
}

// The image twice as large, between borders of so many columns of white on the left and on the right.
data::Images enlarged(const data::Images& image, int32_t border) {
  data::Images result{1, 2 * image.height, 2 * image.width + 2 * border, 1, {}};
  for (int32_t y = 0; y < result.height; ++y) {
    for (int32_t x = 0; x < result.width; ++x) {
      const int32_t column = x - border;
      const bool inside = column >= 0 && column < 2 * image.width;
      result.pixels.push_back(inside ? image.pixels[static_cast<size_t>(y / 2 * image.width + column / 2)] : 255);
    }
  }
  return result;
}

TEST(Pictures, resize_brings_them_to_the_size_of_the_network) {
  const Shell shell;
  write_idx(shell.path("large"), enlarged(data::read_images(shell.path("models/digits/000_7.png")).images, 20));
  shell.output("bitloom run sfc-w1a1 large --resize -o large.npy");
  shell.output("bitloom run sfc-w1a1 models/digits/000_7.png --resize -o original.npy");
  EXPECT_EQ(shell.array("large.npy"), shell.array("original.npy"));
  shell.output("bitloom run sfc-w1a1 models/digits/000_7.png -o plain.npy");
  EXPECT_EQ(shell.array("plain.npy"), shell.array("original.npy"));
}

TEST(Pictures, another_size_names_the_option_bad) {
  const Shell shell;
  write_idx(shell.path("large"), enlarged(data::read_images(shell.path("models/digits/000_7.png")).images, 20));
  const Result result = shell.run("bitloom run sfc-w1a1 large");
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.err,
            "bitloom: error: large: is 96 x 56 pixels (width x height); expected 28 x 28, to which `bitloom run --resize` "
            "brings it\n");
  shell.output("bitloom cut sfc-w1a1 --after pixels -o a.bloom b.bloom");
  EXPECT_EQ(shell.run("bitloom run b.bloom large --resize").err,
            "bitloom: error: network 'sfc-w1a1': takes 784 numbers, not images of a height and a width; --resize cannot "
            "know them\n");
}

TEST(Pictures, classes_that_have_names_are_called_by_them) {
  const Shell shell;
  shell.output("bitloom convert sfc-w1a1 -o words.bloom --classes zero,one,two,three,four,five,six,seven,eight,nine");
  EXPECT_EQ(shell.output("bitloom run words.bloom models/digits/000_7.png"),
            "image  class\n"
            "--------------\n"
            "    0  seven\n");
  const nlohmann::json json = shell.json("bitloom run words.bloom models/digits/000_7.png models/digits/001_2.png --json");
  EXPECT_EQ(json["classes"], nlohmann::json({7, 2}));
  EXPECT_EQ(json["names"], nlohmann::json({"seven", "two"}));
  EXPECT_EQ(shell.json("bitloom info words.bloom --json")["classes"][9], "nine");
  shell.output("bitloom convert words.bloom -o cifar.bloom --data cifar10");
  EXPECT_EQ(shell.json("bitloom info cifar.bloom --json")["classes"][9], "truck");
  shell.output("bitloom convert words.bloom -o digits.bloom --data mnist");
  EXPECT_EQ(shell.json("bitloom info digits.bloom --json")["classes"][9], "9");
  shell.output("bitloom convert words.bloom -o same.bloom");
  EXPECT_EQ(shell.json("bitloom info same.bloom --json")["classes"][9], "nine");
}

TEST(Pictures, folders_of_classes_are_scored_by_their_names) {
  const Shell shell;
  shell.output("bitloom convert sfc-w1a1 -o words.bloom --classes zero,one,two,three,four,five,six,seven,eight,nine");
  // In the order of the folders' names, seven is class 0 and two is class 1.
  for (const auto& [from, to] : {std::pair{"000_7.png", "seven"}, {"001_2.png", "two"}}) {
    std::filesystem::create_directories(shell.path("photos") / to);
    std::filesystem::copy_file(shell.path("models/digits") / from, shell.path("photos") / to / "a.png");
  }
  EXPECT_EQ(shell.json("bitloom eval words.bloom --data photos --json")["correct"], 2);
  EXPECT_EQ(shell.output("bitloom run words.bloom photos"),
            "image  class  label\n"
            "-------------------\n"
            "    0  seven  seven\n"
            "    1  two    two\n"
            "2 of 2 right (100.00 %)\n");
  // One folder that the network does not know, and the order counts.
  std::filesystem::rename(shell.path("photos/two"), shell.path("photos/zwei"));
  EXPECT_EQ(shell.json("bitloom eval words.bloom --data photos --json")["correct"], 0);
}

TEST(Pictures, names_of_classes_must_fit_bad) {
  const Shell shell;
  const std::string convert = "bitloom convert sfc-w1a1 -o out.bloom ";
  EXPECT_EQ(shell.run(convert + "--classes a,b").err,
            "bitloom: error: network 'sfc-w1a1': has 10 classes, but 2 names were given\n");
  EXPECT_EQ(shell.run(convert + "--classes a,b,c,d,e,f,g,h,i --classes ''").err,
            "bitloom: error: network 'sfc-w1a1': the name of class 9 is empty\n");
  EXPECT_EQ(shell.run(convert + "--classes a,b --data mnist").status, 2);
  EXPECT_EQ(shell.run(convert + "--data imagenet").status, 2);
  shell.output("bitloom cut sfc-w1a1 --after dense1.act -o a.bloom b.bloom");
  EXPECT_EQ(shell.run("bitloom convert a.bloom -o out.bloom --data mnist").err,
            "bitloom: error: network 'sfc-w1a1': predicts no class that could be named\n");
  EXPECT_FALSE(std::filesystem::exists(shell.path("out.bloom")));
}

}  // namespace
}  // namespace bitloom::cli::test
