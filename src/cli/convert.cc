// SPDX-License-Identifier: Apache-2.0
//
// bitloom convert: import and lower a model.
#include "common.h"

namespace bitloom::cli {
namespace {

struct Arguments {
  ModelArguments model;
  std::string output;
  std::vector<std::string> classes;
  std::string data;
  bool report = false;
  bool json = false;
};

void name_classes(ir::Network& network, const std::vector<std::string>& names) {
  const int64_t count = ir::class_count(network);
  if (count == 0) throw Error("network '{}': predicts no class that could be named", network.name);
  if (static_cast<int64_t>(names.size()) != count) {
    throw Error("network '{}': has {} classes, but {} names were given", network.name, count, names.size());
  }
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) throw Error("network '{}': the name of class {} is empty", network.name, i);
  }
  network.classes = names;
}

void convert(const Arguments& arguments) {
  lower::Report report;
  const double begin = now();
  ir::Network network = arguments.model.load(&report);
  const double seconds = now() - begin;
  if (!arguments.data.empty()) name_classes(network, data::data_set_classes(arguments.data));
  if (!arguments.classes.empty()) name_classes(network, arguments.classes);
  ir::save(network, arguments.output);
  const auto bytes = static_cast<int64_t>(std::filesystem::file_size(arguments.output));
  if (arguments.json) {
    Json operators = Json::array();
    for (const lower::ReportLine& line : report.lines) {
      operators.push_back({{"node", line.node}, {"operator", line.op}, {"became", line.became}});
    }
    print_json({{"output", arguments.output},
                {"bytes", bytes},
                {"layers", network.nodes.size()},
                {"milliseconds", seconds * 1e3},
                {"input", report.input},
                {"operators", operators}});
    return;
  }
  if (arguments.report) {
    Table table({"node", "operator", "became"});
    for (const lower::ReportLine& line : report.lines) table.add({line.node, line.op, line.became});
    fmt::print("{}\n", table.text());
  }
  fmt::print("{}{}: {} layers, {} bytes, read and lowered in {:.0f} ms\n", report.input, arguments.output,
             network.nodes.size(), grouped(bytes), seconds * 1e3);
}

}  // namespace

void add_convert(CLI::App& program) {
  auto* command = program.add_subcommand("convert", "import a trained model and lower it to integers");
  command->footer("Example: bitloom convert TFC_1W1A.onnx -o tfc.bloom --report");
  auto arguments = std::make_shared<Arguments>();
  arguments->model.add_to(*command);
  command->add_option("-o,--output", arguments->output, "the .bloom file to write")->required();
  auto* classes = command->add_option("--classes", arguments->classes, "names of the classes, in their order: cat,dog")
                      ->delimiter(',')
                      ->allow_extra_args(false);
  command->add_option("--data", arguments->data, "take the names of the classes from this data set")
      ->check(CLI::IsMember(data::data_set_names()))
      ->excludes(classes);
  command->add_flag("--report", arguments->report, "list every operator and what became of it");
  command->add_flag("--json", arguments->json, "print one JSON document, the report included");
  command->callback([arguments] { convert(*arguments); });
}

}  // namespace bitloom::cli
