// SPDX-License-Identifier: Apache-2.0
//
// Quant, BipolarQuant, Trunc and MultiThreshold over arrays: broadcasting scales, forms of parameters, and the refusals.
#include <gtest/gtest.h>

#include <cmath>

#include "operators_support.h"

namespace bitloom::lower::test {
namespace {

using Values = std::vector<double>;

const Array kZero = Array::scalar(0);
const Array kOne = Array::scalar(1);

GraphNode quant(int64_t is_signed, int64_t narrow, std::string rounding = "ROUND") {
  return node("Quant", {{"signed", is_signed}, {"narrow", narrow}, {"rounding_mode", std::move(rounding)}});
}

TEST(OperatorsQuant, quantize_weights_as_real_files_do) {
  const Array weights = vec({-1.7, -0.5, -0.0, 0.4, 0.6, 9});
  EXPECT_EQ(run(quant(1, 1), {weights, kOne, kZero, Array::scalar(2)}), vec({-1, 0, 0, 0, 1, 1}));
  EXPECT_EQ(run(quant(1, 0), {weights, kOne, kZero, vec({2})}), vec({-2, 0, 0, 0, 1, 1}));
  EXPECT_EQ(run(quant(0, 0), {weights, kOne, kZero, Array::scalar(2)}), vec({0, 0, 0, 0, 1, 3}));
  EXPECT_EQ(run(quant(0, 1), {weights, kOne, kZero, Array::scalar(2)}), vec({0, 0, 0, 0, 1, 2}));
}

TEST(OperatorsQuant, broadcast_scales_of_every_form_that_occurs) {
  const Array x{{2, 2}, {1, 1, 1, 1}};
  const Array bits = Array::scalar(8);
  EXPECT_EQ(run(quant(1, 0), {x, Array{{2, 1}, {0.4, 3}}, kZero, bits}).data, (Values{2 * 0.4, 2 * 0.4, 0, 0}));
  EXPECT_EQ(run(quant(1, 0), {x, Array{{1, 2}, {0.4, 3}}, kZero, bits}).data, (Values{2 * 0.4, 0, 2 * 0.4, 0}));
  const Array image{{1, 2, 1, 2}, {1, 1, 1, 1}};
  const Array scale{{1, 2, 1, 1}, {0.4, 3}};
  EXPECT_EQ(run(quant(1, 0), {image, scale, kZero, bits}).data, (Values{2 * 0.4, 2 * 0.4, 0, 0}));
  const Array kernels{{2, 1, 1, 2}, {1, 1, 1, 1}};
  EXPECT_EQ(run(quant(1, 0), {kernels, Array{{2, 1, 1, 1}, {0.4, 3}}, kZero, bits}).data, (Values{2 * 0.4, 2 * 0.4, 0, 0}));
}

TEST(OperatorsQuant, keep_zero_points) {
  EXPECT_EQ(run(quant(0, 0), {vec({-9, 0, 1, 9}), Array::scalar(0.5), Array::scalar(3), Array::scalar(3)}),
            vec({-1.5, 0, 1, 2}));
}

TEST(OperatorsQuant, one_signed_bit_is_bipolar) {
  EXPECT_EQ(run(quant(1, 0), {vec({-0.1, -0.0, 2}), Array::scalar(0.5), kZero, kOne}), vec({-0.5, 0.5, 0.5}));
}

TEST(OperatorsQuant, bipolar_quant_takes_the_sign_whatever_the_scale) {
  EXPECT_EQ(run(node("BipolarQuant"), {vec({-0.1, -0.0, 0, 2}), Array::scalar(-2)}), vec({2, -2, -2, -2}));
}

TEST(OperatorsQuant, give_the_spec_of_each_element) {
  const Array scale{{2, 1}, {0.5, 0.25}};
  const Array bits = Array::scalar(4);
  const std::vector<const Array*> inputs{nullptr, &scale, &kOne, &bits};
  const QuantInputs read = read_quant(quant(0, 1, "floor"), inputs);
  const QuantSpec spec = read.at({2, 3}, 3);
  EXPECT_EQ(spec.scale, 0.25);
  EXPECT_EQ(spec.zero_point, 1);
  EXPECT_EQ(spec.bits, 4);
  EXPECT_EQ(spec.rounding, Rounding::kFloor);
  EXPECT_TRUE(spec.narrow);
  EXPECT_FALSE(spec.is_signed);
}

TEST(OperatorsQuant, refuse_wrong_parameters) {
  const Array x = vec({1});
  EXPECT_EQ(message_of(quant(1, 0), {x, kZero, kZero, kOne}), "node 'n' (Quant): scale is 0, but must be finite and not 0");
  EXPECT_EQ(message_of(quant(1, 0), {x, kOne, kZero, kZero}), "node 'n' (Quant): bit width is 0, but must be 1 to 64");
  EXPECT_EQ(message_of(quant(1, 0), {x, kOne, kZero, vec({2, 2})}),
            "node 'n' (Quant): bit width must be a single number, not an array of shape [2]");
  EXPECT_EQ(message_of(quant(1, 0), {x, kOne, kZero, Array::scalar(2.5)}),
            "node 'n' (Quant): bit width is 2.5; only whole numbers of bits are handled");
  EXPECT_EQ(message_of(quant(1, 0), {x, kOne, Array::scalar(NAN), kOne}),
            "node 'n' (Quant): zero point is nan, but must be finite");
  EXPECT_EQ(message_of(quant(1, 0, "NEAREST"), {x, kOne, kZero, kOne}),
            "node 'n' (Quant): rounding mode 'NEAREST' is unknown; use ROUND, CEIL, FLOOR, UP, DOWN, HALF_UP or HALF_DOWN");
}

TEST(OperatorsQuant, trunc_version_1_after_an_average_pool) {
  // Sum 13 of a 4-element window with scale 0.5 and 6 to 4 bits: 13 / 4 rounded down, the scale unchanged.
  EXPECT_EQ(run(node("Trunc"), {vec({6.5}), Array::scalar(0.5), kZero, Array::scalar(6), Array::scalar(4)}), vec({1.5}));
  EXPECT_EQ(run(node("Trunc", {{"rounding_mode", std::string("CEIL")}}),
                {vec({6.5}), Array::scalar(0.5), kZero, Array::scalar(6), Array::scalar(4)}),
            vec({2}));
}

TEST(OperatorsQuant, trunc_version_2_has_an_output_scale) {
  const GraphNode trunc = node("Trunc", {{"rounding_mode", std::string("FLOOR")}, {"signed", int64_t{0}}});
  EXPECT_EQ(run(trunc, {vec({6.5, 100}), Array::scalar(0.5), kZero, Array::scalar(6), Array::scalar(2), Array::scalar(4)}),
            vec({6, 30}));
}

GraphNode threshold(std::string layout = "NCHW", double scale = 1, double bias = 0) {
  return node("MultiThreshold", {{"data_layout", std::move(layout)}, {"out_scale", scale}, {"out_bias", bias}});
}

TEST(OperatorsQuant, count_thresholds_that_are_reached) {
  const Array rows{{2, 2}, {0, 2, -1, 5}};
  const Array x{{1, 2, 1, 3}, {-1, 0, 2, -1, 4, 5}};
  EXPECT_EQ(run(threshold(), {x, rows}).data, (Values{0, 1, 2, 1, 1, 2}));
  const Array last{{1, 1, 3, 2}, {-1, -1, 0, 4, 2, 5}};
  EXPECT_EQ(run(threshold("NHWC"), {last, rows}).data, (Values{0, 1, 1, 1, 2, 2}));
}

TEST(OperatorsQuant, multi_threshold_makes_bipolar_values) {
  EXPECT_EQ(run(threshold("NCHW", 2, -1), {Array{{1, 3}, {-1, -0.0, 1}}, Array{{1, 1}, {0}}}).data, (Values{-1, 1, 1}));
}

TEST(OperatorsQuant, thresholds_may_stand_in_any_order) {
  EXPECT_EQ(run(threshold(), {Array{{1, 1}, {3}}, Array{{1, 3}, {9, 1, 2}}}).data, (Values{2}));
}

TEST(OperatorsQuant, refuse_thresholds_that_do_not_fit) {
  const Array x{{1, 3}, {1, 2, 3}};
  EXPECT_EQ(message_of(threshold(), {x, Array{{2, 1}, {0, 0}}}),
            "node 'n' (MultiThreshold): thresholds have 2 rows for 3 channels");
  EXPECT_EQ(message_of(threshold(), {x, vec({1})}),
            "node 'n' (MultiThreshold): thresholds have shape [1], expected [channels, steps]");
  EXPECT_EQ(message_of(threshold(), {x, Array{{1, 1}, {NAN}}}), "node 'n' (MultiThreshold): a threshold is not a number");
}

}  // namespace
}  // namespace bitloom::lower::test
