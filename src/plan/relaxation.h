// SPDX-License-Identifier: Apache-2.0
//
// A bound on what layers that share a node need at least, all resources considered at once.
#pragma once

#include <span>
#include <vector>

#include "combinations.h"

namespace bitloom::plan {

using Layers = std::span<const std::vector<Candidate>* const>;

/// What the first few of some layers chose.
struct Label {
  Costs costs{};
  double primary = 0, watts = 0;
  size_t layers = 0;  ///< chosen for
  int32_t before = -1, option = 0;
};

/// Costs as shares of the bounds; what is not bounded is none.
Costs shares(const Costs& costs, const Costs& bounds);

/// objective + weights * (shares - 1) never exceeds the objective of what fits, and its least over all combinations is a
/// sum of one minimum a layer (Lagrange). The weights make it large. With by_share the objective is the greatest share,
/// which is never less than a mean of the shares.
class Relaxation {
 public:
  Relaxation(Layers layers, const Costs& bounds, bool by_share, bool by_watts);

  /// Of a layer, at these weights.
  const Candidate& best(size_t layer) const;
  /// The objective of whatever fits and begins like this is not less.
  double bound(const Label& label) const;

 private:
  double reduced(const Candidate& c) const;
  Costs used() const;
  double value() const;
  double take_if_better(double& best, Costs& kept) const;
  double leanest() const;
  void find_prices();
  void find_mean();

  Layers layers_;
  Costs bounds_;
  bool by_share_, by_watts_;
  Costs weights_{};
  std::vector<double> rest_;  ///< least of the layers from each on
};

}  // namespace bitloom::plan
