// SPDX-License-Identifier: Apache-2.0
//
// SVHN's cropped digits: a MATLAB file with the images as X [y, x, channel, image] and their labels as y.
#include <algorithm>

#include "bitloom/data.h"
#include "mat_file.h"

namespace bitloom::data {
namespace {

constexpr int64_t kSide = 32, kChannels = 3;

// From MATLAB's order, in which y runs fastest and the image slowest.
std::vector<uint8_t> in_order(const std::vector<uint8_t>& from) {
  constexpr int64_t kImage = kSide * kSide * kChannels;
  std::vector<uint8_t> pixels(from.size());
  auto to = pixels.begin();
  for (auto image = from.begin(); image != from.end(); image += kImage) {
    for (int64_t y = 0; y < kSide; ++y) {
      for (int64_t x = 0; x < kSide; ++x) {
        for (int64_t channel = 0; channel < kChannels; ++channel) *to++ = image[y + kSide * (x + kSide * channel)];
      }
    }
  }
  return pixels;
}

}  // namespace

DataSet read_svhn(const std::filesystem::path& path) {
  MatFile file(path);
  const MatFile::Variable &images = file.variable("X"), &labels = file.variable("y");
  const auto& size = images.dimensions;
  if (images.type != "uint8" || size.size() != 4 || size[0] != kSide || size[1] != kSide || size[2] != kChannels ||
      size[3] < 1) {
    throw Error("{}: X is {}; expected uint8 of 32 x 32 x 3 x N", path.string(), images.describe());
  }
  if ((labels.type != "uint8" && labels.type != "double") || labels.dimensions != std::vector<int64_t>{size[3], 1}) {
    throw Error("{}: y is {}; expected uint8 or double of {} x 1, a label for each image of X", path.string(),
                labels.describe(), size[3]);
  }
  DataSet set{"svhn", {size[3], kSide, kSide, kChannels, {}}, {}, {}};
  for (const uint8_t label : file.read(labels)) {
    if (label < 1 || label > 10) {
      throw Error("{}: label {} is {}; SVHN has 1 to 10, 10 being the digit 0", path.string(), set.labels.size(), label);
    }
    set.labels.push_back(label % 10);
  }
  set.images.pixels = in_order(file.read(images));
  for (int digit = 0; digit < 10; ++digit) set.classes.push_back(std::to_string(digit));
  return set;
}

}  // namespace bitloom::data
