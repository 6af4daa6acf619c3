// SPDX-License-Identifier: Apache-2.0
//
// What a unit takes of a device.
//
// The constants are estimates of what Yosys 0.23 makes of rtl/ for Xilinx devices, from its counts for matrix-vector units
// of 1024 x 1024 with compressor trees: 521 LUTs at SIMD 8 and PE 8, 663 at 32 x 8, 2183 at 32 x 32, 1792 at 64 x 16, 3512
// at 64 x 32. To be fitted again whenever rtl/ changes. For iCE40 the LUTs, of 4 inputs there, are taken times kIce40Luts.
#include <algorithm>
#include <bit>
#include <cmath>

#include "cost.h"

namespace bitloom::hw {
namespace {

constexpr double kIce40Luts = 1.7;
constexpr double kCountLut = 1.32;   ///< a bit of a population count, XNOR included
constexpr double kMvtuControl = 90;  ///< counters, handshake
constexpr double kWindowControl = 150;
constexpr double kPoolControl = 45;
constexpr double kHandshake = 6;

/// Of logic, before memories.
struct Logic {
  double lut = 0, ff = 0;
  int64_t dsp = 0;
};

double bits_for(int64_t number) {
  return number < 2 ? 1 : static_cast<double>(std::bit_width(static_cast<uint64_t>(number - 1)));
}
bool power_of_two(int64_t v) { return std::has_single_bit(static_cast<uint64_t>(std::abs(v))); }

/// LUTs that turn an accumulator into a code.
double levels_lut(int32_t levels, int32_t acc_bits, int32_t out_bits) {
  if (levels <= 1) return acc_bits / 2.0;
  const double comparators = levels * acc_bits / 2.0, count = levels * 1.6;
  return comparators + count + (levels > 1 ? out_bits * std::ceil((levels + 1) / 64.0) : 0);
}

Logic logic(const Mvtu& u) {
  const double pairs = static_cast<double>(u.in_coefs.size() * u.weight_coefs.size());
  const double count_bits = bits_for(u.simd + 1);
  int64_t products = 0;
  for (const int64_t a : u.in_coefs) {
    for (const int64_t c : u.weight_coefs) products += power_of_two(a * c) ? 0 : 1;
  }
  const double count = pairs * (u.simd == 1 ? 1 : kCountLut * u.simd) + (pairs - 1) * count_bits;
  const double pe = count + u.acc_bits + levels_lut(u.levels, u.acc_bits, u.out_bits);
  const double pe_ff = u.acc_bits + pairs * count_bits + u.out_bits + (u.levels > 1 ? u.acc_bits : 0);
  const double counters = bits_for(u.steps()) * 2 + bits_for(u.folds()) + bits_for(u.weight_depth()) * 2;
  return {kMvtuControl + counters + u.pe * pe,
          60 + counters + u.pe * pe_ff + static_cast<double>(u.simd) * static_cast<double>(u.in_coefs.size()),
          products * u.pe};
}

Logic logic(const Window& u) {
  const double word = static_cast<double>(u.lanes) * u.bits;
  return {kWindowControl + (u.window.padded() ? word : 0), 90 + word, 0};
}

Logic logic(const Threshold& u) {
  const double ff = static_cast<double>(u.lanes) * (u.in_bits + u.out_bits) + 10;
  const double lut = u.rows == 1 ? 0.6 : 1.0;  // comparisons with constants
  return {kHandshake + lut * u.lanes * levels_lut(u.levels, u.acc_bits, u.out_bits), ff, 0};
}

Logic logic(const Table& u) {
  const double words = std::ceil(std::ldexp(1.0, u.in_bits) / 64);
  return {kHandshake + (u.in_bits == 1 ? 0 : u.lanes * u.out_bits * words), static_cast<double>(u.lanes) * u.out_bits + 2,
          0};
}

Logic logic(const MaxPool& u) {
  const double word = static_cast<double>(u.lanes) * u.bits;
  return {kPoolControl + word * (u.bits == 1 ? 1 : 1.5), 30 + word, 0};
}

Logic logic(const SumPool& u) {
  const double word = static_cast<double>(u.lanes) * u.out_bits;
  return {kPoolControl + 1.5 * word, 30 + word, 0};
}

Logic logic(const Width& u) {
  const double in = static_cast<double>(u.bits) * u.in_lanes, out = static_cast<double>(u.bits) * u.out_lanes;
  const double words = std::max(in, out);
  return {10 + 0.6 * words + 0.4 * std::min(in, out), 10 + words + std::min(in, out), 0};
}

Logic logic(const Fifo& u) {
  const double counters = 3 * bits_for(u.depth);
  return {6 + counters, 2 + counters + (u.style == MemoryStyle::kBlock ? u.width : 0), 0};
}

Logic logic(const Fork&) { return {4, 2, 0}; }

Logic logic(const Add& u) {
  double word = 0;
  for (size_t i = 0; i < 2; ++i) {
    word += u.out_bits;
    if (!power_of_two(u.multipliers[i])) word += 2.0 * u.out_bits;
  }
  return {kHandshake + u.lanes * word, static_cast<double>(u.lanes) * u.out_bits + 2, 0};
}

Logic logic(const Crop&) { return {12, 8, 0}; }

// A product of up to 25 x 18 bits is one DSP block.
Logic logic(const Scale& u) {
  const auto blocks = [](int32_t bits, int32_t of) { return (bits + of - 1) / of; };
  const double ff = static_cast<double>(u.lanes) * (u.in.bits + u.out_bits) + 10;
  return {kHandshake + static_cast<double>(u.lanes) * u.out_bits, ff,
          int64_t{u.lanes} * blocks(std::max(u.value_bits, u.factor_bits), 25) *
              blocks(std::min(u.value_bits, u.factor_bits), 18)};
}

Logic logic(const Concat& u) { return {6 + static_cast<double>(u.lanes) * u.bits, 6, 0}; }

Logic logic(const Reorder& u) {
  return {20 + 4 * bits_for(u.elements / u.lanes), 20 + 6 * bits_for(u.elements / u.lanes), 0};
}

Logic logic(const Top1& u) { return {20 + 1.5 * u.lanes * u.in_bits, 10 + u.in_bits + 2.0 * u.out_bits, 0}; }

/// The memories of a unit.
template <typename Kind>
Resources memories(const Kind& u, Family family) {
  Resources r;
  if constexpr (std::is_same_v<Kind, Mvtu>) {
    r += memory(weight_memory(u), u.weight_style, family);
    r += memory(threshold_memory(u), u.threshold_style, family);
    const int64_t word = int64_t{u.depthwise ? u.pe : u.simd} * static_cast<int64_t>(u.in_coefs.size());
    const bool kept = u.steps() > 1 && u.uses() > 1;
    if (kept)
      r += memory({u.steps(), word, false}, family == Family::kIce40 ? MemoryStyle::kAuto : MemoryStyle::kDistributed,
                  family);
  } else if constexpr (std::is_same_v<Kind, Window>) {
    r += memory(line_buffer(u), u.style, family);
  } else if constexpr (std::is_same_v<Kind, Threshold>) {
    r += memory(threshold_memory(u), u.style, family);
  } else if constexpr (std::is_same_v<Kind, Scale>) {
    r += memory(scale_memory(u), u.style, family);
  } else if constexpr (std::is_same_v<Kind, Reorder>) {
    r += memory(block_memory(u), u.style, family);
  } else if constexpr (std::is_same_v<Kind, Fifo>) {
    r += memory({u.depth, u.width, false}, u.style, family);
  } else if constexpr (std::is_same_v<Kind, MaxPool>) {
    const int64_t depth = int64_t{u.in_w / u.kernel_w} * (u.channels / u.lanes);
    r += memory({depth, int64_t{u.lanes} * u.bits, false}, MemoryStyle::kDistributed, family);
  } else if constexpr (std::is_same_v<Kind, SumPool>) {
    const int64_t depth = int64_t{u.in_w / u.kernel_w} * (u.channels / u.lanes);
    r += memory({depth, int64_t{u.lanes} * u.out_bits, false}, MemoryStyle::kDistributed, family);
  }
  return r;
}

}  // namespace

Resources resources(const UnitKind& unit, Family family) {
  return std::visit(
      [&](const auto& u) {
        const Logic l = logic(u);
        Resources r = memories(u, family);
        r.lut += std::lround(l.lut * (family == Family::kIce40 ? kIce40Luts : 1));
        r.ff += std::lround(l.ff);
        if (family == Family::kIce40) {
          r.lut += l.dsp * 60;  // multipliers of constants
        } else {
          r.dsp += l.dsp;
        }
        return r;
      },
      unit);
}

Resources resources(const Design& design, Family family) {
  Resources sum;
  for (const Unit& unit : design.units) sum += resources(unit.kind, family);
  return sum;
}

}  // namespace bitloom::hw
