// SPDX-License-Identifier: Apache-2.0
//
// What Yosys makes of whole networks for Xilinx devices, simulated gate by gate with the models of cells that come with it:
// every word is that of the reference executor, and comes in the cycle in which the model has it. Yosys has no model of
// block RAM, so that memories are in LUTs here.
#include <gtest/gtest.h>

#include "bitloom/dataflow.h"
#include "bitloom/file.h"
#include "design_case.h"
#include "small_network.h"
#include "support/temporary_folder.h"

namespace bitloom {
namespace {

namespace fs = std::filesystem;

/// The netlist in place of the case's top level, followed by the cells that it may have, at whose style Verilator balks;
/// what Yosys said if it failed.
std::string synthesize(const test::Case& one, const fs::path& folder) {
  const test::Outcome made = test::shell(
      fmt::format("cd {0} && yosys -q -p 'read_verilog -sv -defer {1}/*.sv {2}.sv; synth_xilinx -family xc7 -flatten "
                  "-noiopad -noclkbuf "
                  "-top {2}; tee -o cells.txt stat; write_verilog -noattr netlist.v' && "
                  "(for what in INITIALDLY COMBDLY UNOPTFLAT; do echo \"// verilator lint_off $what\"; done; cat netlist.v "
                  "$(dirname $(command -v yosys))/../share/yosys/xilinx/cells_sim.v) > {2}.sv",
                  folder.string(), test::rtl().string(), one.module));
  return made.status == 0 ? "" : made.output;
}

hw::Folding in_luts(hw::Folding folding) {
  for (hw::LayerFolding& layer : folding.layers) layer.weights = layer.thresholds = hw::MemoryStyle::kDistributed;
  return folding;
}

/// Simulates the gates, of which there are to be some of these kinds.
void check(const ir::Network& network, const hw::Folding& folding, const std::vector<std::string>& cells) {
  for (const char* tool : {"yosys", "verilator"})
    if (!test::have(tool)) GTEST_SKIP() << tool << " is not installed";
  const test::TemporaryFolder folder;
  const hw::Design design = hw::design(network, in_luts(folding));
  test::Case one = test::emitted(design, network, ir::random_inputs(network, 6, 1), folder.path(), "network");
  const hw::Dataflow model = hw::simulate_handshakes(design);
  one.interval = model.interval;
  one.latency = model.latency.first;
  ASSERT_EQ(synthesize(one, folder.path()), "");
  const std::string found = read_text(folder.path() / "cells.txt");
  for (const std::string& cell : cells) EXPECT_NE(found.find(cell), std::string::npos) << cell;
  EXPECT_EQ(found.find("RAMB"), std::string::npos) << found;
  EXPECT_EQ(test::simulate({one}, folder.path(), test::Popcounts::kSynthesized), std::vector<std::string>());
}

TEST(SlowNetlist, convolutions_are_exact_in_gates) {
  const auto folding = test::folding_of({{.name = "conv0", .pe = 2, .simd = 1},
                                         {.name = "conv1", .pe = 3, .simd = 4},
                                         {.name = "dense", .pe = 1, .simd = 6}});
  check(test::small_network(), folding, {"LUT6", "FDRE", "CARRY4", "RAM32"});
}

TEST(SlowNetlist, products_of_residual_factors_are_exact_in_dsp_blocks) {
  const ir::Network network = ir::parse(R"(network "residual"
    %x = input 1x1x24 unsigned8
    %a = dot "a" %x bipolar 24x24 weights=seed(1)
    %s = threshold %a planes(362,194;-278;-278..278) seed(2)
    %b = dot "b" %s bipolar 8x24 weights=seed(3)
    output %b)");
  check(network, test::folding_of({{.name = "a", .pe = 3, .simd = 4}, {.name = "b", .pe = 2, .simd = 12}}), {"DSP48E1"});
}

}  // namespace
}  // namespace bitloom
