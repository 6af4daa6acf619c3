// SPDX-License-Identifier: Apache-2.0
//
// The compressor tree of rtl/bitloom_compress.sv, counted.
#pragma once

#include <cstdint>
#include <vector>

namespace bitloom::hw {

struct Compressors {
  int64_t luts = 0;   ///< of compressors of six inputs
  int64_t added = 0;  ///< columns that the carry chain at the end adds two bits in
};

/// Of columns with so many bits, whose first level takes groups of three functions of two signals (fused) or of six bits.
Compressors compressors(std::vector<int64_t> heights, bool fused);

}  // namespace bitloom::hw
