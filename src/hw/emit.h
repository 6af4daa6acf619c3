// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "bitloom/hw.h"

namespace bitloom::hw {

/// The module bitloom_top of a design: instances of its units, joined by wires. Throws Unsupported, naming the unit, where
/// the library has no module for it.
std::string top_level(const Design& design);

}  // namespace bitloom::hw
