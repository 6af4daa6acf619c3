// SPDX-License-Identifier: Apache-2.0
//
// Whether a recipe and images fit together, and what follows from both.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bitloom/data.h"
#include "bitloom/train.h"

namespace bitloom::train {

/// Throws Error if the images cannot be trained on with this recipe, saying why.
void check_inputs(const Recipe& recipe, const data::DataSet& training, const data::DataSet& test);

/// Neurons of the input, each hidden layer, and the output.
std::vector<int64_t> layer_sizes(const Recipe& recipe, const data::DataSet& training);

/// Differs for other images or labels.
std::string fingerprint(const data::DataSet& set);

}  // namespace bitloom::train
