// SPDX-License-Identifier: Apache-2.0
//
// bitloom simulate: the network's RTL, cycle by cycle, held against the reference executor.
#include <optional>

#include "bitloom/dataflow.h"
#include "hardware.h"
#include "process.h"

namespace bitloom::cli {
namespace {

struct Arguments {
  HardwareArguments hardware;
  hw::SimulationOptions options;
  std::string output, waves;
  bool json = false;
};

/// What the model of the handshakes says of the same frames and pauses. It is exact, or one of both is wrong.
hw::Dataflow model_of(const hw::Design& design, const hw::Simulation& found, const hw::SimulationOptions& options) {
  hw::DataflowOptions same;
  same.frames = found.frames;
  same.input_stalls = options.input_stalls;
  same.output_stalls = options.output_stalls;
  same.seed = options.seed;
  same.activity = true;
  hw::Dataflow model = hw::simulate_handshakes(design, same);
  const bool as_found = model.interval == found.interval && model.latency.first == found.first_output &&
                        model.latency.last == found.latency && model.cycles == found.cycles && model.units == found.units;
  if (!as_found) {
    throw InternalError(
        fmt::format("simulated {} cycles ({} between frames, the first after {}), the model has {} ({}, {})", found.cycles,
                    found.interval, found.latency, model.cycles, model.interval, model.latency.last));
  }
  return model;
}

std::string share(int64_t cycles, int64_t of) {
  return fmt::format("{:.1f}", 100.0 * static_cast<double>(cycles) / static_cast<double>(of));
}

void print_text(const hw::Design& design, const hw::Simulation& found, const hw::Dataflow& model) {
  Table units({"unit", "busy %", "starved %", "blocked %"});
  for (size_t u = 0; u < design.units.size(); ++u) {
    const hw::Activity& activity = found.units[u];
    units.add({design.units[u].name, share(activity.busy, found.cycles), share(activity.starved, found.cycles),
               share(activity.blocked, found.cycles)});
  }
  Table table({"", "simulated", "model"});
  if (found.frames > 1) table.add({"cycles between frames", grouped(found.interval), grouped(model.interval)});
  table.add({"cycles to the first word", grouped(found.first_output), grouped(model.latency.first)});
  table.add({"cycles to the first frame", grouped(found.latency), grouped(model.latency.last)});
  table.add({"cycles in all", grouped(found.cycles), grouped(model.cycles)});
  fmt::print(
      "{}\n{}\n{} frames, every bit of the outputs as the reference executor has it, every cycle as the model has it\n",
      units.text(), table.text(), found.frames);
}

Json to_json(const hw::Design& design, const hw::Simulation& found) {
  Json units = Json::array();
  for (size_t u = 0; u < design.units.size(); ++u) {
    const hw::Activity& activity = found.units[u];
    units.push_back({{"name", design.units[u].name},
                     {"busy", activity.busy},
                     {"starved", activity.starved},
                     {"blocked", activity.blocked}});
  }
  return units;
}

void simulate(const Arguments& arguments) {
  const ir::Network network = arguments.hardware.model.load();
  const hw::Design design = arguments.hardware.design(network);
  std::optional<TemporaryFolder> temporary;
  if (arguments.output.empty()) temporary.emplace();
  const std::filesystem::path folder = temporary ? temporary->path() : std::filesystem::path(arguments.output);
  hw::emit_rtl(design, network, arguments.hardware.frames(network), rtl_library(), folder);
  hw::SimulationOptions options = arguments.options;
  if (!arguments.waves.empty()) options.waves = std::filesystem::absolute(arguments.waves);
  const hw::Simulation found = hw::simulate(folder, options);
  if (found.wrong_words > 0)
    throw InternalError(fmt::format("{} words of the simulated output are wrong", found.wrong_words));
  const hw::Dataflow model = model_of(design, found, options);
  if (!arguments.json) return print_text(design, found, model);
  print_json({{"frames", found.frames},
              {"wrong_words", found.wrong_words},
              {"interval", found.interval},
              {"model_interval", model.interval},
              {"first_output", found.first_output},
              {"model_first_output", model.latency.first},
              {"latency", found.latency},
              {"model_latency", model.latency.last},
              {"cycles", found.cycles},
              {"units", to_json(design, found)}});
}

}  // namespace

void add_simulate(CLI::App& program) {
  auto* command = program.add_subcommand("simulate", "run a network's RTL cycle by cycle, and compare every bit");
  command->footer("Example: bitloom simulate sfc-w1a1 models/digits/000_7.png --fps 10000");
  auto arguments = std::make_shared<Arguments>();
  arguments->hardware.add_to(*command);
  command->add_option("--input-stalls", arguments->options.input_stalls, "per cent of cycles without a word at the input")
      ->check(CLI::Range(0, 95));
  command->add_option("--output-stalls", arguments->options.output_stalls, "per cent of cycles in which none is taken")
      ->check(CLI::Range(0, 95));
  command->add_option("--seed", arguments->options.seed, "of the stalls");
  command->add_option("--waves", arguments->waves, "trace file to write (.vcd)");
  command->add_option("-o,--output", arguments->output, "folder to keep the design in (default: a temporary one)");
  command->add_flag("--json", arguments->json, "print one JSON document");
  command->callback([arguments] { simulate(*arguments); });
}

}  // namespace bitloom::cli
