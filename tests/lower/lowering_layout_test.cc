// SPDX-License-Identifier: Apache-2.0
//
// Operators that move values: what becomes of flattening, its order of elements and per-feature thresholds behind it,
// Concat, Slice, Split, rearrangements, and the classifier's end.
#include <gtest/gtest.h>

#include "lower/lowering_support.h"

namespace bitloom::lower::test {
namespace {

bool has_channels_first(const ir::Network& network) {
  for (const ir::Node& node : network.nodes) {
    const auto* reshape = std::get_if<ir::Reshape>(&node.layer);
    if (reshape != nullptr && reshape->channels_first) return true;
  }
  return false;
}

TEST(LoweringLayout, flatten_order_goes_into_the_weights) {
  Graph g({1, 3, 2, 4}, "INT3");
  const ir::Network network = expect_same(g.then("Flatten").matmul(numbers({24, 5}, -3, 3)).done());
  EXPECT_FALSE(has_channels_first(network));
}

TEST(LoweringLayout, flatten_order_goes_through_thresholds_a_feature) {
  Graph g({1, 2, 2, 3}, "INT5");
  g.then("Flatten").then("Add", {g.constant(numbers({12}, -6, 6))}).quant(3, 2).matmul(numbers({12, 4}, -3, 3));
  const ir::Network network = expect_same(g.done());
  EXPECT_FALSE(has_channels_first(network));
}

TEST(LoweringLayout, flatten_order_goes_through_negative_slopes_a_feature) {
  Graph g({1, 2, 2, 2}, "INT5");
  g.then("Flatten").then("Mul", {g.constant(numbers({8}, -2, 2))}).bipolar().matmul(signs({8, 4}));
  const ir::Network network = expect_same(g.done());
  EXPECT_FALSE(has_channels_first(network));
}

TEST(LoweringLayout, flatten_order_goes_into_several_readers) {
  Graph g({1, 2, 2, 2}, "INT4");
  const std::string flat = g.then("Flatten").x();
  const std::string a = g.matmul(numbers({8, 3}, -3, 3)).x();
  g.from(flat).then("Mul", {g.constant(numbers({8}, 1, 3))}).bipolar().matmul(signs({8, 3}));
  const ir::Network network = expect_same(g.done({a, g.x()}));
  EXPECT_FALSE(has_channels_first(network));
}

TEST(LoweringLayout, flatten_order_stays_where_the_output_shows_it) {
  Graph g({1, 2, 2, 2}, "INT4");
  const ir::Network network = expect_same(g.then("Flatten").then("Mul", {g.constant(numbers({8}, 1, 5))}).done());
  EXPECT_TRUE(has_channels_first(network));
}

TEST(LoweringLayout, scales_a_channel_before_flattening) {
  Graph g({1, 3, 2, 2}, "INT5");
  g.batch_norm({1, -2, 0.5}, {0, 1, 2}, {1, 0, 3}, {1, 4, 1}).then("Flatten").quant(4).matmul(numbers({12, 2}, -3, 3));
  expect_same(g.done());
}

TEST(LoweringLayout, flatten_of_channels_last) {
  Graph g({1, 2, 3, 2}, "INT4", "NHWC");
  g.then("Reshape", {g.constant(vec({1, -1}))}).matmul(numbers({12, 3}, -3, 3));
  expect_same(g.done());
}

TEST(LoweringLayout, max_pool_before_flattening) {
  Graph g({1, 2, 4, 4}, "BIPOLAR");
  g.conv(signs({2, 2, 1, 1})).max_pool(2, 2).then("Flatten").bipolar().matmul(signs({8, 3}));
  expect_same(g.done());
}

TEST(LoweringLayout, reshape_computed_from_the_shape) {
  Graph g({-1, 2, 2, 2}, "INT4");
  const std::string batch = g.add("Gather", {g.add("Shape", {"x"}), g.scalar(0)}, {{"axis", int64_t{0}}});
  const std::string unit = g.add("Unsqueeze", {batch}, {{"axes", Ints{0}}}, 9);
  const std::string to = g.add("Concat", {unit, g.constant(vec({-1}))}, {{"axis", int64_t{0}}});
  const ir::Network network = expect_same(g.from("x").then("Reshape", {to}).matmul(numbers({8, 3}, -3, 3)).done());
  EXPECT_EQ(count(network, "reshape"), 1);
}

TEST(LoweringLayout, shape_from_start_to_end) {
  Graph g({1, 2, 3, 4}, "INT4");
  const std::string part = g.add("Shape", {"x"}, {{"start", int64_t{2}}, {"end", int64_t{4}}}, 15);
  const std::string area = g.add("ReduceSum", {part}, {{"keepdims", int64_t{0}}}, 11);
  expect_same(g.from("x").then("Mul", {area}).done());
}

TEST(LoweringLayout, shape_of_a_padded_tensor) {
  Graph g({1, 1, 3, 4}, "INT4");
  const std::string padded = g.then("Pad", {g.constant(vec({0, 0, 1, 0, 0, 0, 1, 0}))}).x();
  const std::string height = g.add("Gather", {g.add("Shape", {padded}), g.scalar(2)}, {{"axis", int64_t{0}}});
  g.from(padded).conv(signs({1, 1, 1, 1}));
  expect_same(g.then("Mul", {height}).done());
}

TEST(LoweringLayout, reshape_to_another_image) {
  Graph g({1, 12}, "INT4");
  g.then("Reshape", {g.constant(vec({1, 3, 2, 2}))}).conv(numbers({2, 3, 2, 2}, -2, 2));
  expect_same(g.done());
  Graph h({1, 4, 2, 3}, "INT4");
  h.then("Reshape", {h.constant(vec({1, 2, 4, 3}))}).conv(numbers({2, 2, 2, 2}, -2, 2));
  expect_same(h.done());
}

TEST(LoweringLayout, unit_axes_around_a_batch_norm) {
  Graph g({1, 3}, "INT5");
  g.then("Unsqueeze", {g.constant(vec({2}))}).batch_norm({1, -1, 0.5}, {0, 1, 0}, {2, 0, 1}, {1, 1, 4});
  expect_same(g.then("Squeeze", {g.constant(vec({2}))}).quant(3).done());
}

TEST(LoweringLayout, transposes_cost_nothing) {
  Graph g({1, 2, 3, 3}, "INT4");
  g.then("Transpose", {}, {{"perm", Ints{0, 2, 3, 1}}});
  g.then("MultiThreshold", {g.constant(numbers({2, 3}, -6, 6))}, {{"data_layout", std::string("NHWC")}});
  g.then("Transpose", {}, {{"perm", Ints{0, 3, 1, 2}}}).conv(numbers({2, 2, 2, 2}, -2, 2));
  const ir::Network network = expect_same(g.done());
  EXPECT_EQ(network.nodes.size(), 4U);
}

TEST(LoweringLayout, concat_of_different_encodings_and_scales) {
  Graph g({1, 2, 2, 2}, "INT6");
  const std::string a = g.bipolar(0.5).x();
  const std::string b = g.from("x").quant(3, 2, {.is_signed = false}).x();
  const std::string c = g.from("x").quant(2, 1, {.narrow = true}).x();
  g.add("Concat", {a, b, c}, {{"axis", int64_t{1}}});
  const ir::Network network = expect_same(g.quant(4, 0.5).done());
  EXPECT_EQ(count(network, "concat"), 1);
  EXPECT_EQ(count(network, "threshold"), 3 + 3 + 1);
}

TEST(LoweringLayout, concat_of_like_encodings_needs_no_recoding) {
  Graph g({1, 3}, "INT6");
  const std::string a = g.bipolar().x();
  g.from("x").then("Neg").bipolar();
  g.add("Concat", {a, g.x()}, {{"axis", int64_t{-1}}});
  const ir::Network network = expect_same(g.matmul(signs({6, 2})).done());
  EXPECT_EQ(count(network, "threshold"), 2);
}

TEST(LoweringLayout, split_and_slice_keep_their_channels_scales) {
  Graph g({1, 5, 2, 2}, "INT6");
  g.batch_norm({1, -1, 2, 0.5, 4}, {0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}, {1, 1, 1, 4, 1});
  const std::string whole = g.x();
  const std::string first = g.add("Split", {whole}, {{"axis", int64_t{1}}, {"split", Ints{2, 3}}}, 11, 2);
  const std::string a = g.from(first).quant(4).x();
  const std::string b = g.from(first + "_1").quant(4).x();
  g.from(whole).then("Slice", {g.constant(vec({1})), g.constant(vec({-1})), g.constant(vec({1}))});
  expect_same(g.quant(4).done({a, b, g.x()}));
}

TEST(LoweringLayout, depth_to_space_in_both_orders) {
  for (const char* mode : {"CRD", "DCR"}) {
    SCOPED_TRACE(mode);
    Graph g({1, 8, 2, 3}, "INT5");
    g.quant(4, 0.5).then("DepthToSpace", {}, {{"blocksize", int64_t{2}}, {"mode", std::string(mode)}});
    expect_same(g.done());
  }
}

TEST(LoweringLayout, nearest_enlargement) {
  Graph g({1, 2, 2, 3}, "INT5");
  g.then("Resize", {"", g.constant(vec({1, 1, 2, 3}))},
         {{"mode", std::string("nearest")},
          {"coordinate_transformation_mode", std::string("asymmetric")},
          {"nearest_mode", std::string("floor")}});
  expect_same(g.conv(numbers({1, 2, 3, 3}, -2, 2)).done());
  Graph pooled({1, 2, 4, 4}, "INT5");
  pooled.then("Neg").max_pool(2, 2).bipolar();
  pooled.then("Upsample", {pooled.constant(vec({1, 1, 2, 2}))}, {{"mode", std::string("nearest")}}, 9);
  expect_same(pooled.done());
}

TEST(LoweringLayout, top_k_and_arg_max_with_ties_to_the_lowest) {
  for (const double scale : {1.0, -0.5}) {
    Graph g({1, 4}, "INT2");
    g.then("Mul", {g.scalar(scale)});
    g.add("TopK", {g.x(), g.constant(vec({3}))}, {{"axis", int64_t{-1}}}, 11, 2);
    expect_same(g.done({g.x() + "_1"}), {.images = 40});
    Graph h({1, 4}, "INT2");
    h.then("Mul", {h.scalar(scale)}).then("ArgMax", {}, {{"axis", int64_t{1}}, {"keepdims", int64_t{0}}});
    expect_same(h.done(), {.images = 40});
  }
}

TEST(LoweringLayout, functions_of_an_index_are_kept) {
  Graph g({1, 4}, "INT3");
  g.then("ArgMax", {}, {{"axis", int64_t{1}}}).then("Add", {g.scalar(100)});
  expect_same(g.done(), {.images = 20});
}

TEST(LoweringLayout, softmax_is_dropped_and_the_order_kept) {
  Graph g({1, 3}, "INT4");
  g.matmul(numbers({3, 4}, -3, 3));
  const std::string logits = g.x();
  const ir::Network network = lower(g.then("Softmax", {}, {{"axis", int64_t{-1}}}).done());
  EXPECT_EQ(count(network, "dot"), 1);
  g.then("ArgMax", {}, {{"axis", int64_t{1}}});
  expect_same(g.done({logits, g.x()}), {.images = 20});
}

TEST(LoweringLayout, several_outputs) {
  Graph g({1, 3}, "INT4");
  const std::string first = g.matmul(numbers({3, 4}, -3, 3)).x();
  const std::string second = g.bipolar().x();
  const std::string third = g.matmul(signs({4, 2})).then("Mul", {g.scalar(0.5)}).x();
  const ir::Network network = expect_same(g.done({third, first, second}));
  EXPECT_EQ(network.outputs.size(), 3U);
}

TEST(LoweringLayout, nodes_without_a_reader_leave_nothing_behind) {
  Graph g({1, 3}, "INT4");
  const std::string kept = g.bipolar().x();
  g.matmul(signs({3, 2}));
  EXPECT_EQ(expect_same(g.done({kept})).nodes.size(), 3U);
}

}  // namespace
}  // namespace bitloom::lower::test
