// SPDX-License-Identifier: Apache-2.0
//
// The search for foldings.
//
// A folding's interval is the most cycles of any of its variables, so it is one of the cycles that their choices have, and
// "interval <= T" holds exactly if every choice for itself has at most T. Hence for each such T, of finitely many, the best
// folding is a cheapest path through the allowed choices, one variable after another; all T together give all answers.
//
// A device bounds several resources at once. The cheapest path is taken if it fits. Else paths are extended in the order of
// their price and the least price of what is missing, so that the first whole one is the cheapest. A path is dropped if
// another with the same state has no more of anything; or if for some weights, none negative, its resources and the least
// of what is missing, both weighted, exceed the weighted bounds: then no whole path from there can keep to all of them.
#include <algorithm>
#include <limits>
#include <queue>

#include "fold_graph.h"

namespace bitloom::hw {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

Amounts amounts_of(const Device& d) {
  return {static_cast<double>(d.lut), static_cast<double>(d.ff), 2.0 * static_cast<double>(d.bram36),
          static_cast<double>(d.dsp)};
}
Amounts amounts_of(const Prices& p) { return {p.lut, p.ff, p.bram36 / 2, p.dsp}; }

double weigh(const Amounts& a, const Amounts& weights) {
  return a[0] * weights[0] + a[1] * weights[1] + a[2] * weights[2] + a[3] * weights[3];
}
Amounts operator+(Amounts a, const Amounts& b) {
  for (size_t i = 0; i < a.size(); ++i) a[i] += b[i];
  return a;
}

using Bound = std::vector<std::vector<double>>;  ///< least weight from each state to the end
using Path = std::vector<const Step*>;

/// Least weight from each state to the end, of steps with at most so many cycles.
Bound least(const Graph& graph, const Amounts& weights, int64_t most_cycles) {
  Bound bound(graph.size() + 1);
  bound.back() = {0};
  for (size_t v = graph.size(); v-- > 0;) {
    for (const State& state : graph[v]) {
      double best = kNever;
      for (const Step& s : state) {
        if (s.cycles <= most_cycles)
          best = std::min(best, weigh(s.amounts, weights) + bound[v + 1][static_cast<size_t>(s.next)]);
      }
      bound[v].push_back(best);
    }
  }
  return bound;
}

/// The path that has the least weight.
Path follow(const Graph& graph, const Bound& bound, const Amounts& weights, int64_t most_cycles) {
  Path path;
  size_t state = 0;
  for (size_t v = 0; v < graph.size(); ++v) {
    const Step* best = nullptr;
    double weight = kNever;
    for (const Step& s : graph[v][state]) {
      const double w = weigh(s.amounts, weights) + bound[v + 1][static_cast<size_t>(s.next)];
      if (s.cycles <= most_cycles && w < weight) {
        weight = w;
        best = &s;
      }
    }
    if (!best) return {};
    path.push_back(best);
    state = static_cast<size_t>(best->next);
  }
  return path;
}

Amounts total(const Path& path) {
  Amounts sum{};
  for (const Step* step : path) sum = sum + step->amounts;
  return sum;
}

/// Weights whose bounds show early that a path cannot fit: each resource alone, and mixtures.
std::vector<Amounts> probes(const Amounts& capacity) {
  std::vector<Amounts> result;
  for (size_t i = 0; i < capacity.size(); ++i) {
    Amounts one{};
    one[i] = 1;
    result.push_back(one);
  }
  const auto of = [&](size_t i) { return std::max(capacity[i], 1.0); };
  for (const double share : {0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9}) {
    result.push_back({share / of(0), 0, (1 - share) / of(2), 0});
    result.push_back({0, share / of(1), (1 - share) / of(2), 0});
  }
  return result;
}

/// The cheapest path that stays within the capacity; empty if there is none.
class FittingPath {
 public:
  FittingPath(const Graph& graph, const Amounts& prices, const Amounts& capacity, int64_t most_cycles)
      : graph_(graph), prices_(prices), capacity_(capacity), most_cycles_(most_cycles) {}

  Path find() {
    const Bound price = least(graph_, prices_, most_cycles_);
    const Path cheapest = follow(graph_, price, prices_, most_cycles_);
    if (cheapest.empty() || at_most(total(cheapest), capacity_)) return cheapest;
    for (const Amounts& weights : probes(capacity_)) {
      // A hair of room, as sums in another order round differently.
      probes_.push_back({weights, least(graph_, weights, most_cycles_), weigh(capacity_, weights) * (1 + 1e-9)});
    }
    return extend(price);
  }

 private:
  struct Probe {
    Amounts weights;
    Bound bound;
    double limit;
  };
  struct Label {
    Amounts amounts{};
    int32_t variable = 0, state = 0;
    int32_t before = -1;
    const Step* step = nullptr;
  };
  using Entry = std::pair<double, int32_t>;  // least price of a whole path, label

  bool may_fit(const Label& l) const {
    const auto v = static_cast<size_t>(l.variable), s = static_cast<size_t>(l.state);
    return std::ranges::all_of(probes_,
                               [&](const Probe& p) { return weigh(l.amounts, p.weights) + p.bound[v][s] <= p.limit; });
  }

  /// False if a label with the same state has no more of anything; remembers it otherwise.
  bool is_new(const Label& l) {
    auto& others = kept_[static_cast<size_t>(l.variable)][static_cast<size_t>(l.state)];
    if (std::ranges::any_of(others, [&](const Amounts& a) { return at_most(a, l.amounts); })) return false;
    std::erase_if(others, [&](const Amounts& a) { return at_most(l.amounts, a); });
    others.push_back(l.amounts);
    return true;
  }

  Path extend(const Bound& price) {
    kept_.resize(graph_.size() + 1);
    for (size_t v = 0; v <= graph_.size(); ++v) kept_[v].resize(v < graph_.size() ? graph_[v].size() : 1);
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
    const auto push = [&](const Label& label) {
      const double rest = price[static_cast<size_t>(label.variable)][static_cast<size_t>(label.state)];
      if (rest == kNever || !may_fit(label) || !is_new(label)) return;
      queue.emplace(weigh(label.amounts, prices_) + rest, static_cast<int32_t>(labels_.size()));
      labels_.push_back(label);
    };
    push({});
    while (!queue.empty()) {
      const int32_t index = queue.top().second;
      queue.pop();
      const Label label = labels_[static_cast<size_t>(index)];
      const auto v = static_cast<size_t>(label.variable);
      if (v == graph_.size()) return path_to(index);
      for (const Step& s : graph_[v][static_cast<size_t>(label.state)]) {
        if (s.cycles <= most_cycles_) push({label.amounts + s.amounts, label.variable + 1, s.next, index, &s});
      }
    }
    return {};
  }

  Path path_to(int32_t index) const {
    Path path;
    for (; labels_[static_cast<size_t>(index)].step; index = labels_[static_cast<size_t>(index)].before) {
      path.push_back(labels_[static_cast<size_t>(index)].step);
    }
    std::ranges::reverse(path);
    return path;
  }

  const Graph& graph_;
  Amounts prices_, capacity_;
  int64_t most_cycles_;
  std::vector<Probe> probes_;
  std::vector<Label> labels_;
  std::vector<std::vector<std::vector<Amounts>>> kept_;  ///< by variable, by state
};

}  // namespace

struct Folds::Impl {
  Structure structure;
  Device device;
  Amounts prices;
  FoldGraph choices;
  std::vector<int64_t> intervals;  ///< that foldings can have, ascending

  Impl(const ir::Network& network, const Device& on, const Prices& costs)
      : structure(make_structure(network)),
        device(on),
        prices(amounts_of(costs)),
        choices(fold_graph(structure, device.family)) {
    int64_t fewest = 1;
    for (const auto& of_variable : choices.options)
      fewest = std::max(fewest, std::ranges::min(of_variable, {}, &Option::cycles).cycles);
    for (const auto& of_variable : choices.options) {
      for (const Option& o : of_variable) intervals.push_back(std::max(o.cycles, fewest));
    }
    std::ranges::sort(intervals);
    intervals.erase(std::unique(intervals.begin(), intervals.end()), intervals.end());
  }

  Folding folding(const Path& path) const {
    Folding result;
    result.device = device.name;
    result.clock_mhz = device.clock_mhz;
    for (size_t v = 0; v < path.size(); ++v) {
      const Choice& c = choices.options[v][static_cast<size_t>(path[v]->option)].choice;
      const Variable& variable = structure.variables[v];
      if (variable.is_input) {
        result.inputs[variable.name] = c.pe;
      } else {
        result.layers.push_back({variable.name, c.pe, c.simd, c.weights, c.thresholds});
      }
    }
    return result;
  }

  Path cheapest(int64_t most_cycles, bool fit) const {
    if (fit) return FittingPath(choices.graph, prices, amounts_of(device), most_cycles).find();
    return follow(choices.graph, least(choices.graph, prices, most_cycles), prices, most_cycles);
  }
};

Folds::Folds(const ir::Network& network, const Device& device, const Prices& prices)
    : impl_(std::make_unique<const Impl>(network, device, prices)) {}
Folds::~Folds() = default;
Folds::Folds(Folds&&) noexcept = default;
Folds& Folds::operator=(Folds&&) noexcept = default;

int64_t Folds::fewest_cycles() const { return impl_->intervals.front(); }

std::optional<Folding> Folds::cheapest(int64_t most_cycles, bool fit) const {
  const Path path = impl_->cheapest(most_cycles, fit);
  return path.empty() ? std::nullopt : std::optional(impl_->folding(path));
}

// More cycles allow more choices, so whether something fits changes once only.
std::optional<Folding> Folds::fastest() const {
  const std::vector<int64_t>& all = impl_->intervals;
  const auto found =
      std::ranges::partition_point(all, [&](int64_t cycles) { return impl_->cheapest(cycles, true).empty(); });
  return found == all.end() ? std::nullopt : cheapest(*found, true);
}

std::vector<ParetoPoint> Folds::pareto() const {
  std::vector<ParetoPoint> points;
  double cheapest = kNever;
  for (const int64_t cycles : impl_->intervals) {
    const Path path = impl_->cheapest(cycles, false);
    const double price = weigh(total(path), impl_->prices);
    if (price >= cheapest) continue;
    cheapest = price;
    ParetoPoint point{impl_->folding(path), cycles, {}};
    for (const Step* step : path) point.resources += step->resources;
    points.push_back(std::move(point));
  }
  return points;
}

}  // namespace bitloom::hw
