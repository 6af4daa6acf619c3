// SPDX-License-Identifier: Apache-2.0
//
// The best plan. For a period and a share of the resources that are given, `find_pipeline` knows the best pipeline. The
// highest rate is found by asking whether shorter and shorter periods can be reached: each plan that is found tells a
// period that can be, each refusal one that cannot; it ends when nothing a hair faster than the best plan is left. The
// lowest share likewise.
#include <algorithm>
#include <cmath>
#include <limits>

#include "diagnose.h"
#include "pipelines.h"

namespace bitloom::plan {
namespace {

double measure_of(const Problem& problem, const Plan& plan, Objective objective) {
  return cost(objective, predict(problem, plan));
}

/// The least period (kThroughput) or share (kEven) that a plan has. `goal` bounds the other; its own is where to begin.
std::optional<double> least(const Problem& problem, const Request& request, Goal goal, Objective objective) {
  const bool by_share = objective == Objective::kEven;
  double& bound = by_share ? goal.share : goal.period;
  std::optional<Plan> plan = find_pipeline(problem, request, goal, true);
  if (!plan) return std::nullopt;
  double reached = measure_of(problem, *plan, objective), refused = 0;
  while (reached > 0) {
    bound = refused == 0 ? reached / 8 : std::sqrt(refused * reached);
    const bool last = refused * 1.02 > reached;
    if (last) bound = reached * (1 - 1e-7);
    const double probe = bound;
    plan = find_pipeline(problem, request, goal, true);
    if (plan) {
      reached = measure_of(problem, *plan, objective);
      BITLOOM_CHECK(reached <= probe * (1 + 1e-6));
    } else if (last) {
      break;
    } else {
      refused = probe;
    }
  }
  return reached;
}

}  // namespace

std::optional<Solution> try_solve(const Problem& problem, const Request& request) {
  verify(problem);
  Goal goal{request.objective, request.rate > 0 ? 1 / request.rate : std::numeric_limits<double>::infinity(), 1};
  if (request.objective == Objective::kThroughput || request.objective == Objective::kEven) {
    goal.objective = Objective::kThroughput;  // what is left to choose: watts, nodes
    const std::optional<double> found = least(problem, request, goal, request.objective);
    if (!found) return std::nullopt;
    (request.objective == Objective::kEven ? goal.share : goal.period) = std::max(*found * kHair, 1e-300);
  }
  const std::optional<Plan> plan = find_pipeline(problem, request, goal, false);
  if (!plan) return std::nullopt;
  return Solution{*plan, predict(problem, *plan)};
}

Solution solve(const Problem& problem, const Request& request) {
  std::optional<Solution> found = try_solve(problem, request);
  if (!found) throw Error("{}", why_there_is_no_plan(problem, request));
  return *found;
}

}  // namespace bitloom::plan
