// SPDX-License-Identifier: Apache-2.0
//
// bitloom simulate: the network's RTL, cycle by cycle, held against the reference executor.
#include <optional>

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

void print_text(const hw::Design& design, const hw::Simulation& found) {
  Table table({"", "simulated", "model"});
  if (found.frames > 1) table.add({"cycles between frames", grouped(found.interval), grouped(hw::interval(design))});
  const hw::Latency latency = hw::latency(design);
  table.add({"cycles to the first word", grouped(found.first_output), grouped(latency.first)});
  table.add({"cycles to the first frame", grouped(found.latency), grouped(latency.last)});
  fmt::print("{}\n{} frames, every bit of the outputs as the reference executor has it\n", table.text(), found.frames);
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
  if (!arguments.json) return print_text(design, found);
  const hw::Latency latency = hw::latency(design);
  print_json({{"frames", found.frames},
              {"wrong_words", found.wrong_words},
              {"interval", found.interval},
              {"model_interval", hw::interval(design)},
              {"first_output", found.first_output},
              {"model_first_output", latency.first},
              {"latency", found.latency},
              {"model_latency", latency.last},
              {"cycles", found.cycles}});
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
