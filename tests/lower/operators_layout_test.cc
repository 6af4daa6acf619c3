// SPDX-License-Identifier: Apache-2.0
//
// Operators that move numbers or compute shapes.
#include <gtest/gtest.h>

#include "operators_support.h"

namespace bitloom::lower::test {
namespace {

using Values = std::vector<double>;

TEST(OperatorsLayout, transpose_by_permutation_or_backwards) {
  const Array x = iota({2, 3});
  EXPECT_EQ(run(node("Transpose"), {x}), (Array{{3, 2}, {0, 3, 1, 4, 2, 5}}));
  EXPECT_EQ(run(node("Transpose", {{"perm", Ints{0, 2, 1}}}), {iota({1, 2, 2})}).data, (Values{0, 2, 1, 3}));
  EXPECT_EQ(message_of(node("Transpose", {{"perm", Ints{0, 0}}}), {x}),
            "node 'n' (Transpose): perm [0, 0] is not a permutation of 2 axes");
}

TEST(OperatorsLayout, reshape_with_zero_and_open_sizes) {
  const Array x = iota({2, 3, 4});
  const auto shape = [&](Values target) { return run(node("Reshape"), {x, vec(std::move(target))}).shape; };
  EXPECT_EQ(shape({1, -1}), (Dims{1, 24}));
  EXPECT_EQ(shape({0, -1}), (Dims{2, 12}));
  EXPECT_EQ(shape({0, 0, 2, 2}), (Dims{2, 3, 2, 2}));
  EXPECT_EQ(run(node("Reshape", {{"shape", Ints{24}}}, 1, 1), {x}).shape, (Dims{24}));
  EXPECT_EQ(run(node("Reshape", {{"allowzero", int64_t{1}}}), {Array{{0, 2}, {}}, vec({0})}).shape, (Dims{0}));
  EXPECT_EQ(message_of(node("Reshape"), {x, vec({5, -1})}),
            "node 'n' (Reshape): an array of shape [2, 3, 4] cannot become [5, -1]");
  EXPECT_EQ(message_of(node("Reshape"), {x, vec({-1, -1})}),
            "node 'n' (Reshape): shape [-1, -1] leaves more than one size open");
  EXPECT_EQ(message_of(node("Reshape"), {x, vec({1.5})}), "node 'n' (Reshape): shape must hold whole numbers, not 1.5");
  EXPECT_EQ(message_of(node("Reshape"), {x, vec({1, 1, 1, 0})}),
            "node 'n' (Reshape): shape [1, 1, 1, 0] copies axis 3, which the input has not");
}

TEST(OperatorsLayout, flatten_at_an_axis) {
  const Array x = iota({2, 3, 4});
  EXPECT_EQ(run(node("Flatten"), {x}).shape, (Dims{2, 12}));
  EXPECT_EQ(run(node("Flatten", {{"axis", int64_t{0}}}), {x}).shape, (Dims{1, 24}));
  EXPECT_EQ(run(node("Flatten", {{"axis", int64_t{-1}}}), {x}).shape, (Dims{6, 4}));
  EXPECT_EQ(run(node("Flatten", {{"axis", int64_t{3}}}), {x}).shape, (Dims{24, 1}));
}

TEST(OperatorsLayout, squeeze_and_unsqueeze_by_attribute_or_input) {
  const Array x = iota({1, 3, 1});
  EXPECT_EQ(run(node("Squeeze"), {x}).shape, (Dims{3}));
  EXPECT_EQ(run(node("Squeeze", {{"axes", Ints{2}}}, 1, 11), {x}).shape, (Dims{1, 3}));
  EXPECT_EQ(run(node("Squeeze"), {x, vec({-3})}).shape, (Dims{3, 1}));
  EXPECT_EQ(run(node("Unsqueeze", {{"axes", Ints{2}}}, 1, 11), {iota({2, 3})}).shape, (Dims{2, 3, 1}));
  EXPECT_EQ(run(node("Unsqueeze"), {vec({1, 2}), vec({-1, 0})}).shape, (Dims{1, 2, 1}));
  EXPECT_EQ(message_of(node("Squeeze"), {x, vec({1})}), "node 'n' (Squeeze): axis 1 of [1, 3, 1] is not 1");
  EXPECT_EQ(message_of(node("Unsqueeze"), {x, vec({0, 0})}), "node 'n' (Unsqueeze): axes [0, 0] name an axis twice");
}

TEST(OperatorsLayout, compute_the_flatten_chain_of_exporters) {
  const Array x = iota({1, 2, 3});
  const Array shape = run(node("Shape"), {x});
  EXPECT_EQ(shape, vec({1, 2, 3}));
  const Array batch = run(node("Gather"), {shape, Array::scalar(0)});
  EXPECT_EQ(batch, Array::scalar(1));
  const Array first = run(node("Unsqueeze", {{"axes", Ints{0}}}, 1, 9), {batch});
  const Array target = run(node("Concat", {{"axis", int64_t{0}}}), {first, vec({-1})});
  EXPECT_EQ(run(node("Reshape"), {x, target}).shape, (Dims{1, 6}));
}

TEST(OperatorsLayout, concatenate_and_split) {
  const Array a = iota({2, 1});
  const Array b{{2, 2}, {10, 11, 12, 13}};
  EXPECT_EQ(run(node("Concat", {{"axis", int64_t{-1}}}), {a, b}), (Array{{2, 3}, {0, 10, 11, 1, 12, 13}}));
  EXPECT_EQ(run(node("Concat", {{"axis", int64_t{0}}}), {b, b}).shape, (Dims{4, 2}));
  EXPECT_EQ(message_of(node("Concat", {{"axis", int64_t{0}}}), {a, b}),
            "node 'n' (Concat): input 1 has shape [2, 2], which does not continue [2, 1] along axis 0");
  const auto parts = run_all(node("Split", {{"axis", int64_t{1}}, {"split", Ints{1, 2}}}, 2, 11), {iota({2, 3})});
  EXPECT_EQ(parts[0], (Array{{2, 1}, {0, 3}}));
  EXPECT_EQ(parts[1], (Array{{2, 2}, {1, 2, 4, 5}}));
  EXPECT_EQ(run_all(node("Split", {}, 2), {iota({4})})[1], vec({2, 3}));
  EXPECT_EQ(run_all(node("Split", {{"num_outputs", int64_t{2}}}, 2, 18), {iota({3})})[1], vec({2}));
  EXPECT_EQ(message_of(node("Split", {}, 2), {iota({3})}),
            "node 'n' (Split): an axis of 3 does not split into 2 equal parts");
  EXPECT_EQ(message_of(node("Split", {}, 2), {iota({3}), vec({1, 1})}),
            "node 'n' (Split): parts [1, 1] do not add up to the 3 of the axis");
}

TEST(OperatorsLayout, slice_by_attributes_and_inputs) {
  const Array x = iota({2, 5});
  EXPECT_EQ(run(node("Slice", {{"starts", Ints{1}}, {"ends", Ints{3}}, {"axes", Ints{1}}}, 1, 9), {x}),
            (Array{{2, 2}, {1, 2, 6, 7}}));
  const auto along = [&](double start, double end, double step) {
    return run(node("Slice"), {iota({5}), vec({start}), vec({end}), vec({0}), vec({step})}).data;
  };
  EXPECT_EQ(along(0, 9007199254740992, 2), (Values{0, 2, 4}));
  EXPECT_EQ(along(-2, 100, 1), (Values{3, 4}));
  EXPECT_EQ(along(-1, -9007199254740992, -2), (Values{4, 2, 0}));
  EXPECT_EQ(along(10, 0, -1), (Values{4, 3, 2, 1}));
  EXPECT_EQ(along(3, 1, 1), (Values{}));
  EXPECT_EQ(along(1, 3, 1e18), (Values{1}));
  EXPECT_EQ(along(4, 0, -1e18), (Values{4}));
  EXPECT_EQ(message_of(node("Slice"), {x, vec({0}), vec({1}), vec({0}), vec({0})}),
            "node 'n' (Slice): the step of axis 0 is 0");
  EXPECT_EQ(message_of(node("Slice"), {x, vec({0}), vec({1, 1})}),
            "node 'n' (Slice): starts, ends, axes and steps have 1, 2, 1 and 1 entries, expected the same number");
}

TEST(OperatorsLayout, gather_with_negative_indices) {
  const Array x = iota({2, 3});
  EXPECT_EQ(run(node("Gather", {{"axis", int64_t{1}}}), {x, vec({-1, 0})}), (Array{{2, 2}, {2, 0, 5, 3}}));
  EXPECT_EQ(run(node("Gather"), {x, Array{{1, 1}, {1}}}), (Array{{1, 1, 3}, {3, 4, 5}}));
  EXPECT_EQ(message_of(node("Gather"), {x, vec({2})}), "node 'n' (Gather): index 2 is outside an axis of 2");
}

TEST(OperatorsLayout, pad_with_a_constant) {
  const Array x = iota({1, 2});
  EXPECT_EQ(run(node("Pad", {{"pads", Ints{0, 1, 1, 0}}, {"value", 7.0}}, 1, 2), {x}), (Array{{2, 3}, {7, 0, 1, 7, 7, 7}}));
  EXPECT_EQ(run(node("Pad"), {x, vec({1, 1}), Array::scalar(5), vec({-1})}), (Array{{1, 4}, {5, 0, 1, 5}}));
  EXPECT_EQ(message_of(node("Pad", {{"mode", std::string("reflect")}}), {x, vec({0, 0, 0, 0})}),
            "node 'n' (Pad): mode 'reflect' is not handled; only 'constant' is");
  EXPECT_EQ(message_of(node("Pad"), {x, vec({0, -1, 0, 0})}),
            "node 'n' (Pad): negative pads [0, -1, 0, 0] are not handled; use Slice");
}

TEST(OperatorsLayout, enlarge_by_repeating_pixels) {
  const Array x{{1, 1, 1, 2}, {1, 2}};
  const Array region{{0}, {}};
  const Array scales = vec({1, 1, 2, 2});
  const Array enlarged{{1, 1, 2, 4}, {1, 1, 2, 2, 1, 1, 2, 2}};
  EXPECT_EQ(run(node("Upsample", {{"scales", Values{1, 1, 2, 2}}}, 1, 7), {x}), enlarged);
  EXPECT_EQ(run(node("Upsample", {}, 1, 9), {x, scales}), enlarged);
  EXPECT_EQ(run(node("Resize", {}, 1, 10), {x, scales}), enlarged);
  EXPECT_EQ(run(node("Resize", {}, 1, 11), {x, region, scales}), enlarged);
  EXPECT_EQ(run(node("Resize", {}, 1, 13), {x, region, region, vec({1, 1, 2, 4})}), enlarged);
  const Attributes pytorch{{"coordinate_transformation_mode", std::string("asymmetric")},
                           {"nearest_mode", std::string("floor")}};
  EXPECT_EQ(run(node("Resize", pytorch, 1, 11), {x, region, scales}), enlarged);
}

TEST(OperatorsLayout, refuse_enlargements_that_do_not_repeat) {
  const Array x{{1, 2}, {1, 2}};
  const Array region{{0}, {}};
  const auto result = [&](std::string coordinates, std::string rounding, double factor) {
    return message_of(
        node("Resize", {{"coordinate_transformation_mode", std::move(coordinates)}, {"nearest_mode", std::move(rounding)}},
             1, 11),
        {x, region, vec({1, factor})});
  };
  EXPECT_EQ(result("half_pixel", "round_prefer_floor", 3), "");
  EXPECT_EQ(result("half_pixel", "round_prefer_ceil", 2), "");
  EXPECT_EQ(result("asymmetric", "round_prefer_floor", 2), "");
  EXPECT_EQ(result("tf_half_pixel_for_nn", "floor", 3), "");
  EXPECT_EQ(result("asymmetric", "round_prefer_floor", 3),
            "node 'n' (Resize): nearest neighbour with coordinates 'asymmetric' and rounding 'round_prefer_floor' does not "
            "repeat each pixel 3 times");
  EXPECT_NE(result("asymmetric", "round_prefer_ceil", 2), "");
  EXPECT_NE(result("half_pixel", "floor", 2), "");
  EXPECT_NE(result("align_corners", "floor", 2), "");
  EXPECT_EQ(result("half_pixel", "floor", 1.5),
            "node 'n' (Resize): scale 1.5 is not handled; only whole factors from 1 to 65536 are");
}

TEST(OperatorsLayout, rearrange_depth_in_both_orders) {
  const Array x{{1, 8, 1, 1}, {0, 1, 2, 3, 4, 5, 6, 7}};
  const auto with = [](std::string mode) {
    return node("DepthToSpace", {{"blocksize", int64_t{2}}, {"mode", std::move(mode)}});
  };
  EXPECT_EQ(run(with("DCR"), {x}), (Array{{1, 2, 2, 2}, {0, 2, 4, 6, 1, 3, 5, 7}}));
  EXPECT_EQ(run(with("CRD"), {x}), (Array{{1, 2, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7}}));
  EXPECT_EQ(message_of(with("DCR"), {iota({1, 6, 1, 1})}),
            "node 'n' (DepthToSpace): 6 channels are no multiple of the square of blocksize 2");
}

TEST(OperatorsLayout, make_constants_and_shapes) {
  EXPECT_EQ(run(node("Constant", {{"value", vec({1, 2})}}), {}), vec({1, 2}));
  EXPECT_EQ(run(node("Constant", {{"value_float", 1.5}}), {}), Array::scalar(1.5));
  EXPECT_EQ(run(node("Constant", {{"value_ints", Ints{3, 4}}}), {}), vec({3, 4}));
  EXPECT_EQ(run(node("ConstantOfShape", {{"value", vec({7})}}), {vec({2, 1})}), (Array{{2, 1}, {7, 7}}));
  EXPECT_EQ(run(node("ConstantOfShape"), {Array{{0}, {}}}), Array::scalar(0));
  EXPECT_EQ(run(node("Size"), {iota({2, 3})}), Array::scalar(6));
  EXPECT_EQ(run(node("Shape", {{"start", int64_t{1}}, {"end", int64_t{-1}}}, 1, 15), {iota({2, 3, 4})}), vec({3}));
  EXPECT_EQ(run(node("Expand"), {Array{{2, 1}, {1, 2}}, vec({1, 3})}), (Array{{2, 3}, {1, 1, 1, 2, 2, 2}}));
  EXPECT_EQ(message_of(node("Constant"), {}),
            "node 'n' (Constant): has none of the attributes value, value_float, value_floats, value_int, value_ints");
}

}  // namespace
}  // namespace bitloom::lower::test
