// SPDX-License-Identifier: Apache-2.0
//
// Elements of streams: what a lane carries, and how codes are ordered.
#pragma once

#include <cstdint>
#include <vector>

#include "bitloom/hw.h"

namespace bitloom::hw {

/// Bits of a two's complement number that holds both.
int32_t signed_bits(int64_t lowest, int64_t highest);

/// What the lanes of a tensor of this type carry.
Element element_of(const ir::TensorType& type);

/// How codes are compared so that their values are: as unsigned numbers, in two's complement, or not at all.
enum class Order { kUnsigned, kSigned, kNone };
Order order_of(const ir::Encoding& encoding);

/// The level codes of an encoding as the numbers that are compared, ascending. Not for kNone.
std::vector<int64_t> ordered_codes(const ir::Encoding& encoding, Order order);

/// Codes with one for the value 0, which the encoding lacks, for windows that reach beyond the image.
struct ZeroCodes {
  Element element;
  uint32_t zero = 0;
  std::vector<uint32_t> codes;  ///< of each code of the encoding
};

/// -1, +1 become ternary: the bit twice, and 01 for 0. Others get a plane that adds what brings code 0 to the value 0.
ZeroCodes with_zero(const ir::Encoding& encoding);

}  // namespace bitloom::hw
