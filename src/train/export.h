// SPDX-License-Identifier: Apache-2.0
//
// A trained network as plain values, and as a QONNX file. Needs no LibTorch.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "architecture.h"

namespace bitloom::train {

/// Batch normalization at inference: y = (x - mean) / sqrt(variance + kNormEpsilon) * scale + offset, one value of each a
/// channel, or a single one for all channels alike. Scale and offset are in units of the quantizer behind it.
struct TrainedNorm {
  std::vector<float> scale, offset, mean, variance;
};

/// What training has found for one node of an architecture.
struct TrainedNode {
  std::vector<int16_t> weights;     ///< of a product, in the order of weight_shape()
  std::vector<float> filter_scale;  ///< of a product by kXnor, one an output
  TrainedNorm norm;                 ///< of a quantizer with a norm, and of Logits::kNorm
  std::vector<float> alpha, shift;  ///< y = x * alpha + shift in place of the norm; see with_fixed_point
  float factor = 1;                 ///< of a quantizer without a norm and of Logits::kScale, units included
  std::vector<int32_t> gammas;      ///< of kResidual and kIsometric, in units, largest first
};

/// Logits of one norm for all classes: sums times the first, plus the second.
std::pair<float, float> logits_affine(const TrainedNorm& norm);

struct TrainedNetwork {
  std::string name;
  Architecture architecture;
  std::vector<TrainedNode> nodes;  ///< one a node of the architecture
};

/// The network as hardware with one multiplier computes it (isometric residual binarization, equation 10): for isometric
/// quantizers y = x * alpha - tau * alpha, both factors rounded to fixed point with 12 integer (sign included) and 12
/// fraction bits.
TrainedNetwork with_fixed_point(TrainedNetwork network);

/// True if with_fixed_point changes anything.
bool has_isometric(const Architecture& architecture);

/// The bytes of an ONNX file, operator set 13 with the operators of QONNX. The input is [1, channels, height, width] in
/// 0 .. 1; weights are 8-bit integers and a Cast where they fit, a quarter of what floats would take.
std::string qonnx_bytes(const TrainedNetwork& network);

}  // namespace bitloom::train
