// SPDX-License-Identifier: Apache-2.0
//
// Images a second of the engine on random images, one thread, beside the reference executor on the same images.
#include <filesystem>

#include <benchmark/benchmark.h>

#include "bitloom/lower.h"
#include "runner.h"

namespace {

const std::filesystem::path kSource = BITLOOM_SOURCE_DIR;

void engine(benchmark::State& state, const std::filesystem::path& model) {
  if (!std::filesystem::exists(model)) return state.SkipWithError("the third-party models are not there");
  const bitloom::ir::Network network = bitloom::lower::load_model(model);
  bitloom::bench::Runner runner(network, {}, state.range(0));
  for (auto _ : state) runner.run();
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void reference(benchmark::State& state, const std::filesystem::path& model) {
  const bitloom::ir::Network network = bitloom::lower::load_model(model);
  const auto inputs = bitloom::ir::random_inputs(network, 1, 1);
  for (auto _ : state) benchmark::DoNotOptimize(bitloom::ir::evaluate(network, inputs));
  state.SetItemsProcessed(state.iterations());
}

const std::filesystem::path kLfc = kSource / "models" / "lfc-w1a1" / "lfc-w1a1.bloom";
const std::filesystem::path kSfc = kSource / "models" / "sfc-w1a1" / "sfc-w1a1.bloom";
const std::filesystem::path kOthers = kSource.parent_path() / "shared" / "models" / "bnn-pynq" / "cifar10";

BENCHMARK_CAPTURE(engine, sfc_w1a1, kSfc)->Arg(1)->Arg(256)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(engine, lfc_w1a1, kLfc)->Arg(1)->Arg(256)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(engine, cnv_w1a1, kOthers / "cnvW1A1")->Arg(1)->Arg(64)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(engine, cnv_w2a2, kOthers / "cnvW2A2")->Arg(1)->Arg(64)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(reference, lfc_w1a1, kLfc)->Unit(benchmark::kMicrosecond);

}  // namespace
