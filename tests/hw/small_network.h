// SPDX-License-Identifier: Apache-2.0
//
// Networks that are quick to build as hardware.
#pragma once

#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "bitloom/hw.h"

namespace bitloom::test {

inline ir::BitMatrix random_weights(int64_t rows, int64_t columns, int planes, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<uint32_t> codes(static_cast<size_t>(rows * columns));
  for (uint32_t& code : codes) code = static_cast<uint32_t>(random() % 2);
  return {rows, columns, planes, codes};
}

/// Six 2-bit numbers into two sums.
inline ir::Network tiny_network(uint64_t seed) {
  ir::Network network;
  network.name = "tiny";
  const ir::NodeId in = network.add("in", ir::Input{{1, 1, 6}, ir::Encoding::unsigned_bits(2), {}});
  const ir::NodeId sums =
      network.add("dense", ir::Dot{{}, 1, ir::Encoding::bipolar(), random_weights(2, 6, 1, seed)}, {in});
  network.outputs = {network.add("logits", ir::Output{}, {sums})};
  return network;
}

inline hw::Folding folding_of(std::vector<hw::LayerFolding> layers) {
  hw::Folding folding;
  folding.layers = std::move(layers);
  return folding;
}

inline hw::Folding tiny_folding() { return folding_of({{.name = "dense", .pe = 1, .simd = 2}}); }

/// Two convolutions, one of them padded, of one and of two bits, a pool and a dense layer.
inline ir::Network small_network() {
  ir::Network network;
  network.name = "small";
  const ir::NodeId image = network.add("image", ir::Input{{6, 6, 2}, ir::Encoding::unsigned_bits(8), {}});
  ir::Dot conv0{{.kernel_h = 3, .kernel_w = 3}, 1, ir::Encoding::bipolar(), random_weights(4, 18, 1, 1)};
  const ir::NodeId sums0 = network.add("conv0", conv0, {image});
  const ir::NodeId act0 =
      network.add("conv0.act", ir::Threshold{ir::Encoding::bipolar(), 4, {-50, 0, 90, 200}, {0, 0, 1, 0}}, {sums0});
  ir::Dot conv1{{.kernel_h = 3, .kernel_w = 3, .pad_top = 1, .pad_left = 1, .pad_bottom = 1, .pad_right = 1},
                1,
                ir::Encoding::ternary(),
                random_weights(6, 36, 2, 2)};
  const ir::NodeId sums1 = network.add("conv1", conv1, {act0});
  std::vector<int32_t> thresholds;
  for (int row = 0; row < 6; ++row)
    for (const int t : {-5, 0, 5}) thresholds.push_back(t + row);
  const ir::NodeId act1 =
      network.add("conv1.act", ir::Threshold{ir::Encoding::isometric(2), 6, thresholds, {0, 0, 0, 0, 0, 0}}, {sums1});
  const ir::NodeId pool =
      network.add("pool", ir::MaxPool{{.kernel_h = 2, .kernel_w = 2, .stride_h = 2, .stride_w = 2}}, {act1});
  const ir::NodeId flat = network.add("flat", ir::Reshape{{1, 1, 24}, false}, {pool});
  const ir::NodeId logits =
      network.add("dense", ir::Dot{{}, 1, ir::Encoding::bipolar(), random_weights(5, 24, 1, 3)}, {flat});
  network.outputs = {network.add("logits", ir::Output{}, {logits})};
  ir::verify(network);
  return network;
}

/// Two inputs, of codes and of plain integers, and two outputs.
inline ir::Network branched_network() {
  ir::Network network;
  network.name = "branched";
  const ir::NodeId a = network.add("a", ir::Input{{2, 2, 4}, ir::Encoding::bipolar(), {}});
  const ir::NodeId b = network.add("b", ir::Input{{2, 2, 4}, ir::Range{-9, 9}, {}});
  const ir::NodeId sums = network.add("conv", ir::Dot{{}, 1, ir::Encoding::bipolar(), random_weights(4, 4, 1, 7)}, {a});
  const ir::NodeId both = network.add("both", ir::Add{{2, -1}}, {sums, b});
  network.outputs = {network.add("sums", ir::Output{}, {sums}), network.add("added", ir::Output{}, {both})};
  return network;
}

/// What an action throws, or "" if nothing.
inline std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace bitloom::test
