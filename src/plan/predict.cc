// SPDX-License-Identifier: Apache-2.0
//
// What the models say about a plan: every node, port and cable takes its share of the time between two images, and the
// largest share is the period.
#include "ports.h"

namespace bitloom::plan {
namespace {

class Predictor {
 public:
  Predictor(const Problem& problem, const Plan& plan) : problem_(problem), plan_(plan) {}

  Prediction predict() {
    for (const Stage& stage : plan_.stages) add_stage(stage);
    for (size_t hop = 0; hop <= plan_.stages.size(); ++hop) add_hop(hop);
    if (problem_.topology == Topology::kSwitch) {
      for (size_t s = 0; s < plan_.stages.size(); ++s) {
        const NodeType& type = type_of(plan_.stages[s]);
        add_port(type.name, type.link, plan_.stages[s].from, plan_.stages[s].to, plan_.stages[s].replicas);
      }
      add_port("host", problem_.host, static_cast<int32_t>(problem_.end()), 0, 1);
    }
    if (problem_.topology == Topology::kPointToPoint && plan_.stages.size() == 1) add_only_cable();
    if (problem_.switch_bandwidth > 0) add_load("the switch", all_bytes_ / problem_.switch_bandwidth);
    for (size_t i = 0; i < found_.loads.size(); ++i) {
      if (found_.loads[i].seconds > found_.loads[found_.binding].seconds) found_.binding = i;
    }
    found_.period = found_.loads[found_.binding].seconds;
    found_.rate = 1 / found_.period;
    return std::move(found_);
  }

 private:
  const NodeType& type_of(const Stage& stage) const { return problem_.types[static_cast<size_t>(stage.type)]; }
  const Cut& cut(int32_t index) const { return problem_.cuts[static_cast<size_t>(index)]; }

  StagePrediction of_layers(const Stage& stage) const {
    StagePrediction found;
    const NodeType& type = type_of(stage);
    size_t next = 0;
    for (size_t layer = 0; layer < problem_.layers.size(); ++layer) {
      if (cut(stage.from).done[layer] || !cut(stage.to).done[layer]) continue;
      const auto& options = problem_.options[static_cast<size_t>(stage.type)][layer];
      const LayerOption& option = options.at(static_cast<size_t>(stage.options.at(next++)));
      found.latency += option.seconds;
      found.seconds = type.pipelined ? std::max(found.seconds, option.seconds) : found.latency;
      for (size_t k = 0; k < kResources; ++k) found.amounts[k] += option.amounts[k];
    }
    found.watts = type.watts;
    for (size_t k = 0; k < kResources; ++k) found.watts += type.watts_of[k] * found.amounts[k];
    return found;
  }

  StagePrediction measured(const Stage& stage) const {
    for (const MeasuredStage& m : problem_.measured[static_cast<size_t>(stage.type)]) {
      if (m.from == stage.from && m.to == stage.to) return {m.seconds, m.seconds, m.amounts, 1, m.watts};
    }
    throw Error("{} was not measured", text(problem_, stage));
  }

  void add_load(const std::string& what, double seconds) {
    Load& load = found_.loads.emplace_back();
    load.what = what;
    load.seconds = seconds;
  }

  void add_stage(const Stage& stage) {
    const NodeType& type = type_of(stage);
    const bool has_layers = problem_.measured[static_cast<size_t>(stage.type)].empty();
    StagePrediction one = has_layers ? of_layers(stage) : measured(stage);
    for (size_t k = 0; k < kResources; ++k) {
      const double share = one.amounts[k] > 0 ? one.amounts[k] / type.usable[k] : 0;
      if (share > one.share) {
        one.share = share;
        one.scarcest = static_cast<int32_t>(k);
      }
    }
    one.replicas = stage.replicas;
    one.watts *= stage.replicas;
    one.rate = stage.replicas / one.seconds;
    add_load(text(problem_, stage), one.seconds / stage.replicas);
    found_.latency += one.latency;
    found_.watts += one.watts;
    found_.nodes += stage.replicas;
    found_.stages.push_back(one);
  }

  /// A node's or the host's port: what it receives and what it sends, of one of so many images.
  void add_port(const std::string& name, const Link& link, int32_t in, int32_t out, int32_t replicas) {
    const double receive = port_seconds(link, cut(in).bytes, problem_.images_per_message) / replicas;
    const double send = port_seconds(link, cut(out).bytes, problem_.images_per_message) / replicas;
    if (link.half_duplex) {
      add_load(name + ": its port, both ways", receive + send);
      return;
    }
    add_load(fmt::format("{}: its port, receiving what follows {}", name, place(in)), receive);
    add_load(fmt::format("{}: its port, sending what follows {}", name, place(out)), send);
  }
  std::string place(int32_t index) const { return index == 0 ? "the input" : cut(index).after; }

  /// Before stage `hop`; the last one goes to the host.
  void add_hop(size_t hop) {
    const bool first = hop == 0, last = hop == plan_.stages.size();
    const Stage* from = first ? nullptr : &plan_.stages[hop - 1];
    const Stage* to = last ? nullptr : &plan_.stages[hop];
    const int32_t at = last ? static_cast<int32_t>(problem_.end()) : to->from;
    const Link& sender = from ? type_of(*from).link : problem_.host;
    const Link& receiver = to ? type_of(*to).link : problem_.host;
    const double bytes = cut(at).bytes;
    all_bytes_ += bytes;
    if (!first && !last) found_.bytes += bytes;
    double alone = std::max(port_seconds(sender, bytes, 1), port_seconds(receiver, bytes, 1));
    const Link both = cable(sender, receiver);
    if (problem_.topology == Topology::kPointToPoint) {
      const int32_t share = pairs(from ? from->replicas : 1, to ? to->replicas : 1);
      add_load(fmt::format("a cable behind {}", place(at)), port_seconds(both, bytes, problem_.images_per_message) / share);
      alone = port_seconds(both, bytes, 1);
    }
    if (problem_.switch_bandwidth > 0) alone = std::max(alone, bytes / problem_.switch_bandwidth);
    found_.latency += both.latency + alone;
  }

  /// One stage sends its results back over the cable that its images come from.
  void add_only_cable() {
    const Stage& only = plan_.stages[0];
    const Link both = cable(problem_.host, type_of(only).link);
    if (!both.half_duplex) return;
    const double seconds = port_seconds(both, cut(only.from).bytes, problem_.images_per_message) +
                           port_seconds(both, cut(only.to).bytes, problem_.images_per_message);
    add_load("the cable of the host, both ways", seconds / only.replicas);
  }

  const Problem& problem_;
  const Plan& plan_;
  Prediction found_;
  double all_bytes_ = 0;
};

/// Whether a plan's numbers are of this problem, so that nothing out of range is read.
void verify_indices(const Problem& problem, const Plan& plan) {
  if (plan.stages.empty()) throw Error("a plan has at least one stage");
  int32_t at = 0;
  for (const Stage& stage : plan.stages) {
    const auto cuts = static_cast<int32_t>(problem.cuts.size());
    if (stage.from != at || stage.to <= at || stage.to >= cuts)
      throw Error("a stage from cut {} to cut {} does not follow cut {}", stage.from, stage.to, at);
    if (stage.type < 0 || stage.type >= static_cast<int32_t>(problem.types.size()) || stage.replicas < 1)
      throw Error("the stage from cut {} has no type of node, or no replicas", stage.from);
    at = stage.to;
    if (!problem.measured[static_cast<size_t>(stage.type)].empty()) continue;
    size_t next = 0;
    for (size_t layer = 0; layer < problem.layers.size(); ++layer) {
      const bool before = problem.cuts[static_cast<size_t>(stage.from)].done[layer];
      const bool inside = problem.cuts[static_cast<size_t>(stage.to)].done[layer];
      if (before && !inside)
        throw Error("cut {} does not follow cut {}: layer '{}'", stage.to, stage.from, problem.layers[layer]);
      if (before || !inside) continue;
      const auto& options = problem.options[static_cast<size_t>(stage.type)][layer];
      const int32_t option = next < stage.options.size() ? stage.options[next] : -1;
      if (option < 0 || option >= static_cast<int32_t>(options.size()))
        throw Error("layer '{}' has no option {} on '{}'", problem.layers[layer], option,
                    problem.types[static_cast<size_t>(stage.type)].name);
      ++next;
    }
    if (next != stage.options.size()) throw Error("the stage from cut {} has options for other layers", stage.from);
  }
  if (at != static_cast<int32_t>(problem.end())) throw Error("the stages end at cut {}, before the last layer", at);
}

}  // namespace

Prediction predict(const Problem& problem, const Plan& plan) {
  verify_indices(problem, plan);
  return Predictor(problem, plan).predict();
}

double cost(Objective objective, const Prediction& p) {
  switch (objective) {
    case Objective::kThroughput:
      return p.period;
    case Objective::kDevices:
      return p.nodes;
    case Objective::kPower:
      return p.watts;
    case Objective::kLatency:
      return p.latency;
    case Objective::kBytes:
      return p.bytes;
    case Objective::kEven:
    case Objective::kArea:
      break;
  }
  double most = 0, sum = 0;
  for (const StagePrediction& stage : p.stages) most = std::max(most, stage.share);
  for (const StagePrediction& stage : p.stages) sum += stage.share * stage.replicas;
  return objective == Objective::kEven ? most : sum;
}

}  // namespace bitloom::plan
