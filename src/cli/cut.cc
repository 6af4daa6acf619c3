// SPDX-License-Identifier: Apache-2.0
//
// bitloom cut: one network into two whose composition is the whole.
#include "common.h"

namespace bitloom::cli {
namespace {

struct Arguments {
  ModelArguments model;
  std::string after;
  std::vector<std::string> outputs;
  bool json = false;
};

void cut(const Arguments& arguments) {
  const ir::Network network = arguments.model.load();
  const ir::NodeId last = network.find(arguments.after);
  const ir::Halves halves = ir::cut(network, last);
  ir::save(halves.first, arguments.outputs[0]);
  ir::save(halves.second, arguments.outputs[1]);
  const int64_t bytes = ir::cut_bytes(network, last);
  if (arguments.json) {
    Json tensors = Json::array();
    for (const ir::NodeId id : halves.first.outputs) {
      const ir::Node& node = halves.first.nodes[static_cast<size_t>(id)];
      tensors.push_back({{"name", node.name}, {"values", element_text(node.type)}, {"bytes", ir::packed_bytes(node.type)}});
    }
    print_json(
        {{"after", arguments.after}, {"outputs", arguments.outputs}, {"bytes_per_image", bytes}, {"tensors", tensors}});
    return;
  }
  fmt::print("{}: {} layers\n{}: {} layers\n", arguments.outputs[0], halves.first.nodes.size(), arguments.outputs[1],
             halves.second.nodes.size());
  for (const ir::NodeId id : halves.first.outputs) {
    const ir::Node& node = halves.first.nodes[static_cast<size_t>(id)];
    fmt::print("between them: '{}', {} of {}, {} bytes an image\n", node.name, shape_text(node.type.shape),
               element_text(node.type), grouped(ir::packed_bytes(node.type)));
  }
  if (halves.first.outputs.size() > 1) fmt::print("{} bytes an image in all\n", grouped(bytes));
}

}  // namespace

void add_cut(CLI::App& program) {
  auto* command = program.add_subcommand("cut", "cut a network in two after a layer; run the halves as a pipeline");
  command->footer(
      "Example: bitloom cut lfc-w1a1 --after dense1.act -o a.bloom b.bloom\n"
      "         bitloom run a.bloom digits/ -o - | bitloom run b.bloom -\n"
      "`bitloom info` lists the layers and the bytes an image at every cut.");
  auto arguments = std::make_shared<Arguments>();
  arguments->model.add_to(*command);
  command->add_option("--after", arguments->after, "the last layer of the first half")->required();
  command->add_option("-o,--output", arguments->outputs, "the two .bloom files to write")->required()->expected(2);
  command->add_flag("--json", arguments->json, "print one JSON document");
  command->callback([arguments] { cut(*arguments); });
}

}  // namespace bitloom::cli
