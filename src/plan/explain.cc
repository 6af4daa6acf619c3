// SPDX-License-Identifier: Apache-2.0
//
// Why a plan is the best one, and what a change of the cluster would give.
#include "change.h"

namespace bitloom::plan {
namespace {

std::string binding_text(const Problem& problem, const Solution& best) {
  const Prediction& p = best.prediction;
  const Load& load = p.loads[p.binding];
  std::string text =
      fmt::format("{} sets the rate: {:.4g} ms an image, {:.4g} images/s.", load.what, 1e3 * load.seconds, p.rate);
  for (size_t s = 0; s < best.plan.stages.size(); ++s) {
    if (plan::text(problem, best.plan.stages[s]) != load.what) continue;
    const StagePrediction& stage = p.stages[s];
    if (stage.share > 0)
      text += fmt::format(" There it takes {:.1f} % of the usable {}.", 100 * stage.share,
                          kResourceNames[static_cast<size_t>(stage.scarcest)]);
  }
  return text;
}

bool is_better(Objective objective, const Solution& a, const Solution& b) {
  const double one = cost(objective, a.prediction), other = cost(objective, b.prediction);
  if (one != other) return one < other;
  return a.prediction.watts < b.prediction.watts;
}

/// Another plan lacks one of this plan's stages: both cover all layers. So the best of those that lack one is the next.
std::optional<Solution> next_best(const Problem& problem, const Request& request, const Solution& best) {
  std::optional<Solution> next;
  for (const Stage& stage : best.plan.stages) {
    Request without = request;
    without.without.push_back(stage);
    std::optional<Solution> found = try_solve(problem, without);
    if (found && (!next || is_better(request.objective, *found, *next))) next = std::move(found);
  }
  return next;
}

}  // namespace

Explanation explain(const Problem& problem, const Request& request, const Solution& best) {
  Explanation result{binding_text(problem, best), next_best(problem, request, best), {}};
  const auto try_change = [&](std::string what, const Problem& changed, const Request& asked) {
    result.changes.push_back({std::move(what), try_solve(changed, asked)});
  };
  Request larger = request;
  if (larger.most_nodes > 0) ++larger.most_nodes;
  for (size_t t = 0; t < problem.types.size(); ++t)
    try_change("one more " + problem.types[t].name, with_more_nodes(problem, t, 1), larger);
  try_change("twice the bandwidth", with_bandwidth(problem, 2), request);
  for (size_t t = 0; t < problem.types.size(); ++t) {
    if (problem.measured[t].empty())
      try_change(problem.types[t].name + " with twice the resources", with_resources(problem, t, 2), request);
  }
  return result;
}

}  // namespace bitloom::plan
