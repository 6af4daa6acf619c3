// SPDX-License-Identifier: Apache-2.0
//
// Cycles and memories of single units, and the device that they are for.
#pragma once

#include <span>

#include "bitloom/hw.h"

namespace bitloom::hw {

/// The family that a folding is for; Xilinx 7 where it does not say.
Family family_of(const Folding& folding);

/// Cycles a frame of a unit whose streams have at most so many words a frame.
int64_t unit_cycles(const UnitKind& kind, int64_t words);

/// Rows with which a window never keeps its input waiting at a steady pace, pictures back to back: more change nothing.
int32_t ample_rows(const Window& window);
/// Rows below which it does not work.
int32_t fewest_rows(const Window& window);

/// A memory of depth words of width bits, written (RAM) or not (ROM). Without its registers.
struct Memory {
  int64_t depth = 1, width = 1;
  bool rom = false;
  bool one_address = false;  ///< a RAM that is read where it is written
};
Resources memory(const Memory& memory, MemoryStyle style, Family family);
/// Banks of words that a memory in blocks of a Xilinx device is cut into; each bit of a word is chosen from so many.
int64_t block_banks(const Memory& memory);

/// The bits of a ROM's word that synthesis keeps: those that are the same in every word are no memory, and in LUTs bits
/// that are equal to each other in every word are one.
struct RomBits {
  int64_t kept = 0;      ///< not the same in every word
  double distinct = 0;   ///< of them, without repetitions
  double functions = 0;  ///< of them, not just a bit of the address
};
/// What is to be expected of random contents.
RomBits random_rom(int64_t depth, int64_t width);
/// Of thresholds: word w holds rows w * lanes ..., each `levels` numbers of `bits` bits, and a flag if `descending` is not
/// empty.
RomBits threshold_rom(std::span<const int64_t> thresholds, std::span<const uint8_t> descending, int64_t lanes,
                      int64_t levels, int32_t bits);
/// LUTs of a bit of a ROM in LUTs.
double rom_luts(int64_t depth);

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
