// SPDX-License-Identifier: Apache-2.0
//
// The logic of a unit, without its memories: registers, counted, and LUTs as a sum of terms, each a number of things that
// take LUTs (counters of matches, bits of an accumulator, bits of counters ...), times what one takes for Xilinx devices.
// The latter are fitted to synthesis (tests/hw/fit_resources.cc).
#pragma once

#include <span>
#include <vector>

#include "bitloom/hw.h"

namespace bitloom::hw {

struct Logic {
  std::vector<double> terms;  ///< one a constant of the kind
  double ff = 0;
  int64_t dsp = 0;
};
Logic logic_of(const UnitKind& unit);

/// Weights that LUTs read and compare at once: `Matched` of bitloom_mvtu. They are a part of the logic.
bool matched(const Mvtu& unit);

struct LutConstant {
  double luts;
  const char* of;  ///< what the term counts
};
std::span<const LutConstant> lut_constants(const UnitKind& unit);

double logic_luts(const Logic& logic, const UnitKind& unit);

}  // namespace bitloom::hw
