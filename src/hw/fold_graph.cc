// SPDX-License-Identifier: Apache-2.0
#include "fold_graph.h"

#include <algorithm>
#include <map>

#include "cost.h"

namespace bitloom::hw {
namespace {

constexpr int64_t kWidestInput = 4096;  ///< bits of an input's word

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

}  // namespace

Amounts amounts_of(const Resources& r) {
  return {static_cast<double>(r.lut), static_cast<double>(r.ff), 2 * r.blocks(), static_cast<double>(r.dsp)};
}
bool at_most(const Amounts& a, const Amounts& b) { return a[0] <= b[0] && a[1] <= b[1] && a[2] <= b[2] && a[3] <= b[3]; }

FoldGraph fold_graph(const Structure& structure, Family family) {
  GraphBuilder builder(structure, family);
  Graph graph = builder.build();
  return {std::move(builder.options()), std::move(graph)};
}

}  // namespace bitloom::hw
