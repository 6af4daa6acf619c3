// SPDX-License-Identifier: Apache-2.0
//
// bitloom fold: searching, checking and writing foldings.
#include <gtest/gtest.h>

#include "cli/shell.h"

namespace bitloom::cli::test {
namespace {

const std::string kExamples = BITLOOM_SOURCE_DIR "/examples/foldings/";

void expect_error(const Shell& shell, const std::string& command, const std::string& text) {
  SCOPED_TRACE(command);
  const Result result = shell.run(command);
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err, "bitloom: error: " + text + "\n");
}

TEST(Fold, a_folding_that_it_wrote_gives_the_same_again) {
  const Shell shell;
  const nlohmann::json found = shell.json("bitloom fold sfc-w1a1 --fps 10000 -o f.json --json");
  EXPECT_GE(found["frames_per_second"], 10000);
  EXPECT_EQ(found["fits"], true);
  EXPECT_EQ(shell.json("bitloom fold sfc-w1a1 --folding f.json --json"), found);
}

// FINN's prototypes on the ZC706, which take the LUTs and blocks given here by its authors (docs/hardware.md).
TEST(Fold, foldings_of_the_prototypes_are_as_fast_and_take_fewer_blocks) {
  struct Prototype {
    std::string file, model;
    int64_t most_cycles;
    double lut, bram36;
  };
  const Shell shell;
  for (const Prototype& p : {Prototype{"SFC-fix", "sfc-w1a1", 16384, 5155, 16},
                             {"LFC-fix", "lfc-w1a1", 16384, 5636, 114.5},
                             {"CNV-fix", "cnv-w1a1", 16384, 29274, 152.5},
                             {"SFC-max", "sfc-w1a1", 16, 91131, 4.5},
                             {"LFC-max", "lfc-w1a1", 128, 82988, 396},
                             {"CNV-max", "cnv-w1a1", 9216, 46253, 186}}) {
    SCOPED_TRACE(p.file);
    const nlohmann::json found =
        shell.json("bitloom fold " + p.model + " --folding " + kExamples + p.file + ".json --json");
    EXPECT_LE(found["cycles"], p.most_cycles);
    EXPECT_LE(found["resources"]["bram36"].get<double>() + found["resources"]["bram18"].get<double>() / 2, p.bram36);
    EXPECT_LE(found["resources"]["lut"].get<double>(), 0.65 * p.lut);
  }
}

// A weight is one bit whatever the activations have.
TEST(Fold, activations_of_two_bits_take_no_more_blocks_for_weights) {
  const Shell shell;
  const auto blocks = [&](const std::string& model) {
    const nlohmann::json found = shell.json("bitloom fold " + model + " --folding " + kExamples + "CNV-fix.json --json");
    return found["resources"]["bram36"].get<double>() + found["resources"]["bram18"].get<double>() / 2;
  };
  EXPECT_NEAR(blocks("cnv-w1a2"), blocks("cnv-w1a1"), 0.02 * blocks("cnv-w1a1"));
}

TEST(Fold, evaluates_published_foldings) {
  const Shell shell;
  const nlohmann::json cnv = shell.json("bitloom fold cnv-w1a1 --folding " + kExamples + "cnvW1A1.json --json 2>/dev/null");
  EXPECT_EQ(cnv["cycles"], 32768);
  EXPECT_EQ(keys(cnv), (std::vector<std::string>{"clock_mhz", "cycles", "device", "first_word_cycles", "fits", "folding",
                                                 "frames_per_second", "latency_cycles", "latency_us", "name", "notes",
                                                 "resources", "units", "watts"}));
  const Result text = shell.run("bitloom fold cnv-w1a1 --folding " + kExamples + "cnvW1A1.json");
  EXPECT_NE(text.out.find("rate     3,052 frames/s (32,768 cycles a frame)\n"), std::string::npos) << text.out;
  EXPECT_EQ(text.err, kExamples + "cnvW1A1.json: dense8: PE 4 does not divide 10 output channels; taken as 2\n");
}

TEST(Fold, lists_what_each_rate_takes) {
  const Shell shell;
  const nlohmann::json front = shell.json("bitloom fold sfc-w1a1 --device xczu3eg --pareto --json");
  EXPECT_EQ(front["device"], "xczu3eg");
  const nlohmann::json& points = front["points"];
  ASSERT_GT(points.size(), 10u);
  for (size_t i = 1; i < points.size(); ++i) EXPECT_GT(points[i]["cycles"], points[i - 1]["cycles"]);
}

TEST(Fold, says_what_would_work_bad) {
  const Shell shell;
  expect_error(
      shell, "bitloom fold cnv-w1a1 --fps 1e6",
      "1000000 frames/s at 100 MHz leave 100 cycles a frame, but no folding of 'cnv-w1a1' takes fewer than 8100; ask "
      "for at most 12345");
  expect_error(shell, "bitloom fold cnv-w1a1 --device hx8k",
               "'cnv-w1a1' does not fit hx8k in any folding; `bitloom fold --pareto` says what the smallest takes");
  expect_error(
      shell, "bitloom fold lfc-w1a1 --fps 1e6",
      "no folding of 'lfc-w1a1' reaches 1000000 frames/s at 100 MHz on xc7z020; `bitloom fold --max` gives the most that "
      "it holds, `bitloom fold --pareto` what more would take");
  expect_error(shell, "bitloom fold sfc-w1a1 --device de10",
               "there is no device 'de10'; there are xc7z020, xc7z045, xc7z100, xczu3eg, xczu19eg, hx8k, up5k");
  EXPECT_EQ(shell.run("bitloom fold sfc-w1a1 --fps 10 --pareto").status, 2);
}

}  // namespace
}  // namespace bitloom::cli::test
