// SPDX-License-Identifier: Apache-2.0
//
// bitloom models: which models have a name, and what is known of them.
#include "common.h"
#include "zoo.h"

namespace bitloom::cli {
namespace {

int64_t bytes_of(const ZooModel& model) { return static_cast<int64_t>(std::filesystem::file_size(model.network)); }

Json to_json(const ZooModel& model) {
  Json json{{"name", model.name}, {"path", model.network.string()}, {"bytes", bytes_of(model)}};
  if (!model.card) return json;
  json["network"] = model.card->network;
  json["data"] = model.card->data;
  json["images"] = model.card->images;
  json["correct"] = model.card->correct;
  json["accuracy"] = model.card->percent() / 100;
  return json;
}

void print_table(const std::vector<ZooModel>& models) {
  Table table({"name", "network", "data", "right", "of", "%", "bytes"});
  for (const ZooModel& model : models) {
    if (!model.card) {
      table.add({model.name, "", "", "", "", "", grouped(bytes_of(model))});
      continue;
    }
    const Card& card = *model.card;
    table.add({model.name, card.network, card.data, grouped(card.correct), grouped(card.images),
               fmt::format("{:.2f}", card.percent()), grouped(bytes_of(model))});
  }
  fmt::print("{}", table.text());
}

void list_models(bool json) {
  const std::vector<ZooModel> models = zoo_models();
  if (json) {
    Json list = Json::array();
    for (const ZooModel& model : models) list.push_back(to_json(model));
    return print_json({{"models", list}});
  }
  if (models.empty()) {
    std::vector<std::string> directories;
    for (const auto& directory : zoo_directories()) directories.push_back(directory.string());
    fmt::print("there are no models in {}; BITLOOM_MODELS names other folders\n", fmt::join(directories, ", "));
    return;
  }
  print_table(models);
}

}  // namespace

void add_models(CLI::App& program) {
  auto* command = program.add_subcommand("models", "the models that have a name: networks, accuracies, sizes");
  command->footer("Example: bitloom models\n         bitloom info sfc-w1a1");
  auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "print one JSON document");
  command->callback([json] { list_models(*json); });
}

}  // namespace bitloom::cli
