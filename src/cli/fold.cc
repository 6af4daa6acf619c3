// SPDX-License-Identifier: Apache-2.0
//
// bitloom fold: how many multiplications of each layer are done at once in hardware, and what that costs and gives.
#include <cmath>

#include "bitloom/dataflow.h"
#include "bitloom/file.h"
#include "hardware.h"

namespace bitloom::cli {
namespace {

struct Arguments {
  ModelArguments model;
  FoldingArguments folding;
  std::string output;
  bool pareto = false, json = false;
};

/// A folding of a network with all that the models say about it.
struct Evaluation {
  hw::Design design;
  const hw::Device& device;
  double clock_mhz;
  int64_t interval;
  hw::Latency latency;
  hw::Resources resources;

  double frames_per_second() const { return clock_mhz * 1e6 / static_cast<double>(interval); }
  double latency_us() const { return static_cast<double>(latency.last) / clock_mhz; }
  double watts() const { return hw::power(resources, device, clock_mhz); }
};

Evaluation evaluate(const ir::Network& network, const hw::Folding& folding) {
  const hw::Device& device = hw::find_device(folding.device);
  hw::Design design = hw::size_fifos(hw::design(network, folding));
  const int64_t interval = hw::interval(design);
  const hw::Latency latency = hw::latency(design);
  const hw::Resources resources = hw::resources(design, device.family);
  return {std::move(design), device, folding.clock_mhz, interval, latency, resources};
}

/// One unit.
struct Row {
  std::string name, units;
  int64_t pe = 0, simd = 0, cycles = 0;
  hw::Resources resources;
};

std::vector<Row> rows_of(const Evaluation& e) {
  std::vector<Row> rows;
  for (const hw::Unit& unit : e.design.units) {
    const auto* mvtu = std::get_if<hw::Mvtu>(&unit.kind);
    rows.push_back({unit.name, std::string(hw::kind_name(unit.kind)), mvtu ? mvtu->pe : 0, mvtu ? mvtu->simd : 0,
                    hw::cycles(e.design, unit), hw::resources(unit.kind, e.device.family)});
  }
  return rows;
}

std::string number(double value) {
  const double rounded = std::round(value * 2) / 2;
  return rounded == std::floor(rounded) ? grouped(static_cast<int64_t>(rounded)) : fmt::format("{:.1f}", rounded);
}
std::string or_nothing(int64_t value) { return value == 0 ? "" : grouped(value); }
std::string percent(double part, int64_t of) {
  return of == 0 ? "" : fmt::format("{:.1f} %", 100 * part / static_cast<double>(of));
}

const char* block_name(const hw::Device& device) { return device.family == hw::Family::kIce40 ? "EBR" : "BRAM36"; }

void print_table(const Evaluation& e) {
  Table table({"unit", "kind", "PE", "SIMD", "cycles", "LUT", "FF", block_name(e.device), "DSP"});
  const auto add = [&](const Row& r) {
    table.add({r.name, r.units, or_nothing(r.pe), or_nothing(r.simd), or_nothing(r.cycles), or_nothing(r.resources.lut),
               or_nothing(r.resources.ff), r.resources.blocks() == 0 ? "" : number(r.resources.blocks()),
               or_nothing(r.resources.dsp)});
  };
  for (const Row& row : rows_of(e)) add(row);
  add({"all", "", 0, 0, e.interval, e.resources});
  const hw::Device& d = e.device;
  add({d.name, d.board, 0, 0, 0, {d.lut, 0, d.ff, d.bram36, 0, d.dsp}});
  const hw::Resources& r = e.resources;
  table.add({"", "used", "", "", "", percent(static_cast<double>(r.lut), d.lut), percent(static_cast<double>(r.ff), d.ff),
             percent(r.blocks(), d.bram36), percent(static_cast<double>(r.dsp), d.dsp)});
  fmt::print("{} on {}, {} MHz\n\n{}\n", e.design.name, d.name, e.clock_mhz, table.text());
}

void print_summary(const Evaluation& e) {
  fmt::print("rate     {} frames/s ({} cycles a frame)\n", grouped(std::llround(e.frames_per_second())),
             grouped(e.interval));
  fmt::print("latency  {:.1f} us ({} cycles; the first word after {})\n", e.latency_us(), grouped(e.latency.last),
             grouped(e.latency.first));
  fmt::print("power    about {:.2f} W, an estimate\n", e.watts());
  fmt::print("LUT and FF are estimates; blocks and DSP follow from the memories' shapes\n");
  if (!hw::fits(e.resources, e.device)) fmt::print("\nIt does not fit {}.\n", e.device.name);
}

Json to_json(const hw::Folding& folding) { return Json::parse(hw::print(folding)); }

Json to_json(const Evaluation& e, const std::vector<std::string>& notes) {
  Json units = Json::array();
  for (const Row& row : rows_of(e)) {
    Json unit{
        {"name", row.name}, {"kind", row.units}, {"cycles", row.cycles}, {"resources", resources_json(row.resources)}};
    if (row.pe > 0) {
      unit["pe"] = row.pe;
      unit["simd"] = row.simd;
    }
    units.push_back(std::move(unit));
  }
  const hw::Device& d = e.device;
  return {{"name", e.design.name},
          {"device", {{"name", d.name}, {"lut", d.lut}, {"ff", d.ff}, {"bram36", d.bram36}, {"dsp", d.dsp}}},
          {"clock_mhz", e.clock_mhz},
          {"units", units},
          {"resources", resources_json(e.resources)},
          {"fits", hw::fits(e.resources, d)},
          {"cycles", e.interval},
          {"frames_per_second", e.frames_per_second()},
          {"latency_cycles", e.latency.last},
          {"first_word_cycles", e.latency.first},
          {"latency_us", e.latency_us()},
          {"watts", e.watts()},
          {"folding", to_json(e.design.folding)},
          {"notes", notes}};
}

void print_pareto(const Arguments& arguments, const ir::Network& network) {
  const hw::Folding target = arguments.folding.target();
  const hw::Device& device = hw::find_device(target.device);
  const double clock_mhz = target.clock_mhz;
  const hw::Folds folds(network, device);
  const std::vector<hw::ParetoPoint> points = folds.pareto();
  const auto rate = [&](const hw::ParetoPoint& p) { return clock_mhz * 1e6 / static_cast<double>(p.interval); };
  if (arguments.json) {
    Json list = Json::array();
    for (const hw::ParetoPoint& p : points) {
      list.push_back({{"cycles", p.interval},
                      {"frames_per_second", rate(p)},
                      {"resources", resources_json(p.resources)},
                      {"fits", hw::fits(p.resources, device)},
                      {"folding", to_json(p.folding)}});
    }
    return print_json({{"name", network.name}, {"device", device.name}, {"clock_mhz", clock_mhz}, {"points", list}});
  }
  Table table({"frames/s", "cycles", "LUT", "FF", block_name(device), "DSP", "fits"});
  for (const hw::ParetoPoint& p : points) {
    table.add({grouped(std::llround(rate(p))), grouped(p.interval), grouped(p.resources.lut), grouped(p.resources.ff),
               number(p.resources.blocks()), grouped(p.resources.dsp), hw::fits(p.resources, device) ? "yes" : "no"});
  }
  fmt::print("{} on {}, {} MHz: the cheapest folding for each rate\n\n{}", network.name, device.name, clock_mhz,
             table.text());
}

void fold(const Arguments& arguments) {
  const ir::Network network = arguments.model.load();
  if (arguments.pareto) return print_pareto(arguments, network);
  std::vector<std::string> notes;
  const Evaluation evaluation = evaluate(network, arguments.folding.fold(network, &notes));
  if (arguments.json) {
    print_json(to_json(evaluation, notes));
  } else {
    print_table(evaluation);
    print_summary(evaluation);
  }
  if (!arguments.output.empty()) write_file(arguments.output, hw::print(evaluation.design.folding));
}

}  // namespace

void add_fold(CLI::App& program) {
  auto* command = program.add_subcommand("fold", "a network in hardware: folding, cycles, resources, frames a second");
  command->footer("Example: bitloom fold cnv-w1a1 --device xc7z020 --fps 3000");
  auto arguments = std::make_shared<Arguments>();
  arguments->model.add_to(*command);
  const std::vector<CLI::Option*> choices = arguments->folding.add_to(*command);
  auto* pareto = command->add_flag("--pareto", arguments->pareto, "the cheapest folding for every rate");
  for (CLI::Option* choice : choices) pareto->excludes(choice);
  command->add_option("-o,--output", arguments->output, "write the folding to this file");
  command->add_flag("--json", arguments->json, "print one JSON document");
  command->callback([arguments] { fold(*arguments); });
}

}  // namespace bitloom::cli
