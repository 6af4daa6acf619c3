// SPDX-License-Identifier: Apache-2.0
//
// FINN's prototypes and residual binarization as hardware: folds, simulates, synthesizes, and prints the tables of
// docs/hardware.md. Synthesis takes minutes to hours for the large ones; what was done is kept (bitloom/synth.h).
//
//   bitloom_hardware_bench [--simulate] [--synthesize] [NAME...]
//
// Without names: all. Without options only what the models say.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "bitloom/file.h"
#include "bitloom/hw.h"
#include "bitloom/ir.h"
#include "bitloom/rtl.h"
#include "bitloom/synth.h"
#include "residual.h"

namespace bitloom::bench {
namespace {

namespace fs = std::filesystem;

const fs::path kSource = BITLOOM_SOURCE_DIR;

/// What others published: LUT, BRAM36 and frames/s of FINN's prototypes (FINN, Vivado, ZC706 at 200 MHz).
struct Published {
  double lut = 0, bram = 0, rate = 0;
};

struct Case {
  std::string name, model;
  std::string folding;       ///< file in examples/foldings; else
  int64_t most_cycles = 0;   ///< the cheapest folding of so many cycles
  std::string like;          ///< the folding of this model at most_cycles
  std::vector<int> factors;  ///< of residual binarization, in place of the model's isometric ones
  Published published;
};

const std::vector<Case> kCases{
    {"SFC-fix", "sfc-w1a1", "SFC-fix", 0, "", {}, {5155, 16, 12200}},
    {"LFC-fix", "lfc-w1a1", "LFC-fix", 0, "", {}, {5636, 114.5, 12200}},
    {"CNV-fix", "cnv-w1a1", "CNV-fix", 0, "", {}, {29274, 152.5, 11600}},
    {"SFC-max", "sfc-w1a1", "SFC-max", 0, "", {}, {91131, 4.5, 12300000}},
    {"LFC-max", "lfc-w1a1", "LFC-max", 0, "", {}, {82988, 396, 1500000}},
    {"CNV-max", "cnv-w1a1", "CNV-max", 0, "", {}, {46253, 186, 21900}},
    {"CNV-fix-W1A2", "cnv-w1a2", "CNV-fix", 0, "", {}, {}},
    {"arch1-isometric2", "arch1-isometric2", "", 98, "", {}, {}},
    {"arch1-residual2", "arch1-isometric2", "", 98, "arch1-isometric2", {181, 97}, {}},
    {"arch1-isometric3", "arch1-isometric3", "", 98, "", {}, {}},
    {"arch1-residual3", "arch1-isometric3", "", 98, "arch1-isometric3", {181, 97, 43}, {}},
    {"arch1-small-isometric2", "arch1-isometric2", "", 784, "", {}, {}},
    {"arch1-small-residual2", "arch1-isometric2", "", 784, "arch1-isometric2", {181, 97}, {}},
    {"arch1-small-isometric3", "arch1-isometric3", "", 784, "", {}, {}},
    {"arch1-small-residual3", "arch1-isometric3", "", 784, "arch1-isometric3", {181, 97, 43}, {}},
    {"cnv-isometric2", "cnv-isometric2", "", 32768, "", {}, {}},
    {"cnv-residual2", "cnv-isometric2", "", 32768, "cnv-isometric2", {181, 97}, {}},
    {"cnv-isometric3", "cnv-isometric3", "", 32768, "", {}, {}},
    {"cnv-residual3", "cnv-isometric3", "", 32768, "cnv-isometric3", {181, 97, 43}, {}},
};

ir::Network load(const std::string& model) { return ir::load(kSource / "models" / model / (model + ".bloom")); }

hw::Folding folding_of(const Case& c, const ir::Network& network) {
  if (c.folding.empty()) {
    const ir::Network like = c.like.empty() ? network : load(c.like);
    const auto found = hw::Folds(like, hw::find_device("xc7z045")).cheapest(c.most_cycles, false);
    if (!found) throw Error("{}: no folding takes {} cycles", c.name, c.most_cycles);
    return *found;
  }
  const fs::path path = kSource / "examples" / "foldings" / (c.folding + ".json");
  return hw::read_folding(read_text(path), path.string());
}

/// Processing elements of layers whose input has several planes.
int64_t plane_elements(const hw::Design& design) {
  int64_t elements = 0;
  for (const hw::Unit& unit : design.units) {
    const auto* mvtu = std::get_if<hw::Mvtu>(&unit.kind);
    if (mvtu && mvtu->in_coefs.size() > 1) elements += mvtu->pe;
  }
  return elements;
}

std::string simulated(const hw::Design& design, const ir::Network& network) {
  constexpr int64_t kFrames = 3;
  const fs::path folder = fs::temp_directory_path() / fmt::format("bitloom-hardware-bench-{}", design.name);
  fs::remove_all(folder);
  hw::emit_rtl(design, network, ir::random_inputs(network, kFrames, 1), kSource / "rtl", folder);
  const hw::Simulation found = hw::simulate(folder);
  fs::remove_all(folder);
  if (found.wrong_words > 0) throw Error("{}: {} words are wrong", design.name, found.wrong_words);
  return fmt::format("{} / {} | {}", found.interval, hw::interval(design), found.latency);
}

void row(const Case& c, bool simulate, bool synthesize) {
  constexpr double kMegahertz = 200;
  ir::Network network = load(c.model);
  const hw::Folding folding = folding_of(c, network);
  if (!c.factors.empty()) network = with_factors(std::move(network), c.factors);
  const hw::Design design = hw::design(network, folding);
  const hw::Resources model = hw::resources(design, hw::Family::kXilinx7);
  hw::Resources r = model;
  if (synthesize) {
    const hw::Counts found = hw::synthesize(design, kSource / "rtl").found();
    r = found.resources;
    r.lut += found.inverters;  // a LUT each where nothing takes them in
  }
  const int64_t interval = hw::interval(design);
  std::string text = fmt::format("| {} | {} | {} | {} | {} | {:.0f} |", c.name, r.lut, r.ff, r.blocks(), r.dsp,
                                 kMegahertz * 1e6 / static_cast<double>(interval));
  text += fmt::format(
      " {} |", simulate ? simulated(design, network) : fmt::format("- / {} | {}", interval, hw::latency(design).last));
  if (c.published.lut > 0) {
    text += fmt::format(" {} / {} | {:.0f} % / {:.0f} % |", c.published.lut, c.published.bram,
                        100 * static_cast<double>(r.lut) / c.published.lut, 100 * r.blocks() / c.published.bram);
  } else {
    text += fmt::format(" {} elements with planes, DSP each {:.2f} | |", plane_elements(design),
                        static_cast<double>(r.dsp) / static_cast<double>(std::max<int64_t>(1, plane_elements(design))));
  }
  fmt::print("{}\n", text);
  std::fflush(stdout);
}

void run(std::span<char* const> arguments) {
  bool simulate = false, synthesize = false;
  std::vector<std::string> names;
  for (const std::string argument : arguments) {
    if (argument == "--simulate") {
      simulate = true;
    } else if (argument == "--synthesize") {
      synthesize = true;
    } else {
      names.push_back(argument);
    }
  }
  fmt::print(
      "{}\n\n| | LUT | FF | BRAM36 | DSP | frames/s at 200 MHz | interval, simulated / model | latency, cycles | FINN LUT "
      "/ "
      "BRAM36 | of FINN's |\n|---|---|---|---|---|---|---|---|---|---|\n",
      synthesize ? "Synthesized unit by unit with Yosys, inverters among the LUTs" : "Estimates");
  for (const Case& c : kCases) {
    if (names.empty() || std::ranges::find(names, c.name) != names.end()) row(c, simulate, synthesize);
  }
}

}  // namespace
}  // namespace bitloom::bench

int main(int argc, char** argv) {
  try {
    bitloom::bench::run({argv + 1, static_cast<size_t>(argc - 1)});
  } catch (const std::exception& error) {
    fmt::print(stderr, "bitloom_hardware_bench: {}\n", error.what());
    return 1;
  }
}
