// SPDX-License-Identifier: Apache-2.0
//
// The RTL of a design, simulated by Verilator, gives the bits that the reference executor gives, whatever the folding and
// the pauses on either side.
#include <cstdlib>
#include <filesystem>
#include <random>

#include <gtest/gtest.h>

#include "bitloom/file.h"
#include "bitloom/process.h"
#include "bitloom/rtl.h"
#include "small_network.h"
#include "support/temporary_folder.h"

namespace bitloom::hw {
namespace {

namespace fs = std::filesystem;

class SimulationTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!run_process({"verilator", "--version"}, ".")) GTEST_SKIP() << "verilator is not installed";
    ::setenv("XDG_CACHE_HOME", (folder_ / "cache").c_str(), 1);
  }

  const test::TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
};

const fs::path kLibrary = fs::path(BITLOOM_SOURCE_DIR) / "rtl";

int32_t random_divisor(int64_t of, std::mt19937_64& random) {
  std::vector<int32_t> divisors;
  for (int32_t d = 1; d <= of; ++d)
    if (of % d == 0) divisors.push_back(d);
  return divisors[random() % divisors.size()];
}

Folding random_folding(const ir::Network& network, uint64_t seed) {
  std::mt19937_64 random(seed);
  Folding folding;
  for (const ir::Node& node : network.nodes) {
    const auto* dot = std::get_if<ir::Dot>(&node.layer);
    if (dot == nullptr) continue;
    const ir::Shape& in = network.nodes[static_cast<size_t>(node.inputs[0])].type.shape;
    LayerFolding layer{.name = node.name};
    layer.pe = random_divisor(dot->weights.rows(), random);
    layer.simd = dot->groups > 1 ? 1 : random_divisor(in.channels, random);
    folding.layers.push_back(layer);
  }
  return folding;
}

/// Emits and simulates, without pauses and with.
void expect_exact(const ir::Network& network, const Folding& folding, const fs::path& folder, uint64_t seed) {
  const Design made = design(network, folding);
  constexpr int64_t kFrames = 4;
  emit_rtl(made, network, ir::random_inputs(network, kFrames, seed), kLibrary, folder);
  for (const int stalls : {0, 40}) {
    SimulationOptions options;
    options.input_stalls = options.output_stalls = stalls;
    options.seed = seed;
    const Simulation found = simulate(folder, options);
    EXPECT_EQ(found.frames, kFrames);
    EXPECT_EQ(found.wrong_words, 0) << "stalls " << stalls;
    for (const Activity& unit : found.units) EXPECT_EQ(unit.busy + unit.starved + unit.blocked, found.cycles);
    for (size_t s = 0; s < made.streams.size(); ++s)  // windows show padding of a next picture, which never comes
      EXPECT_GE(found.streams[s].words, kFrames * made.streams[s].words) << made.streams[s].name;
  }
}

TEST_F(SimulationTest, SlowConvolutionsWithPaddingAndDenseLayersAreExact) {
  const ir::Network network = test::small_network();
  expect_exact(network, random_folding(network, 5), folder_ / "rtl", 1);
}

/// The folder's files but for the cache.
std::vector<fs::path> cached(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder / "cache" / "bitloom" / "rtl")) files.push_back(entry.path());
  return files;
}

TEST_F(SimulationTest, SlowModelsAreBuiltOnceForAllWeights) {
  for (const uint64_t seed : {1, 2}) {
    const ir::Network network = test::tiny_network(seed);
    const fs::path folder = folder_ / std::to_string(seed);
    emit_rtl(design(network, test::tiny_folding()), network, ir::random_inputs(network, 3, seed), kLibrary, folder);
    EXPECT_EQ(simulate(folder).wrong_words, 0);
    EXPECT_EQ(cached(folder_).size(), 1u);
  }
  const ir::Network network = test::tiny_network(1);
  Folding other = test::tiny_folding();
  other.layers[0].simd = 3;
  emit_rtl(design(network, other), network, ir::random_inputs(network, 3, 1), kLibrary, folder_ / "1");
  EXPECT_EQ(simulate(folder_ / "1").wrong_words, 0);
  EXPECT_EQ(cached(folder_).size(), 2u);
}

TEST_F(SimulationTest, SlowSimulatesWithoutAFolderForTheCache) {
  ::setenv("XDG_CACHE_HOME", "/dev/null", 1);
  const ir::Network network = test::tiny_network(1);
  emit_rtl(design(network, test::tiny_folding()), network, ir::random_inputs(network, 3, 1), kLibrary, folder_ / "rtl");
  EXPECT_EQ(simulate(folder_ / "rtl").wrong_words, 0);
}

TEST_F(SimulationTest, SlowWavesAreWritten) {
  const ir::Network network = test::tiny_network(1);
  emit_rtl(design(network, test::tiny_folding()), network, ir::random_inputs(network, 3, 1), kLibrary, folder_ / "rtl");
  EXPECT_EQ(simulate(folder_ / "rtl", {.waves = folder_ / "waves.vcd"}).wrong_words, 0);
  EXPECT_GT(fs::file_size(folder_ / "waves.vcd"), 1000u);
}

TEST_F(SimulationTest, folder_that_nobody_emitted_is_refused_bad) {
  EXPECT_EQ(test::error_of([&] { simulate(folder_); }), folder_.string() + ": is no folder that `bitloom emit rtl` wrote");
}

}  // namespace
}  // namespace bitloom::hw
