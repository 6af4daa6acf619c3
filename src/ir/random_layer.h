// SPDX-License-Identifier: Apache-2.0
//
// Random layers that fit a given input: what random_network strings together.
#pragma once

#include <cstdint>

#include "bitloom/ir.h"
#include "random.h"

namespace bitloom::ir {

/// Accumulators stay within this in either direction, so that sums of some of them stay within int32.
inline constexpr int64_t kMaxSum = int64_t{1} << 26;

/// The largest absolute value in a range.
int64_t magnitude(const Range& range);

/// Any kind of encoding. Those of many levels are rarer, since each level costs a threshold a channel.
Encoding random_encoding(Random& random);

/// Codes, and sometimes plain integers or real numbers with their quantizer.
Input random_input(Random& random, const Shape& shape);

enum class WindowUse { kDot, kMaxPool, kSumPool };

/// A window that fits an image of this size.
Window random_window(Random& random, const Shape& shape, WindowUse use);

/// A Dot over codes of `input` with about `channels` output channels (a multiple of the groups), fewer if it would take
/// more than some millions of multiplications.
Dot random_dot(Random& random, const TensorType& input, int32_t channels);

/// The same layer with other weights.
Dot with_random_weights(Random& random, const Dot& dot);

/// Thresholds for a tensor: spread over its range, crowded at its middle, repeated, beyond it, constant; either direction.
Threshold random_threshold(Random& random, const TensorType& input, const Encoding& encoding);

}  // namespace bitloom::ir
