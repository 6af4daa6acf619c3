// SPDX-License-Identifier: Apache-2.0
//
// bitloom synth: what Yosys makes of a network's hardware, unit by unit, beside what the models say.
#include <optional>

#include "bitloom/file.h"
#include "bitloom/ice40.h"
#include "hardware.h"

namespace bitloom::cli {
namespace {

struct Arguments {
  HardwareArguments hardware;
  hw::SynthesisOptions options;
  std::string output;
  bool json = false;
};

/// "+4.2 %" of an estimate against what was found; nothing where there is nothing.
std::string error_text(int64_t estimate, int64_t found) {
  if (found == 0) return estimate == 0 ? "" : fmt::format("+{}", estimate);
  return fmt::format("{:+.1f} %", 100.0 * static_cast<double>(estimate - found) / static_cast<double>(found));
}

std::string blocks_text(const hw::Resources& r) { return r.blocks() == 0 ? "" : fmt::format("{}", r.blocks()); }
std::string or_nothing(int64_t value) { return value == 0 ? "" : grouped(value); }

void print_text(const hw::Synthesis& found, hw::Family family) {
  const char* block = family == hw::Family::kIce40 ? "EBR" : "BRAM36";
  Table table(
      {"unit", "kind", "LUT", "model", "error", "FF", "model", "error", "LUTRAM", "model", block, "model", "DSP", "model"});
  const auto add = [&](const std::string& name, const std::string& kind, const hw::Resources& f, const hw::Resources& e) {
    table.add({name, kind, grouped(f.lut), grouped(e.lut), error_text(e.lut, f.lut), grouped(f.ff), grouped(e.ff),
               error_text(e.ff, f.ff), or_nothing(f.lut_ram), or_nothing(e.lut_ram), blocks_text(f), blocks_text(e),
               or_nothing(f.dsp), or_nothing(e.dsp)});
  };
  for (const hw::UnitSynthesis& unit : found.units) add(unit.name, unit.kind, unit.found.resources, unit.estimate);
  const hw::Counts all = found.found();
  add("all", "", all.resources, found.estimate());
  if (found.whole) add("in one piece", "", found.whole->resources, found.estimate());
  fmt::print("{}\n{}, each unit alone; besides, {} inverters at carry chains and registers, which are not in LUT\n",
             table.text(), found.tool, grouped(all.inverters));
}

Json to_json(const hw::Counts& counts) {
  Json json = resources_json(counts.resources);
  json["inverters"] = counts.inverters;
  return json;
}

Json to_json(const hw::Synthesis& found) {
  Json units = Json::array();
  for (const hw::UnitSynthesis& unit : found.units) {
    units.push_back({{"name", unit.name},
                     {"kind", unit.kind},
                     {"found", to_json(unit.found)},
                     {"estimate", resources_json(unit.estimate)},
                     {"cached", unit.cached}});
  }
  Json json{{"tool", found.tool},
            {"units", units},
            {"found", to_json(found.found())},
            {"estimate", resources_json(found.estimate())}};
  if (found.whole) json["whole"] = to_json(*found.whole);
  return json;
}

/// An emitted folder is for the device that it was emitted for.
hw::Family family_of(const std::filesystem::path& folder) {
  const Json design = Json::parse(read_text(folder / "design.json"), nullptr, false);
  const Json::json_pointer name("/device/name");
  if (design.is_discarded() || !design.contains(name) || !design[name].is_string())
    throw Error("{}: is not as `bitloom emit rtl` writes it; emit the folder anew", (folder / "design.json").string());
  return hw::find_device(design[name].get<std::string>()).family;
}

void print_board(const hw::Routed& routed) {
  fmt::print(
      "\non the board, placed and routed: {} of {} logic cells, {} of {} blocks, {:.1f} MHz for a clock of {:g} MHz\n"
      "the gates' simulation gives every byte as the reference executor has it; bitstream: {}\n",
      grouped(routed.logic_cells), grouped(routed.logic_cells_of), routed.blocks, routed.blocks_of, routed.highest_mhz,
      routed.clock_mhz, routed.bitstream.string());
}

/// Places and routes a folder for a board, and holds the gates against the folder's frames.
hw::Routed route(const std::filesystem::path& folder) {
  const hw::Routed routed = hw::place_and_route(folder);
  const int64_t wrong = hw::simulate_netlist(folder);
  if (wrong > 0) throw InternalError(fmt::format("{} bytes of the simulated netlist are wrong", wrong));
  if (!routed.timing_met())
    throw Error("{}: reaches {:.1f} MHz, not the {:g} MHz that it was placed for; emit it with a lower --clock",
                folder.string(), routed.highest_mhz, routed.clock_mhz);
  return routed;
}

Json to_json(const hw::Routed& r) {
  return {{"logic_cells", r.logic_cells},     {"logic_cells_of", r.logic_cells_of}, {"blocks", r.blocks},
          {"blocks_of", r.blocks_of},         {"clock_mhz", r.clock_mhz},           {"highest_mhz", r.highest_mhz},
          {"bitstream", r.bitstream.string()}};
}

void synth(const Arguments& arguments) {
  const HardwareArguments& hardware = arguments.hardware;
  const std::filesystem::path folder = hardware.model.model;  // unless it is a network to be folded
  const bool emitted = std::filesystem::exists(folder / "design.json");
  hw::SynthesisOptions options = arguments.options;
  options.family = emitted && hardware.folding.device.empty() ? family_of(folder)
                                                              : hw::find_device(hardware.folding.target().device).family;
  const hw::Synthesis found =
      emitted ? synthesize_with_bar(folder, options) : synthesize_with_bar(hardware.design(hardware.model.load()), options);
  std::optional<hw::Routed> routed;
  if (std::filesystem::exists(folder / "ice40.mk")) routed = route(folder);
  Json json = to_json(found);
  if (routed) json["board"] = to_json(*routed);
  if (!arguments.output.empty()) write_file(arguments.output, json.dump(2) + "\n");
  if (arguments.json) return print_json(json);
  print_text(found, options.family);
  if (routed) print_board(*routed);
}

}  // namespace

void add_synth(CLI::App& program) {
  auto* command = program.add_subcommand("synth", "what Yosys makes of a network's hardware, beside the estimate");
  command->footer(
      "MODEL may be a folder that `bitloom emit rtl` wrote; one for an iCE40 board is placed, routed and packed as well. "
      "Results are kept in $XDG_CACHE_HOME/bitloom/synth, else "
      "~/.cache/bitloom/synth, so an interrupted run goes on where it was.\n"
      "Example: bitloom synth sfc-w1a1 --fps 10000");
  auto arguments = std::make_shared<Arguments>();
  arguments->hardware.add_design_to(*command);
  command->add_flag("--whole", arguments->options.whole, "also the design in one piece");
  command->add_option("-j,--processes", arguments->options.processes, "of Yosys at a time (default: one a core)")
      ->check(CLI::Range(1, 1024));
  command->add_option("-o,--output", arguments->output, "write the report, as JSON, to this file");
  command->add_flag("--json", arguments->json, "print one JSON document");
  command->callback([arguments] { synth(*arguments); });
}

}  // namespace bitloom::cli
