// SPDX-License-Identifier: Apache-2.0
//
// The best way to run the layers between two cuts on a type of node, if each image may take so long.
//
// Once the period is fixed, layers of a pipelined node choose for themselves: each may take any option that keeps up. What
// they take together adds up, so the sums over the layers before each cut give those of any stage by a subtraction. Where
// the layers' own best options do not fit together, combinations of them are searched (combinations.h).
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "combinations.h"

namespace bitloom::plan {

inline constexpr double kHair = 1 + 1e-9;  ///< sums in another order round differently

/// What stages are chosen for. (Of kThroughput and kEven nothing is left to choose but watts: period and share say all.)
struct Goal {
  Objective objective = Objective::kThroughput;
  double period = 0;  ///< seconds between images that the pipeline may take at most; infinity: any
  double share = 1;   ///< of the usable resources
};

/// Of a stage with all its replicas: what it adds to the objective, watts, nodes.
using Value = std::array<double, 3>;

class StageFinder {
 public:
  StageFinder(const Problem& problem, const Goal& goal);

  enum class Verdict {
    kFits,
    kLink,    ///< a port is too slow
    kTooMuch  ///< more than the node has, or too slow: and so is every stage with these and more layers
  };
  struct Found {
    Verdict verdict = Verdict::kTooMuch;
    Value value{};
  };
  Found find(const Stage& stage) const;
  /// The stage with the options that its value is of. `find` said that it fits.
  Stage with_options(Stage stage) const;

  bool port_keeps_up(const Link& link, int32_t in, int32_t out, int32_t replicas) const;

 private:
  /// What may be chosen on a type of node with so many replicas.
  struct Choices {
    std::vector<std::vector<Candidate>> layers;  ///< the best first; none that another beats in everything
    std::vector<Costs> best, least;              ///< by cut: sums over the layers before it
    std::vector<double> primary, watts;          ///< of the best
    std::vector<int32_t> blocked, several;       ///< layers without candidate; with more than one
    Costs bounds{};
    int32_t like = 0;  ///< replicas with which the choice is the same
  };
  Choices choices(size_t type, int32_t replicas) const;
  std::vector<Candidate> candidates(size_t type, size_t layer, double most_seconds) const;
  bool is_same_choice(size_t type, const Choices& a, const Choices& b) const;
  const std::optional<Combination>& combine(const Stage& stage, const Choices& choices) const;
  double share_of(const Costs& costs, const Costs& bounds) const;
  Value value_of(const Stage& stage, double primary, double watts, double share) const;
  Found measured(const Stage& stage) const;
  bool by_share() const { return goal_.objective == Objective::kArea; }

  const Problem& problem_;
  Goal goal_;
  std::vector<std::vector<Choices>> choices_;                                      ///< by type, by replicas - 1
  mutable std::map<std::array<int32_t, 4>, std::optional<Combination>> combined_;  ///< by type, `like`, cuts
};

}  // namespace bitloom::plan
