// SPDX-License-Identifier: Apache-2.0
//
// What the commands for hardware share: the network, its folding, and real frames to check it with.
#pragma once

#include "bitloom/rtl.h"
#include "common.h"

namespace bitloom::cli {

struct HardwareArguments {
  ModelArguments model;
  std::vector<std::string> inputs;
  std::string folding, device = "xc7z020";
  double frames_per_second = 0;
  int64_t random_frames = 3;

  void add_to(CLI::App& command);
  /// Without the frames to check with.
  void add_design_to(CLI::App& command);
  /// By the folding file; else the cheapest that reaches the frame rate; else the fastest that fits the device.
  hw::Design design(const ir::Network& network) const;
  /// From the inputs; without any, random frames with a fixed seed.
  std::vector<ir::Tensor> frames(const ir::Network& network) const;
};

/// The folder of RTL modules: the source tree's for a program that is run from its build folder, else the installed one.
std::filesystem::path rtl_library();

}  // namespace bitloom::cli
