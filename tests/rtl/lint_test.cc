// SPDX-License-Identifier: Apache-2.0
//
// Every module alone, at some parameters, is free of Verilator's warnings and elaborates in Yosys; at illegal ones both
// stop with the module's own words.
#include <map>

#include <gtest/gtest.h>

#include "bench.h"

namespace bitloom::test {
namespace {

using Parameters = std::vector<std::pair<std::string, int>>;

// Beside a module's defaults. Packed coefficients and codes keep their defaults here; the simulations set them.
const std::map<std::string, std::vector<Parameters>> kSets{
    {"bitloom_add", {{{"Lanes", 3}, {"In0Bits", 2}, {"In1Bits", 4}, {"In1Plain", 1}}}},
    {"bitloom_compress", {}},
    {"bitloom_concat", {{{"Lanes", 1}, {"Channels0", 3}}}},
    {"bitloom_crop", {{{"Lanes", 1}, {"First", 3}, {"Count", 5}}, {{"First", 0}, {"Count", 8}}}},
    {"bitloom_decode", {{{"Bits", 3}, {"Scale", 5}}, {{"Bits", 4}, {"Plain", 1}}}},
    {"bitloom_fifo", {{{"Width", 3}, {"Depth", 5}}, {{"Width", 64}, {"Depth", 512}}}},
    {"bitloom_fork", {{{"Width", 1}}}},
    {"bitloom_frame_end", {{{"Words", 10}}}},
    {"bitloom_fuse", {{{"Width", 1}}, {{"Width", 3}}, {{"Width", 8}}, {{"Width", 20}}}},
    {"bitloom_group", {{{"Size", 3}}}},
    {"bitloom_levels", {{{"Levels", 3}, {"OutBits", 2}, {"HasDescending", 1}}}},
    {"bitloom_max_pool", {{{"Bits", 2}, {"Lanes", 2}, {"InW", 7}}, {{"Bits", 3}, {"Signed", 1}, {"KernelW", 4}}}},
    {"bitloom_mvtu",
     {{{"InPlanes", 2}, {"WeightPlanes", 2}, {"Levels", 3}, {"OutBits", 2}, {"HasDescending", 1}},
      {{"Xnor", 0}, {"Levels", 0}, {"OutBits", 20}, {"Outputs", 8}},
      {{"Inputs", 8}, {"WeightPlanes", 2}, {"Pe", 1}},
      {{"Inputs", 9}, {"Depthwise", 1}, {"Simd", 1}, {"InPlanes", 2}},
      {{"Inputs", 18}, {"Groups", 4}, {"Simd", 2}},
      {{"Inputs", 4}, {"Outputs", 3}, {"Simd", 4}, {"Pe", 3}, {"AccBits", 4}}}},
    {"bitloom_ones", {{{"Width", 3}}}},
    {"bitloom_pe", {{{"Levels", 0}, {"OutBits", 20}, {"InPlanes", 2}}, {{"Levels", 7}, {"OutBits", 3}}}},
    {"bitloom_plane_dot", {{{"Simd", 1}}, {{"Fused", 0}}, {{"InPlanes", 3}, {"Xnor", 0}}}},
    {"bitloom_pool_steps", {{{"Words", 3}, {"KernelH", 3}}}},
    {"bitloom_popcount", {{{"Width", 1}}, {{"Width", 63}}, {{"Width", 7}, {"OutBits", 9}}}},
    {"bitloom_probe", {{{"FrameWords", 10}, {"CountBits", 16}}}},
    {"bitloom_ram", {{{"Width", 64}, {"Depth", 100}}, {{"Depth", 1}}}},
    {"bitloom_rom", {{{"Depth", 1}}}},
    {"bitloom_reorder",
     {{{"Words", 1}, {"Count3", 1}}, {{"Count1", 4}, {"Stride1", 4}, {"Count2", 2}, {"Count3", 4}, {"Width", 3}}}},
    {"bitloom_rows", {{{"Words", 1}}, {{"Width", 3}, {"RowWidth", 20}}}},
    {"bitloom_scale", {{{"Channels", 2}}, {{"Bits", 11}, {"Plain", 1}, {"ValueBits", 11}, {"Lanes", 1}}}},
    {"bitloom_sum_pool", {{{"Bits", 2}, {"Lanes", 4}, {"KernelH", 4}, {"KernelW", 4}}}},
    {"bitloom_table", {{{"Lanes", 1}, {"InBits", 1}}}},
    {"bitloom_threshold", {{{"Lanes", 2}, {"Levels", 3}, {"OutBits", 2}, {"Signed", 0}, {"AccBits", 10}}, {{"Rows", 1}}}},
    {"bitloom_top1", {{{"Lanes", 5}, {"Signed", 0}}, {{"Classes", 1}}}},
    {"bitloom_uart", {{{"Divider", 4}}, {{"Divider", 417}}}},
    {"bitloom_width", {{{"InLanes", 3}, {"OutLanes", 2}}, {{"InLanes", 1}, {"Bits", 4}}, {{"InLanes", 4}}}},
    {"bitloom_window",
     {{{"Lanes", 2}, {"Depthwise", 1}, {"PadTop", 1}, {"PadLeft", 1}, {"PadBottom", 2}, {"PadRight", 2}, {"Bits", 3}},
      {{"KernelH", 1}, {"KernelW", 1}, {"StrideH", 2}, {"StrideW", 2}},
      {{"InH", 1}, {"KernelH", 1}, {"DilationW", 3}, {"Channels", 64}, {"Lanes", 64}}}},
};

std::string lint(const std::string& module, const Parameters& parameters) {
  std::string command = "verilator --lint-only -Wall --top-module " + module + " -y " + rtl().string();
  for (const auto& [name, value] : parameters) command += " -G" + name + "=" + std::to_string(value);
  // A module that is both the top and instantiates itself confuses Verilator 5.006: it then sees no use of its signals.
  if (module == "bitloom_compress" || module == "bitloom_width") command += " -Wno-UNUSEDSIGNAL -Wno-UNDRIVEN";
  const Outcome outcome = shell(command + " " + (rtl() / (module + ".sv")).string());
  return outcome.status == 0 && outcome.output.empty() ? "" : command + "\n" + outcome.output;
}

std::string elaborate(const std::string& module, const Parameters& parameters) {
  std::string command = "yosys -q -p 'read_verilog -sv -defer " + rtl().string() + "/*.sv; hierarchy -check -top " + module;
  for (const auto& [name, value] : parameters) command += " -chparam " + name + " " + std::to_string(value);
  const Outcome outcome = shell(command + "; proc; check -assert'");
  return outcome.status == 0 ? "" : command + "\n" + outcome.output;
}

TEST(RtlLint, every_module_has_a_set_of_parameters_to_lint) {
  for (const auto& entry : std::filesystem::directory_iterator(rtl())) {
    if (entry.path().extension() != ".sv") continue;
    EXPECT_TRUE(kSets.contains(entry.path().stem().string())) << entry.path();
  }
}

TEST(RtlLint, verilator_has_no_warning) {
  if (!have("verilator")) GTEST_SKIP() << "verilator is not installed";
  for (const auto& [module, sets] : kSets) {
    EXPECT_EQ(lint(module, {}), "");
    for (const Parameters& set : sets) EXPECT_EQ(lint(module, set), "");
  }
}

TEST(RtlLint, yosys_elaborates) {
  if (!have("yosys")) GTEST_SKIP() << "yosys is not installed";
  for (const auto& [module, sets] : kSets) {
    EXPECT_EQ(elaborate(module, {}), "");
    for (const Parameters& set : sets) EXPECT_EQ(elaborate(module, set), "");
  }
}

TEST(RtlLint, illegal_parameters_stop_elaboration_bad) {
  const struct {
    const char* module;
    Parameters parameters;
    const char* says;
  } kBad[] = {
      {"bitloom_mvtu", {{"Simd", 3}}, "bitloom_mvtu: Simd must divide Inputs"},
      {"bitloom_window", {{"Rows", 2}}, "bitloom_window: Rows must be at least the rows that a window spans"},
      {"bitloom_window",
       {{"InW", 1}, {"KernelW", 1}, {"StrideW", 2}, {"PadLeft", 1}},
       "bitloom_window: every window sees padding only"},
      {"bitloom_mvtu", {{"Depthwise", 1}}, "bitloom_mvtu: with Depthwise, Simd and Groups are 1"},
      {"bitloom_mvtu", {{"Groups", 16}}, "bitloom_mvtu: Groups must divide Outputs, and Pe the outputs of a group"},
      {"bitloom_crop", {{"First", 3}}, "bitloom_crop: Lanes must divide Channels, First and Count"},
      {"bitloom_crop", {{"First", 6}}, "bitloom_crop: First and Count must lie within Channels, and Count be at least 1"},
      {"bitloom_concat", {{"Channels1", 3}}, "bitloom_concat: Lanes must divide Channels0 and Channels1"},
      {"bitloom_rows", {{"Width", 0}}, "bitloom_rows: Width, Words and RowWidth must be at least 1"},
      {"bitloom_scale", {{"OutBits", 7}}, "bitloom_scale: OutBits must be at least ValueBits and FactorBits"},
      {"bitloom_reorder", {{"Stride1", 1}, {"Count1", 2}}, "bitloom_reorder: the last word read must lie within the block"},
      {"bitloom_fifo", {{"Depth", 1}}, "bitloom_fifo: Depth must be at least 2"},
  };
  for (const auto& bad : kBad) {
    for (const auto& [tool, run] : {std::pair("verilator", &lint), std::pair("yosys", &elaborate)}) {
      if (!have(tool)) continue;
      const std::string output = run(bad.module, bad.parameters);
      EXPECT_NE(output.find(bad.says), std::string::npos) << tool << ": " << bad.says << "\n" << output;
    }
  }
}

}  // namespace
}  // namespace bitloom::test
