// SPDX-License-Identifier: Apache-2.0
#include "inputs.h"

#include <algorithm>

#include "bitloom/error.h"

namespace bitloom::train {
namespace {

int64_t class_count(const data::DataSet& set) {
  const auto largest = std::max_element(set.labels.begin(), set.labels.end());
  return std::max(static_cast<int64_t>(set.classes.size()), int64_t{*largest} + 1);
}

void check_data(const data::DataSet& set, const char* what) {
  const data::Images& images = set.images;
  if (images.count < 1) throw Error("{} ({}): there are no images", set.name, what);
  BITLOOM_CHECK(static_cast<int64_t>(images.pixels.size()) ==
                images.count * images.height * images.width * images.channels);
  if (static_cast<int64_t>(set.labels.size()) != images.count) {
    throw Error("{} ({}): {} images and {} labels; training needs a label for each image", set.name, what, images.count,
                set.labels.size());
  }
  if (std::any_of(set.labels.begin(), set.labels.end(), [](int32_t label) { return label < 0; })) {
    throw Error("{} ({}): a label is negative; labels count from 0", set.name, what);
  }
}

}  // namespace

void check_inputs(const Recipe& recipe, const data::DataSet& training, const data::DataSet& test) {
  check_data(training, "training");
  check_data(test, "test");
  const data::Images &a = training.images, &b = test.images;
  if (a.height != b.height || a.width != b.width || a.channels != b.channels) {
    throw Error("{}: training images are {} x {} x {} and test images {} x {} x {}; they must be alike", training.name,
                a.height, a.width, a.channels, b.height, b.width, b.channels);
  }
  if (class_count(test) > class_count(training)) {
    throw Error("{}: the test images have {} classes and the training images {}", training.name, class_count(test),
                class_count(training));
  }
  if (recipe.shift >= std::min(a.height, a.width)) {
    throw Error("{}: 'shift' is {} and the images have {} x {} pixels; shift them by less", recipe.name, recipe.shift,
                a.height, a.width);
  }
  if (a.count - recipe.validation < recipe.batch) {
    throw Error("{}: {} training images less {} for validation do not fill a batch of {}; lower 'batch' or 'validation'",
                training.name, a.count, recipe.validation, recipe.batch);
  }
}

Architecture plan(const Recipe& recipe, const data::DataSet& training) {
  const data::Images& images = training.images;
  return plan(recipe, images.height, images.width, images.channels, class_count(training));
}

std::string fingerprint(const data::DataSet& set) {
  // FNV-1a over 8-byte words: tells data sets apart, guards against nothing.
  uint64_t hash = 0xcbf29ce484222325;
  const auto mix = [&hash](uint64_t word) { hash = (hash ^ word) * 0x100000001b3; };
  const std::vector<uint8_t>& pixels = set.images.pixels;
  mix(pixels.size());
  for (size_t i = 0; i + 8 <= pixels.size(); i += 8) {
    uint64_t word = 0;
    std::copy_n(pixels.data() + i, 8, reinterpret_cast<uint8_t*>(&word));
    mix(word);
  }
  for (size_t i = pixels.size() / 8 * 8; i < pixels.size(); ++i) mix(pixels[i]);
  for (const int32_t label : set.labels) mix(static_cast<uint64_t>(label));
  return fmt::format("{:016x}", hash);
}

}  // namespace bitloom::train
