// SPDX-License-Identifier: Apache-2.0
//
// What a matrix-vector-threshold unit computes for a Dot.
#pragma once

#include "bitloom/hw.h"

namespace bitloom::hw {

/// The unit for `dot` over elements `in` of these values, with the thresholds that alone read it (none: null), unfolded: PE
/// and SIMD 1. `result` is the type of what it puts out. Throws Unsupported, without a place, where it cannot be done.
Mvtu make_mvtu(const ir::Dot& dot, const Element& in, const ir::Range& values, const ir::Threshold* threshold,
               const ir::TensorType& result);

/// Bits that the planes of one step may need before thresholds or biases know which of them can be: what bitloom_plane_dot
/// asks for.
int32_t step_bits(const Mvtu& unit);

}  // namespace bitloom::hw
