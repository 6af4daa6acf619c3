// SPDX-License-Identifier: Apache-2.0
//
// Whether a recipe and images fit together, and what follows from both. Needs no LibTorch.
#pragma once

#include <cstdint>
#include <string>

#include "architecture.h"
#include "bitloom/data.h"
#include "bitloom/train.h"

namespace bitloom::train {

/// Throws Error if the images cannot be trained on with this recipe, saying why.
void check_inputs(const Recipe& recipe, const data::DataSet& training, const data::DataSet& test);

/// The recipe's network for images of this size and these classes.
Architecture plan(const Recipe& recipe, const data::DataSet& training);

/// Differs for other images or labels.
std::string fingerprint(const data::DataSet& set);

}  // namespace bitloom::train
