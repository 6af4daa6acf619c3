// SPDX-License-Identifier: Apache-2.0
//
// The reference executor against results worked out by hand, one layer kind at a time.
#include <gtest/gtest.h>

#include <limits>

#include "bitloom/ir.h"
#include "build.h"

namespace bitloom::ir {
namespace {

using Values = std::vector<int32_t>;
constexpr Range kAny{-1000, 1000};
constexpr float kInf = std::numeric_limits<float>::infinity();

Values counting(int32_t count) {
  Values values;
  for (int32_t i = 0; i < count; ++i) values.push_back(i);
  return values;
}

TEST(EvaluateTest, fully_connected_dot_is_a_matrix_product) {
  const Dot dot = make_dot(Encoding::bipolar(), 2, {1, -1, 1, -1, -1, 1});
  EXPECT_EQ(apply(dot, Encoding::unsigned_bits(4), batch({1, 1, 3}, {3, 5, 9, 1, 0, 2})), (Values{7, 1, 3, 1}));
}

TEST(EvaluateTest, dot_pads_with_the_value_zero_which_bipolar_does_not_have) {
  const Dot dot = make_dot(Encoding::bipolar(), 1, Values(9, 1), window(3, 1, 1));
  EXPECT_EQ(apply(dot, Encoding::bipolar(), batch({2, 2, 1}, {1, 1, 1, -1})), Values(4, 2));
  EXPECT_EQ(apply(dot, Encoding::bipolar(), batch({1, 3, 1}, {1, 1, -1})), (Values{2, 1, 0}));
}

TEST(EvaluateTest, dot_is_a_cross_correlation_with_tap_major_weights) {
  // Window 1x2 on 2 channels; weights are (tap 0: c0, c1), (tap 1: c0, c1).
  Window w;
  w.kernel_w = 2;
  const Dot dot = make_dot(Encoding::signed_bits(4), 1, {1, 2, 3, 4}, w);
  EXPECT_EQ(apply(dot, Encoding::unsigned_bits(4), batch({1, 3, 2}, {1, 0, 0, 1, 2, 3})), (Values{1 + 4, 2 + 6 + 12}));
}

TEST(EvaluateTest, dot_strides_dilates_and_pads_each_side_by_itself) {
  Window w{2, 2, 2, 3, 1, 0, 0, 2, 2, 1};
  const Dot dot = make_dot(Encoding::signed_bits(4), 1, {1, 2, 3, 4}, w);
  // Rows 4 (+1 above), row span 3, stride 2: y in {-1, 1}; columns 3 (+2 right), span 2, stride 3: x in {0, 3}.
  const Tensor x = batch({4, 3, 1}, counting(12));
  const int32_t top_left = 3 * 3 + 4 * 4;  // taps (1, 0), (1, 1): values 3, 4
  const int32_t bottom_left = 3 + 2 * 4 + 3 * 9 + 4 * 10;
  EXPECT_EQ(apply(dot, Encoding::unsigned_bits(4), x), (Values{top_left, 0, bottom_left, 0}));
}

TEST(EvaluateTest, dot_groups_see_their_own_channels) {
  const Dot dot = make_dot(Encoding::signed_bits(4), 4, {1, 1, 1, -1, 2, 0, 0, 3}, {}, 2);
  EXPECT_EQ(apply(dot, Encoding::unsigned_bits(4), batch({1, 1, 4}, {1, 2, 5, 7})), (Values{3, -1, 10, 21}));
}

TEST(EvaluateTest, threshold_counts_thresholds_reached) {
  const Threshold layer{Encoding::unsigned_bits(2), 1, {-5, 0, 6}, {0}};
  EXPECT_EQ(apply(layer, kAny, batch({1, 1, 6}, {-6, -5, -1, 0, 6, 99})), (Values{0, 1, 1, 2, 3, 3}));
}

TEST(EvaluateTest, threshold_rows_may_descend_and_be_constant) {
  const Threshold layer{Encoding::bipolar(), 4, {3, 3, -1000, 2147483647}, {0, 1, 0, 0}};
  EXPECT_EQ(apply(layer, kAny, batch({1, 2, 4}, {2, 2, -1000, 1000, 3, 3, 5, 5})), (Values{-1, 1, 1, -1, 1, -1, 1, -1}));
  const Threshold two{Encoding::ternary(), 1, {0, 10}, {1}};
  EXPECT_EQ(apply(two, kAny, batch({1, 1, 3}, {-1, 0, 10})), (Values{1, 0, -1}));
}

TEST(EvaluateTest, threshold_levels_need_not_be_codes_in_order) {
  const Threshold layer{Encoding::signed_bits(2), 1, {0, 1, 2}, {0}};
  EXPECT_EQ(apply(layer, kAny, batch({1, 1, 4}, {-1, 0, 1, 2})), (Values{-2, -1, 0, 1}));
}

TEST(EvaluateTest, max_pool_ignores_padding) {
  EXPECT_EQ(apply(MaxPool{window(2, 2)}, kAny, batch({2, 4, 1}, {1, 2, -5, -6, 3, 0, -7, -8})), (Values{3, -5}));
  EXPECT_EQ(apply(MaxPool{window(3, 2, 1)}, Encoding::bipolar(), batch({2, 2, 1}, {-1, -1, -1, -1})), Values{-1});
  EXPECT_EQ(apply(MaxPool{window(2, 1)}, kAny, batch({2, 2, 2}, {1, 8, 2, 7, 3, 6, 4, 5})), (Values{4, 8}));
}

TEST(EvaluateTest, sum_pool_adds_channel_by_channel) {
  EXPECT_EQ(apply(SumPool{window(2)}, kAny, batch({2, 2, 2}, {1, 10, 2, 20, 3, 30, 4, 40})), (Values{10, 100}));
  EXPECT_EQ(apply(SumPool{window(2, 2, 1)}, kAny, batch({2, 2, 1}, {1, 2, 3, 4})), (Values{1, 2, 3, 4}));
}

TEST(EvaluateTest, add_weighs_its_inputs) {
  Network network;
  network.add("a", Input{{1, 1, 2}, kAny, std::nullopt});
  network.add("b", Input{{1, 1, 2}, Encoding::unsigned_bits(4), std::nullopt});
  network.outputs = {network.add("sum", Add{{3, -1, 1}}, {0, 1, 0})};
  EXPECT_EQ(network.nodes[2].type.range(), (Range{-4015, 4000}));
  EXPECT_EQ(evaluate(network, std::vector{batch({1, 1, 2}, {5, -7}), batch({1, 1, 2}, {1, 15})}).at(0).values,
            (Values{19, -43}));
}

TEST(EvaluateTest, concat_and_slice_move_channels) {
  Network network;
  network.add("a", Input{{1, 2, 1}, kAny, std::nullopt});
  network.add("b", Input{{1, 2, 2}, kAny, std::nullopt});
  network.add("joined", Concat{}, {0, 1, 0});
  network.add("part", Slice{1, 3}, {2});
  network.outputs = {2, 3};
  const auto outputs = evaluate(network, std::vector{batch({1, 2, 1}, {1, 2}), batch({1, 2, 2}, {10, 11, 20, 21})});
  EXPECT_EQ(outputs.at(0), batch({1, 2, 4}, {1, 10, 11, 1, 2, 20, 21, 2}));
  EXPECT_EQ(outputs.at(1), batch({1, 2, 2}, {10, 11, 20, 21}));
}

TEST(EvaluateTest, reshape_keeps_the_order_it_names) {
  const Tensor x = batch({2, 2, 3}, counting(12));
  EXPECT_EQ(apply(Reshape{{1, 1, 12}, false}, kAny, x), counting(12));
  // ONNX flattens [channel][y][x]; element (y, x, c) of x is (y * 2 + x) * 3 + c.
  EXPECT_EQ(apply(Reshape{{1, 1, 12}, true}, kAny, x), (Values{0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11}));
  // Back to an image: channel c, y, x of the result is element (c * 2 + y) * 2 + x.
  EXPECT_EQ(apply(Reshape{{2, 2, 3}, true}, kAny, batch({1, 1, 12}, counting(12))),
            (Values{0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11}));
  EXPECT_EQ(apply(Reshape{{3, 1, 4}, false}, kAny, x), counting(12));
}

/// ONNX DepthToSpace by its own words: reshape, transpose, reshape of an [C][H][W] array.
Values onnx_depth_to_space(const Shape& in, const Values& nhwc, int32_t b, bool crd) {
  const int32_t depth = in.channels / (b * b);
  // Sizes of the reshaped array are (b, b, depth, H, W) or (depth, b, b, H, W); index of the source channel accordingly.
  Values result(nhwc.size());
  for (int32_t d = 0; d < depth; ++d) {
    for (int32_t b1 = 0; b1 < b; ++b1) {
      for (int32_t b2 = 0; b2 < b; ++b2) {
        const int32_t channel = crd ? (d * b + b1) * b + b2 : (b1 * b + b2) * depth + d;
        for (int32_t y = 0; y < in.height; ++y) {
          for (int32_t x = 0; x < in.width; ++x) {
            const int32_t to = ((y * b + b1) * in.width * b + x * b + b2) * depth + d;
            const int32_t from = (y * in.width + x) * in.channels + channel;
            result[static_cast<size_t>(to)] = nhwc[static_cast<size_t>(from)];
          }
        }
      }
    }
  }
  return result;
}

TEST(EvaluateTest, depth_to_space_is_onnx_in_both_modes) {
  const Shape shape{2, 3, 8};
  const Values values = counting(48);
  EXPECT_EQ(apply(DepthToSpace{2, false}, kAny, batch(shape, values)), onnx_depth_to_space(shape, values, 2, false));
  EXPECT_EQ(apply(DepthToSpace{2, true}, kAny, batch(shape, values)), onnx_depth_to_space(shape, values, 2, true));
  EXPECT_EQ(apply(DepthToSpace{2, false}, kAny, batch({1, 1, 8}, counting(8))), (Values{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(apply(DepthToSpace{2, true}, kAny, batch({1, 1, 8}, counting(8))), (Values{0, 4, 1, 5, 2, 6, 3, 7}));
}

TEST(EvaluateTest, upsample_repeats_elements) {
  EXPECT_EQ(apply(Upsample{2, 3}, kAny, batch({1, 2, 1}, {4, 5})), (Values{4, 4, 4, 5, 5, 5, 4, 4, 4, 5, 5, 5}));
}

TEST(EvaluateTest, output_passes_integers) {
  EXPECT_EQ(apply(Output{{0.5}, {1.0}}, kAny, batch({1, 1, 2}, {3, -4})), (Values{3, -4}));
}

TEST(EvaluateTest, top_k_orders_by_value_and_then_by_index) {
  EXPECT_EQ(apply(TopK{3}, kAny, batch({1, 1, 4}, {5, 7, 7, -1, -3, -3, -3, -3})), (Values{1, 2, 0, 0, 1, 2}));
}

TEST(EvaluateTest, top_k_over_an_output_compares_real_numbers) {
  Network network;
  network.add("x", Input{{1, 1, 3}, kAny, std::nullopt});
  network.add("logits", Output{{1.0, -1.0, 0.0}, {0.0, 0.0, 2.5}}, {0});
  network.outputs = {network.add("top", TopK{3}, {1})};
  EXPECT_EQ(evaluate(network, std::vector{batch({1, 1, 3}, {1, -3, 100})}).at(0).values, (Values{1, 2, 0}));
}

TEST(EvaluateTest, evaluate_gives_outputs_in_their_order_and_batches_do_not_show) {
  Network network;
  network.add("x", Input{{1, 1, 2}, kAny, std::nullopt});
  network.add("y", Slice{1, 2}, {0});
  network.outputs = {1, 0, 1};
  const Tensor input = batch({1, 1, 2}, counting(2 * 37));
  const auto outputs = evaluate(network, std::vector{input});
  ASSERT_EQ(outputs.size(), 3U);
  EXPECT_EQ(outputs[1], input);
  EXPECT_EQ(outputs[0], outputs[2]);
  EXPECT_EQ(outputs[0].images, 37);
  EXPECT_EQ(outputs[0].values.back(), 73);
  EXPECT_EQ(evaluate_all(network, std::vector{input}), (std::vector{input, outputs[0]}));
  EXPECT_EQ(evaluate(network, std::vector{Tensor{{1, 1, 2}, 0, {}}}).at(0), (Tensor{{1, 1, 1}, 0, {}}));
}

TEST(EvaluateTest, inputs_bad) {
  Network network;
  network.add("x", Input{{1, 1, 2}, Encoding::bipolar(), std::nullopt});
  network.add("z", Input{{1, 1, 1}, kAny, std::nullopt});
  network.name = "n";
  network.outputs = {0};
  const Tensor x = batch({1, 1, 2}, {1, 1}), z = batch({1, 1, 1}, {0});
  const auto message = [&](std::vector<Tensor> inputs) { return error_of([&] { evaluate(network, inputs); }); };
  EXPECT_EQ(message({x, z}), "no error");
  EXPECT_EQ(message({x}), "network 'n': got 1 tensors, expected one for each of 2 inputs");
  EXPECT_EQ(message({z, x}), "input 'x': got 1 images of 1x1x1 in 1 values, expected 1 images of 1x1x2");
  EXPECT_EQ(message({x, batch({1, 1, 1}, {0, 0})}),
            "input 'z': got 2 images of 1x1x1 in 2 values, expected 1 images of 1x1x1");
  EXPECT_EQ(message({{{1, 1, 2}, 2, {1}}, z}), "input 'x': got 2 images of 1x1x2 in 1 values, expected 2 images of 1x1x2");
  EXPECT_EQ(message({batch({1, 1, 2}, {1, 1, 1, 0}), batch({1, 1, 1}, {0, 0})}),
            "input 'x': element 1 of image 1 is 0, which is not a value of its type (-1 to 1)");
  EXPECT_EQ(message({x, batch({1, 1, 1}, {1001})}),
            "input 'z': element 0 of image 0 is 1001, which is not a value of its type (-1000 to 1000)");
}

TEST(QuantizeTest, level_is_the_count_of_thresholds_reached) {
  Input input{{1, 2, 2}, Encoding::ternary(), RealQuantizer{2, {0.5F, 1.5F, 1.5F, 0.5F}, {0, 1}}};
  EXPECT_EQ(quantize(input, std::vector<float>{0.5F, 0.5F, 2.0F, 1.6F}), (Values{0, 1, 1, -1}));
  input.real = RealQuantizer{1, {-kInf, kInf}, {0}};
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(quantize(input, std::vector<float>{-kInf, 0, kInf, nan}), (Values{0, 0, 1, -1}));
}

TEST(QuantizeTest, inputs_bad) {
  Input input{{1, 1, 1}, Encoding::bipolar(), std::nullopt};
  EXPECT_EQ(error_of([&] { quantize(input, std::vector<float>{0}); }), "this input takes integers, not real numbers");
  input.real = RealQuantizer{1, {0}, {0}};
  EXPECT_EQ(error_of([&] {
              quantize(input, std::vector<float>{0, 1});
            }),
            "an image of 2 real numbers was given, expected 1");
}

TEST(OutputTest, reals_are_a_rounded_product_and_a_rounded_sum) {
  const Output output{{0.1, 1e300}, {0.2}};
  const double product = 0.1 * 3;
  EXPECT_EQ(reals(output, Values{3, 2, -1, 0}), (std::vector<double>{product + 0.2, 2e300, -0.1 + 0.2, 0.2}));
}

TEST(OutputTest, predicted_class_is_the_first_of_the_last_top_k) {
  Network network;
  network.add("x", Input{{1, 1, 3}, kAny, std::nullopt});
  network.add("logits", Output{{-1.0}, {0.0}}, {0});
  network.add("top", TopK{2}, {1});
  const std::vector<Tensor> input{batch({1, 1, 3}, {4, 2, 2, -5, 1, 0})};
  network.outputs = {2, 1};
  EXPECT_EQ(class_count(network), 3);
  EXPECT_EQ(predicted_classes(network, evaluate(network, input)), (Values{1, 0}));
  network.outputs = {0, 1};
  EXPECT_EQ(predicted_classes(network, evaluate(network, input)), (Values{1, 0}));
  EXPECT_EQ(class_count(network), 3);
  network.outputs = {0};
  EXPECT_EQ(class_count(network), 0);
  network.name = "n";
  EXPECT_EQ(error_of([&] { predicted_classes(network, evaluate(network, input)); }),
            "network 'n': predicts no class; none of its outputs is a top_k or a 1x1xC output");
  network.outputs = {1};
  EXPECT_EQ(error_of([&] { predicted_classes(network, {}); }),
            "network 'n': 0 tensors were given, expected one an output (1)");
  EXPECT_EQ(error_of([&] {
              predicted_classes(network, std::vector{Tensor{{1, 1, 3}, 5, {}}});
            }),
            "network 'n': the tensor of output 'logits' has another shape than that node");
}

}  // namespace
}  // namespace bitloom::ir
