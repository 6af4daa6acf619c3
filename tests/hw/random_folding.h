// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <random>

#include "bitloom/hw.h"

namespace bitloom::test {

/// PE and SIMD drawn from all that divide: round_down makes any number one.
inline hw::Folding random_folding(const ir::Network& network, uint64_t seed) {
  std::mt19937_64 random(seed);
  hw::Folding folding;
  folding.by_position = folding.round_down = true;
  for (const ir::Node& node : network.nodes) {
    if (!std::holds_alternative<ir::Dot>(node.layer)) continue;
    const auto number = [&] { return static_cast<int32_t>(1 + random() % 16); };
    folding.layers.push_back({"", number(), number(), {}, {}});
  }
  return folding;
}

}  // namespace bitloom::test
