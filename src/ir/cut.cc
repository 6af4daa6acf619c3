// SPDX-License-Identifier: Apache-2.0
//
// Cutting a network in two. Whatever the second half needs crosses the cut, and nothing else does.
#include <algorithm>

#include "bitloom/ir.h"

namespace bitloom::ir {
namespace {

bool is_result(const Layer& layer) { return std::holds_alternative<Output>(layer) || std::holds_alternative<TopK>(layer); }

/// For each node, whether it belongs to the first half: the inputs of the network always do, so that both the whole and its
/// first half are run on the same tensors; results never do, nor what reads them.
std::vector<bool> first_half(const Network& network, NodeId last) {
  if (last < 0 || last >= static_cast<NodeId>(network.nodes.size())) {
    throw Error("network '{}': cannot be cut after node {}; it has the nodes 0 to {}", network.name, last,
                network.nodes.size() - 1);
  }
  std::vector<bool> first(network.nodes.size());
  for (size_t id = 0; id < first.size(); ++id) {
    const Node& node = network.nodes[id];
    const bool ready = std::ranges::all_of(node.inputs, [&](NodeId input) { return first[static_cast<size_t>(input)]; });
    first[id] =
        std::holds_alternative<Input>(node.layer) || (static_cast<NodeId>(id) <= last && !is_result(node.layer) && ready);
  }
  return first;
}

/// The nodes of the first half that the second half reads or that are outputs of the network, in ascending order.
std::vector<NodeId> crossing(const Network& network, const std::vector<bool>& first) {
  std::vector<bool> needed(first.size());
  for (const NodeId output : network.outputs) needed[static_cast<size_t>(output)] = true;
  for (size_t id = 0; id < first.size(); ++id) {
    if (first[id]) continue;
    for (const NodeId input : network.nodes[id].inputs) needed[static_cast<size_t>(input)] = true;
  }
  std::vector<NodeId> ids;
  for (size_t id = 0; id < first.size(); ++id) {
    if (first[id] && needed[id]) ids.push_back(static_cast<NodeId>(id));
  }
  return ids;
}

/// Appends a node under its new number.
void append(Network& half, std::vector<NodeId>& new_ids, size_t id, Node node) {
  for (NodeId& input : node.inputs) input = new_ids[static_cast<size_t>(input)];
  new_ids[id] = static_cast<NodeId>(half.nodes.size());
  half.nodes.push_back(std::move(node));
}

/// The first half, with what always or never belongs to it.
std::vector<bool> closed(const Network& network, std::vector<bool> first) {
  BITLOOM_CHECK(first.size() == network.nodes.size());
  for (size_t id = 0; id < first.size(); ++id) {
    const Node& node = network.nodes[id];
    first[id] = std::holds_alternative<Input>(node.layer) || (first[id] && !is_result(node.layer));
    if (!first[id]) continue;
    for (const NodeId input : node.inputs) {
      if (!first[static_cast<size_t>(input)])
        throw Error("network '{}': cannot be cut behind '{}', which reads '{}' on the other side", network.name, node.name,
                    network.nodes[static_cast<size_t>(input)].name);
    }
  }
  return first;
}

bool computes(const Network& half) {
  return std::ranges::any_of(
      half.nodes, [](const Node& node) { return !std::holds_alternative<Input>(node.layer) && !is_result(node.layer); });
}

Halves halves_of(const Network& network, const std::vector<bool>& first) {
  const std::vector<NodeId> border = crossing(network, first);
  Halves halves{{network.name, {}, {}, {}}, {network.name, {}, {}, network.classes}};
  std::vector<NodeId> first_ids(first.size()), second_ids(first.size());

  for (const NodeId id : border) {
    const Node& node = network.nodes[static_cast<size_t>(id)];
    append(halves.second, second_ids, static_cast<size_t>(id),
           {node.name, Input{node.type.shape, node.type.element, std::nullopt}, {}, node.type});
  }
  for (size_t id = 0; id < first.size(); ++id) {
    append(first[id] ? halves.first : halves.second, first[id] ? first_ids : second_ids, id, network.nodes[id]);
  }
  for (const NodeId id : border) halves.first.outputs.push_back(first_ids[static_cast<size_t>(id)]);
  for (const NodeId id : network.outputs) halves.second.outputs.push_back(second_ids[static_cast<size_t>(id)]);

  return halves;
}

}  // namespace

Halves cut(const Network& network, NodeId last) {
  Halves halves = halves_of(network, first_half(network, last));
  if (!computes(halves.first) || !computes(halves.second)) {
    throw Error("network '{}': a cut after node '{}' leaves nothing to compute in the {} half", network.name,
                network.nodes[static_cast<size_t>(last)].name, computes(halves.first) ? "second" : "first");
  }
  return halves;
}

Halves cut(const Network& network, const std::vector<bool>& first) {
  Halves halves = halves_of(network, closed(network, first));
  if (!computes(halves.first) || !computes(halves.second))
    throw Error("network '{}': a cut leaves nothing to compute in the {} half", network.name,
                computes(halves.first) ? "second" : "first");
  return halves;
}

std::vector<NodeId> cut_tensors(const Network& network, const std::vector<bool>& first) {
  return crossing(network, closed(network, first));
}

int64_t cut_bytes(const Network& network, NodeId last) {
  int64_t bytes = 0;
  for (const NodeId id : crossing(network, first_half(network, last))) {
    bytes += packed_bytes(network.nodes[static_cast<size_t>(id)].type);
  }
  return bytes;
}

}  // namespace bitloom::ir
