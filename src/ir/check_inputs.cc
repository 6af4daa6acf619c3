// SPDX-License-Identifier: Apache-2.0
//
// The door of everything that runs a network: tensors from outside are checked here and trusted afterwards.
#include "bitloom/ir.h"
#include "describe.h"
#include "levels.h"

namespace bitloom::ir {
namespace {

/// Throws Error unless the tensor is a batch of the node's type.
void check_input(const Node& node, const Tensor& tensor, int64_t images) {
  if (tensor.shape != node.type.shape || tensor.images != images || !tensor.complete()) {
    throw Error("input '{}': got {} images of {} in {} values, expected {} images of {}", node.name, tensor.images,
                describe(tensor.shape), tensor.values.size(), images, describe(node.type.shape));
  }
  const Encoding* encoding = node.type.encoding();
  const Range range = node.type.range();
  for (size_t i = 0; i < tensor.values.size(); ++i) {
    const int32_t value = tensor.values[i];
    const bool legal = encoding ? find_code(*encoding, value).has_value() : value >= range.lowest && value <= range.highest;
    if (legal) continue;
    const auto elements = static_cast<size_t>(tensor.shape.elements());
    throw Error("input '{}': element {} of image {} is {}, which is not a value of its type ({} to {})", node.name,
                i % elements, i / elements, value, range.lowest, range.highest);
  }
}

}  // namespace

void check_inputs(const Network& network, std::span<const Tensor> inputs) {
  const std::vector<NodeId> ids = network.inputs();
  if (inputs.size() != ids.size()) {
    throw Error("network '{}': got {} tensors, expected one for each of {} inputs", network.name, inputs.size(),
                ids.size());
  }
  for (size_t i = 0; i < ids.size(); ++i) {
    check_input(network.nodes[static_cast<size_t>(ids[i])], inputs[i], inputs[0].images);
  }
}

}  // namespace bitloom::ir
