// SPDX-License-Identifier: Apache-2.0
#include "topology.h"

namespace bitloom::bench {
namespace {

bool is_flat(const ir::Shape& shape) { return shape.height == 1 && shape.width == 1; }

std::string layer_title(const Layer& layer) {
  const ir::Shape &in = layer.input, &out = layer.output;
  if (layer.kind == LayerKind::kFullyConnected) return fmt::format("fc {}->{}", in.channels, out.channels);
  const std::string window = fmt::format("{}x{}", layer.window.kernel_h, layer.window.kernel_w);
  if (layer.kind == LayerKind::kMaxPool) return fmt::format("max {} {} @{}x{}", window, in.channels, in.height, in.width);
  return fmt::format("conv {} {}->{} @{}x{}", window, in.channels, out.channels, in.height, in.width);
}

}  // namespace

int64_t Layer::multiply_accumulates() const { return kind == LayerKind::kMaxPool ? 0 : fan_in() * output.elements(); }

std::vector<Layer> topology(const ir::Network& network) {
  std::vector<Layer> layers;
  for (size_t id = 0; id < network.nodes.size(); ++id) {
    const ir::Node& node = network.nodes[id];
    const auto unsupported = [&](const char* what) {
      return Unsupported("network '{}': node '{}' {}; peers run chains of dots, thresholds and max-pools", network.name,
                         node.name, what);
    };
    if (id > 0 && node.inputs != std::vector{static_cast<ir::NodeId>(id) - 1}) throw unsupported("branches");
    Layer layer;
    layer.output = node.type.shape;
    if (id > 0) layer.input = network.nodes[id - 1].type.shape;
    if (const auto* dot = std::get_if<ir::Dot>(&node.layer)) {
      if (dot->groups != 1) throw unsupported("has groups");
      layer.kind = is_flat(layer.input) ? LayerKind::kFullyConnected : LayerKind::kConvolution;
      layer.window = dot->window;
    } else if (const auto* pool = std::get_if<ir::MaxPool>(&node.layer)) {
      layer.kind = LayerKind::kMaxPool;
      layer.window = pool->window;
    } else {
      const bool known = std::holds_alternative<ir::Threshold>(node.layer) ||
                         std::holds_alternative<ir::Input>(node.layer) || std::holds_alternative<ir::Output>(node.layer);
      if (!known) throw unsupported("is of another kind");
      if (std::holds_alternative<ir::Threshold>(node.layer) && !layers.empty()) layers.back().activated = true;
      continue;
    }
    layer.name = layer_title(layer);
    layers.push_back(std::move(layer));
  }
  return layers;
}

}  // namespace bitloom::bench
