// SPDX-License-Identifier: Apache-2.0
//
// bitloom emit: a network as a folder of SystemVerilog.
#include "hardware.h"

namespace bitloom::cli {
namespace {

struct Arguments {
  HardwareArguments hardware;
  std::string output;
  bool json = false;
};

void emit(const Arguments& arguments) {
  const ir::Network network = arguments.hardware.model.load();
  const hw::Design design = arguments.hardware.design(network);
  const std::vector<ir::Tensor> frames = arguments.hardware.frames(network);
  hw::emit_rtl(design, network, frames, rtl_library(), arguments.output);
  const int64_t interval = hw::interval(design);
  if (arguments.json) {
    print_json({{"output", arguments.output},
                {"units", design.units.size()},
                {"interval", interval},
                {"frames", frames.front().images}});
    return;
  }
  fmt::print("{}: {} units, {} cycles a frame, {} frames to check with; `make` there simulates them\n", arguments.output,
             design.units.size(), grouped(interval), frames.front().images);
}

}  // namespace

void add_emit(CLI::App& program) {
  auto* command = program.add_subcommand("emit", "write a network as hardware");
  auto* rtl = command->add_subcommand("rtl", "SystemVerilog with memory files, a test bench and a Makefile");
  command->require_subcommand(1);
  command->footer("Example: bitloom emit rtl sfc-w1a1 models/digits --fps 10000 -o sfc-rtl");
  auto arguments = std::make_shared<Arguments>();
  arguments->hardware.add_to(*rtl);
  rtl->add_option("-o,--output", arguments->output, "the folder to write")->required();
  rtl->add_flag("--json", arguments->json, "print one JSON document");
  rtl->callback([arguments] { emit(*arguments); });
}

}  // namespace bitloom::cli
