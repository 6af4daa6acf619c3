// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "bitloom/frontend.h"

namespace bitloom::test {

/// A random quant graph as trainers export them: integer input, convolutions or matrix products with quantized weights,
/// biases, batch norms of any slope, activations, pools on either side of them, every quantizer, residual sums, a final
/// scale. All scales are dyadic where values are summed, so that float64 computes every sum exactly.
frontend::QuantGraph random_graph(uint64_t seed);

/// An integer input of up to 12 bits and a few channels, then functions and one quantizer.
frontend::QuantGraph random_chain(uint64_t seed);

}  // namespace bitloom::test
