// SPDX-License-Identifier: Apache-2.0
//
// Networks of given shapes as ONNX files, for runtimes that have 8-bit integers and floats only.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "topology.h"

namespace bitloom::bench {

enum class Arithmetic {
  kFloat,  ///< Conv, Gemm, Relu, MaxPool on float32
  kInt8,   ///< QLinearConv, QLinearMatMul, MaxPool: unsigned activations, signed weights, one scale a tensor. Saturation at
           ///< the zero point 0 is the ReLU.
};

/// Writes a model with random weights (by a fixed seed) whose first dimension, the number of images, is left open. ReLU
/// stands for the thresholds of a quantized network: the least that any runtime does there. Throws Error if the file cannot
/// be written.
void write_onnx(const std::vector<Layer>& layers, const std::string& name, Arithmetic arithmetic,
                const std::filesystem::path& path);

}  // namespace bitloom::bench
