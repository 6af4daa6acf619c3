// SPDX-License-Identifier: Apache-2.0
//
// Other runtimes beside which `bitloom bench` measures.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bitloom/ir.h"

namespace bitloom::cli {

/// Throughput of another runtime for the network's float twin (float_twin.h).
struct PeerResult {
  std::string name;
  std::string version;
  int threads = 0;
  int64_t batch = 0;
  double images_per_second = 0;  ///< median
};

/// Names of the runtimes that bench knows, installed or not.
std::vector<std::string> peer_names();

/// Measures one for about `seconds`. Throws Error saying what to install if it cannot be run, and Unsupported if there is
/// no float twin of the network.
PeerResult measure_peer(const std::string& name, const ir::Network& network, int64_t batch, double seconds);

}  // namespace bitloom::cli
