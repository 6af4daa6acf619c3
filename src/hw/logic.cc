// SPDX-License-Identifier: Apache-2.0
//
// Registers follow from the modules of rtl/, and hold exactly but for what synthesis finds to be equal or constant.
#include "logic.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numeric>

#include "cost.h"
#include "counters.h"

namespace bitloom::hw {
namespace {

constexpr int64_t kDspBits = 9;  ///< of the result of a product, from which on Yosys takes a DSP block for it

/// Bits that count to number - 1: $clog2.
int64_t bits_for(int64_t number) {
  return number < 2 ? 0 : static_cast<int64_t>(std::bit_width(static_cast<uint64_t>(number - 1)));
}

/// Bits of a counter that is a bit wider than needed, unless it only counts to 1 and goes away.
int64_t counter(int64_t number) { return number < 2 ? 0 : bits_for(number) + 1; }

double real(int64_t n) { return static_cast<double>(n); }

bool power_of_two(int64_t v) { return v != 0 && std::has_single_bit(static_cast<uint64_t>(std::abs(v))); }

/// What a unit keeps of a threshold memory in LUTs; nothing of one in blocks.
RomBits threshold_bits(std::span<const int64_t> thresholds, std::span<const uint8_t> descending, int64_t lanes,
                       int64_t levels, int32_t bits, const Memory& memory, MemoryStyle style) {
  if (style == MemoryStyle::kBlock || memory.depth == 1) return {};
  if (static_cast<int64_t>(thresholds.size()) < lanes * levels * memory.depth)
    return random_rom(memory.depth, memory.width);
  return threshold_rom(thresholds, descending, lanes, levels, bits);
}

// ---------------------------------------------------------------------------------------------------------------------
// Matrix-vector units

/// Registers of matches, and the LUTs in front of them: rows whose weights of a column are alike share them, and weights
/// that are always the same need no LUT.
RomBits matches(const Mvtu& u) {
  const double functions = std::exp2(real(u.weight_depth())), constant = u.xnor ? 2 : 1;
  const double some = -std::expm1(real(u.pe) * std::log1p(-1 / functions));  // that a function occurs in a column
  return {0, u.simd * some * (functions - (u.xnor ? 0 : 1)), u.simd * some * (functions - constant - (u.xnor ? 0 : 1))};
}

/// What a unit keeps of its weights outside of blocks.
RomBits weight_bits(const Mvtu& u) {
  if (matched(u)) return matches(u);
  return u.weight_style == MemoryStyle::kBlock ? RomBits{} : random_rom(u.weight_depth(), u.weight_width());
}

/// The products of coefficients of planes, and what adds them up.
struct Products {
  std::vector<int64_t> values;
  bool tree = true;  ///< one tree of counters, since all are powers of two
  int64_t dot_bits = 0;
  int64_t luts = 0;  ///< of counters
  int64_t multiplied_luts = 0;
  int64_t dsp = 0;

  explicit Products(const Mvtu& u) {
    const int64_t simd = u.depthwise ? 1 : u.simd;
    int64_t most = 0, least = 0;
    for (const int64_t a : u.in_coefs) {
      for (const int64_t c : u.weight_coefs) {
        values.push_back(a * c);
        (a * c < 0 ? least : most) += std::abs(a * c) * simd;
        tree = tree && power_of_two(a * c);
      }
    }
    dot_bits = least == 0 ? bits_for(most + 1) : 1 + bits_for(std::max(most + 1, least));
    const bool fuses = !matched(u) && u.weight_depth() > 1;
    if (!tree) {
      multiply(simd, fuses);
      return;
    }
    std::vector<int64_t> heights(static_cast<size_t>(dot_bits));
    for (const int64_t value : values) heights[static_cast<size_t>(bits_for(std::abs(value)))] += simd;
    count(std::move(heights), fuses, least == 0 ? 0 : 1);
  }

 private:
  /// With so many bits more in each column.
  void count(std::vector<int64_t> heights, bool fuses, int64_t more) {
    if (fuses) {
      FusedColumns first = fused(heights);
      luts += first.luts;
      heights = std::move(first.heights);
    }
    for (int64_t& height : heights) height += more;
    luts += counter_luts(std::move(heights));
  }

  /// Counts each pair for itself.
  void multiply(int64_t simd, bool fuses) {
    for (const int64_t value : values) {
      std::vector<int64_t> heights(static_cast<size_t>(bits_for(simd + 1)));
      heights[0] = simd;
      count(std::move(heights), fuses, 0);
      multiplied_luts += dot_bits;  // the sum of the products
      if (!power_of_two(value) && std::min(dot_bits, bits_for(std::abs(value) * simd + 1)) >= kDspBits) ++dsp;
    }
  }
};

Logic logic(const Mvtu& u) {
  const Products products(u);
  const int64_t planes = static_cast<int64_t>(u.in_coefs.size()), pe = u.pe;
  const int64_t step = bits_for(u.steps()), address = bits_for(u.weight_depth()), fold = bits_for(u.folds());
  const bool several = u.steps() > 1, kept = several && u.uses() > 1;
  const int64_t sum_bits = u.levels == 0 ? u.out_bits : u.levels == 1 ? u.acc_bits + 1 : u.acc_bits;
  const RomBits rows = threshold_bits(u.thresholds, u.has_descending ? std::span(u.descending) : std::span<const uint8_t>(),
                                      pe, std::max(u.levels, 1), u.acc_bits, threshold_memory(u), u.threshold_style);
  const RomBits weights = weight_bits(u);
  // Matches are registered in place of the input, unless that is kept for other rows.
  const int64_t word = matched(u) && (several || u.uses() == 1) ? 0 : (u.depthwise ? u.pe : u.simd) * planes;
  // Besides what chooses a bit, which the memory has: a LUT chooses from two banks and matches at once, but not from more,
  // and not for several planes.
  const int64_t weight_banks = u.weight_style == MemoryStyle::kBlock ? block_banks(weight_memory(u)) : 1;
  const bool chosen = weight_banks > 2 || (weight_banks == 2 && planes > 1);
  const double banks = std::ceil(real(u.folds()) / 64);  // of thresholds in LUTs
  Logic result;
  result.terms = {real(pe * products.luts),
                  real(pe * products.multiplied_luts),
                  matched(u) ? weights.functions + real(word) : 0,
                  chosen ? real(u.weight_width()) : 0,
                  several ? real(pe * sum_bits) : 0,
                  !several && u.levels <= 1 ? real(pe * sum_bits) : 0,
                  banks <= 1 && u.levels <= 1 ? rows.functions : 0,
                  banks <= 1 && u.levels > 1 ? rows.functions : 0,
                  banks > 1 ? rows.functions * banks : 0,
                  u.levels > 1 ? real(pe * u.levels * u.acc_bits) : 0,
                  u.levels > 1 ? real(pe * u.levels) : 0,
                  real(step + address + fold),
                  kept ? 1.0 : 0.0};
  const int64_t use = u.uses() == 1 ? 0 : 1 + (u.groups == 1 ? 0 : bits_for(u.uses()));
  const int64_t counters = step + address + use + (kept ? step + address + 1 : 0) + fold + (several ? 6 : 2);
  const int64_t sums = several || u.levels > 1 ? pe * sum_bits : 0;
  result.ff = real(counters + word + pe * products.dot_bits + sums + (u.levels > 1 ? 1 : 0) + pe * u.out_bits + 1) +
              rows.distinct + weights.distinct;
  result.dsp = pe * products.dsp;
  return result;
}

// ---------------------------------------------------------------------------------------------------------------------
// The others

Logic logic(const Window& u) {
  const ir::Window& k = u.window;
  const int64_t words = u.channels / u.lanes, row = u.in_w * words, depth = u.rows * row;
  const int64_t span = (k.kernel_h - 1) * k.dilation_h + 1, out = int64_t{u.lanes} * u.bits;
  const int64_t loops =
      counter(words) + counter(k.kernel_w) + counter(k.kernel_h) + counter(u.out_w()) + counter(u.out_h());
  const int64_t address = bits_for(depth);
  const int64_t level = bits_for(depth + (2 * span + 2 * k.stride_h + k.pad_top + k.pad_bottom + 1) * row +
                                 (k.pad_left + k.pad_right) * words) +
                        1;
  const bool padded = k.padded();
  const int64_t place =
      padded ? bits_for(u.in_h + k.pad_top + k.pad_bottom + 1) + bits_for(u.in_w + k.pad_left + k.pad_right + 1) : 0;
  const int64_t word = u.style == MemoryStyle::kBlock ? 0 : out;
  return {{real(loops), real(address + level), real(place), padded ? real(out) : 0},
          real(loops + 2 * address + 2 * level + 1 + word + place + (padded ? 1 : 0)),
          0};
}

Logic logic(const Threshold& u) {
  const int64_t words = u.rows == 1 ? 1 : u.channels / u.lanes;
  const RomBits rows = threshold_bits(u.thresholds, u.has_descending ? std::span(u.descending) : std::span<const uint8_t>(),
                                      u.lanes, u.levels, u.acc_bits, threshold_memory(u), u.style);
  // What is compared with a constant takes less, and only as far as the input reaches.
  const double compared = real(int64_t{u.lanes} * u.levels * u.acc_bits);
  return {{words > 1 ? compared : 0, words > 1 ? 0 : compared, rows.functions, real(int64_t{u.lanes} * u.levels), 1},
          real(int64_t{u.lanes} * (u.in_bits + u.out_bits) + 2 + bits_for(words)) + rows.distinct,
          0};
}

Logic logic(const Table& u) {
  const double words = std::ceil(std::ldexp(1.0, u.in_bits) / 64);
  return {{u.in_bits == 1 ? 0 : real(int64_t{u.lanes} * u.out_bits) * words}, 0, 0};
}

/// Of bitloom_pool_steps.
int64_t pool_counters(int64_t words, int64_t in_h, int64_t in_w, int64_t kernel_h, int64_t kernel_w) {
  const int64_t depth = in_w / kernel_w * words;
  const int64_t base = in_w / kernel_w > 1 ? bits_for(depth) - std::countr_zero(static_cast<uint64_t>(words)) : 0;
  return counter(words) + counter(in_w) + counter(in_h) + counter(kernel_w) + counter(kernel_h) + base +
         (words > 1 ? 1 : 0);
}

Logic logic(const MaxPool& u) {
  const int64_t word = int64_t{u.lanes} * u.bits;
  const int64_t counters = pool_counters(u.channels / u.lanes, u.in_h, u.in_w, u.kernel_h, u.kernel_w);
  return {{real(word), u.bits > 2 ? real(word) : 0, real(counters)}, real(counters + word + 1), 0};
}

Logic logic(const SumPool& u) {
  const int64_t word = int64_t{u.lanes} * u.out_bits;
  const int64_t counters = pool_counters(u.channels / u.lanes, u.in_h, u.in_w, u.kernel_h, u.kernel_w);
  return {{real(word), real(counters)}, real(counters + word + 1), 0};
}

Logic logic(const Width& u) {
  if (u.in_lanes == u.out_lanes) return {{0, 0, 0, 0, 0}, 0, 0};
  const int64_t middle = std::lcm(u.in_lanes, u.out_lanes), word = middle * u.bits;
  const bool narrow = middle != u.out_lanes, wide = middle != u.in_lanes;
  const int64_t left = narrow ? bits_for(middle / u.out_lanes + 1) : 0;
  const int64_t count = wide ? bits_for(middle / u.in_lanes + 1) : 0;
  return {{narrow ? real(word) : 0, real(left), real(count), narrow ? 1.0 : 0, wide ? 1.0 : 0},
          real((narrow ? word + left : 0) + (wide ? word + count : 0)),
          0};
}

Logic logic(const Fifo& u) {
  const int64_t address = bits_for(u.depth), level = bits_for(u.depth + 1);
  const bool block = u.style == MemoryStyle::kBlock;
  // The read address of LUT RAM is kept twice, since it becomes a part of the memory.
  return {{real(address), 1, block ? real(u.width) : 0, block ? 1.0 : 0},
          real((block ? 2 : 3) * address + level + (block ? u.width + 1 : 0)),
          0};
}

Logic logic(const Fork&) { return {{1}, 2, 0}; }

/// A code that is its value, up to a shift.
bool binary(const Element& e) {
  const auto doubles = [](int32_t a, int32_t b) { return b != 2 * a; };
  return e.bias == 0 && std::ranges::adjacent_find(e.coefficients, doubles) == e.coefficients.end();
}

// A product of 9 bits and more with a plain integer takes a DSP block, which adds and registers as well.
Logic logic(const Add& u) {
  int64_t multiplied = 0, coded = 0, dsp = 0;
  for (size_t i = 0; i < 2; ++i) {
    const bool product = !power_of_two(u.multipliers[i]), in_dsp = product && u.in[i].plain() && u.out_bits >= kDspBits;
    dsp += in_dsp ? 1 : 0;
    multiplied += product && !in_dsp ? 1 : 0;
    coded += u.in[i].plain() || binary(u.in[i]) ? 0 : 1;
  }
  const int64_t word = dsp > 0 ? 0 : int64_t{u.lanes} * u.out_bits;
  const int64_t added = dsp > 0 ? 0 : int64_t{u.lanes} * std::min(u.in[0].bits, u.in[1].bits);
  return {{real(added), real(word * multiplied), real(word * coded), 1}, real(word + 1), u.lanes * dsp};
}

Logic logic(const Crop& u) {
  const int64_t counters = counter(u.channels / u.lanes);
  return {{real(counters), 1}, real(counters), 0};
}

// A product of up to 25 x 18 bits is one DSP block.
Logic logic(const Scale& u) {
  const auto blocks = [](int32_t bits, int32_t of) { return (bits + of - 1) / of; };
  const int64_t words = bits_for(u.channels / u.lanes);
  const Memory memory = scale_memory(u);
  const double row = u.style == MemoryStyle::kBlock ? 0 : random_rom(memory.depth, memory.width).distinct;
  return {{real(int64_t{u.lanes} * u.out_bits), real(words), 1},
          real(int64_t{u.lanes} * (u.in.bits + u.out_bits) + words + 2) + row,
          int64_t{u.lanes} * blocks(std::max(u.value_bits, u.factor_bits), 25) *
              blocks(std::min(u.value_bits, u.factor_bits), 18)};
}

Logic logic(const Concat& u) {
  const int64_t words = bits_for((u.channels[0] + u.channels[1]) / u.lanes);
  return {{real(int64_t{u.lanes} * u.bits), real(words), 1}, real(words), 0};
}

Logic logic(const Reorder& u) {
  const int64_t words = bits_for(u.elements / u.lanes);
  int64_t loops = 0, places = 0;
  for (size_t i = 0; i < u.counts.size(); ++i) {
    const int64_t count = i == 3 ? u.counts[i] / u.lanes : u.counts[i];
    loops += counter(count);
    places += count > 1 ? words : 0;
  }
  const int64_t word = u.style == MemoryStyle::kBlock ? 0 : int64_t{u.lanes} * u.bits;
  return {{real(loops), real(places), real(words), 1}, real(loops + places + words + 5 + word), 0};
}

Logic logic(const Top1& u) {
  const int64_t words = bits_for(u.classes / u.lanes) + 1;
  return {{real(int64_t{u.lanes} * u.in_bits), real(u.lanes * u.out_bits), real(words), 1},
          real(words + (u.classes > u.lanes ? u.in_bits + 2 * u.out_bits : 0) + u.out_bits + 1),
          0};
}

}  // namespace

bool matched(const Mvtu& u) {
  return u.weight_style == MemoryStyle::kDistributed && u.weight_depth() > 1 && u.weight_depth() <= 32 &&
         u.in_coefs.size() == 1 && u.weight_coefs.size() == 1 && !u.depthwise;
}

Logic logic_of(const UnitKind& unit) {
  return std::visit([](const auto& u) { return logic(u); }, unit);
}

double logic_luts(const Logic& logic, const UnitKind& unit) {
  const std::span<const LutConstant> constants = lut_constants(unit);
  BITLOOM_CHECK(constants.size() == logic.terms.size());
  double luts = 0;
  for (size_t i = 0; i < constants.size(); ++i) luts += constants[i].luts * logic.terms[i];
  return luts;
}

}  // namespace bitloom::hw
