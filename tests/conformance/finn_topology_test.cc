// SPDX-License-Identifier: Apache-2.0
//
// FINN topologies all the way: a small BinaryNet in JSON and NPZ gives what its definition says, computed here by plain
// loops over the real parameters, and a convolutional one what its quant graph says.
#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "bitloom/engine.h"
#include "bitloom/lower.h"
#include "frontend/finn_building.h"

namespace bitloom {
namespace {

/// Fixed random reals in -1 .. 1.
class Reals {
 public:
  explicit Reals(uint64_t seed) : state_(seed) {}
  float next() {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<float>(static_cast<double>(state_ >> 33) / (1U << 30) - 1);
  }
  data::NpyArray array(std::vector<int64_t> shape) {
    int64_t elements = 1;
    for (const int64_t size : shape) elements *= size;
    std::vector<float> values(static_cast<size_t>(elements));
    for (float& value : values) value = next();
    return test::npy(std::move(shape), std::move(values));
  }

 private:
  uint64_t state_;
};

double at(const data::NpyArray& array, size_t i) { return std::get<std::vector<float>>(array.data)[i]; }

// One layer of BinaryNet: sign of the weights, bias, batch norm with beta, gamma, mean and inverse deviation.
std::vector<double> layer(const std::vector<double>& x, const std::vector<data::NpyArray>& arrays, size_t first) {
  const auto outputs = static_cast<size_t>(arrays[first].shape[1]);
  std::vector<double> y(outputs);
  for (size_t n = 0; n < outputs; ++n) {
    for (size_t k = 0; k < x.size(); ++k) y[n] += x[k] * (at(arrays[first], k * outputs + n) >= 0 ? 1 : -1);
    y[n] += at(arrays[first + 1], n);
    y[n] =
        (y[n] - at(arrays[first + 4], n)) * at(arrays[first + 5], n) * at(arrays[first + 3], n) + at(arrays[first + 2], n);
  }
  return y;
}

TEST(FinnTopology, a_fully_connected_binary_net_computes_its_definition) {
  constexpr int64_t kIn = 49, kHidden = 20, kOut = 5;
  Reals reals(1);
  std::vector<data::NpyArray> arrays;
  for (const auto& [in, out] : {std::pair{kIn, kHidden}, std::pair{kHidden, kOut}}) {
    arrays.push_back(reals.array({in, out}));
    for (int i = 0; i < 5; ++i) arrays.push_back(reals.array({out}));
  }
  const std::string json = R"({"input": {"shape": [1, 7, 7]}, "layers": [
      {"kind": "dense", "outputs": 20}, {"kind": "batchnorm"}, {"kind": "activation"},
      {"kind": "dense", "outputs": 5}, {"kind": "batchnorm"}]})";
  const ir::Network network = lower::lower(frontend::read_finn_json(json, test::npz_in_order(arrays), "net.json"));
  const std::vector<ir::Tensor> inputs = ir::random_inputs(network, 50, 3);
  const std::vector<ir::Tensor> outputs = engine::Program(network).run(inputs);
  const auto& meaning = std::get<ir::Output>(network.nodes[static_cast<size_t>(network.outputs[0])].layer);
  for (int64_t image = 0; image < 50; ++image) {
    std::vector<double> x;
    for (const int32_t pixel : inputs[0].image(image)) x.push_back(pixel >= 128 ? 1 : -1);
    std::vector<double> hidden = layer(x, arrays, 0);
    for (double& h : hidden) h = h >= 0 ? 1 : -1;
    const std::vector<double> expected = layer(hidden, arrays, 6);
    const std::vector<double> logits = ir::reals(meaning, outputs[0].image(image));
    ASSERT_EQ(logits.size(), expected.size());
    for (size_t c = 0; c < expected.size(); ++c) EXPECT_NEAR(logits[c], expected[c], 1e-9) << image << " " << c;
  }
}

TEST(FinnTopology, a_convolutional_net_computes_its_quant_graph) {
  Reals reals(2);
  std::vector<data::NpyArray> arrays{reals.array({6, 2, 3, 3})};
  for (int i = 0; i < 4; ++i) arrays.push_back(reals.array({6}));
  arrays.push_back(reals.array({24, 3}));
  const std::string json = R"({"input": {"shape": [2, 4, 4], "pixels": "fixed8"}, "layers": [
      {"kind": "conv", "kernel": 3, "pad": "same", "bias": false}, {"kind": "maxpool", "size": 2}, {"kind": "batchnorm"},
      {"kind": "activation"}, {"kind": "dense", "outputs": 3, "bias": false}]})";
  const frontend::QuantGraph graph = frontend::read_finn_json(json, test::npz_in_order(arrays), "net.json");
  const ir::Network network = lower::lower(graph);
  const std::vector<ir::Tensor> inputs = ir::random_inputs(network, 20, 4);
  const std::vector<ir::Tensor> outputs = engine::Program(network).run(inputs);
  const auto& meaning = std::get<ir::Output>(network.nodes[static_cast<size_t>(network.outputs[0])].layer);
  for (int64_t image = 0; image < 20; ++image) {
    frontend::Array x{graph.inputs[0].shape, std::vector<double>(32)};
    for (size_t p = 0; p < 16; ++p) {
      for (size_t c = 0; c < 2; ++c) x.data[c * 16 + p] = inputs[0].image(image)[p * 2 + c];
    }
    const frontend::Array expected = lower::evaluate(graph, {{graph.inputs[0].name, x}}).at(graph.outputs[0]);
    const std::vector<double> logits = ir::reals(meaning, outputs[0].image(image));
    for (size_t c = 0; c < 3; ++c) EXPECT_NEAR(logits[c], expected.data[c], 1e-9) << image << " " << c;
  }
}

}  // namespace
}  // namespace bitloom
