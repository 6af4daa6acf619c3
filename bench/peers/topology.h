// SPDX-License-Identifier: Apache-2.0
//
// What of a network remains for a runtime that has 8-bit integers or floats in place of bit planes: the shapes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bitloom/ir.h"

namespace bitloom::bench {

enum class LayerKind { kConvolution, kFullyConnected, kMaxPool };

struct Layer {
  LayerKind kind = LayerKind::kConvolution;
  std::string name;  ///< "conv 3x3 64->64 @30x30"
  ir::Shape input;
  ir::Shape output;
  ir::Window window;
  bool activated = false;  ///< an activation follows, so that the result may be kept in 8 bits

  /// Multiply-accumulates of one image.
  int64_t multiply_accumulates() const;
  /// Inputs that each output sums.
  int64_t fan_in() const { return int64_t{window.kernel_h} * window.kernel_w * input.channels; }
};

/// The layers of a network that is a chain of dots, thresholds and max-pools between one input and one output; thresholds
/// become `activated`. Throws Unsupported, naming the node, for other networks.
std::vector<Layer> topology(const ir::Network& network);

}  // namespace bitloom::bench
