// SPDX-License-Identifier: Apache-2.0
//
// The layout of CIFAR-10's binary version, shared by its reader and by the conversion that `fetch` does.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "bitloom/data.h"

namespace bitloom::data {

inline constexpr size_t kCifarPlane = 32 * 32;
inline constexpr size_t kCifarRecord = 1 + 3 * kCifarPlane;

/// The names of the ten classes, in the order of their labels.
std::vector<std::string> cifar10_classes();

}  // namespace bitloom::data
