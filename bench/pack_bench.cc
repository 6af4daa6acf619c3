// SPDX-License-Identifier: Apache-2.0
//
// How inputs become bit planes: pixels of 8 bits by a threshold, as in SFC, and bipolar or ternary 32-bit integers. The
// time is that of the step that does it; that the values belong to the input's type is checked before.
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "networks.h"
#include "runner.h"

namespace {

namespace ir = bitloom::ir;

constexpr int kElements = 784;  // a digit of MNIST

/// A layer that reads planes, after a threshold that makes them of pixels.
ir::Network of_pixels(int bits) {
  return bitloom::bench::one_layer({.channels_in = kElements, .channels_out = 16, .input_bits = bits, .output_bits = bits});
}

/// The layer alone.
ir::Network of_integers(int bits) { return ir::cut(of_pixels(bits), 1).second; }

void pack(benchmark::State& state, const ir::Network& network, const std::string& target, int64_t bytes_an_element) {
  bitloom::bench::Runner runner(network, target);
  for (auto _ : state) state.SetIterationTime(runner.time_step(0));
  const int64_t elements = state.iterations() * runner.images() * kElements;
  state.SetItemsProcessed(elements);
  state.SetBytesProcessed(elements * bytes_an_element);
  state.SetLabel(runner.program().steps().front().what);
}

void add(const std::string& name, const ir::Network& network, std::string_view target, int64_t bytes_an_element) {
  benchmark::RegisterBenchmark(name.c_str(), pack, network, std::string(target), bytes_an_element)
      ->UseManualTime()
      ->Unit(benchmark::kMicrosecond);
}

bool add_all() {
  const std::vector<std::string_view> targets = bitloom::engine::targets();
  for (const std::string_view target : targets) add(fmt::format("pack/uint8/{}", target), of_pixels(1), target, 1);
  // Not by kernels of the targets.
  add("pack/int32", of_integers(1), targets.front(), 4);
  add("pack/int32_ternary", of_integers(2), targets.front(), 4);
  return true;
}

[[maybe_unused]] const bool kAdded = add_all();

}  // namespace
