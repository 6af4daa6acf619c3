// SPDX-License-Identifier: Apache-2.0
//
// What the codes of an encoding mean, for the rest of this module.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "bitloom/ir.h"

namespace bitloom::ir {

struct Level {
  int32_t value = 0;
  uint32_t code = 0;  ///< the smallest that means the value
};

/// The values that occur, ascending, with their canonical codes. The encoding has passed `check`.
std::vector<Level> levels_in_use(const Encoding& encoding);

/// The canonical code of a value that occurs; nothing for any other value. The encoding has passed `check`.
std::optional<uint32_t> find_code(const Encoding& encoding, int32_t value);

}  // namespace bitloom::ir
