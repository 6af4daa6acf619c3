// SPDX-License-Identifier: Apache-2.0
//
// Encodings: what codes mean, which values occur, and which encodings are refused.
#include <gtest/gtest.h>

#include <set>

#include "bitloom/ir.h"
#include "build.h"

namespace bitloom::ir {
namespace {

using Values = std::vector<int32_t>;
using Codes = std::vector<uint32_t>;

TEST(EncodingTest, bipolar_is_minus_one_and_one) {
  EXPECT_EQ(Encoding::bipolar().levels(), (Values{-1, 1}));
  EXPECT_EQ(Encoding::bipolar().level_codes(), (Codes{0, 1}));
  EXPECT_FALSE(Encoding::bipolar().has_zero());
}

TEST(EncodingTest, unsigned_counts_from_zero) {
  EXPECT_EQ(Encoding::unsigned_bits(2).levels(), (Values{0, 1, 2, 3}));
  EXPECT_EQ(Encoding::unsigned_bits(2).level_codes(), (Codes{0, 1, 2, 3}));
  EXPECT_EQ(Encoding::unsigned_bits(16).highest, 65535);
  EXPECT_TRUE(Encoding::unsigned_bits(8).has_zero());
}

TEST(EncodingTest, signed_is_twos_complement) {
  EXPECT_EQ(Encoding::signed_bits(1).levels(), (Values{-1, 0}));
  EXPECT_EQ(Encoding::signed_bits(2).levels(), (Values{-2, -1, 0, 1}));
  EXPECT_EQ(Encoding::signed_bits(2).level_codes(), (Codes{2, 3, 0, 1}));
  EXPECT_EQ(Encoding::signed_bits(2, true).levels(), (Values{-1, 0, 1}));
  EXPECT_EQ(Encoding::signed_bits(16).lowest, -32768);
}

TEST(EncodingTest, ternary_zero_has_two_codes_and_the_smaller_is_canonical) {
  const Encoding ternary = Encoding::ternary();
  EXPECT_EQ(ternary.levels(), (Values{-1, 0, 1}));
  EXPECT_EQ(ternary.level_codes(), (Codes{0, 1, 3}));
  EXPECT_EQ(ternary.value(1), 0);
  EXPECT_EQ(ternary.value(2), 0);
  EXPECT_EQ(ternary.code(0), 1U);
  EXPECT_TRUE(ternary.has_zero());
}

TEST(EncodingTest, isometric_takes_the_odd_values) {
  EXPECT_EQ(Encoding::isometric(1), Encoding::bipolar());
  EXPECT_EQ(Encoding::isometric(2).levels(), (Values{-3, -1, 1, 3}));
  EXPECT_EQ(Encoding::isometric(16).highest, 65535);
  EXPECT_FALSE(Encoding::isometric(3).has_zero());
}

TEST(EncodingTest, residual_takes_all_signs_of_its_factors) {
  EXPECT_EQ(Encoding::residual(Values{3, 1}).levels(), (Values{-4, -2, 2, 4}));
  EXPECT_EQ(Encoding::residual(Values{1, 1}).levels(), (Values{-2, 0, 2}));
  EXPECT_EQ(Encoding::residual(Values{1, 1}).level_codes(), (Codes{0, 1, 3}));
}

TEST(EncodingTest, affine_steps_from_its_bias) {
  EXPECT_EQ(Encoding::affine(2, -3, 3).levels(), (Values{-3, -1, 1, 3}));
  EXPECT_EQ(Encoding::affine(5, 10, 2).levels(), (Values{10, 15, 20}));
  EXPECT_EQ(Encoding::affine(1, -2000000000, 65535).highest, -1999934465);
  EXPECT_EQ(Encoding::affine(60000, -2000000000, 65535).highest, 1932100000);
}

TEST(EncodingTest, smallest_takes_the_fewest_planes) {
  EXPECT_EQ(Encoding::smallest(-1, 1, true), Encoding::bipolar());
  EXPECT_EQ(Encoding::smallest(-3, 1, true), Encoding::isometric(2));
  EXPECT_EQ(Encoding::smallest(-1, 1, false), Encoding::ternary());
  EXPECT_EQ(Encoding::smallest(-1, 0, false), Encoding::signed_bits(1));
  EXPECT_EQ(Encoding::smallest(0, 1, false), Encoding::unsigned_bits(1));
  EXPECT_EQ(Encoding::smallest(0, 4, false), Encoding::unsigned_bits(3));
  EXPECT_EQ(Encoding::smallest(-3, 3, false), Encoding::signed_bits(3, true));
  EXPECT_EQ(Encoding::smallest(-4, 0, false), Encoding::signed_bits(3));
  EXPECT_EQ(Encoding::smallest(-128, 127, false), Encoding::signed_bits(8));
  EXPECT_EQ(Encoding::smallest(0, 65535, false), Encoding::unsigned_bits(16));
  EXPECT_EQ(error_of([] { Encoding::smallest(0, 65536, false); }),
            "encoding: the range 0 to 65536 does not fit in 16 planes");
  EXPECT_EQ(error_of([] { Encoding::smallest(1, 0, false); }), "encoding: the range 1 to 0 is empty");
}

TEST(EncodingTest, every_encoding_passes_its_own_check_and_agrees_with_a_plain_search) {
  const std::vector<Encoding> encodings = {
      Encoding::bipolar(),
      Encoding::unsigned_bits(1),
      Encoding::unsigned_bits(8),
      Encoding::signed_bits(1),
      Encoding::signed_bits(4, true),
      Encoding::signed_bits(5),
      Encoding::ternary(),
      Encoding::isometric(3),
      Encoding::residual(Values{7, 3, 3, 1}),
      Encoding::affine(3, -4, 5),
      {{0, 2, -2}, 1, -1, 3},
      {{5, -3, 1}, 2, 0, 7},
      {{-1, -2, -4}, 0, -6, -1},
      {{1, 2, 4, 8, 16, 32}, -7, -5, 50},
      {{4, 2, 1}, 0, 1, 6},
  };
  for (const Encoding& encoding : encodings) {
    EXPECT_NO_THROW(check(encoding));
    std::set<int32_t> values;
    for (uint32_t code = 0; code < 1U << encoding.planes(); ++code) {
      const int32_t value = encoding.value(code);
      if (value >= encoding.lowest && value <= encoding.highest) values.insert(value);
    }
    EXPECT_EQ(encoding.levels(), Values(values.begin(), values.end()));
    EXPECT_EQ(encoding.has_zero(), values.contains(0));
    const Codes codes = encoding.level_codes();
    size_t level = 0;
    for (const int32_t value : values) {
      uint32_t smallest = 0;
      while (encoding.value(smallest) != value) ++smallest;
      EXPECT_EQ(encoding.code(value), smallest);
      EXPECT_EQ(codes.at(level++), smallest);
    }
    for (int32_t value = encoding.lowest - 3; value <= encoding.highest + 3; ++value) {
      if (values.contains(value)) continue;
      EXPECT_THROW(encoding.code(value), Error) << value;
    }
  }
}

TEST(EncodingTest, code_of_a_value_that_does_not_occur_bad) {
  EXPECT_EQ(error_of([] { Encoding::bipolar().code(0); }), "encoding: no code in use means 0; its values are -1 to 1");
  EXPECT_EQ(error_of([] { Encoding::signed_bits(2, true).code(-2); }),
            "encoding: no code in use means -2; its values are -1 to 1");
}

TEST(EncodingTest, check_bad) {
  const auto message = [](const Encoding& encoding) { return error_of([&] { check(encoding); }); };
  EXPECT_EQ(message({{}, 0, 0, 1}), "encoding: has 0 planes, expected 1 to 16");
  EXPECT_EQ(message({Values(17, 1), 0, 0, 1}), "encoding: has 17 planes, expected 1 to 16");
  EXPECT_EQ(message({{1}, 0, 1, 1}), "encoding: the range 1 to 1 has fewer than two values");
  EXPECT_EQ(message({{1}, 0, 1, 0}), "encoding: the range 1 to 0 has fewer than two values");
  EXPECT_EQ(message({{2}, 0, 0, 1}), "encoding: no code means 1, an end of its range");
  EXPECT_EQ(message({{2147483647, 1}, 0, 0, 1}),
            "encoding: its codes mean 0 to 2147483648, expected numbers from -2147483647 to 2147483646");
  EXPECT_EQ(message({{-2147483647 - 1}, 0, -1, 0}),
            "encoding: its codes mean -2147483648 to 0, expected numbers from -2147483647 to 2147483646");
}

TEST(EncodingTest, factories_bad) {
  EXPECT_EQ(error_of([] { Encoding::unsigned_bits(0); }), "unsigned encoding: has 0 bits, expected 1 to 16");
  EXPECT_EQ(error_of([] { Encoding::signed_bits(1, true); }), "narrow signed encoding: has 1 bits, expected 2 to 16");
  EXPECT_EQ(error_of([] { Encoding::isometric(17); }), "isometric encoding: has 17 bits, expected 1 to 16");
  EXPECT_EQ(error_of([] {
              Encoding::residual(Values{1, 0});
            }),
            "residual encoding: factor 0 is not positive or is too large");
  EXPECT_EQ(error_of([] { Encoding::residual(Values{1 << 30}); }),
            "residual encoding: factor 1073741824 is not positive or is too large");
  EXPECT_EQ(error_of([] { Encoding::residual(Values{}); }), "encoding: has 0 planes, expected 1 to 16");
  EXPECT_EQ(error_of([] { Encoding::affine(0, 0, 1); }), "affine encoding: step is 0, expected at least 1");
  EXPECT_EQ(error_of([] { Encoding::affine(1, 0, 65536); }), "affine encoding: has 65536 steps, expected 1 to 65535");
  EXPECT_EQ(error_of([] { Encoding::affine(1 << 30, 0, 4); }), "affine encoding: 4 steps of 1073741824 are beyond int32");
}

}  // namespace
}  // namespace bitloom::ir
