// SPDX-License-Identifier: Apache-2.0
//
// What a memory takes: blocks by its shape, or LUTs. This is how Yosys 0.23 chooses (passes/memory/memory_libmap.cc and
// techlibs/xilinx/brams_xc4v.txt, lutrams_xc5v.txt, lutrams_xcu.txt, techlibs/ice40/brams.txt there): for each kind of RAM
// and each width of it the memory is cut into banks of words and columns of bits; the cheapest wins, the first of equals.
// Pieces of different banks may share a block, so blocks hold as many bits as they can, not whole columns.
#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <span>
#include <vector>

#include "cost.h"

namespace bitloom::hw {
namespace {

enum class Cell { kHalfBlock, kBlock, kTwoBlocks, kLuts, kLutsPerBit };

/// A kind of RAM, at one number of address bits where each stands for a word of the first width.
struct Ram {
  Cell cell;
  int32_t luts;  ///< of a piece, or of a bit of one
  int32_t address_bits;
  std::array<int32_t, 7> widths;  ///< ascending; 0 for none
  double cost, width_scale;       ///< the part of the cost that counts used bits only
  int32_t byte;                   ///< bits with a write enable of their own; 0: the whole width
};

// One write and one read port. Ports that can do both are tried first, and win if they cost the same.
constexpr std::array<Ram, 5> kXilinxBlocks{{{Cell::kHalfBlock, 0, 14, {1, 2, 4, 9, 18}, 129, 0, 9},
                                            {Cell::kBlock, 0, 15, {1, 2, 4, 9, 18, 36}, 257, 0, 9},
                                            {Cell::kTwoBlocks, 0, 16, {1}, 513, 0, 9},
                                            {Cell::kHalfBlock, 0, 14, {1, 2, 4, 9, 18, 36}, 129, 0, 9},
                                            {Cell::kBlock, 0, 15, {1, 2, 4, 9, 18, 36, 72}, 257, 0, 9}}};
constexpr std::array<Ram, 1> kIce40Blocks{{{Cell::kBlock, 0, 11, {2, 4, 8, 16}, 64, 0, 1}}};
constexpr std::array<Ram, 4> kXilinx7OneAddress{{{Cell::kLuts, 4, 5, {8}, 8, 8, 0},
                                                 {Cell::kLutsPerBit, 1, 6, {4}, 8, 8, 0},
                                                 {Cell::kLutsPerBit, 2, 7, {2}, 8, 8, 0},
                                                 {Cell::kLutsPerBit, 4, 8, {1}, 8, 8, 0}}};
constexpr std::array<Ram, 5> kXilinx7Luts{{{Cell::kLuts, 4, 5, {4}, 8, 8, 0},
                                           {Cell::kLutsPerBit, 2, 6, {2}, 8, 8, 0},
                                           {Cell::kLutsPerBit, 4, 7, {1}, 8, 8, 0},
                                           {Cell::kLuts, 4, 5, {6}, 8, 7, 0},
                                           {Cell::kLuts, 4, 6, {3}, 8, 7, 0}}};
constexpr std::array<Ram, 5> kUltraScaleOneAddress{{{Cell::kLuts, 8, 5, {16}, 16, 16, 0},
                                                    {Cell::kLutsPerBit, 1, 6, {8}, 16, 16, 0},
                                                    {Cell::kLutsPerBit, 2, 7, {4}, 16, 16, 0},
                                                    {Cell::kLutsPerBit, 4, 8, {2}, 16, 16, 0},
                                                    {Cell::kLutsPerBit, 8, 9, {1}, 16, 16, 0}}};
constexpr std::array<Ram, 2> kUltraScaleLuts{{{Cell::kLuts, 8, 5, {14}, 16, 16, 0}, {Cell::kLuts, 8, 6, {7}, 16, 16, 0}}};

int64_t up(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// How a memory is cut.
struct Cut {
  const Ram* ram = nullptr;
  int64_t banks = 1, pieces = 1;
  double cost = 0;
};

Cut cut_by(const Ram& ram, size_t base, const Memory& m) {
  const int64_t width = ram.widths[base];
  const int64_t banks = up(m.depth, int64_t{1} << (ram.address_bits - static_cast<int32_t>(base)));
  const int64_t byte = m.rom ? 1 : ram.byte == 0 ? width : std::min<int64_t>(ram.byte, width);
  const int64_t pieces = up(banks * up(m.width, byte) * byte, width);
  const double multiplexers = 0.5 * static_cast<double>((banks - 1) * m.width);
  const double enables = !m.rom && banks > 1 ? 0.5 * static_cast<double>(banks) : 0;
  const double used = static_cast<double>(banks * m.width) / static_cast<double>(width);
  return {&ram, banks, pieces,
          (ram.cost - ram.width_scale) * static_cast<double>(pieces) + ram.width_scale * used + multiplexers + enables};
}

Cut cheapest(std::span<const Ram> rams, const Memory& m) {
  Cut best;
  for (const Ram& ram : rams) {
    Cut best_of_ram;
    for (size_t base = 0; base < ram.widths.size() && ram.widths[base] > 0; ++base) {
      const Cut cut = cut_by(ram, base, m);
      // Within a kind, what was found before counts without its fraction.
      if (!best_of_ram.ram || cut.cost < std::floor(best_of_ram.cost)) best_of_ram = cut;
    }
    if (!best.ram || best_of_ram.cost < best.cost) best = best_of_ram;
  }
  return best;
}

/// A word is chosen from banks by a tree of multiplexers of four.
Resources resources_of(const Cut& cut, const Memory& m) {
  Resources r;
  r.lut = cut.banks > 1 ? m.width * up(cut.banks - 1, 3) + (m.rom ? 0 : cut.banks) : 0;
  switch (cut.ram->cell) {
    case Cell::kHalfBlock:
      r.bram18 = cut.pieces;
      break;
    case Cell::kBlock:
      r.bram36 = cut.pieces;
      break;
    case Cell::kTwoBlocks:
      r.bram36 = 2 * cut.pieces;
      break;
    case Cell::kLuts:
      r.lut_ram = cut.ram->luts * cut.pieces;
      break;
    case Cell::kLutsPerBit:
      r.lut_ram = cut.ram->luts * cut.banks * m.width;
      break;
  }
  r.lut += r.lut_ram;
  return r;
}

Resources in_luts(const Memory& m, Family family) {
  if (m.rom) {
    if (family == Family::kIce40) return {m.width * up(m.depth, 8), 0, 0, 0, 0, 0};
    return {std::lround(rom_luts(m.depth) * random_rom(m.depth, m.width).functions), 0, 0, 0, 0, 0};
  }
  switch (family) {
    case Family::kXilinx7:
      if (m.one_address) return resources_of(cheapest(kXilinx7OneAddress, m), m);
      return resources_of(cheapest(kXilinx7Luts, m), m);
    case Family::kUltraScale:
      if (m.one_address) return resources_of(cheapest(kUltraScaleOneAddress, m), m);
      return resources_of(cheapest(kUltraScaleLuts, m), m);
    case Family::kIce40:  // no LUT RAM: registers, and a tree of multiplexers
      return {m.width * (m.depth - 1), 0, m.width * m.depth, 0, 0, 0};
  }
  BITLOOM_CHECK(false);
}

}  // namespace

Resources memory(const Memory& m, MemoryStyle style, Family family) {
  if (m.width == 0 || (m.rom && m.depth == 1)) return {};  // a constant
  if (style == MemoryStyle::kAuto) style = cheaper_style(m, family);
  if (style == MemoryStyle::kDistributed) return in_luts(m, family);
  if (family == Family::kIce40) return resources_of(cheapest(kIce40Blocks, m), m);
  return resources_of(cheapest(kXilinxBlocks, m), m);
}

int64_t block_banks(const Memory& m) { return cheapest(kXilinxBlocks, m).banks; }

RomBits random_rom(int64_t depth, int64_t width) {
  if (depth <= 1) return {};
  const double words = static_cast<double>(depth), bits = static_cast<double>(width);
  // 2^depth functions are equally likely; two are constant, and two an address bit or its inverse, for each of these.
  const double functions = std::exp2(std::min(words, 60.0));
  const double address_bits = std::ceil(std::log2(words));
  const double chosen = -std::expm1(bits * std::log1p(-1 / functions));  // that one of them occurs
  return {std::lround(bits * (1 - 2 / functions)), std::max(0.0, functions - 2) * chosen,
          std::max(0.0, functions - 2 - 2 * address_bits) * chosen};
}

RomBits threshold_rom(std::span<const int64_t> thresholds, std::span<const uint8_t> descending, int64_t lanes,
                      int64_t levels, int32_t bits) {
  const auto rows = static_cast<int64_t>(thresholds.size()) / levels;
  const auto words = static_cast<size_t>(rows / lanes);
  std::set<std::vector<bool>> patterns;
  RomBits result;
  const auto add = [&](const auto& bit_of) {
    std::vector<bool> pattern(words);
    for (size_t w = 0; w < words; ++w) pattern[w] = bit_of(static_cast<int64_t>(w));
    if (std::ranges::find(pattern, !pattern.front()) == pattern.end()) return;
    ++result.kept;
    patterns.insert(std::move(pattern));
  };
  for (int64_t lane = 0; lane < lanes; ++lane) {
    for (int64_t j = 0; j < levels; ++j) {
      for (int32_t b = 0; b < bits; ++b)
        add([&](int64_t w) { return ((thresholds[static_cast<size_t>((w * lanes + lane) * levels + j)] >> b) & 1) != 0; });
    }
    if (!descending.empty()) add([&](int64_t w) { return descending[static_cast<size_t>(w * lanes + lane)] != 0; });
  }
  result.distinct = result.functions = static_cast<double>(patterns.size());
  for (size_t address = 0; (size_t{1} << address) < words; ++address) {
    std::vector<bool> pattern(words);
    for (size_t w = 0; w < words; ++w) pattern[w] = ((w >> address) & 1) != 0;
    result.functions -= patterns.contains(pattern) ? 1 : 0;
    pattern.flip();
    result.functions -= patterns.contains(pattern) ? 1 : 0;
  }
  return result;
}

// 64 words fit a LUT. Multiplexers behind it, and resets of registers that Yosys finds in the contents, make it more.
double rom_luts(int64_t depth) {
  constexpr double kFitted = 1.2;
  return kFitted * static_cast<double>(up(depth, 64));
}

double price_of(const Resources& r, const Prices& prices) {
  return prices.lut * static_cast<double>(r.lut) + prices.ff * static_cast<double>(r.ff) + prices.bram36 * r.blocks() +
         prices.dsp * static_cast<double>(r.dsp);
}

MemoryStyle cheaper_style(const Memory& m, Family family) {
  const double block = price_of(memory(m, MemoryStyle::kBlock, family), {});
  const double lut = price_of(memory(m, MemoryStyle::kDistributed, family), {});
  return block < lut ? MemoryStyle::kBlock : MemoryStyle::kDistributed;
}

int64_t Mvtu::threshold_width() const { return pe * ((has_descending ? 1 : 0) + int64_t{std::max(levels, 1)} * acc_bits); }

Memory weight_memory(const Mvtu& unit) { return {unit.weight_depth(), unit.weight_width(), true, false}; }
Memory threshold_memory(const Mvtu& unit) { return {unit.threshold_depth(), unit.threshold_width(), true, false}; }
Memory threshold_memory(const Threshold& unit) {
  const int64_t row = (unit.has_descending ? 1 : 0) + int64_t{unit.levels} * unit.acc_bits;
  return unit.rows == 1 ? Memory{1, row, true, false} : Memory{unit.channels / unit.lanes, unit.lanes * row, true, false};
}
Memory line_buffer(const Window& unit) {
  return {int64_t{unit.rows} * unit.in_w * (unit.channels / unit.lanes), int64_t{unit.lanes} * unit.bits, false, false};
}

Memory scale_memory(const Scale& unit) {
  return {unit.channels / unit.lanes, int64_t{unit.lanes} * (unit.factor_bits + unit.out_bits), true, false};
}
Memory block_memory(const Reorder& unit) {
  return {2 * unit.elements / unit.lanes, int64_t{unit.lanes} * unit.bits, false, false};
}

}  // namespace bitloom::hw
