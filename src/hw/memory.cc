// SPDX-License-Identifier: Apache-2.0
//
// What a memory takes: blocks by its shape, or LUTs.
#include <algorithm>
#include <array>

#include "cost.h"

namespace bitloom::hw {
namespace {

struct Shape {
  int64_t depth, width, halves;  ///< halves: 1 for a BRAM18, 2 for a BRAM36
};

// One port of each kind that a ROM or a queue needs ("simple dual port").
constexpr std::array<Shape, 12> kXilinx{{{512, 72, 2},
                                         {512, 36, 1},
                                         {1024, 36, 2},
                                         {1024, 18, 1},
                                         {2048, 18, 2},
                                         {2048, 9, 1},
                                         {4096, 9, 2},
                                         {4096, 4, 1},
                                         {8192, 4, 2},
                                         {8192, 2, 1},
                                         {16384, 1, 1},
                                         {32768, 1, 2}}};
constexpr std::array<Shape, 4> kIce40{{{256, 16, 1}, {512, 8, 1}, {1024, 4, 1}, {2048, 2, 1}}};

int64_t up(int64_t a, int64_t b) { return (a + b - 1) / b; }

struct Blocks {
  int64_t whole = 0, half = 0;
  int64_t halves() const { return 2 * whole + half; }
};

Blocks blocks_of(const Shape& shape, int64_t depth, int64_t columns) {
  const int64_t count = up(depth, shape.depth) * columns;
  return shape.halves == 2 ? Blocks{count, 0} : Blocks{0, count};
}

/// As many columns of one shape as the width holds, and the cheapest for what is left.
Blocks fewest_blocks(std::span<const Shape> shapes, int64_t depth, int64_t width) {
  Blocks best;
  bool found = false;
  const auto take = [&](const Blocks& b) {
    if (!found || b.halves() < best.halves()) best = b;
    found = true;
  };
  for (const Shape& shape : shapes) {
    const int64_t columns = width / shape.width, rest = width % shape.width;
    const Blocks main = blocks_of(shape, depth, columns);
    if (rest == 0) take(main);
    for (const Shape& other : shapes) {
      if (rest == 0 || other.width < rest) continue;
      const Blocks last = blocks_of(other, depth, 1);
      take({main.whole + last.whole, main.half + last.half});
    }
  }
  return best;
}

// Up to 64 words a LUT holds a bit of a ROM; deeper ones are multiplexed, and the tool (Yosys 0.23) needs about twice the
// LUTs that there are bits for. RAM: RAM32M holds 6 bits of 32 words in 4 LUTs, RAM64M 3 bits of 64.
Resources distributed(const Memory& m, Family family) {
  Resources r;
  if (family == Family::kIce40) {  // no LUT RAM: registers, or a tree of multiplexers
    r.lut = m.rom ? m.width * up(m.depth, 8) : m.width * m.depth * 3 / 2;
    r.ff = m.rom ? m.width : m.width * m.depth;
  } else if (m.rom) {
    r.lut = m.depth <= 64 ? m.width : 2 * m.width * up(m.depth, 64);
    r.ff = m.width;
  } else {
    r.lut_ram = m.depth <= 32 ? 4 * up(m.width, 6) : 4 * up(m.width, 3) * up(m.depth, 64);
    r.lut = r.lut_ram + (m.depth > 64 ? m.width * up(m.depth, 256) : 0);
  }
  return r;
}

}  // namespace

Resources memory(const Memory& m, MemoryStyle style, Family family) {
  if (m.rom && m.depth == 1) return {};  // a constant
  if (style == MemoryStyle::kAuto) style = cheaper_style(m, family);
  if (style == MemoryStyle::kDistributed) return distributed(m, family);
  Resources r;
  if (family == Family::kIce40) {
    r.bram36 = fewest_blocks(kIce40, m.depth, m.width).half;
  } else {
    const Blocks blocks = fewest_blocks(kXilinx, m.depth, m.width);
    r.bram36 = blocks.whole;
    r.bram18 = blocks.half;
  }
  return r;
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

Memory weight_memory(const Mvtu& unit) { return {unit.weight_depth(), unit.weight_width(), true}; }
Memory threshold_memory(const Mvtu& unit) { return {unit.threshold_depth(), unit.threshold_width(), true}; }
Memory threshold_memory(const Threshold& unit) {
  const int64_t row = (unit.has_descending ? 1 : 0) + int64_t{unit.levels} * unit.acc_bits;
  return unit.rows == 1 ? Memory{1, row, true} : Memory{unit.channels / unit.lanes, unit.lanes * row, true};
}
Memory line_buffer(const Window& unit) {
  return {int64_t{unit.rows} * unit.in_w * (unit.channels / unit.lanes), int64_t{unit.lanes} * unit.bits, false};
}

Memory scale_memory(const Scale& unit) {
  return {unit.channels / unit.lanes, int64_t{unit.lanes} * (unit.factor_bits + unit.out_bits), true};
}
Memory block_memory(const Reorder& unit) {
  return {2 * unit.elements / unit.lanes, int64_t{unit.lanes} * unit.bits, false};
}

}  // namespace bitloom::hw
