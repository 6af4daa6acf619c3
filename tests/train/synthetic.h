// SPDX-License-Identifier: Apache-2.0
//
// Small images that a small network learns in milliseconds, and a folder for what a training writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "bitloom/data.h"
#include "bitloom/file.h"
#include "bitloom/train.h"

namespace bitloom::test {

/// Images of 6 x 6 pixels; the class says which quarter is bright. A tenth of the pixels is noise.
inline data::DataSet quarters(int64_t count, uint64_t seed) {
  data::DataSet set{"quarters", {count, 6, 6, 1, {}}, {}, {"upper left", "upper right", "lower left", "lower right"}};
  std::mt19937_64 random(seed);
  for (int64_t i = 0; i < count; ++i) {
    const auto label = static_cast<int32_t>(random() % 4);
    set.labels.push_back(label);
    for (int32_t y = 0; y < 6; ++y) {
      for (int32_t x = 0; x < 6; ++x) {
        const bool bright = (y / 3 * 2 + x / 3 == label) != (random() % 10 == 0);
        set.images.pixels.push_back(static_cast<uint8_t>((bright ? 128 : 0) + random() % 128));
      }
    }
  }
  return set;
}

inline train::Layer dense(int64_t neurons) {
  train::Layer layer;
  layer.outputs = neurons;
  layer.kernel = 1;
  return layer;
}

inline train::Recipe small_recipe() {
  train::Recipe recipe;
  recipe.name = "small";
  recipe.data = "quarters";
  recipe.layers = {dense(24), dense(16)};
  recipe.epochs = 4;
  recipe.batch = 20;
  recipe.learning_rate = 0.01;
  return recipe;
}

/// A test with its own folder, empty at its start.
class TrainTest : public testing::Test {
 protected:
  // Named after the process: the fast and the slow suite may run at the same time.
  TrainTest() : folder_(std::filesystem::path(testing::TempDir()) / fmt::format("bitloom_train_test.{}", ::getpid())) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~TrainTest() override { std::filesystem::remove_all(folder_); }

  train::Options options(const std::string& name) const {
    train::Options options;
    options.output = folder_ / (name + ".onnx");
    return options;
  }

  train::Progress run(const train::Recipe& recipe, const train::Options& options) const {
    return train::train(recipe, training_, test_, options);
  }

  static std::vector<std::byte> bytes(const train::Options& options) { return read_file(options.output); }

  std::filesystem::path folder_;
  data::DataSet training_ = quarters(200, 1);
  data::DataSet test_ = quarters(100, 2);
};

/// What `action` throws as an Error says; "" if it throws none.
template <typename Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace bitloom::test
