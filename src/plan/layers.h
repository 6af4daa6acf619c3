// SPDX-License-Identifier: Apache-2.0
//
// A network as the planner sees it: layers that stay together, and the places where it may be cut.
#pragma once

#include <string>
#include <vector>

#include "bitloom/ir.h"

namespace bitloom::plan {

/// Nodes that are always on the same device: a product with its thresholds, a pool, an addition. Results (Output, TopK)
/// belong to the last stage and to no layer.
struct Layer {
  std::string name;  ///< of its first product; else of its first node
  std::vector<ir::NodeId> nodes;
  bool is_dot = false;
};

/// In the order of the network.
std::vector<Layer> layers_of(const ir::Network& network);

/// All sets of layers that contain whatever they read, from none to all, smaller ones first: each is a legal cut. Where
/// branches make too many of them, only those that follow the order of the network.
std::vector<std::vector<bool>> closed_sets(const ir::Network& network, const std::vector<Layer>& layers);

/// The nodes of these layers, one flag a node of the network.
std::vector<bool> nodes_of(const ir::Network& network, const std::vector<Layer>& layers, const std::vector<bool>& which);

/// The part between two closed sets, as a network: its inputs are the tensors that cross the first cut, its outputs those
/// that cross the second. Results are in the part that ends with all layers.
ir::Network part(const ir::Network& network, const std::vector<Layer>& layers, const std::vector<bool>& before,
                 const std::vector<bool>& done);

/// One layer as a network of its own, with the results that read it.
ir::Network alone(const ir::Network& network, const Layer& layer);

}  // namespace bitloom::plan
