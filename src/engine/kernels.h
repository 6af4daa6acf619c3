// SPDX-License-Identifier: Apache-2.0
//
// The kernels of one instruction set, and which instruction sets there are.
//
// Targets are those between which the kernels differ: vectors that count the bits of their lanes (AVX-512 with VPOPCNTDQ),
// vectors that count bits by looking up half bytes (AVX-512, AVX2, SSE4) or bytes (NEON), and no vectors at all. SSSE3 has
// nothing that the portable kernels lack; SVE's vectors have no size that a tile of registers could be planned for.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "dot_kernel.h"

namespace bitloom::engine {

struct Kernels {
  std::string_view target;
  int weight_lanes = kBlock;  ///< or 1: of DotLayer::weights
  int values_per_word = 2;    ///< kValues: 16-bit numbers, or 4: bytes
  // What a 32-bit word of one channel costs, for choosing a form; in operations of a vector.
  double count_cost = 1;  ///< of two planes
  double value_cost = 1;  ///< of values
  DotFunction dot[kDotForms] = {};
  CountOnesFunction count_ones = nullptr;

  /// bits[i] = bytes[i] >= threshold; `count` of them, 8 a byte of `bits`, which are all written (to a multiple of 8).
  void (*reached)(const uint8_t* bytes, int64_t count, uint8_t threshold, uint8_t* bits) = nullptr;

  /// XORs and counts `rounds` * ceiling_bits bits, in the fastest loop known. Returns something that depends on all of it.
  uint32_t (*count_bits)(int64_t rounds) = nullptr;
  int64_t ceiling_bits = 0;
};

/// Those that this CPU can run, best first.
const std::vector<Kernels>& all_kernels();

/// Those of a target; if it is empty, of the target that BITLOOM_TARGET names, or else the best. Throws Error if this CPU
/// cannot run them.
const Kernels& find_kernels(std::string_view target);

/// Without vectors.
Kernels portable_kernels();

}  // namespace bitloom::engine
