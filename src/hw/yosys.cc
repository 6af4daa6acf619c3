// SPDX-License-Identifier: Apache-2.0
#include "yosys.h"

#include <array>

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "bitloom/file.h"
#include "bitloom/process.h"

namespace bitloom::hw {
namespace {

using Json = nlohmann::json;

/// Runs a script, which writes `output`; its text.
std::string run_script(const std::filesystem::path& folder, const std::string& script, const std::string& output) {
  const auto finished = run_process({"yosys", "-q", "-p", script}, folder);
  if (!finished) {
    throw Error("Yosys is missing; install it (Debian, Ubuntu: apt-get install yosys)");
  }
  if (finished->status != 0) {
    const size_t error = finished->errors.find("ERROR:");
    throw Error("Yosys failed: {}", error == std::string::npos ? finished->errors : finished->errors.substr(error));
  }
  return read_text(folder / output);
}

/// LUTs, and other resources, that a cell takes. `count` of them are added; false for a cell that is not known.
bool add_cell(Counts& counts, std::string_view cell, int64_t count) {
  Resources& r = counts.resources;
  struct LutRam {
    std::string_view name;
    int64_t luts;
  };
  constexpr std::array<LutRam, 18> kLutRams{{{"RAM32X1S", 1},
                                             {"RAM32X1D", 2},
                                             {"RAM64X1S", 1},
                                             {"RAM64X1D", 2},
                                             {"RAM128X1S", 2},
                                             {"RAM128X1D", 4},
                                             {"RAM256X1S", 4},
                                             {"RAM256X1D", 8},
                                             {"RAM512X1S", 8},
                                             {"RAM32M", 4},
                                             {"RAM64M", 4},
                                             {"RAM32M16", 8},
                                             {"RAM64M8", 8},
                                             {"RAM64X8SW", 8},
                                             {"RAM32X16DR8", 8},
                                             {"SRL16E", 1},
                                             {"SRLC16E", 1},
                                             {"SRLC32E", 1}}};
  constexpr std::array<std::string_view, 6> kLuts{"LUT1", "LUT2", "LUT3", "LUT4", "LUT5", "LUT6"};
  constexpr std::array<std::string_view, 11> kRegisters{"FDRE", "FDSE", "FDCE",   "FDPE",   "FDRE_1", "FDSE_1",
                                                        "LDCE", "LDPE", "FDCE_1", "FDPE_1", "FD"};
  constexpr std::array<std::string_view, 11> kFree{"CARRY4", "CARRY8", "MUXF7", "MUXF8",    "MUXF9", "BUFG",
                                                   "IBUF",   "OBUF",   "GND",   "SB_CARRY", "SB_GB"};
  const auto one_of = [&](const auto& names) { return std::ranges::find(names, cell) != names.end(); };
  if (const auto* ram = std::ranges::find(kLutRams, cell, &LutRam::name); ram != kLutRams.end()) {
    r.lut += ram->luts * count;
    r.lut_ram += ram->luts * count;
  } else if (one_of(kLuts) || cell == "SB_LUT4") {
    r.lut += count;
  } else if (one_of(kRegisters) || cell.starts_with("SB_DFF")) {
    r.ff += count;
  } else if (cell == "INV") {
    counts.inverters += count;
  } else if (cell.starts_with("RAMB36") || cell.starts_with("SB_RAM40_4K")) {
    r.bram36 += count;
  } else if (cell.starts_with("RAMB18")) {
    r.bram18 += count;
  } else if (cell.starts_with("DSP48") || cell == "SB_MAC16") {
    r.dsp += count;
  } else {
    return one_of(kFree);
  }
  return true;
}

}  // namespace

std::string yosys_version(const std::filesystem::path& folder) {
  // Without modules the statistics are no valid JSON.
  const std::string text = run_script(folder, "tee -o version.json stat -json", "version.json");
  constexpr std::string_view kField = "\"creator\": \"";
  const size_t from = text.find(kField);
  const size_t to = from == std::string::npos ? from : text.find('"', from + kField.size());
  if (to == std::string::npos) throw Error("Yosys does not say which version it is; 0.23 or later would");
  return text.substr(from + kField.size(), to - from - kField.size());
}

// An iCE40 has no LUT RAM. What is to be distributed becomes gates if it is never written, and else what Yosys thinks best.
std::string synth_commands(Family family, const std::string& top) {
  switch (family) {
    case Family::kXilinx7:
      return "synth_xilinx -family xc7 -flatten -noiopad -noclkbuf -top " + top;
    case Family::kUltraScale:
      return "synth_xilinx -family xcu -flatten -noiopad -noclkbuf -top " + top;
    case Family::kIce40:
      return "read_verilog -lib -specify +/ice40/cells_sim.v; hierarchy -check -top " + top +
             "; proc; setattr -set ram_style \"logic\" *bitloom_rom*/a:ram_style=distributed; "
             "setattr -unset ram_style a:ram_style=distributed; synth_ice40 -top " +
             top;
  }
  BITLOOM_CHECK(false);
}

std::string run_yosys(const std::filesystem::path& folder, const std::vector<std::string>& sources, const std::string& top,
                      Family family) {
  const std::string script = fmt::format("read_verilog -sv -defer {}; {}; tee -o stat.json stat -json",
                                         fmt::join(sources, " "), synth_commands(family, top));
  return run_script(folder, script, "stat.json");
}

Counts count_cells(std::string_view stat_json, std::string_view module) {
  Counts counts;
  const Json json = Json::parse(stat_json);
  const auto& modules = json.at("modules");
  const auto found = modules.find(fmt::format("\\{}", module));
  if (found == modules.end()) throw Error("Yosys has no module '{}' in its statistics", module);
  for (const auto& [cell, count] : found->at("num_cells_by_type").items()) {
    if (!add_cell(counts, cell, count.get<int64_t>()))
      throw Error("Yosys put out a cell '{}', which is not known here; please report it", cell);
  }
  return counts;
}

}  // namespace bitloom::hw
