// SPDX-License-Identifier: Apache-2.0
//
// A trained network as plain values, and as a QONNX file. Needs no LibTorch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bitloom::train {

/// Batch normalization at inference: y = (x - mean) / sqrt(variance + kNormEpsilon) * scale + offset, one value of each a
/// channel, or a single one for all channels alike.
struct TrainedNorm {
  std::vector<float> scale, offset, mean, variance;
};

inline constexpr float kNormEpsilon = 1e-5F;

/// Fully connected: weights of -1 and +1, [input][output].
struct TrainedLayer {
  int64_t inputs = 0, outputs = 0;
  std::vector<int8_t> weights;
  TrainedNorm norm;
};

/// Reads images as -1 (dark) and +1, [channel][y][x]; every layer but the last ends with the sign of its norm.
struct TrainedNetwork {
  std::string name;
  int64_t channels = 1, height = 0, width = 0;
  std::vector<TrainedLayer> layers;  ///< the last one's norm is for all channels alike
};

/// The bytes of an ONNX file with the operators that Brevitas exports such networks with: the input in 0 .. 1, times 2
/// minus 1, BipolarQuant; per layer BipolarQuant of the weights, MatMul, BatchNormalization, BipolarQuant; at last a scale
/// and an offset. Weights are 8-bit integers and a Cast, a quarter of what floats would take.
std::string qonnx_bytes(const TrainedNetwork& network);

}  // namespace bitloom::train
