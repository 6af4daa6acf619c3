// SPDX-License-Identifier: Apache-2.0
//
// Random numbers that are the same with every standard library, so that a recipe's seed means the same order of images
// everywhere (std::shuffle and the std:: distributions may differ between libraries).
#pragma once

#include <cstdint>
#include <random>

namespace bitloom::train {

/// What a sequence is for. Each use has its own, so that none depends on how much another has drawn.
enum class Use : uint32_t { kWeights, kOrder, kShift, kFlip, kCutout };

class Random {
 public:
  /// The sequence of (seed, use, index); `index` is an epoch or a layer.
  Random(uint64_t seed, Use use, int64_t index);
  /// Evenly distributed in 0 .. bound - 1; bound > 0.
  uint64_t below(uint64_t bound);
  /// Evenly distributed in [-1, 1).
  float symmetric();

 private:
  std::mt19937_64 engine_;
};

}  // namespace bitloom::train
