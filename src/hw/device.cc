// SPDX-License-Identifier: Apache-2.0
//
// The catalogue of devices.
//
// LUT, FF, block RAM and DSP are the vendors' counts (Xilinx DS190 and DS891, Lattice's iCE40 data sheets). Static power is
// what the vendors' estimators give for the programmable logic of a typical chip at room temperature, to one digit.
#include <algorithm>
#include <array>

#include "cost.h"

namespace bitloom::hw {
namespace {

const std::array<Device, 7>& catalogue() {
  static const std::array<Device, 7> devices{{
      {"xc7z020", "PYNQ-Z1", "xc7z020clg400-1", Family::kXilinx7, 53200, 106400, 140, 220, 100, 0.12},
      {"xc7z045", "ZC706", "xc7z045ffg900-2", Family::kXilinx7, 218600, 437200, 545, 900, 200, 0.25},
      {"xc7z100", "Mini-ITX Z100", "xc7z100ffg900-2", Family::kXilinx7, 277400, 554800, 755, 2020, 200, 0.3},
      {"xczu3eg", "Ultra96", "xczu3eg-sbva484-1-e", Family::kUltraScale, 70560, 141120, 216, 360, 300, 0.3},
      {"xczu19eg", "Sidewinder-100", "xczu19eg-ffvc1760-2-i", Family::kUltraScale, 522720, 1045440, 984, 1968, 300, 0.9},
      {"hx8k", "iCE40-HX8K breakout board", "ct256", Family::kIce40, 7680, 7680, 32, 0, 48, 0.0014},
      {"up5k", "iCEBreaker", "sg48", Family::kIce40, 5280, 5280, 30, 8, 12, 0.0001},
  }};
  return devices;
}

}  // namespace

std::span<const Device> devices() { return catalogue(); }

const Device& find_device(std::string_view name) {
  const auto found = std::ranges::find(catalogue(), name, &Device::name);
  if (found != catalogue().end()) return *found;
  std::string names;
  for (const Device& device : catalogue()) names += (names.empty() ? "" : ", ") + device.name;
  throw Error("there is no device '{}'; there are {}", name, names);
}

Family family_of(const Folding& folding) {
  return folding.device.empty() ? Family::kXilinx7 : find_device(folding.device).family;
}

bool fits(const Resources& resources, const Device& device) {
  return resources.lut <= device.lut && resources.ff <= device.ff &&
         resources.blocks() <= static_cast<double>(device.bram36) && resources.dsp <= device.dsp;
}

Resources& Resources::operator+=(const Resources& other) {
  lut += other.lut;
  lut_ram += other.lut_ram;
  ff += other.ff;
  bram36 += other.bram36;
  bram18 += other.bram18;
  dsp += other.dsp;
  return *this;
}

// Milliwatts a resource and 100 MHz at a typical activity, fitted by eye to published measurements of binarized networks on
// these chips: a rough guess that tells small from large.
double power(const Resources& resources, const Device& device, double clock_mhz) {
  constexpr double kLut = 0.020, kFf = 0.006, kBlock = 2.5, kDsp = 1.0;
  const double scale = device.family == Family::kXilinx7 ? 1.0 : device.family == Family::kUltraScale ? 0.6 : 0.35;
  const double blocks = resources.blocks() * (device.family == Family::kIce40 ? 0.1 : 1.0);
  const double milliwatts = kLut * static_cast<double>(resources.lut) + kFf * static_cast<double>(resources.ff) +
                            kBlock * blocks + kDsp * static_cast<double>(resources.dsp);
  return device.static_watts + 1e-3 * milliwatts * scale * clock_mhz / 100;
}

}  // namespace bitloom::hw
