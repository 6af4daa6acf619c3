// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "bitloom/data.h"

namespace bitloom::data {
namespace {

using ir::Encoding;

ir::Input input_of(const ir::Shape& shape, const Encoding& encoding) { return {shape, encoding, std::nullopt}; }

template <typename Source>
std::string message_of(const ir::Input& input, const Source& source) {
  try {
    to_tensor(input, source, "x.npy");
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(ToTensor, pixels_are_the_codes_of_an_input_with_256_codes) {
  const Images images{1, 1, 2, 1, {0, 200}};
  EXPECT_EQ(to_tensor(input_of({1, 2, 1}, Encoding::unsigned_bits(8)), images, "").values, (std::vector<int32_t>{0, 200}));
  EXPECT_EQ(to_tensor(input_of({1, 2, 1}, Encoding::affine(2, -255, 255)), images, "").values,
            (std::vector<int32_t>{-255, 145}));
  EXPECT_EQ(message_of(input_of({1, 2, 1}, Encoding::bipolar()), images),
            "x.npy: the network's input is bipolar, not 8-bit pixels; give its values as a .npy file");
}

TEST(ToTensor, images_meet_a_flat_input_of_as_many_elements_only) {
  const Images images{2, 1, 2, 1, {1, 2, 3, 4}};
  EXPECT_EQ(to_tensor(input_of({1, 1, 2}, Encoding::unsigned_bits(8)), images, "").images, 2);
  EXPECT_EQ(message_of(input_of({1, 1, 3}, Encoding::unsigned_bits(8)), images),
            "x.npy: the images are 1 x 2 x 1 (height, width, channels), the network's input is 1 x 1 x 3");
}

TEST(ToTensor, pixels_of_a_real_input_stand_for_a_255th) {
  ir::Input input = input_of({1, 1, 3}, Encoding::bipolar());
  input.real = ir::RealQuantizer{1, {0.5F}, {0}};
  const NpyArray array{{1, 3}, std::vector<uint8_t>{127, 128, 255}};
  EXPECT_EQ(to_tensor(input, array, "").values, (std::vector<int32_t>{-1, 1, 1}));
  EXPECT_EQ(to_tensor(input, Images{1, 1, 3, 1, {127, 128, 255}}, "").values, (std::vector<int32_t>{-1, 1, 1}));
  EXPECT_EQ(to_tensor(input, NpyArray{{1, 3}, std::vector<float>{0.4F, 0.5F, 200}}, "").values,
            (std::vector<int32_t>{-1, 1, 1}));
}

TEST(ToTensor, arrays_may_have_channels_first_or_last_or_be_flat) {
  const ir::Input input = input_of({1, 2, 3}, Encoding::signed_bits(4));
  const std::vector<int32_t> last{1, 2, 3, 4, 5, 6};
  EXPECT_EQ(to_tensor(input, NpyArray{{1, 1, 2, 3}, last}, "").values, last);
  EXPECT_EQ(to_tensor(input, NpyArray{{1, 2, 3}, last}, "").values, last);
  EXPECT_EQ(to_tensor(input, NpyArray{{1, 6}, last}, "").values, last);
  EXPECT_EQ(to_tensor(input, NpyArray{{1, 3, 1, 2}, std::vector<int32_t>{1, 4, 2, 5, 3, 6}}, "").values, last);
  EXPECT_EQ(message_of(input, NpyArray{{1, 5}, std::vector<int32_t>(5)}),
            "x.npy: an array of shape [1, 5] does not fit the network's input of 1 x 2 x 3 (height, width, channels)");
}

TEST(ToTensor, values_must_be_those_of_the_input) {
  const ir::Input bipolar = input_of({1, 1, 2}, Encoding::bipolar());
  EXPECT_EQ(to_tensor(bipolar, NpyArray{{1, 2}, std::vector<int8_t>{-1, 1}}, "").values, (std::vector<int32_t>{-1, 1}));
  EXPECT_EQ(to_tensor(bipolar, NpyArray{{1, 2}, std::vector<uint8_t>{0, 1}}, "").values, (std::vector<int32_t>{-1, 1}));
  EXPECT_EQ(message_of(bipolar, NpyArray{{1, 2}, std::vector<int8_t>{0, 1}}),
            "x.npy: element 0 is 0, which the network's input (bipolar) does not have");
  EXPECT_EQ(message_of(bipolar, NpyArray{{1, 2}, std::vector<uint8_t>{0, 2}}),
            "x.npy: 2 is no code of the network's input (bipolar)");
  EXPECT_EQ(message_of(bipolar, NpyArray{{1, 2}, std::vector<float>{0.5F, 1}}),
            "x.npy: holds real numbers, the network's input takes integers (bipolar); for pixels give uint8");
}

TEST(ToTensor, results_become_arrays_of_their_shape) {
  EXPECT_EQ(to_array({{1, 1, 2}, 2, {1, 2, 3, 4}}), (NpyArray{{2, 2}, std::vector<int32_t>{1, 2, 3, 4}}));
  EXPECT_EQ(to_array({{2, 1, 1}, 1, {1, 2}}), (NpyArray{{1, 2, 1, 1}, std::vector<int32_t>{1, 2}}));
}

}  // namespace
}  // namespace bitloom::data
