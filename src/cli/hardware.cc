// SPDX-License-Identifier: Apache-2.0
#include "hardware.h"

#include <cmath>
#include <optional>

#include "bitloom/dataflow.h"
#include "bitloom/file.h"
#include "inputs.h"

namespace bitloom::cli {
namespace {

hw::Folding cheapest(const ir::Network& network, const hw::Folds& folds, const hw::Folding& target, double rate) {
  const double hertz = target.clock_mhz * 1e6;
  const auto most = static_cast<int64_t>(std::floor(hertz / rate));
  if (most < folds.fewest_cycles()) {
    throw Error(
        "{} frames/s at {} MHz leave {} cycles a frame, but no folding of '{}' takes fewer than {}; ask for at most {}",
        rate, target.clock_mhz, most, network.name, folds.fewest_cycles(),
        std::floor(hertz / static_cast<double>(folds.fewest_cycles())));
  }
  if (auto folding = folds.cheapest(most)) return *folding;
  throw Error(
      "no folding of '{}' reaches {} frames/s at {} MHz on {}; `bitloom fold --max` gives the most that it holds, "
      "`bitloom fold --pareto` what more would take",
      network.name, rate, target.clock_mhz, target.device);
}

hw::Folding search(const ir::Network& network, const hw::Folding& target, double rate) {
  const hw::Folds folds(network, hw::find_device(target.device));
  if (rate > 0) return cheapest(network, folds, target, rate);
  if (auto folding = folds.fastest()) return *folding;
  throw Error("'{}' does not fit {} in any folding; `bitloom fold --pareto` says what the smallest takes", network.name,
              target.device);
}

/// Shows the progress of a synthesis with these options.
class SynthesisBar {
 public:
  explicit SynthesisBar(hw::SynthesisOptions& options) {
    options.progress = [this](int64_t done, int64_t all) {
      if (!bar_) bar_.emplace("synthesis", all);
      bar_->set(done);
    };
  }
  SynthesisBar(const SynthesisBar&) = delete;
  SynthesisBar& operator=(const SynthesisBar&) = delete;

 private:
  std::optional<ProgressBar> bar_;
};

}  // namespace

std::vector<CLI::Option*> FoldingArguments::add_to(CLI::App& command) {
  command.add_option("--device", device, "device to fold for (default: the folding file's, else xc7z020)");
  command.add_option("--clock", clock_mhz, "MHz (default: the folding file's, else the device's)")
      ->check(CLI::Range(0.001, 10000.0));
  auto* rate = command.add_option("--fps", frames_per_second, "the least resources for so many frames a second")
                   ->check(CLI::Range(1e-6, 1e12));
  auto* most = command.add_flag("--max", fastest, "the highest rate that the device holds (the default)")->excludes(rate);
  auto* file = command.add_option("--folding", folding, "this folding file (docs/reference/hardware.md)")
                   ->excludes(rate)
                   ->excludes(most);
  return {rate, most, file};
}

hw::Folding FoldingArguments::target() const {
  hw::Folding target;
  if (!folding.empty()) {
    target = hw::read_folding(read_text(folding), folding);
  }
  if (!device.empty()) target.device = device;
  if (target.device.empty()) target.device = "xc7z020";
  if (clock_mhz > 0) target.clock_mhz = clock_mhz;
  if (target.clock_mhz <= 0) target.clock_mhz = hw::find_device(target.device).clock_mhz;
  return target;
}

hw::Folding FoldingArguments::fold(const ir::Network& network, std::vector<std::string>* notes) const {
  const hw::Folding target = this->target();
  if (!folding.empty()) {
    std::vector<std::string> changes;
    hw::Folding resolved = hw::resolve(network, target, &changes);
    for (const std::string& change : changes) fmt::print(stderr, "{}: {}\n", folding, change);
    if (notes) *notes = std::move(changes);
    return resolved;
  }
  hw::Folding found = search(network, target, frames_per_second);
  found.device = target.device;
  found.clock_mhz = target.clock_mhz;
  return found;
}

void HardwareArguments::add_to(CLI::App& command) {
  add_design_to(command);
  command.add_option("INPUTS", inputs, "images, folders or .npy files to check the design with (default: random frames)");
  command.add_option("--frames", random_frames, "random frames, without INPUTS")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
}

void HardwareArguments::add_design_to(CLI::App& command) {
  model.add_to(command);
  folding.add_to(command);
}

hw::Design HardwareArguments::design(const ir::Network& network) const {
  hw::Design design = hw::size_fifos(hw::design(network, folding.fold(network)));
  const hw::Device& device = hw::find_device(design.folding.device);
  if (!hw::fits(hw::resources(design, device.family), device)) {
    fmt::print(stderr, "{} does not fit {} with this folding; `bitloom fold` says what it takes\n", network.name,
               device.name);
  }
  return design;
}

std::vector<ir::Tensor> HardwareArguments::frames(const ir::Network& network) const {
  constexpr uint64_t kSeed = 1;
  if (inputs.empty()) return ir::random_inputs(network, random_frames, kSeed);
  return {read_inputs(network, inputs, false).tensor};
}

Json resources_json(const hw::Resources& r) {
  return {{"lut", r.lut}, {"lut_ram", r.lut_ram}, {"ff", r.ff}, {"bram36", r.bram36}, {"bram18", r.bram18}, {"dsp", r.dsp}};
}

hw::Synthesis synthesize_with_bar(const hw::Design& design, hw::SynthesisOptions options) {
  SynthesisBar bar(options);
  return hw::synthesize(design, rtl_library(), options);
}

hw::Synthesis synthesize_with_bar(const std::filesystem::path& design, hw::SynthesisOptions options) {
  SynthesisBar bar(options);
  return hw::synthesize(design, options);
}

std::filesystem::path rtl_library() { return shipped_folder(BITLOOM_RTL_DIR, "rtl"); }

}  // namespace bitloom::cli
