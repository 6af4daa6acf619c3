// SPDX-License-Identifier: Apache-2.0
//
// Which encoding suits the integers that a tensor may hold.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "bitloom/ir.h"

namespace bitloom::lower {

/// The smallest encoding of all whole numbers in these bounds, one step counted from the lowest where that takes fewer than
/// 16 planes and two's complement does not. Empty if they are more than 16 bits can tell apart, or beyond 30 bits.
std::optional<ir::Encoding> encoding_between(double lowest, double highest);

/// Codes for some integers: each of them is unit times a level of the encoding.
struct UnitEncoding {
  ir::Encoding encoding;
  int32_t unit = 1;
};

/// The encoding with the fewest planes that has these levels (ascending, at least two, each once), and maybe more between
/// them. Their common divisor becomes the unit; where that takes more planes than free coefficients (residual
/// binarization), the unit stays 1. Empty if 16 planes do not suffice.
std::optional<UnitEncoding> fewest_planes(std::span<const int32_t> levels);

/// The size of the steps between the values of a node: all of them are its lowest plus a multiple of this. `steps` has the
/// entries of all nodes before.
int64_t value_step(const ir::Network& network, ir::NodeId node, std::span<const int64_t> steps);

/// n where offset is n / 2 times the scale, so that zero is one of the grid's points, or half way between two. Files keep
/// scale and offset as float32, each rounded once: up to these two roundings n / 2 is what they mean. Empty if there is no
/// such n, or none within 17 bits.
std::optional<int32_t> half_steps(double scale, double offset);

}  // namespace bitloom::lower
