// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "bitloom/plan.h"

namespace bitloom::plan {
namespace {

bool is_amount(double value) { return std::isfinite(value) && value >= 0; }

void verify_link(const Link& link, const std::string& of) {
  if (!std::isfinite(link.bandwidth) || link.bandwidth <= 0)
    throw Error("{}: the bandwidth of its link must be more than 0 bytes a second", of);
  if (!is_amount(link.latency) || !is_amount(link.overhead))
    throw Error("{}: latency and overhead of its link must not be negative", of);
}

void verify_amounts(const Amounts& amounts, const std::string& of) {
  if (!std::ranges::all_of(amounts, is_amount)) throw Error("{}: resources must not be negative", of);
}

void verify_type(const Problem& problem, size_t index) {
  const NodeType& type = problem.types[index];
  if (type.count < 1) throw Error("'{}': there must be at least one node", type.name);
  if (type.ports < 0) throw Error("'{}': ports must not be negative", type.name);
  for (const double usable : type.usable) {
    if (std::isnan(usable) || usable < 0) throw Error("'{}': usable resources must not be negative", type.name);
  }
  if (!is_amount(type.watts)) throw Error("'{}': watts must not be negative", type.name);
  verify_amounts(type.watts_of, fmt::format("'{}': watts", type.name));
  verify_link(type.link, fmt::format("'{}'", type.name));
  const auto& measured = problem.measured[index];
  for (const MeasuredStage& m : measured) {
    if (m.from < 0 || m.to <= m.from || m.to > static_cast<int32_t>(problem.end()))
      throw Error("'{}': a measured stage lies between cuts {} and {} of {}", type.name, m.from, m.to, problem.cuts.size());
    if (!is_amount(m.seconds) || m.seconds <= 0 || !is_amount(m.watts))
      throw Error("'{}': a measured stage needs a time above 0, and watts", type.name);
    verify_amounts(m.amounts, fmt::format("'{}': a measured stage", type.name));
  }
  if (!measured.empty()) return;
  if (problem.options[index].size() != problem.layers.size())
    throw Error("'{}': has options for {} layers of {}", type.name, problem.options[index].size(), problem.layers.size());
  for (const auto& options : problem.options[index]) {
    for (const LayerOption& option : options) {
      if (!is_amount(option.seconds) || option.seconds <= 0)
        throw Error("'{}': a layer takes more than no time", type.name);
      verify_amounts(option.amounts, fmt::format("'{}': a layer", type.name));
    }
  }
}

void verify_cuts(const Problem& problem) {
  if (problem.cuts.size() < 2) throw Error("there must be a cut before the first layer and one behind the last");
  for (size_t i = 0; i < problem.cuts.size(); ++i) {
    const Cut& cut = problem.cuts[i];
    if (cut.done.size() != problem.layers.size()) throw Error("cut {} does not say of each layer on which side it is", i);
    if (!is_amount(cut.bytes)) throw Error("cut {}: bytes must not be negative", i);
    const auto before = std::ranges::count(cut.done, true);
    if (i == 0 && before != 0) throw Error("the first cut must be before all layers");
    if (i == problem.end() && before != static_cast<int64_t>(cut.done.size()))
      throw Error("the last cut must be behind all layers");
    if (i > 0 && before <= 0) throw Error("cut {} has no layer before it", i);
    if (i > 0 && before < std::ranges::count(problem.cuts[i - 1].done, true))
      throw Error("cut {} has fewer layers before it than the cut before", i);
  }
}

}  // namespace

void verify(const Problem& problem) {
  if (problem.layers.empty()) throw Error("there is no layer to plan");
  verify_cuts(problem);
  if (problem.types.empty()) throw Error("there is no node to plan for");
  if (problem.options.size() != problem.types.size() || problem.measured.size() != problem.types.size())
    throw Error("each type of node needs options or measured stages");
  for (size_t t = 0; t < problem.types.size(); ++t) verify_type(problem, t);
  verify_link(problem.host, "the host");
  if (!is_amount(problem.switch_bandwidth)) throw Error("the switch's bandwidth must not be negative");
  if (problem.images_per_message < 1) throw Error("a message holds at least one image");
}

std::string text(const Problem& problem, const Stage& stage) {
  const std::vector<bool>& before = problem.cuts.at(static_cast<size_t>(stage.from)).done;
  const std::vector<bool>& done = problem.cuts.at(static_cast<size_t>(stage.to)).done;
  std::vector<std::string> names;
  for (size_t layer = 0; layer < problem.layers.size(); ++layer) {
    if (done[layer] && !before[layer]) names.push_back(problem.layers[layer]);
  }
  const std::string& type = problem.types.at(static_cast<size_t>(stage.type)).name;
  const std::string nodes = stage.replicas == 1 ? type : fmt::format("{} x {}", stage.replicas, type);
  if (names.size() == 1) return fmt::format("{} on {}", names[0], nodes);
  return fmt::format("{} .. {} on {}", names.front(), names.back(), nodes);
}

}  // namespace bitloom::plan
