// SPDX-License-Identifier: Apache-2.0
//
// Pooling in every form, Im2Col, and the operators that look along axes.
#include <gtest/gtest.h>

#include <cmath>

#include "operators_support.h"

namespace bitloom::lower::test {
namespace {

using Values = std::vector<double>;

TEST(OperatorsWindow, pool_maxima) {
  const Array x = iota({1, 1, 4, 4});
  const Attributes two{{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}};
  EXPECT_EQ(run(node("MaxPool", two), {x}), (Array{{1, 1, 2, 2}, {5, 7, 13, 15}}));
  const Array negative{{1, 1, 1, 2}, {-3, -2}};
  EXPECT_EQ(run(node("MaxPool", {{"kernel_shape", Ints{1, 2}}, {"pads", Ints{0, 1, 0, 1}}}), {negative}).data,
            (Values{-3, -2, -2}));
  EXPECT_EQ(run(node("MaxPool", {{"kernel_shape", Ints{2}}}), {Array{{1, 1, 3}, {1, 3, 2}}}), (Array{{1, 1, 2}, {3, 3}}));
}

TEST(OperatorsWindow, round_sizes_up_but_not_beyond_the_image) {
  const Array x{{1, 1, 5}, {1, 2, 3, 4, 5}};
  Attributes attributes{{"kernel_shape", Ints{2}}, {"strides", Ints{2}}, {"ceil_mode", int64_t{1}}};
  EXPECT_EQ(run(node("MaxPool", attributes), {x}).data, (Values{2, 4, 5}));
  attributes["kernel_shape"] = Ints{1};
  attributes["strides"] = Ints{3};
  EXPECT_EQ(run(node("MaxPool", attributes), {x}).data, (Values{1, 4}));
  attributes["pads"] = Ints{0, 1};
  EXPECT_EQ(run(node("AveragePool", attributes), {x}).data, (Values{1, 4}));
  attributes["kernel_shape"] = Ints{3};
  attributes["pads"] = Ints{1, 1};
  EXPECT_EQ(run(node("AveragePool", attributes), {x}).data, (Values{1.5, 4}));
}

TEST(OperatorsWindow, average_with_and_without_the_padding) {
  const Array x = iota({1, 1, 2, 2});
  Attributes attributes{{"kernel_shape", Ints{2, 2}}, {"pads", Ints{1, 1, 0, 0}}};
  EXPECT_EQ(run(node("AveragePool", attributes), {x}).data, (Values{0, 0.5, 1, 1.5}));
  attributes["count_include_pad"] = int64_t{1};
  EXPECT_EQ(run(node("AveragePool", attributes), {x}).data, (Values{0, 0.25, 0.5, 1.5}));
}

TEST(OperatorsWindow, refuse_pools_without_meaning) {
  const Array x = iota({1, 1, 2, 2});
  EXPECT_EQ(message_of(node("MaxPool", {{"kernel_shape", Ints{1, 1}}, {"pads", Ints{0, 1, 0, 0}}}), {x}),
            "node 'n' (MaxPool): window 0 of axis 1 holds no element of the image; its pads are too large");
  EXPECT_EQ(message_of(node("MaxPool"), {x}), "node 'n' (MaxPool): kernel [] has 0 entries, expected 2");
  EXPECT_EQ(message_of(node("AveragePool", {{"kernel_shape", Ints{2, 2}},
                                            {"strides", Ints{2, 2}},
                                            {"ceil_mode", int64_t{1}},
                                            {"count_include_pad", int64_t{1}}}),
                       {iota({1, 1, 3, 3})}),
            "node 'n' (AveragePool): ceil_mode with count_include_pad is not handled where windows reach beyond the pads");
}

TEST(OperatorsWindow, pool_whole_images) {
  const Array x = iota({1, 2, 2, 2});
  EXPECT_EQ(run(node("GlobalAveragePool"), {x}), (Array{{1, 2, 1, 1}, {1.5, 5.5}}));
  EXPECT_EQ(run(node("GlobalMaxPool"), {x}), (Array{{1, 2, 1, 1}, {3, 7}}));
  EXPECT_EQ(run(node("GlobalMaxPool"), {iota({1, 2, 3})}), (Array{{1, 2, 1}, {2, 5}}));
}

TEST(OperatorsWindow, pool_with_channels_last) {
  const Array x = iota({1, 2, 2, 2});
  const Attributes attributes{{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}, {"pads", Ints{0, 0, 0, 0}}};
  EXPECT_EQ(run(node("MaxPoolNHWC", attributes), {x}), (Array{{1, 1, 1, 2}, {6, 7}}));
}

TEST(OperatorsWindow, sum_and_shift) {
  Attributes attributes{{"kernel", int64_t{2}}, {"stride", int64_t{2}}, {"ibits", int64_t{4}},
                        {"obits", int64_t{4}},  {"signed", int64_t{0}}, {"data_layout", std::string("NHWC")}};
  const Array x{{1, 2, 2, 1}, {15, 15, 15, 14}};
  EXPECT_EQ(run(node("QuantAvgPool2d", attributes), {x}), (Array{{1, 1, 1, 1}, {14}}));
  EXPECT_EQ(read_pool(node("QuantAvgPool2d", attributes), x.shape).shift, 2);
  attributes["obits"] = int64_t{9};
  EXPECT_EQ(run(node("QuantAvgPool2d", attributes), {x}).data, (Values{59}));
  attributes["obits"] = int64_t{4};
  EXPECT_EQ(run(node("QuantAvgPool2d", attributes), {Array{{1, 2, 2, 1}, {-1, 0, 0, 0}}}).data, (Values{-1}));
  attributes["obits"] = int64_t{0};
  EXPECT_EQ(message_of(node("QuantAvgPool2d", attributes), {x}),
            "node 'n' (QuantAvgPool2d): ibits 4 and obits 0 must be 1 to 32");
}

TEST(OperatorsWindow, lower_convolutions_to_patches) {
  const Array x = iota({1, 2, 2, 2});
  Attributes attributes{{"kernel_size", Ints{2, 2}}, {"stride", Ints{1, 1}}, {"pad_amount", Ints{0, 0, 0, 1}}};
  EXPECT_EQ(run(node("Im2Col", attributes), {x}), (Array{{1, 1, 2, 8}, {0, 1, 2, 3, 4, 5, 6, 7, 2, 3, 0, 0, 6, 7, 0, 0}}));
  attributes["depthwise"] = int64_t{1};
  attributes["pad_value"] = int64_t{9};
  EXPECT_EQ(run(node("Im2Col", attributes), {x}), (Array{{1, 1, 2, 8}, {0, 2, 4, 6, 1, 3, 5, 7, 2, 9, 6, 9, 3, 9, 7, 9}}));
  EXPECT_EQ(run(node("Im2Col", {{"kernel_size", int64_t{2}}, {"stride", int64_t{1}}}), {x}).data,
            (Values{0, 1, 2, 3, 4, 5, 6, 7}));
}

TEST(OperatorsReduce, average_and_sum_along_axes) {
  const Array x = iota({1, 2, 2, 2});
  EXPECT_EQ(run(node("ReduceMean", {{"axes", Ints{2, 3}}, {"keepdims", int64_t{0}}}), {x}), (Array{{1, 2}, {1.5, 5.5}}));
  EXPECT_EQ(run(node("ReduceSum"), {x, vec({-1})}), (Array{{1, 2, 2, 1}, {1, 5, 9, 13}}));
  EXPECT_EQ(run(node("ReduceSum", {{"keepdims", int64_t{0}}}), {x}), Array::scalar(28));
  EXPECT_EQ(run(node("ReduceSum", {{"noop_with_empty_axes", int64_t{1}}}), {x}), x);
  EXPECT_EQ(message_of(node("ReduceMean", {{"axes", Ints{4}}}), {x}),
            "node 'n' (ReduceMean): axis 4 does not exist in an array of 4 axes");
}

TEST(OperatorsReduce, top_k_prefers_the_lower_index) {
  const Array x{{1, 4}, {1, 3, 3, 2}};
  const auto results = run_all(node("TopK", {}, 2), {x, vec({3})});
  EXPECT_EQ(results[0], (Array{{1, 3}, {3, 3, 2}}));
  EXPECT_EQ(results[1], (Array{{1, 3}, {1, 2, 3}}));
  EXPECT_EQ(run_all(node("TopK", {{"largest", int64_t{0}}, {"axis", int64_t{1}}}, 2), {x, vec({2})})[1].data,
            (Values{0, 3}));
  EXPECT_EQ(run_all(node("TopK", {{"k", int64_t{1}}, {"axis", int64_t{0}}}, 2, 1), {x})[1].data, (Values{0, 0, 0, 0}));
  EXPECT_EQ(message_of(node("TopK", {}, 2), {x, vec({5})}), "node 'n' (TopK): the 5 largest of 4 do not exist");
  EXPECT_EQ(message_of(node("TopK", {}, 2), {vec({1, NAN}), vec({1})}),
            "node 'n' (TopK): the input holds something that is not a number, which has no order");
}

TEST(OperatorsReduce, arg_max_prefers_the_lower_index_unless_told) {
  const Array x{{2, 3}, {1, 3, 3, 5, 5, 0}};
  EXPECT_EQ(run(node("ArgMax", {{"axis", int64_t{1}}}), {x}), (Array{{2, 1}, {1, 0}}));
  EXPECT_EQ(run(node("ArgMax", {{"axis", int64_t{-1}}, {"keepdims", int64_t{0}}, {"select_last_index", int64_t{1}}}), {x}),
            (Array{{2}, {2, 1}}));
}

TEST(OperatorsReduce, soften_along_the_axis_of_the_opset) {
  const double e = std::exp(-1.0);
  const Array x{{1, 2, 2}, {1, 0, 1, 1}};
  const Values newer = run(node("Softmax"), {x}).data;
  EXPECT_DOUBLE_EQ(newer[0], 1 / (1 + e));
  EXPECT_DOUBLE_EQ(newer[2], 0.5);
  const Values older = run(node("Softmax", {}, 1, 9), {x}).data;
  EXPECT_DOUBLE_EQ(older[0], 1 / (3 + e));
  EXPECT_DOUBLE_EQ(run(node("LogSoftmax"), {vec({1000, 1000})}).data[0], -std::log(2.0));
}

}  // namespace
}  // namespace bitloom::lower::test
