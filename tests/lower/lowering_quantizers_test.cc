// SPDX-License-Identifier: Apache-2.0
//
// Chains of functions and the quantizers that end them: the thresholds that lowering finds give the codes that the graph
// gives, on every integer that can occur.
#include <cmath>

#include <gtest/gtest.h>

#include "lower/lowering_support.h"

namespace bitloom::lower::test {
namespace {

const ir::Threshold& threshold(const ir::Network& network, std::string_view name) {
  return std::get<ir::Threshold>(network.nodes[static_cast<size_t>(network.find(name))].layer);
}

TEST(LoweringQuantizers, batch_norm_slopes_of_either_sign_and_zero) {
  Graph g({1, 4}, "INT8");
  g.batch_norm({1.5, -0.75, 0, -3}, {0.25, 1, -0.5, 0}, {3, -7, 11, 0.5}, {4, 16, 1, 0.25}).quant(3, 0.5);
  const ir::Network network = expect_same(g.done());
  EXPECT_EQ(threshold(network, "n1").descending, (std::vector<uint8_t>{0, 1, 0, 1}));
}

TEST(LoweringQuantizers, tiny_batch_norm_slope_stays_live) {
  // Channel 35 of the third layer of TFC_1W1A: it fires for accumulators up to -8.
  Graph g({1, 1}, "INT8");
  g.batch_norm({-9.0e-07}, {-8.3e-08}, {-7.1061}, {1}).bipolar();
  const ir::Network network = expect_same(g.done());
  EXPECT_EQ(threshold(network, "n1").thresholds, std::vector<int32_t>{-7});
  EXPECT_EQ(threshold(network, "n1").descending, std::vector<uint8_t>{1});
}

TEST(LoweringQuantizers, denormal_batch_norm_variance) {
  Graph g({1, 2}, "INT6");
  g.then("BatchNormalization",
         {g.constant(vec({0.5, -1})), g.constant(vec({0, 0.125})), g.constant(vec({1, -2})), g.constant(vec({5.6e-45, 1}))},
         {{"epsilon", 1e-5}});
  expect_same(g.quant(4, 64).done());
}

TEST(LoweringQuantizers, every_rounding_mode_and_zero_point_at_ties) {
  for (const char* mode : {"ROUND", "CEIL", "FLOOR", "UP", "DOWN", "HALF_UP", "HALF_DOWN", "half_up", "round"}) {
    for (const double zero_point : {0.0, 1.0, 2.0, 0.5}) {
      for (const bool is_signed : {false, true}) {
        SCOPED_TRACE(testing::Message() << mode << ", zero point " << zero_point << ", signed " << is_signed);
        Graph g({1, 1}, "INT7");
        // Every odd integer is a tie at scale 2.
        g.quant(4, 2, {.is_signed = is_signed, .zero_point = zero_point, .mode = mode});
        expect_same(g.done());
      }
    }
  }
}

TEST(LoweringQuantizers, narrow_ranges_leave_out_a_code) {
  const ir::Network narrow = expect_same(Graph({1, 1}, "INT5").quant(2, 1, {.is_signed = false, .narrow = true}).done());
  EXPECT_EQ(narrow.nodes[1].type.range(), (ir::Range{0, 2}));
  const ir::Network is_signed = expect_same(Graph({1, 1}, "INT5").quant(3, 1, {.narrow = true}).done());
  EXPECT_EQ(is_signed.nodes[1].type.range(), (ir::Range{-3, 3}));
}

TEST(LoweringQuantizers, one_signed_bit_is_bipolar_and_zero_is_plus_one) {
  Graph g({1, 1}, "INT3");
  const ir::Network network = expect_same(g.quant(1, 0.5).done());
  EXPECT_EQ(*network.nodes[1].type.encoding(), ir::Encoding::bipolar());
  EXPECT_EQ(threshold(network, "n0").thresholds, std::vector<int32_t>{0});
}

TEST(LoweringQuantizers, negative_zero_is_not_negative) {
  Graph g({1, 1}, "INT3");
  g.then("Mul", {g.scalar(-0.0)}).bipolar();
  expect_same(g.done());
}

TEST(LoweringQuantizers, scales_of_either_sign) {
  expect_same(Graph({1, 1}, "INT6").quant(3, -1.5).done());
  expect_same(Graph({1, 1}, "INT6").bipolar(-0.5).done());
}

TEST(LoweringQuantizers, scales_and_zero_points_a_channel) {
  Graph g({1, 3}, "INT6");
  g.then("Quant", {g.constant({{1, 3}, {0.5, 2, 7}}), g.constant({{1, 3}, {0, 1, 3}}), g.scalar(3)});
  expect_same(g.done());
}

TEST(LoweringQuantizers, bit_widths_of_any_shape) {
  Graph g({1, 2}, "INT6");
  g.then("Quant", {g.constant(vec({0.5})), g.constant({{1, 1}, {0}}), g.constant(vec({3}))});
  expect_same(g.done());
}

TEST(LoweringQuantizers, functions_between_accumulator_and_quantizer) {
  const std::pair<const char*, Attributes> functions[] = {
      {"Relu", {}},
      {"LeakyRelu", {{"alpha", 0.125}}},
      {"Sigmoid", {}},
      {"Tanh", {}},
      {"Softplus", {}},
      {"Elu", {{"alpha", 0.5}}},
      {"Neg", {}},
      {"HardSigmoid", {}},
      {"Dropout", {}},
      {"Identity", {}},
      {"Cast", {{"to", int64_t{1}}}},
  };
  for (const auto& [op, attributes] : functions) {
    SCOPED_TRACE(op);
    Graph g({1, 2}, "INT6");
    g.then("Mul", {g.scalar(0.25)}).then(op, {}, attributes).quant(5, 0.25);
    expect_same(g.done());
  }
}

TEST(LoweringQuantizers, constants_on_either_side_one_or_one_a_channel) {
  for (const char* op : {"Add", "Sub", "Mul", "Min", "Max"}) {
    for (const bool first : {false, true}) {
      SCOPED_TRACE(testing::Message() << op << (first ? ", constant first" : ""));
      Graph g({1, 3}, "INT6");
      const std::string c = g.constant({{1, 3}, {-3, 0.75, 5}});
      g.add(op, first ? std::vector<std::string>{c, "x"} : std::vector<std::string>{"x", c});
      g.then("Div", {g.scalar(-4)}).quant(4, 0.5);
      expect_same(g.done());
    }
  }
}

TEST(LoweringQuantizers, clip_and_prelu) {
  Graph g({1, 2}, "INT6");
  g.then("Clip", {g.scalar(-5), g.scalar(9)}).then("PRelu", {g.constant(vec({0.25, 0}))}).quant(4, 1);
  expect_same(g.done());
}

TEST(LoweringQuantizers, multi_threshold_counts) {
  const Array rows{{3, 2}, {-4, 1, 0, 0, 7, 30}};
  const std::pair<double, double> forms[] = {{1, 0}, {2, -1}, {1, -2}, {3, 5}, {0.25, -0.5}, {0.5, 0}, {-1, 2}, {1, 0.5}};
  for (const auto& [scale, bias] : forms) {
    SCOPED_TRACE(testing::Message() << "out_scale " << scale << ", out_bias " << bias);
    Graph g({1, 3}, "INT6");
    g.then("MultiThreshold", {g.constant(rows)}, {{"out_scale", scale}, {"out_bias", bias}});
    expect_same(g.done());
  }
}

TEST(LoweringQuantizers, multi_threshold_of_finn_is_a_sign) {
  Graph g({1, 3}, "INT4");
  g.then("MultiThreshold", {g.constant({{1, 1}, {0}})}, {{"out_scale", 2.0}, {"out_bias", -1.0}});
  const ir::Network network = expect_same(g.done());
  EXPECT_EQ(*network.nodes[1].type.encoding(), ir::Encoding::bipolar());
}

TEST(LoweringQuantizers, trunc_version_1_keeps_the_scale) {
  for (const char* mode : {"FLOOR", "ROUND", "CEIL"}) {
    Graph g({1, 1}, "INT8");
    g.then("Mul", {g.scalar(0.25)});
    g.then("Trunc", {g.scalar(0.25), g.scalar(0), g.scalar(8), g.scalar(5)}, {{"rounding_mode", std::string(mode)}}, 1);
    expect_same(g.done());
  }
}

TEST(LoweringQuantizers, trunc_version_2_has_a_scale_of_its_own) {
  for (const char* mode : {"FLOOR", "ROUND"}) {
    for (const double zero_point : {0.0, 4.0}) {
      SCOPED_TRACE(testing::Message() << mode << ", zero point " << zero_point);
      Graph g({1, 1}, "INT8");
      g.then("Mul", {g.scalar(0.25)});
      g.then("Trunc", {g.scalar(0.25), g.scalar(zero_point), g.scalar(8), g.scalar(2), g.scalar(5)},
             {{"rounding_mode", std::string(mode)}, {"signed", int64_t{1}}, {"narrow", int64_t{0}}}, 2);
      expect_same(g.done());
    }
  }
}

TEST(LoweringQuantizers, floor_ceil_round_and_sign_find_their_own_range) {
  for (const char* op : {"Floor", "Ceil", "Round", "Sign"}) {
    SCOPED_TRACE(op);
    Graph g({1, 2}, "INT6");
    g.then("Mul", {g.constant(vec({0.5, -0.25}))}).then(op);
    expect_same(g.done());
  }
}

TEST(LoweringQuantizers, results_far_from_zero_count_from_the_lowest) {
  for (const double far : {1e6, -40000.0}) {
    SCOPED_TRACE(far);
    Graph g({1, 2}, "INT6");
    const ir::Network network = expect_same(g.then("Add", {g.scalar(far)}).then("Round").done());
    EXPECT_EQ(network.nodes[1].type.encoding()->planes(), 6);
  }
  Graph pooled({1, 2, 2, 2}, "UINT8");
  pooled.quant(8, 1, {.is_signed = false, .zero_point = 40000}).then("GlobalAveragePool").then("Flatten");
  expect_same(pooled.matmul(signs({2, 3})).done());
}

TEST(LoweringQuantizers, quantizers_in_a_row) {
  Graph g({1, 2}, "INT8");
  g.quant(6, 4).quant(3, 8, {.is_signed = false}).then("Sub", {g.scalar(12)}).bipolar();
  expect_same(g.done());
}

TEST(LoweringQuantizers, thresholds_beyond_the_range_are_never_or_always_reached) {
  Graph g({1, 2}, "INT4");
  g.then("Add", {g.constant(vec({100, -100}))}).quant(4);
  const ir::Network network = expect_same(g.done());
  const ir::Threshold& found = threshold(network, "n1");
  EXPECT_EQ(found.thresholds.front(), -8);
  EXPECT_EQ(found.thresholds.back(), 8);
}

}  // namespace
}  // namespace bitloom::lower::test
