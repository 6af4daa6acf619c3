// SPDX-License-Identifier: Apache-2.0
//
// The one thing to test of an engine: it computes what ir::evaluate says.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "bitloom/engine.h"
#include "bitloom/ir.h"

namespace bitloom::test {

inline void expect_agreement(const ir::Network& network, const std::vector<ir::Tensor>& inputs, int threads = 1) {
  const std::vector<ir::Tensor> expected = ir::evaluate(network, inputs);
  for (const std::string_view target : engine::targets()) {
    const engine::Program program(network, {.threads = threads, .target = std::string(target)});
    const std::vector<ir::Tensor> found = program.run(inputs);
    ASSERT_EQ(found.size(), expected.size());
    for (size_t i = 0; i < found.size(); ++i) {
      ASSERT_EQ(found[i].shape, expected[i].shape);
      ASSERT_EQ(found[i].images, expected[i].images);
      for (size_t v = 0; v < expected[i].values.size(); ++v) {
        ASSERT_EQ(found[i].values[v], expected[i].values[v])
            << "output " << i << ", value " << v << ", threads " << threads << ", target " << target << "\n"
            << ir::print(network, ir::WeightText::kOmitted);
      }
    }
  }
}

/// Agreement on random inputs.
inline void expect_agreement(const ir::Network& network, int64_t images = 2) {
  expect_agreement(network, ir::random_inputs(network, images, 1));
}

/// A network of one input and layers in a row; every layer's result is an output if `all`, else the last one's.
inline ir::Network chain(const ir::Shape& shape, const ir::Encoding& encoding, const std::vector<ir::Layer>& layers,
                         bool all = false) {
  ir::Network network;
  network.name = "chain";
  ir::NodeId last = network.add("x", ir::Input{shape, encoding, std::nullopt});
  for (const ir::Layer& layer : layers) {
    last = network.add(fmt::format("{}{}", ir::layer_name(layer), last), layer, {last});
    if (all) network.outputs.push_back(last);
  }
  if (!all) network.outputs = {last};
  return network;
}

/// A Dot for an input of `in_channels`, with random weights that have levels of their encoding.
inline ir::Dot random_dot(const ir::Encoding& encoding, int64_t in_channels, int64_t out_channels,
                          const ir::Window& window = {}, int32_t groups = 1) {
  std::mt19937_64 random(static_cast<uint64_t>(in_channels * 1000 + out_channels));
  const std::vector<uint32_t> levels = encoding.level_codes();
  const int64_t columns = int64_t{window.kernel_h} * window.kernel_w * in_channels / groups;
  std::vector<uint32_t> codes(static_cast<size_t>(out_channels * columns));
  for (uint32_t& code : codes) code = levels[random() % levels.size()];
  return {window, groups, encoding, ir::BitMatrix(out_channels, columns, encoding.planes(), codes)};
}

/// Thresholds spread over -reach .. reach, a row a channel, every third row descending.
inline ir::Threshold spread_threshold(const ir::Encoding& encoding, int32_t channels, int32_t reach) {
  ir::Threshold layer{encoding, channels, {}, {}};
  const auto steps = static_cast<int32_t>(encoding.levels().size()) - 1;
  for (int32_t c = 0; c < channels; ++c) {
    for (int32_t s = 0; s < steps; ++s) {
      layer.thresholds.push_back(static_cast<int32_t>(int64_t{2} * reach * (s + 1) / (steps + 1)) - reach + c % 5 - 2);
    }
    layer.descending.push_back(c % 3 == 2);
  }
  return layer;
}

inline ir::Window square(int32_t kernel, int32_t stride = 1, int32_t pad = 0, int32_t dilation = 1) {
  return {kernel, kernel, stride, stride, pad, pad, pad, pad, dilation, dilation};
}

}  // namespace bitloom::test
