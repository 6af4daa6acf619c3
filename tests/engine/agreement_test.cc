// SPDX-License-Identifier: Apache-2.0
//
// The engine agrees with ir::evaluate: on random networks, and where a packed engine is likely to be wrong.
#include "agree.h"
#include "support/property.h"

namespace bitloom {
namespace {

using ir::Encoding;
using test::chain;
using test::expect_agreement;
using test::random_dot;
using test::spread_threshold;
using test::square;

const std::vector<int32_t> kEdges{1, 63, 64, 65, 127, 128, 129};

const std::vector<Encoding>& encodings() {
  static const std::vector<int32_t> factors{7, 4, 2};
  static const std::vector<Encoding> all{
      Encoding::bipolar(),      Encoding::unsigned_bits(1),     Encoding::unsigned_bits(3),
      Encoding::signed_bits(2), Encoding::signed_bits(3, true), Encoding::ternary(),
      Encoding::isometric(2),   Encoding::residual(factors),    Encoding::affine(3, -7, 5)};
  return all;
}

TEST(Engine, Property_agrees_with_evaluate_on_random_networks) {
  for (uint64_t seed = 0; seed < test::cases(300); ++seed) {
    SCOPED_TRACE(seed);
    const ir::Network network = ir::random_network(seed);
    expect_agreement(network, ir::random_inputs(network, 3, seed), 1 + static_cast<int>(seed % 2));
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST(Engine, agrees_for_every_pair_of_encodings) {
  for (const Encoding& input : encodings()) {
    for (const Encoding& weight : encodings()) {
      const ir::Dot dot = random_dot(weight, 5, 9, square(3, 1, 1));
      expect_agreement(chain({3, 4, 5}, input, {dot}));
    }
  }
}

TEST(Engine, agrees_at_word_edges_of_fully_connected_layers) {
  for (const int32_t in : kEdges) {
    for (const int32_t out : kEdges) {
      const ir::Dot dot = random_dot(Encoding::bipolar(), in, out);
      expect_agreement(chain({1, 1, in}, Encoding::bipolar(), {dot, spread_threshold(Encoding::bipolar(), out, 9)}));
    }
  }
}

TEST(Engine, agrees_at_word_edges_of_convolutions) {
  for (const int32_t channels : kEdges) {
    for (const Encoding& encoding : {Encoding::bipolar(), Encoding::unsigned_bits(2)}) {
      const ir::Dot dot = random_dot(Encoding::ternary(), channels, 3, square(2, 1, 1));
      expect_agreement(chain({2, 3, channels}, encoding, {dot, spread_threshold(encoding, 3, 20)}));
      const ir::Dot point = random_dot(Encoding::bipolar(), channels, 65, square(1, 2));
      expect_agreement(chain({3, 3, channels}, encoding, {point, spread_threshold(encoding, 65, 20)}));
    }
  }
}

TEST(Engine, agrees_for_groups_that_end_within_words) {
  struct Groups {
    int32_t in, out, groups;
  };
  for (const Groups& g : {Groups{6, 6, 6}, {6, 9, 3}, {130, 4, 2}, {130, 130, 2}, {195, 210, 3}, {70, 70, 70}}) {
    for (const Encoding& encoding : {Encoding::bipolar(), Encoding::signed_bits(2)}) {
      const ir::Dot dot = random_dot(encoding, g.in, g.out, square(3, 1, 1), g.groups);
      const ir::Network sums = chain({3, 2, g.in}, encoding, {dot});
      expect_agreement(sums);
      expect_agreement(chain({3, 2, g.in}, encoding, {dot, spread_threshold(encoding, g.out, 10)}));
    }
  }
}

TEST(Engine, reads_zero_outside_the_image) {
  for (const Encoding& encoding : encodings()) {
    for (const ir::Window& window : {square(5, 1, 4), square(3, 1, 2, 2), square(2, 3, 2), square(3, 1, 3), square(1, 1, 2),
                                     ir::Window{2, 3, 1, 2, 0, 1, 3, 0, 2, 1}}) {
      expect_agreement(chain({3, 4, 7}, encoding, {random_dot(Encoding::signed_bits(3), 7, 5, window)}));
      expect_agreement(chain({3, 4, 7}, encoding, {ir::SumPool{window}}));
    }
  }
}

// With inputs and weights of one bit set each, a sum tells exactly whether the two bits met.
TEST(Engine, one_hot_inputs_meet_one_hot_weights_at_one_place) {
  constexpr int32_t kSize = 131;
  std::vector<uint32_t> identity(kSize * kSize);
  for (size_t i = 0; i < kSize; ++i) identity[i * kSize + i] = 1;
  const Encoding bit = Encoding::unsigned_bits(1);
  const ir::Dot dot{{}, 1, bit, ir::BitMatrix(kSize, kSize, 1, identity)};
  const std::vector<int32_t> one_hot(identity.begin(), identity.end());
  const ir::Tensor images{{1, 1, kSize}, kSize, one_hot};
  EXPECT_EQ(engine::Program(chain({1, 1, kSize}, bit, {dot})).run(std::vector{images})[0].values, one_hot);

  // The same 131 bits as a 1 x 131 image under a window of 131 taps.
  ir::Dot conv = dot;
  conv.window.kernel_w = kSize;
  const ir::Tensor wide{{1, kSize, 1}, kSize, one_hot};
  EXPECT_EQ(engine::Program(chain({1, kSize, 1}, bit, {conv})).run(std::vector{wide})[0].values, one_hot);
}

TEST(Engine, accumulators_reach_the_ends_of_int32) {
  constexpr int32_t kColumns = 128;
  const Encoding wide = Encoding::unsigned_bits(16);
  for (const Encoding& weight : {Encoding::unsigned_bits(8), Encoding::affine(1, -255, 255)}) {
    const uint32_t code = weight.lowest < 0 ? 0 : 255;
    const std::vector<uint32_t> codes(kColumns, code);
    const ir::Dot dot{{}, 1, weight, ir::BitMatrix(1, kColumns, weight.planes(), codes)};
    const ir::Network network = chain({1, 1, kColumns}, wide, {dot});
    const ir::Tensor input{{1, 1, kColumns}, 1, std::vector<int32_t>(kColumns, 65535)};
    const int32_t sum = 65535 * 255 * kColumns;
    EXPECT_EQ(engine::Program(network).run(std::vector{input})[0].values[0], weight.lowest < 0 ? -sum : sum);
    expect_agreement(network, {input});
  }
}

// First and last layers, and the levels of quantizers that leave out some of a named encoding's.
TEST(Engine, agrees_for_eight_bits_by_eight_and_for_narrowed_encodings) {
  Encoding odd = Encoding::isometric(3), whole = Encoding::signed_bits(4);
  odd.lowest = -5, odd.highest = 3;
  whole.lowest = -6, whole.highest = 2;
  const std::vector<Encoding> wide{Encoding::unsigned_bits(8),
                                   Encoding::signed_bits(8),
                                   Encoding::signed_bits(8, true),
                                   Encoding::isometric(8),
                                   odd,
                                   whole,
                                   Encoding{{2, 6}, -4, -4, 4}};
  for (const Encoding& input : wide) {
    for (const Encoding& weight : wide) {
      expect_agreement(chain({4, 5, 3}, input, {random_dot(weight, 3, 20, square(3, 1, 1))}));
      const ir::Dot dot = random_dot(weight, 70, 10);
      expect_agreement(chain({1, 1, 70}, input, {dot, spread_threshold(input, 10, 100000)}));
    }
  }
}

TEST(Engine, agrees_where_eight_bits_by_eight_nearly_leave_int32) {
  constexpr int32_t kColumns = 33025;  // times 255 times 255 is 2147450625
  const Encoding weight = Encoding::isometric(8);
  std::vector<uint32_t> codes(kColumns, 255);
  codes.resize(2 * kColumns, 0);
  const ir::Dot dot{{}, 1, weight, ir::BitMatrix(2, kColumns, 8, codes)};
  const ir::Network network = chain({1, 1, kColumns}, Encoding::unsigned_bits(8), {dot});
  const ir::Tensor input{{1, 1, kColumns}, 1, std::vector<int32_t>(kColumns, 255)};
  EXPECT_EQ(engine::Program(network).run(std::vector{input})[0].values, (std::vector<int32_t>{2147450625, -2147450625}));
  expect_agreement(network, {input});
}

TEST(Engine, agrees_for_few_and_many_thresholds) {
  for (const int levels : {2, 3, 16, 17, 18, 40, 256}) {
    const Encoding encoding = Encoding::affine(2, -9, levels - 1);
    const ir::Dot dot = random_dot(Encoding::isometric(2), 70, 67);
    ir::Threshold rows = spread_threshold(encoding, 67, 60), shared = spread_threshold(encoding, 1, 60);
    for (const ir::Threshold& threshold : {rows, shared}) {
      expect_agreement(chain({1, 1, 70}, Encoding::isometric(2), {dot, threshold}), 9);
      expect_agreement(chain({1, 1, 70}, Encoding::isometric(2), {dot, threshold}, true), 9);  // not fused
    }
  }
}

TEST(Engine, thresholds_that_are_never_or_always_reached_give_constants) {
  const ir::Dot dot = random_dot(Encoding::bipolar(), 8, 4);
  const ir::Threshold threshold{Encoding::bipolar(), 4, {2147483647, 2147483647, -2147483647, -2147483647}, {0, 1, 0, 1}};
  const ir::Network network = chain({1, 1, 8}, Encoding::bipolar(), {dot, threshold});
  const std::vector<ir::Tensor> outputs = engine::Program(network).run(ir::random_inputs(network, 1, 1));
  EXPECT_EQ(outputs[0].values, (std::vector<int32_t>{-1, 1, 1, -1}));
}

TEST(Engine, pools_one_plane_of_either_sign_and_several) {
  const Encoding one_is_smaller{{-5}, 2, -3, 2};
  for (const Encoding& encoding : {Encoding::bipolar(), one_is_smaller, Encoding::ternary(), Encoding::signed_bits(3)}) {
    for (const int32_t channels : {3, 64, 70}) {
      for (const ir::Window& window : {square(2, 2), square(3, 2, 1), square(2, 1, 1, 2)}) {
        const ir::Dot dot = random_dot(Encoding::bipolar(), channels, channels);
        const ir::Threshold threshold = spread_threshold(encoding, channels, 8);
        expect_agreement(chain({5, 4, channels}, Encoding::bipolar(), {dot, threshold, ir::MaxPool{window}}));
      }
    }
  }
}

TEST(Engine, moves_elements_as_planes_and_as_integers) {
  const Encoding encoding = Encoding::unsigned_bits(2);
  for (const int32_t channels : {4, 64, 68, 132}) {
    const ir::Dot dot = random_dot(Encoding::bipolar(), channels, channels);
    const ir::Threshold threshold = spread_threshold(encoding, channels, 30);
    for (const ir::Layer& layer :
         std::vector<ir::Layer>{ir::Slice{1, channels - 1}, ir::Reshape{{1, 2, channels * 3}, false},
                                ir::Reshape{{3, channels, 2}, true}, ir::Reshape{{1, 1, channels * 6}, true},
                                ir::DepthToSpace{2, false}, ir::DepthToSpace{2, true}, ir::Upsample{2, 3}}) {
      expect_agreement(chain({2, 3, channels}, encoding, {layer}));
      expect_agreement(chain({2, 3, channels}, encoding, {dot, threshold, layer}));
      expect_agreement(chain({2, 3, channels}, encoding, {dot, layer}));
    }
  }
}

TEST(Engine, agrees_on_branches_and_several_outputs) {
  const Encoding encoding = Encoding::signed_bits(3);
  ir::Network network;
  const ir::NodeId x = network.add("x", ir::Input{{3, 3, 66}, Encoding::bipolar(), std::nullopt});
  const ir::NodeId other = network.add("other", ir::Input{{3, 3, 66}, encoding, std::nullopt});
  const ir::NodeId sums = network.add("sums", random_dot(Encoding::bipolar(), 66, 66, square(3, 1, 1)), {x});
  const ir::NodeId codes = network.add("codes", spread_threshold(encoding, 66, 40), {sums});
  const ir::NodeId again = network.add("again", spread_threshold(Encoding::ternary(), 66, 40), {sums});
  const ir::NodeId both = network.add("both", ir::Concat{}, {codes, other, codes});
  const ir::NodeId mixed = network.add("mixed", ir::Add{{3, -2, 1}}, {codes, again, x});
  network.add("unused", random_dot(Encoding::bipolar(), 66, 3), {again});
  network.outputs = {both, mixed, codes, codes, x};
  expect_agreement(network, 3);
}

TEST(Engine, orders_real_numbers_of_an_output_and_prefers_the_lower_index) {
  const ir::Dot dot = random_dot(Encoding::bipolar(), 9, 12);
  ir::Output output;
  output.scale.assign(12, 0.5);
  output.offset.assign(12, -1.0);
  output.scale[3] = -0.25;
  output.offset[5] = 1e300;
  expect_agreement(chain({1, 1, 9}, Encoding::bipolar(), {dot, output, ir::TopK{7}}, true), 20);
  expect_agreement(chain({1, 1, 9}, Encoding::bipolar(), {dot, ir::TopK{12}}, true), 20);
  expect_agreement(chain({1, 1, 9}, Encoding::bipolar(), {ir::TopK{2}}), 20);
}

}  // namespace
}  // namespace bitloom
