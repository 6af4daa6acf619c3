// SPDX-License-Identifier: Apache-2.0
//
// Recipes: JSON in, values checked, the same JSON out. Needs no LibTorch.
#include "recipe.h"

#include <array>
#include <limits>
#include <utility>

#include <nlohmann/json.hpp>

#include "bitloom/file.h"
#include "json_reader.h"
#include "quantizer.h"
#include "recipe_layers.h"

namespace bitloom::train {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr int64_t kMaxRecipeBytes = int64_t{1} << 20;
constexpr int kMaxDepth = 16;  // of JSON; printing what is found instead of a recipe takes stack for each

template <typename T, size_t N>
using Names = std::array<std::pair<std::string_view, T>, N>;

constexpr Names<Input, 2> kInputs = {{{"sign", Input::kSign}, {"pixels", Input::kPixels}}};
constexpr Names<Logits, 2> kLogits = {{{"norm", Logits::kNorm}, {"scale", Logits::kScale}}};
constexpr Names<Optimizer, 2> kOptimizers = {{{"adam", Optimizer::kAdam}, {"sgd", Optimizer::kSgd}}};
constexpr Names<Schedule, 2> kSchedules = {{{"one_cycle", Schedule::kOneCycle}, {"cosine", Schedule::kCosine}}};
constexpr Names<Loss, 2> kLosses = {{{"cross_entropy", Loss::kCrossEntropy}, {"hinge", Loss::kHinge}}};
constexpr Names<bool, 2> kFills = {{{"dark", false}, {"reflect", true}}};

void read_hidden(const json& value, const std::string& place, std::vector<Layer>& layers) {
  if (!value.is_array())
    throw Error("{}: 'hidden' is {}; it must be a list of layer sizes such as [256, 256, 256]", place, shown(value));
  json dense = json::array();
  for (const json& size : value) dense.push_back({{"dense", size}});
  layers = read_layers(dense, place);
}

void read_network(JsonObject& object, Recipe& recipe) {
  object.choice("input", recipe.input, kInputs);
  read_quantizer(object, "weights", Operand::kWeights, [&](const Quantizer& q) { recipe.weights = recipe.last = q; });
  read_quantizer(object, "activations", Operand::kActivations, [&](const Quantizer& q) { recipe.activations = q; });
  read_quantizer(object, "last", Operand::kWeights, [&](const Quantizer& q) { recipe.last = q; });
  if (object.has("hidden") && object.has("layers"))
    throw Error("{}: has both 'hidden' and 'layers'; 'hidden' is short for fully connected layers", object.place());
  object.take("hidden", [&](const json& value) { read_hidden(value, object.place(), recipe.layers); });
  object.take("layers", [&](const json& value) { recipe.layers = read_layers(value, object.place()); });
  object.choice("logits", recipe.logits, kLogits);
}

void read_teacher(const json& value, const std::string& place, std::optional<Teacher>& target) {
  JsonObject object(value, place + ", teacher");
  Teacher teacher;
  std::string checkpoint;
  object.text("checkpoint", checkpoint);
  teacher.checkpoint = checkpoint;
  object.number("temperature", teacher.temperature, 0.1, 100);
  object.number("weight", teacher.weight, 0, 1);
  object.finish();
  if (checkpoint.empty()) throw Error("{}: 'checkpoint' is missing; name that of the teacher's training", object.place());
  target = teacher;
}

void read_training(JsonObject& object, Recipe& recipe) {
  object.integer("epochs", recipe.epochs, 1, 1'000'000);
  object.integer("batch", recipe.batch, 2, 1 << 16);
  object.choice("optimizer", recipe.optimizer, kOptimizers);
  object.choice("schedule", recipe.schedule, kSchedules);
  object.number("learning_rate", recipe.learning_rate, std::numeric_limits<double>::min(), 1);
  object.number("weight_decay", recipe.weight_decay, 0, 1);
  object.choice("loss", recipe.loss, kLosses);
  object.number("label_smoothing", recipe.label_smoothing, 0, 0.99);
  object.take("teacher", [&](const json& value) {
    if (!value.is_null()) read_teacher(value, object.place(), recipe.teacher);
  });
  object.take("start", [&](const json& value) {
    if (!value.is_string())
      throw Error("{}: 'start' is {}; it must be the path of a checkpoint", object.place(), shown(value));
    recipe.start = value.get<std::string>();
  });
  object.integer("shift", recipe.shift, 0, 64);
  object.choice("fill", recipe.reflect, kFills);
  object.flag("flip", recipe.flip);
  object.integer("cutout", recipe.cutout, 0, 1024);
  object.integer("validation", recipe.validation, 0, int64_t{1} << 40);
  object.take("seed", [&](const json& value) {
    if (!value.is_number_unsigned())
      throw Error("{}: 'seed' is {}; it must be a whole number from 0 to 2^64 - 1", object.place(), shown(value));
    recipe.seed = value.get<uint64_t>();
  });
}

/// The checkpoint beside the recipe in `folder`, or, where there is none, of the same name from where the user is: a recipe
/// of the zoo has nothing beside it.
std::filesystem::path find_checkpoint(const std::filesystem::path& folder, const std::filesystem::path& name) {
  const std::filesystem::path beside = folder / name;
  return !std::filesystem::exists(beside) && std::filesystem::exists(name) ? name : beside;
}

}  // namespace

void check(const Recipe& recipe, std::string_view source) {
  if (recipe.name.empty()) throw Error("{}: 'name' is missing; give the network a name", source);
  if (recipe.data.empty()) throw Error("{}: 'data' is empty; name a data set such as \"mnist\"", source);
  if (recipe.layers.empty()) {
    throw Error(
        "{}: 'layers' is missing; list the layers, or the neurons of fully connected ones as \"hidden\": [256, 256]",
        source);
  }
  if (recipe.loss == Loss::kHinge && (recipe.label_smoothing > 0 || recipe.teacher))
    throw Error("{}: 'label_smoothing' and 'teacher' need the loss cross_entropy, not hinge", source);
}

Recipe parse_recipe(std::string_view text, std::string_view source) {
  json document;
  try {
    document = json::parse(text, [source](int depth, json::parse_event_t, const json&) {
      if (depth > kMaxDepth) throw Error("{}: is nested more than {} deep", source, kMaxDepth);
      return true;
    });
  } catch (const json::exception& error) {
    throw Error("{}: is not JSON: {}", source, error.what());
  }
  JsonObject object(document, std::string(source));
  Recipe recipe;
  object.text("name", recipe.name);
  object.text("data", recipe.data);
  read_network(object, recipe);
  read_training(object, recipe);
  object.finish();
  check(recipe, source);
  return recipe;
}

Recipe read_recipe(const std::filesystem::path& path) {
  const std::vector<std::byte> bytes = read_file(path, kMaxRecipeBytes);
  Recipe recipe = parse_recipe({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path.string());
  if (recipe.teacher) recipe.teacher->checkpoint = find_checkpoint(path.parent_path(), recipe.teacher->checkpoint);
  if (!recipe.start.empty()) recipe.start = find_checkpoint(path.parent_path(), recipe.start);
  return recipe;
}

std::string print(const Recipe& recipe) {
  ordered_json document;
  document["name"] = recipe.name;
  document["data"] = recipe.data;
  document["input"] = name_of(recipe.input, kInputs);
  document["weights"] = print(recipe.weights);
  document["activations"] = print(recipe.activations);
  document["layers"] = print(recipe.layers);
  document["last"] = print(recipe.last);
  document["logits"] = name_of(recipe.logits, kLogits);
  document["epochs"] = recipe.epochs;
  document["batch"] = recipe.batch;
  document["optimizer"] = name_of(recipe.optimizer, kOptimizers);
  document["schedule"] = name_of(recipe.schedule, kSchedules);
  document["learning_rate"] = recipe.learning_rate;
  document["weight_decay"] = recipe.weight_decay;
  document["loss"] = name_of(recipe.loss, kLosses);
  document["label_smoothing"] = recipe.label_smoothing;
  document["teacher"] = nullptr;
  if (recipe.teacher) {
    document["teacher"] = {{"checkpoint", recipe.teacher->checkpoint.filename().string()},
                           {"temperature", recipe.teacher->temperature},
                           {"weight", recipe.teacher->weight}};
  }
  document["start"] = recipe.start.filename().string();
  document["shift"] = recipe.shift;
  document["fill"] = name_of(recipe.reflect, kFills);
  document["flip"] = recipe.flip;
  document["cutout"] = recipe.cutout;
  document["validation"] = recipe.validation;
  document["seed"] = recipe.seed;
  return document.dump();
}

}  // namespace bitloom::train
