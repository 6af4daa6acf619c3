// SPDX-License-Identifier: Apache-2.0
//
// Quantizers by name, and the integers that each has. Needs no LibTorch.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bitloom/train.h"

namespace bitloom::train {

/// What a quantizer is used for: some exist for one of the two only.
enum class Operand { kWeights, kActivations };

std::string print(const Quantizer& quantizer);

/// Throws Error if there is no such quantizer, or none for that operand; says which there are.
Quantizer parse_quantizer(std::string_view text, Operand operand);

/// Fixed-point unit of the factors of kResidual: gamma is a multiple of it. No factor is above 2, and none below the sum of
/// those behind it, so that all sums have 8 bits and are exact as bfloat16.
inline constexpr double kResidualUnit = 1.0 / 64;
inline constexpr int64_t kResidualLargest = 128;  ///< factor, in units

/// Bounds of the integers that stand for the quantizer's values; those of kResidual are the largest that there may be. Not
/// for kFloat.
struct IntegerRange {
  int64_t lowest = 0, highest = 0;
  int64_t magnitude() const { return highest > -lowest ? highest : -lowest; }
};
IntegerRange integers(const Quantizer& quantizer, Operand operand);

}  // namespace bitloom::train
