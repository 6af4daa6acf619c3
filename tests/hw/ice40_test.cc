// SPDX-License-Identifier: Apache-2.0
//
// A network on the boards with an iCE40: from the design to the bitstream, and the bytes that its gates give.
#include "bitloom/ice40.h"

#include <random>

#include <gtest/gtest.h>

#include "bitloom/file.h"
#include "bitloom/process.h"
#include "bitloom/rtl.h"
#include "support/temporary_folder.h"

namespace bitloom::hw {
namespace {

namespace fs = std::filesystem;

const fs::path kLibrary = fs::path(BITLOOM_SOURCE_DIR) / "rtl";

std::vector<uint32_t> codes(int64_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<uint32_t> result(static_cast<size_t>(count));
  for (uint32_t& code : result) code = static_cast<uint32_t>(random() & 1);
  return result;
}

/// Pixels, 16 neurons, and `classes` sums of two bytes or, if `top`, the largest one's index.
ir::Network small_network(int classes, bool top) {
  ir::Network network;
  network.name = "small";
  const ir::NodeId image = network.add("image", ir::Input{{4, 4, 3}, ir::Encoding::unsigned_bits(8), {}});
  const ir::NodeId flat = network.add("flat", ir::Reshape{{1, 1, 48}, false}, {image});
  const ir::NodeId sums =
      network.add("dense0", ir::Dot{{}, 1, ir::Encoding::bipolar(), ir::BitMatrix(16, 48, 1, codes(16 * 48, 1))}, {flat});
  std::vector<int32_t> thresholds(16);
  for (int i = 0; i < 16; ++i) thresholds[static_cast<size_t>(i)] = 100 * (i - 8);
  const ir::NodeId act =
      network.add("act", ir::Threshold{ir::Encoding::bipolar(), 16, thresholds, std::vector<uint8_t>(16, 0)}, {sums});
  const ir::NodeId logits = network.add(
      "dense1", ir::Dot{{}, 1, ir::Encoding::bipolar(), ir::BitMatrix(classes, 16, 1, codes(classes * 16, 2))}, {act});
  network.outputs = {top ? network.add("class", ir::TopK{1}, {logits}) : network.add("logits", ir::Output{}, {logits})};
  ir::verify(network);
  return network;
}

class Ice40Test : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* tool : {"verilator", "yosys", "nextpnr-ice40"})
      if (!run_process({tool, "--version"}, ".")) GTEST_SKIP() << tool << " is not installed";
  }

  Routed make(const ir::Network& network, const std::string& device_name, double clock_mhz) {
    const Device& device = find_device(device_name);
    const Folds folds(network, device);
    Folding folding = *folds.cheapest(200);
    folding.device = device_name;
    folding.clock_mhz = clock_mhz;
    const Design made = design(network, folding);
    const std::vector<ir::Tensor> frames = ir::random_inputs(network, 3, 7);
    emit_rtl(made, network, frames, kLibrary, folder_);
    return place_and_route(folder_);
  }

  const test::TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
};

TEST_F(Ice40Test, SlowSumsOfTheNetlistAreExact) {
  const Routed routed = make(small_network(5, false), "hx8k", 24);
  EXPECT_EQ(routed.clock_mhz, 24);
  EXPECT_TRUE(routed.timing_met());
  EXPECT_GT(routed.logic_cells, 100);
  EXPECT_EQ(routed.logic_cells_of, 7680);
  EXPECT_EQ(routed.blocks_of, 32);
  EXPECT_GT(fs::file_size(routed.bitstream), 100'000u);
  EXPECT_EQ(simulate_netlist(folder_), 0);
  std::vector<std::byte> bytes = read_file(folder_ / "serial" / "expected.bin");
  bytes[2] ^= std::byte{1};
  write_file(folder_ / "serial" / "expected.bin", std::span<const std::byte>(bytes));
  EXPECT_EQ(simulate_netlist(folder_), 1);
}

TEST_F(Ice40Test, SlowTheSmallerBoardHasABitstream) {
  const Routed routed = make(small_network(4, true), "up5k", 12);
  EXPECT_EQ(routed.clock_mhz, 12);
  EXPECT_TRUE(routed.timing_met());
  EXPECT_EQ(routed.logic_cells_of, 5280);
  EXPECT_GT(fs::file_size(routed.bitstream), 100'000u);
}

TEST(Ice40, clocks_are_those_that_the_board_can_make) {
  EXPECT_EQ(board_clock(find_device("hx8k"), 48), 48);
  EXPECT_EQ(board_clock(find_device("hx8k"), 49), 48.75);
  EXPECT_EQ(board_clock(find_device("up5k"), 30), 12);
  EXPECT_THROW(board_clock(find_device("hx8k"), 1), Error);
  EXPECT_THROW(board_clock(find_device("up5k"), 11), Error);
  EXPECT_THROW(board_clock(find_device("xc7z020"), 100), Error);
}

TEST(Ice40, folder_that_nobody_emitted_is_refused_bad) {
  const test::TemporaryFolder temporary;
  EXPECT_THROW(place_and_route(temporary.path()), Error);
}

}  // namespace
}  // namespace bitloom::hw
