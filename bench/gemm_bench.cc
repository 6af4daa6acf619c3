// SPDX-License-Identifier: Apache-2.0
//
// One layer, Dot and Threshold, on each of this CPU's targets, one thread. The names say inputs of a sum x channels:
// gemm/1024x1024/avx2 is LFC's hidden layer, gemm/576x64/avx2 CNV's 3 x 3 convolution of 64 to 64 channels. `gemm` alone is
// bipolar; the others say the bits of weights and inputs. The time is that of the layer's step, so neither that of the
// check and packing of its inputs nor that of the results.
#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "networks.h"
#include "runner.h"

namespace {

using bitloom::bench::LayerShape;

constexpr std::array<LayerShape, 4> kFullyConnected{{
    {.channels_in = 784, .channels_out = 256},    // SFC
    {.channels_in = 256, .channels_out = 256},    // SFC
    {.channels_in = 784, .channels_out = 1024},   // LFC
    {.channels_in = 1024, .channels_out = 1024},  // LFC
}};

constexpr std::array<LayerShape, 5> kConvolutions{{
    {.size = 30, .channels_in = 64, .channels_out = 64, .kernel = 3},
    {.size = 14, .channels_in = 64, .channels_out = 128, .kernel = 3},
    {.size = 12, .channels_in = 128, .channels_out = 128, .kernel = 3},
    {.size = 5, .channels_in = 128, .channels_out = 256, .kernel = 3},
    {.size = 3, .channels_in = 256, .channels_out = 256, .kernel = 3},
}};

constexpr LayerShape kPixels{.size = 32, .channels_in = 3, .channels_out = 64, .kernel = 3, .input_bits = 8};

int inputs_of_a_sum(const LayerShape& shape) { return shape.kernel * shape.kernel * shape.channels_in; }

std::string name_of(const LayerShape& shape) {
  const bool bipolar = shape.weight_bits == 1 && shape.input_bits == 1;
  const std::string bits = bipolar ? "" : fmt::format("_w{}a{}", shape.weight_bits, shape.input_bits);
  return fmt::format("gemm{}/{}x{}", bits, inputs_of_a_sum(shape), shape.channels_out);
}

/// Google Benchmark calls a benchmark several times.
const bitloom::ir::Network& network_of(const LayerShape& shape) {
  static std::map<std::string, bitloom::ir::Network> networks;
  const auto [found, is_new] = networks.try_emplace(name_of(shape));
  if (is_new) found->second = bitloom::bench::one_layer(shape);
  return found->second;
}

/// Measured once a run and target, so that all ratios are of one number.
double ceiling_of(const std::string& target) {
  static std::map<std::string, double> ceilings;
  const auto [found, is_new] = ceilings.try_emplace(target);
  if (is_new) found->second = bitloom::engine::ceiling(target);
  return found->second;
}

/// Of the median iteration, which other programs on the machine disturb less than the mean.
void set_counters(benchmark::State& state, std::vector<double> times, double operations, const std::string& target) {
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::ranges::nth_element(times, middle);
  state.counters["operations/s"] = operations / *middle;
  state.counters["of_ceiling"] = operations / *middle / ceiling_of(target);
}

void gemm(benchmark::State& state, const LayerShape& shape, const std::string& target) {
  bitloom::bench::Runner runner(network_of(shape), target);
  const auto steps = runner.program().steps();
  const auto layer = std::ranges::find_if(steps, [](const auto& step) { return step.operations > 0; });
  const auto step = static_cast<size_t>(layer - steps.begin());
  std::vector<double> times;
  for (auto _ : state) state.SetIterationTime(times.emplace_back(runner.time_step(step)));
  set_counters(state, std::move(times), static_cast<double>(layer->operations * runner.images()), target);
  state.SetLabel(layer->what);
}

std::vector<uint64_t> random_words(int count) {
  std::mt19937_64 random(1);
  std::vector<uint64_t> words(static_cast<size_t>(count));
  std::ranges::generate(words, random);
  return words;
}

/// What the portable kernels must not be much slower than: the sums of a bipolar layer as anyone would write them. Compiled
/// with the same flags.
void multiply(const std::vector<uint64_t>& rows, const std::vector<uint64_t>& weights, int words, std::vector<int>& sums) {
  int* sum = sums.data();
  for (const uint64_t* x = rows.data(); x != rows.data() + rows.size(); x += words) {
    for (const uint64_t* w = weights.data(); w != weights.data() + weights.size(); w += words) {
      int differ = 0;
      for (int k = 0; k < words; ++k) differ += std::popcount(x[k] ^ w[k]);
      *sum++ = words * 64 - 2 * differ;
    }
  }
}

void popcount_loop(benchmark::State& state, const LayerShape& shape) {
  using Clock = std::chrono::steady_clock;
  constexpr int kRows = 64;
  const int words = inputs_of_a_sum(shape) / 64;
  const std::vector<uint64_t> rows = random_words(kRows * words), weights = random_words(shape.channels_out * words);
  std::vector<int> sums(static_cast<size_t>(kRows * shape.channels_out));
  benchmark::DoNotOptimize(sums.data());
  std::vector<double> times;
  for (auto _ : state) {
    const Clock::time_point begin = Clock::now();
    multiply(rows, weights, words, sums);
    benchmark::ClobberMemory();
    state.SetIterationTime(times.emplace_back(std::chrono::duration<double>(Clock::now() - begin).count()));
  }
  set_counters(state, std::move(times), 2.0 * 64 * words * static_cast<double>(sums.size()), "portable");
}

void add(const std::string& name, auto function, auto... arguments) {
  benchmark::RegisterBenchmark(name.c_str(), function, arguments...)->UseManualTime()->Unit(benchmark::kMicrosecond);
}

void add_on_all_targets(const LayerShape& shape) {
  for (const std::string_view target : bitloom::engine::targets())
    add(fmt::format("{}/{}", name_of(shape), target), gemm, shape, std::string(target));
}

bool add_all() {
  std::vector<LayerShape> bipolar(kFullyConnected.begin(), kFullyConnected.end());
  bipolar.insert(bipolar.end(), kConvolutions.begin(), kConvolutions.end());
  for (const LayerShape& shape : bipolar) {
    add_on_all_targets(shape);
    // Beside `portable`. Of inputs that are whole words.
    if (shape.channels_in == 1024 || inputs_of_a_sum(shape) == 576)
      add(name_of(shape) + "/popcount_loop", popcount_loop, shape);
  }
  for (const auto& [weight_bits, input_bits] : {std::pair{1, 2}, std::pair{2, 2}, std::pair{4, 4}}) {
    for (LayerShape shape : kConvolutions) {
      shape.weight_bits = weight_bits;
      shape.input_bits = shape.output_bits = input_bits;
      add_on_all_targets(shape);
    }
  }
  add_on_all_targets(kPixels);
  return true;
}

[[maybe_unused]] const bool kAdded = add_all();

}  // namespace
