// SPDX-License-Identifier: Apache-2.0
//
// Recipes: JSON in, values checked, the same JSON out. Needs no LibTorch.
#include "recipe.h"

#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "bitloom/file.h"

namespace bitloom::train {
namespace {

using nlohmann::json;

constexpr int64_t kMaxRecipeBytes = int64_t{1} << 20;
constexpr int64_t kMaxNeurons = int64_t{1} << 16;
constexpr int64_t kMaxHidden = 64;
constexpr int kMaxDepth = 8;  // a recipe needs 2; printing what is found instead takes stack for each

/// Fields of a recipe that are numbers, with what they may be.
struct IntegerField {
  const char* name;
  int64_t Recipe::*member;
  int64_t lowest, highest;
};
constexpr std::array<IntegerField, 4> kIntegerFields = {{
    {"epochs", &Recipe::epochs, 1, 1'000'000},
    {"batch", &Recipe::batch, 2, 1 << 16},
    {"shift", &Recipe::shift, 0, 64},
    {"validation", &Recipe::validation, 0, int64_t{1} << 40},
}};
constexpr std::array<const char*, 9> kFields = {"name",          "data",  "hidden",     "epochs", "batch",
                                                "learning_rate", "shift", "validation", "seed"};

/// The value as a message shows it, cut where it gets long.
std::string shown(const json& value) {
  constexpr size_t kLongest = 40;
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > kLongest) text = text.substr(0, kLongest) + " ...";
  return text;
}

int64_t read_integer(const json& value, const std::string& what, std::string_view source) {
  const bool fits = value.is_number_unsigned() ? value.get<uint64_t>() <= uint64_t{std::numeric_limits<int64_t>::max()}
                                               : value.is_number_integer();
  if (!fits) throw Error("{}: {} is {}; it must be a whole number", source, what, shown(value));
  return value.get<int64_t>();
}

std::string read_text(const json& value, const char* field, std::string_view source) {
  if (!value.is_string()) throw Error("{}: '{}' is {}; it must be a text", source, field, shown(value));
  return value.get<std::string>();
}

std::vector<int64_t> read_hidden(const json& value, std::string_view source) {
  if (!value.is_array()) {
    throw Error("{}: 'hidden' is {}; it must be a list of layer sizes such as [256, 256, 256]", source, shown(value));
  }
  if (static_cast<int64_t>(value.size()) > kMaxHidden) {
    throw Error("{}: 'hidden' lists {} layers; at most {} are trained", source, value.size(), kMaxHidden);
  }
  std::vector<int64_t> sizes;
  for (const json& size : value) {
    sizes.push_back(read_integer(size, fmt::format("layer {} of 'hidden'", sizes.size() + 1), source));
  }
  return sizes;
}

void read_field(Recipe& recipe, const std::string& field, const json& value, std::string_view source) {
  for (const IntegerField& integer : kIntegerFields) {
    if (field == integer.name) {
      recipe.*integer.member = read_integer(value, fmt::format("'{}'", field), source);
      return;
    }
  }
  if (field == "name") {
    recipe.name = read_text(value, "name", source);
  } else if (field == "data") {
    recipe.data = read_text(value, "data", source);
  } else if (field == "hidden") {
    recipe.hidden = read_hidden(value, source);
  } else if (field == "learning_rate") {
    if (!value.is_number()) throw Error("{}: 'learning_rate' is {}; it must be a number", source, shown(value));
    recipe.learning_rate = value.get<double>();
  } else if (field == "seed") {
    if (!value.is_number_unsigned()) {
      throw Error("{}: 'seed' is {}; it must be a whole number from 0 to 2^64 - 1", source, shown(value));
    }
    recipe.seed = value.get<uint64_t>();
  } else {
    throw Error("{}: '{}' is not a field of a recipe; the fields are {}", source, field, fmt::join(kFields, ", "));
  }
}

}  // namespace

void check(const Recipe& recipe, std::string_view source) {
  if (recipe.name.empty()) throw Error("{}: 'name' is missing; give the network a name", source);
  if (recipe.data.empty()) throw Error("{}: 'data' is empty; name a data set such as \"mnist\"", source);
  if (recipe.hidden.empty()) {
    throw Error("{}: 'hidden' is missing; list the neurons of each hidden layer such as [256, 256, 256]", source);
  }
  for (size_t i = 0; i < recipe.hidden.size(); ++i) {
    if (recipe.hidden[i] < 1 || recipe.hidden[i] > kMaxNeurons) {
      throw Error("{}: layer {} of 'hidden' is {}; it must be from 1 to {}", source, i + 1, recipe.hidden[i], kMaxNeurons);
    }
  }
  for (const IntegerField& field : kIntegerFields) {
    const int64_t value = recipe.*field.member;
    if (value < field.lowest || value > field.highest) {
      throw Error("{}: '{}' is {}; it must be from {} to {}", source, field.name, value, field.lowest, field.highest);
    }
  }
  if (!(recipe.learning_rate > 0 && recipe.learning_rate <= 1)) {
    throw Error("{}: 'learning_rate' is {}; it must be above 0 and at most 1", source, recipe.learning_rate);
  }
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
  if (!document.is_object()) throw Error("{}: is {}; a recipe is a JSON object", source, shown(document));
  Recipe recipe;
  for (const auto& [field, value] : document.items()) read_field(recipe, field, value, source);
  check(recipe, source);
  return recipe;
}

Recipe read_recipe(const std::filesystem::path& path) {
  const std::vector<std::byte> bytes = read_file(path, kMaxRecipeBytes);
  return parse_recipe({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path.string());
}

std::string print(const Recipe& recipe) {
  nlohmann::ordered_json document;
  document["name"] = recipe.name;
  document["data"] = recipe.data;
  document["hidden"] = recipe.hidden;
  document["epochs"] = recipe.epochs;
  document["batch"] = recipe.batch;
  document["learning_rate"] = recipe.learning_rate;
  document["shift"] = recipe.shift;
  document["validation"] = recipe.validation;
  document["seed"] = recipe.seed;
  return document.dump();
}

}  // namespace bitloom::train
