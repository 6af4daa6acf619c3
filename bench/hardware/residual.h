// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "bitloom/ir.h"

namespace bitloom::bench {

/// The network with other factors of residual binarization in place of its isometric ones: of the same shape, with the same
/// weights and thresholds, but no longer trained. `factors`: as many as the isometric activations have planes.
ir::Network with_factors(ir::Network network, std::span<const int32_t> factors);

}  // namespace bitloom::bench
