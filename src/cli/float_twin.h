// SPDX-License-Identifier: Apache-2.0
//
// A float network of the same shapes, for runtimes that know nothing of bit planes.
#pragma once

#include <string>

#include "bitloom/ir.h"

namespace bitloom::cli {

/// The bytes of a plain ONNX file (operator set 13, float32, NCHW, any number of images) with an operator a layer: Conv or
/// Gemm with the values of the weights, ReLU for thresholds, which is the least that a float network would do there,
/// MaxPool, AveragePool for sums, and what ONNX has for the others. It does the work of the network, and gives other
/// numbers. Throws Unsupported, naming the node, for a SumPool with dilation (AveragePool has none in this operator set),
/// and for a network whose weights exceed the 2 GiB of an ONNX file.
std::string float_twin_bytes(const ir::Network& network);

}  // namespace bitloom::cli
