// SPDX-License-Identifier: Apache-2.0
//
// The pictures and arrays that a command is given for a network.
#pragma once

#include <string>
#include <vector>

#include "bitloom/ir.h"

namespace bitloom::cli {

/// All inputs from files, and their labels if every file has some.
struct Inputs {
  ir::Tensor tensor;
  std::vector<int32_t> labels;
};

/// Images of one shape, one tensor after another. At least one.
ir::Tensor join(std::vector<ir::Tensor> parts);

/// Images, folders of them, or .npy files, joined; with `resize`, pictures are brought to the network's size. Throws Error
/// naming the file that does not fit. At least one path.
Inputs read_inputs(const ir::Network& network, const std::vector<std::string>& paths, bool resize);

}  // namespace bitloom::cli
