// SPDX-License-Identifier: Apache-2.0
#include "layers.h"

#include <algorithm>
#include <set>

namespace bitloom::plan {
namespace {

using ir::NodeId;

bool is_input(const ir::Node& node) { return std::holds_alternative<ir::Input>(node.layer); }
bool is_result(const ir::Node& node) {
  return std::holds_alternative<ir::Output>(node.layer) || std::holds_alternative<ir::TopK>(node.layer);
}
bool is_dot(const ir::Node& node) { return std::holds_alternative<ir::Dot>(node.layer); }
/// Thresholds end a layer: a tensor of sums crosses no cut if its codes can.
bool ends_layer(const ir::Node& node) {
  return std::holds_alternative<ir::Threshold>(node.layer) || std::holds_alternative<ir::Reshape>(node.layer);
}

std::vector<int32_t> readers_of(const ir::Network& network) {
  std::vector<int32_t> readers(network.nodes.size());
  for (const ir::Node& node : network.nodes) {
    for (const NodeId input : node.inputs) ++readers[static_cast<size_t>(input)];
  }
  return readers;
}

/// The layer that each node belongs to; -1 of inputs and results.
std::vector<int32_t> owners(const ir::Network& network) {
  const std::vector<int32_t> readers = readers_of(network);
  std::vector<int32_t> owner(network.nodes.size(), -1);
  std::vector<bool> open;  // by layer: it only prepares an input, so that it is part of the layer that reads it
  for (size_t id = 0; id < owner.size(); ++id) {
    const ir::Node& node = network.nodes[id];
    if (is_input(node) || is_result(node)) continue;
    const auto first = static_cast<size_t>(node.inputs.at(0));
    const bool only_reader = node.inputs.size() == 1 && readers[first] == 1;
    const bool prepares = ends_layer(node) && is_input(network.nodes[first]);
    if (only_reader && owner[first] >= 0 && (ends_layer(node) || open[static_cast<size_t>(owner[first])])) {
      owner[id] = owner[first];
      open[static_cast<size_t>(owner[id])] = open[static_cast<size_t>(owner[id])] && ends_layer(node);
    } else {
      owner[id] = static_cast<int32_t>(open.size());
      open.push_back(prepares);
    }
  }
  return owner;
}

}  // namespace

std::vector<Layer> layers_of(const ir::Network& network) {
  const std::vector<int32_t> owner = owners(network);
  std::vector<Layer> layers;
  for (size_t id = 0; id < owner.size(); ++id) {
    if (owner[id] < 0) continue;
    if (static_cast<size_t>(owner[id]) >= layers.size()) layers.emplace_back();
    Layer& layer = layers[static_cast<size_t>(owner[id])];
    const ir::Node& node = network.nodes[id];
    if (layer.nodes.empty() || (is_dot(node) && !layer.is_dot)) layer.name = node.name;
    layer.is_dot = layer.is_dot || is_dot(node);
    layer.nodes.push_back(static_cast<NodeId>(id));
  }
  return layers;
}

std::vector<std::vector<bool>> closed_sets(const ir::Network& network, const std::vector<Layer>& layers) {
  constexpr size_t kMost = 400;
  const std::vector<int32_t> owner = owners(network);
  std::vector<std::set<int32_t>> reads(layers.size());
  for (size_t l = 0; l < layers.size(); ++l) {
    for (const NodeId id : layers[l].nodes) {
      for (const NodeId input : network.nodes[static_cast<size_t>(id)].inputs) {
        const int32_t from = owner[static_cast<size_t>(input)];
        if (from >= 0 && from != static_cast<int32_t>(l)) reads[l].insert(from);
      }
    }
  }
  std::set<std::vector<bool>> smaller{std::vector<bool>(layers.size())};
  std::vector<std::vector<bool>> all;
  while (!smaller.empty() && all.size() <= kMost) {
    std::set<std::vector<bool>> larger;
    for (const std::vector<bool>& done : smaller) {
      all.push_back(done);
      for (size_t l = 0; l < layers.size(); ++l) {
        if (done[l] || !std::ranges::all_of(reads[l], [&](int32_t from) { return done[static_cast<size_t>(from)]; }))
          continue;
        std::vector<bool> more = done;
        more[l] = true;
        larger.insert(std::move(more));
      }
    }
    smaller = std::move(larger);
  }
  if (all.size() <= kMost) return all;
  all.assign(layers.size() + 1, std::vector<bool>(layers.size()));
  for (size_t i = 0; i < all.size(); ++i) std::fill_n(all[i].begin(), i, true);
  return all;
}

std::vector<bool> nodes_of(const ir::Network& network, const std::vector<Layer>& layers, const std::vector<bool>& which) {
  std::vector<bool> nodes(network.nodes.size());
  for (size_t l = 0; l < layers.size(); ++l) {
    for (const NodeId id : layers[l].nodes) nodes[static_cast<size_t>(id)] = which[l];
  }
  return nodes;
}

ir::Network part(const ir::Network& network, const std::vector<Layer>& layers, const std::vector<bool>& before,
                 const std::vector<bool>& done) {
  ir::Network rest = network;
  if (std::ranges::find(before, true) != before.end()) rest = ir::cut(network, nodes_of(network, layers, before)).second;
  if (std::ranges::find(done, false) == done.end()) return rest;
  const std::vector<bool> nodes = nodes_of(network, layers, done);
  std::set<std::string> names;
  for (size_t id = 0; id < nodes.size(); ++id) {
    if (nodes[id]) names.insert(network.nodes[id].name);
  }
  std::vector<bool> first;
  for (const ir::Node& node : rest.nodes) first.push_back(names.contains(node.name));
  ir::Network result = ir::cut(rest, first).first;
  // The next part takes its inputs in the order of the whole network; tensors that only pass come first in this one.
  result.outputs.clear();
  for (const NodeId id : ir::cut_tensors(network, nodes)) {
    result.outputs.push_back(result.find(network.nodes[static_cast<size_t>(id)].name));
  }
  return result;
}

ir::Network alone(const ir::Network& network, const Layer& layer) {
  std::set<NodeId> nodes(layer.nodes.begin(), layer.nodes.end());
  std::set<NodeId> read, shown;
  for (size_t id = 0; id < network.nodes.size(); ++id) {
    const ir::Node& node = network.nodes[id];
    const bool reads_it = std::ranges::any_of(node.inputs, [&](NodeId input) { return nodes.contains(input); });
    if (is_result(node) && reads_it && node.inputs.size() == 1) nodes.insert(static_cast<NodeId>(id));
    if (!nodes.contains(static_cast<NodeId>(id))) {
      for (const NodeId input : node.inputs) shown.insert(input);
      continue;
    }
    for (const NodeId input : node.inputs) read.insert(input);
  }
  for (const NodeId output : network.outputs) shown.insert(output);
  ir::Network result{network.name, {}, {}, {}};
  std::vector<NodeId> new_ids(network.nodes.size());
  for (size_t id = 0; id < network.nodes.size(); ++id) {
    const bool inside = nodes.contains(static_cast<NodeId>(id));
    if (!inside && !read.contains(static_cast<NodeId>(id))) continue;
    ir::Node node = network.nodes[id];
    if (!inside && !is_input(node)) {
      node.layer = ir::Input{node.type.shape, node.type.element, std::nullopt};
      node.inputs.clear();
    }
    for (NodeId& input : node.inputs) input = new_ids[static_cast<size_t>(input)];
    new_ids[id] = static_cast<NodeId>(result.nodes.size());
    result.nodes.push_back(std::move(node));
    if (inside && shown.contains(static_cast<NodeId>(id))) result.outputs.push_back(new_ids[id]);
  }
  return result;
}

}  // namespace bitloom::plan
