// SPDX-License-Identifier: Apache-2.0
//
// Cycles and memories of single units.
#pragma once

#include "bitloom/hw.h"

namespace bitloom::hw {

/// Cycles a frame of a unit whose streams have at most so many words a frame.
int64_t unit_cycles(const UnitKind& kind, int64_t words);

/// Of a window unit that nothing stalls, with as many rows as it has.
int64_t window_cycles(const Window& window);
/// Rows with which a window never waits for the next picture.
int32_t ample_rows(const Window& window);
int32_t fewest_rows(const Window& window);

/// A memory of depth words of width bits, written (RAM) or not (ROM).
struct Memory {
  int64_t depth = 1, width = 1;
  bool rom = false;
};
Resources memory(const Memory& memory, MemoryStyle style, Family family);

/// kBlock or kDistributed, whichever is cheaper by the default prices.
MemoryStyle cheaper_style(const Memory& memory, Family family);

double price_of(const Resources& resources, const Prices& prices);

Memory weight_memory(const Mvtu& unit);
Memory threshold_memory(const Mvtu& unit);
Memory threshold_memory(const Threshold& unit);
Memory line_buffer(const Window& unit);
Memory scale_memory(const Scale& unit);
Memory block_memory(const Reorder& unit);

}  // namespace bitloom::hw
