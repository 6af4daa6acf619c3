// SPDX-License-Identifier: Apache-2.0
//
// The networks that benchmarks run when no trained file should be needed: the topologies of FINN's CNV and of its fully
// connected LFC and SFC, and single layers of them, with random weights by a fixed seed. Thresholds lie where each
// channel's sums are expected, so that activations take all of their values about equally often, as in a trained network.
#pragma once

#include <string>
#include <vector>

#include "bitloom/ir.h"

namespace bitloom::bench {

/// CNV: 32 x 32 x 3 unsigned 8-bit pixels, six 3 x 3 convolutions without padding (64, 64, pool, 128, 128, pool, 256, 256
/// channels), fully connected 512, 512, 10. One bit is bipolar; two bits are -1, 0, +1, as in BNN-PYNQ's W2A2; more bits
/// are narrow signed weights and unsigned activations.
ir::Network cnv(int weight_bits, int activation_bits);

/// Fully connected and bipolar: sizes[0] pixels of 8 bits, each compared with a threshold, then layers of the other sizes.
/// {784, 1024, 1024, 1024, 10} is LFC, {784, 256, 256, 256, 10} is SFC. At least two sizes.
ir::Network fully_connected(const std::vector<int>& sizes);

/// A layer and its activations, bits as in `cnv`; 8 bits of input are pixels.
struct LayerShape {
  int size = 1;  ///< height and width of the image
  int channels_in = 1;
  int channels_out = 1;
  int kernel = 1;  ///< height and width, without padding; 1 on an image of 1 x 1: fully connected
  int weight_bits = 1;
  int input_bits = 1;
  int output_bits = 1;
};

/// The layer alone: pixels of 8 bits, quantized to its input, Dot and Threshold, of whose codes one channel is the output,
/// so that they stay packed as between two layers.
ir::Network one_layer(const LayerShape& shape);

}  // namespace bitloom::bench
