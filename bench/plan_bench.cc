// SPDX-License-Identifier: Apache-2.0
//
// How long the planner takes: a long network on many nodes, and CNV on three boards.
#include <benchmark/benchmark.h>

#include <cmath>
#include <random>

#include "bitloom/file.h"
#include "bitloom/split.h"

namespace bitloom {
namespace {

/// Chains of layers with eight foldings each, on four nodes of each of four types, the largest four times the smallest.
plan::Problem chain(int32_t layers) {
  std::mt19937_64 random(1);
  const auto real = [&](double least, double most) { return std::uniform_real_distribution<double>(least, most)(random); };
  plan::Problem p;
  p.name = "chain";
  std::vector<std::vector<plan::LayerOption>> options;
  for (int32_t i = 0; i <= layers; ++i) {
    std::vector<bool> done(static_cast<size_t>(layers));
    std::fill_n(done.begin(), i, true);
    const double bytes = real(100, 20000);
    p.cuts.push_back({"layer" + std::to_string(i), std::move(done), bytes, bytes, {}});
    if (i == layers) break;
    p.layers.push_back("layer" + std::to_string(i));
    options.emplace_back();
    const double work = real(0.5, 2), blocks = real(0.5, 3);
    for (int fold = 1; fold <= 128; fold *= 2) {
      const double lut = 300 + 40 * work * fold;
      options.back().push_back({0.05 * work / fold, {lut, 0.6 * lut, blocks + 0.05 * fold, 0, 0}});
    }
  }
  for (const double size : {0.5, 1.0, 1.5, 2.0}) {
    plan::NodeType type;
    type.name = "size" + std::to_string(size);
    type.count = 4;
    type.usable = type.total = {42560 * size, 85120 * size, 140 * size, 220, 0};
    type.watts = 1 + size;
    type.watts_of = {2e-5, 6e-6, 2.5e-3, 1e-3, 0};
    type.link = {125e6, 1e-4, 1e-5, false};
    p.types.push_back(type);
    p.options.push_back(options);
    p.measured.emplace_back();
  }
  return p;
}

void plan_chain(benchmark::State& state) {
  const plan::Problem problem = chain(static_cast<int32_t>(state.range(0)));
  plan::Request request;
  request.objective = static_cast<plan::Objective>(state.range(1));
  if (request.objective != plan::Objective::kThroughput) request.rate = 1000;
  state.SetLabel(std::string(plan::kObjectiveNames[static_cast<size_t>(state.range(1))]));
  for (auto _ : state) benchmark::DoNotOptimize(plan::solve(problem, request));
}
BENCHMARK(plan_chain)
    ->ArgNames({"layers", "objective"})
    ->ArgsProduct({{100}, {0, 1, 2, 4, 5, 6}})
    ->Unit(benchmark::kMillisecond);

void plan_cnv(benchmark::State& state) {
  const std::filesystem::path source = BITLOOM_SOURCE_DIR;
  const std::string json = read_text(source / "examples" / "clusters" / "pynq-3.json");
  const plan::Split split(ir::load(source / "models" / "cnv-w2a2" / "cnv-w2a2.bloom"),
                          plan::read_cluster(json, "pynq-3.json"));
  plan::Request request;
  request.objective = static_cast<plan::Objective>(state.range(0));
  if (request.objective != plan::Objective::kThroughput) request.rate = 3000;
  state.SetLabel(std::string(plan::kObjectiveNames[static_cast<size_t>(state.range(0))]));
  for (auto _ : state) benchmark::DoNotOptimize(plan::solve(split.problem(), request));
}
BENCHMARK(plan_cnv)->ArgName("objective")->DenseRange(0, 6)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bitloom
