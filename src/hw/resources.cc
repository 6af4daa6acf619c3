// SPDX-License-Identifier: Apache-2.0
//
// What a unit takes of a device: its logic and its memories. For iCE40 the LUTs of the logic, of 4 inputs there, are taken
// times kIce40Luts.
#include <algorithm>
#include <cmath>

#include "cost.h"
#include "logic.h"

namespace bitloom::hw {
namespace {

constexpr double kIce40Luts = 1.7;

/// A threshold memory in blocks, without the bits that are the same in every word.
Memory kept(Memory memory, std::span<const int64_t> thresholds, std::span<const uint8_t> descending, int64_t lanes,
            int64_t levels, int32_t bits) {
  if (static_cast<int64_t>(thresholds.size()) == memory.depth * lanes * levels)
    memory.width = threshold_rom(thresholds, descending, lanes, levels, bits).kept;
  return memory;
}

std::span<const uint8_t> flags(bool has_descending, const std::vector<uint8_t>& descending) {
  return has_descending ? std::span(descending) : std::span<const uint8_t>();
}

Resources memories(const Mvtu& u, Family family) {
  // In LUTs, thresholds are a part of the logic, as are weights that are matched in the LUT that reads them.
  Resources r = family != Family::kIce40 && matched(u) ? Resources{} : memory(weight_memory(u), u.weight_style, family);
  if (u.threshold_style == MemoryStyle::kBlock) {
    r += memory(kept(threshold_memory(u), u.thresholds, flags(u.has_descending, u.descending), u.pe, std::max(u.levels, 1),
                     u.acc_bits),
                u.threshold_style, family);
  }
  if (u.steps() > 1 && u.uses() > 1) {
    const int64_t word = u.simd * static_cast<int64_t>(u.in_coefs.size());
    r += memory({u.steps(), word, false, false}, family == Family::kIce40 ? MemoryStyle::kAuto : MemoryStyle::kDistributed,
                family);
  }
  return r;
}

Resources memories(const Threshold& u, Family family) {
  if (u.style != MemoryStyle::kBlock) return {};
  return memory(
      kept(threshold_memory(u), u.thresholds, flags(u.has_descending, u.descending), u.lanes, u.levels, u.acc_bits),
      u.style, family);
}

Resources memories(const Scale& u, Family family) { return memory(scale_memory(u), u.style, family); }

Resources memories(const Reorder& u, Family family) { return memory(block_memory(u), u.style, family); }

Resources memories(const Window& u, Family family) { return memory(line_buffer(u), u.style, family); }

Resources memories(const Fifo& u, Family family) { return memory({u.depth, u.width, false, false}, u.style, family); }

/// Partial results of a row of pools, of so many bits each.
template <typename Pool>
Resources partial_results(const Pool& u, int32_t bits, Family family) {
  const int64_t depth = int64_t{u.in_w / u.kernel_w} * (u.channels / u.lanes);
  return memory({depth, int64_t{u.lanes} * bits, false, true}, MemoryStyle::kDistributed, family);
}
Resources memories(const MaxPool& u, Family family) { return partial_results(u, u.bits, family); }
Resources memories(const SumPool& u, Family family) { return partial_results(u, u.out_bits, family); }

template <typename Kind>
Resources memories(const Kind&, Family) {
  return {};
}

}  // namespace

Resources resources(const UnitKind& unit, Family family) {
  const Logic logic = logic_of(unit);
  Resources r = std::visit([&](const auto& u) { return memories(u, family); }, unit);
  r.lut += std::lround(logic_luts(logic, unit) * (family == Family::kIce40 ? kIce40Luts : 1));
  r.ff += std::lround(logic.ff);
  if (family == Family::kIce40) {
    r.lut += logic.dsp * 60;  // multipliers of constants
  } else {
    r.dsp += logic.dsp;
  }
  return r;
}

Resources resources(const Design& design, Family family) {
  Resources sum;
  for (const Unit& unit : design.units) sum += resources(unit.kind, family);
  return sum;
}

}  // namespace bitloom::hw
