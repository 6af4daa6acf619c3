// SPDX-License-Identifier: Apache-2.0
#include "stage_finder.h"

#include <algorithm>
#include <tuple>

#include "ports.h"

namespace bitloom::plan {
StageFinder::StageFinder(const Problem& problem, const Goal& goal) : problem_(problem), goal_(goal) {
  for (size_t type = 0; type < problem.types.size(); ++type) {
    choices_.emplace_back();
    if (!problem.measured[type].empty()) continue;
    for (int32_t replicas = 1; replicas <= problem.types[type].count; ++replicas) {
      Choices next = choices(type, replicas);
      const bool same = replicas > 1 && is_same_choice(type, choices_.back().back(), next);
      next.like = same ? choices_.back().back().like : replicas;
      choices_.back().push_back(std::move(next));
    }
  }
}

/// The best first.
std::vector<Candidate> StageFinder::candidates(size_t type, size_t layer, double most_seconds) const {
  const NodeType& node = problem_.types[type];
  std::vector<Candidate> all;
  const auto& options = problem_.options[type][layer];
  for (size_t i = 0; i < options.size(); ++i) {
    if (node.pipelined && options[i].seconds > most_seconds * kHair) continue;
    Candidate c;
    std::ranges::copy(options[i].amounts, c.costs.begin());
    c.costs[kResources] = node.pipelined ? 0 : options[i].seconds;
    for (size_t k = 0; k < kResources; ++k) c.watts += node.watts_of[k] * options[i].amounts[k];
    if (goal_.objective == Objective::kPower) c.primary = c.watts;
    if (goal_.objective == Objective::kLatency) c.primary = options[i].seconds;
    c.option = static_cast<int32_t>(i);
    all.push_back(c);
  }
  std::ranges::stable_sort(all, [](const Candidate& a, const Candidate& b) {
    return std::tie(a.primary, a.watts) < std::tie(b.primary, b.watts);
  });
  std::vector<Candidate> kept;
  for (const Candidate& c : all) {
    if (std::ranges::none_of(kept, [&](const Candidate& other) { return at_most(other, c); })) kept.push_back(c);
  }
  return kept;
}

StageFinder::Choices StageFinder::choices(size_t type, int32_t replicas) const {
  Choices result;
  const double most_seconds = goal_.period * replicas;
  for (size_t layer = 0; layer < problem_.layers.size(); ++layer)
    result.layers.push_back(candidates(type, layer, most_seconds));
  for (size_t k = 0; k < kResources; ++k) result.bounds[k] = problem_.types[type].usable[k] * goal_.share * kHair;
  result.bounds[kResources] = most_seconds * kHair;
  for (const Cut& cut : problem_.cuts) {
    Costs best{}, least{};
    double primary = 0, watts = 0;
    int32_t blocked = 0, several = 0;
    for (size_t layer = 0; layer < result.layers.size(); ++layer) {
      if (!cut.done[layer]) continue;
      const auto& candidates = result.layers[layer];
      blocked += candidates.empty() ? 1 : 0;
      several += candidates.size() > 1 ? 1 : 0;
      if (candidates.empty()) continue;
      primary += candidates[0].primary;
      watts += candidates[0].watts;
      for (size_t k = 0; k < kCosts; ++k) {
        best[k] += candidates[0].costs[k];
        least[k] += std::ranges::min(candidates, {}, [k](const Candidate& c) { return c.costs[k]; }).costs[k];
      }
    }
    result.best.push_back(best);
    result.least.push_back(least);
    result.primary.push_back(primary);
    result.watts.push_back(watts);
    result.blocked.push_back(blocked);
    result.several.push_back(several);
  }
  return result;
}

bool StageFinder::port_keeps_up(const Link& link, int32_t in, int32_t out, int32_t replicas) const {
  const double receive = port_seconds(link, problem_.cuts[static_cast<size_t>(in)].bytes, problem_.images_per_message);
  const double send = port_seconds(link, problem_.cuts[static_cast<size_t>(out)].bytes, problem_.images_per_message);
  const double busy = link.half_duplex ? receive + send : std::max(receive, send);
  return busy <= goal_.period * replicas * kHair;
}

double StageFinder::share_of(const Costs& costs, const Costs& bounds) const {
  double share = 0;
  for (size_t k = 0; k < kResources; ++k) {
    if (costs[k] > 0) share = std::max(share, costs[k] / bounds[k]);
  }
  return share * goal_.share * kHair;
}

Value StageFinder::value_of(const Stage& stage, double primary, double watts, double share) const {
  double first = 0;
  switch (goal_.objective) {
    case Objective::kDevices:
      first = stage.replicas;
      break;
    case Objective::kPower:
      first = watts * stage.replicas;
      break;
    case Objective::kLatency:
      first = primary;
      break;
    case Objective::kArea:
      first = share * stage.replicas;
      break;
    case Objective::kThroughput:
    case Objective::kEven:
    case Objective::kBytes:
      break;
  }
  return {first, watts * stage.replicas, static_cast<double>(stage.replicas)};
}

StageFinder::Found StageFinder::measured(const Stage& stage) const {
  const NodeType& type = problem_.types[static_cast<size_t>(stage.type)];
  for (const MeasuredStage& m : problem_.measured[static_cast<size_t>(stage.type)]) {
    if (m.from != stage.from || m.to != stage.to) continue;
    bool fits = m.seconds <= goal_.period * stage.replicas * kHair;
    double share = 0;
    for (size_t k = 0; k < kResources; ++k) {
      fits = fits && m.amounts[k] <= type.usable[k] * goal_.share * kHair;
      if (m.amounts[k] > 0) share = std::max(share, m.amounts[k] / type.usable[k]);
    }
    // Of longer stages it says nothing: each was measured for itself.
    if (!fits) return {Verdict::kLink, {}};
    return {Verdict::kFits, value_of(stage, m.seconds, m.watts, share)};
  }
  return {Verdict::kLink, {}};
}

bool StageFinder::is_same_choice(size_t type, const Choices& a, const Choices& b) const {
  const auto same = [](const std::vector<Candidate>& one, const std::vector<Candidate>& other) {
    return std::ranges::equal(one, other, {}, &Candidate::option, &Candidate::option);
  };
  return problem_.types[type].pipelined && std::ranges::equal(a.layers, b.layers, same);
}

const std::optional<Combination>& StageFinder::combine(const Stage& stage, const Choices& choices) const {
  const auto [place, is_new] = combined_.try_emplace({stage.type, choices.like, stage.from, stage.to});
  if (!is_new) return place->second;
  const auto from = static_cast<size_t>(stage.from), to = static_cast<size_t>(stage.to);
  std::vector<const std::vector<Candidate>*> layers;
  for (size_t layer = 0; layer < choices.layers.size(); ++layer) {
    if (problem_.cuts[to].done[layer] && !problem_.cuts[from].done[layer]) layers.push_back(&choices.layers[layer]);
  }
  place->second = best_combination(layers, choices.bounds, by_share());
  return place->second;
}

StageFinder::Found StageFinder::find(const Stage& stage) const {
  const auto from = static_cast<size_t>(stage.from), to = static_cast<size_t>(stage.to);
  const NodeType& type = problem_.types[static_cast<size_t>(stage.type)];
  if (problem_.topology == Topology::kSwitch && !port_keeps_up(type.link, stage.from, stage.to, stage.replicas))
    return {Verdict::kLink, {}};
  if (!problem_.measured[static_cast<size_t>(stage.type)].empty()) return measured(stage);
  const Choices& choices = choices_[static_cast<size_t>(stage.type)][static_cast<size_t>(stage.replicas - 1)];
  if (choices.blocked[to] > choices.blocked[from]) return {};
  Costs best{};
  bool fits = true;
  for (size_t k = 0; k < kCosts; ++k) {
    if (choices.least[to][k] - choices.least[from][k] > choices.bounds[k]) return {};
    best[k] = choices.best[to][k] - choices.best[from][k];
    fits = fits && best[k] <= choices.bounds[k];
  }
  const bool one_way = choices.several[to] == choices.several[from];
  if (fits && (one_way || !by_share())) {
    return {Verdict::kFits, value_of(stage, choices.primary[to] - choices.primary[from],
                                     type.watts + choices.watts[to] - choices.watts[from], share_of(best, choices.bounds))};
  }
  if (one_way) return {};
  const std::optional<Combination>& found = combine(stage, choices);
  if (!found) return {};
  return {Verdict::kFits,
          value_of(stage, found->primary, type.watts + found->watts, share_of(found->costs, choices.bounds))};
}

Stage StageFinder::with_options(Stage stage) const {
  stage.options.clear();
  if (!problem_.measured[static_cast<size_t>(stage.type)].empty()) return stage;
  const Choices& choices = choices_[static_cast<size_t>(stage.type)][static_cast<size_t>(stage.replicas - 1)];
  const auto from = static_cast<size_t>(stage.from), to = static_cast<size_t>(stage.to);
  bool fits = !by_share();
  for (size_t k = 0; k < kCosts; ++k) fits = fits && choices.best[to][k] - choices.best[from][k] <= choices.bounds[k];
  if (!fits) {
    stage.options = combine(stage, choices).value().options;
    return stage;
  }
  for (size_t layer = 0; layer < choices.layers.size(); ++layer) {
    if (problem_.cuts[to].done[layer] && !problem_.cuts[from].done[layer])
      stage.options.push_back(choices.layers[layer].front().option);
  }
  return stage;
}

}  // namespace bitloom::plan
