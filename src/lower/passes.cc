// SPDX-License-Identifier: Apache-2.0
//
// Clean-up of a lowered network.
#include <algorithm>

#include "lowering.h"

namespace bitloom::lower {
namespace {

// Feature f in [channel][y][x] order lies at this index in [y][x][channel] order.
int64_t channels_last_index(int64_t f, const ir::Shape& shape) {
  const int64_t area = int64_t{shape.height} * shape.width;
  return f % area * shape.channels + f / area;
}

std::vector<ir::NodeId> consumers(const ir::Network& network, ir::NodeId id) {
  std::vector<ir::NodeId> result;
  for (size_t i = 0; i < network.nodes.size(); ++i) {
    const auto& inputs = network.nodes[i].inputs;
    if (std::find(inputs.begin(), inputs.end(), id) != inputs.end()) result.push_back(static_cast<ir::NodeId>(i));
  }
  return result;
}

bool is_fully_connected(const ir::Dot& dot, const ir::Shape& input) {
  return dot.window == ir::Window{} && dot.groups == 1 && input.height == 1 && input.width == 1;
}

// The Dots and Thresholds behind a flattened tensor that must change with its order; empty if some other layer reads it.
std::optional<std::vector<ir::NodeId>> readers(const ir::Network& network, ir::NodeId flat) {
  if (std::find(network.outputs.begin(), network.outputs.end(), flat) != network.outputs.end()) return std::nullopt;
  std::vector<ir::NodeId> result;
  for (const ir::NodeId id : consumers(network, flat)) {
    const ir::Layer& layer = network.nodes[static_cast<size_t>(id)].layer;
    if (const auto* dot = std::get_if<ir::Dot>(&layer)) {
      if (!is_fully_connected(*dot, network.nodes[static_cast<size_t>(flat)].type.shape)) return std::nullopt;
      result.push_back(id);
    } else if (std::holds_alternative<ir::Threshold>(layer)) {
      const auto behind = readers(network, id);
      if (!behind) return std::nullopt;
      result.push_back(id);
      result.insert(result.end(), behind->begin(), behind->end());
    } else {
      return std::nullopt;
    }
  }
  return result;
}

void reorder(ir::Dot& dot, const ir::Shape& shape) {
  const int64_t rows = dot.weights.rows();
  const int64_t columns = dot.weights.columns();
  std::vector<uint32_t> codes(static_cast<size_t>(rows * columns));
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t f = 0; f < columns; ++f) {
      codes[static_cast<size_t>(row * columns + channels_last_index(f, shape))] = dot.weights.code(row, f);
    }
  }
  dot.weights = ir::BitMatrix(rows, columns, dot.weights.planes(), codes);
}

void reorder(ir::Threshold& threshold, const ir::Shape& shape) {
  if (threshold.rows == 1) return;
  const ir::Threshold old = threshold;
  const size_t steps = old.thresholds.size() / static_cast<size_t>(old.rows);
  for (int64_t f = 0; f < old.rows; ++f) {
    const auto to = static_cast<size_t>(channels_last_index(f, shape));
    threshold.descending[to] = old.descending[static_cast<size_t>(f)];
    std::copy_n(old.thresholds.begin() + static_cast<std::ptrdiff_t>(static_cast<size_t>(f) * steps), steps,
                threshold.thresholds.begin() + static_cast<std::ptrdiff_t>(to * steps));
  }
}

}  // namespace

bool absorb_channels_first(ir::Network& network) {
  for (size_t i = 0; i < network.nodes.size(); ++i) {
    auto* reshape = std::get_if<ir::Reshape>(&network.nodes[i].layer);
    if (reshape == nullptr || !reshape->channels_first || reshape->shape.height != 1 || reshape->shape.width != 1) continue;
    const auto behind = readers(network, static_cast<ir::NodeId>(i));
    if (!behind) continue;
    const ir::Shape shape = network.nodes[static_cast<size_t>(network.nodes[i].inputs[0])].type.shape;
    for (const ir::NodeId id : *behind) {
      ir::Layer& layer = network.nodes[static_cast<size_t>(id)].layer;
      if (auto* dot = std::get_if<ir::Dot>(&layer)) reorder(*dot, shape);
      if (auto* threshold = std::get_if<ir::Threshold>(&layer)) reorder(*threshold, shape);
    }
    reshape->channels_first = false;
    return true;
  }
  return false;
}

void drop_unused(ir::Network& network) {
  std::vector<bool> used(network.nodes.size(), false);
  for (const ir::NodeId id : network.outputs) used[static_cast<size_t>(id)] = true;
  for (size_t i = network.nodes.size(); i-- > 0;) {
    if (!used[i]) continue;
    for (const ir::NodeId input : network.nodes[i].inputs) used[static_cast<size_t>(input)] = true;
  }
  std::vector<ir::NodeId> renamed(network.nodes.size(), -1);
  std::vector<ir::Node> kept;
  for (size_t i = 0; i < network.nodes.size(); ++i) {
    if (!used[i] && !std::holds_alternative<ir::Input>(network.nodes[i].layer)) continue;
    renamed[i] = static_cast<ir::NodeId>(kept.size());
    kept.push_back(std::move(network.nodes[i]));
    for (ir::NodeId& input : kept.back().inputs) input = renamed[static_cast<size_t>(input)];
  }
  network.nodes = std::move(kept);
  for (ir::NodeId& id : network.outputs) id = renamed[static_cast<size_t>(id)];
}

}  // namespace bitloom::lower
