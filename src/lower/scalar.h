// SPDX-License-Identifier: Apache-2.0
//
// What QONNX's quantizers do to one real number, in float64. The float64 evaluator and the lowering share these, so that a
// chain evaluated on an accumulator value is the very function that the graph computes.
#pragma once

#include <string_view>

namespace bitloom::lower {

enum class Rounding { kHalfEven, kCeil, kFloor, kUp, kDown, kHalfUp, kHalfDown };

/// QONNX's names, in any case: ROUND (half to even), CEIL, FLOOR, UP (away from zero), DOWN (towards zero), HALF_UP (half
/// away from zero), HALF_DOWN (half towards zero). Throws Error (without a place) for another name.
Rounding parse_rounding(std::string_view name);

double rounded(double x, Rounding mode);

/// Quant / IntQuant: q = round(clip(x / scale + zero_point, lowest, highest)), result (q - zero_point) * scale.
/// One bit and signed is bipolar: q = x / scale + zero_point >= 0 ? 1 : -1, the result as above.
struct QuantSpec {
  double scale = 1;
  double zero_point = 0;
  double bits = 8;
  bool is_signed = true;
  bool narrow = false;
  Rounding rounding = Rounding::kHalfEven;
  bool bare_sign = false;  ///< BipolarQuant: bipolar, and q = x >= 0 ? 1 : -1 whatever the scale and its sign

  bool bipolar() const { return bits == 1 && is_signed; }
  double lowest() const;   ///< smallest q
  double highest() const;  ///< largest q
};

double quantized(double x, const QuantSpec& spec);    ///< q
double dequantized(double q, const QuantSpec& spec);  ///< (q - zero_point) * scale

/// Trunc. Version 1 (domain opset 1): y = mode(round_half_even(x / scale + zero_point) / 2^(in_bits - out_bits)), result
/// (y - zero_point) * scale. Version 2: t = 2^round(log2(out_scale / scale)), y = mode(clip(round_half_even(x / scale +
/// zero_point) / t, lowest, highest)), result (y - zero_point / t) * out_scale.
struct TruncSpec {
  int version = 1;
  double scale = 1;
  double zero_point = 0;
  double in_bits = 8;
  double out_bits = 8;
  double out_scale = 1;   ///< version 2
  bool is_signed = true;  ///< version 2
  bool narrow = false;    ///< version 2
  Rounding rounding = Rounding::kFloor;

  double factor() const;        ///< 2^(in_bits - out_bits), or t
  double result_scale() const;  ///< of one step of y
};

double truncated(double x, const TruncSpec& spec);    ///< y
double untruncated(double y, const TruncSpec& spec);  ///< the result for y

}  // namespace bitloom::lower
