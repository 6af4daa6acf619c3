// SPDX-License-Identifier: Apache-2.0
//
// MatMul, Gemm, Conv, XnorPopcountMatMul on small cases worked out by hand, and a convolution by its definition.
#include <gtest/gtest.h>

#include <random>

#include "operators_support.h"
#include "support/property.h"

namespace bitloom::lower::test {
namespace {

using Values = std::vector<double>;

TEST(OperatorsLinear, multiply_matrices_vectors_and_batches) {
  const Array a{{2, 2}, {1, 2, 3, 4}};
  EXPECT_EQ(run(node("MatMul"), {a, Array{{2, 1}, {5, 6}}}), (Array{{2, 1}, {17, 39}}));
  EXPECT_EQ(run(node("MatMul"), {a, vec({5, 6})}), vec({17, 39}));
  EXPECT_EQ(run(node("MatMul"), {vec({5, 6}), a}), vec({23, 34}));
  EXPECT_EQ(run(node("MatMul"), {vec({5, 6}), vec({1, 2})}), Array::scalar(17));
  const Array batch{{2, 1, 2}, {1, 0, 0, 1}};
  EXPECT_EQ(run(node("MatMul"), {batch, a}), (Array{{2, 1, 2}, {1, 2, 3, 4}}));
  EXPECT_EQ(run(node("MatMul"), {batch, vec({5, 6})}), (Array{{2, 1}, {5, 6}}));
  EXPECT_EQ(message_of(node("MatMul"), {a, vec({1, 2, 3})}),
            "node 'n' (MatMul): shapes [2, 2] and [3] do not multiply: 2 is not 3");
}

TEST(OperatorsLinear, sum_from_the_first_product_to_the_last) {
  EXPECT_EQ(run(node("MatMul"), {vec({1, 1, 1}), vec({1e16, 1, -1e16})}), Array::scalar(0));
  EXPECT_EQ(run(node("MatMul"), {vec({1, 1, 1}), vec({1e16, -1e16, 1})}), Array::scalar(1));
}

TEST(OperatorsLinear, gemm_transposes_scales_and_adds) {
  const Array a{{2, 1}, {1, 2}};
  const Array b{{3, 2}, {1, 2, 3, 4, 5, 6}};
  const GraphNode gemm = node("Gemm", {{"alpha", 2.0}, {"beta", 0.5}, {"transA", int64_t{1}}, {"transB", int64_t{1}}});
  EXPECT_EQ(run(gemm, {a, b, vec({2, 4, 6})}), (Array{{1, 3}, {11, 24, 37}}));
  EXPECT_EQ(run(node("Gemm", {{"transB", int64_t{1}}}), {Array{{1, 2}, {1, 2}}, b}), (Array{{1, 3}, {5, 11, 17}}));
  EXPECT_EQ(message_of(gemm, {a, b, vec({1, 2})}),
            "node 'n' (Gemm): shapes [1, 3] and [2] do not broadcast to a common one");
}

TEST(OperatorsLinear, count_equal_bits) {
  const Array a{{1, 4}, {1, 0, 1, 1}};
  EXPECT_EQ(run(node("XnorPopcountMatMul"), {a, Array{{4, 2}, {1, 0, 0, 1, 1, 0, 0, 1}}}), (Array{{1, 2}, {3, 1}}));
}

TEST(OperatorsLinear, convolve_with_pads_and_bias) {
  const Array x = iota({1, 1, 3, 3});
  const Array ones{{1, 1, 3, 3}, Values(9, 1)};
  EXPECT_EQ(run(node("Conv"), {x, ones}), (Array{{1, 1, 1, 1}, {36}}));
  EXPECT_EQ(run(node("Conv", {{"pads", Ints{1, 1, 1, 1}}}), {x, ones, vec({100})}),
            (Array{{1, 1, 3, 3}, {108, 115, 112, 121, 136, 127, 120, 133, 124}}));
  EXPECT_EQ(run(node("Conv", {{"auto_pad", std::string("SAME_UPPER")}, {"strides", Ints{2, 2}}}), {x, ones}),
            (Array{{1, 1, 2, 2}, {8, 12, 20, 24}}));
}

TEST(OperatorsLinear, same_padding_puts_the_odd_pad_where_it_says) {
  const Array x{{1, 1, 4}, {1, 2, 3, 4}};
  const Array kernel{{1, 1, 2}, {1, 10}};
  EXPECT_EQ(run(node("Conv", {{"auto_pad", std::string("SAME_UPPER")}}), {x, kernel}).data, (Values{21, 32, 43, 4}));
  EXPECT_EQ(run(node("Conv", {{"auto_pad", std::string("SAME_LOWER")}}), {x, kernel}).data, (Values{10, 21, 32, 43}));
  EXPECT_EQ(run(node("Conv", {{"auto_pad", std::string("VALID")}}), {x, kernel}).data, (Values{21, 32, 43}));
}

struct ConvCase {
  int64_t groups, in, out, kernel_h, kernel_w, height, width;
  Ints strides, dilations, pads;
};

double at_or_zero(const Array& x, int64_t c, int64_t y, int64_t col) {
  const bool inside = y >= 0 && y < x.shape[2] && col >= 0 && col < x.shape[3];
  return inside ? x.data[static_cast<size_t>((c * x.shape[2] + y) * x.shape[3] + col)] : 0;
}

double convolved(const ConvCase& k, const Array& x, const Array& w, int64_t m, int64_t oy, int64_t ox) {
  double sum = 0;
  for (int64_t i = 0; i < k.in * k.kernel_h * k.kernel_w; ++i) {
    const int64_t c = i / (k.kernel_h * k.kernel_w), ky = i / k.kernel_w % k.kernel_h, kx = i % k.kernel_w;
    const double weight = w.data[static_cast<size_t>(m * k.in * k.kernel_h * k.kernel_w + i)];
    sum += weight * at_or_zero(x, m / k.out * k.in + c, oy * k.strides[0] - k.pads[0] + ky * k.dilations[0],
                               ox * k.strides[1] - k.pads[1] + kx * k.dilations[1]);
  }
  return sum;
}

TEST(OperatorsLinear, Property_convolution_is_its_definition) {
  for (uint64_t seed = 0; seed < bitloom::test::cases(100); ++seed) {
    std::mt19937_64 random(seed);
    const auto draw = [&](int64_t least, int64_t most) {
      return least + static_cast<int64_t>(random() % (most - least + 1));
    };
    const ConvCase k{draw(1, 2),
                     draw(1, 3),
                     draw(1, 2),
                     draw(1, 3),
                     draw(1, 3),
                     draw(5, 8),
                     draw(5, 8),
                     {draw(1, 3), draw(1, 3)},
                     {draw(1, 2), draw(1, 2)},
                     {draw(0, 3), draw(0, 3), draw(0, 3), draw(0, 3)}};
    Array x = iota({1, k.groups * k.in, k.height, k.width});
    Array w = iota({k.groups * k.out, k.in, k.kernel_h, k.kernel_w});
    for (double& v : x.data) v = static_cast<double>(draw(-9, 9));
    for (double& v : w.data) v = static_cast<double>(draw(-9, 9));
    const Array y = run(
        node("Conv", {{"group", k.groups}, {"strides", k.strides}, {"dilations", k.dilations}, {"pads", k.pads}}), {x, w});
    size_t i = 0;
    for (int64_t m = 0; m < y.shape[1]; ++m) {
      for (int64_t oy = 0; oy < y.shape[2]; ++oy) {
        for (int64_t ox = 0; ox < y.shape[3]; ++ox, ++i) {
          ASSERT_EQ(y.data[i], convolved(k, x, w, m, oy, ox)) << "seed " << seed;
        }
      }
    }
  }
}

TEST(OperatorsLinear, refuse_convolutions_that_do_not_fit) {
  const Array x = iota({1, 4, 3, 3});
  EXPECT_EQ(message_of(node("Conv"), {x, iota({2, 3, 3, 3})}),
            "node 'n' (Conv): weights [2, 3, 3, 3] do not fit an input [1, 4, 3, 3] in 1 groups");
  EXPECT_EQ(message_of(node("Conv", {{"group", int64_t{3}}}), {x, iota({3, 1, 3, 3})}),
            "node 'n' (Conv): weights [3, 1, 3, 3] do not fit an input [1, 4, 3, 3] in 3 groups");
  EXPECT_EQ(message_of(node("Conv", {{"kernel_shape", Ints{3, 2}}}), {x, iota({1, 4, 3, 3})}),
            "node 'n' (Conv): kernel_shape [3, 2] differs from the weights [1, 4, 3, 3]");
  EXPECT_EQ(message_of(node("Conv"), {x, iota({1, 4, 5, 5})}),
            "node 'n' (Conv): a window of 5 does not fit into 3 with pads 0 and 0");
  EXPECT_EQ(message_of(node("Conv"), {x, iota({1, 4, 1, 1}), vec({1, 2})}),
            "node 'n' (Conv): bias has 2 numbers for 1 channels");
  EXPECT_EQ(message_of(node("Conv", {{"pads", Ints{-1, 0, 0, 0}}}), {x, iota({1, 4, 1, 1})}),
            "node 'n' (Conv): pads [-1, 0, 0, 0] must be 0 to 268435456");
  EXPECT_EQ(message_of(node("Conv", {{"strides", Ints{1}}}), {x, iota({1, 4, 1, 1})}),
            "node 'n' (Conv): strides [1] has 1 entries, expected 2");
  EXPECT_EQ(message_of(node("Conv", {{"auto_pad", std::string("SAME")}}), {x, iota({1, 4, 1, 1})}),
            "node 'n' (Conv): auto_pad is 'SAME', expected NOTSET, VALID, SAME_UPPER or SAME_LOWER");
  EXPECT_EQ(message_of(node("Conv"), {iota({1, 1, 2, 2, 2}), iota({1, 1, 1, 1, 1})}),
            "node 'n' (Conv): input [1, 1, 2, 2, 2] has not one or two spatial axes");
}

TEST(OperatorsLinear, refuse_huge_pads_before_they_allocate) {
  const int64_t huge = int64_t{1} << 28;
  EXPECT_EQ(
      message_of(node("Conv", {{"pads", Ints{huge, huge, huge, huge}}}), {iota({1, 1, 1, 1}), iota({1, 1, 1, 1})}),
      "node 'n' (Conv): an array of shape [1, 1, 536870913, 536870913] is too large; the limit is 268435456 elements");
  const Array plane{{1, 1, 512, 512}, Values(512 * 512)};
  EXPECT_EQ(message_of(node("Conv", {{"pads", Ints{511, 511, 511, 511}}}), {plane, plane}),
            "node 'n' (Conv): 1046529 results of 262144 operations each are too many; the limit is 8589934592 operations");
}

}  // namespace
}  // namespace bitloom::lower::test
