// SPDX-License-Identifier: Apache-2.0
//
// Plans as JSON files: what runs where, and what is to be expected of it.
#include <nlohmann/json.hpp>

#include "bitloom/split.h"

namespace bitloom::plan {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Amounts& amounts) {
  return {
      {"lut", amounts[0]}, {"ff", amounts[1]}, {"bram36", amounts[2]}, {"dsp", amounts[3]}, {"memory_bytes", amounts[4]}};
}

Json json_of(const hw::Resources& r) { return {{"lut", r.lut}, {"ff", r.ff}, {"bram36", r.blocks()}, {"dsp", r.dsp}}; }

Json stage_json(const Split& split, const Solution& solution, const StageFiles& files, size_t index) {
  const Problem& problem = split.problem();
  const Stage& stage = solution.plan.stages[index];
  const StagePrediction& expected = solution.prediction.stages[index];
  const Cut& in = problem.cuts[static_cast<size_t>(stage.from)];
  const Cut& out = problem.cuts[static_cast<size_t>(stage.to)];
  Json json{{"name", files.name},
            {"network", files.name + ".bloom"},
            {"node", problem.types[static_cast<size_t>(stage.type)].name},
            {"device", split.cluster().nodes[static_cast<size_t>(stage.type)].device},
            {"replicas", stage.replicas},
            {"layers", Json::array()},
            {"in", {{"tensors", in.tensors}, {"bytes", in.exact_bytes}, {"bytes_on_the_wire", in.bytes}}},
            {"out", {{"tensors", out.tensors}, {"bytes", out.exact_bytes}, {"bytes_on_the_wire", out.bytes}}},
            {"seconds_an_image", files.seconds},
            {"expected",
             {{"seconds_an_image", expected.seconds},
              {"rate", expected.rate},
              {"watts", expected.watts},
              {"resources", json_of(expected.amounts)}}}};
  for (size_t layer = 0; layer < problem.layers.size(); ++layer) {
    if (out.done[layer] && !in.done[layer]) json["layers"].push_back(problem.layers[layer]);
  }
  if (files.folding) json["folding"] = files.name + ".folding.json";
  if (files.resources) json["resources"] = json_of(*files.resources);
  return json;
}

}  // namespace

std::string print(const Split& split, const Request& request, const Solution& solution,
                  std::span<const StageFiles> stages) {
  const Prediction& p = solution.prediction;
  Json json{{"format", "bitloom plan 1"},
            {"network", split.network().name},
            {"cluster", split.cluster().name},
            {"objective", kObjectiveNames[static_cast<size_t>(request.objective)]},
            {"images_per_message", split.cluster().images_per_message},
            {"rate", p.rate},
            {"latency_seconds", p.latency},
            {"watts", p.watts},
            {"bytes_between_nodes", p.bytes},
            {"bound_by", p.loads[p.binding].what},
            {"loads", Json::array()},
            {"stages", Json::array()}};
  for (const Load& load : p.loads) json["loads"].push_back({{"what", load.what}, {"share", load.seconds / p.period}});
  if (request.rate > 0) json["rate_asked_for"] = request.rate;
  for (size_t i = 0; i < stages.size(); ++i) json["stages"].push_back(stage_json(split, solution, stages[i], i));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace bitloom::plan
