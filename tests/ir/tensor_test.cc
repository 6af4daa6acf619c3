// SPDX-License-Identifier: Apache-2.0
//
// Packed tensors and weights: round trips, exact layouts, and bytes that are not what they say.
#include <gtest/gtest.h>

#include <random>

#include "bitloom/ir.h"
#include "build.h"
#include "support/property.h"

namespace bitloom::ir {
namespace {

using Values = std::vector<int32_t>;

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> result;
  for (const int value : values) result.push_back(static_cast<std::byte>(value));
  return result;
}

TEST(TensorTest, packed_bytes_counts_planes_and_the_fewest_integer_bytes) {
  EXPECT_EQ(packed_bytes({{1, 1, 256}, Encoding::unsigned_bits(2)}), 64);
  EXPECT_EQ(packed_bytes({{1, 1, 9}, Encoding::bipolar()}), 2);
  EXPECT_EQ(packed_bytes({{2, 3, 5}, Encoding::ternary()}), 8);
  EXPECT_EQ(packed_bytes({{1, 1, 10}, Range{-128, 127}}), 10);
  EXPECT_EQ(packed_bytes({{1, 1, 10}, Range{0, 128}}), 20);
  EXPECT_EQ(packed_bytes({{1, 1, 10}, Range{-32768, 32767}}), 20);
  EXPECT_EQ(packed_bytes({{1, 1, 10}, Range{-32769, 0}}), 40);
  EXPECT_EQ(packed_bytes({{16384, 16384, 1}, Encoding::unsigned_bits(16)}), int64_t{1} << 29);
}

TEST(TensorTest, pack_writes_plane_after_plane_lowest_bit_first) {
  const TensorType codes{{1, 3, 3}, Encoding::unsigned_bits(2)};
  EXPECT_EQ(pack(codes, Values{1, 0, 2, 3, 0, 0, 0, 0, 1}), bytes({0b00001001, 1, 0b00001100, 0}));
  EXPECT_EQ(pack({{1, 1, 3}, Encoding::ternary()}, Values{-1, 0, 1}), bytes({0b110, 0b100}));
  EXPECT_EQ(pack({{1, 1, 2}, Range{-300, 300}}, Values{-2, 258}), bytes({0xfe, 0xff, 2, 1}));
  EXPECT_EQ(pack({{1, 1, 1}, Range{-3, 70000}}, Values{-3}), bytes({0xfd, 0xff, 0xff, 0xff}));
}

TEST(TensorTest, unpack_takes_every_code_that_means_a_value) {
  const TensorType type{{1, 1, 4}, Encoding::ternary()};
  EXPECT_EQ(unpack(type, bytes({0b1010, 0b1100})), (Values{-1, 0, 0, 1}));
}

TEST(TensorTest, Property_unpack_inverts_pack) {
  const std::vector<std::variant<Encoding, Range>> elements = {
      Encoding::bipolar(),
      Encoding::unsigned_bits(4),
      Encoding::signed_bits(3),
      Encoding::ternary(),
      Encoding::signed_bits(2, true),
      Encoding::isometric(3),
      Encoding::affine(7, 1, 4),
      Encoding::residual(Values{9, 4, 2}),
      Encoding::unsigned_bits(16),
      Range{-128, 127},
      Range{-5, 300},
      Range{kMinValue, kMaxValue},
  };
  for (uint64_t seed = 0; seed < test::cases(20); ++seed) {
    std::mt19937_64 random(seed);
    const auto next = [&](int64_t low, int64_t high) {
      return static_cast<int32_t>(low + static_cast<int64_t>(random() % static_cast<uint64_t>(high - low + 1)));
    };
    for (const auto& element : elements) {
      const TensorType type{{next(1, 4), next(1, 4), next(1, 20)}, element};
      const Values levels = type.encoding() ? type.encoding()->levels() : Values{};
      Values values;
      for (int64_t i = 0; i < type.shape.elements(); ++i) {
        const Range range = type.range();
        values.push_back(levels.empty() ? next(range.lowest, range.highest)
                                        : levels[static_cast<size_t>(next(0, static_cast<int64_t>(levels.size()) - 1))]);
      }
      const std::vector<std::byte> packed = pack(type, values);
      ASSERT_EQ(static_cast<int64_t>(packed.size()), packed_bytes(type)) << "seed " << seed;
      ASSERT_EQ(unpack(type, packed), values) << "seed " << seed;
    }
  }
}

TEST(TensorTest, pack_bad) {
  const TensorType type{{1, 1, 3}, Encoding::bipolar()};
  EXPECT_EQ(error_of([&] { pack(type, Values{1, 1}); }), "has 2 elements, expected 3");
  EXPECT_EQ(error_of([&] {
              pack(type, Values{1, 0, 1});
            }),
            "element 1 is 0, expected one of the encoding's values from -1 to 1");
  EXPECT_EQ(error_of([&] { pack({{1, 1, 1}, Range{-2, 2}}, Values{3}); }), "element 0 is 3, expected -2 to 2");
}

TEST(TensorTest, unpack_bad) {
  const TensorType type{{1, 1, 3}, Encoding::signed_bits(2, true)};
  EXPECT_EQ(error_of([&] { unpack(type, bytes({0})); }), "is 1 bytes long, expected 2");
  EXPECT_EQ(error_of([&] { unpack(type, bytes({0, 0, 0})); }), "is 3 bytes long, expected 2");
  EXPECT_EQ(error_of([&] { unpack(type, bytes({0, 8})); }), "plane 1 has a bit set after its 3 elements");
  EXPECT_EQ(error_of([&] { unpack(type, bytes({0, 4})); }), "element 2 is -2, expected -1 to 1");
  EXPECT_EQ(error_of([&] { unpack({{1, 1, 1}, Range{0, 100}}, bytes({0xff})); }), "element 0 is -1, expected 0 to 100");
}

TEST(TensorTest, image_is_one_of_the_batch) {
  Tensor tensor = batch({1, 1, 2}, {1, 2, 3, 4});
  tensor.image(1)[0] = 9;
  EXPECT_EQ(tensor.values, (Values{1, 2, 9, 4}));
  EXPECT_EQ(Tensor::zeros({1, 2, 1}, 3).values, Values(6, 0));
}

TEST(TensorTest, complete_survives_absurd_image_counts) {
  EXPECT_TRUE(batch({1, 1, 2}, {1, 2, 3, 4}).complete());
  EXPECT_TRUE((Tensor{{1, 1, 2}, 0, {}}.complete()));
  EXPECT_FALSE((Tensor{{1, 1, 2}, 1, {1}}.complete()));
  EXPECT_FALSE((Tensor{{1, 1, 2}, int64_t{1} << 62, {}}.complete()));
  EXPECT_FALSE((Tensor{{1, 1, 2}, -1, {}}.complete()));
}

TEST(BitMatrixTest, keeps_codes_in_planes_of_whole_words) {
  std::vector<uint32_t> codes;
  for (uint32_t i = 0; i < 2 * 70; ++i) codes.push_back(i * 7 % 8);
  const BitMatrix matrix(2, 70, 3, codes);
  EXPECT_EQ(matrix.words_per_row(), 2);
  EXPECT_EQ(matrix.words().size(), 12U);
  for (int64_t row = 0; row < 2; ++row) {
    for (int64_t k = 0; k < 70; ++k) EXPECT_EQ(matrix.code(row, k), codes[static_cast<size_t>(row * 70 + k)]);
  }
  EXPECT_EQ(matrix.plane(1, 2)[1] & 1, codes[70 + 64] >> 2 & 1);
  const BitMatrix view(2, 70, 3, matrix.words(), nullptr);
  EXPECT_EQ(view, matrix);
  codes[139] ^= 1;
  EXPECT_NE(BitMatrix(2, 70, 3, codes), matrix);
}

TEST(BitMatrixTest, copies_share_the_words) {
  const BitMatrix matrix(1, 2, 1, std::vector<uint32_t>{0, 1});
  const BitMatrix copy = matrix;
  EXPECT_EQ(copy.words().data(), matrix.words().data());
}

TEST(BitMatrixTest, sizes_bad) {
  const std::vector<uint32_t> codes{0, 1};
  EXPECT_EQ(error_of([&] { BitMatrix(0, 2, 1, codes); }), "weights: 0 rows of 2, expected 1 to 268435456 weights");
  EXPECT_EQ(error_of([&] { BitMatrix(int64_t{1} << 40, int64_t{1} << 40, 1, codes); }),
            "weights: 1099511627776 rows of 1099511627776, expected 1 to 268435456 weights");
  EXPECT_EQ(error_of([&] { BitMatrix(1, 2, 0, codes); }), "weights: 0 planes, expected 1 to 16");
  EXPECT_EQ(error_of([&] { BitMatrix(1, 3, 1, codes); }), "weights: 2 codes, expected 1 rows of 3");
  EXPECT_EQ(error_of([&] { BitMatrix(1, 2, 1, std::vector<uint32_t>{0, 2}); }), "weights: code 2 does not fit in 1 planes");
  const std::vector<uint64_t> words{1, 8};
  EXPECT_EQ(error_of([&] { BitMatrix(1, 3, 1, words, nullptr); }),
            "weights: 2 words, expected 1 (1 rows of 3 in 1 planes)");
  EXPECT_EQ(error_of([&] { BitMatrix(1, 3, 2, words, nullptr); }), "weights: a bit past the 3 columns of a row is set");
}

}  // namespace
}  // namespace bitloom::ir
