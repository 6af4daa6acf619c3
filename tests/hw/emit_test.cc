// SPDX-License-Identifier: Apache-2.0
//
// The emitted folder: what is in it, and that the tools it is for take it.
#include <cstdlib>
#include <filesystem>
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "bitloom/file.h"
#include "bitloom/process.h"
#include "bitloom/rtl.h"
#include "small_network.h"
#include "support/temporary_folder.h"

namespace bitloom::hw {
namespace {

namespace fs = std::filesystem;

const fs::path kLibrary = fs::path(BITLOOM_SOURCE_DIR) / "rtl";

class EmitTest : public testing::Test {
 protected:
  void emit(const ir::Network& network, const Folding& folding, const std::string& name = "rtl") const {
    emit_rtl(design(network, folding), network, ir::random_inputs(network, 2, 1), kLibrary, folder_ / name);
  }

  std::string text(const fs::path& file) const {
    const std::vector<std::byte> bytes = read_file(folder_ / file);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  /// What a command in the folder "rtl" said if it failed, "" if not, "missing" if there is no such program.
  std::string run(const std::vector<std::string>& command) const {
    const auto finished = run_process(command, folder_ / "rtl", ProcessOutput::kWithErrors);
    if (!finished) return "missing";
    return finished->status == 0 ? "" : finished->errors + " ";
  }

  const test::TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
};

std::set<std::string> files_in(const fs::path& folder) {
  std::set<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) files.insert(fs::relative(entry.path(), folder).string());
  return files;
}

TEST_F(EmitTest, equal_designs_are_written_alike) {
  for (const char* name : {"a", "b"}) emit(test::tiny_network(1), test::tiny_folding(), name);
  const std::set<std::string> files = files_in(folder_ / "a");
  EXPECT_EQ(files, files_in(folder_ / "b"));
  for (const char* file : {"Makefile", "README.md", "bitloom_axis.v", "bitloom_frame_end.sv", "bitloom_mvtu.sv",
                           "bitloom_top.sv", "board.cc", "design.json", "expected.hex", "input.hex",
                           "mem/dense.thresholds.hex", "mem/dense.weights.hex", "ports.h", "test_bench.cc", "vivado.tcl"}) {
    EXPECT_TRUE(files.contains(file)) << file;
  }
  for (const std::string& file : files) EXPECT_EQ(text(fs::path("a") / file), text(fs::path("b") / file)) << file;
}

TEST_F(EmitTest, leaves_nothing_of_the_design_before) {
  emit(test::small_network(), test::folding_of({{.name = "conv0"}, {.name = "conv1"}, {.name = "dense"}}));
  emit(test::tiny_network(1), test::tiny_folding());
  emit(test::tiny_network(1), test::tiny_folding(), "new");
  EXPECT_EQ(files_in(folder_ / "rtl"), files_in(folder_ / "new"));
}

TEST_F(EmitTest, says_what_it_made_for_programs) {
  Folding folding = test::tiny_folding();
  folding.device = "xc7z045";
  folding.clock_mhz = 150;
  const ir::Network network = test::tiny_network(1);
  emit(network, folding);
  const Design made = design(network, folding);
  const nlohmann::json json = nlohmann::json::parse(text("rtl/design.json"));
  EXPECT_EQ(json["name"], "tiny");
  EXPECT_EQ(json["device"]["part"], "xc7z045ffg900-2");
  EXPECT_EQ(json["clock_mhz"], 150);
  EXPECT_EQ(json["interval"], interval(made));
  EXPECT_EQ(json["latency"]["last"], latency(made).last);
  EXPECT_EQ(json["units"].size(), made.units.size());
  EXPECT_EQ(json["streams"].size(), made.streams.size());
  EXPECT_EQ(json["inputs"][0]["shape"], (std::vector<int>{1, 1, 6}));
  EXPECT_EQ(json["outputs"][0]["axis"], "m_axis");
  // It holds the folding of which it was made.
  EXPECT_EQ(read_folding(json["folding"].dump(), "design.json"), made.folding);
}

TEST_F(EmitTest, other_folders_are_left_alone_bad) {
  fs::create_directories(folder_ / "rtl");
  write_file(folder_ / "rtl" / "thesis.txt", std::string_view("years"));
  EXPECT_EQ(test::error_of([&] { emit(test::tiny_network(1), test::tiny_folding()); }),
            (folder_ / "rtl").string() + ": is there already and not from `bitloom emit rtl`; name a new or empty folder");
  EXPECT_EQ(files_in(folder_ / "rtl"), std::set<std::string>{"thesis.txt"});
  EXPECT_EQ(test::error_of([&] { emit(test::tiny_network(1), test::tiny_folding(), "rtl/thesis.txt/here"); }),
            (folder_ / "rtl/thesis.txt/here").string() + ": cannot be made: Not a directory");
}

TEST_F(EmitTest, wrapper_is_free_of_warnings) {
  emit(test::branched_network(), test::folding_of({{.name = "conv", .pe = 1, .simd = 1}}));
  std::vector<std::string> command{
      "verilator",      "--lint-only", "-Wall", "-Wno-UNUSEDSIGNAL", "-Wno-UNUSEDPARAM", "--top-module", "bitloom_axis",
      "bitloom_axis.v", "-y",          "."};
  const std::string said = run(command);
  if (said == "missing") GTEST_SKIP() << "verilator is not installed";
  EXPECT_EQ(said, "");
}

TEST_F(EmitTest, vivado_script_runs_and_names_files_that_are_there) {
  emit(test::tiny_network(1), test::tiny_folding());
  // Vivado's commands as procedures that only note how they are called.
  write_file(folder_ / "rtl" / "stub.tcl", std::string_view(R"(
proc unknown {args} { puts $::log $args; return object }
namespace eval ipx {}
foreach command {package_project current_core create_xgui_files update_checksums save_core} {
  proc ipx::$command {args} "puts \$::log \[list ipx::$command {*}\$args\]; return core"
}
proc add_files {args} {
  if {![file exists [lindex $args end]]} { error "no file $args" }
  puts $::log "add_files [file tail [lindex $args end]]"
}
set log [open log.txt w]
if {$how eq "ip"} { set argv ip } else { set argv {} }
source vivado.tcl
close $log
)"));
  for (const std::string how : {"reports", "ip"}) {
    write_file(folder_ / "rtl" / "run.tcl", "set how " + how + "\nsource stub.tcl\n");
    const std::string said = run({"tclsh", "run.tcl"});
    if (said == "missing") GTEST_SKIP() << "tclsh is not installed";
    ASSERT_EQ(said, "");
    const std::string log = text("rtl/log.txt");
    EXPECT_NE(log.find("-part xc7z020clg400-1"), std::string::npos) << log;
    EXPECT_NE(log.find("add_files bitloom_mvtu.sv"), std::string::npos) << log;
    EXPECT_EQ(log.find("synth_design") != std::string::npos, how == "reports") << log;
    EXPECT_EQ(log.find("ipx::package_project") != std::string::npos, how == "ip") << log;
  }
  EXPECT_NE(text("rtl/vivado/clock.xdc").find("create_clock -name aclk -period 10.000 [get_ports aclk]"),
            std::string::npos);
  const std::string absolute = "(\"" + fs::canonical(folder_ / "rtl").string() + "/mem/dense.weights.hex\")";
  EXPECT_NE(text("rtl/vivado/bitloom_top.sv").find(absolute), std::string::npos);
}

TEST_F(EmitTest, SlowFoldersCheckThemselves) {
  emit(test::branched_network(), test::folding_of({{.name = "conv", .pe = 2, .simd = 2}}));
  for (const char* top : {"TOP=bitloom_top", "TOP=bitloom_axis"}) {
    const std::string said = run({"make", top});
    if (said.find("verilator: not found") != std::string::npos) GTEST_SKIP() << "verilator is not installed";
    EXPECT_EQ(said, "");
  }
  std::string expected = text("rtl/expected1.hex");
  expected[0] = expected[0] == '0' ? '1' : '0';
  write_file(folder_ / "rtl" / "expected1.hex", expected);
  for (const char* top : {"TOP=bitloom_top", "TOP=bitloom_axis"}) EXPECT_NE(run({"make", top}), "");
}

TEST_F(EmitTest, SlowToolsOfSynthesisTakeIt) {
  emit(test::tiny_network(1), test::tiny_folding());
  const std::string said = run({"yosys", "-V"});
  if (said == "missing") GTEST_SKIP() << "yosys is not installed";
  EXPECT_EQ(run({"make", "synth"}), "");
  EXPECT_NE(text("rtl/synth.txt").find("LUT"), std::string::npos);
}

}  // namespace
}  // namespace bitloom::hw
