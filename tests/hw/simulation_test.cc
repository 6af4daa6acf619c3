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
#include "support/temporary_folder.h"

namespace bitloom::hw {
namespace {

namespace fs = std::filesystem;

class SimulationTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!run_process({"verilator", "--version"}, ".")) GTEST_SKIP() << "verilator is not installed";
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
  ir::Network network;
  const auto codes = [](int64_t count, uint64_t seed, uint32_t below) {
    std::mt19937_64 random(seed);
    std::vector<uint32_t> result(static_cast<size_t>(count));
    for (uint32_t& code : result) code = static_cast<uint32_t>(random() % below);
    return result;
  };
  network.name = "small";
  const ir::NodeId image = network.add("image", ir::Input{{6, 6, 2}, ir::Encoding::unsigned_bits(8), {}});
  ir::Dot conv0{{.kernel_h = 3, .kernel_w = 3}, 1, ir::Encoding::bipolar(), ir::BitMatrix(4, 18, 1, codes(72, 1, 2))};
  const ir::NodeId sums0 = network.add("conv0", conv0, {image});
  const ir::NodeId act0 =
      network.add("conv0.act", ir::Threshold{ir::Encoding::bipolar(), 4, {-50, 0, 90, 200}, {0, 0, 1, 0}}, {sums0});
  ir::Dot conv1{{.kernel_h = 3, .kernel_w = 3, .pad_top = 1, .pad_left = 1, .pad_bottom = 1, .pad_right = 1},
                1,
                ir::Encoding::ternary(),
                ir::BitMatrix(6, 36, 2, codes(216, 2, 2))};
  const ir::NodeId sums1 = network.add("conv1", conv1, {act0});
  std::vector<int32_t> thresholds;
  for (int row = 0; row < 6; ++row)
    for (const int t : {-5, 0, 5}) thresholds.push_back(t + row);
  const ir::NodeId act1 =
      network.add("conv1.act", ir::Threshold{ir::Encoding::isometric(2), 6, thresholds, {0, 0, 0, 0, 0, 0}}, {sums1});
  const ir::NodeId pool =
      network.add("pool", ir::MaxPool{{.kernel_h = 2, .kernel_w = 2, .stride_h = 2, .stride_w = 2}}, {act1});
  const ir::NodeId flat = network.add("flat", ir::Reshape{{1, 1, 24}, false}, {pool});
  const ir::NodeId logits =
      network.add("dense", ir::Dot{{}, 1, ir::Encoding::bipolar(), ir::BitMatrix(5, 24, 1, codes(120, 3, 2))}, {flat});
  network.outputs = {network.add("logits", ir::Output{}, {logits})};
  ir::verify(network);
  expect_exact(network, random_folding(network, 5), folder_, 1);
}

TEST_F(SimulationTest, SlowRandomNetworksAreExact) {
  const char* cases = std::getenv("BITLOOM_RTL_CASES");
  int simulated = 0, unsupported = 0;
  for (uint64_t seed = 1; simulated < (cases ? std::atoi(cases) : 6); ++seed) {
    ASSERT_LT(unsupported, 200) << "hardly any network is supported";
    const ir::Network network =
        ir::random_network(seed, {.max_layers = 4, .max_channels = 12, .max_image = 6, .branches = false});
    if (network.inputs().size() != 1 || network.outputs.size() != 1) continue;
    SCOPED_TRACE(fmt::format("seed {}", seed));
    try {
      expect_exact(network, random_folding(network, seed), folder_ / std::to_string(seed), seed);
      ++simulated;
    } catch (const Unsupported&) {
      ++unsupported;
    }
  }
}

TEST_F(SimulationTest, equal_designs_are_written_alike) {
  ir::Network network;
  network.name = "tiny";
  const ir::NodeId in = network.add("in", ir::Input{{1, 1, 6}, ir::Encoding::unsigned_bits(2), {}});
  const std::vector<uint32_t> codes{0, 1, 1, 0, 1, 0, 1, 1, 0, 0, 0, 1};
  const ir::NodeId sums =
      network.add("dense", ir::Dot{{}, 1, ir::Encoding::bipolar(), ir::BitMatrix(2, 6, 1, codes)}, {in});
  network.outputs = {network.add("logits", ir::Output{}, {sums})};
  const Design made = design(network, random_folding(network, 1));
  for (const char* name : {"a", "b"}) emit_rtl(made, network, ir::random_inputs(network, 2, 1), kLibrary, folder_ / name);
  int files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder_ / "a")) {
    if (!entry.is_regular_file()) continue;
    ++files;
    EXPECT_EQ(read_file(entry.path()), read_file(folder_ / "b" / fs::relative(entry.path(), folder_ / "a")))
        << entry.path();
  }
  EXPECT_GE(files, 8);
  EXPECT_TRUE(fs::exists(folder_ / "a" / "bitloom_top.sv"));
}

TEST_F(SimulationTest, folder_that_nobody_emitted_is_refused_bad) {
  try {
    simulate(folder_);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()), folder_.string() +
                                             ": is no folder that `bitloom emit rtl` wrote for a network of one input and "
                                             "one output");
  }
}

}  // namespace
}  // namespace bitloom::hw
