// SPDX-License-Identifier: Apache-2.0
//
// What a network answers: the one that is being trained, lowered to integers and run by the engine, since that is what its
// user will run. Needs no LibTorch.
#pragma once

#include <cstdint>
#include <vector>

#include "bitloom/data.h"
#include "bitloom/ir.h"
#include "export.h"

namespace bitloom::train {

/// The network that the exported file becomes when it is read again.
ir::Network lowered(const TrainedNetwork& network, const std::vector<std::string>& classes);

/// The predicted class of the images first .. first + count - 1.
std::vector<int32_t> predictions(const ir::Network& network, const data::Images& images, int64_t first, int64_t count,
                                 int threads);

}  // namespace bitloom::train
