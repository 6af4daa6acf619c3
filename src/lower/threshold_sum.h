// SPDX-License-Identifier: Apache-2.0
//
// Sums of quantizers of one tensor. A MultiThreshold has evenly spaced levels, so exporters write the levels of residual
// binarization as a sum of several.
#pragma once

#include <optional>
#include <span>

#include "bitloom/ir.h"

namespace bitloom::lower {

/// A threshold whose values, times `unit`, are the sum.
struct ThresholdSum {
  ir::Threshold threshold;
  int32_t unit = 1;
};

/// multipliers[0] * a(x) + multipliers[1] * b(x) for two thresholds of one tensor x. `ranges` are those of x, one entry for
/// all channels or one a channel. Empty if the sum of some channel both rises and falls, is the same number everywhere, or
/// needs more than 16 planes.
std::optional<ThresholdSum> add_thresholds(const ir::Threshold& a, const ir::Threshold& b,
                                           std::span<const int32_t> multipliers, std::span<const ir::Range> ranges);

}  // namespace bitloom::lower
