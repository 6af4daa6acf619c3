// SPDX-License-Identifier: Apache-2.0
//
// From a design to the bitstream of an iCE40 board, with open tools: Yosys, nextpnr and Icestorm.
//
// On the boards of the catalogue nothing but the FPGA is needed: pixels come and results go over the serial line of the USB
// plug (1,000,000 baud, 8N1). An element of a stream is as many bytes as it needs, the lowest first; frame after frame; a
// break makes the design begin anew.
#pragma once

#include <cstdint>
#include <filesystem>

#include "bitloom/hw.h"

namespace bitloom::hw {

/// What `emit_rtl` adds to the folder of a design for an iCE40, if it has one input of at most 8 bits an element, and one
/// output:
///
///   board.v, board.pcf         the design with clock, reset, serial line and lights of the device's board
///   serial/input.bin           the frames as the serial line carries them
///   serial/expected.bin        what must come back
///   board_bench.cc, pll.v      simulation of the board: for the SystemVerilog, and for the netlist that synthesis made
///   ice40.mk                   `make bitstream`, `make program`, `make netlist`

/// The clock of the board in MHz: the greatest that it can make which is not above `clock_mhz`. Throws Error if the board
/// cannot be as slow as that, or if the device is no iCE40.
double board_clock(const Device& device, double clock_mhz);

struct Routed {
  int64_t logic_cells = 0, logic_cells_of = 0;  ///< a LUT, a carry and a flip-flop each; used and of the device
  int64_t blocks = 0, blocks_of = 0;            ///< of 4 Kbit
  double clock_mhz = 0;                         ///< that the design was placed for
  double highest_mhz = 0;                       ///< that it reaches
  std::filesystem::path bitstream;
  bool operator==(const Routed&) const = default;
  bool timing_met() const { return highest_mhz >= clock_mhz; }
};

/// Synthesizes, places, routes and packs the board of an emitted folder, unless that has been done already. Throws Error
/// with the tool's own words if one is missing (naming its package) or fails, or if the design does not fit.
Routed place_and_route(const std::filesystem::path& folder);

/// Runs the board's frames through the netlist of `place_and_route` in Verilator, over the serial line. The bytes that came
/// back other than expected; 0 if all are right. Throws Error if the simulation cannot be built, or gives too few bytes.
int64_t simulate_netlist(const std::filesystem::path& folder);

}  // namespace bitloom::hw
