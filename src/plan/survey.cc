// SPDX-License-Identifier: Apache-2.0
//
// Many plans side by side: what more nodes give, and what a higher rate costs.
#include <algorithm>

#include "bitloom/plan_report.h"

namespace bitloom::plan {
namespace {

/// The network on so many nodes, by this strategy; 0 if it is not possible.
double rate_of(Problem problem, Request request, int32_t nodes) {
  if (problem.types.size() == 1) problem.types[0].count = nodes;
  request.most_nodes = nodes;
  const std::optional<Solution> found = try_solve(problem, request);
  return found ? found->prediction.rate : 0;
}

int32_t most_shown(const Problem& problem) {
  constexpr int32_t kFewest = 6, kMost = 16;
  int32_t nodes = 0;
  for (const NodeType& type : problem.types) nodes += type.count;
  if (problem.types.size() == 1) nodes = std::max(nodes + 1, kFewest);
  return std::min(nodes, kMost);
}

Request request_of(int32_t fewest_stages, int32_t most_stages, int32_t most_replicas) {
  Request request;
  request.fewest_stages = fewest_stages;
  request.most_stages = most_stages;
  request.most_replicas = most_replicas;
  return request;
}

}  // namespace

std::vector<Strategy> strategies(const Problem& problem) {
  const int32_t most_nodes = most_shown(problem);
  const std::array<std::pair<const char*, Request>, 4> ways{{{"the whole network on each node", request_of(1, 1, 0)},
                                                             {"a pipeline without replicas", request_of(1, 0, 1)},
                                                             {"a pipeline with replicas", request_of(2, 0, 0)},
                                                             {"the best", request_of(1, 0, 0)}}};
  std::vector<Strategy> result;
  for (const auto& [name, request] : ways) {
    Strategy strategy{name, {}};
    for (int32_t nodes = 1; nodes <= most_nodes; ++nodes) strategy.rates.push_back(rate_of(problem, request, nodes));
    result.push_back(std::move(strategy));
  }
  return result;
}

std::vector<Point> rate_against_power(const Problem& problem) {
  constexpr int kPoints = 20;
  std::vector<Point> result;
  const std::optional<Solution> fastest = try_solve(problem, {});
  if (!fastest) return result;
  Request request;
  request.objective = Objective::kPower;
  for (int i = 1; i <= kPoints; ++i) {
    request.rate = i == kPoints ? fastest->prediction.rate : fastest->prediction.rate * i / kPoints;
    const std::optional<Solution> found = i == kPoints ? fastest : try_solve(problem, request);
    if (!found) continue;
    const Prediction& p = found->prediction;
    // A plan for a higher rate may take no more.
    std::erase_if(result, [&](const Point& other) { return other.rate <= p.rate && other.watts >= p.watts; });
    std::string label;
    for (const Stage& stage : found->plan.stages) label += (label.empty() ? "" : "; ") + text(problem, stage);
    result.push_back({p.rate, p.watts, cost(Objective::kArea, p), label, p.nodes});
  }
  return result;
}

PlanReport plan_report(const Split& split, const Request& request, const Solution& solution,
                       const SimulationOptions& options) {
  const Problem& problem = split.problem();
  PlanReport report;
  report.title = problem.name;
  report.problem = problem;
  report.request = request;
  report.solution = solution;
  report.explanation = explain(problem, request, solution);
  report.options = options;
  report.simulated = simulate(problem, solution.plan, options);
  report.strategies = strategies(problem);
  report.pareto = rate_against_power(problem);
  const Stage& first = solution.plan.stages.front();
  report.first_node = first_node(split, solution.prediction.rate / first.replicas);
  for (size_t t = 0; t < problem.types.size() && !report.first_node.empty(); ++t) {
    if (!problem.types[t].pipelined || !problem.measured[t].empty()) continue;
    report.first_node_device = split.cluster().nodes[t].device;
    break;
  }
  return report;
}

}  // namespace bitloom::plan
