// SPDX-License-Identifier: Apache-2.0
//
// Residual binarization as a MultiThreshold (isometric) or as a sum of several (ReBNet): one threshold layer, as many
// planes as levels, and zeros of the padding that are zeros.
#include <cmath>

#include <gtest/gtest.h>

#include "lower/lowering_support.h"

namespace bitloom::lower::test {
namespace {

// 8 bits of significand, so that float64 computes every sum and product of the graph exactly.
double coarse(uint64_t seed) { return (128 + numbers({1}, 0, 127, seed).data[0]) / 256; }

// A product whose accumulators fall into all levels of a quantizer of magnitude 1, behind a batch norm with slopes of both
// signs; image or flat.
Graph accumulators(bool image, uint64_t seed) {
  Graph g = image ? Graph({1, 3, 6, 5}, "BIPOLAR") : Graph({1, 9}, "INT2");
  if (image) {
    g.conv(signs({4, 3, 3, 3}, seed), {1, 1, 1, 1});
  } else {
    g.matmul(numbers({9, 4}, -2, 2, seed));
  }
  return g.batch_norm({0.75, -0.75, 1.25, -1}, {0.125, 0, -0.25, 0.0625}, {1, -2, 0.5, 0}, {16, 25, 30, 20});
}

ir::Network expect_same_after(Graph g, bool image, Ints pads) {
  if (image) {
    g.conv(signs({2, 4, 3, 3}, 7), std::move(pads));
  } else {
    g.matmul(signs({4, 3}, 7));
  }
  return expect_same(g.done());
}

const ir::Node& product_input(const ir::Network& network) {
  for (size_t i = network.nodes.size(); i-- > 0;) {
    const ir::Node& node = network.nodes[i];
    if (std::holds_alternative<ir::Dot>(node.layer)) return network.nodes[static_cast<size_t>(node.inputs[0])];
  }
  throw Error("no dot");
}

// Rows of thresholds: the same for all channels, or moved a little in each.
Array threshold_rows(const std::vector<double>& row, int64_t rows) {
  Array result{{rows, static_cast<int64_t>(row.size())}, {}};
  for (int64_t r = 0; r < rows; ++r) {
    for (const double t : row) result.data.push_back(t + 0.03125 * static_cast<double>(r));
  }
  return result;
}

std::vector<double> isometric_thresholds(int m, double gamma) {
  std::vector<double> result;
  for (int i = 2 - (1 << m); i <= (1 << m) - 2; i += 2) result.push_back(i * std::ldexp(gamma, 1 - m));
  return result;
}

/// Odd numbers by the MultiThreshold, their factor behind it: what an exporter should write.
void isometric(Graph& g, int m, double gamma, int64_t rows) {
  g.then("MultiThreshold", {g.constant(threshold_rows(isometric_thresholds(m, gamma), rows))},
         {{"out_scale", 2.0}, {"out_bias", 1 - std::ldexp(1, m)}});
  g.then("Mul", {g.scalar(std::ldexp(gamma, 1 - m))});
}

/// The factor in the attributes.
void isometric_by_attributes(Graph& g, int m, double gamma) {
  const double step = std::ldexp(gamma, 1 - m);
  g.then("MultiThreshold", {g.constant(threshold_rows(isometric_thresholds(m, gamma), 1))},
         {{"out_scale", 2 * step}, {"out_bias", step * (1 - std::ldexp(1, m))}});
}

/// The sum of one MultiThreshold for each factor: thresholds at all sums of the factors before it.
void rebnet(Graph& g, const std::vector<int32_t>& factors, double unit, const std::vector<int64_t>& rows) {
  const std::string x = g.x();
  std::vector<double> thresholds{0};
  int32_t rest = 0;
  for (const int32_t factor : factors) rest += factor;
  double bias = -rest;
  std::string sum;
  for (size_t k = 0; k < factors.size(); ++k) {
    rest -= factors[k];
    const int32_t step = 2 * (factors[k] - rest);
    if (step > 0) {
      g.from(x).then("MultiThreshold", {g.constant(threshold_rows(thresholds, rows[k % rows.size()]))},
                     {{"out_scale", static_cast<double>(step)}, {"out_bias", bias}});
      bias = 0;
      if (!sum.empty()) g.add("Add", {sum, g.x()});
      sum = g.x();
    }
    std::vector<double> next;
    for (const double t : thresholds) {
      next.push_back(t - factors[k] * unit);
      next.push_back(t + factors[k] * unit);
    }
    thresholds = next;
  }
  g.then("Mul", {g.scalar(unit)});
}

TEST(LoweringResidual, isometric_is_one_plane_a_level) {
  for (int m = 1; m <= 4; ++m) {
    for (const int64_t rows : {1, 4}) {
      SCOPED_TRACE(testing::Message() << "M " << m << ", rows " << rows);
      const auto seed = static_cast<uint64_t>(m);
      Graph flat = accumulators(false, seed);
      isometric(flat, m, coarse(seed), rows);
      EXPECT_EQ(*product_input(expect_same_after(flat, false, {})).type.encoding(), ir::Encoding::isometric(m));
      for (const int64_t pad : {0, 1}) {
        Graph image = accumulators(true, seed);
        isometric(image, m, coarse(seed), rows);
        const ir::Network network = expect_same_after(image, true, {pad, pad, pad, pad});
        EXPECT_EQ(*product_input(network).type.encoding(), ir::Encoding::isometric(m));
        EXPECT_EQ(count(network, "threshold"), 1);
      }
    }
  }
}

TEST(LoweringResidual, isometric_with_its_factor_in_the_attributes) {
  for (int m = 1; m <= 4; ++m) {
    SCOPED_TRACE(m);
    for (const int64_t pad : {0, 1}) {
      Graph g = accumulators(true, 3);
      isometric_by_attributes(g, m, coarse(static_cast<uint64_t>(m) + 9));
      const ir::Network network = expect_same_after(g, true, {pad, pad, pad, pad});
      EXPECT_EQ(*product_input(network).type.encoding(), ir::Encoding::isometric(m));
    }
  }
}

TEST(LoweringResidual, attributes_rounded_to_float32_are_symmetric) {
  // (2^M - 1) gamma / 2^(M - 1) is no float32 number, so the levels as written are off zero by less than one part in 2^23.
  for (int m = 2; m <= 4; ++m) {
    const double gamma = static_cast<float>(0.7133);
    Graph g = accumulators(true, 4);
    g.then("MultiThreshold", {g.constant(threshold_rows(isometric_thresholds(m, gamma), 1))},
           {{"out_scale", std::ldexp(gamma, 2 - m)},
            {"out_bias", static_cast<float>(std::ldexp(gamma, 1 - m) * (1 - std::ldexp(1, m)))}});
    g.conv(signs({2, 4, 3, 3}, 7), {1, 1, 1, 1});
    const ir::Network network = expect_same(g.done(), {.tolerance = 0x1p-22});
    EXPECT_EQ(*product_input(network).type.encoding(), ir::Encoding::isometric(m));
    EXPECT_EQ(std::get<ir::Output>(network.nodes.back().layer).offset, std::vector<double>{0});
  }
}

TEST(LoweringResidual, rebnet_is_one_threshold_of_a_plane_a_factor) {
  const std::vector<int32_t> forms[] = {{3},       {3, 1},    {5, 2},        {2, 1},       {7, 3, 1},
                                        {9, 4, 2}, {6, 3, 1}, {15, 6, 3, 1}, {8, 4, 2, 1}, {23, 11, 6, 2}};
  for (const std::vector<int32_t>& factors : forms) {
    SCOPED_TRACE(fmt::format("{}", fmt::join(factors, ", ")));
    const double unit = std::ldexp(1, -4);
    const std::vector<int32_t> ascending(factors.rbegin(), factors.rend());
    const ir::Encoding residual = ir::Encoding::residual(ascending);
    Graph flat = accumulators(false, 5);
    rebnet(flat, factors, unit, {1});
    expect_same_after(flat, false, {});
    for (const int64_t pad : {0, 1}) {
      Graph image = accumulators(true, 5);
      rebnet(image, factors, unit, {1});
      const ir::Network network = expect_same_after(image, true, {pad, pad, pad, pad});
      EXPECT_EQ(count(network, "threshold"), 1);
      EXPECT_EQ(count(network, "add"), 0);
      EXPECT_EQ(product_input(network).type.encoding()->planes(), static_cast<int>(factors.size()));
      if (factors.size() > 1 && factors != std::vector<int32_t>{2, 1}) {
        EXPECT_EQ(*product_input(network).type.encoding(), residual);
      }
    }
  }
}

TEST(LoweringResidual, rebnet_with_its_unit_in_the_attributes) {
  // 2 and 5 sixteenths: neither quantizer has a zero for itself.
  for (const int64_t pad : {0, 1}) {
    Graph g = accumulators(true, 8);
    const std::string x = g.x();
    const std::string middle =
        g.then("MultiThreshold", {g.constant({{1, 1}, {0}})}, {{"out_scale", 0.375}, {"out_bias", -0.4375}}).x();
    g.from(x).then("MultiThreshold", {g.constant({{1, 2}, {-0.3125, 0.3125}})}, {{"out_scale", 0.25}});
    g.add("Add", {middle, g.x()});
    const ir::Network network = expect_same_after(g, true, {pad, pad, pad, pad});
    EXPECT_EQ(product_input(network).type.encoding()->planes(), 2);
    EXPECT_EQ(count(network, "threshold"), 1);
  }
}

TEST(LoweringResidual, rebnet_sums_signs_of_residues) {
  const std::vector<int32_t> factors{7, 3, 1};
  Graph g({1, 1}, "INT6");
  g.then("Mul", {g.scalar(0.5)});
  rebnet(g, factors, 1, {1});
  const ir::Network network = lower(g.done());
  for (int32_t x = -32; x < 32; ++x) {
    double residue = 0.5 * x, sum = 0;
    for (const int32_t factor : factors) {
      const double signed_factor = residue >= 0 ? factor : -factor;
      residue -= signed_factor;
      sum += signed_factor;
    }
    const ir::Tensor input{{}, 1, {x}};
    EXPECT_EQ(ir::evaluate(network, std::span(&input, 1))[0].values[0], sum) << x;
  }
}

TEST(LoweringResidual, rebnet_with_equal_factors_and_with_rows_of_either_kind) {
  for (const std::vector<int64_t>& rows : std::vector<std::vector<int64_t>>{{1}, {4}, {1, 4}, {4, 1}}) {
    for (const std::vector<int32_t>& factors : std::vector<std::vector<int32_t>>{{1, 1}, {2, 1, 1}, {5, 3, 1}, {4, 2, 2}}) {
      SCOPED_TRACE(fmt::format("rows {}, factors {}", fmt::join(rows, ", "), fmt::join(factors, ", ")));
      Graph g = accumulators(true, 6);
      rebnet(g, factors, 0.125, rows);
      EXPECT_EQ(count(expect_same_after(g, true, {1, 1, 1, 1}), "threshold"), 1);
    }
  }
}

TEST(LoweringResidual, quantizers_of_one_tensor_are_subtracted_and_weighted) {
  Graph g({1, 2}, "INT6");
  g.then("Mul", {g.constant({{1, 2}, {0.5, -0.25}})});
  const std::string x = g.x();
  const std::string fine = g.quant(4, 0.5).x();
  const std::string coarse_steps = g.from(x).quant(2, 3).x();
  g.add("Add", {fine, coarse_steps});
  EXPECT_EQ(count(expect_same(g.matmul(signs({2, 2})).done()), "add"), 0);
  // At 0 the difference keeps its value, in the second graph it falls.
  for (const double scale : {0.5, 1.0}) {
    Graph difference({1, 1}, "INT6");
    const std::string whole = difference.quant(6, 1).x();
    difference.add("Sub", {whole, difference.from("x").bipolar(scale).x()});
    EXPECT_EQ(count(expect_same(difference.done()), "add"), scale == 0.5 ? 0 : 1);
  }
  Graph negative({1, 1}, "INT6");
  const std::string threes = negative.quant(4, 3).x();
  negative.add("Add", {threes, negative.from("x").quant(4, -2).x()});
  EXPECT_EQ(count(expect_same(negative.done()), "add"), 0);
}

TEST(LoweringResidual, levels_of_a_sum_that_a_channel_never_or_always_reaches) {
  Graph g({1, 4}, "INT4");
  g.then("Mul", {g.constant({{1, 4}, {1, 0.25, -0.25, 0.5}})}).then("Add", {g.constant({{1, 4}, {0, 0, 0, 6}})});
  rebnet(g, {5, 2, 1}, 1, {1});
  const ir::Network network = expect_same(g.done());
  EXPECT_EQ(count(network, "threshold"), 1);
}

TEST(LoweringResidual, sums_that_rise_and_fall_stay_sums) {
  Graph g({1, 3}, "INT5");
  const std::string up = g.quant(3, 2).x();
  const std::string down = g.from("x").then("Add", {g.constant({{1, 3}, {3, -2, 0}})}).then("Neg").quant(3, 2).x();
  g.add("Add", {up, down});
  EXPECT_EQ(count(expect_same(g.matmul(signs({3, 2})).done()), "add"), 1);
}

TEST(LoweringResidual, quantizers_of_different_tensors_stay_sums) {
  Graph g({1, 3}, "INT5");
  const std::string x = g.quant(3, 2).x();
  g.from("x").matmul(signs({3, 3})).quant(3, 2);
  g.add("Add", {x, g.x()});
  EXPECT_EQ(count(expect_same(g.done()), "add"), 1);
}

TEST(LoweringResidual, a_summand_is_kept_for_another_reader) {
  Graph g({1, 3}, "INT5");
  const std::string sign = g.bipolar(2).x();
  const std::string sum = g.add("Add", {sign, g.from("x").then("Sub", {g.scalar(4)}).bipolar(1).x()});
  g.matmul(signs({3, 2}));
  const std::string first = g.x();
  g.from(sign).matmul(signs({3, 2}, 2));
  const ir::Network network = expect_same(g.done({first, g.x()}));
  EXPECT_EQ(count(network, "threshold"), 2);
  EXPECT_EQ(count(network, "add"), 0);
}

}  // namespace
}  // namespace bitloom::lower::test
