// SPDX-License-Identifier: Apache-2.0
//
// Images and labels as tensors.
#pragma once

#include <cstdint>
#include <span>

#include "augment.h"
#include "tensor.h"

namespace bitloom::train {

/// The integers that the network reads, [image][channel][y][x] with channels last in memory, 8 bits. `changes`: one an
/// index, or none.
at::Tensor load_images(const data::Images& images, std::span<const int32_t> indices, std::span<const Change> changes,
                       Input input);

at::Tensor load_labels(const std::vector<int32_t>& labels, std::span<const int32_t> indices);

}  // namespace bitloom::train
