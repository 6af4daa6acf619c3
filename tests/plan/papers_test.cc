// SPDX-License-Identifier: Apache-2.0
//
// What BNNsplit found by hand for CnvW2A2 on PYNQ-Z1 boards, from its own measurements (examples/clusters/bnnsplit.json).
#include <gtest/gtest.h>

#include "bitloom/file.h"
#include "bitloom/split.h"
#include "support/error_of.h"

namespace bitloom {
namespace {

using plan::Objective;

plan::Split split(const std::string& cluster) {
  const std::filesystem::path source = BITLOOM_SOURCE_DIR;
  const std::string name = cluster + ".json";
  return {ir::load(source / "models" / "cnv-w2a2" / "cnv-w2a2.bloom"),
          plan::read_cluster(read_text(source / "examples" / "clusters" / name), name)};
}

plan::Solution solve(const plan::Split& on, int32_t nodes, plan::Request request = {}) {
  const std::array counts{nodes};
  return plan::solve(on.with_counts(counts), request);
}

/// Layers .. and nodes of each stage.
std::string stages(const plan::Split& on, const plan::Solution& found) {
  std::string result;
  for (const plan::Stage& stage : found.plan.stages)
    result += (result.empty() ? "" : "; ") + plan::text(on.problem(), stage);
  return result;
}

TEST(BnnSplit, one_board_runs_205_images_a_second) {
  const plan::Split on = split("bnnsplit");
  EXPECT_NEAR(solve(on, 1).prediction.rate, 205.51, 0.01);
}

TEST(BnnSplit, images_of_400_kilobytes_bind_the_network_to_312_a_second) {
  const plan::Split on = split("bnnsplit-400kb");
  const plan::Solution found = solve(on, 3);
  EXPECT_NEAR(found.prediction.rate, 312.5, 0.01);
  EXPECT_EQ(found.prediction.loads[found.prediction.binding].what, "host: its port, sending what follows the input");
  EXPECT_NEAR(solve(on, 1).prediction.rate, 205.51, 0.01) << "the board is slower than the link";
}

TEST(BnnSplit, two_boards_split_after_the_last_convolution_run_287_images_a_second) {
  const plan::Split on = split("bnnsplit");
  plan::Request request;
  request.cuts = {on.cut_after("conv5.act")};
  const plan::Solution found = solve(on, 2, request);
  EXPECT_NEAR(found.prediction.rate, 287.1, 0.01);
  EXPECT_EQ(stages(on, found), "conv0 .. conv5 on PYNQ-Z1; dense6 .. dense8 on PYNQ-Z1");
  EXPECT_EQ(found.prediction.bytes, 64);
}

TEST(BnnSplit, two_boards_with_the_whole_network_run_410_images_a_second) {
  const plan::Split on = split("bnnsplit");
  const plan::Solution found = solve(on, 2);
  EXPECT_NEAR(found.prediction.rate, 411.02, 0.01);
  EXPECT_EQ(stages(on, found), "conv0 .. dense8 on 2 x PYNQ-Z1");
}

TEST(BnnSplit, three_boards_run_574_images_a_second_with_the_least_power) {
  const plan::Split on = split("bnnsplit");
  plan::Request request;
  request.objective = Objective::kPower;
  request.rate = 574;
  const plan::Solution found = solve(on, 3, request);
  EXPECT_NEAR(found.prediction.rate, 574.2, 0.01);
  EXPECT_EQ(stages(on, found), "conv0 .. conv5 on 2 x PYNQ-Z1; dense6 .. dense8 on PYNQ-Z1");
  EXPECT_NEAR(found.prediction.watts, 2 * 1.823 + 1.511, 1e-9);
}

TEST(BnnSplit, three_boards_with_the_whole_network_run_616_images_a_second) {
  const plan::Split on = split("bnnsplit");
  const plan::Solution found = solve(on, 3);
  EXPECT_NEAR(found.prediction.rate, 616.53, 0.01);
  EXPECT_EQ(stages(on, found), "conv0 .. dense8 on 3 x PYNQ-Z1");
}

TEST(BnnSplit, three_boards_of_convolutions_fill_that_of_the_dense_layers_and_a_fourth_adds_nothing) {
  const plan::Split on = split("bnnsplit");
  plan::Request request;
  request.fewest_stages = 2;
  const plan::Solution found = solve(on, 4, request);
  EXPECT_NEAR(found.prediction.rate, 719.6, 0.01);
  EXPECT_EQ(stages(on, found), "conv0 .. conv5 on 3 x PYNQ-Z1; dense6 .. dense8 on PYNQ-Z1");
  plan::Plan five = found.plan;
  five.stages[0].replicas = 4;
  EXPECT_NEAR(plan::predict(on.problem(), five).rate, 719.6, 0.01);
}

// The planner does better with the fifth board than to add a fourth of convolutions.
TEST(BnnSplit, five_boards_are_best_used_as_three_and_two_if_the_network_is_split) {
  const plan::Split on = split("bnnsplit");
  plan::Request request;
  request.fewest_stages = 2;
  const plan::Solution found = solve(on, 5, request);
  EXPECT_NEAR(found.prediction.rate, 861.3, 0.01);
  EXPECT_EQ(stages(on, found), "conv0 .. conv5 on 3 x PYNQ-Z1; dense6 .. dense8 on 2 x PYNQ-Z1");
}

TEST(BnnSplit, a_cut_behind_everything_is_refused_bad) {
  const plan::Split on = split("bnnsplit");
  EXPECT_EQ(test::error_of([&] { on.cut_after("dense8"); }),
            "network 'cnv-w2a2' cannot be cut after 'dense8': nothing would be left behind it");
}

// With any layers on any board, not only those that were measured.
TEST(BnnSplit, fewest_bytes_cross_after_the_last_convolution) {
  const plan::Split on = split("pynq-3");
  plan::Request request;
  request.objective = Objective::kBytes;
  request.fewest_stages = 2;
  const plan::Solution found = plan::solve(on.problem(), request);
  ASSERT_EQ(found.plan.stages.size(), 2u);
  EXPECT_EQ(on.problem().cuts[static_cast<size_t>(found.plan.stages[1].from)].after, "conv5.act");
  EXPECT_EQ(found.prediction.bytes, 64);
}

}  // namespace
}  // namespace bitloom
