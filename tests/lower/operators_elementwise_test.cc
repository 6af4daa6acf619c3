// SPDX-License-Identifier: Apache-2.0
//
// Arithmetic with broadcasting, activations, batch normalization, and the checks that hold for all operators.
#include <gtest/gtest.h>

#include <cmath>

#include "operators_support.h"

namespace bitloom::lower::test {
namespace {

using Values = std::vector<double>;

TEST(Operators, broadcast_like_numpy) {
  const Array column{{2, 1}, {10, 20}};
  const Array row{{3}, {1, 2, 3}};
  EXPECT_EQ(run(node("Add"), {column, row}), (Array{{2, 3}, {11, 12, 13, 21, 22, 23}}));
  EXPECT_EQ(run(node("Sub"), {row, column}), (Array{{2, 3}, {-9, -8, -7, -19, -18, -17}}));
  EXPECT_EQ(run(node("Mul"), {Array::scalar(2), row}), (Array{{3}, {2, 4, 6}}));
  const Array empty{{0, 3}, {}};
  EXPECT_EQ(run(node("Add"), {empty, row}), empty);
}

TEST(Operators, do_arithmetic) {
  EXPECT_EQ(run(node("Div"), {vec({1, -3}), vec({2, 2})}), vec({0.5, -1.5}));
  EXPECT_EQ(run(node("Pow"), {vec({4, 3}), vec({0.5, 2})}), vec({2, 9}));
  EXPECT_EQ(run(node("Min"), {vec({1, 5}), vec({3, 2}), vec({2, 4})}), vec({1, 2}));
  EXPECT_EQ(run(node("Max"), {vec({1, 5}), vec({3, 2}), Array::scalar(4)}), vec({4, 5}));
  EXPECT_EQ(run(node("Sum"), {vec({1, 5}), vec({3, 2}), vec({1, 1})}), vec({5, 8}));
  EXPECT_EQ(run(node("PRelu"), {Array{{2, 2}, {-2, 2, -4, 4}}, vec({0.5, 0.25})}), (Array{{2, 2}, {-1, 2, -2, 4}}));
}

TEST(Operators, apply_functions_of_one_number) {
  const auto of = [](const GraphNode& n, Values values) { return run(n, {vec(std::move(values))}).data; };
  EXPECT_EQ(of(node("Relu"), {-1, 0, 2}), (Values{0, 0, 2}));
  EXPECT_EQ(of(node("LeakyRelu", {{"alpha", 0.5}}), {-1, 2}), (Values{-0.5, 2}));
  EXPECT_EQ(of(node("Neg"), {-1, 2}), (Values{1, -2}));
  EXPECT_EQ(of(node("Abs"), {-1, 2}), (Values{1, 2}));
  EXPECT_EQ(of(node("Sqrt"), {4}), (Values{2}));
  EXPECT_EQ(of(node("Exp"), {0}), (Values{1}));
  EXPECT_EQ(of(node("Log"), {1}), (Values{0}));
  EXPECT_EQ(of(node("Reciprocal"), {4}), (Values{0.25}));
  EXPECT_EQ(of(node("Sigmoid"), {0}), (Values{0.5}));
  EXPECT_EQ(of(node("HardSigmoid", {{"alpha", 0.25}}), {-9, 1, 9}), (Values{0, 0.75, 1}));
  EXPECT_EQ(of(node("Tanh"), {0}), (Values{0}));
  EXPECT_EQ(of(node("Sign"), {-3, -0.0, 3}), (Values{-1, 0, 1}));
  EXPECT_DOUBLE_EQ(of(node("Softplus"), {0})[0], std::log(2.0));
  EXPECT_EQ(of(node("Softplus"), {1e6}), (Values{1e6}));
  EXPECT_DOUBLE_EQ(of(node("Elu", {{"alpha", 2.0}}), {-1})[0], 2 * (std::exp(-1.0) - 1));
  EXPECT_EQ(of(node("Floor"), {-0.5}), (Values{-1}));
  EXPECT_EQ(of(node("Ceil"), {0.5}), (Values{1}));
  EXPECT_EQ(of(node("Round"), {0.5, 1.5, 2.5}), (Values{0, 2, 2}));
  EXPECT_EQ(of(node("Identity"), {-0.5}), (Values{-0.5}));
}

TEST(Operators, clip_by_attributes_or_inputs) {
  EXPECT_EQ(run(node("Clip", {{"min", -1.0}, {"max", 1.0}}, 1, 6), {vec({-2, 0.5, 2})}), vec({-1, 0.5, 1}));
  EXPECT_EQ(run(node("Clip"), {vec({-2, 0.5, 2}), Array::scalar(0), vec({1})}), vec({0, 0.5, 1}));
  const Array x = vec({-2, 2});
  const Array highest = Array::scalar(1);
  const std::vector<const Array*> without_lowest{&x, nullptr, &highest};
  EXPECT_EQ(lower::apply(node("Clip"), without_lowest).at(0), vec({-2, 1}));
}

TEST(Operators, cast_truncates_to_integers_only) {
  EXPECT_EQ(run(node("Cast", {{"to", int64_t{7}}}), {vec({-1.5, 1.5})}), vec({-1, 1}));
  EXPECT_EQ(run(node("Cast", {{"to", int64_t{1}}}), {vec({-1.5, 1.5})}), vec({-1.5, 1.5}));
  EXPECT_EQ(run(node("Cast", {{"to", int64_t{9}}}), {vec({-1.5, 0})}), vec({1, 0}));
  EXPECT_EQ(message_of(node("Cast", {{"to", int64_t{10}}}), {vec({1})}),
            "node 'n' (Cast): a cast to element type 10 is not handled; only float, double, bool and integers are");
}

TEST(Operators, dropout_passes_its_input_and_a_mask_of_ones) {
  const auto results = run_all(node("Dropout", {}, 2), {vec({1, 2})});
  EXPECT_EQ(results[0], vec({1, 2}));
  EXPECT_EQ(results[1], vec({1, 1}));
}

TEST(Operators, normalize_channels_in_the_order_of_the_definition) {
  const Array x{{1, 2, 1, 2}, {1, 2, 3, 4}};
  const std::vector<Array> inputs{x, vec({0.3, -2}), vec({0.1, 5}), vec({0.7, 1}), vec({0.9, 3})};
  const Array y = run(node("BatchNormalization", {{"epsilon", 1.0}}), inputs);
  EXPECT_EQ(y.data, (Values{(1 - 0.7) / std::sqrt(1.9) * 0.3 + 0.1, (2 - 0.7) / std::sqrt(1.9) * 0.3 + 0.1, 3, 2}));
}

TEST(Operators, normalize_matrices_too) {
  const Array x{{2, 2}, {1, 2, 3, 4}};
  const std::vector<Array> inputs{x, vec({1, 1}), vec({0, 10}), vec({0, 0}), vec({0, 0})};
  const Array y = run(node("BatchNormalization", {{"epsilon", 1.0}}), inputs);
  EXPECT_EQ(y.data, (Values{1, 12, 3, 14}));
}

TEST(Operators, accept_a_denormal_variance_but_no_negative_one) {
  const GraphNode n = node("BatchNormalization");
  EXPECT_EQ(message_of(n, {Array{{1, 1}, {1}}, vec({1}), vec({0}), vec({0}), vec({5.6e-45})}), "");
  EXPECT_EQ(message_of(node("BatchNormalization", {{"epsilon", 0.5}}),
                       {Array{{1, 1}, {1}}, vec({1}), vec({0}), vec({0}), vec({-1})}),
            "node 'n' (BatchNormalization): variance + epsilon is -0.5 in channel 0, but must be positive");
}

TEST(Operators, refuse_what_is_not_for_inference_or_not_channels_first) {
  const std::vector<Array> inputs{Array{{1, 1}, {1}}, vec({1}), vec({0}), vec({0}), vec({1})};
  EXPECT_EQ(message_of(node("BatchNormalization", {{"training_mode", int64_t{1}}}), inputs),
            "node 'n' (BatchNormalization): training mode is not handled; export for inference");
  GraphNode channels_last = node("BatchNormalization");
  channels_last.domain = "qonnx.custom_op.channels_last";
  EXPECT_EQ(
      message_of(channels_last, inputs),
      "node 'n' (BatchNormalization): the channels-last form of domain 'qonnx.custom_op.channels_last' is not handled; "
      "export the model with channels first");
  EXPECT_EQ(message_of(node("Add", {{"axis", int64_t{1}}}, 1, 6), {vec({1}), vec({1})}),
            "node 'n' (Add): broadcasting along an 'axis' (opset 6 and before) is not handled");
}

TEST(Operators, are_known_or_refused_by_name) {
  EXPECT_TRUE(known_operator("Conv"));
  EXPECT_FALSE(known_operator("LSTM"));
  EXPECT_THROW(run(node("LSTM"), {}), Unsupported);
  EXPECT_EQ(message_of(node("LSTM"), {}), "node 'n' (LSTM): this operator is not known to bitloom");
}

TEST(Operators, check_the_inputs_before_they_work) {
  EXPECT_EQ(message_of(node("Relu"), {}), "node 'n' (Relu): has 0 inputs, needs 1 to 1");
  EXPECT_EQ(message_of(node("Max"), {}), "node 'n' (Max): has 0 inputs, needs at least 1");
  EXPECT_EQ(message_of(node("Relu"), {Array{{3}, {1}}}), "node 'n' (Relu): input 0 has 1 numbers, its shape [3] says 3");
  EXPECT_EQ(message_of(node("Relu"), {Array{{-1}, {1}}}), "node 'n' (Relu): shape [-1] has a negative size");
  EXPECT_EQ(message_of(node("Add"), {vec({1, 2}), vec({1, 2, 3})}),
            "node 'n' (Add): shapes [2] and [3] do not broadcast to a common one");
  const std::vector<const Array*> nothing{nullptr};
  EXPECT_EQ(message([&] { lower::apply(node("Relu"), nothing); }),
            "node 'n' (Relu): input 0 is left out, but the operator needs it");
  EXPECT_EQ(message_of(node("Relu", {}, 2), {vec({1})}),
            "node 'n' (Relu): output 2 is asked for, but only 1 can be computed");
}

TEST(Operators, refuse_results_that_are_too_large_before_they_allocate) {
  const Array column{{65536, 1}, Values(65536)};
  const Array row{{1, 65536}, Values(65536)};
  EXPECT_EQ(message_of(node("Add"), {column, row}),
            "node 'n' (Add): an array of shape [65536, 65536] is too large; the limit is 268435456 elements");
  EXPECT_NE(message_of(node("Expand"), {vec({1}), vec({1e18, 1e18})}), "");
  EXPECT_NE(message_of(node("ConstantOfShape"), {vec({0, 1e18})}), "");
}

TEST(Operators, find_the_element_that_broadcasting_repeats) {
  const Dims to{2, 3, 4};
  EXPECT_EQ(broadcast_index(Dims{}, to, 23), 0);
  EXPECT_EQ(broadcast_index(Dims{3, 1}, to, 23), 2);
  EXPECT_EQ(broadcast_index(Dims{2, 1, 1}, to, 11), 0);
  EXPECT_EQ(broadcast_index(Dims{2, 1, 1}, to, 12), 1);
  EXPECT_EQ(broadcast_index(to, to, 17), 17);
}

}  // namespace
}  // namespace bitloom::lower::test
