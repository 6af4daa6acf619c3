// SPDX-License-Identifier: Apache-2.0
//
// A design as a folder of SystemVerilog that anyone can build, and its simulation with Verilator.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "bitloom/hw.h"

namespace bitloom::hw {

/// Writes into `folder`, which is made, or is empty, or holds an earlier design, of which nothing remains:
///
///   bitloom_top.sv             instances and parameters only; ports in_*, out_* (in0_*, in1_* ... where there are several)
///   bitloom_axis.v             the same with ports of AXI4-Stream
///   bitloom_*.sv               the modules of the library that it needs
///   mem/UNIT.weights.hex, mem/UNIT.thresholds.hex
///   input.hex, expected.hex    frames of `inputs` and what `ir::evaluate` makes of them, a word a line; one pair a port
///   test_bench.cc, watch.h, board.cc, ports.h, streams.h, Makefile, vivado.tcl
///                              what the tools are told; `make` builds and runs the self-checking simulation
///   README.md, design.json     what is what, for people and for programs (docs/reference/hardware.md)
///   report.html                the page of hardware_report.h
///   board.v, ice40.mk ...      for a board with an iCE40 (ice40.h)
///
/// Equal designs and inputs give equal files. `library`: the folder rtl/ of the installation. Throws Error if a file cannot
/// be read or written, if the folder holds something else, or if the inputs are not the network's; Unsupported, naming the
/// unit, where the library has no module for it, or where two names differ only in what is neither letter nor digit.
void emit_rtl(const Design& design, const ir::Network& network, std::span<const ir::Tensor> inputs,
              const std::filesystem::path& library, const std::filesystem::path& folder);

/// Cycles of one stream.
struct StreamCounts {
  int64_t words = 0;    ///< a word moved
  int64_t starved = 0;  ///< the taker waited for a word
  int64_t blocked = 0;  ///< a word waited for the taker
  bool operator==(const StreamCounts&) const = default;
};

/// What a test bench found. Cycles count from the end of reset.
struct Simulation {
  int64_t frames = 0;
  int64_t wrong_words = 0;                       ///< of the output
  int64_t first_output = 0;                      ///< cycles until the first word came out, as hw::latency counts them
  int64_t latency = 0;                           ///< cycles until the first frame was out
  int64_t interval = 0;                          ///< cycles between the ends of the last two frames; 0 for a single one
  int64_t cycles = 0;                            ///< in all, until the last word of the last frame
  std::vector<StreamCounts> streams;             ///< as Design::streams
  std::vector<Activity> units;                   ///< as Design::units
  std::vector<std::vector<int64_t>> handshakes;  ///< if asked for: the cycle of each word of each stream
  bool operator==(const Simulation&) const = default;
};

struct SimulationOptions {
  int input_stalls = 0;         ///< per cent of the cycles in which no word is offered
  int output_stalls = 0;        ///< per cent of the cycles in which none is taken
  uint64_t seed = 1;            ///< of the stalls
  std::filesystem::path waves;  ///< VCD file to write; empty: none
  bool handshakes = false;      ///< whether to note them
  int64_t patience = 0;         ///< cycles without a word in or out after which the design has stopped; 0: 20 million
};

/// Runs the test bench of an emitted folder on the folder's frames. The built test bench is kept in
/// $XDG_CACHE_HOME/bitloom/rtl, else ~/.cache/bitloom/rtl, by the hash of the folder's sources and the tool's version; memory
/// files are read when it starts, so designs that differ in these alone share one. 1 GiB is kept, of what was used last;
/// where the cache cannot be written, the folder's obj_dir is used. Throws Error with the tool's own words if Verilator, make
/// or a compiler is missing or fails, or if the design stops before the last word.
Simulation simulate(const std::filesystem::path& folder, const SimulationOptions& options = {});

}  // namespace bitloom::hw
