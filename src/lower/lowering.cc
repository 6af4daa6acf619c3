// SPDX-License-Identifier: Apache-2.0
//
// The parts of a lowering that all operators share: grids, quantizers, names, constants. One walk over the graph (lower.cc)
// calls the handlers; each asks for what its operands are by now and defines its results.
#include "lowering.h"

#include <algorithm>
#include <numeric>

#include "operators.h"
#include "thresholds.h"

namespace bitloom::lower {

ir::Window to_window(const SlidingWindow& window) {
  const auto narrow = [](int64_t value) { return static_cast<int32_t>(value); };
  return {narrow(window.kernel[0]),    narrow(window.kernel[1]),    narrow(window.stride[0]),  narrow(window.stride[1]),
          narrow(window.pad_begin[0]), narrow(window.pad_begin[1]), narrow(window.pad_end[0]), narrow(window.pad_end[1]),
          narrow(window.dilation[0]),  narrow(window.dilation[1])};
}

std::string Lowering::place(const frontend::GraphNode& node) const {
  return fmt::format("{}: node '{}' ({}): ", graph_.source, node.name, node.op);
}

const Value& Lowering::value(const frontend::GraphNode& node, size_t index) const {
  if (!has_input(node, index)) throw mistake(node, "input {} is missing", index);
  const auto found = values_.find(node.inputs[index]);
  if (found == values_.end()) {
    throw refusal(node, "reads '{}', a result that bitloom does not compute", node.inputs[index]);
  }
  return found->second;
}

std::vector<const frontend::Array*> Lowering::operands(const frontend::GraphNode& node) const {
  std::vector<const frontend::Array*> result;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const auto* found = has_input(node, i) ? std::get_if<Constant>(&value(node, i)) : nullptr;
    result.push_back(found ? &found->array : nullptr);
  }
  return result;
}

std::vector<const frontend::Array*> Lowering::parameters(const frontend::GraphNode& node) const {
  for (size_t i = 1; i < node.inputs.size(); ++i) {
    if (has_input(node, i)) constant(node, i);
  }
  return operands(node);
}

void Lowering::check_nothing_pending(const frontend::GraphNode& node, const Activation& value) const {
  if (value.pending_pad.padded() || value.pending_patch) {
    throw refusal(node, "follows a Pad or Im2Col that only a convolution may follow");
  }
}

bool Lowering::has_input(const frontend::GraphNode& node, size_t index) const {
  return index < node.inputs.size() && !node.inputs[index].empty();
}

bool Lowering::is_constant(const frontend::GraphNode& node, size_t index) const {
  return std::holds_alternative<Constant>(value(node, index));
}

const Constant& Lowering::constant(const frontend::GraphNode& node, size_t index) const {
  const auto* found = std::get_if<Constant>(&value(node, index));
  if (found == nullptr) {
    throw refusal(node, "input {} ('{}') depends on the network's input; only a constant is supported here", index,
                  node.inputs[index]);
  }
  return *found;
}

const Activation& Lowering::activation(const frontend::GraphNode& node, size_t index) const {
  const auto* found = std::get_if<Activation>(&value(node, index));
  if (found == nullptr) {
    throw refusal(node,
                  "input {} ('{}') is a constant; only a tensor that depends on the network's input is supported here",
                  index, node.inputs[index]);
  }
  return *found;
}

std::vector<int64_t> Lowering::sizes(const Activation& value) const {
  std::vector<int64_t> result;
  for (const Axis axis : value.axes) {
    switch (axis) {
      case Axis::kBatch:
      case Axis::kUnit:
        result.push_back(1);
        break;
      case Axis::kChannel:
        result.push_back(value.shape.channels);
        break;
      case Axis::kHeight:
        result.push_back(int64_t{value.shape.height} + value.pending_pad.pad_top + value.pending_pad.pad_bottom);
        break;
      case Axis::kWidth:
        result.push_back(int64_t{value.shape.width} + value.pending_pad.pad_left + value.pending_pad.pad_right);
        break;
    }
  }
  return result;
}

PerChannel Lowering::per_channel(const frontend::GraphNode& node, const frontend::Array& constant,
                                 const Activation& value) const {
  if (constant.data.size() == 1) return PerChannel(constant.data.front());
  const std::vector<int64_t> sizes = this->sizes(value);
  const size_t rank = constant.shape.size();
  for (size_t i = 0; i < rank; ++i) {
    if (constant.shape[i] == 1) continue;
    const auto axis = static_cast<int64_t>(sizes.size()) - static_cast<int64_t>(rank - i);
    const bool fits = axis >= 0 && value.axes[static_cast<size_t>(axis)] == Axis::kChannel &&
                      constant.shape[i] == sizes[static_cast<size_t>(axis)];
    if (!fits) {
      throw refusal(node,
                    "a constant of shape [{}] meets a tensor of shape [{}]; only one value, or one a channel, is "
                    "supported",
                    fmt::join(constant.shape, ", "), fmt::join(sizes, ", "));
    }
  }
  return PerChannel(constant.data);
}

std::string Lowering::unique_name(const std::string& name) {
  if (names_.insert(name).second) return name;
  // Counting on from the last suffix keeps a file of many equal names from taking quadratic time.
  int& suffix = suffixes_.try_emplace(name, 2).first->second;
  std::string candidate;
  do {
    candidate = fmt::format("{}_{}", name, suffix++);
  } while (!names_.insert(candidate).second);
  return candidate;
}

ir::NodeId Lowering::emit(const frontend::GraphNode& node, ir::Layer layer, std::vector<ir::NodeId> inputs,
                          std::string_view suffix) {
  const std::string name = unique_name(node.name + std::string(suffix));
  try {
    return network_.add(name, std::move(layer), std::move(inputs));
  } catch (const Error& error) {
    throw Error(graph_.source + ": " + error.what());  // it names the node, which is called like the graph's
  }
}

std::vector<ir::Range> Lowering::ranges(ir::NodeId id) const {
  const ir::Node& node = this->node(id);
  if (const auto* dot = std::get_if<ir::Dot>(&node.layer)) return ir::channel_ranges(*dot, type(node.inputs[0]).range());
  return {node.type.range()};
}

namespace {

// Pooling may happen on the codes if everything between the first pool and the codes is non-decreasing.
bool pools_codes(const Chain& chain, const Quantizer& quantizer, int64_t channels) {
  size_t first = 0;
  while (!std::holds_alternative<PendingPool>(chain.links[first])) ++first;
  for (int64_t c = 0; c < std::min(channels, std::max(chain.rows(), quantizer.rows)); ++c) {
    // Link 0 would add the grid's slope, which lies before the pool.
    if (chain.slope(c, first + 1) * quantizer.slope(c) < 0) return false;
  }
  return true;
}

}  // namespace

ir::NodeId Lowering::make_real_input(const frontend::GraphNode& node, const Activation& value, const Quantizer& quantizer) {
  if (!quantizer.encoding) {
    throw refusal(node, "is the first quantizer of real numbers but has no bit width; use a Quant or BipolarQuant here");
  }
  if (value.chain.has_pools())
    throw refusal(node, "pools real numbers before they are quantized; quantize the input first");
  const int64_t channels = value.shape.channels;
  ir::Input input{real_input_shape_, *quantizer.encoding, find_real_thresholds(value.chain, quantizer, channels)};
  if (input.real->rows != 1 && (input.real->rows != real_input_shape_.channels || !value.deferred.empty())) {
    throw refusal(node, "quantizes the input with a scale a feature after a reshape; quantize before the reshape");
  }
  if (names_.contains(real_input_))
    throw refusal(node, "is a second quantizer of the same real input; let both branches share one quantizer");
  ir::NodeId id = network_.add(unique_name(real_input_), std::move(input));
  for (const ir::Reshape& reshape : value.deferred) id = emit(node, reshape, {id}, "_reshape");
  return id;
}

Activation Lowering::quantize(const frontend::GraphNode& node, const Activation& value, const Quantizer& quantizer) {
  check_nothing_pending(node, value);
  if (value.order_only) throw refusal(node, "follows a Softmax, which only the network's output may follow");
  Activation result;
  result.axes = value.axes;
  result.shape = value.shape;
  result.chain.grid = quantizer.grid;
  if (value.node < 0) {
    result.node = make_real_input(node, value, quantizer);
    report(node, fmt::format("input '{}', quantized as it comes in", real_input_));
    return result;
  }
  const int64_t channels = type(value.node).shape.channels;
  ir::NodeId source = value.node;
  const bool pool_first = value.chain.has_pools() && !pools_codes(value.chain, quantizer, channels);
  if (pool_first) {
    if (!value.chain.pools_integers(channels)) {
      throw refusal(node,
                    "a max-pool lies between two negative scales; put the quantizer directly before or after the pool");
    }
    source = emit_pools(source, value.chain);
  }
  ir::Threshold threshold;
  try {
    threshold = find_thresholds(value.chain, quantizer, ranges(source), channels);
  } catch (const Unsupported& error) {
    throw Unsupported(graph_.source + ": " + error.what());
  } catch (const Error& error) {
    throw Error(graph_.source + ": " + error.what());
  }
  result.node = emit(node, std::move(threshold), {source});
  if (!pool_first) result.node = emit_pools(result.node, value.chain);
  report(node, fmt::format("thresholds '{}'", network_.nodes[static_cast<size_t>(result.node)].name));
  return result;
}

void Lowering::define(const frontend::GraphNode& node, size_t output, Value value) {
  if (output >= node.outputs.size() || node.outputs[output].empty()) return;
  values_.insert_or_assign(node.outputs[output], std::move(value));
}

void Lowering::report(const frontend::GraphNode& node, std::string became) {
  if (report_ == nullptr) return;
  if (!report_->lines.empty() && report_->lines.back().node == node.name) {
    report_->lines.back().became = std::move(became);
  } else {
    report_->lines.push_back({node.name, node.op, std::move(became)});
  }
}

}  // namespace bitloom::lower
