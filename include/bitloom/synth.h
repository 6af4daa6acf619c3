// SPDX-License-Identifier: Apache-2.0
//
// What Yosys makes of a design: resources of each unit, beside those that the models of hw.h say.
//
//   const hw::Synthesis synthesis = hw::synthesize(design, library);
//   synthesis.units[i].found.resources.lut, synthesis.units[i].estimate.lut ...
//
// Units are synthesized alone: that is what a model of a unit can be held against, it needs little memory, several can run
// at once, and what was done is kept by content, so an interrupted run goes on where it was. Seen as a whole, a design
// takes a little less (Synthesis::whole), because logic that spans units can be merged.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bitloom/hw.h"

namespace bitloom::hw {

struct SynthesisOptions {
  Family family = Family::kXilinx7;
  int processes = 0;            ///< of Yosys at a time; 0: one a core
  bool whole = false;           ///< also the design in one piece
  std::filesystem::path cache;  ///< folder where results are kept; empty: $XDG_CACHE_HOME/bitloom/synth, else
                                ///< ~/.cache/bitloom/synth
  std::function<void(int64_t done, int64_t all)> progress;  ///< called from any thread, one at a time; counts units
};

/// Cells that Yosys put out, in LUTs, registers and blocks. Carry chains and the multiplexers behind LUTs (MUXF7, MUXF8)
/// are not LUTs.
struct Counts {
  Resources resources;    ///< lut: LUT1 to LUT6 and lut_ram; lut_ram: RAM32M, RAM64M ... and SRL, each as the LUTs it takes
  int64_t inverters = 0;  ///< INV cells, at carry chains and registers; not in `lut`, since placing absorbs most of them
  bool operator==(const Counts&) const = default;
};

struct UnitSynthesis {
  std::string name, kind;
  Resources estimate;
  Counts found;
  bool cached = false;  ///< known from an earlier run, or from an equal unit
};

struct Synthesis {
  std::string tool;  ///< "Yosys 0.23 (git sha1 ...)"
  std::vector<UnitSynthesis> units;
  std::optional<Counts> whole;
  Resources estimate() const;  ///< of all units together
  Counts found() const;
};

/// Synthesizes a design with the modules of the folder `library` (rtl/ of the installation). Throws Error if Yosys is
/// missing (saying how to install it) or fails (with its own words), or if the cache cannot be written; Unsupported, naming
/// the unit, where the library has no module for it.
Synthesis synthesize(const Design& design, const std::filesystem::path& library, const SynthesisOptions& options = {});

/// The same for a folder that emit_rtl wrote, with the modules in it. Throws Error if it is none.
Synthesis synthesize(const std::filesystem::path& folder, const SynthesisOptions& options = {});

/// The same for units that stand in no design.
std::vector<UnitSynthesis> synthesize(std::span<const Unit> units, const std::filesystem::path& library,
                                      const SynthesisOptions& options = {});

/// Counts the cells in what Yosys' `stat -json` says of a module. Throws Error if it has a cell that is not known.
Counts count_cells(std::string_view stat_json, std::string_view module);

}  // namespace bitloom::hw
