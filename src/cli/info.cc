// SPDX-License-Identifier: Apache-2.0
//
// bitloom info: layers, encodings, shapes, work, parameters, and the bytes an image needs at every cut.
#include "common.h"

namespace bitloom::cli {
namespace {

struct Arguments {
  ModelArguments model;
  bool json = false;
  bool text = false;
};

int64_t weight_bits(const ir::Layer& layer) {
  const auto* dot = std::get_if<ir::Dot>(&layer);
  return dot ? dot->weights.rows() * dot->weights.columns() * dot->weights.planes() : 0;
}

int64_t threshold_count(const ir::Layer& layer) {
  const auto* threshold = std::get_if<ir::Threshold>(&layer);
  return threshold ? static_cast<int64_t>(threshold->thresholds.size()) : 0;
}

// A cut needs a layer on both sides; elsewhere there is nothing to send.
std::optional<int64_t> bytes_at(const ir::Network& network, ir::NodeId id) {
  try {
    return ir::cut_bytes(network, id);
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::string window_text(const ir::Layer& layer) {
  const auto text = [](const ir::Window& w) {
    std::string result = fmt::format("{}x{}", w.kernel_h, w.kernel_w);
    if (w.stride_h != 1 || w.stride_w != 1) result += fmt::format(" stride {}x{}", w.stride_h, w.stride_w);
    if (w.padded()) result += fmt::format(" pad {},{},{},{}", w.pad_top, w.pad_left, w.pad_bottom, w.pad_right);
    if (w.dilation_h != 1 || w.dilation_w != 1) result += fmt::format(" dilation {}x{}", w.dilation_h, w.dilation_w);
    return result;
  };
  if (const auto* dot = std::get_if<ir::Dot>(&layer)) {
    std::string result = ir::print(dot->encoding);
    if (dot->window != ir::Window{}) result += " " + text(dot->window);
    if (dot->groups != 1) result += fmt::format(" groups {}", dot->groups);
    return result;
  }
  if (const auto* pool = std::get_if<ir::MaxPool>(&layer)) return text(pool->window);
  if (const auto* pool = std::get_if<ir::SumPool>(&layer)) return text(pool->window);
  return "";
}

void print_table(const ir::Network& network) {
  int64_t bits = 0, thresholds = 0;
  Table table({"layer", "kind", "", "output", "values", "MACs", "weight bits", "thresholds", "bytes/image at a cut here"});
  for (size_t i = 0; i < network.nodes.size(); ++i) {
    const ir::Node& node = network.nodes[i];
    const auto id = static_cast<ir::NodeId>(i);
    const auto bytes = bytes_at(network, id);
    const auto number = [](int64_t value) { return value == 0 ? "" : grouped(value); };
    table.add({node.name, std::string(ir::layer_name(node.layer)), window_text(node.layer), shape_text(node.type.shape),
               element_text(node.type), number(ir::multiply_accumulates(network, id)), number(weight_bits(node.layer)),
               number(threshold_count(node.layer)), bytes ? grouped(*bytes) : ""});
    bits += weight_bits(node.layer);
    thresholds += threshold_count(node.layer);
  }
  fmt::print("{}\n\n{}\n", network.name, table.text());
  fmt::print("{} operations an image ({} multiply-accumulates), {} weight bits ({} bytes), {} thresholds\n",
             grouped(2 * ir::multiply_accumulates(network)), grouped(ir::multiply_accumulates(network)), grouped(bits),
             grouped((bits + 7) / 8), grouped(thresholds));
}

Json to_json(const ir::Network& network) {
  Json layers = Json::array();
  for (size_t i = 0; i < network.nodes.size(); ++i) {
    const ir::Node& node = network.nodes[i];
    const auto id = static_cast<ir::NodeId>(i);
    Json layer{{"name", node.name},
               {"kind", ir::layer_name(node.layer)},
               {"shape", {node.type.shape.height, node.type.shape.width, node.type.shape.channels}},
               {"values", element_text(node.type)},
               {"macs", ir::multiply_accumulates(network, id)},
               {"weight_bits", weight_bits(node.layer)},
               {"thresholds", threshold_count(node.layer)}};
    const auto bytes = bytes_at(network, id);
    layer["cut_bytes"] = bytes ? Json(*bytes) : Json(nullptr);
    Json inputs = Json::array();
    for (const ir::NodeId input : node.inputs) inputs.push_back(network.nodes[static_cast<size_t>(input)].name);
    layer["inputs"] = inputs;
    layers.push_back(std::move(layer));
  }
  Json outputs = Json::array();
  for (const ir::NodeId id : network.outputs) outputs.push_back(network.nodes[static_cast<size_t>(id)].name);
  return {{"name", network.name},
          {"layers", layers},
          {"outputs", outputs},
          {"classes", network.classes},
          {"macs", ir::multiply_accumulates(network)},
          {"operations", 2 * ir::multiply_accumulates(network)}};
}

}  // namespace

void add_info(CLI::App& program) {
  auto* command =
      program.add_subcommand("info", "layers, encodings, shapes, operations, parameters, bytes an image at every cut");
  command->footer("Example: bitloom info lfc-w1a1");
  auto arguments = std::make_shared<Arguments>();
  arguments->model.add_to(*command);
  command->add_flag("--json", arguments->json, "print one JSON document");
  command->add_flag("--text", arguments->text, "print the network's text form (weights left out)");
  command->callback([arguments] {
    const ir::Network network = arguments->model.load();
    if (arguments->text) {
      fmt::print("{}", ir::print(network, ir::WeightText::kOmitted));
    } else if (arguments->json) {
      print_json(to_json(network));
    } else {
      print_table(network);
    }
  });
}

}  // namespace bitloom::cli
