// SPDX-License-Identifier: Apache-2.0
//
// What a graph's input stands for, real inputs and their quantizers, and the report of a lowering.
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "lower/lowering_support.h"

namespace bitloom::lower::test {
namespace {

using frontend::QuantGraph;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

ir::Input input_of(const ir::Network& network) {
  return std::get<ir::Input>(network.nodes[static_cast<size_t>(network.inputs().at(0))].layer);
}

QuantGraph first_quantizer(Ints shape, const std::string& datatype = "") {
  return Graph(std::move(shape), datatype).quant(4, 0.125).done();
}

TEST(LoweringInputs, annotated_types) {
  const std::pair<const char*, ir::Encoding> types[] = {
      {"BIPOLAR", ir::Encoding::bipolar()},   {"BINARY", ir::Encoding::unsigned_bits(1)},
      {"TERNARY", ir::Encoding::ternary()},   {"UINT8", ir::Encoding::unsigned_bits(8)},
      {"INT4", ir::Encoding::signed_bits(4)}, {"UINT16", ir::Encoding::unsigned_bits(16)},
  };
  for (const auto& [type, encoding] : types) {
    SCOPED_TRACE(type);
    const ir::Network network = expect_same(first_quantizer({1, 3}, type));
    EXPECT_EQ(std::get<ir::Encoding>(input_of(network).element), encoding);
    EXPECT_FALSE(input_of(network).real);
  }
}

TEST(LoweringInputs, of_images_are_pixels_and_of_features_real) {
  EXPECT_FALSE(input_of(expect_same(first_quantizer({1, 1, 28, 28}))).real);
  EXPECT_FALSE(input_of(expect_same(first_quantizer({1, 3, 16, 16}))).real);
  EXPECT_TRUE(input_of(expect_same(first_quantizer({1, 2, 16, 16}))).real);
  EXPECT_TRUE(input_of(expect_same(first_quantizer({1, 1, 10, 49}))).real);
  EXPECT_TRUE(input_of(expect_same(first_quantizer({1, 784}))).real);
  EXPECT_TRUE(input_of(expect_same(first_quantizer({1, 3}, "FLOAT32"))).real);
}

TEST(LoweringInputs, follow_the_option_before_all_else) {
  const Check pixels{.options = {.input = InputKind::kPixels}};
  const Check uint8{.options = {.input = InputKind::kUint8}};
  const Check real{.options = {.input = InputKind::kReal}};
  for (const char* type : {"", "UINT4"}) {
    EXPECT_EQ(std::get<ir::Encoding>(input_of(expect_same(first_quantizer({1, 5}, type), pixels)).element),
              ir::Encoding::unsigned_bits(8));
    EXPECT_EQ(std::get<ir::Encoding>(input_of(expect_same(first_quantizer({1, 5}, type), uint8)).element),
              ir::Encoding::unsigned_bits(8));
    EXPECT_TRUE(input_of(expect_same(first_quantizer({1, 1, 28, 28}, type), real)).real);
  }
}

TEST(LoweringInputs, pixels_of_the_mnist_networks) {
  // x = p / 255, then 2 x - 1: one bit is p >= 128; two bits are -1 up to 63, 0 up to 191, +1 from 192.
  Graph one({1, 1, 28, 28});
  one.then("Mul", {one.scalar(2)}).then("Sub", {one.scalar(1)}).bipolar();
  const ir::Network sign = expect_same(one.done());
  EXPECT_EQ(std::get<ir::Threshold>(sign.nodes[1].layer).thresholds, std::vector<int32_t>{128});
  Graph two({1, 1, 28, 28});
  two.then("Mul", {two.scalar(2)}).then("Sub", {two.scalar(1)}).quant(2, 1, {.narrow = true});
  const ir::Network ternary = expect_same(two.done());
  EXPECT_EQ(std::get<ir::Threshold>(ternary.nodes[1].layer).thresholds, (std::vector<int32_t>{64, 192}));
}

TEST(LoweringInputs, of_real_numbers_are_quantized_as_they_come_in) {
  const QuantGraph graph = Graph({1, 1}).quant(3, 0.5).done();
  const ir::Input& input = input_of(lower(graph));
  // Ties go to the even code, so the number above or the tie itself is the first of a level.
  EXPECT_EQ(input.real->thresholds[3], -0.25F);
  EXPECT_EQ(input.real->thresholds[5], 0.75F);
  const float above = std::nextafter(0.25F, 1.0F);
  EXPECT_EQ(input.real->thresholds[4], above);
  expect_same_reals(graph, {{0.25F}, {above}, {-0.25F}, {-0.0F}, {0.0F}, {0.75F}, {1e30F}, {-1e30F}, {1e-45F}, {-1.75F}});
}

TEST(LoweringInputs, of_real_numbers_with_a_falling_slope) {
  Graph g({1, 3});
  g.then("Mul", {g.constant(vec({-1, 0.5, -0.125}))}).quant(3, 0.5);
  const ir::Network network = expect_same(g.done(), {.images = 40});
  EXPECT_EQ(input_of(network).real->descending, (std::vector<uint8_t>{1, 0, 1}));
  expect_same_reals(g.done(), {{0.25F, 0.5F, 2}, {-0.25F, -0.5F, -2}, {0.75F, 1.5F, 6}, {1e38F, -1e38F, 1e38F}});
}

TEST(LoweringInputs, of_real_numbers_that_no_number_or_all_numbers_reach) {
  Graph never({1, 1});
  never.then("Min", {never.scalar(0.3)}).quant(2, 1, {.is_signed = false});
  EXPECT_EQ(input_of(expect_same(never.done())).real->thresholds, (std::vector<float>{kInfinity, kInfinity, kInfinity}));
  Graph always({1, 1});
  always.then("Max", {always.scalar(1)}).quant(2, 1, {.is_signed = false});
  EXPECT_EQ(input_of(expect_same(always.done())).real->thresholds.front(), -kInfinity);
  Graph falling({1, 1});
  falling.then("Neg").then("Min", {falling.scalar(0.3)}).quant(2, 1, {.is_signed = false});
  EXPECT_EQ(input_of(expect_same(falling.done())).real->thresholds,
            (std::vector<float>{-kInfinity, -kInfinity, -kInfinity}));
}

TEST(LoweringInputs, of_real_numbers_with_a_zero_slope) {
  Graph g({1, 2});
  g.then("Mul", {g.constant(vec({0, 1}))}).then("Add", {g.scalar(1)}).bipolar();
  expect_same(g.done());
}

TEST(LoweringInputs, of_real_numbers_flattened_before_their_quantizer) {
  Graph g({1, 2, 2, 3});
  expect_same(g.then("Flatten").quant(4, 0.5).matmul(numbers({12, 3}, -2, 2)).done());
}

TEST(LoweringInputs, of_real_numbers_with_batch_norm_a_channel) {
  Graph g({1, 2, 3, 3});
  g.batch_norm({1, -0.5}, {0, 0.25}, {0.5, 1}, {1, 0.25}).quant(4, 0.5).conv(numbers({2, 2, 2, 2}, -2, 2));
  expect_same(g.done());
}

TEST(LoweringInputs, several_of_integers) {
  Graph g({1, 3}, "INT4");
  const std::string y = g.input("y", {1, 3}, "UINT2");
  g.add("Add", {"x", y});
  expect_same(g.quant(3).done());
}

TEST(LoweringReport, says_what_became_of_every_node) {
  Graph g({1, 2, 4, 4}, "INT4");
  const std::string w = g.add("BipolarQuant", {g.constant(signs({2, 2, 1, 1})), g.scalar(1)});
  g.from("x").then("Pad", {g.constant(vec({0, 0, 0, 0, 0, 0, 0, 0}))});
  g.then("Conv", {w}, {{"kernel_shape", Ints{1, 1}}}).then("Identity").max_pool(2, 2).then("Relu").bipolar();
  g.then("GlobalAveragePool").then("Flatten").then("Transpose", {}, {{"perm", Ints{0, 1}}});
  g.then("Softmax", {}, {{"axis", int64_t{-1}}}).then("ArgMax", {}, {{"axis", int64_t{1}}});
  const std::string kept = g.x();
  g.add("Neg", {g.scalar(1)});
  EXPECT_EQ(report_text(g.done({kept})),
            "input 'x': the integers that the model's annotation names (--input pixels, uint8 or real chooses otherwise)\n"
            "n0 BipolarQuant: constant\n"
            "n1 Pad: padding of the next convolution\n"
            "n2 Conv: dot product, bipolar weights\n"
            "n3 Identity: nothing (identity)\n"
            "n4 MaxPool: max-pool\n"
            "n5 Relu: part of the next thresholds or output\n"
            "n6 BipolarQuant: thresholds 'n4'\n"
            "n7 GlobalAveragePool: sum over the window; the divisor goes into the next thresholds or output\n"
            "n8 Flatten: nothing (axes are tracked)\n"
            "n9 Transpose: nothing (axes are tracked)\n"
            "n10 Softmax: nothing: the output is the logits before it, in the same order\n"
            "n11 ArgMax: indices of the largest values\n"
            "n12 Neg: constant\n");
}

TEST(LoweringReport, says_how_the_input_is_read) {
  const QuantGraph graph = first_quantizer({1, 1, 28, 28});
  const std::string choice = " (--input pixels, uint8 or real chooses otherwise)\n";
  EXPECT_EQ(report_text(graph),
            "input 'x': 8-bit pixels, the model's number being pixel / 255" + choice + "n0 Quant: thresholds 'n0'\n");
  EXPECT_EQ(report_text(graph, {InputKind::kUint8}),
            "input 'x': 8-bit integers, used as they are" + choice + "n0 Quant: thresholds 'n0'\n");
  EXPECT_EQ(report_text(graph, {InputKind::kReal}), "input 'x': real numbers, quantized by the model's first quantizer" +
                                                        choice + "n0 Quant: input 'x', quantized as it comes in\n");
}

TEST(LoweringReport, names_the_other_layout_operators) {
  Graph g({1, 4, 2, 2}, "INT4");
  const std::string first = g.add("Split", {"x"}, {{"axis", int64_t{1}}}, 11, 2);
  g.add("Concat", {first, first + "_1"}, {{"axis", int64_t{1}}});
  g.then("DepthToSpace", {}, {{"blocksize", int64_t{2}}});
  g.then("Upsample", {g.constant(vec({1, 1, 2, 2}))}, {{"mode", std::string("nearest")}}, 9);
  g.then("Slice", {g.constant(vec({0})), g.constant(vec({1})), g.constant(vec({1}))});
  g.then("ReduceSum", {}, {{"axes", Ints{2, 3}}}, 11);
  const std::string sum = g.x();
  g.add("Add", {sum, sum});
  g.then("Reshape", {g.constant(vec({1, 1}))});
  EXPECT_EQ(report_text(g.done()),
            "input 'x': the integers that the model's annotation names (--input pixels, uint8 or real chooses otherwise)\n"
            "n0 Split: slices of channels\n"
            "n1 Concat: concatenation\n"
            "n2 DepthToSpace: rearrangement of channels\n"
            "n3 Upsample: nearest-neighbour enlargement\n"
            "n4 Slice: slice of channels\n"
            "n5 ReduceSum: sum over the image\n"
            "n6 Add: sum of integers\n"
            "n7 Reshape: nothing (axes are tracked)\n");
}

}  // namespace
}  // namespace bitloom::lower::test
