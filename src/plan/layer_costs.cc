// SPDX-License-Identifier: Apache-2.0
#include "layer_costs.h"

#include <algorithm>

#include "bitloom/engine.h"

namespace bitloom::plan {
namespace {

bool at_most(const LayerOption& a, const LayerOption& b) {
  for (size_t k = 0; k < kResources; ++k) {
    if (a.amounts[k] > b.amounts[k]) return false;
  }
  return a.seconds <= b.seconds;
}

}  // namespace

Amounts amounts_of(const hw::Resources& r) {
  return {static_cast<double>(r.lut), static_cast<double>(r.ff), r.blocks(), static_cast<double>(r.dsp), 0};
}

std::vector<LayerOption> foldings_of(const ir::Network& network, const hw::Device& device, double clock_mhz) {
  constexpr std::array<double, 3> kBlockPrices{200, 20, 2000};  // the usual one; rather blocks than LUTs; the reverse
  std::vector<LayerOption> all;
  for (const double block : kBlockPrices) {
    hw::Prices prices;
    prices.bram36 = block;
    for (const hw::ParetoPoint& point : hw::Folds(network, device, prices).pareto()) {
      const LayerOption option{static_cast<double>(point.interval) / (clock_mhz * 1e6), amounts_of(point.resources)};
      if (std::ranges::none_of(all, [&](const LayerOption& other) { return at_most(other, option); })) {
        std::erase_if(all, [&](const LayerOption& other) { return at_most(option, other); });
        all.push_back(option);
      }
    }
  }
  return all;
}

LayerOption measured_on_cpu(const ir::Network& network) {
  constexpr int64_t kImages = 16;
  constexpr double kEnough = 0.02;  // seconds
  constexpr int kMostRuns = 50;
  const engine::Program program(network, {1, false, {}});
  engine::Workspace workspace = program.workspace();
  const std::vector<ir::Tensor> inputs = ir::random_inputs(network, kImages, 1);
  std::vector<engine::InputView> views;
  for (const ir::Tensor& tensor : inputs) views.emplace_back(std::span<const int32_t>(tensor.values));
  std::vector<std::vector<int32_t>> results;
  std::vector<std::span<int32_t>> outputs;
  for (const ir::NodeId id : network.outputs) {
    results.emplace_back(static_cast<size_t>(kImages * network.nodes[static_cast<size_t>(id)].type.shape.elements()));
  }
  for (std::vector<int32_t>& result : results) outputs.emplace_back(result);
  double fastest = 0, sum = 0;
  for (int run = 0; run < kMostRuns && sum < kEnough; ++run) {
    std::vector<double> seconds(program.steps().size());
    program.profile(kImages, views, outputs, workspace, seconds);
    double all = 0;
    for (const double step : seconds) all += step;
    sum += all;
    if (run == 0 || all < fastest) fastest = all;
  }
  return {std::max(fastest / kImages, 1e-9), {0, 0, 0, 0, static_cast<double>(program.parameter_bytes())}};
}

}  // namespace bitloom::plan
