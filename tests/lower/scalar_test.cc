// SPDX-License-Identifier: Apache-2.0
//
// QONNX's quantizers on single numbers: every rounding mode at ties and below zero, ranges, and the traps of real files.
#include "lower/scalar.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "bitloom/error.h"

namespace bitloom::lower {
namespace {

const std::vector<double> kNumbers{-2.5, -1.5, -1.2, -0.5, -0.2, 0.0, 0.2, 0.5, 1.2, 1.5, 2.5, 2.7};

std::vector<double> all_rounded(std::string_view mode) {
  std::vector<double> result;
  for (const double x : kNumbers) result.push_back(rounded(x, parse_rounding(mode)));
  return result;
}

TEST(Scalar, rounds_by_every_mode) {
  using Row = std::vector<double>;
  EXPECT_EQ(all_rounded("ROUND"), (Row{-2, -2, -1, 0, 0, 0, 0, 0, 1, 2, 2, 3}));
  EXPECT_EQ(all_rounded("CEIL"), (Row{-2, -1, -1, 0, 0, 0, 1, 1, 2, 2, 3, 3}));
  EXPECT_EQ(all_rounded("FLOOR"), (Row{-3, -2, -2, -1, -1, 0, 0, 0, 1, 1, 2, 2}));
  EXPECT_EQ(all_rounded("UP"), (Row{-3, -2, -2, -1, -1, 0, 1, 1, 2, 2, 3, 3}));
  EXPECT_EQ(all_rounded("DOWN"), (Row{-2, -1, -1, 0, 0, 0, 0, 0, 1, 1, 2, 2}));
  EXPECT_EQ(all_rounded("HALF_UP"), (Row{-3, -2, -1, -1, 0, 0, 0, 1, 1, 2, 3, 3}));
  EXPECT_EQ(all_rounded("HALF_DOWN"), (Row{-2, -1, -1, 0, 0, 0, 0, 0, 1, 1, 2, 3}));
}

TEST(Scalar, reads_rounding_modes_in_any_case) {
  EXPECT_EQ(parse_rounding("round"), Rounding::kHalfEven);
  EXPECT_EQ(parse_rounding("Half_Up"), Rounding::kHalfUp);
}

TEST(Scalar, refuses_an_unknown_rounding_mode) {
  try {
    parse_rounding("NEAREST");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "rounding mode 'NEAREST' is unknown; use ROUND, CEIL, FLOOR, UP, DOWN, HALF_UP or HALF_DOWN");
  }
}

TEST(Scalar, half_down_is_exact_next_to_ties_and_for_large_numbers) {
  EXPECT_EQ(rounded(std::nextafter(0.5, 1), Rounding::kHalfDown), 1);
  EXPECT_EQ(rounded(std::nextafter(0.5, 0), Rounding::kHalfDown), 0);
  EXPECT_EQ(rounded(4503599627370497.0, Rounding::kHalfDown), 4503599627370497.0);
}

QuantSpec quant(double bits, bool is_signed, bool narrow, double scale = 1, double zero_point = 0) {
  QuantSpec spec;
  spec.bits = bits;
  spec.is_signed = is_signed;
  spec.narrow = narrow;
  spec.scale = scale;
  spec.zero_point = zero_point;
  return spec;
}

TEST(Scalar, knows_the_range_of_each_kind) {
  const auto range = [](const QuantSpec& spec) { return std::pair(spec.lowest(), spec.highest()); };
  EXPECT_EQ(range(quant(8, true, false)), std::pair(-128.0, 127.0));
  EXPECT_EQ(range(quant(8, true, true)), std::pair(-127.0, 127.0));
  EXPECT_EQ(range(quant(8, false, false)), std::pair(0.0, 255.0));
  EXPECT_EQ(range(quant(8, false, true)), std::pair(0.0, 254.0));
  EXPECT_EQ(range(quant(2, true, true)), std::pair(-1.0, 1.0));
  EXPECT_EQ(range(quant(1, false, false)), std::pair(0.0, 1.0));
  EXPECT_EQ(range(quant(1, true, false)), std::pair(-1.0, 1.0));
  EXPECT_EQ(range(quant(32, true, false)), std::pair(-2147483648.0, 2147483647.0));
}

TEST(Scalar, clips_before_it_rounds) {
  QuantSpec spec = quant(2, false, false);
  spec.rounding = Rounding::kCeil;
  EXPECT_EQ(quantized(3.2, spec), 3);
  spec.rounding = Rounding::kFloor;
  EXPECT_EQ(quantized(-0.2, spec), 0);
}

TEST(Scalar, quantizes_with_scale_and_zero_point) {
  const QuantSpec spec = quant(4, true, false, 0.5, 3);
  EXPECT_EQ(quantized(1.0, spec), 5);
  EXPECT_EQ(quantized(100, spec), 7);
  EXPECT_EQ(quantized(-100, spec), -8);
  EXPECT_EQ(dequantized(5, spec), 1.0);
  EXPECT_EQ(dequantized(-8, spec), -5.5);
}

TEST(Scalar, ties_go_to_the_even_code) {
  EXPECT_EQ(quantized(0.5, quant(8, true, false)), 0);
  EXPECT_EQ(quantized(1.5, quant(8, true, false)), 2);
  EXPECT_EQ(quantized(-2.5, quant(8, true, false)), -2);
}

TEST(Scalar, one_signed_bit_is_bipolar) {
  const QuantSpec spec = quant(1, true, true, 0.25);
  EXPECT_EQ(quantized(0.01, spec), 1);
  EXPECT_EQ(quantized(-0.01, spec), -1);
  EXPECT_EQ(dequantized(-1, spec), -0.25);
  EXPECT_EQ(quantized(-3, quant(1, true, true, -1)), 1);
}

TEST(Scalar, minus_zero_is_positive_for_bipolar_quantizers) {
  EXPECT_EQ(quantized(-0.0, quant(1, true, false)), 1);
  QuantSpec bare = quant(1, true, false, -2);
  bare.bare_sign = true;
  EXPECT_EQ(quantized(-0.0, bare), 1);
  EXPECT_EQ(quantized(3, bare), 1);
  EXPECT_EQ(dequantized(1, bare), -2);
}

TEST(Scalar, trunc_version_1_keeps_the_scale) {
  TruncSpec spec;
  spec.scale = 0.5;
  spec.in_bits = 8;
  spec.out_bits = 6;
  EXPECT_EQ(spec.factor(), 4);
  EXPECT_EQ(truncated(5.5, spec), 2);
  EXPECT_EQ(untruncated(2, spec), 1.0);
  EXPECT_EQ(truncated(-0.5, spec), -1);
}

TEST(Scalar, trunc_version_1_rounds_half_to_even_before_it_divides) {
  TruncSpec spec;
  spec.in_bits = 3;
  spec.out_bits = 2;
  spec.zero_point = 1;
  EXPECT_EQ(truncated(2.5, spec), 2);  // 3.5 -> 4 -> 2
  EXPECT_EQ(truncated(1.5, spec), 1);  // 2.5 -> 2 -> 1
  EXPECT_EQ(untruncated(2, spec), 1);
}

TEST(Scalar, trunc_version_2_scales_clips_and_rounds) {
  TruncSpec spec;
  spec.version = 2;
  spec.scale = 0.25;
  spec.out_scale = 1;
  spec.zero_point = 2;
  spec.out_bits = 3;
  spec.is_signed = false;
  EXPECT_EQ(spec.factor(), 4);
  EXPECT_EQ(truncated(1.5, spec), 2);  // (6 + 2) / 4
  EXPECT_EQ(truncated(100, spec), 7);
  EXPECT_EQ(truncated(-100, spec), 0);
  EXPECT_EQ(untruncated(7, spec), 6.5);
}

TEST(Scalar, trunc_version_2_takes_the_nearest_power_of_two) {
  TruncSpec spec;
  spec.version = 2;
  spec.scale = 0.1;
  spec.out_scale = 0.39;
  EXPECT_EQ(spec.factor(), 4);
}

}  // namespace
}  // namespace bitloom::lower
