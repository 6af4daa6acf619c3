// SPDX-License-Identifier: Apache-2.0
//
// What a design computes, unit by unit and in plain loops: the semantics of the modules of rtl/, without clocks.
#pragma once

#include <vector>

#include "bitloom/hw.h"

namespace bitloom::test {

/// Like ir::evaluate. Throws InternalError if units and streams do not fit each other, or an accumulator its bits.
std::vector<ir::Tensor> run_design(const hw::Design& design, const std::vector<ir::Tensor>& inputs);

}  // namespace bitloom::test
