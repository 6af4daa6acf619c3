// SPDX-License-Identifier: Apache-2.0
//
// What the commands for hardware share: the network, its folding, and real frames to check it with.
#pragma once

#include "bitloom/rtl.h"
#include "bitloom/synth.h"
#include "common.h"

namespace bitloom::cli {

/// --folding, --device, --clock, --fps, --max: the device, and which folding of a network for it.
struct FoldingArguments {
  std::string folding, device;
  double clock_mhz = 0, frames_per_second = 0;
  bool fastest = false;

  /// Returns the options that say which folding; no two of them go together.
  std::vector<CLI::Option*> add_to(CLI::App& command);
  /// The folding file, or a folding without layers; with its device and clock: these options', else the file's, else
  /// xc7z020 and the device's clock.
  hw::Folding target() const;
  /// The folding file's; else the cheapest that reaches the frame rate; else the fastest that fits the device. With device
  /// and clock. Prints what the file's rounding changed to standard error (`notes` gets it too).
  hw::Folding fold(const ir::Network& network, std::vector<std::string>* notes = nullptr) const;
};

struct HardwareArguments {
  ModelArguments model;
  FoldingArguments folding;
  std::vector<std::string> inputs;
  int64_t random_frames = 3;

  void add_to(CLI::App& command);
  /// Without the frames to check with.
  void add_design_to(CLI::App& command);
  /// With FIFOs and line buffers as small as they may be. Says on standard error when a folding file's design does not fit
  /// the device.
  hw::Design design(const ir::Network& network) const;
  /// From the inputs; without any, random frames with a fixed seed.
  std::vector<ir::Tensor> frames(const ir::Network& network) const;
};

Json resources_json(const hw::Resources& resources);

/// As hw::synthesize, with a bar that shows how far it is. `design`: a hw::Design, or a folder that `bitloom emit rtl`
/// wrote.
hw::Synthesis synthesize_with_bar(const hw::Design& design, hw::SynthesisOptions options);
hw::Synthesis synthesize_with_bar(const std::filesystem::path& design, hw::SynthesisOptions options);

/// The folder of RTL modules: the source tree's for a program that is run from its build folder, else the installed one.
std::filesystem::path rtl_library();

}  // namespace bitloom::cli
