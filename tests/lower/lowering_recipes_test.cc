// SPDX-License-Identifier: Apache-2.0
//
// Networks as the published recipes train them (LSQ, DoReFa, XNOR-Net, residual networks), from pixels to logits: each
// layer in the encoding that it should have, and the numbers of the graph.
#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "lower/lowering_support.h"

namespace bitloom::lower::test {
namespace {

// Numbers of 8 significant bits, so that float64 computes every sum and product of the graph exactly.
Array coarse(Dims shape, uint64_t seed) {
  Array result = numbers(std::move(shape), 128, 255, seed);
  for (double& x : result.data) x /= 1024;
  return result;
}
double coarse(uint64_t seed) { return coarse({1}, seed).data[0]; }

// Real weights between -1 and 1.
Array latent(Dims shape, uint64_t seed) {
  Array result = numbers(std::move(shape), -1000, 1000, seed);
  for (double& x : result.data) x /= 1000;
  return result;
}

std::vector<const ir::Dot*> dots(const ir::Network& network) {
  std::vector<const ir::Dot*> result;
  for (const ir::Node& node : network.nodes) {
    if (const auto* dot = std::get_if<ir::Dot>(&node.layer)) result.push_back(dot);
  }
  return result;
}

ir::Encoding dot_input(const ir::Network& network, size_t index) {
  for (const ir::Node& node : network.nodes) {
    if (!std::holds_alternative<ir::Dot>(node.layer)) continue;
    if (index-- == 0) return *network.nodes[static_cast<size_t>(node.inputs[0])].type.encoding();
  }
  throw Error("no such dot");
}

struct WeightKind {
  const char* name;
  int bits;
  bool is_signed, narrow;
  ir::Encoding encoding;
};

const WeightKind kWeightKinds[] = {
    {"bipolar", 1, true, false, ir::Encoding::bipolar()},
    {"binary", 1, false, false, ir::Encoding::unsigned_bits(1)},
    {"ternary", 2, true, true, ir::Encoding::ternary()},
    {"signed2", 2, true, false, ir::Encoding::signed_bits(2)},
    {"unsigned2", 2, false, false, ir::Encoding::unsigned_bits(2)},
    {"signed3n", 3, true, true, ir::Encoding::signed_bits(3, true)},
    {"signed4", 4, true, false, ir::Encoding::signed_bits(4)},
    {"signed8n", 8, true, true, ir::Encoding::signed_bits(8, true)},
    {"signed8", 8, true, false, ir::Encoding::signed_bits(8)},
};

// Weights of this kind that take all of its values; `scale` broadcasts against them.
std::string quant_weights(Graph& g, const WeightKind& kind, const Dims& shape, Array scale, uint64_t seed) {
  Array real = numbers(shape, -(1 << kind.bits), 1 << kind.bits, seed);
  const double step = *std::max_element(scale.data.begin(), scale.data.end());
  for (double& x : real.data) x *= step;
  const std::string x = g.x();
  const std::string result =
      g.add("Quant", {g.constant(real), g.constant(std::move(scale)), g.scalar(0), g.scalar(kind.bits)},
            {{"signed", int64_t{kind.is_signed}}, {"narrow", int64_t{kind.narrow}}});
  g.from(x);
  return result;
}

// Between products: a batch norm with slopes of both signs, and an activation of `bits` with a learned scale.
Graph& normalized(Graph& g, size_t channels, double spread, uint64_t seed) {
  const Array gamma = latent({static_cast<int64_t>(channels)}, seed), beta = latent(gamma.shape, seed + 1);
  Array variance = coarse(gamma.shape, seed + 2);
  for (double& v : variance.data) v *= 16 * spread * spread;
  return g.batch_norm(gamma.data, beta.data, latent(gamma.shape, seed + 3).data, variance.data);
}

TEST(LoweringRecipes, lsq_weights_become_their_integers) {
  for (const WeightKind& kind : kWeightKinds) {
    for (const bool per_channel : {false, true}) {
      SCOPED_TRACE(testing::Message() << kind.name << (per_channel ? ", a scale a channel" : ""));
      Graph flat({1, 24}, "INT3");
      flat.then("MatMul", {quant_weights(flat, kind, {24, 40}, coarse(per_channel ? Dims{1, 40} : Dims{}, 3), 1)});
      EXPECT_EQ(dots(expect_same(flat.done()))[0]->encoding, kind.encoding);
      for (const int64_t pad : {0, 1}) {
        Graph image({1, 3, 5, 5}, "INT3");
        const Array scale = coarse(per_channel ? Dims{40, 1, 1, 1} : Dims{1}, 4);
        image.then("Conv", {quant_weights(image, kind, {40, 3, 3, 3}, scale, 2)},
                   {{"kernel_shape", Ints{3, 3}}, {"pads", Ints{pad, pad, pad, pad}}});
        normalized(image, 40, 4, 5).quant(2, coarse(6), {.is_signed = false});
        EXPECT_EQ(dots(expect_same(image.done()))[0]->encoding, kind.encoding);
      }
    }
  }
}

TEST(LoweringRecipes, depthwise_convolutions_of_every_weight_kind) {
  for (const WeightKind& kind : kWeightKinds) {
    for (const bool per_channel : {false, true}) {
      SCOPED_TRACE(testing::Message() << kind.name << (per_channel ? ", a scale a channel" : ""));
      Graph g({1, 32, 5, 4}, "BIPOLAR");
      const Array scale = coarse(per_channel ? Dims{32, 1, 1, 1} : Dims{}, 8);
      g.then("Conv", {quant_weights(g, kind, {32, 1, 3, 3}, scale, 2)},
             {{"kernel_shape", Ints{3, 3}}, {"pads", Ints{1, 1, 1, 1}}, {"group", int64_t{32}}});
      normalized(g, 32, 2, 9).bipolar(coarse(1)).conv(signs({4, 32, 1, 1}));
      EXPECT_EQ(dots(expect_same(g.done()))[0]->encoding, kind.encoding);
    }
  }
}

TEST(LoweringRecipes, lsq_activations_become_their_integers) {
  for (int bits = 1; bits <= 8; ++bits) {
    for (const bool is_signed : {false, true}) {
      for (const bool narrow : {false, true}) {
        if (bits == 1 && narrow) continue;
        SCOPED_TRACE(testing::Message() << bits << " bits, signed " << is_signed << ", narrow " << narrow);
        Graph g({1, 3, 5, 4}, "BIPOLAR");
        g.conv(signs({4, 3, 3, 3}));
        normalized(g, 4, 2, 3).quant(bits, coarse(2) * std::ldexp(1, 4 - bits), {.is_signed = is_signed, .narrow = narrow});
        expect_same(g.conv(signs({2, 4, 3, 3}), {1, 1, 1, 1}).done());
      }
    }
  }
}

// DoReFa's weights: 2 q / (2^k - 1) - 1, behind a quantizer whose integers are all odd.
std::string dorefa_weights(Graph& g, int k, const Dims& shape, uint64_t seed) {
  const int steps = (1 << k) - 1;
  Array real = numbers(shape, 0, steps, seed);
  for (double& x : real.data) x = static_cast<float>((2 * x - steps) / steps);
  const std::string x = g.x();
  const std::string result =
      g.add("Quant", {g.constant(real), g.scalar(static_cast<float>(1.0 / steps)), g.scalar(0), g.scalar(k + 1)},
            {{"signed", int64_t{1}}, {"narrow", int64_t{1}}});
  g.from(x);
  return result;
}

Graph& dorefa_activations(Graph& g, int k) {
  return g.quant(k, static_cast<float>(1.0 / ((1 << k) - 1)), {.is_signed = false});
}

TEST(LoweringRecipes, dorefa_weights_are_isometric) {
  for (int k = 1; k <= 8; ++k) {
    SCOPED_TRACE(k);
    Graph g({1, 3, 16, 16});
    g.then("Conv", {dorefa_weights(g, 8, {6, 3, 3, 3}, 1)}, {{"kernel_shape", Ints{3, 3}}, {"pads", Ints{1, 1, 1, 1}}});
    normalized(g, 6, 1, 2);
    dorefa_activations(g, k).then("Conv", {dorefa_weights(g, k, {40, 6, 3, 3}, 3)},
                                  {{"kernel_shape", Ints{3, 3}}, {"pads", Ints{1, 0, 0, 1}}, {"strides", Ints{3, 3}}});
    normalized(g, 40, 4, 4);
    dorefa_activations(g, 8).then("Flatten").then("MatMul", {dorefa_weights(g, 8, {40 * 25, 10}, 5)});
    const ir::Network network = expect_same(g.done(), {.tolerance = 1e-12});
    EXPECT_EQ(dots(network)[0]->encoding, ir::Encoding::isometric(8));
    EXPECT_EQ(dots(network)[1]->encoding, ir::Encoding::isometric(k));
    EXPECT_EQ(dots(network)[2]->encoding, ir::Encoding::isometric(8));
    EXPECT_EQ(dot_input(network, 0), ir::Encoding::unsigned_bits(8));
    EXPECT_EQ(dot_input(network, 1), ir::Encoding::unsigned_bits(k));
    EXPECT_EQ(dot_input(network, 2), ir::Encoding::unsigned_bits(8));
  }
}

TEST(LoweringRecipes, xnor_net_scales_go_into_thresholds_and_output) {
  for (const int64_t pad : {0, 1}) {
    Graph g({1, 5, 6, 6}, "BIPOLAR");
    const std::string conv =
        g.add("BipolarQuant", {g.constant(latent({7, 5, 3, 3}, 1)), g.constant(coarse({7, 1, 1, 1}, 2))});
    g.from("x").then("Conv", {conv}, {{"kernel_shape", Ints{3, 3}}, {"pads", Ints{pad, pad, pad, pad}}});
    g.max_pool(2, 2);
    normalized(g, 7, 1, 3).bipolar().then("Flatten");
    const std::string features = g.x();
    const int64_t inputs = pad == 0 ? 28 : 63;
    const std::string matrix = g.add("BipolarQuant", {g.constant(latent({inputs, 4}, 4)), g.constant(coarse({1, 4}, 5))});
    const ir::Network network = expect_same(g.from(features).then("MatMul", {matrix}).done());
    for (const ir::Dot* dot : dots(network)) EXPECT_EQ(dot->encoding, ir::Encoding::bipolar());
    EXPECT_EQ(std::get<ir::Output>(network.nodes.back().layer).scale, coarse({4}, 5).data);
  }
}

TEST(LoweringRecipes, pixels_around_zero_are_signed_bytes) {
  for (const int64_t pad : {0, 1}) {
    for (const bool quantized : {true, false}) {
      SCOPED_TRACE(testing::Message() << "pad " << pad << ", quantized " << quantized);
      Graph g({1, 3, 16, 16});
      g.then("Mul", {g.scalar(255)}).then("Sub", {g.scalar(128)}).then("Mul", {g.scalar(0.0078125)});
      if (quantized) g.quant(8, 0.0078125);
      g.conv(signs({4, 3, 3, 3}), {pad, pad, pad, pad});
      const ir::Network network = expect_same(g.done(), {.tolerance = 1e-14});
      if (quantized || pad > 0) {
        const ir::Encoding found = dot_input(network, 0);
        EXPECT_EQ(found.levels(), ir::Encoding::signed_bits(8).levels());
        EXPECT_EQ(std::get<ir::Output>(network.nodes.back().layer).offset, std::vector<double>{0});
      }
      if (quantized) {
        // Each pixel goes to its own code, whatever 255 * (p / 255) is in float64.
        std::vector<int32_t> identity;
        for (int32_t p = 1; p < 256; ++p) identity.push_back(p);
        EXPECT_EQ(std::get<ir::Threshold>(network.nodes[1].layer).thresholds, identity);
      }
    }
  }
}

TEST(LoweringRecipes, pixels_from_minus_one_to_one_are_odd_numbers) {
  for (const int64_t pad : {0, 1}) {
    Graph g({1, 1, 16, 16});
    g.then("Mul", {g.scalar(2)}).then("Sub", {g.scalar(1)}).conv(signs({3, 1, 3, 3}), {pad, pad, pad, pad});
    const ir::Network network = expect_same(g.done(), {.tolerance = 1e-14});
    if (pad > 0) {
      EXPECT_EQ(dot_input(network, 0), ir::Encoding::isometric(8));
    }
  }
}

TEST(LoweringRecipes, an_offset_moves_into_the_quantizer_before_a_padded_product) {
  // +-1 as 0 and 1, and as 1 and 3: the same comparison in another code.
  for (const double offset : {1.0, 2.0, -3.0}) {
    SCOPED_TRACE(offset);
    Graph g({1, 2, 5, 5}, "INT4");
    g.bipolar().then("Add", {g.scalar(offset)}).then("Mul", {g.scalar(0.5)}).conv(signs({3, 2, 3, 3}), {1, 1, 1, 1});
    EXPECT_EQ(count(expect_same(g.done()), "threshold"), 1);
  }
  Graph pooled({1, 2, 6, 6}, "INT4");
  pooled.bipolar().max_pool(2, 2).then("Add", {pooled.scalar(1)}).conv(signs({3, 2, 3, 3}), {1, 1, 1, 1});
  expect_same(pooled.done());
  Graph falling({1, 2, 5, 5}, "INT4");
  falling.then("Neg").quant(2, 0.5, {.zero_point = 0.5}).conv(signs({3, 2, 3, 3}), {0, 1, 1, 0});
  expect_same(falling.done());
}

// x, and x after a convolution, both through one quantizer, added.
Graph residual_sum(const std::string& kind) {
  const auto quantize = [&](Graph& g) {
    const double scale = coarse(3);
    if (kind == "bipolar") {
      g.bipolar(scale);
    } else if (kind == "signed2") {
      g.quant(2, scale);
    } else {
      g.then("MultiThreshold", {g.constant({{1, 3}, {-1.5, 0, 1.5}})}, {{"out_scale", 2.0}, {"out_bias", -3.0}});
      g.then("Mul", {g.scalar(scale)});
    }
    return g.x();
  };
  Graph g({1, 4, 6, 6}, "INT3");
  const std::string identity = quantize(g);
  g.conv(signs({4, 4, 3, 3}, 5), {1, 1, 1, 1});
  normalized(g, 4, 1, 6);
  g.add("Add", {identity, quantize(g)});
  return g;
}

TEST(LoweringRecipes, residual_sums_go_on_through_a_norm_or_into_a_product) {
  const std::pair<const char*, int> kinds[] = {{"bipolar", 2}, {"signed2", 3}, {"isometric", 3}};
  for (const auto& [kind, planes] : kinds) {
    SCOPED_TRACE(kind);
    Graph norm = residual_sum(kind);
    normalized(norm, 4, 0.25, 7).bipolar(0.5).conv(signs({2, 4, 3, 3}), {1, 1, 1, 1});
    expect_same(norm.done());
    Graph direct = residual_sum(kind);
    direct.conv(signs({2, 4, 3, 3}), {1, 1, 1, 1});
    const ir::Network network = expect_same(direct.done());
    EXPECT_EQ(dot_input(network, 1).planes(), planes);
    if (planes == 2) {
      EXPECT_EQ(dot_input(network, 1), ir::Encoding::ternary());
    }
  }
}

TEST(LoweringRecipes, residual_sums_of_sums) {
  Graph g = residual_sum("bipolar");
  const std::string sum = g.x();
  g.conv(signs({4, 4, 3, 3}, 8), {1, 1, 1, 1}).bipolar(coarse(3));
  g.add("Add", {sum, g.x()});
  const ir::Network network = expect_same(g.conv(signs({3, 4, 3, 3}), {1, 1, 1, 1}).done());
  EXPECT_EQ(dot_input(network, 2), ir::Encoding::isometric(2));
}

TEST(LoweringRecipes, average_over_the_image_before_the_last_product) {
  for (const char* kind : {"bipolar", "signed2", "isometric"}) {
    SCOPED_TRACE(kind);
    Graph g = residual_sum(kind);
    g.then("GlobalAveragePool").then("Flatten").matmul(signs({4, 3}));
    const ir::Network network = expect_same(g.done(), {.tolerance = 1e-14});
    EXPECT_EQ(dot_input(network, 1).planes(), kind == std::string("bipolar") ? 7 : 8);
  }
  Graph quantized = residual_sum("isometric");
  quantized.then("GlobalAveragePool").then("Flatten").quant(8, 0.0625).matmul(signs({4, 3}));
  expect_same(quantized.done(), {.tolerance = 1e-14});
}

TEST(LoweringRecipes, last_layer_bare_or_with_one_scale_and_offset) {
  for (const bool scaled : {false, true}) {
    Graph g({1, 30}, "BIPOLAR");
    const std::string w = g.add("BipolarQuant", {g.constant(latent({30, 10}, 2)), g.scalar(1)});
    g.from("x").then("MatMul", {w});
    if (scaled) g.then("Mul", {g.scalar(0.3125)}).then("Add", {g.scalar(-0.75)});
    const ir::Network network = expect_same(g.done());
    const auto& output = std::get<ir::Output>(network.nodes.back().layer);
    EXPECT_EQ(output.scale, std::vector<double>{scaled ? 0.3125 : 1});
    EXPECT_EQ(output.offset, std::vector<double>{scaled ? -0.75 : 0});
  }
}

}  // namespace
}  // namespace bitloom::lower::test
