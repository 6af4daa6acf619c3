// SPDX-License-Identifier: Apache-2.0
//
// How dot products are counted: which form is chosen, and that each form, in each shape that kernels tell apart, computes
// what ir::evaluate says.
#include "dot.h"
#include "agree.h"
#include "dot_form.h"

namespace bitloom {
namespace {

using engine::DotForm;
using ir::Encoding;
using test::chain;
using test::expect_agreement;
using test::random_dot;
using test::spread_threshold;
using test::square;

/// The pair that makes each form the cheapest.
struct Pair {
  DotForm form;
  Encoding input, weights;
};

const std::vector<Pair>& pairs() {
  static const std::vector<Pair> all{
      {DotForm::kXor, Encoding::bipolar(), Encoding::bipolar()},
      {DotForm::kXor, Encoding::unsigned_bits(2), Encoding::bipolar()},
      {DotForm::kXor, Encoding::isometric(2), Encoding::bipolar()},
      {DotForm::kAnd, Encoding::unsigned_bits(1), Encoding::unsigned_bits(1)},
      {DotForm::kAnd, Encoding::unsigned_bits(1), Encoding::signed_bits(2)},
      {DotForm::kTernary, Encoding::ternary(), Encoding::signed_bits(2, true)},
      {DotForm::kTernary, Encoding::affine(1, -1, 2), Encoding::ternary()},
      {DotForm::kTernaryByBipolar, Encoding::signed_bits(2, true), Encoding::bipolar()},
      {DotForm::kValues, Encoding::unsigned_bits(8), Encoding::bipolar()},
      {DotForm::kValues, Encoding::signed_bits(8), Encoding::signed_bits(4)},
  };
  return all;
}

TEST(Dot, the_cheapest_form_is_chosen) {
  for (const Pair& pair : pairs()) {
    const ir::Dot dot = random_dot(pair.weights, 128, 64);
    for (const std::string_view target : engine::targets()) {
      // ARM counts bytes of bits in one instruction and multiplies in many.
      if (target == "neon" && pair.form == DotForm::kValues) continue;
      EXPECT_EQ(engine::choose_form(dot, pair.input, engine::find_kernels(target)), pair.form)
          << ir::print(pair.input) << " by " << ir::print(pair.weights) << ", " << target;
    }
  }
}

TEST(Dot, values_out_of_reach_of_bytes_are_counted) {
  const ir::Dot wide = random_dot(Encoding::signed_bits(9), 64, 16), narrow = random_dot(Encoding::signed_bits(8), 64, 16);
  for (const std::string_view target : engine::targets()) {
    const engine::Kernels& kernels = engine::find_kernels(target);
    EXPECT_EQ(engine::choose_form(wide, Encoding::unsigned_bits(8), kernels), DotForm::kAnd) << target;
    EXPECT_EQ(engine::choose_form(narrow, Encoding::unsigned_bits(9), kernels), DotForm::kAnd) << target;
    EXPECT_EQ(engine::choose_form(narrow, Encoding::unsigned_bits(8), kernels), DotForm::kValues) << target;
  }
}

// Blocks are of 16 channels, vectors of 4, 8 or 16; words of 32 and 64 bits; tiles of 4 pixels.
TEST(Dot, agrees_around_the_sizes_of_vectors_and_words) {
  for (const Pair& pair : pairs()) {
    for (const int32_t out : {1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 65}) {
      const ir::Dot dot = random_dot(pair.weights, 40, out);
      expect_agreement(chain({1, 1, 40}, pair.input, {dot}), 5);
      expect_agreement(chain({1, 1, 40}, pair.input, {dot, spread_threshold(Encoding::bipolar(), out, 20)}), 5);
      expect_agreement(chain({1, 1, 40}, pair.input, {dot, spread_threshold(Encoding::unsigned_bits(2), out, 20)}), 5);
    }
    for (const int32_t in : {1, 31, 32, 33, 63, 64, 65, 127, 129, 1000}) {
      expect_agreement(chain({1, 1, in}, pair.input, {random_dot(pair.weights, in, 20)}), 3);
    }
  }
}

TEST(Dot, agrees_for_any_number_of_images) {
  for (const Pair& pair : pairs()) {
    const ir::Network network = chain({1, 1, 70}, pair.input, {random_dot(pair.weights, 70, 33)});
    for (const int64_t images : {0, 1, 2, 3, 4, 5, 63, 64, 65, 130}) expect_agreement(network, images);
  }
}

// Channels that fill words are read where they are, line by line of the window; others are gathered.
TEST(Dot, agrees_for_convolutions_in_place_and_gathered) {
  for (const Pair& pair : pairs()) {
    for (const int32_t channels : {3, 32, 64, 128}) {
      for (const ir::Window& window : {square(3), square(3, 2), square(3, 1, 1), square(3, 1, 0, 2), square(1, 2)}) {
        const ir::Dot dot = random_dot(pair.weights, channels, 18, window);
        expect_agreement(chain({5, 6, channels}, pair.input, {dot, spread_threshold(Encoding::bipolar(), 18, 40)}), 2);
      }
    }
  }
}

TEST(Dot, agrees_when_pooling_is_part_of_it) {
  for (const Pair& pair : pairs()) {
    for (const int32_t size : {2, 4, 5, 11}) {  // odd ones leave a line over
      for (const Encoding& codes : {Encoding::bipolar(), Encoding::ternary(), Encoding::unsigned_bits(4)}) {
        const ir::Dot dot = random_dot(pair.weights, 5, 35, square(3, 1, 1));
        const ir::MaxPool pool{square(2, 2)};
        expect_agreement(chain({size, size, 5}, pair.input, {dot, spread_threshold(codes, 35, 12), pool}), 3);
      }
    }
  }
}

TEST(Dot, pooling_of_other_windows_stays_a_step) {
  const ir::Dot dot = random_dot(Encoding::bipolar(), 5, 35);
  for (const ir::Window& window : {square(2, 1), square(3, 2), square(2, 2, 1)}) {
    const ir::Network network =
        chain({6, 6, 5}, Encoding::bipolar(), {dot, spread_threshold(Encoding::bipolar(), 35, 4), ir::MaxPool{window}});
    const engine::Program program(network);
    EXPECT_NE(program.steps()[program.steps().size() - 1].what.find("planes"), std::string::npos);
    expect_agreement(network, 3);
  }
}

// Vectors without a count of their own add up bytes, which hold 255.
TEST(Dot, counts_as_many_bits_as_there_are) {
  for (const int64_t size : {31 * 32, 32 * 32, 63 * 32 + 7, 20000}) {
    const auto count = static_cast<size_t>(size);
    for (const Encoding& encoding : {Encoding::bipolar(), Encoding::signed_bits(2, true)}) {
      const std::vector<uint32_t> codes(count * 20, encoding.code(-1));
      const ir::Dot dot{{}, 1, encoding, ir::BitMatrix(20, size, encoding.planes(), codes)};
      const auto channels = static_cast<int32_t>(size);
      expect_agreement(chain({1, 1, channels}, encoding, {dot}), {{{1, 1, channels}, 1, std::vector<int32_t>(count, 1)}});
    }
  }
}

TEST(Dot, agrees_for_weights_of_any_size) {
  for (const Encoding& weights : {Encoding::affine(1, 5, 3), Encoding::affine(1000001, -2000001, 3),
                                  Encoding::affine(7, -32768, 9000), Encoding::affine(65535, -2147418113, 65534)}) {
    expect_agreement(chain({1, 1, 1}, Encoding::unsigned_bits(1), {random_dot(weights, 1, 20)}), 3);
  }
  expect_agreement(
      chain({1, 1, 30}, Encoding::unsigned_bits(3), {random_dot(Encoding::affine(1000001, -2000001, 3), 30, 5)}), 3);
}

// A plane may count downwards, and codes may have more planes than their levels need.
TEST(Dot, agrees_for_unusual_planes) {
  const Encoding reversed{{-2}, 1, -1, 1}, roomy{{1, 2}, 0, 0, 1};
  for (const Encoding& input : {Encoding::bipolar(), reversed, roomy}) {
    for (const Encoding& weights : {Encoding::bipolar(), reversed, roomy}) {
      for (const Encoding& codes : {Encoding::bipolar(), reversed, roomy}) {
        const ir::Dot dot = random_dot(weights, 70, 33);
        expect_agreement(chain({1, 1, 70}, input, {dot, spread_threshold(codes, 33, 20)}), 5);
      }
    }
  }
}

TEST(Dot, pixels_become_codes_of_any_planes) {
  for (const Encoding& codes : {Encoding::bipolar(), Encoding{{-2}, 1, -1, 1}, Encoding{{1, 2}, 0, 0, 1}}) {
    for (const uint8_t descending : {0, 1}) {
      const ir::Threshold threshold{codes, 1, {100}, {descending}};
      expect_agreement(chain({2, 2, 70}, Encoding::unsigned_bits(8), {threshold, random_dot(Encoding::bipolar(), 70, 9)}),
                       3);
      expect_agreement(chain({2, 2, 70}, Encoding::unsigned_bits(8), {threshold}), 3);
    }
  }
}

// A channel for each threshold that a sum of 9 can just reach or just not reach, and beyond.
TEST(Dot, compares_exactly_at_every_sum) {
  constexpr int32_t kSize = 9, kChannels = 2 * kSize + 7;
  const std::vector<uint32_t> codes(static_cast<size_t>(kSize * kChannels), 1);
  const ir::Dot dot{{}, 1, Encoding::bipolar(), ir::BitMatrix(kChannels, kSize, 1, codes)};
  ir::Tensor inputs = ir::Tensor::zeros({1, 1, kSize}, kSize + 1);
  for (int32_t image = 0; image <= kSize; ++image) {
    for (int32_t i = 0; i < kSize; ++i) inputs.image(image)[static_cast<size_t>(i)] = i < image ? 1 : -1;
  }
  for (const uint8_t descending : {0, 1}) {
    ir::Threshold threshold{Encoding::bipolar(), kChannels, {}, std::vector<uint8_t>(kChannels, descending)};
    for (int32_t c = 0; c < kChannels; ++c) threshold.thresholds.push_back(c - kSize - 3);
    expect_agreement(chain({1, 1, kSize}, Encoding::bipolar(), {dot, threshold}), {inputs});
  }
}

}  // namespace
}  // namespace bitloom
