// SPDX-License-Identifier: Apache-2.0
//
// The search for foldings.
//
// A folding's interval is the most cycles of any of its variables, so it is one of the cycles that their choices have, and
// "interval <= T" holds exactly if every choice for itself has at most T. Hence for each such T, of finitely many, the best
// folding is a cheapest path through the allowed choices, one variable after another; all T together give all answers.
//
// A choice costs what its units cost, and what the links to the variables before it cost (converters and FIFOs). Links know
// PE alone of the earlier variable, so a state of the path is the PE of those variables that a later link needs.
//
// A device bounds several resources at once. The cheapest path is taken if it fits. Else paths are extended in the order of
// their price and the least price of what is missing, so that the first whole one is the cheapest. A path is dropped if
// another with the same state has no more of anything; or if for some weights, none negative, its resources and the least
// of what is missing, both weighted, exceed the weighted bounds: then no whole path from there can keep to all of them.
#include <algorithm>
#include <array>
#include <limits>
#include <queue>

#include "cost.h"
#include "structure.h"

namespace bitloom::hw {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr int64_t kWidestInput = 4096;  ///< bits of an input's word

/// Resources that a device bounds: LUT, FF, half blocks, DSP.
using Amounts = std::array<double, 4>;

Amounts amounts_of(const Resources& r) {
  return {static_cast<double>(r.lut), static_cast<double>(r.ff), 2 * r.blocks(), static_cast<double>(r.dsp)};
}
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
bool at_most(const Amounts& a, const Amounts& b) { return a[0] <= b[0] && a[1] <= b[1] && a[2] <= b[2] && a[3] <= b[3]; }

struct Option {
  Choice choice;
  int64_t cycles = 0;
  Resources resources;
  Amounts amounts{};
};

/// From a state by an option to a state of the next variable.
struct Step {
  int32_t option = 0;
  int32_t next = 0;
  int64_t cycles = 0;
  Resources resources;
  Amounts amounts{};
};

using State = std::vector<Step>;
using Graph = std::vector<std::vector<State>>;   ///< by variable, by state
using Bound = std::vector<std::vector<double>>;  ///< least weight from each state to the end
using Path = std::vector<const Step*>;

class GraphBuilder {
 public:
  GraphBuilder(const Structure& structure, Family family) : structure_(structure), family_(family) {
    for (size_t v = 0; v < structure.variables.size(); ++v) options_.push_back(options(static_cast<int32_t>(v)));
    find_last_needed();
  }

  std::vector<std::vector<Option>>& options() { return options_; }

  Graph build() {
    std::vector<std::map<int32_t, int32_t>> states{{}};  // PE of the variables that are still needed
    Graph graph;
    for (size_t v = 0; v < options_.size(); ++v) {
      std::map<std::map<int32_t, int32_t>, int32_t> numbers;
      std::vector<std::map<int32_t, int32_t>> next_states;
      std::vector<State> here;
      for (const auto& state : states) {
        State steps;
        for (size_t o = 0; o < options_[v].size(); ++o) {
          Step step = step_of(static_cast<int32_t>(v), static_cast<int32_t>(o), state);
          auto next = state;
          next[static_cast<int32_t>(v)] = options_[v][o].choice.pe;
          std::erase_if(next, [&](const auto& entry) {
            return last_needed_[static_cast<size_t>(entry.first)] <= static_cast<int32_t>(v);
          });
          const auto [at, added] = numbers.try_emplace(next, static_cast<int32_t>(next_states.size()));
          if (added) next_states.push_back(next);
          step.next = at->second;
          steps.push_back(step);
        }
        here.push_back(std::move(steps));
      }
      graph.push_back(std::move(here));
      states = std::move(next_states);
    }
    BITLOOM_CHECK(states.size() == 1);
    return graph;
  }

 private:
  int32_t variable_from(const Link& link) const {
    return link.from.unit < 0 ? link.variable : structure_.parts[static_cast<size_t>(link.from.unit)].variable;
  }
  int32_t variable_to(const Link& link) const { return structure_.parts[static_cast<size_t>(link.to.unit)].variable; }

  void find_last_needed() {
    last_needed_.assign(structure_.variables.size(), -1);
    for (const Link& link : structure_.links) {
      if (link.to.unit < 0) continue;
      const int32_t last = std::max(variable_from(link), variable_to(link));
      for (const int32_t v : {variable_from(link), variable_to(link)}) {
        last_needed_[static_cast<size_t>(v)] = std::max(last_needed_[static_cast<size_t>(v)], last);
      }
    }
  }

  /// Converter and FIFO between choices.
  Resources link_cost(const Link& link, const Choice& from, const Choice& to) const {
    const int32_t out =
        link.from.unit < 0 ? from.pe : lanes_out(structure_.parts[static_cast<size_t>(link.from.unit)], from);
    const int32_t in = in_lanes(structure_.parts[static_cast<size_t>(link.to.unit)], to);
    Resources r;
    if (out != in) r += resources(UnitKind{Width{link.element.bits, out, in}}, family_);
    const int32_t depth = default_fifo(structure_, link, in);
    if (depth > 0) r += resources(UnitKind{make_fifo(int64_t{link.element.bits} * in, depth, family_)}, family_);
    return r;
  }
  static int32_t lanes_out(const Part& part, const Choice& choice) {
    return std::holds_alternative<Top1>(part.unit.kind) ? 1 : out_lanes(part, choice);
  }

  Option option(int32_t variable, const Choice& choice) const {
    const Variable& v = structure_.variables[static_cast<size_t>(variable)];
    Option result{choice, v.is_input ? v.outputs / choice.pe : 1, {}, {}};
    for (size_t i = 0; i < structure_.parts.size(); ++i) {
      const Part& part = structure_.parts[i];
      if (part.variable != variable) continue;
      const UnitKind kind = folded(part, choice, family_);
      result.cycles = std::max(result.cycles, part_cycles(structure_, static_cast<int32_t>(i), kind, choice));
      result.resources += resources(kind, family_);
    }
    for (const Link& link : structure_.links) {
      if (link.to.unit >= 0 && variable_from(link) == variable && variable_to(link) == variable) {
        result.resources += link_cost(link, choice, choice);
      }
    }
    result.amounts = amounts_of(result.resources);
    return result;
  }

  std::vector<Option> options(int32_t variable) const {
    const Variable& v = structure_.variables[static_cast<size_t>(variable)];
    std::vector<Option> result;
    for (const int32_t pe : divisors(v.outputs)) {
      if (v.is_input) {
        if (pe == 1 || pe * input_bits(variable) <= kWidestInput) result.push_back(option(variable, {pe, 1, {}, {}}));
        continue;
      }
      for (const int32_t simd : divisors(v.columns)) {
        for (const MemoryStyle style : {MemoryStyle::kDistributed, MemoryStyle::kBlock}) {
          Option o = option(variable, {pe, simd, style, MemoryStyle::kAuto});
          const bool same = style == MemoryStyle::kBlock && at_most(result.back().amounts, o.amounts);
          if (!same) result.push_back(std::move(o));
        }
      }
    }
    return result;
  }
  int64_t input_bits(int32_t variable) const {
    for (const Link& link : structure_.links) {
      if (link.from.unit < 0 && link.variable == variable) return link.element.bits;
    }
    return 1;
  }

  Step step_of(int32_t variable, int32_t option, const std::map<int32_t, int32_t>& state) const {
    const Option& o = options_[static_cast<size_t>(variable)][static_cast<size_t>(option)];
    Step step{option, 0, o.cycles, o.resources, {}};
    for (const Link& link : structure_.links) {
      if (link.to.unit < 0) continue;
      const int32_t from = variable_from(link), to = variable_to(link);
      if (from == to || std::max(from, to) != variable) continue;
      const Choice earlier{state.at(std::min(from, to)), 1, {}, {}};
      step.resources += link_cost(link, from < to ? earlier : o.choice, from < to ? o.choice : earlier);
    }
    step.amounts = amounts_of(step.resources);
    return step;
  }

  const Structure& structure_;
  Family family_;
  std::vector<std::vector<Option>> options_;
  std::vector<int32_t> last_needed_;
};

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
  std::vector<std::vector<Option>> options;
  Graph graph;
  std::vector<int64_t> intervals;  ///< that foldings can have, ascending

  Impl(const ir::Network& network, const Device& on, const Prices& costs)
      : structure(make_structure(network)), device(on), prices(amounts_of(costs)) {
    GraphBuilder builder(structure, device.family);
    graph = builder.build();
    options = std::move(builder.options());
    int64_t fewest = 1;
    for (const auto& of_variable : options)
      fewest = std::max(fewest, std::ranges::min(of_variable, {}, &Option::cycles).cycles);
    for (const auto& of_variable : options) {
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
      const Choice& c = options[v][static_cast<size_t>(path[v]->option)].choice;
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
    if (fit) return FittingPath(graph, prices, amounts_of(device), most_cycles).find();
    return follow(graph, least(graph, prices, most_cycles), prices, most_cycles);
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
