// SPDX-License-Identifier: Apache-2.0
//
// Where a network meets real numbers: codes of its inputs, logits and classes of its outputs.
#include <algorithm>

#include "bitloom/ir.h"

namespace bitloom::ir {
namespace {

/// Index of the last output of this kind, or -1.
template <typename Kind>
int64_t last_output(const Network& network, bool flat) {
  for (size_t i = network.outputs.size(); i-- > 0;) {
    const Node& node = network.nodes.at(static_cast<size_t>(network.outputs[i]));
    if (!std::holds_alternative<Kind>(node.layer)) continue;
    if (!flat || (node.type.shape.height == 1 && node.type.shape.width == 1)) return static_cast<int64_t>(i);
  }
  return -1;
}

const Tensor& checked_output(const Network& network, std::span<const Tensor> outputs, int64_t index) {
  if (outputs.size() != network.outputs.size()) {
    throw Error("network '{}': {} tensors were given, expected one an output ({})", network.name, outputs.size(),
                network.outputs.size());
  }
  const Tensor& tensor = outputs[static_cast<size_t>(index)];
  const Node& node = network.nodes[static_cast<size_t>(network.outputs[static_cast<size_t>(index)])];
  if (tensor.shape != node.type.shape || !tensor.complete()) {
    throw Error("network '{}': the tensor of output '{}' has another shape than that node", network.name, node.name);
  }
  return tensor;
}

}  // namespace

std::vector<int32_t> quantize(const Input& input, std::span<const float> reals) {
  const Encoding* encoding = std::get_if<Encoding>(&input.element);
  if (!input.real || !encoding) throw Error("this input takes integers, not real numbers");
  if (static_cast<int64_t>(reals.size()) != input.shape.elements()) {
    throw Error("an image of {} real numbers was given, expected {}", reals.size(), input.shape.elements());
  }
  const std::vector<int32_t> levels = encoding->levels();
  const size_t steps = levels.size() - 1;
  std::vector<int32_t> values;
  values.reserve(reals.size());
  for (size_t i = 0; i < reals.size(); ++i) {
    const size_t row = input.real->rows == 1 ? 0 : i % static_cast<size_t>(input.shape.channels);
    const float x = reals[i];
    const bool descending = input.real->descending[row] != 0;
    const auto reached = [&](float t) { return descending ? x <= t : x >= t; };
    const auto thresholds = std::span(input.real->thresholds).subspan(row * steps, steps);
    values.push_back(levels[static_cast<size_t>(std::ranges::count_if(thresholds, reached))]);
  }
  return values;
}

std::vector<double> reals(const Output& output, std::span<const int32_t> values) {
  std::vector<double> result;
  result.reserve(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const double product = output.scale[i % output.scale.size()] * values[i];
    result.push_back(product + output.offset[i % output.offset.size()]);
  }
  return result;
}

std::vector<int32_t> predicted_classes(const Network& network, std::span<const Tensor> outputs) {
  const int64_t top = last_output<TopK>(network, false);
  const int64_t logits = last_output<Output>(network, true);
  if (top < 0 && logits < 0) {
    throw Error("network '{}': predicts no class; none of its outputs is a top_k or a 1x1xC output", network.name);
  }
  const Tensor& tensor = checked_output(network, outputs, top >= 0 ? top : logits);
  std::vector<int32_t> classes;
  for (int64_t image = 0; image < tensor.images; ++image) {
    if (top >= 0) {
      classes.push_back(tensor.image(image).front());
      continue;
    }
    const NodeId id = network.outputs[static_cast<size_t>(logits)];
    const auto& output = std::get<Output>(network.nodes[static_cast<size_t>(id)].layer);
    const std::vector<double> scores = reals(output, tensor.image(image));
    classes.push_back(static_cast<int32_t>(std::ranges::max_element(scores) - scores.begin()));
  }
  return classes;
}

int64_t class_count(const Network& network) {
  const auto output = [&](int64_t index) -> const Node& {
    return network.nodes[static_cast<size_t>(network.outputs[static_cast<size_t>(index)])];
  };
  if (const int64_t top = last_output<TopK>(network, false); top >= 0) {
    return network.nodes[static_cast<size_t>(output(top).inputs.at(0))].type.shape.channels;
  }
  const int64_t logits = last_output<Output>(network, true);
  return logits < 0 ? 0 : output(logits).type.shape.channels;
}

}  // namespace bitloom::ir
