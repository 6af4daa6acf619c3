// SPDX-License-Identifier: Apache-2.0
//
// Networks: adding nodes, finding them, and checking one that came from elsewhere.
#include <algorithm>
#include <limits>
#include <numeric>
#include <unordered_set>
#include <utility>

#include "bitloom/ir.h"
#include "describe.h"

namespace bitloom::ir {
namespace {

/// The type of a node whose inputs are nodes before `id`. Throws Error naming the node.
TensorType infer_node(const Network& network, NodeId id, const std::string& name, const Layer& layer,
                      std::span<const NodeId> inputs) {
  std::vector<TensorType> types;
  for (const NodeId input : inputs) {
    if (input < 0 || input >= id) {
      throw Error("node '{}': reads node {}, expected one before itself (0 to {})", name, input, id - 1);
    }
    types.push_back(network.nodes[static_cast<size_t>(input)].type);
  }
  try {
    return infer_type(layer, types);
  } catch (const Error& error) {
    throw Error("node '{}' ({}): {}", name, layer_name(layer), error.what());
  }
}

/// Up to three quoted names that differ from `wanted` in a third of it at most, nearest first.
std::string close_names(const Network& network, std::string_view wanted) {
  std::vector<std::pair<size_t, std::string_view>> found;
  for (const Node& node : network.nodes) {
    const size_t distance = edit_distance(wanted, node.name);
    if (distance <= std::max<size_t>(2, wanted.size() / 3)) found.emplace_back(distance, node.name);
  }
  std::ranges::stable_sort(found, {}, &std::pair<size_t, std::string_view>::first);
  std::string names;
  for (size_t i = 0; i < std::min<size_t>(3, found.size()); ++i) {
    names += fmt::format("{}'{}'", i == 0 ? "" : ", ", found[i].second);
  }
  return names;
}

}  // namespace

NodeId Network::add(std::string node_name, Layer layer, std::vector<NodeId> node_inputs) {
  if (nodes.size() >= kMaxNodes) throw Error("network '{}': has more than {} nodes", name, kMaxNodes);
  const auto id = static_cast<NodeId>(nodes.size());
  TensorType type = infer_node(*this, id, node_name, layer, node_inputs);
  nodes.push_back({std::move(node_name), std::move(layer), std::move(node_inputs), std::move(type)});
  return id;
}

std::vector<NodeId> Network::inputs() const {
  std::vector<NodeId> ids;
  for (size_t id = 0; id < nodes.size(); ++id) {
    if (std::holds_alternative<Input>(nodes[id].layer)) ids.push_back(static_cast<NodeId>(id));
  }
  return ids;
}

NodeId Network::find(std::string_view node_name) const {
  const auto found = std::ranges::find(nodes, node_name, &Node::name);
  if (found != nodes.end()) return static_cast<NodeId>(found - nodes.begin());
  const std::string close = close_names(*this, node_name);
  throw Error("network '{}': has no node '{}'{}{}", name, node_name, close.empty() ? "" : "; close names: ", close);
}

void verify(const Network& network) {
  if (network.nodes.empty()) throw Error("network '{}': has no nodes", network.name);
  if (network.nodes.size() > kMaxNodes) {
    throw Error("network '{}': has {} nodes, expected at most {}", network.name, network.nodes.size(), kMaxNodes);
  }
  std::unordered_set<std::string_view> names;
  for (size_t i = 0; i < network.nodes.size(); ++i) {
    const Node& node = network.nodes[i];
    if (node.name.empty()) throw Error("network '{}': node {} has no name", network.name, i);
    if (!names.insert(node.name).second) throw Error("network '{}': two nodes are called '{}'", network.name, node.name);
    const TensorType type = infer_node(network, static_cast<NodeId>(i), node.name, node.layer, node.inputs);
    if (type != node.type) {
      throw Error("node '{}': its type is {}, expected {}", node.name, describe(node.type), describe(type));
    }
  }
  if (network.outputs.empty()) throw Error("network '{}': has no outputs", network.name);
  for (const NodeId output : network.outputs) {
    if (output < 0 || output >= static_cast<NodeId>(network.nodes.size())) {
      throw Error("network '{}': its output {} is not a node (0 to {})", network.name, output, network.nodes.size() - 1);
    }
  }
}

int64_t multiply_accumulates(const Network& network, NodeId id) {
  const Node& node = network.nodes.at(static_cast<size_t>(id));
  const Dot* dot = std::get_if<Dot>(&node.layer);
  return dot ? node.type.shape.elements() * dot->weights.columns() : 0;
}

int64_t multiply_accumulates(const Network& network) {
  int64_t sum = 0;
  for (size_t id = 0; id < network.nodes.size(); ++id) {
    const int64_t more = multiply_accumulates(network, static_cast<NodeId>(id));
    sum += std::min(more, std::numeric_limits<int64_t>::max() - sum);  // a hostile file may name absurd numbers
  }
  return sum;
}

}  // namespace bitloom::ir
