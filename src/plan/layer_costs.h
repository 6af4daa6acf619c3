// SPDX-License-Identifier: Apache-2.0
//
// What a layer takes on a device.
#pragma once

#include <vector>

#include "bitloom/hw.h"
#include "bitloom/plan.h"

namespace bitloom::plan {

Amounts amounts_of(const hw::Resources& resources);

/// For each number of cycles that a folding of this network has, the cheapest ones, where LUTs and where blocks are dear.
/// Throws Unsupported where hardware does not handle the network.
std::vector<LayerOption> foldings_of(const ir::Network& network, const hw::Device& device, double clock_mhz);

/// On this machine's CPU with one thread, measured; and the bytes of its parameters.
LayerOption measured_on_cpu(const ir::Network& network);

}  // namespace bitloom::plan
