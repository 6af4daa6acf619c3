// SPDX-License-Identifier: Apache-2.0
//
// The choice of encodings for levels, and what a scale and an offset say about zero.
#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "lower/encodings.h"

namespace bitloom::lower::test {
namespace {

UnitEncoding fewest(const std::vector<int32_t>& levels) { return fewest_planes(levels).value(); }

TEST(Encodings, fewest_planes_names_what_has_a_name) {
  EXPECT_EQ(fewest({-1, 1}).encoding, ir::Encoding::bipolar());
  EXPECT_EQ(fewest({-1, 0, 1}).encoding, ir::Encoding::ternary());
  EXPECT_EQ(fewest({-3, -1, 1, 3}).encoding, ir::Encoding::isometric(2));
  EXPECT_EQ(fewest({0, 1, 2, 3}).encoding, ir::Encoding::unsigned_bits(2));
  EXPECT_EQ(fewest({-2, -1, 0, 1}).encoding, ir::Encoding::signed_bits(2));
  EXPECT_EQ(fewest({-3, -2, -1, 0, 1, 2, 3}).encoding, ir::Encoding::signed_bits(3, true));
}

TEST(Encodings, fewest_planes_divides_by_the_common_divisor) {
  EXPECT_EQ(fewest({-6, 0, 6}).encoding, ir::Encoding::ternary());
  EXPECT_EQ(fewest({-6, 0, 6}).unit, 6);
  EXPECT_EQ(fewest({-5, 5}).encoding, ir::Encoding::bipolar());
  EXPECT_EQ(fewest({-5, 5}).unit, 5);
}

TEST(Encodings, fewest_planes_finds_residual_factors_again) {
  std::mt19937 random(1);
  for (int i = 0; i < 200; ++i) {
    // Each factor is larger than the sum of those before, so that all sums differ.
    std::vector<int32_t> factors;
    int32_t sum = 0;
    for (int p = 0; p < 1 + i % 6; ++p) sum += factors.emplace_back(sum + 1 + static_cast<int32_t>(random() % 5));
    const ir::Encoding residual = ir::Encoding::residual(factors);
    const UnitEncoding found = fewest(residual.levels());
    EXPECT_EQ(found.encoding.planes(), residual.planes());
    std::vector<int32_t> levels = found.encoding.levels();
    for (int32_t& level : levels) level *= found.unit;
    EXPECT_EQ(levels, residual.levels());
  }
  EXPECT_EQ(fewest({-4, -2, 2, 4}).encoding, ir::Encoding::residual(std::vector<int32_t>{1, 3}));
}

TEST(Encodings, fewest_planes_holds_any_levels) {
  std::mt19937 random(2);
  for (int i = 0; i < 300; ++i) {
    std::vector<int32_t> levels{static_cast<int32_t>(random() % 100) - 50};
    for (int n = 1 + i % 12; n > 0; --n) levels.push_back(levels.back() + 1 + static_cast<int32_t>(random() % 9));
    const UnitEncoding found = fewest(levels);
    EXPECT_NO_THROW(ir::check(found.encoding));
    EXPECT_EQ(found.encoding.lowest * found.unit, levels.front());
    EXPECT_EQ(found.encoding.highest * found.unit, levels.back());
    for (const int32_t level : levels) EXPECT_NO_THROW(found.encoding.code(level / found.unit)) << level;
  }
}

TEST(Encodings, fewest_planes_of_levels_far_apart_and_of_too_many) {
  EXPECT_EQ(fewest({1, 1000001}).encoding.planes(), 1);
  EXPECT_EQ(fewest({ir::kMaxValue - 1, ir::kMaxValue}).encoding.planes(), 1);
  std::vector<int32_t> powers;
  for (int p = 0; p < 30; ++p) powers.push_back((1 << p) + p);
  EXPECT_FALSE(fewest_planes(powers).has_value());
  EXPECT_FALSE(fewest_planes(std::vector<int32_t>{ir::kMinValue, 0, ir::kMaxValue}).has_value());
}

TEST(Encodings, half_steps_of_exact_numbers_and_of_float32) {
  EXPECT_EQ(half_steps(0.5, 0), 0);
  EXPECT_EQ(half_steps(0.5, -0.75), -3);
  EXPECT_EQ(half_steps(-0.5, -0.75), 3);
  EXPECT_EQ(half_steps(1.0 / 255, -128.0 / 255), -256);
  std::mt19937 random(3);
  for (int i = 0; i < 2000; ++i) {
    const double step = std::ldexp(1 + static_cast<double>(random()) / 0x1p32, static_cast<int>(random() % 20) - 10);
    const int32_t n = static_cast<int32_t>(random() % 1023) - 511;
    EXPECT_EQ(half_steps(static_cast<float>(step), static_cast<float>(step * n / 2)), n) << step;
  }
}

TEST(Encodings, half_steps_of_other_offsets_are_none) {
  EXPECT_FALSE(half_steps(1, 0.3).has_value());
  EXPECT_FALSE(half_steps(1, 1e-9).has_value());
  EXPECT_FALSE(half_steps(1, 127.501).has_value());
  EXPECT_FALSE(half_steps(1, 30000.001).has_value());
  EXPECT_FALSE(half_steps(1, 1e9).has_value());
  EXPECT_FALSE(half_steps(1, std::nan("")).has_value());
  EXPECT_FALSE(half_steps(0, 1).has_value());
}

}  // namespace
}  // namespace bitloom::lower::test
