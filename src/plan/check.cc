// SPDX-License-Identifier: Apache-2.0
//
// Plans judged one by one, by what `predict` says about them; and all of them, as the slow, obvious answer to what the best
// plan is.
#include <algorithm>

#include "ports.h"

namespace bitloom::plan {
namespace {

constexpr double kHair = 1 + 1e-9;  ///< sums in another order round differently

using Complaints = std::vector<std::string>;

int64_t of(const std::vector<Stage>& stages, int32_t type) {
  int64_t nodes = 0;
  for (const Stage& stage : stages) nodes += stage.type == type ? stage.replicas : 0;
  return nodes;
}

void check_nodes(const Problem& problem, const Plan& plan, Complaints& complaints) {
  for (size_t t = 0; t < problem.types.size(); ++t) {
    const int64_t used = of(plan.stages, static_cast<int32_t>(t));
    if (used > problem.types[t].count)
      complaints.push_back(fmt::format("uses {} of {} {}", used, problem.types[t].count, problem.types[t].name));
  }
  if (problem.topology != Topology::kPointToPoint) return;
  for (size_t s = 0; s < plan.stages.size(); ++s) {
    const Stage& stage = plan.stages[s];
    const int32_t before = s == 0 ? 1 : plan.stages[s - 1].replicas;
    const int32_t after = s + 1 == plan.stages.size() ? 1 : plan.stages[s + 1].replicas;
    const bool only = plan.stages.size() == 1;  // the host is one partner
    const int32_t cables = only ? 1 : partners(stage.replicas, before) + partners(stage.replicas, after);
    const NodeType& type = problem.types[static_cast<size_t>(stage.type)];
    if (type.ports > 0 && cables > type.ports)
      complaints.push_back(
          fmt::format("{}: each node needs {} cables and has {} ports", text(problem, stage), cables, type.ports));
  }
}

void check_resources(const Problem& problem, const Plan& plan, const Prediction& found, Complaints& complaints) {
  for (size_t s = 0; s < plan.stages.size(); ++s) {
    const NodeType& type = problem.types[static_cast<size_t>(plan.stages[s].type)];
    for (size_t k = 0; k < kResources; ++k) {
      const double amount = found.stages[s].amounts[k];
      if (amount > type.usable[k] * kHair)
        complaints.push_back(fmt::format("{}: needs {:.0f} {} of {:.0f}", text(problem, plan.stages[s]), amount,
                                         kResourceNames[k], type.usable[k]));
    }
  }
}

bool same(const Stage& a, const Stage& b) {
  return a.from == b.from && a.to == b.to && a.type == b.type && a.replicas == b.replicas;
}

void check_request(const Problem& problem, const Request& request, const Plan& plan, const Prediction& found,
                   Complaints& complaints) {
  const auto stages = static_cast<int32_t>(plan.stages.size());
  if (request.rate > 0 && found.rate * kHair < request.rate)
    complaints.push_back(fmt::format("reaches {:.6g} images/s of {:.6g}", found.rate, request.rate));
  if (request.most_stages > 0 && stages > request.most_stages)
    complaints.push_back(fmt::format("has {} stages, more than {}", stages, request.most_stages));
  if (stages < request.fewest_stages)
    complaints.push_back(fmt::format("has {} stages, fewer than {}", stages, request.fewest_stages));
  if (request.most_nodes > 0 && found.nodes > request.most_nodes)
    complaints.push_back(fmt::format("uses {} nodes, more than {}", found.nodes, request.most_nodes));
  std::vector<int32_t> cuts;
  for (const Stage& stage : plan.stages) {
    if (stage.from > 0) cuts.push_back(stage.from);
    if (request.most_replicas > 0 && stage.replicas > request.most_replicas)
      complaints.push_back(fmt::format("{}: more than {} replicas", text(problem, stage), request.most_replicas));
    if (std::ranges::any_of(request.without, [&](const Stage& not_this) { return same(stage, not_this); }))
      complaints.push_back(fmt::format("{}: was ruled out", text(problem, stage)));
  }
  if (!request.cuts.empty() && cuts != request.cuts) complaints.emplace_back("is not cut where it was asked for");
}

/// Every plan of a problem.
class Everything {
 public:
  Everything(const Problem& problem, const Request& request) : problem_(problem), request_(request) {}

  std::optional<Solution> best() {
    extend(0);
    return std::move(best_);
  }

 private:
  void extend(int32_t from) {
    if (from == static_cast<int32_t>(problem_.end())) return judge();
    for (int32_t to = from + 1; to < static_cast<int32_t>(problem_.cuts.size()); ++to) {
      if (!follows(from, to)) continue;
      for (int32_t type = 0; type < static_cast<int32_t>(problem_.types.size()); ++type) {
        const auto left = problem_.types[static_cast<size_t>(type)].count - of(plan_.stages, type);
        for (int32_t replicas = 1; replicas <= left; ++replicas) {
          plan_.stages.push_back({from, to, type, replicas, {}});
          choose(0);
          plan_.stages.pop_back();
        }
      }
    }
  }

  bool follows(int32_t from, int32_t to) const {
    const auto& before = problem_.cuts[static_cast<size_t>(from)].done;
    const auto& after = problem_.cuts[static_cast<size_t>(to)].done;
    for (size_t i = 0; i < before.size(); ++i) {
      if (before[i] && !after[i]) return false;
    }
    return before != after;
  }

  /// All options of the last stage's layers, from `layer` on.
  void choose(size_t layer) {
    const Stage stage = plan_.stages.back();
    const auto type = static_cast<size_t>(stage.type);
    if (!problem_.measured[type].empty()) {
      const auto is_it = [&](const MeasuredStage& m) { return m.from == stage.from && m.to == stage.to; };
      if (std::ranges::any_of(problem_.measured[type], is_it)) extend(stage.to);
      return;
    }
    while (layer < problem_.layers.size() && (problem_.cuts[static_cast<size_t>(stage.from)].done[layer] ||
                                              !problem_.cuts[static_cast<size_t>(stage.to)].done[layer]))
      ++layer;
    if (layer == problem_.layers.size()) return extend(stage.to);
    for (size_t option = 0; option < problem_.options[type][layer].size(); ++option) {
      plan_.stages.back().options.push_back(static_cast<int32_t>(option));
      choose(layer + 1);
      plan_.stages.back().options.pop_back();
    }
  }

  void judge() {
    Prediction found = predict(problem_, plan_);
    if (best_ && !better(found)) return;
    if (check(problem_, request_, plan_).empty()) best_ = {plan_, std::move(found)};
  }

  bool better(const Prediction& found) const {
    const std::array<double, 3> a{cost(request_.objective, found), found.watts, static_cast<double>(found.nodes)};
    const Prediction& old = best_->prediction;
    const std::array<double, 3> b{cost(request_.objective, old), old.watts, static_cast<double>(old.nodes)};
    for (size_t i = 0; i < a.size(); ++i) {
      if (a[i] * kHair < b[i]) return true;
      if (b[i] * kHair < a[i]) return false;
    }
    return false;
  }

  const Problem& problem_;
  const Request& request_;
  Plan plan_;
  std::optional<Solution> best_;
};

}  // namespace

std::vector<std::string> check(const Problem& problem, const Request& request, const Plan& plan) {
  Complaints complaints;
  try {
    const Prediction found = predict(problem, plan);
    check_nodes(problem, plan, complaints);
    check_resources(problem, plan, found, complaints);
    check_request(problem, request, plan, found, complaints);
  } catch (const Error& error) {
    complaints.emplace_back(error.what());
  }
  return complaints;
}

std::optional<Solution> solve_by_brute_force(const Problem& problem, const Request& request) {
  verify(problem);
  return Everything(problem, request).best();
}

}  // namespace bitloom::plan
