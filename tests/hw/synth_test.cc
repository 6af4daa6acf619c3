// SPDX-License-Identifier: Apache-2.0
//
// What Yosys' counts become, and that results are kept.
#include "bitloom/synth.h"

#include <gtest/gtest.h>

#include "bitloom/process.h"
#include "support/error_of.h"
#include "support/temporary_folder.h"

namespace bitloom::hw {
namespace {

namespace fs = std::filesystem;
using test::error_of;

const fs::path kLibrary = fs::path(BITLOOM_SOURCE_DIR) / "rtl";

std::string stat(const std::string& cells) { return R"({"modules": {"\\top": {"num_cells_by_type": {)" + cells + "}}}}"; }

TEST(CountCells, gives_each_cell_the_luts_that_it_takes) {
  const Counts counts =
      count_cells(stat(
                      R"("LUT2": 3, "LUT6": 4, "RAM32M": 2, "RAM64X1D": 1, "SRL16E": 5, "FDRE": 7, "FDSE": 1, "RAMB36E1": 2,
             "RAMB18E1": 3, "DSP48E1": 1, "CARRY4": 9, "MUXF7": 2, "INV": 6)"),
                  "top");
  EXPECT_EQ(counts, (Counts{{22, 15, 8, 2, 3, 1}, 6}));
  EXPECT_EQ(count_cells(stat(R"("SB_LUT4": 3, "SB_CARRY": 2, "SB_DFFESR": 4, "SB_RAM40_4KNR": 1)"), "top"),
            (Counts{{3, 0, 4, 1, 0, 0}, 0}));
}

TEST(CountCells, refuses_cells_that_it_does_not_know_bad) {
  EXPECT_EQ(error_of([] { count_cells(stat(R"("URAM288": 1)"), "top"); }),
            "Yosys put out a cell 'URAM288', which is not known here; please report it");
  EXPECT_EQ(error_of([] { count_cells(stat(""), "other"); }), "Yosys has no module 'other' in its statistics");
}

TEST(Synthesis, folder_that_nobody_emitted_is_refused_bad) {
  const test::TemporaryFolder folder;
  EXPECT_EQ(error_of([&] { synthesize(folder.path()); }),
            folder.path().string() + ": is no folder that `bitloom emit rtl` wrote");
}

TEST(SlowSynthesis, results_are_kept_and_equal_units_share_them) {
  if (!run_process({"yosys", "-V"}, ".")) GTEST_SKIP() << "yosys is not installed";
  const test::TemporaryFolder folder;
  SynthesisOptions options;
  options.cache = folder.path();
  const std::vector<Unit> units{{"a", 0, Fork{4}, {}, {}}, {"b", 0, Width{1, 8, 2}, {}, {}}, {"c", 0, Fork{4}, {}, {}}};
  const auto first = synthesize(units, kLibrary, options);
  const auto second = synthesize(units, kLibrary, options);
  ASSERT_EQ(first.size(), 3u);
  for (size_t i = 0; i < units.size(); ++i) {
    EXPECT_EQ(first[i].name, units[i].name);
    EXPECT_EQ(first[i].cached, i == 2);
    EXPECT_TRUE(second[i].cached);
    EXPECT_EQ(second[i].found, first[i].found);
  }
  EXPECT_EQ(first[0].found, first[2].found);
  EXPECT_EQ(first[0].found.resources.ff, 2);
  EXPECT_GE(first[1].found.resources.ff, 8);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 2);
}

/// Errors of LUT and FF within 15 %, blocks and DSP exact, over all units of the design together.
void expect_near(const Design& design, const fs::path& cache) {
  SynthesisOptions options;
  options.cache = cache;
  const Synthesis synthesis = synthesize(design, kLibrary, options);
  const auto print = [](const std::string& name, const Resources& e, const Resources& f) {
    fmt::print("{:24} LUT {:6} {:6} FF {:6} {:6} blocks {:5} {:5} DSP {} {}\n", name, e.lut, f.lut, e.ff, f.ff, e.blocks(),
               f.blocks(), e.dsp, f.dsp);
  };
  for (const UnitSynthesis& unit : synthesis.units) print(unit.name, unit.estimate, unit.found.resources);
  const Resources e = synthesis.estimate(), f = synthesis.found().resources;
  print(design.name, e, f);
  EXPECT_NEAR(static_cast<double>(e.lut), static_cast<double>(f.lut), 0.15 * static_cast<double>(f.lut)) << design.name;
  EXPECT_NEAR(static_cast<double>(e.ff), static_cast<double>(f.ff), 0.15 * static_cast<double>(f.ff)) << design.name;
  EXPECT_EQ(e.bram36, f.bram36) << design.name;
  EXPECT_EQ(e.bram18, f.bram18) << design.name;
  EXPECT_EQ(e.dsp, f.dsp) << design.name;
}

TEST(SlowEstimates, hold_for_networks_that_nothing_was_fitted_to) {
  if (!run_process({"yosys", "-V"}, ".")) GTEST_SKIP() << "yosys is not installed";
  const test::TemporaryFolder cache;
  const ir::Network dense = ir::parse(R"(network "dense"
    %x = input 1x1x96 bipolar
    %a = dot "a" %x bipolar 64x96 weights=seed(1)
    %s = threshold %a bipolar seed(2)
    %b = dot "b" %s bipolar 32x64 weights=seed(3)
    %t = threshold %b unsigned2 seed(4)
    %c = dot "c" %t bipolar 10x32 weights=seed(5)
    output %c)");
  const ir::Network image = ir::parse(R"(network "image"
    %x = input 12x12x8 bipolar
    %a = dot "a" %x bipolar 16x72 kernel=3x3 weights=seed(1)
    %s = threshold %a bipolar seed(2)
    %p = max_pool %s kernel=2x2 stride=2x2
    %b = dot "b" %p bipolar 10x400 kernel=5x5 weights=seed(3)
    output %b)");
  Folding dense_folding;
  dense_folding.layers = {{"a", 4, 8, {}, {}}, {"b", 2, 16, {}, {}}, {"c", 1, 8, {}, {}}};
  Folding image_folding;
  image_folding.layers = {{"a", 4, 8, {}, {}}, {"b", 1, 16, {}, {}}};
  expect_near(design(dense, dense_folding), cache.path());
  expect_near(design(image, image_folding), cache.path());
}

}  // namespace
}  // namespace bitloom::hw
