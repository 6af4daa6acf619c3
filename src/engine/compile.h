// SPDX-License-Identifier: Apache-2.0
//
// Network -> steps over buffers.
#pragma once

#include <cstdint>
#include <vector>

#include "bitloom/ir.h"
#include "frame.h"
#include "steps.h"

namespace bitloom::engine {

struct Compiled {
  std::vector<Step> steps;
  Offsets buffers;
  std::vector<BufferId> inputs;   ///< integers of each Input node, outside the frame
  std::vector<BufferId> outputs;  ///< integers of each output of the network
};

/// Compiles a network that `ir::verify` accepts.
Compiled compile(const ir::Network& network);

}  // namespace bitloom::engine
