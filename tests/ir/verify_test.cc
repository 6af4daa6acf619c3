// SPDX-License-Identifier: Apache-2.0
//
// Every rule that a network must keep, with the message for breaking it, and the exact bounds that types carry.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>

#include "bitloom/ir.h"
#include "build.h"
#include "support/property.h"

namespace bitloom::ir {
namespace {

using Values = std::vector<int32_t>;
constexpr Range kAny{-1000, 1000};

const TensorType kImage{{4, 6, 4}, Encoding::unsigned_bits(2)};
const TensorType kIntegers{{4, 6, 4}, kAny};
const TensorType kVector{{1, 1, 4}, kAny};

std::string refusal(const Layer& layer, const std::vector<TensorType>& inputs) {
  return error_of([&] { infer_type(layer, inputs); });
}

TEST(InferTypeTest, arity_bad) {
  EXPECT_EQ(refusal(Input{{1, 1, 1}, kAny, std::nullopt}, {kVector}), "has 1 inputs, expected none");
  EXPECT_EQ(refusal(MaxPool{}, {}), "has 0 inputs, expected 1");
  EXPECT_EQ(refusal(Output{}, {kVector, kVector}), "has 2 inputs, expected 1");
  EXPECT_EQ(refusal(Add{}, {}), "has no inputs, expected at least 1");
  EXPECT_EQ(refusal(Concat{}, {}), "has no inputs, expected at least 1");
}

TEST(InferTypeTest, input_bad) {
  const auto message = [](const Shape& shape, const std::variant<Encoding, Range>& element) {
    return refusal(Input{shape, element, std::nullopt}, {});
  };
  EXPECT_EQ(message({0, 1, 1}, kAny), "a tensor of 0x1x1 is not possible; expected 1 to 268435456 elements");
  EXPECT_EQ(message({1, 1, -1}, kAny), "a tensor of 1x1x-1 is not possible; expected 1 to 268435456 elements");
  EXPECT_EQ(message({65536, 65536, 1}, kAny),
            "a tensor of 65536x65536x1 is not possible; expected 1 to 268435456 elements");
  EXPECT_EQ(message({2147483647, 2147483647, 2147483647}, kAny),
            "a tensor of 2147483647x2147483647x2147483647 is not possible; expected 1 to 268435456 elements");
  EXPECT_EQ(message({16384, 16384, 1}, kAny), "no error");
  EXPECT_EQ(message({1, 1, 1}, Range{2, 1}), "the range 2 to 1 is empty");
  EXPECT_EQ(message({1, 1, 1}, Range{0, 2147483647}),
            "the result can be 0 to 2147483647, beyond int32 (-2147483647 to 2147483646)");
  EXPECT_EQ(message({1, 1, 1}, Encoding{}), "encoding: has 0 planes, expected 1 to 16");
}

TEST(InferTypeTest, real_quantizer_bad) {
  const auto message = [](const std::variant<Encoding, Range>& element, const RealQuantizer& real) {
    return refusal(Input{{1, 1, 3}, element, real}, {});
  };
  const Encoding ternary = Encoding::ternary();
  EXPECT_EQ(message(ternary, {1, {0, 1}, {0}}), "no error");
  EXPECT_EQ(message(kAny, {1, {0, 1}, {0}}), "has a real quantizer for plain integers; it needs an encoding");
  EXPECT_EQ(message(ternary, {2, {0, 1, 0, 1}, {0, 0}}), "has 2 rows of real thresholds, expected 1 or one a channel (3)");
  EXPECT_EQ(message(ternary, {1, {0}, {0}}), "has 1 real thresholds, expected 2");
  EXPECT_EQ(message(ternary, {1, {0, 1}, {}}), "has 0 descending flags, expected 1");
  EXPECT_EQ(message(ternary, {1, {0, 1}, {2}}), "a descending flag is 2, expected 0 or 1");
  EXPECT_EQ(message(ternary, {1, {1, 0}, {0}}), "real thresholds of row 0 are not ascending");
  EXPECT_EQ(message(ternary, {1, {0, 1}, {1}}), "real thresholds of row 0 are not descending");
  EXPECT_EQ(message(ternary, {1, {0, std::numeric_limits<float>::quiet_NaN()}, {0}}),
            "a real threshold of row 0 is not a number");
}

TEST(InferTypeTest, window_bad) {
  const auto message = [](const Window& w) { return refusal(MaxPool{w}, {kImage}); };
  Window w = window(2);
  w.kernel_h = 0;
  EXPECT_EQ(message(w), "kernel height is 0, expected 1 to 65536");
  w = window(2);
  w.kernel_w = 65537;
  EXPECT_EQ(message(w), "kernel width is 65537, expected 1 to 65536");
  w = window(2);
  w.stride_h = -1;
  EXPECT_EQ(message(w), "vertical stride is -1, expected 1 to 65536");
  w = window(2);
  w.stride_w = 0;
  EXPECT_EQ(message(w), "horizontal stride is 0, expected 1 to 65536");
  w = window(2);
  w.pad_top = -1;
  EXPECT_EQ(message(w), "padding at the top is -1, expected 0 to 65536");
  w = window(2);
  w.pad_right = 2147483647;
  EXPECT_EQ(message(w), "padding at the right is 2147483647, expected 0 to 65536");
  w = window(2);
  w.dilation_h = 0;
  EXPECT_EQ(message(w), "vertical dilation is 0, expected 1 to 65536");
  EXPECT_EQ(message(window(5, 1, 0)), "a window that spans 5x5 does not fit an image of 4x6 with padding");
  EXPECT_EQ(message(window(2, 1, 0, 65536)), "a window that spans 65537x65537 does not fit an image of 4x6 with padding");
  EXPECT_EQ(message(window(2, 1, 2)), "a window lies wholly in the padding and has no largest value");
  EXPECT_EQ(message(window(2, 1, 1)), "no error");
  EXPECT_EQ(refusal(SumPool{window(1, 1, 65536)}, {kImage}),
            "a tensor of 131076x131078x4 is not possible; expected 1 to 268435456 elements");
}

TEST(InferTypeTest, max_pool_with_dilation_can_miss_a_small_image) {
  // Taps at -1 and 1 of a one-pixel image: both in the padding.
  EXPECT_EQ(refusal(MaxPool{window(2, 1, 1, 2)}, {TensorType{{1, 1, 1}, kAny}}),
            "a window lies wholly in the padding and has no largest value");
}

TEST(InferTypeTest, dot_bad) {
  const Encoding bipolar = Encoding::bipolar();
  EXPECT_EQ(refusal(make_dot(bipolar, 1, Values(4, 1)), {kIntegers}),
            "reads plain integers (4x6x4 integers -1000..1000); a dot needs an encoded input");
  EXPECT_EQ(refusal(make_dot(bipolar, 3, Values(9, 1), {}, 3), {kImage}),
            "has 3 groups, which do not divide 4 input and 3 output channels");
  EXPECT_EQ(refusal(make_dot(bipolar, 3, Values(6, 1), {}, 2), {kImage}),
            "has 2 groups, which do not divide 4 input and 3 output channels");
  EXPECT_EQ(refusal(make_dot(bipolar, 1, Values(4, 1), {}, 0), {kImage}),
            "has 0 groups, which do not divide 4 input and 1 output channels");
  EXPECT_EQ(refusal(make_dot(bipolar, 2, Values(8, 1), window(2)), {kImage}),
            "has 4 weights an output channel, expected 16 (2x2 window on 4 channels a group)");
  EXPECT_EQ(refusal(Dot{}, {kImage}), "a tensor of 4x6x0 is not possible; expected 1 to 268435456 elements");
  Dot dot = make_dot(bipolar, 1, Values(4, 1));
  dot.encoding = Encoding::ternary();
  EXPECT_EQ(refusal(dot, {kImage}), "the weights have 1 planes, their encoding 2");
  dot.encoding = Encoding{};
  EXPECT_EQ(refusal(dot, {kImage}), "encoding: has 0 planes, expected 1 to 16");
}

TEST(InferTypeTest, weights_outside_a_narrow_encoding_bad) {
  for (const int bits : {2, 3, 7}) {  // counted by words and one by one
    Dot dot = make_dot(Encoding::signed_bits(bits), 2, {0, 0, 0, 0, 0, 0, 0, Encoding::signed_bits(bits).lowest});
    EXPECT_EQ(refusal(dot, {kImage}), "no error");
    dot.encoding = Encoding::signed_bits(bits, true);
    const int32_t low = dot.encoding.lowest;
    EXPECT_EQ(refusal(dot, {kImage}),
              fmt::format("a weight of output channel 1 is {}, expected {} to {}", low - 1, low, -low));
  }
}

TEST(InferTypeTest, accumulator_beyond_int32_bad) {
  const TensorType wide{{1, 1, 2}, Encoding::affine(1, 0, 65535)};
  const Encoding big = Encoding::affine(16384, 0, 2);
  // 65535 * (16384 + 16384) = 2147450880 fits; 65535 * 49152 does not.
  EXPECT_EQ(refusal(make_dot(big, 1, {16384, 16384}), {wide}), "no error");
  EXPECT_EQ(refusal(make_dot(big, 1, {32768, 16384}), {wide}),
            "the accumulator of output channel 0 can leave int32 (weights from 0 to 49152 in all, inputs 0 to 65535)");
  const Encoding huge{{kMaxValue, kMinValue}, 0, kMinValue, kMaxValue};
  EXPECT_EQ(
      refusal(make_dot(huge, 1, {kMaxValue, kMaxValue, kMaxValue, kMinValue}), {kImage}),
      "the accumulator of output channel 0 can leave int32 (weights from -2147483647 to 6442450938 in all, inputs 0 to 3)");
  EXPECT_EQ(refusal(SumPool{window(2)}, {TensorType{{2, 2, 1}, Range{0, 1 << 29}}}),
            "the result can be 0 to 2147483648, beyond int32 (-2147483647 to 2147483646)");
  EXPECT_EQ(refusal(Add{{2147483647}}, {TensorType{{1, 1, 1}, Range{-1, 1}}}),
            "the result can be -2147483647 to 2147483647, beyond int32 (-2147483647 to 2147483646)");
}

TEST(InferTypeTest, threshold_bad) {
  const auto message = [](const Threshold& layer) { return refusal(layer, {kIntegers}); };
  EXPECT_EQ(message({Encoding::ternary(), 1, {1, 1}, {0}}), "no error");
  EXPECT_EQ(message({Encoding::ternary(), 1, {1}, {0}}), "has 1 thresholds, expected 2");
  EXPECT_EQ(message({Encoding::bipolar(), 3, {1, 1, 1}, {0, 0, 0}}),
            "has 3 rows of thresholds, expected 1 or one a channel (4)");
  EXPECT_EQ(message({Encoding::bipolar(), -1, {}, {}}), "has -1 rows of thresholds, expected 1 or one a channel (4)");
  EXPECT_EQ(message({Encoding::bipolar(), 1, {1}, {0, 0}}), "has 2 descending flags, expected 1");
  EXPECT_EQ(message({Encoding::bipolar(), 1, {1}, {3}}), "a descending flag is 3, expected 0 or 1");
  EXPECT_EQ(message({Encoding::ternary(), 1, {1, 0}, {1}}), "thresholds of row 0 are not ascending");
  EXPECT_EQ(message({Encoding{}, 1, {1}, {0}}), "encoding: has 0 planes, expected 1 to 16");
}

TEST(InferTypeTest, layout_bad) {
  EXPECT_EQ(refusal(Add{{1}}, {kVector, kVector}), "has 1 multipliers, expected 2");
  EXPECT_EQ(refusal(Add{{1, 1}}, {kVector, kImage}), "adds 4x6x4 to 1x1x4; expected one shape");
  EXPECT_EQ(
      refusal(Concat{}, {kImage, kIntegers}),
      "joins 4x6x4 codes of 0..3 in 2 planes and 4x6x4 integers -1000..1000; expected one height, width and element type");
  EXPECT_EQ(refusal(Slice{0, 5}, {kVector}), "takes channels 0 up to 5 of 4");
  EXPECT_EQ(refusal(Slice{2, 2}, {kVector}), "takes channels 2 up to 2 of 4");
  EXPECT_EQ(refusal(Slice{-1, 2}, {kVector}), "takes channels -1 up to 2 of 4");
  EXPECT_EQ(refusal(Reshape{{1, 1, 5}, false}, {kVector}), "makes 1x1x5 of 1x1x4; expected as many elements");
  EXPECT_EQ(refusal(Reshape{{-1, 1, -4}, false}, {kVector}),
            "a tensor of -1x1x-4 is not possible; expected 1 to 268435456 elements");
  EXPECT_EQ(refusal(DepthToSpace{3, false}, {kVector}), "block is 3, expected a number whose square divides 4 channels");
  EXPECT_EQ(refusal(DepthToSpace{0, false}, {kVector}), "block is 0, expected a number whose square divides 4 channels");
  EXPECT_EQ(refusal(Upsample{0, 1}, {kVector}), "factors are 0x1, expected 1 to 65536");
  EXPECT_EQ(refusal(Upsample{65536, 65536}, {kVector}),
            "a tensor of 65536x65536x4 is not possible; expected 1 to 268435456 elements");
}

TEST(InferTypeTest, results_bad) {
  EXPECT_EQ(refusal(Output{{1.0, 2.0}, {0.0}}, {kVector}), "has 2 scales, expected 1 or one a channel (4)");
  EXPECT_EQ(refusal(Output{{1.0}, {}}, {kVector}), "has 0 offsets, expected 1 or one a channel (4)");
  EXPECT_EQ(refusal(Output{{1.0}, {std::numeric_limits<double>::infinity()}}, {kVector}),
            "has offsets that are not finite");
  EXPECT_EQ(refusal(TopK{1}, {kImage}), "reads 4x6x4, expected 1x1xC");
  EXPECT_EQ(refusal(TopK{5}, {kVector}), "k is 5, expected 1 to 4");
  EXPECT_EQ(refusal(TopK{0}, {kVector}), "k is 0, expected 1 to 4");
}

TEST(InferTypeTest, types_follow_from_layers) {
  const auto type = [](const Layer& layer, const TensorType& input) { return infer_type(layer, std::vector{input}); };
  EXPECT_EQ(type(make_dot(Encoding::bipolar(), 3, Values(48, 1), window(2, 2, 1)), kImage),
            (TensorType{{3, 4, 3}, Range{0, 48}}));
  EXPECT_EQ(type(SumPool{window(2, 2, 1)}, kImage), (TensorType{{3, 4, 4}, Range{0, 12}}));
  EXPECT_EQ(type(SumPool{window(2)}, {{2, 2, 1}, Range{3, 5}}), (TensorType{{1, 1, 1}, Range{12, 20}}));
  EXPECT_EQ(type(SumPool{window(2, 1, 1)}, {{2, 2, 1}, Range{3, 5}}), (TensorType{{3, 3, 1}, Range{3, 20}}));
  EXPECT_EQ(type(SumPool{window(2, 1, 1)}, {{2, 2, 1}, Range{-5, -3}}), (TensorType{{3, 3, 1}, Range{-20, -3}}));
  EXPECT_EQ(type(DepthToSpace{2, true}, kImage), (TensorType{{8, 12, 1}, kImage.element}));
  EXPECT_EQ(type(Upsample{2, 3}, kImage), (TensorType{{8, 18, 4}, kImage.element}));
  EXPECT_EQ(type(TopK{2}, kVector), (TensorType{{1, 1, 2}, Range{0, 3}}));
  EXPECT_EQ(type(Output{}, kImage), kImage);
}

TEST(InferTypeTest, Property_channel_ranges_and_tap_counts_are_exact) {
  for (uint64_t seed = 0; seed < test::cases(200); ++seed) {
    std::mt19937_64 random(seed);
    const auto next = [&](int32_t low, int32_t high) {
      return low + static_cast<int32_t>(random() % static_cast<uint64_t>(high - low + 1));
    };
    const std::vector<Encoding> encodings = {Encoding::bipolar(),      Encoding::ternary(),    Encoding::signed_bits(3),
                                             Encoding::signed_bits(8), Encoding::isometric(7), {{3, -5}, 1, -4, 4}};
    const Encoding& encoding = encodings[random() % encodings.size()];
    const Values levels = encoding.levels();
    Values weights;
    const int32_t rows = next(1, 3), columns = next(1, 130);
    for (int32_t i = 0; i < rows * columns; ++i) weights.push_back(levels[random() % levels.size()]);
    Dot dot = make_dot(encoding, rows, weights);
    dot.window.pad_left = next(0, 1);
    const int32_t low = next(-9, 9), high = next(low, 12);
    const std::vector<Range> ranges = channel_ranges(dot, {low, high});
    ASSERT_EQ(static_cast<int32_t>(ranges.size()), rows);
    for (int32_t row = 0; row < rows; ++row) {
      Range expected;
      for (int32_t k = 0; k < columns; ++k) {
        const int32_t w = weights[static_cast<size_t>(row * columns + k)];
        const int32_t zero = dot.window.padded() ? 0 : w * low;
        expected.lowest += std::min({w * low, w * high, zero});
        expected.highest += std::max({w * low, w * high, zero});
      }
      ASSERT_EQ(ranges[static_cast<size_t>(row)], expected) << "seed " << seed;
    }

    const Window w{next(1, 4), next(1, 4), next(1, 4), next(1, 4), next(0, 5),
                   next(0, 5), next(0, 5), next(0, 5), next(1, 3), 1};
    const Shape image{next(1, 6), next(4, 6), 1};
    if (w.dilation_h * (w.kernel_h - 1) + 1 > image.height + w.pad_top + w.pad_bottom) continue;
    Network network;
    network.add("x", Input{image, Range{0, 1}, std::nullopt});
    network.outputs = {network.add("y", SumPool{w}, {0})};
    const Tensor ones{image, 1, Values(static_cast<size_t>(image.elements()), 1)};
    const Values sums = evaluate(network, std::vector{ones}).at(0).values;
    const TensorType biased = infer_type(SumPool{w}, std::vector{TensorType{image, Range{1, 1}}});
    ASSERT_EQ(biased.range(), (Range{*std::ranges::min_element(sums), *std::ranges::max_element(sums)})) << "seed " << seed;
  }
}

Network small_network() {
  Network network;
  network.name = "n";
  network.add("x", Input{{1, 1, 4}, Encoding::bipolar(), std::nullopt});
  network.add("fc", make_dot(Encoding::bipolar(), 2, Values(8, 1)), {0});
  network.add("act", Threshold{Encoding::bipolar(), 1, {0}, {0}}, {1});
  network.outputs = {2};
  return network;
}

TEST(NetworkTest, add_names_the_node_and_layer_bad) {
  Network network = small_network();
  EXPECT_EQ(error_of([&] { network.add("top", TopK{9}, {1}); }), "node 'top' (top_k): k is 9, expected 1 to 2");
  EXPECT_EQ(error_of([&] { network.add("top", TopK{1}, {3}); }),
            "node 'top': reads node 3, expected one before itself (0 to 2)");
  EXPECT_EQ(error_of([&] { network.add("top", TopK{1}, {-1}); }),
            "node 'top': reads node -1, expected one before itself (0 to 2)");
  EXPECT_EQ(network.nodes.size(), 3U);
}

TEST(NetworkTest, verify_bad) {
  EXPECT_NO_THROW(verify(small_network()));
  const auto message = [](auto change) {
    Network network = small_network();
    change(network);
    return error_of([&] { verify(network); });
  };
  EXPECT_EQ(message([](Network& n) { n.nodes.clear(); }), "network 'n': has no nodes");
  EXPECT_EQ(message([](Network& n) { n.nodes[1].name = ""; }), "network 'n': node 1 has no name");
  EXPECT_EQ(message([](Network& n) { n.nodes[1].name = "x"; }), "network 'n': two nodes are called 'x'");
  EXPECT_EQ(message([](Network& n) { n.nodes[1].inputs = {1}; }),
            "node 'fc': reads node 1, expected one before itself (0 to 0)");
  EXPECT_EQ(message([](Network& n) {
              n.nodes[1].type.element = Range{-4, 5};
            }),
            "node 'fc': its type is 1x1x2 integers -4..5, expected 1x1x2 integers -4..4");
  EXPECT_EQ(message([](Network& n) { std::get<Threshold>(n.nodes[2].layer).thresholds.clear(); }),
            "node 'act' (threshold): has 0 thresholds, expected 1");
  EXPECT_EQ(message([](Network& n) { n.outputs.clear(); }), "network 'n': has no outputs");
  EXPECT_EQ(message([](Network& n) { n.outputs = {3}; }), "network 'n': its output 3 is not a node (0 to 2)");
  EXPECT_EQ(message([](Network& n) { n.outputs = {-1}; }), "network 'n': its output -1 is not a node (0 to 2)");
}

TEST(NetworkTest, find_suggests_close_names) {
  Network network = small_network();
  EXPECT_EQ(network.find("act"), 2);
  EXPECT_EQ(error_of([&] { network.find("atc"); }), "network 'n': has no node 'atc'; close names: 'fc', 'act'");
  EXPECT_EQ(error_of([&] { network.find("threshold"); }), "network 'n': has no node 'threshold'");
}

TEST(NetworkTest, multiply_accumulates_counts_every_tap_of_every_position) {
  Network network;
  network.add("x", Input{{4, 6, 4}, Encoding::unsigned_bits(2), std::nullopt});
  network.add("conv", make_dot(Encoding::bipolar(), 6, Values(6 * 18, 1), window(3, 1, 1), 2), {0});
  network.add("sum", SumPool{window(2)}, {1});
  EXPECT_EQ(multiply_accumulates(network, 1), 4 * 6 * 6 * 18);
  EXPECT_EQ(multiply_accumulates(network, 2), 0);
  EXPECT_EQ(multiply_accumulates(network), 4 * 6 * 6 * 18);
}

TEST(NetworkTest, layers_have_names) {
  EXPECT_EQ(layer_name(Input{}), "input");
  EXPECT_EQ(layer_name(DepthToSpace{}), "depth_to_space");
  EXPECT_EQ(layer_name(TopK{}), "top_k");
}

}  // namespace
}  // namespace bitloom::ir
