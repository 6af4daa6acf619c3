// SPDX-License-Identifier: Apache-2.0
//
// QONNX's quantizers on one real number. Every step is one IEEE operation in the order that QONNX gives, because a
// threshold found by bisection must be that of the very function which the graph computes.
#include "scalar.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <string>

#include "bitloom/error.h"

namespace bitloom::lower {
namespace {

double half_to_zero(double x) {
  const double whole = std::trunc(x);
  return std::abs(x - whole) > 0.5 ? whole + std::copysign(1.0, x) : whole;
}

double lowest_of(double bits, bool is_signed, bool narrow) {
  if (!is_signed) return 0;
  return -std::exp2(bits - 1) + (narrow ? 1 : 0);
}

double highest_of(double bits, bool is_signed, bool narrow) {
  if (is_signed) return std::exp2(bits - 1) - 1;
  return std::exp2(bits) - (narrow ? 2 : 1);
}

}  // namespace

Rounding parse_rounding(std::string_view name) {
  std::string upper(name);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
  if (upper == "ROUND") return Rounding::kHalfEven;
  if (upper == "CEIL") return Rounding::kCeil;
  if (upper == "FLOOR") return Rounding::kFloor;
  if (upper == "UP") return Rounding::kUp;
  if (upper == "DOWN") return Rounding::kDown;
  if (upper == "HALF_UP") return Rounding::kHalfUp;
  if (upper == "HALF_DOWN") return Rounding::kHalfDown;
  throw Error("rounding mode '{}' is unknown; use ROUND, CEIL, FLOOR, UP, DOWN, HALF_UP or HALF_DOWN", name);
}

double rounded(double x, Rounding mode) {
  switch (mode) {
    case Rounding::kHalfEven:
      return std::nearbyint(x);
    case Rounding::kCeil:
      return std::ceil(x);
    case Rounding::kFloor:
      return std::floor(x);
    case Rounding::kUp:
      return std::copysign(std::ceil(std::abs(x)), x);
    case Rounding::kDown:
      return std::trunc(x);
    case Rounding::kHalfUp:
      return std::round(x);
    case Rounding::kHalfDown:
      return half_to_zero(x);
  }
  BITLOOM_CHECK(false);
  return x;
}

double QuantSpec::lowest() const { return bipolar() ? -1 : lowest_of(bits, is_signed, narrow); }

double QuantSpec::highest() const { return bipolar() ? 1 : highest_of(bits, is_signed, narrow); }

double quantized(double x, const QuantSpec& spec) {
  const double steps = spec.bare_sign ? x : x / spec.scale + spec.zero_point;
  if (spec.bipolar()) return steps >= 0 ? 1 : -1;
  return rounded(std::clamp(steps, spec.lowest(), spec.highest()), spec.rounding);
}

double dequantized(double q, const QuantSpec& spec) { return (q - spec.zero_point) * spec.scale; }

double TruncSpec::factor() const {
  if (version == 1) return std::exp2(in_bits - out_bits);
  return std::exp2(std::nearbyint(std::log2(out_scale / scale)));
}

double TruncSpec::result_scale() const { return version == 1 ? scale : out_scale; }

double truncated(double x, const TruncSpec& spec) {
  const double steps = std::nearbyint(x / spec.scale + spec.zero_point) / spec.factor();
  if (spec.version == 1) return rounded(steps, spec.rounding);
  const double lowest = lowest_of(spec.out_bits, spec.is_signed, spec.narrow);
  const double highest = highest_of(spec.out_bits, spec.is_signed, spec.narrow);
  return rounded(std::clamp(steps, lowest, highest), spec.rounding);
}

double untruncated(double y, const TruncSpec& spec) {
  const double zero_point = spec.version == 1 ? spec.zero_point : spec.zero_point / spec.factor();
  return (y - zero_point) * spec.result_scale();
}

}  // namespace bitloom::lower
