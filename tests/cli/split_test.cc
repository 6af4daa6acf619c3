// SPDX-License-Identifier: Apache-2.0
//
// bitloom split: plans on the terminal, in files, as a page.
#include <gtest/gtest.h>

#include <fstream>

#include "cli/shell.h"

namespace bitloom::cli::test {
namespace {

const std::string kClusters = BITLOOM_SOURCE_DIR "/examples/clusters/";

TEST(SplitCommand, every_example_of_a_cluster_has_a_plan) {
  const Shell shell;
  int examples = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kClusters)) {
    SCOPED_TRACE(entry.path());
    const nlohmann::json plan = shell.json("bitloom split cnv-w2a2 --cluster " + entry.path().string() + " --json");
    EXPECT_EQ(plan["format"], "bitloom plan 1");
    EXPECT_GT(plan["rate"], 100);
    ++examples;
  }
  EXPECT_GE(examples, 5);
}

TEST(SplitCommand, stages_that_it_wrote_compute_what_the_whole_does) {
  const Shell shell;
  shell.output("bitloom split sfc-w1a1 --cluster " + kClusters + "pynq-3.json --cut dense1.act --max-replicas 1 -o plan");
  const nlohmann::json plan = nlohmann::json::parse(std::ifstream(shell.path("plan/plan.json")));
  ASSERT_EQ(plan["stages"].size(), 2u);
  EXPECT_EQ(plan["stages"][0]["out"]["bytes"], 32);
  shell.output("bitloom run plan/stage0.bloom models/digits -o - | bitloom run plan/stage1.bloom - -o piped.npy");
  shell.run("bitloom run sfc-w1a1 models/digits -o whole.npy");
  EXPECT_EQ(shell.array("piped.npy").data, shell.array("whole.npy").data);
}

TEST(SplitCommand, a_stage_and_its_folding_are_what_fold_reads) {
  const Shell shell;
  shell.output("bitloom split sfc-w1a1 --cluster " + kClusters + "pynq-3.json --cut dense1.act --fps 10000 -o plan");
  const nlohmann::json plan = nlohmann::json::parse(std::ifstream(shell.path("plan/plan.json")));
  for (const char* stage : {"stage0", "stage1"}) {
    const std::string name = stage;
    const nlohmann::json folded =
        shell.json("bitloom fold plan/" + name + ".bloom --folding plan/" + name + ".folding.json --json");
    EXPECT_EQ(folded["fits"], true);
    EXPECT_GE(folded["frames_per_second"], 10000);
  }
}

TEST(SplitCommand, the_page_stands_alone_and_shows_the_plan) {
  const Shell shell;
  shell.output("bitloom split cnv-w2a2 --cluster " + kClusters + "bnnsplit.json --cut conv5.act --report page.html");
  std::ifstream file(shell.path("page.html"));
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  EXPECT_NE(page.find("conv0 .. conv5"), std::string::npos);
  EXPECT_EQ(page.find("src=\"http"), std::string::npos);
}

TEST(SplitCommand, explore_lists_cuts_nodes_and_the_first_device) {
  const Shell shell;
  const nlohmann::json found =
      shell.json("bitloom split cnv-w2a2 --cluster " + kClusters + "pynq-3.json --explore --fps 868 --json");
  EXPECT_EQ(found["cuts"].back()["bytes"], 20);
  EXPECT_EQ(found["first_node"].size(), 9u);
  EXPECT_EQ(found["nodes"][0]["strategy"], "the whole network on each node");
}

TEST(SplitCommand, what_cannot_be_is_refused_with_the_reason_bad) {
  const Shell shell;
  const auto error = [&](const std::string& command) {
    const Result result = shell.run(command);
    EXPECT_EQ(result.status, 1) << command;
    EXPECT_EQ(result.out, "");
    return result.err;
  };
  EXPECT_NE(
      error("bitloom split cnv-w2a2 --cluster " + kClusters + "bnnsplit.json --fps 5000")
          .find("5000 images/s are asked for, and these nodes reach 616.5 at most (87.7 % less), held back by conv0 .. "
                "dense8 on 3 x PYNQ-Z1"),
      std::string::npos);
  EXPECT_NE(error("bitloom split cnv-w2a2 --cluster " + kClusters + "pynq-3.json --cut conv5").find("stays with the node"),
            std::string::npos);
  EXPECT_NE(error("bitloom split cnv-w2a2 --cluster nowhere.json").find("nowhere.json"), std::string::npos);
  EXPECT_EQ(shell.run("bitloom split cnv-w2a2").status, 2);
  EXPECT_EQ(shell.run("bitloom split cnv-w2a2 --cluster c.json --objective beauty").status, 2);
}

}  // namespace
}  // namespace bitloom::cli::test
