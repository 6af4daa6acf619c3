// SPDX-License-Identifier: Apache-2.0
//
// Thresholds by bisection: the chain and its quantizer, evaluated in float64, are a monotone function from integers (or
// float32 numbers) to level indices, so each level begins at one point, found by evaluating the function itself.
#pragma once

#include <span>

#include "bitloom/ir.h"
#include "chain.h"

namespace bitloom::lower {

/// The encoding of the quantizer's results: its own, or the smallest for what it gives at the ends of the ranges. `ranges`
/// has one entry for all channels or one a channel.
ir::Encoding result_encoding(const Chain& chain, const Quantizer& quantizer, std::span<const ir::Range> ranges,
                             int64_t channels);

/// Thresholds over the exact range of each channel. A level that is never reached gets highest + 1, one that always is gets
/// lowest. One row if all channels are alike.
ir::Threshold find_thresholds(const Chain& chain, const Quantizer& quantizer, std::span<const ir::Range> ranges,
                              int64_t channels);

/// The same for real inputs: bisection over all finite float32 numbers. The quantizer must know its encoding.
ir::RealQuantizer find_real_thresholds(const Chain& chain, const Quantizer& quantizer, int64_t channels);

}  // namespace bitloom::lower
