// SPDX-License-Identifier: Apache-2.0
//
// The counters of rtl/bitloom_compress.sv and rtl/bitloom_fuse.sv, counted: the same decisions, without the wires.
#pragma once

#include <cstdint>
#include <vector>

namespace bitloom::hw {

/// LUTs that add up columns of so many bits, as many as the sum has bits.
int64_t counter_luts(std::vector<int64_t> heights);

/// Columns of matches, each a function of two signals, after the first level.
struct FusedColumns {
  int64_t luts = 0;
  std::vector<int64_t> heights;
};
FusedColumns fused(const std::vector<int64_t>& matches);

}  // namespace bitloom::hw
