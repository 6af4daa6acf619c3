// SPDX-License-Identifier: Apache-2.0
//
// How the tools are told what to do with a design: make, Verilator, Yosys, nextpnr, Vivado.
#include "project.h"

#include <fmt/ranges.h>

#include "ice40_board.h"
#include "yosys.h"

namespace bitloom::hw {
namespace {

std::string source_list(const std::vector<std::string>& modules) {
  std::string text = "bitloom_top.sv";
  for (const std::string& module : modules) text += fmt::format(" \\\n  {}.sv", module);
  return text;
}

constexpr std::string_view kSimulation =
    R"(# Simulation, by Verilator. TOP=bitloom_axis goes through the AXI4-Stream wrapper.
TOP = bitloom_top
BUILD = obj_dir/$(TOP)
VERILATE = verilator --cc --exe --build -j 0 -O3 --x-assign 0 -Wno-lint -Wno-style --top-module $(TOP) \
  --Mdir $(@D) -o $(@F) -MAKEFLAGS 'OPT_FAST=-O1 OPT_SLOW=-O0' $(SOURCES) bitloom_axis.v
FLAGS = -std=c++20 -DTOP_$(TOP) -I$(CURDIR)
BOARD_FLAGS = -fPIC -fvisibility=hidden -fno-gnu-unique \
  -DVL_USER_FATAL -DVL_USER_WARN -DVL_USER_STOP -DVL_USER_FINISH
QUIETLY = > $(@D).log 2>&1 || { cat $(@D).log >&2; exit 1; }

# Streams the frames of input*.hex and compares with expected*.hex.
run: $(BUILD)/bench/test_bench
	$(BUILD)/bench/test_bench $(BENCH_OPTIONS)

waves.vcd: $(BUILD)/waves/test_bench
	$(BUILD)/waves/test_bench --waves waves.vcd

$(BUILD)/bench/test_bench: $(SOURCES) bitloom_axis.v test_bench.cc watch.h ports.h streams.h
	@mkdir -p $(@D)
	$(VERILATE) $(CURDIR)/test_bench.cc -CFLAGS '$(FLAGS)' $(QUIETLY)

$(BUILD)/waves/test_bench: $(SOURCES) bitloom_axis.v test_bench.cc watch.h ports.h streams.h
	@mkdir -p $(@D)
	$(VERILATE) $(CURDIR)/test_bench.cc --trace -CFLAGS '$(FLAGS) -DWAVES' $(QUIETLY)

# The design as a library that a program loads as a device (board.cc).
$(BUILD)/board/board.so: $(SOURCES) bitloom_axis.v board.cc ports.h
	@mkdir -p $(@D)
	$(VERILATE) $(CURDIR)/board.cc -CFLAGS '$(FLAGS) $(BOARD_FLAGS)' \
	  -LDFLAGS '-shared -Wl,--wrap=fopen -Wl,-Bsymbolic' $(QUIETLY)

)";

std::string synthesis(const Device& device) {
  return fmt::format(
      "# What the design takes, by Yosys.\n"
      "synth: $(SOURCES)\n"
      "\tyosys -q -p 'read_verilog -sv -defer $(SOURCES); {}; tee -o synth.txt stat'\n\n",
      synth_commands(device.family, "bitloom_top"));
}

}  // namespace

std::string port_name(const char* direction, size_t index, size_t count) {
  return count == 1 ? direction : fmt::format("{}{}", direction, index);
}

std::string label(std::string_view name) {
  std::string text(name);
  for (char& c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!plain && std::string_view(" _-.:/").find(c) == std::string_view::npos) c = '_';
  }
  return text;
}

const Stream& stream_of(const Design& design, const Port& port) { return design.streams[static_cast<size_t>(port.stream)]; }

const Device& device_of(const Design& design) {
  return find_device(design.folding.device.empty() ? "xc7z020" : design.folding.device);
}

double clock_of(const Design& design) {
  return design.folding.clock_mhz > 0 ? design.folding.clock_mhz : device_of(design).clock_mhz;
}

std::string makefile(const Design& design, const std::vector<std::string>& modules) {
  const Device& device = device_of(design);
  return fmt::format(
      "# {}: made by bitloom. README.md says what is what.\n"
      ".PHONY: run synth clean\n\nSOURCES = {}\n\n{}{}{}"
      "clean:\n\trm -rf obj_dir waves.vcd synth.txt{}\n",
      label(design.name), source_list(modules), kSimulation, synthesis(device),
      has_board(design) ? "include ice40.mk\n\n" : "",
      has_board(design) ? " obj_netlist board.json board.asc board.bin netlist.v netlist.json route.json *.log"
                        : " vivado ip");
}

}  // namespace bitloom::hw
