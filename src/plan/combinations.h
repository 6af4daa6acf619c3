// SPDX-License-Identifier: Apache-2.0
//
// Layers that share a node choose one of their candidates each, so that all together fit.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "bitloom/plan.h"

namespace bitloom::plan {

inline constexpr size_t kCosts = kResources + 1;  ///< the last: time on nodes that work layer by layer
using Costs = std::array<double, kCosts>;

struct Candidate {
  Costs costs{};
  double primary = 0, watts = 0;
  int32_t option = 0;
};

/// Whether `a` needs no more than `b` of anything. Of candidates, and of what several of them sum up to.
template <typename T>
bool at_most(const T& a, const T& b) {
  for (size_t k = 0; k < kCosts; ++k) {
    if (a.costs[k] > b.costs[k]) return false;
  }
  return a.primary <= b.primary && a.watts <= b.watts;
}

struct Combination {
  Costs costs{};
  double primary = 0, watts = 0;
  std::vector<int32_t> options;  ///< one a layer
};

/// The combination within the bounds that has the least primary (by_share: the least share of the scarcest resource), and
/// of those the fewest watts. None if none fits.
///
/// Combinations are extended layer by layer, best first, by a bound that adds to what was chosen the least that the other
/// layers can need. One is dropped if another of the same layers needs no more of anything. The first whole one is the
/// best, since a bound never exceeds what it bounds. Where thousands are open (a dozen layers or more, each with many
/// options, of which nearly all are as good: latency) the search ends early, and its answer is the best seen.
std::optional<Combination> best_combination(std::span<const std::vector<Candidate>* const> layers, const Costs& bounds,
                                            bool by_share);

}  // namespace bitloom::plan
