// SPDX-License-Identifier: Apache-2.0
//
// Lowering keeps what the quant graph means, evaluated in float64: on every integer that a chain can meet, and on random
// graphs of every operator that a network consists of.
#include <cmath>

#include <gtest/gtest.h>

#include "bitloom/lower.h"
#include "conformance/random_graph.h"
#include "support/property.h"

namespace bitloom {
namespace {

using frontend::Array;
using frontend::QuantGraph;

// The graph's outputs for one image of integers, in the network's own order of elements.
std::vector<double> by_graph(const QuantGraph& graph, const ir::Tensor& inputs, int64_t image) {
  const std::span<const int32_t> values = inputs.image(image);
  Array array{graph.inputs[0].shape, std::vector<double>(values.size())};
  const ir::Shape& shape = inputs.shape;
  const bool channels_first = array.shape.size() == 4;
  const int64_t area = int64_t{shape.height} * shape.width;
  for (int64_t p = 0; p < area; ++p) {
    for (int64_t c = 0; c < shape.channels; ++c) {
      array.data[static_cast<size_t>(channels_first ? c * area + p : p * shape.channels + c)] =
          values[static_cast<size_t>(p * shape.channels + c)];
    }
  }
  const Array result = lower::evaluate(graph, {{graph.inputs[0].name, array}}).at(graph.outputs[0]);
  if (result.shape.size() != 4) return result.data;
  std::vector<double> data(result.data.size());
  const int64_t channels = result.shape[1];
  const int64_t pixels = result.shape[2] * result.shape[3];
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t p = 0; p < pixels; ++p) {
      data[static_cast<size_t>(p * channels + c)] = result.data[static_cast<size_t>(c * pixels + p)];
    }
  }
  return data;
}

void expect_same(const QuantGraph& graph, const ir::Network& network, const ir::Tensor& inputs) {
  const std::vector<ir::Tensor> outputs = ir::evaluate(network, std::span(&inputs, 1));
  const auto& layer = std::get<ir::Output>(network.nodes[static_cast<size_t>(network.outputs[0])].layer);
  for (int64_t image = 0; image < inputs.images; ++image) {
    ASSERT_EQ(ir::reals(layer, outputs[0].image(image)), by_graph(graph, inputs, image)) << "image " << image;
  }
}

TEST(Exactness, PropertyRandomGraphsGiveTheSameNumbers) {
  const uint64_t cases = test::cases(250);
  for (uint64_t seed = 0; seed < cases; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const QuantGraph graph = test::random_graph(seed);
    const ir::Network network = lower::lower(graph);
    expect_same(graph, network, ir::random_inputs(network, 3, seed)[0]);
    if (HasFatalFailure()) return;
  }
}

TEST(Exactness, PropertyChainsAgreeOnEveryIntegerOfTheirRange) {
  const uint64_t cases = test::cases(150);
  for (uint64_t seed = 0; seed < cases; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const QuantGraph graph = test::random_chain(seed);
    const ir::Network network = lower::lower(graph);
    const ir::Node& input = network.nodes[static_cast<size_t>(network.inputs()[0])];
    const ir::Range range = input.type.range();
    ir::Tensor every{input.type.shape, int64_t{range.highest} - range.lowest + 1, {}};
    for (int32_t value = range.lowest; value <= range.highest; ++value) {
      every.values.insert(every.values.end(), static_cast<size_t>(input.type.shape.channels), value);
    }
    expect_same(graph, network, every);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace bitloom
