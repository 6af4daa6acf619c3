// SPDX-License-Identifier: Apache-2.0
//
// Network -> steps over buffers.
#pragma once

#include <cstdint>
#include <vector>

#include "bitloom/engine.h"
#include "frame.h"
#include "kernels.h"
#include "steps.h"

namespace bitloom::engine {

/// An Input node's buffer. `run` points it at the caller's numbers if they have the right type, or fills it.
struct InputBuffer {
  BufferId to = 0;
  bool bytes = false;  ///< bytes with an offset of 0, or integers
  bool fill = false;   ///< always filled: a step reads a few bytes past its end
};

struct Compiled {
  std::vector<Step> steps;
  std::vector<StepInfo> infos;  ///< one a step
  Offsets buffers;
  int64_t scratch_bytes = 0;  ///< that the hungriest step needs for all images in flight
  int64_t images_in_flight = 1;
  int64_t parameter_bytes = 0;
  std::vector<InputBuffer> inputs;
  std::vector<BufferId> outputs;  ///< integers of each output of the network
};

/// Compiles a network that `ir::verify` accepts, for some kernels.
Compiled compile(const ir::Network& network, const Kernels& kernels);

}  // namespace bitloom::engine
