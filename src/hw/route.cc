// SPDX-License-Identifier: Apache-2.0
//
// ice40.mk of an emitted folder does the work; this runs it and reads the tools' reports.
#include <nlohmann/json.hpp>

#include "bitloom/file.h"
#include "bitloom/ice40.h"
#include "bitloom/process.h"

namespace bitloom::hw {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

void need(const char* tool, const char* option, const char* package, const fs::path& folder) {
  if (!run_process({tool, option}, folder))
    throw Error("{} is missing; install it (Debian, Ubuntu: apt-get install {})", tool, package);
}

Json read_json(const fs::path& path) {
  const Json json = Json::parse(read_text(path), nullptr, false);
  if (!json.is_object()) throw Error("{}: is no report of the tool that should have written it", path.string());
  return json;
}

void make(const fs::path& folder, const char* target, const char* what) {
  if (!fs::exists(folder / "ice40.mk"))
    throw Error(
        "{}: has no ice40.mk; `bitloom emit rtl --device hx8k` writes one, for a network of one input of at most 8 bits an "
        "element and one output",
        folder.string());
  const auto finished = run_process({"make", "-s", "-f", "ice40.mk", target}, folder);
  if (!finished) throw Error("make is missing; install it (Debian, Ubuntu: apt-get install make g++)");
  if (finished->status != 0) throw Error("{}: {} failed: {}", folder.string(), what, finished->errors);
}

}  // namespace

Routed place_and_route(const fs::path& folder) {
  need("yosys", "-V", "yosys", folder);
  need("nextpnr-ice40", "--version", "nextpnr-ice40", folder);
  need("icepack", "-h", "fpga-icestorm", folder);
  make(folder, "bitstream", "synthesis, placement or routing");
  const Json report = read_json(folder / "route.json");
  Routed routed;
  try {
    const Json& used = report.at("utilization");
    routed.logic_cells = used.at("ICESTORM_LC").at("used");
    routed.logic_cells_of = used.at("ICESTORM_LC").at("available");
    routed.blocks = used.at("ICESTORM_RAM").at("used");
    routed.blocks_of = used.at("ICESTORM_RAM").at("available");
    for (const auto& clock : report.at("fmax")) {
      if (routed.highest_mhz > 0 && routed.highest_mhz < clock.at("achieved").get<double>()) continue;
      routed.highest_mhz = clock.at("achieved");
      routed.clock_mhz = clock.at("constraint");
    }
  } catch (const Json::exception& error) {
    throw Error("{}: nextpnr's report lacks what it should have: {}", (folder / "route.json").string(), error.what());
  }
  routed.bitstream = folder / "board.bin";
  return routed;
}

int64_t simulate_netlist(const fs::path& folder) {
  need("verilator", "--version", "verilator", folder);
  std::error_code ignored;
  fs::remove(folder / "netlist.json", ignored);
  make(folder, "netlist", "the simulation of the netlist");
  const Json found = read_json(folder / "netlist.json");
  const int64_t bytes = found.value("bytes", 0), expected = found.value("expected", 1);
  if (bytes != expected) throw Error("{}: the netlist gave {} bytes instead of {}", folder.string(), bytes, expected);
  return found.value("wrong", int64_t{1});
}

}  // namespace bitloom::hw
