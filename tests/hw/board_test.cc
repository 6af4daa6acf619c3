// SPDX-License-Identifier: Apache-2.0
//
// Emulated boards give what the reference executor gives, however many there are and however often they run.
#include "bitloom/board.h"

#include <cstdlib>
#include <thread>

#include <gtest/gtest.h>

#include "bitloom/file.h"
#include "bitloom/process.h"
#include "bitloom/rtl.h"
#include "random_folding.h"
#include "small_network.h"
#include "support/temporary_folder.h"

namespace bitloom::hw {
namespace {

namespace fs = std::filesystem;

const fs::path kLibrary = fs::path(BITLOOM_SOURCE_DIR) / "rtl";

class BoardTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!run_process({"verilator", "--version"}, ".")) GTEST_SKIP() << "verilator is not installed";
    ::setenv("XDG_CACHE_HOME", (folder_ / "cache").c_str(), 1);
  }

  std::vector<fs::path> cached() const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder_ / "cache" / "bitloom" / "rtl")) files.push_back(entry.path());
    return files;
  }

  const test::TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
};

Board board_of(const ir::Network& network, uint64_t seed = 1) {
  return {design(network, resolve(network, test::random_folding(network, seed))), network, kLibrary};
}

/// Runs frames drawn by `seed`.
void expect_exact(Board& board, const ir::Network& network, int64_t frames, uint64_t seed) {
  const std::vector<ir::Tensor> inputs = ir::random_inputs(network, frames, seed);
  const Board::Run run = board.run(inputs);
  EXPECT_EQ(run.outputs, ir::evaluate(network, inputs)) << network.name << " " << seed;
  EXPECT_GE(run.cycles, run.latency);
}

TEST_F(BoardTest, SlowOutputsAreExactRunAfterRun) {
  const ir::Network network = test::small_network();
  const Design made = design(network, resolve(network, test::random_folding(network, 3)));
  Board board(made, network, kLibrary);
  for (uint64_t seed = 1; seed < 6; ++seed) expect_exact(board, network, static_cast<int64_t>(seed), seed);
  EXPECT_EQ(board.clock_mhz(), 100);
  ASSERT_EQ(board.inputs().size(), 1u);
  EXPECT_EQ(board.inputs()[0], (Board::Port{"image", network.nodes[0].type}));
  EXPECT_EQ(board.outputs()[0], (Board::Port{"logits", network.nodes.back().type}));
  // Frames follow each other as closely as the slowest unit allows.
  const int64_t few = board.run(ir::random_inputs(network, 4, 1)).cycles,
                more = board.run(ir::random_inputs(network, 9, 1)).cycles;
  EXPECT_EQ(more - few, 5 * interval(made));
}

TEST_F(BoardTest, SlowSeveralPorts) {
  const ir::Network network = test::branched_network();
  Board board = board_of(network);
  for (uint64_t seed = 1; seed < 4; ++seed) expect_exact(board, network, 3, seed);
}

TEST_F(BoardTest, SlowSeveralBoardsAtOnce) {
  const ir::Network networks[] = {test::tiny_network(1), test::tiny_network(2), test::branched_network()};
  std::vector<Board> boards;
  for (const ir::Network& network : networks) boards.push_back(board_of(network));
  EXPECT_EQ(cached().size(), 2u) << "boards that differ in weights alone share a library";
  std::vector<std::thread> threads;
  for (size_t i = 0; i < 3; ++i) {
    threads.emplace_back([&, i] {
      for (uint64_t seed = 1; seed < 20; ++seed) expect_exact(boards[i], networks[i], 5, seed);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(BoardTest, SlowStagesOfACutNetworkOneAfterAnother) {
  const ir::Network network = test::small_network();
  const std::vector<ir::Tensor> inputs = ir::random_inputs(network, 3, 4);
  const std::vector<ir::Tensor> expected = ir::evaluate(network, inputs);
  for (const char* last : {"conv0.act", "pool"}) {
    const ir::Halves halves = ir::cut(network, network.find(last));
    const std::vector<ir::Tensor> between = board_of(halves.first).run(inputs).outputs;
    EXPECT_EQ(board_of(halves.second).run(between).outputs, expected) << "cut after " << last;
  }
}

TEST_F(BoardTest, folder_that_nobody_emitted_bad) {
  EXPECT_EQ(test::error_of([&] { Board board(folder_); }),
            folder_.string() + ": is no folder that `bitloom emit rtl` wrote");
}

TEST_F(BoardTest, SlowMissingFilesAndFramesBad) {
  const ir::Network network = test::tiny_network(1);
  const fs::path rtl = folder_ / "rtl";
  emit_rtl(design(network, test::tiny_folding()), network, ir::random_inputs(network, 1, 1), kLibrary, rtl);
  {
    Board board(rtl);
    EXPECT_EQ(test::error_of([&] { board.run({}); }), "network 'board': got 0 tensors, expected one for each of 1 inputs");
    EXPECT_EQ(test::error_of([&] {
                board.run(std::vector{ir::Tensor::zeros({1, 1, 6}, 0)});
              }),
              "a board needs at least one frame to run");
    fs::rename(rtl / "mem", rtl / "elsewhere");
    EXPECT_EQ(test::error_of([&] { Board broken(rtl); }),
              rtl.string() + ": cannot be made a board: mem/dense.weights.hex: $readmem file not found");
    expect_exact(board, network, 2, 1);
  }
}

}  // namespace
}  // namespace bitloom::hw
