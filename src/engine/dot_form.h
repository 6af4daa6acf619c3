// SPDX-License-Identifier: Apache-2.0
//
// How a dot product is counted: planes or values, and which planes the weights have.
#pragma once

#include "bitloom/ir.h"
#include "kernels.h"

namespace bitloom::engine {

/// How a Dot that reads `input` is best computed by these kernels.
DotForm choose_form(const ir::Dot& dot, const ir::Encoding& input, const Kernels& kernels);

/// For kXor and kAnd: the planes of weights that are encoded as `weights`.
ir::Encoding weight_planes(DotForm form, const ir::Encoding& weights);

}  // namespace bitloom::engine
