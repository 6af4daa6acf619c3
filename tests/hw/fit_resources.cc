// SPDX-License-Identifier: Apache-2.0
//
// hw_fit: fits the LUTs of each term of the resource models to what Yosys makes of random units, and prints them for
// src/hw/lut_constants.cc. Registers and memories are counted, not fitted; their errors are printed, too.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>

#include "bitloom/file.h"
#include "bitloom/synth.h"
#include "hw/logic.h"
#include "random_units.h"

namespace bitloom {
namespace {

struct Sample {
  std::vector<double> terms;
  double luts = 0;  ///< of the logic
};

/// Constants, none negative, with the least squares of relative errors; where samples say little, near those that there
/// are.
std::vector<double> fit(const std::vector<Sample>& samples, const std::vector<double>& before) {
  constexpr double kPull = 0.05;
  std::vector<double> constants = before;
  const auto error = [&](const Sample& s) {
    double luts = 0;
    for (size_t i = 0; i < constants.size(); ++i) luts += constants[i] * s.terms[i];
    return 1 - luts / (s.luts + 5);  // a few LUTs do not matter
  };
  for (int round = 0; round < 2000; ++round) {
    for (size_t i = 0; i < constants.size(); ++i) {
      const double scale = std::max(before[i], 0.1);
      double slope = kPull * (before[i] - constants[i]) / (scale * scale), curve = kPull / (scale * scale);
      for (const Sample& s : samples) {
        const double weight = s.terms[i] / (s.luts + 5);
        slope += error(s) * weight;
        curve += weight * weight;
      }
      constants[i] = std::max(0.0, constants[i] + slope / curve);
    }
  }
  return constants;
}

std::string percent(double a, double b) { return b == 0 ? "" : fmt::format("{:+.1f} %", 100 * (a / b - 1)); }

/// What a unit's LUTs depend on most, of those that take most.
std::string described(const hw::UnitKind& kind) {
  const auto* u = std::get_if<hw::Mvtu>(&kind);
  if (!u) return "";
  return fmt::format("{} x {}, planes {} x {}, steps {}, folds {}, thresholds {}{}, sum of {} bits{}", u->pe, u->simd,
                     u->in_coefs.size(), u->weight_coefs.size(), u->steps(), u->folds(), u->levels,
                     u->threshold_style == hw::MemoryStyle::kBlock ? " in blocks" : "", u->acc_bits,
                     u->weight_style == hw::MemoryStyle::kBlock ? ", weights in blocks" : "");
}

int run(int each, int mvtus) {
  hw::SynthesisOptions options;
  options.progress = [](int64_t done, int64_t all) { fmt::print(stderr, "{} of {}\n", done, all); };
  const std::vector<hw::Unit> units = test::RandomUnits(1).units(each, mvtus);
  const auto found = hw::synthesize(units, std::filesystem::path(BITLOOM_SOURCE_DIR) / "rtl", options);
  std::map<size_t, std::vector<Sample>> samples;
  std::map<size_t, const hw::UnitKind*> kinds;
  for (size_t i = 0; i < units.size(); ++i) {
    const hw::Resources &f = found[i].found.resources, &e = found[i].estimate;
    const hw::Logic logic = hw::logic_of(units[i].kind);
    const double memory = static_cast<double>(e.lut) - std::round(hw::logic_luts(logic, units[i].kind));
    fmt::print("{:14} LUT {:5} {:5} {:9} FF {:5} {:5} {:9} RAM {:4} {:4} blocks {} {} DSP {} {}  {}\n", units[i].name,
               f.lut, e.lut, percent(double(e.lut), double(f.lut)), f.ff, e.ff, percent(double(e.ff), double(f.ff)),
               f.lut_ram, e.lut_ram, f.blocks(), e.blocks(), f.dsp, e.dsp, described(units[i].kind));
    // Where all weights are constants, small rows share most of what they are made of.
    if (const auto* mvtu = std::get_if<hw::Mvtu>(&units[i].kind); mvtu && mvtu->weight_depth() == 1) continue;
    samples[units[i].kind.index()].push_back({logic.terms, static_cast<double>(f.lut) - memory});
    kinds[units[i].kind.index()] = &units[i].kind;
  }
  for (const auto& [index, list] : samples) {
    const auto constants = hw::lut_constants(*kinds[index]);
    std::vector<double> before;
    for (const hw::LutConstant& c : constants) before.push_back(c.luts);
    const std::vector<double> after = fit(list, before);
    fmt::print("{}\n", hw::kind_name(*kinds[index]));
    for (size_t i = 0; i < constants.size(); ++i)
      fmt::print("  LutConstant{{{:.2f}, \"{}\"}}  was {:.2f}\n", after[i], constants[i].of, before[i]);
  }
  return 0;
}

}  // namespace
}  // namespace bitloom

int main(int argc, char** argv) {
  return bitloom::run(argc > 1 ? std::atoi(argv[1]) : 12, argc > 2 ? std::atoi(argv[2]) : 48);
}
