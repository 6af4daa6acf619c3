// SPDX-License-Identifier: Apache-2.0
//
// The page that a training leaves for people. Needs no LibTorch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "metrics.h"

namespace bitloom::train {

struct Fact {
  std::string label, value;
};

/// Counts of a layer's latent weights: counts[i] of those in the i-th of counts.size() equal parts of lowest .. highest.
struct Histogram {
  std::string layer;
  double lowest = 0, highest = 0;
  std::vector<int64_t> counts;
};

/// How often a layer's activations had each of their values; levels ascend.
struct LevelCounts {
  std::string layer;
  std::vector<double> levels;
  std::vector<int64_t> counts;  ///< one a level
};

/// A test image that the network takes for another class.
struct Mistake {
  int32_t label = 0, predicted = 0;
  std::vector<uint8_t> pixels;  ///< [y][x][channel], of the size that the report gives
};

/// Whatever is empty is left out of the page or said to be missing.
struct TrainingReport {
  std::string name;         ///< of the network
  std::string data;         ///< name of the data set
  std::string recipe;       ///< JSON text
  std::vector<Fact> facts;  ///< what else to tell at the top, such as weights, operations, size of the file
  std::vector<EpochRecord> epochs;
  std::vector<std::string> classes;      ///< names
  std::vector<int64_t> confusion;        ///< test images, [label][predicted]
  std::vector<Histogram> weights;        ///< one a layer, in the order of the network
  std::vector<LevelCounts> activations;  ///< one a layer, in the order of the network
  int64_t height = 0, width = 0;         ///< of the images in `mistakes`
  int64_t channels = 1;                  ///< 1 (grey) or 3 (red, green, blue)
  std::vector<Mistake> mistakes;         ///< the first kMostMistakes are shown
  int64_t correct = 0, tested = 0;       ///< test images, by the integer network
};

inline constexpr size_t kMostMistakes = 40;

/// One HTML page that needs nothing but itself: no network, no script, no font. It is well-formed XML as well.
std::string html(const TrainingReport& report);

}  // namespace bitloom::train
