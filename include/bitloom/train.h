// SPDX-License-Identifier: Apache-2.0
//
// Trains binarized networks with LibTorch. The only part of bitloom that needs LibTorch: a library of its own,
// libbitloom_train, which the program loads when `bitloom train` is called (see Api).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bitloom/data.h"
#include "bitloom/error.h"

namespace bitloom::train {

/// What to train and how; a JSON file (docs/reference/recipe.md).
struct Recipe {
  std::string name;              ///< of the network; required
  std::string data = "mnist";
  std::vector<int64_t> hidden;   ///< neurons of each hidden layer, fully connected; required
  int64_t epochs = 20;
  int64_t batch = 100;
  double learning_rate = 3e-3;   ///< peak of the one-cycle schedule
  int64_t shift = 0;             ///< random shift of the images, pixels in each direction
  int64_t validation = 0;        ///< training images held out
  uint64_t seed = 1;
  bool operator==(const Recipe&) const = default;
};

/// Reads a recipe. Throws Error naming the field that is wrong or unknown.
Recipe read_recipe(const std::filesystem::path& path);
Recipe parse_recipe(std::string_view json, std::string_view source);

struct Progress {
  int64_t epoch = 0;         ///< finished epochs
  int64_t epochs = 0;
  double loss = 0;           ///< mean over the epoch
  double train_accuracy = 0; ///< 0 to 1
  double test_accuracy = 0;  ///< on the test images, or on those held out when the recipe asks for validation
  double seconds = 0;        ///< of this epoch
};

struct Options {
  std::filesystem::path output;      ///< QONNX file to write
  std::filesystem::path checkpoint;  ///< written after each epoch; default: output + ".ckpt"
  bool resume = true;                ///< go on from the checkpoint if it is there and its recipe is the same
  int threads = 1;
  std::function<void(const Progress&)> progress;
};

/// Trains and writes a QONNX file (atomically); returns the last progress. Interrupted and resumed training gives the same
/// file as uninterrupted training with the same number of threads.
Progress train(const Recipe& recipe, const data::DataSet& training, const data::DataSet& test, const Options& options);

/// What a program that loads libbitloom_train with dlopen calls, found as the symbol kApiSymbol of type ApiFunction. The
/// pointers stay valid as long as the library is loaded; the functions throw as those above do.
struct Api {
  uint32_t version;  ///< kApiVersion of the library; use nothing else if it is not the caller's
  Recipe (*read_recipe)(const std::filesystem::path& path);
  Progress (*train)(const Recipe& recipe, const data::DataSet& training, const data::DataSet& test, const Options& options);
};

inline constexpr uint32_t kApiVersion = 1;
inline constexpr const char* kApiSymbol = "bitloom_train_api";
using ApiFunction = const Api* (*)();

}  // namespace bitloom::train

extern "C" const bitloom::train::Api* bitloom_train_api();
