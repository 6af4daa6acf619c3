// SPDX-License-Identifier: Apache-2.0
#include "graph_building.h"

namespace bitloom::frontend {
namespace {

constexpr int64_t kOpset = 13;
constexpr std::string_view kQonnx = "qonnx.custom_op.general";

}  // namespace

GraphNode& Chain::add(std::string op, std::string output, std::vector<std::pair<std::string, Array>> constants) {
  GraphNode node;
  node.name = output;
  node.op = std::move(op);
  node.opset = kOpset;
  node.inputs = {tensor_};
  for (auto& constant : constants) {
    node.inputs.push_back(constant.first);
    graph_.constants.insert(std::move(constant));
  }
  node.outputs = {output};
  tensor_ = std::move(output);
  return graph_.nodes.emplace_back(std::move(node));
}

GraphNode& Chain::add_qonnx(std::string op, std::string output, std::vector<std::pair<std::string, Array>> constants) {
  GraphNode& node = add(std::move(op), std::move(output), std::move(constants));
  node.domain = kQonnx;
  node.opset = 1;
  return node;
}

void Chain::add_thresholds(const std::string& output, Array thresholds, double scale, double bias, std::string_view type,
                           std::string_view layout) {
  GraphNode& node = add_qonnx("MultiThreshold", output, {{"thresholds_" + output, std::move(thresholds)}});
  node.attributes = {
      {"out_scale", scale}, {"out_bias", bias}, {"out_dtype", std::string(type)}, {"data_layout", std::string(layout)}};
  graph_.datatypes[output] = type;
}

// q is p - 128 up to p = 127 and p - 127 from there on, so that 0 is passed over, but at most 127.
Array fixed_point_pixel_thresholds() {
  Array thresholds{{1, 255}, {}};
  for (int p = 1; p <= 254; ++p) thresholds.data.insert(thresholds.data.end(), p == 128 ? 2 : 1, p);
  return thresholds;
}

}  // namespace bitloom::frontend
