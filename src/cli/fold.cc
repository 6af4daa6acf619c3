// SPDX-License-Identifier: Apache-2.0
//
// bitloom fold: how many multiplications of each layer are done at once in hardware, and what that costs and gives.
#include <cmath>

#include "bitloom/file.h"
#include "bitloom/hw.h"
#include "common.h"

namespace bitloom::cli {
namespace {

struct Arguments {
  ModelArguments model;
  std::string device, folding, output;
  double frames_per_second = 0, clock_mhz = 0;
  bool fastest = false, pareto = false, json = false;
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

Evaluation evaluate(const ir::Network& network, const hw::Folding& folding, const hw::Device& device, double clock_mhz) {
  hw::Design design = hw::design(network, folding);
  const int64_t interval = hw::interval(design);
  const hw::Latency latency = hw::latency(design);
  const hw::Resources resources = hw::resources(design, device.family);
  return {std::move(design), device, clock_mhz, interval, latency, resources};
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

Json to_json(const hw::Resources& r) {
  return {{"lut", r.lut}, {"lut_ram", r.lut_ram}, {"ff", r.ff}, {"bram36", r.bram36}, {"bram18", r.bram18}, {"dsp", r.dsp}};
}

Json to_json(const hw::Folding& folding) { return Json::parse(hw::print(folding)); }

Json to_json(const Evaluation& e, const std::vector<std::string>& notes) {
  Json units = Json::array();
  for (const Row& row : rows_of(e)) {
    Json unit{{"name", row.name}, {"kind", row.units}, {"cycles", row.cycles}, {"resources", to_json(row.resources)}};
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
          {"resources", to_json(e.resources)},
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

hw::Folding search(const Arguments& arguments, const ir::Network& network, const hw::Device& device, double clock_mhz) {
  const hw::Folds folds(network, device);
  if (arguments.frames_per_second > 0) {
    const auto most = static_cast<int64_t>(std::floor(clock_mhz * 1e6 / arguments.frames_per_second));
    if (most < folds.fewest_cycles()) {
      throw Error(
          "{} frames/s at {} MHz leave {} cycles a frame, but no folding of '{}' takes fewer than {}; ask for at most {}",
          arguments.frames_per_second, clock_mhz, most, network.name, folds.fewest_cycles(),
          std::floor(clock_mhz * 1e6 / static_cast<double>(folds.fewest_cycles())));
    }
    if (auto folding = folds.cheapest(most)) return *folding;
    throw Error(
        "no folding of '{}' reaches {} frames/s at {} MHz on {}; --max gives the most that it holds, --pareto what "
        "more would take",
        network.name, arguments.frames_per_second, clock_mhz, device.name);
  }
  if (auto folding = folds.fastest()) return *folding;
  throw Error("'{}' does not fit {} in any folding; --pareto says what the smallest takes", network.name, device.name);
}

void print_pareto(const Arguments& arguments, const ir::Network& network, const hw::Device& device, double clock_mhz) {
  const hw::Folds folds(network, device);
  const std::vector<hw::ParetoPoint> points = folds.pareto();
  const auto rate = [&](const hw::ParetoPoint& p) { return clock_mhz * 1e6 / static_cast<double>(p.interval); };
  if (arguments.json) {
    Json list = Json::array();
    for (const hw::ParetoPoint& p : points) {
      list.push_back({{"cycles", p.interval},
                      {"frames_per_second", rate(p)},
                      {"resources", to_json(p.resources)},
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

hw::Folding read(const std::string& path) {
  const std::vector<std::byte> bytes = read_file(path);
  return hw::read_folding({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path);
}

void fold(const Arguments& arguments) {
  const ir::Network network = arguments.model.load();
  hw::Folding folding;
  if (!arguments.folding.empty()) folding = read(arguments.folding);
  const std::string device_name = !arguments.device.empty() ? arguments.device
                                  : folding.device.empty()  ? "xc7z020"
                                                            : folding.device;
  const hw::Device& device = hw::find_device(device_name);
  const double clock_mhz = arguments.clock_mhz > 0 ? arguments.clock_mhz
                           : folding.clock_mhz > 0 ? folding.clock_mhz
                                                   : device.clock_mhz;
  if (arguments.pareto) return print_pareto(arguments, network, device, clock_mhz);
  std::vector<std::string> notes;
  folding =
      arguments.folding.empty() ? search(arguments, network, device, clock_mhz) : hw::resolve(network, folding, &notes);
  folding.device = device.name;
  folding.clock_mhz = clock_mhz;
  const Evaluation evaluation = evaluate(network, folding, device, clock_mhz);
  for (const std::string& note : notes) fmt::print(stderr, "{}: {}\n", arguments.folding, note);
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
  command->add_option("--device", arguments->device, "device to fold for (default: the folding file's, else xc7z020)");
  command->add_option("--clock", arguments->clock_mhz, "MHz (default: the folding file's, else the device's)")
      ->check(CLI::Range(0.001, 10000.0));
  auto* rate = command->add_option("--fps", arguments->frames_per_second, "the least resources for so many frames a second")
                   ->check(CLI::Range(1e-6, 1e12));
  auto* most = command->add_flag("--max", arguments->fastest, "the highest rate that the device holds (the default)");
  auto* file = command->add_option("--folding", arguments->folding, "check and evaluate this folding file");
  auto* pareto = command->add_flag("--pareto", arguments->pareto, "the cheapest folding for every rate");
  command->add_option("-o,--output", arguments->output, "write the folding to this file");
  command->add_flag("--json", arguments->json, "print one JSON document");
  for (CLI::Option* one : {rate, most, file, pareto}) {
    for (CLI::Option* other : {rate, most, file, pareto}) {
      if (one != other) one->excludes(other);
    }
  }
  command->callback([arguments] { fold(*arguments); });
}

}  // namespace bitloom::cli
