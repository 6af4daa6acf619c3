// SPDX-License-Identifier: Apache-2.0
//
// bitloom emit and simulate: foldings that go from command to command, and what is said when something is wrong.
#include <cstdlib>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "cli/shell.h"

namespace bitloom::cli::test {
namespace {

void expect_error(const Shell& shell, const std::string& command, const std::string& text) {
  SCOPED_TRACE(command);
  const Result result = shell.run(command);
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err, "bitloom: error: " + text + "\n");
}

void write(const Shell& shell, const std::string& file, const std::string& text) {
  std::ofstream(shell.path(file), std::ios::binary) << text;
}

nlohmann::json design_in(const Shell& shell, const std::string& folder) {
  std::ifstream file(shell.path(folder + "/design.json"));
  return nlohmann::json::parse(file);
}

TEST(Emit, takes_the_folding_that_fold_wrote) {
  const Shell shell;
  const nlohmann::json folded =
      shell.json("bitloom fold sfc-w1a1 --fps 20000 --clock 150 --device xczu3eg -o f.json --json");
  shell.json("bitloom emit rtl sfc-w1a1 --folding f.json -o a --json");
  shell.json("bitloom emit rtl sfc-w1a1 --fps 20000 --clock 150 --device xczu3eg -o b --json");
  const nlohmann::json design = design_in(shell, "a");
  EXPECT_EQ(design, design_in(shell, "b"));
  EXPECT_EQ(design["folding"], folded["folding"]);
  EXPECT_EQ(design["interval"], folded["cycles"]);
  EXPECT_EQ(design["clock_mhz"], 150);
  EXPECT_EQ(design["device"]["name"], "xczu3eg");
}

TEST(Emit, tells_what_the_folding_file_did_not_say_right) {
  const Shell shell;
  write(shell, "f.json", R"({"device": "hx8k", "round_down": true,
      "layers": [{"pe": 1, "simd": 50}, {"pe": 1, "simd": 8}, {"pe": 1, "simd": 8}, {"pe": 1, "simd": 4}]})");
  const Result result = shell.run("bitloom emit rtl sfc-w1a1 --folding f.json -o rtl");
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.err,
            "f.json: dense0: SIMD 50 does not divide 784 inputs; taken as 49\n"
            "sfc-w1a1 does not fit hx8k with this folding; `bitloom fold` says what it takes\n");
  EXPECT_EQ(result.out, "rtl: 13 units, 8,192 cycles a frame, 3 frames to check with; `make` there simulates them\n");
}

TEST(Emit, says_what_would_work_bad) {
  const Shell shell;
  write(shell, "f.json",
        R"({"layers": [{"pe": 3, "simd": 49}, {"pe": 1, "simd": 8}, {"pe": 1, "simd": 8}, {"pe": 1, "simd": 4}]})");
  expect_error(shell, "bitloom emit rtl sfc-w1a1 --folding f.json -o rtl",
               "dense0: PE 3 does not divide 256 output channels; 1, 2, 4, 8, 16, 32, 64, 128 or 256 would");
  expect_error(shell, "bitloom emit rtl cnv-w1a1 --device hx8k -o rtl",
               "'cnv-w1a1' does not fit hx8k in any folding; `bitloom fold --pareto` says what the smallest takes");
  expect_error(shell, "mkdir mine && touch mine/file && bitloom emit rtl sfc-w1a1 --fps 1000 -o mine",
               "mine: is there already and not from `bitloom emit rtl`; name a new or empty folder");
  expect_error(shell, "bitloom emit rtl sfc-w1a1 --fps 1000 -o mine/file/rtl",
               "mine/file/rtl: cannot be made: Not a directory");
  EXPECT_EQ(shell.run("bitloom emit rtl sfc-w1a1 --fps 1000 --folding f.json -o rtl").status, 2);
}

TEST(Simulate, says_which_tool_is_missing_bad) {
  const Shell shell;
  if (shell.run("which verilator").status != 0) GTEST_SKIP() << "verilator is not installed";
  const std::string command = "PATH=$PWD/tools bitloom simulate sfc-w1a1 --fps 1000 --frames 1 -o rtl";
  // Verilator is a Perl script that starts a program beside it.
  const std::string tools = "mkdir tools && for t in perl verilator verilator_bin; do ln -s $(which $t) tools; done";
  expect_error(shell, "mkdir none && PATH=$PWD/none bitloom simulate sfc-w1a1 --fps 1000",
               "Verilator is missing; install it (Debian, Ubuntu: apt-get install verilator)");
  ASSERT_EQ(shell.run(tools).status, 0);
  expect_error(shell, command, "make is missing; install it (Debian, Ubuntu: apt-get install make g++)");
  ASSERT_EQ(shell.run("for t in make sh mkdir cat; do ln -s $(which $t) tools; done").status, 0);
  expect_error(shell, command, "g++ is missing; Verilator needs it (Debian, Ubuntu: apt-get install g++)");
}

TEST(Simulate, SlowRunsOtherImagesWithoutBuildingAgain) {
  const Shell shell;
  if (shell.run("which verilator").status != 0) GTEST_SKIP() << "verilator is not installed";
  const std::string simulate = "bitloom simulate sfc-w1a1 --fps 10000 --json ";
  const nlohmann::json first = shell.json(simulate + "models/digits/000_7.png");
  EXPECT_EQ(first["wrong_words"], 0);
  // No tool to build with is left.
  const nlohmann::json second = shell.json(
      "mkdir tools && for t in perl verilator verilator_bin; do ln -s $(which $t) tools; done; PATH=$PWD/tools " +
      simulate + "--frames 2");
  EXPECT_EQ(second["frames"], 2);
  EXPECT_EQ(second["wrong_words"], 0);
}

TEST(Simulate, SlowStagesOfACutNetwork) {
  const Shell shell;
  if (shell.run("which verilator").status != 0) GTEST_SKIP() << "verilator is not installed";
  ASSERT_EQ(shell.run("bitloom cut sfc-w1a1 --after dense1.act -o a.bloom b.bloom").status, 0);
  for (const char* stage : {"a.bloom", "b.bloom"})
    EXPECT_EQ(shell.json(std::string("bitloom simulate --fps 10000 --json ") + stage)["wrong_words"], 0) << stage;
}

TEST(Report, shows_every_layer_and_unit) {
  const Shell shell;
  EXPECT_NE(shell.output("bitloom report tfc-w1a1 --fps 100000 -o page.html").find(" units on xc7z020\n"), std::string::npos);
  std::ifstream file(shell.path("page.html"));
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  for (const char* part :
       {"<h1>tfc-w1a1</h1>", "<h2>Layers</h2>", "<h2>Device</h2>", "<h2>Roofline</h2>", "<h2>Timeline</h2>",
        "<h2>Units</h2>", "<td>dense3</td>", "<td>dense0.width</td>", "dense1, frame 4: cycles"})
    EXPECT_NE(page.find(part), std::string::npos) << part;
  EXPECT_EQ(page.find("dense1, frame 5"), std::string::npos);
  EXPECT_EQ(page.find("nan"), std::string::npos);
  expect_error(shell, "bitloom report tfc-w1a1 --fps 1e9 -o page.html",
               "1000000000 frames/s at 100 MHz leave 0 cycles a frame, but no folding of 'tfc-w1a1' takes fewer than 2; "
               "ask for at most 50000000");
}

}  // namespace
}  // namespace bitloom::cli::test
