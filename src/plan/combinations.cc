// SPDX-License-Identifier: Apache-2.0
#include "combinations.h"

#include <algorithm>
#include <limits>
#include <queue>
#include <tuple>

#include "relaxation.h"

namespace bitloom::plan {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

/// Labels up to which the answer is exact; with more it is within 1 %, with four times as many it is the best seen.
constexpr size_t kExactLabels = 500;
constexpr size_t kRoundsADive = 16;

class Combinations {
 public:
  Combinations(Layers layers, const Costs& bounds, bool by_share)
      : layers_(layers),
        bounds_(bounds),
        by_share_(by_share),
        by_watts_(!by_share && std::ranges::all_of(layers,
                                                   [](const auto* candidates) {
                                                     return std::ranges::all_of(
                                                         *candidates, [](const Candidate& c) { return c.primary == 0; });
                                                   })),
        relaxation_(layers, bounds, by_share, by_watts_),
        rest_(layers.size() + 1),
        lean_(layers.size() + 1),
        kept_(layers.size() + 1) {
    for (size_t i = layers.size(); i-- > 0;) {
      const std::vector<Candidate>& candidates = *layers[i];
      lean_[i] = plus(lean_[i + 1], relaxation_.best(i));
      for (size_t k = 0; k < kCosts; ++k)
        rest_[i].costs[k] = rest_[i + 1].costs[k] +
                            std::ranges::min(candidates, {}, [k](const Candidate& c) { return c.costs[k]; }).costs[k];
      rest_[i].primary = rest_[i + 1].primary + std::ranges::min(candidates, {}, &Candidate::primary).primary;
      rest_[i].watts = rest_[i + 1].watts + std::ranges::min(candidates, {}, &Candidate::watts).watts;
    }
  }

  std::optional<Combination> best() {
    push({});
    improve();
    for (size_t rounds = 0; !queue_.empty(); ++rounds) {
      const auto [primary, watts, index] = queue_.top();
      const double bound = by_watts_ ? watts : primary;
      queue_.pop();
      const Label label = labels_[static_cast<size_t>(index)];
      if (label.layers == layers_.size()) return whole(index);
      if (is_close_enough(bound)) return incumbent_;
      if (rounds % kRoundsADive == 0) dive(index);
      for (const Candidate& c : *layers_[label.layers]) {
        Label next = plus(label, c);
        next.layers = label.layers + 1;
        next.before = index;
        next.option = c.option;
        push(next);
      }
    }
    if (incumbent_objective_ == kNever) return std::nullopt;
    return incumbent_;
  }

 private:
  using Entry = std::tuple<double, double, int32_t>;  // least objective, least watts of a whole combination; label

  static Label plus(Label label, const Candidate& c) {
    for (size_t k = 0; k < kCosts; ++k) label.costs[k] += c.costs[k];
    label.primary += c.primary;
    label.watts += c.watts;
    return label;
  }

  static Label minus(Label label, const Candidate& c) {
    for (size_t k = 0; k < kCosts; ++k) label.costs[k] -= c.costs[k];
    label.primary -= c.primary;
    label.watts -= c.watts;
    return label;
  }

  /// Remembers the best of the combinations that take, for the layers left, what the relaxation would.
  void complete(int32_t index) {
    const Label &label = labels_[static_cast<size_t>(index)], &rest = lean_[label.layers];
    double share = 0;
    for (size_t k = 0; k < kCosts; ++k) {
      const double sum = label.costs[k] + rest.costs[k];
      if (sum > bounds_[k]) return;
      if (k < kResources && sum > 0) share = std::max(share, sum / bounds_[k]);
    }
    const double objective = by_share_ ? share : by_watts_ ? label.watts + rest.watts : label.primary + rest.primary;
    if (objective >= incumbent_objective_) return;
    incumbent_objective_ = objective;
    incumbent_ = whole(index);
  }

  double objective_of(const Label& l) const {
    if (!by_share_) return by_watts_ ? l.watts : l.primary;
    const Costs all = shares(l.costs, bounds_);
    return *std::max_element(all.begin(), all.begin() + kResources);
  }

  /// From the relaxation's combination, changes one layer after another: first towards the bounds, then to what is better
  /// within them.
  void improve() {
    std::vector<const Candidate*> chosen;
    for (size_t layer = 0; layer < layers_.size(); ++layer) chosen.push_back(&relaxation_.best(layer));
    for (size_t rounds = 4 * layers_.size(); rounds > 0; --rounds) {
      Label now;
      for (const Candidate* c : chosen) now = plus(now, *c);
      const double excess = excess_of(now);
      size_t best_layer = layers_.size();
      const Candidate* best = nullptr;
      double best_gain = 0;
      for (size_t layer = 0; layer < layers_.size(); ++layer) {
        for (const Candidate& c : *layers_[layer]) {
          const double gain = gain_of(now, plus(minus(now, *chosen[layer]), c), excess);
          if (gain <= best_gain) continue;
          best_gain = gain;
          best_layer = layer;
          best = &c;
        }
      }
      if (!best) {
        if (excess > 0 || objective_of(now) >= incumbent_objective_) return;
        incumbent_objective_ = objective_of(now);
        incumbent_ = {now.costs, now.primary, now.watts, {}};
        for (const Candidate* c : chosen) incumbent_.options.push_back(c->option);
        return;
      }
      chosen[best_layer] = best;
    }
  }

  /// Of a change: what it saves beyond the bounds, for what it costs in the objective; or, within the bounds, what it saves
  /// in the objective, for what it takes of them.
  double gain_of(const Label& now, const Label& then, double excess) const {
    constexpr double kLittle = 1e-9;
    const double saved = objective_of(now) - objective_of(then), left = excess_of(then);
    if (excess > 0) return (excess - left) / (std::max(0.0, -saved) / std::max(objective_of(now), kLittle) + kLittle);
    if (left > 0) return 0;
    double taken = 0;
    const Costs before = shares(now.costs, bounds_), after = shares(then.costs, bounds_);
    for (size_t k = 0; k < kCosts; ++k) taken += std::max(0.0, after[k] - before[k]);
    return saved / (taken + kLittle);
  }

  /// What is beyond the bounds, in shares of them.
  double excess_of(const Label& l) const {
    double excess = 0;
    for (size_t k = 0; k < kCosts; ++k) {
      if (l.costs[k] > bounds_[k]) excess += bounds_[k] > 0 ? l.costs[k] / bounds_[k] - 1 : kNever;
    }
    return excess;
  }

  bool is_close_enough(double bound) const {
    if (labels_.size() <= kExactLabels || incumbent_objective_ == kNever) return false;
    return labels_.size() > 4 * kExactLabels || bound >= incumbent_objective_ * 0.99;
  }

  bool may_fit(const Label& label) const {
    for (size_t k = 0; k < kCosts; ++k) {
      if (label.costs[k] + rest_[label.layers].costs[k] > bounds_[k]) return false;
    }
    return true;
  }

  /// Chooses for each layer that is left what seems best and leaves room for the others; remembers the result if it is the
  /// best so far.
  void dive(int32_t index) {
    Label label = labels_[static_cast<size_t>(index)];
    std::vector<int32_t> options;
    while (label.layers < layers_.size()) {
      double least = kNever;
      Label best;
      for (const Candidate& c : *layers_[label.layers]) {
        Label next = plus(label, c);
        ++next.layers;
        next.option = c.option;
        if (!may_fit(next)) continue;
        const double bound = relaxation_.bound(next);
        if (bound >= least) continue;
        least = bound;
        best = next;
      }
      if (least == kNever) return;
      options.push_back(best.option);
      label = best;
    }
    if (objective_of(label) >= incumbent_objective_) return;
    incumbent_objective_ = objective_of(label);
    Combination begun = whole(index);
    begun.options.resize(labels_[static_cast<size_t>(index)].layers);
    begun.options.insert(begun.options.end(), options.begin(), options.end());
    incumbent_ = {label.costs, label.primary, label.watts, std::move(begun.options)};
  }

  void push(const Label& label) {
    if (!may_fit(label)) return;
    const Label& rest = rest_[label.layers];
    double share = 0;
    for (size_t k = 0; k < kResources; ++k) {
      const double least = label.costs[k] + rest.costs[k];
      if (least > 0) share = std::max(share, least / bounds_[k]);
    }
    auto& others = kept_[label.layers];
    if (std::ranges::any_of(others, [&](const Label& other) { return at_most(other, label); })) return;
    std::erase_if(others, [&](const Label& other) { return at_most(label, other); });
    others.push_back(label);
    const double relaxed = label.layers == layers_.size() ? -kNever : relaxation_.bound(label) * (1 - 1e-12);
    const double plain = by_share_ ? share : label.primary + rest.primary;
    const double watts = label.watts + rest.watts;
    if ((by_watts_ ? std::max(watts, relaxed) : std::max(plain, relaxed)) > incumbent_objective_ * (1 + 1e-12)) return;
    queue_.emplace(by_watts_ ? 0 : std::max(plain, relaxed), by_watts_ ? std::max(watts, relaxed) : watts,
                   static_cast<int32_t>(labels_.size()));
    labels_.push_back(label);
    complete(static_cast<int32_t>(labels_.size()) - 1);
  }

  /// With what the relaxation would take for layers that are left.
  Combination whole(int32_t index) const {
    const Label &last = labels_[static_cast<size_t>(index)], &rest = lean_[last.layers];
    Combination result{last.costs, last.primary + rest.primary, last.watts + rest.watts, {}};
    for (size_t k = 0; k < kCosts; ++k) result.costs[k] += rest.costs[k];
    for (; labels_[static_cast<size_t>(index)].before >= 0; index = labels_[static_cast<size_t>(index)].before)
      result.options.push_back(labels_[static_cast<size_t>(index)].option);
    std::ranges::reverse(result.options);
    for (size_t layer = last.layers; layer < layers_.size(); ++layer)
      result.options.push_back(relaxation_.best(layer).option);
    return result;
  }

  Layers layers_;
  Costs bounds_;
  bool by_share_;
  bool by_watts_;  ///< nothing else is to be made small
  Relaxation relaxation_;
  std::vector<Label> rest_;  ///< least of the layers from each on
  std::vector<Label> lean_;  ///< what the relaxation takes for the layers from each on
  double incumbent_objective_ = kNever;
  Combination incumbent_;  ///< the best whole one so far
  std::vector<std::vector<Label>> kept_;
  std::vector<Label> labels_;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue_;
};

}  // namespace

std::optional<Combination> best_combination(std::span<const std::vector<Candidate>* const> layers, const Costs& bounds,
                                            bool by_share) {
  return Combinations(layers, bounds, by_share).best();
}

}  // namespace bitloom::plan
