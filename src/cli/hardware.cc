// SPDX-License-Identifier: Apache-2.0
#include "hardware.h"

#include <cmath>

#include "bitloom/file.h"
#include "inputs.h"

namespace bitloom::cli {

void HardwareArguments::add_to(CLI::App& command) {
  add_design_to(command);
  command.add_option("INPUTS", inputs, "images, folders or .npy files to check the design with (default: random frames)");
  command.add_option("--frames", random_frames, "random frames, without INPUTS")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
}

void HardwareArguments::add_design_to(CLI::App& command) {
  model.add_to(command);
  command.add_option("--folding", folding, "folding file (docs/reference/hardware.md)");
  command.add_option("--device", device, "FPGA to fold for, without a folding file")->capture_default_str();
  command.add_option("--fps", frames_per_second, "frames a second to fold for (default: the most that the device holds)")
      ->check(CLI::PositiveNumber);
}

hw::Design HardwareArguments::design(const ir::Network& network) const {
  if (!folding.empty()) {
    const std::vector<std::byte> bytes = read_file(folding);
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return hw::design(network, hw::resolve(network, hw::read_folding(text, folding)));
  }
  const hw::Device& part = hw::find_device(device);
  const hw::Folds folds(network, part);
  if (frames_per_second <= 0) {
    const auto fastest = folds.fastest();
    if (!fastest) throw Error("network '{}' does not fit {} in any folding; take a larger device", network.name, device);
    return hw::design(network, *fastest);
  }
  const auto cycles = static_cast<int64_t>(std::floor(part.clock_mhz * 1e6 / frames_per_second));
  const auto cheapest = folds.cheapest(cycles);
  if (!cheapest) {
    throw Error(
        "network '{}' has no folding with {} frames/s that fits {} at {} MHz; ask for fewer or take a larger device",
        network.name, frames_per_second, device, part.clock_mhz);
  }
  return hw::design(network, *cheapest);
}

std::vector<ir::Tensor> HardwareArguments::frames(const ir::Network& network) const {
  constexpr uint64_t kSeed = 1;
  if (inputs.empty()) return ir::random_inputs(network, random_frames, kSeed);
  return {read_inputs(network, inputs, false).tensor};
}

std::filesystem::path rtl_library() { return shipped_folder(BITLOOM_RTL_DIR, "rtl"); }

}  // namespace bitloom::cli
