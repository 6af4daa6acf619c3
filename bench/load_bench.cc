// SPDX-License-Identifier: Apache-2.0
//
// How long it takes until a model can run: loading a .bloom file, and importing the models of others where they are there.
#include <filesystem>

#include <benchmark/benchmark.h>

#include "bitloom/lower.h"

namespace {

const std::filesystem::path kSource = BITLOOM_SOURCE_DIR;

void load(benchmark::State& state, const char* model) {
  for (auto _ : state) benchmark::DoNotOptimize(bitloom::ir::load(kSource / "models" / model));
}
BENCHMARK_CAPTURE(load, lfc_w1a1, "lfc-w1a1/lfc-w1a1.bloom")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(load, sfc_w1a1, "sfc-w1a1/sfc-w1a1.bloom")->Unit(benchmark::kMicrosecond);

void import_and_lower(benchmark::State& state, const char* model) {
  const std::filesystem::path path = kSource.parent_path() / "shared" / "models" / model;
  if (!std::filesystem::exists(path)) return state.SkipWithError("the third-party models are not there");
  for (auto _ : state) benchmark::DoNotOptimize(bitloom::lower::load_model(path));
}
BENCHMARK_CAPTURE(import_and_lower, tfc_2w2a, "qonnx/TFC_2W2A.onnx")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(import_and_lower, lfc_w1a1, "bnn-pynq/mnist/lfcW1A1")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(import_and_lower, cnv_w1a1, "bnn-pynq/cifar10/cnvW1A1")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(import_and_lower, cnv_w2a2, "bnn-pynq/cifar10/cnvW2A2")->Unit(benchmark::kMillisecond);

}  // namespace
