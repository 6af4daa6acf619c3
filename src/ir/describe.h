// SPDX-License-Identifier: Apache-2.0
//
// Shapes and types as error messages show them.
#pragma once

#include <string>

#include "bitloom/ir.h"

namespace bitloom::ir {

inline std::string describe(const Shape& shape) {
  return fmt::format("{}x{}x{}", shape.height, shape.width, shape.channels);
}

/// "8x8x16 codes of -1..1 in 2 planes", "1x1x10 integers -64..64"
inline std::string describe(const TensorType& type) {
  const Range range = type.range();
  if (const Encoding* encoding = type.encoding()) {
    return fmt::format("{} codes of {}..{} in {} planes", describe(type.shape), range.lowest, range.highest,
                       encoding->planes());
  }
  return fmt::format("{} integers {}..{}", describe(type.shape), range.lowest, range.highest);
}

}  // namespace bitloom::ir
