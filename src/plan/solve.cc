// SPDX-License-Identifier: Apache-2.0
//
// The best plan. For a period that is given, `find_pipeline` knows the best pipeline. The highest rate is found by asking
// whether shorter and shorter periods can be reached: each plan that is found tells a period that can be, each refusal one
// that cannot; it ends when nothing a hair faster than the best plan is left.
#include <algorithm>
#include <cmath>
#include <limits>

#include "diagnose.h"
#include "pipelines.h"

namespace bitloom::plan {
namespace {

constexpr double kHair = 1 + 1e-9;

/// Seconds between images of the fastest plan.
std::optional<double> shortest_period(const Problem& problem, const Request& request, double longest) {
  std::optional<Plan> plan = find_pipeline(problem, request, {Objective::kThroughput, longest, 1}, true);
  if (!plan) return std::nullopt;
  double reached = predict(problem, *plan).period, refused = 0;
  while (true) {
    double probe = refused == 0 ? reached / 8 : std::sqrt(refused * reached);
    const bool last = refused * 1.02 > reached;
    if (last) probe = reached * (1 - 1e-7);
    plan = find_pipeline(problem, request, {Objective::kThroughput, probe, 1}, true);
    if (plan) {
      reached = predict(problem, *plan).period;
    } else if (last) {
      return reached;
    } else {
      refused = probe;
    }
  }
}

}  // namespace

std::optional<Solution> try_solve(const Problem& problem, const Request& request) {
  verify(problem);
  Goal goal{request.objective, request.rate > 0 ? 1 / request.rate : std::numeric_limits<double>::infinity(), 1};
  if (request.objective == Objective::kThroughput) {
    const std::optional<double> period = shortest_period(problem, request, goal.period);
    if (!period) return std::nullopt;
    goal.period = *period * kHair;
  }
  if (request.objective == Objective::kEven) {
    const std::optional<Plan> even = find_pipeline(problem, request, goal, false);
    if (!even) return std::nullopt;
    goal = {Objective::kThroughput, goal.period, std::max(cost(Objective::kEven, predict(problem, *even)) * kHair, 1e-300)};
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
