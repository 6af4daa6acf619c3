// SPDX-License-Identifier: Apache-2.0
#include "residual.h"

#include <variant>

namespace bitloom::bench {

ir::Network with_factors(ir::Network network, std::span<const int32_t> factors) {
  const auto isometric = ir::Encoding::isometric(static_cast<int>(factors.size()));
  for (ir::Node& node : network.nodes) {
    auto* threshold = std::get_if<ir::Threshold>(&node.layer);
    if (threshold && threshold->encoding == isometric) threshold->encoding = ir::Encoding::residual(factors);
    std::vector<ir::TensorType> inputs;
    for (const ir::NodeId input : node.inputs) inputs.push_back(network.nodes[static_cast<size_t>(input)].type);
    node.type = ir::infer_type(node.layer, inputs);
  }
  return network;
}

}  // namespace bitloom::bench
