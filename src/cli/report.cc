// SPDX-License-Identifier: Apache-2.0
//
// bitloom report: a network's hardware as a page to look at.
#include "bitloom/file.h"
#include "bitloom/hardware_report.h"
#include "hardware.h"

namespace bitloom::cli {
namespace {

struct Arguments {
  HardwareArguments hardware;
  std::string output;
  int64_t frames = 4;
  bool synth = false;
};

void report(const Arguments& arguments) {
  const ir::Network network = arguments.hardware.model.load();
  hw::HardwareReport page;
  page.design = arguments.hardware.design(network);
  page.device = hw::find_device(page.design.folding.device);
  page.clock_mhz = page.design.folding.clock_mhz;
  page.flow = hw::simulate_handshakes(page.design, {.frames = arguments.frames, .handshakes = true, .activity = true});
  if (arguments.synth) {
    hw::SynthesisOptions options;
    options.family = page.device.family;
    page.synthesis = synthesize_with_bar(page.design, options);
  }
  write_file(arguments.output, hw::html(page));
  fmt::print("{}: {} units on {}{}\n", arguments.output, page.design.units.size(), page.device.name,
             page.synthesis ? ", synthesized" : "");
}

}  // namespace

void add_report(CLI::App& program) {
  auto* command = program.add_subcommand("report", "a network's hardware as one HTML page");
  command->footer("Example: bitloom report cnv-w1a1 --fps 3000 -o cnv.html");
  auto arguments = std::make_shared<Arguments>();
  arguments->hardware.add_design_to(*command);
  command->add_option("--frames", arguments->frames, "that the timeline shows")
      ->check(CLI::Range(1, 16))
      ->capture_default_str();
  command->add_flag("--synth", arguments->synth, "count with Yosys (as `bitloom synth` does), beside the estimates");
  command->add_option("-o,--output", arguments->output, "the page to write")->required();
  command->callback([arguments] { report(*arguments); });
}

}  // namespace bitloom::cli
