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

}  // namespace
}  // namespace bitloom::hw
