// SPDX-License-Identifier: Apache-2.0
//
// Products: weights in every form that models have them, windows, groups, padding, and the operators of FINN's dialect.
#include <cmath>

#include <gtest/gtest.h>

#include "lower/lowering_support.h"

namespace bitloom::lower::test {
namespace {

const ir::Dot& dot(const ir::Network& network) {
  for (const ir::Node& node : network.nodes) {
    if (const auto* layer = std::get_if<ir::Dot>(&node.layer)) return *layer;
  }
  throw Error("no dot");
}

TEST(LoweringProducts, weights_through_quantizer_transpose_reshape_and_cast) {
  Graph g({1, 3}, "INT3");
  Array raw = numbers({5, 3}, -9, 9);
  for (double& w : raw.data) w = w / 8 + 0.01;
  const std::string quantized =
      g.add("Quant", {g.constant(raw), g.constant({{5, 1}, {0.5, 0.25, 1, 2, 0.125}}), g.scalar(0), g.scalar(3)});
  const std::string cast = g.add("Cast", {quantized}, {{"to", int64_t{1}}});
  const std::string moved = g.add("Transpose", {cast}, {{"perm", Ints{1, 0}}});
  const std::string unit = g.add("Reshape", {moved, g.constant(vec({1, 3, 5}))});
  const std::string matrix = g.add("Squeeze", {unit, g.constant(vec({0}))});
  const ir::Network network = expect_same(g.from("x").then("MatMul", {matrix}).done());
  EXPECT_EQ(dot(network).encoding.planes(), 3);
}

TEST(LoweringProducts, negative_zero_weight_of_a_bipolar_quantizer_is_plus_one) {
  Graph g({1, 2}, "BIPOLAR");
  const std::string w = g.add("BipolarQuant", {g.constant({{2, 2}, {-0.0, 0.0, -1, 1}}), g.scalar(1)});
  const ir::Network network = expect_same(g.from("x").then("MatMul", {w}).done());
  EXPECT_EQ(dot(network).weights.code(0, 0), 1U);
  EXPECT_EQ(dot(network).weights.code(0, 1), 0U);
}

TEST(LoweringProducts, negative_zero_weight_of_a_quantizer_is_zero) {
  Graph g({1, 2}, "BIPOLAR");
  const std::string w = g.add("Quant", {g.constant({{2, 2}, {-0.0, -0.4, -1, 1}}), g.scalar(1), g.scalar(0), g.scalar(2)},
                              {{"narrow", int64_t{1}}});
  const ir::Network network = expect_same(g.from("x").then("MatMul", {w}).done());
  EXPECT_EQ(dot(network).encoding, ir::Encoding::ternary());
}

TEST(LoweringProducts, weights_of_one_magnitude_a_row_need_no_quantizer) {
  Graph g({1, 3}, "BIPOLAR");
  const double a = 0.0625, b = 0.75;
  const ir::Network network = expect_same(g.matmul({{3, 2}, {a, -b, -a, -b, a, b}}).done());
  EXPECT_EQ(dot(network).encoding, ir::Encoding::bipolar());
}

TEST(LoweringProducts, rows_of_one_value_and_of_zeros) {
  for (const double value : {0.0, 1.0, -1.0, 2.0, -4.0, 3.0, -5.0}) {
    SCOPED_TRACE(value);
    Graph g({1, 2}, "INT4");
    expect_same(g.matmul({{2, 2}, {value, value, value, value}}).done());
  }
}

TEST(LoweringProducts, weight_quantizer_with_zero_point) {
  Graph g({1, 4}, "UINT4");
  const std::string w = g.add("Quant", {g.constant(numbers({4, 3}, -6, 6)), g.scalar(0.5), g.scalar(2), g.scalar(4)},
                              {{"signed", int64_t{0}}});
  expect_same(g.from("x").then("MatMul", {w}).done());
}

TEST(LoweringProducts, input_encodings_and_weight_encodings) {
  for (const char* type : {"BIPOLAR", "BINARY", "TERNARY", "UINT3", "INT3", "UINT8"}) {
    for (const int highest : {1, 2, 5}) {
      SCOPED_TRACE(testing::Message() << type << ", weights to " << highest);
      Graph g({1, 7}, type);
      expect_same(g.matmul(numbers({7, 4}, -highest, highest)).done());
    }
  }
}

TEST(LoweringProducts, gemm_alpha_beta_and_transposed_weights) {
  for (const int64_t transposed : {0, 1}) {
    Graph g({1, 3}, "INT4");
    g.then("Gemm", {g.constant(transposed ? numbers({2, 3}, -3, 3) : numbers({3, 2}, -3, 3)), g.constant(vec({1.5, -2}))},
           {{"alpha", 0.5}, {"beta", -2.0}, {"transB", transposed}});
    expect_same(g.done());
  }
}

TEST(LoweringProducts, gemm_bias_quantized_to_the_accumulators_scale) {
  Graph g({1, 3}, "UINT4");
  const std::string bias = g.add("Quant", {g.constant(vec({0.3, -0.7})), g.scalar(0.03125), g.scalar(0), g.scalar(32)});
  g.from("x").then("Gemm", {g.constant(numbers({2, 3}, -3, 3)), bias}, {{"transB", int64_t{1}}}).then("Relu");
  expect_same(g.quant(4, 0.5, {.is_signed = false}).done());
}

TEST(LoweringProducts, offsets_before_a_product_are_exact) {
  // +-1 becomes 0, 1 by (x + 1) / 2, as the intrusion detection network does.
  Graph g({1, 5}, "BIPOLAR");
  g.then("Add", {g.scalar(1)}).then("Div", {g.scalar(2)}).matmul(numbers({5, 3}, -2, 2)).quant(2);
  expect_same(g.done());
}

TEST(LoweringProducts, multi_threshold_with_real_steps_before_a_product) {
  Graph g({1, 4}, "INT5");
  g.then("MultiThreshold", {g.constant({{1, 3}, {-5, 0, 6}})}, {{"out_scale", 0.25}, {"out_bias", -0.625}});
  expect_same(g.matmul(numbers({4, 3}, -3, 3)).done());
}

TEST(LoweringProducts, xnor_popcount_of_bits) {
  Graph g({1, 9}, "BINARY");
  g.then("XnorPopcountMatMul", {g.constant(numbers({9, 4}, 0, 1))}).quant(3, 1, {.is_signed = false});
  const ir::Network network = expect_same(g.done());
  EXPECT_EQ(dot(network).encoding, ir::Encoding::bipolar());
}

TEST(LoweringProducts, zero_padded_bipolar_convolution_is_exact_at_the_border) {
  Graph g({1, 2, 5, 5}, "BIPOLAR");
  expect_same(g.conv(signs({3, 2, 3, 3}), {1, 1, 1, 1}).done());
  Graph uneven({1, 2, 5, 4}, "BIPOLAR");
  expect_same(
      uneven.conv(signs({3, 2, 3, 2}), {2, 0, 1, 1}, {2, 1}).bipolar().conv(signs({2, 3, 3, 3}), {1, 1, 1, 1}).done());
}

TEST(LoweringProducts, convolutions_with_bias_stride_dilation_and_groups) {
  for (const int64_t groups : {1, 2, 4}) {
    SCOPED_TRACE(groups);
    Graph g({1, 4, 7, 6}, "INT3");
    g.then("Conv", {g.constant(numbers({8, 4 / groups, 3, 2}, -2, 2)), g.constant(iota({8}))},
           {{"kernel_shape", Ints{3, 2}},
            {"strides", Ints{2, 1}},
            {"dilations", Ints{1, 2}},
            {"pads", Ints{1, 0, 2, 1}},
            {"group", groups}});
    expect_same(g.done());
  }
}

TEST(LoweringProducts, depthwise_convolution_keeps_a_scale_a_channel) {
  Graph g({1, 3, 4, 4}, "INT6");
  g.then("Quant", {g.constant({{1, 3, 1, 1}, {1, 4, 0.5}}), g.scalar(0), g.scalar(3)});
  expect_same(g.conv(numbers({3, 1, 3, 3}, -3, 3), {1, 1, 1, 1}, {1, 1}, 3).quant(4, 2).done());
}

TEST(LoweringProducts, convolution_along_a_line) {
  Graph g({1, 2, 9}, "INT3");
  g.then("Conv", {g.constant(numbers({3, 2, 3}, -2, 2))},
         {{"kernel_shape", Ints{3}}, {"pads", Ints{1, 1}}, {"strides", Ints{2}}});
  expect_same(g.bipolar().done());
}

TEST(LoweringProducts, weight_scales_a_channel_of_a_convolution) {
  Graph g({1, 2, 3, 3}, "UINT4");
  const std::string w = g.add("Quant", {g.constant(numbers({3, 2, 2, 2}, -4, 4)), g.constant({{3, 1, 1, 1}, {0.5, 1, 4}}),
                                        g.scalar(0), g.scalar(4)});
  g.from("x").then("Conv", {w}, {{"kernel_shape", Ints{2, 2}}}).then("Relu").quant(3, 1, {.is_signed = false});
  expect_same(g.done());
}

TEST(LoweringProducts, pad_is_merged_into_the_convolution) {
  Graph g({1, 2, 4, 4}, "BIPOLAR");
  g.then("Pad", {g.constant(vec({0, 0, 1, 2, 0, 0, 0, 1}))}).conv(signs({2, 2, 3, 3}), {1, 0, 1, 0});
  const ir::Network network = expect_same(g.done());
  EXPECT_EQ(count(network, "dot"), 1);
  const ir::Window& window = dot(network).window;
  EXPECT_EQ((std::vector<int32_t>{window.pad_top, window.pad_left, window.pad_bottom, window.pad_right}),
            (std::vector<int32_t>{2, 2, 1, 1}));
}

TEST(LoweringProducts, pad_makes_room_for_the_kernel) {
  Graph g({1, 1, 2, 2}, "INT3");
  g.then("Pad", {g.constant(vec({0, 0, 1, 1, 0, 0, 1, 1}))});
  expect_same(g.conv(numbers({2, 1, 4, 4}, -2, 2)).done());
}

TEST(LoweringProducts, pad_counts_where_the_convolution_pads_to_the_same_size) {
  Graph g({1, 1, 4, 5}, "INT3");
  g.then("Pad", {g.constant(vec({0, 0, 0, 0, 0, 0, 1, 1}))});
  g.then("Conv", {g.constant(numbers({2, 1, 3, 3}, -2, 2))},
         {{"kernel_shape", Ints{3, 3}}, {"strides", Ints{2, 2}}, {"auto_pad", std::string("SAME_UPPER")}});
  expect_same(g.done());
}

TEST(LoweringProducts, pad_before_a_scale_and_a_convolution) {
  Graph g({1, 1, 3, 3}, "INT3");
  g.then("Pad", {g.constant(vec({0, 0, 1, 1, 0, 0, 1, 1}))}).then("Mul", {g.scalar(-0.5)});
  expect_same(g.conv(numbers({2, 1, 3, 3}, -2, 2)).done());
}

TEST(LoweringProducts, im2col_and_matmul_are_a_convolution) {
  Graph g({1, 5, 5, 2}, "INT3", "NHWC");
  g.then("Im2Col", {},
         {{"kernel_size", Ints{3, 2}},
          {"stride", Ints{2, 1}},
          {"pad_amount", Ints{1, 0, 1, 1}},
          {"input_shape", std::string("(1,5,5,2)")}});
  g.matmul(numbers({3 * 2 * 2, 4}, -2, 2));
  g.then("MultiThreshold", {g.constant(numbers({4, 3}, -9, 9))}, {{"data_layout", std::string("NHWC")}});
  const ir::Network network = expect_same(g.done(), {.channels_last = true});
  EXPECT_EQ(dot(network).window.kernel_h, 3);
}

TEST(LoweringProducts, matmul_over_the_channels_of_an_image) {
  Graph g({1, 3, 4, 2}, "INT3", "NHWC");
  expect_same(g.matmul(numbers({2, 3}, -2, 2)).done(), {.channels_last = true});
}

TEST(LoweringProducts, sums_of_codes_are_coded_for_the_next_product) {
  Graph g({1, 4}, "INT3");
  const std::string left = g.quant(2).x();
  g.add("Add", {left, g.matmul(numbers({4, 4}, -2, 2)).quant(2).x()});
  const ir::Network network = expect_same(g.matmul(numbers({4, 3}, -2, 2)).done());
  EXPECT_EQ(count(network, "threshold"), 3);
}

}  // namespace
}  // namespace bitloom::lower::test
