// SPDX-License-Identifier: Apache-2.0
//
// Models that Verilator makes of an emitted folder, kept by content.
#pragma once

#include <filesystem>

namespace bitloom::hw {

/// The test bench, the test bench that can write a trace, the design as a library (board.cc).
enum class Model { kTestBench, kWaves, kBoard };

/// The model's file: in $XDG_CACHE_HOME/bitloom/rtl, else ~/.cache/bitloom/rtl, by the hash of the folder's sources, of
/// Verilator's version and of the kind of machine; without a cache that can be written, in the folder's obj_dir. Built if
/// it is not there. The contents of memory files do not count: models read them when they start. Throws Error with the
/// tool's own words if Verilator, make or the compiler is missing or fails.
std::filesystem::path verilated(const std::filesystem::path& folder, Model model);

}  // namespace bitloom::hw
