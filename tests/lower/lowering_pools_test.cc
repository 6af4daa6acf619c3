// SPDX-License-Identifier: Apache-2.0
//
// Pools, sums of branches, and averages whose divisor goes into the next thresholds.
#include <gtest/gtest.h>

#include "lower/lowering_support.h"

namespace bitloom::lower::test {
namespace {

// Kinds of the layers in order.
std::vector<std::string> kinds(const ir::Network& network) {
  std::vector<std::string> result;
  for (const ir::Node& node : network.nodes) result.emplace_back(ir::layer_name(node.layer));
  return result;
}

TEST(LoweringPools, max_pool_of_codes) {
  Graph g({1, 2, 6, 6}, "INT4");
  g.then("MaxPool", {}, {{"kernel_shape", Ints{3, 3}}, {"strides", Ints{2, 2}}, {"pads", Ints{1, 1, 1, 1}}});
  expect_same(g.bipolar().done());
}

TEST(LoweringPools, max_pool_of_accumulators_becomes_one_of_codes) {
  Graph g({1, 2, 6, 6}, "BIPOLAR");
  g.conv(signs({3, 2, 3, 3})).max_pool(2, 2).batch_norm({1, 0.5, 2}, {0, 1, 0}, {0, 1, -2}, {1, 4, 1}).bipolar();
  const ir::Network network = expect_same(g.done());
  EXPECT_EQ(kinds(network), (std::vector<std::string>{"input", "dot", "threshold", "max_pool", "output"}));
}

TEST(LoweringPools, max_pool_before_a_negative_batch_norm_pools_accumulators) {
  Graph g({1, 2, 6, 6}, "BIPOLAR");
  g.conv(signs({3, 2, 3, 3})).max_pool(2, 2).batch_norm({1, -0.5, 2}, {0, 1, 0}, {0, 1, -2}, {1, 4, 1}).quant(3);
  const ir::Network network = expect_same(g.done());
  EXPECT_EQ(kinds(network), (std::vector<std::string>{"input", "dot", "max_pool", "threshold", "output"}));
}

TEST(LoweringPools, max_pool_behind_a_negative_batch_norm_pools_codes) {
  Graph g({1, 2, 6, 6}, "BIPOLAR");
  g.conv(signs({3, 2, 3, 3})).batch_norm({1, -0.5, 0}, {0, 1, 3}, {0, 1, -2}, {1, 4, 1}).max_pool(2, 2).then("Relu");
  const ir::Network network = expect_same(g.quant(3).done());
  EXPECT_EQ(kinds(network), (std::vector<std::string>{"input", "dot", "threshold", "max_pool", "output"}));
}

TEST(LoweringPools, two_max_pools_in_a_row) {
  Graph g({1, 1, 9, 9}, "INT4");
  expect_same(g.conv(numbers({2, 1, 2, 2}, -2, 2)).max_pool(2, 2).max_pool(2, 1).quant(4).done());
}

TEST(LoweringPools, max_pool_before_the_output) {
  Graph g({1, 2, 4, 4}, "INT4");
  expect_same(g.conv(numbers({2, 2, 1, 1}, -2, 2)).max_pool(2, 2).done());
}

TEST(LoweringPools, max_pool_of_a_code_with_a_negative_scale) {
  expect_same(Graph({1, 2, 4, 4}, "INT4").then("Neg").max_pool(2, 2).bipolar().done());
}

TEST(LoweringPools, global_max_pool) { expect_same(Graph({1, 2, 4, 3}, "INT4").then("GlobalMaxPool").quant(3).done()); }

TEST(LoweringPools, max_pool_with_channels_last) {
  Graph g({1, 6, 6, 2}, "INT4", "NHWC");
  g.then("MaxPoolNHWC", {}, {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}, {"pads", Ints{0, 0, 0, 0}}});
  expect_same(g.done(), {.channels_last = true});
}

TEST(LoweringPools, average_times_area_and_trunc_is_a_shifted_sum) {
  for (const bool second_version : {false, true}) {
    Graph g({1, 2, 4, 4}, "UINT4");
    g.quant(4, 0.25, {.is_signed = false});
    g.then("AveragePool", {}, {{"kernel_shape", Ints{4, 4}}, {"strides", Ints{4, 4}}}).then("Mul", {g.scalar(16)});
    std::vector<std::string> inputs{g.scalar(0.25), g.scalar(0), g.scalar(8)};
    if (second_version) inputs.push_back(g.scalar(4));
    inputs.push_back(g.scalar(4));
    g.then("Trunc", inputs, {{"rounding_mode", std::string("FLOOR")}, {"signed", int64_t{0}}}, second_version ? 2 : 1);
    const ir::Network network = expect_same(g.done());
    EXPECT_EQ(kinds(network), (std::vector<std::string>{"input", "threshold", "sum_pool", "threshold", "output"}));
  }
}

TEST(LoweringPools, average_that_counts_its_padding) {
  Graph g({1, 2, 4, 4}, "INT4");
  g.then("AveragePool", {},
         {{"kernel_shape", Ints{2, 2}},
          {"strides", Ints{2, 2}},
          {"pads", Ints{1, 1, 1, 1}},
          {"count_include_pad", int64_t{1}}});
  expect_same(g.quant(4, 0.5).done());
}

TEST(LoweringPools, average_of_offsets) {
  Graph g({1, 2, 4, 4}, "BIPOLAR");
  g.then("Add", {g.scalar(0.5)}).then("AveragePool", {}, {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}});
  expect_same(g.quant(4, 0.25).done());
}

TEST(LoweringPools, quant_avg_pool_of_finn) {
  Graph g({1, 2, 4, 4}, "UINT4");
  g.then("QuantAvgPool2d", {},
         {{"kernel", int64_t{2}},
          {"stride", int64_t{2}},
          {"ibits", int64_t{4}},
          {"obits", int64_t{4}},
          {"signed", int64_t{0}},
          {"data_layout", std::string("NCHW")}});
  expect_same(g.done());
}

TEST(LoweringPools, global_averages_by_any_name) {
  expect_same(Graph({1, 2, 4, 4}, "INT4").then("GlobalAveragePool").quant(4, 0.5).done());
  expect_same(Graph({1, 2, 4, 2}, "INT4")
                  .then("ReduceMean", {}, {{"axes", Ints{2, 3}}, {"keepdims", int64_t{0}}}, 11)
                  .quant(4, 0.5)
                  .matmul(signs({2, 3}))
                  .done());
  expect_same(Graph({1, 2, 4, 4}, "INT4").then("ReduceSum", {}, {{"axes", Ints{-1, -2}}}, 11).quant(4, 8).done());
  Graph g({1, 2, 4, 4}, "INT4");
  expect_same(g.then("ReduceMean", {g.constant(vec({2, 3}))}, {}, 18).quant(4, 0.5).done());
}

Graph branches(double left_scale, double right_scale, const std::string& op) {
  Graph g({1, 2, 4, 4}, "INT6");
  const std::string left = g.quant(4, left_scale).x();
  g.conv(numbers({2, 2, 1, 1}, -2, 2));
  const std::string right = g.quant(4, right_scale).x();
  g.add(op, {left, right});
  return g;
}

TEST(LoweringPools, residual_sums_and_differences) {
  for (const char* op : {"Add", "Sub"}) {
    for (const auto& [left, right] : std::vector<std::pair<double, double>>{{1, 1}, {2, 1}, {1, 2}, {0.5, 0.75}, {-1, 1}}) {
      SCOPED_TRACE(testing::Message() << op << " of scales " << left << " and " << right);
      expect_same(branches(left, right, op).done());
      expect_same(branches(left, right, op).then("Relu").quant(3, 2, {.is_signed = false}).done());
    }
  }
}

TEST(LoweringPools, residual_sum_of_equal_scales_multiplies_by_one) {
  const ir::Network network = expect_same(branches(0.25, 0.25, "Add").done());
  for (const ir::Node& node : network.nodes) {
    const auto* add = std::get_if<ir::Add>(&node.layer);
    if (add != nullptr) {
      EXPECT_EQ(add->multipliers, (std::vector<int32_t>{1, 1}));
    }
  }
}

TEST(LoweringPools, sum_of_accumulators_with_batch_norms_of_one_scale) {
  Graph g({1, 3}, "BIPOLAR");
  const std::string left = g.matmul(signs({3, 2})).then("Add", {g.constant(vec({0.5, 2}))}).x();
  g.from("x").matmul(signs({3, 2}, 2));
  g.add("Add", {left, g.x()});
  expect_same(g.quant(3, 0.5).done());
}

TEST(LoweringPools, a_tensor_added_to_itself) {
  Graph g({1, 3}, "INT4");
  g.add("Add", {"x", "x"});
  expect_same(g.done());
}

}  // namespace
}  // namespace bitloom::lower::test
