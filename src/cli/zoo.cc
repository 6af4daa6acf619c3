// SPDX-License-Identifier: Apache-2.0
#include "zoo.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <tuple>

#include <nlohmann/json.hpp>

#include "bitloom/file.h"
#include "common.h"

namespace bitloom::cli {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMaxCardBytes = 1 << 20;

std::vector<fs::path> split_paths(const std::string& text) {
  std::vector<fs::path> paths;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(':', begin), text.size());
    if (end > begin) paths.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return paths;
}

std::string file_name(const std::string& model, ZooFile file) {
  return file == ZooFile::kNetwork ? model + ".bloom" : "recipe.json";
}

// The models that have such a file; of several of one name the first directory's.
std::map<std::string, fs::path> models_with(ZooFile file) {
  std::map<std::string, fs::path> found;
  for (const fs::path& directory : zoo_directories()) {
    std::error_code error;  // a directory that is not there has no models
    for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
      const std::string name = it->path().filename().string();
      std::error_code unknown;
      if (fs::is_regular_file(it->path() / file_name(name, file), unknown)) {
        found.emplace(name, it->path() / file_name(name, file));
      }
    }
  }
  return found;
}

[[noreturn]] void fail_unknown(const std::string& argument, const std::map<std::string, fs::path>& models) {
  std::vector<std::string> names;
  for (const auto& [name, path] : models) names.push_back(name);
  // The beginning of a name is nearer to it than any other name is.
  const auto closeness = [&](const std::string& name) {
    return std::tuple(!name.starts_with(argument), edit_distance(argument, name));
  };
  std::ranges::stable_sort(names, {}, closeness);
  if (names.empty()) throw Error("{}: there is no such file, and no models are installed to be named", argument);
  throw Error("{}: there is no such file, and no model of that name; give a path, or the name of one of the models: {}",
              argument, fmt::join(names, ", "));
}

[[noreturn]] void fail_card(const fs::path& path, std::string_view field, std::string_view expected) {
  throw Error("{}: field '{}' must be {}", path.string(), field, expected);
}

std::string text_field(const nlohmann::json& card, const fs::path& path, const char* field) {
  const auto found = card.find(field);
  if (found == card.end() || !found->is_string() || found->get_ref<const std::string&>().empty()) {
    fail_card(path, field, "a text");
  }
  return *found;
}

int64_t count_field(const nlohmann::json& card, const fs::path& path, const char* field) {
  constexpr uint64_t kLargest = 1'000'000'000;
  const auto found = card.find(field);
  if (found == card.end() || !found->is_number_unsigned() || found->get<uint64_t>() > kLargest) {
    fail_card(path, field, "a number of images");
  }
  return *found;
}

}  // namespace

std::vector<fs::path> zoo_directories() {
  const char* variable = std::getenv("BITLOOM_MODELS");
  std::vector<fs::path> directories = split_paths(variable ? variable : "");
  directories.push_back(shipped_folder(BITLOOM_MODELS_DIR, "models"));
  return directories;
}

fs::path in_zoo(const fs::path& relative) {
  const std::vector<fs::path> directories = zoo_directories();
  std::string looked;
  for (const fs::path& directory : directories) {
    std::error_code error;
    if (fs::exists(directory / relative, error)) return directory / relative;
    looked += (looked.empty() ? "" : ", ") + directory.string();
  }
  throw Error("{}: is not among the models that bitloom ships (looked in {}); set BITLOOM_MODELS to their folder",
              relative.string(), looked);
}

fs::path find_model(const std::string& argument, ZooFile file) {
  std::error_code error;
  if (fs::is_directory(argument, error)) {
    const fs::path folder = fs::canonical(argument, error);
    const std::string name = file_name(folder.filename().string(), file);
    return fs::is_regular_file(folder / name, error) ? fs::path(argument) / name : fs::path(argument);
  }
  if (fs::exists(argument, error) || argument.find('/') != std::string::npos) return argument;
  const auto models = models_with(file);
  const auto found = models.find(argument);
  if (found == models.end()) fail_unknown(argument, models);
  return found->second;
}

Card read_card(const fs::path& path) {
  const nlohmann::json json = nlohmann::json::parse(read_text(path, kMaxCardBytes), nullptr, false);
  if (!json.is_object()) throw Error("{}: is not a JSON object", path.string());
  Card card{text_field(json, path, "name"), text_field(json, path, "network"), text_field(json, path, "data"),
            count_field(json, path, "images"), count_field(json, path, "correct")};
  if (card.images == 0) fail_card(path, "images", "at least 1");
  if (card.correct > card.images) fail_card(path, "correct", "at most 'images'");
  return card;
}

std::vector<ZooModel> zoo_models() {
  std::vector<ZooModel> models;
  for (const auto& [name, network] : models_with(ZooFile::kNetwork)) {
    const fs::path card = network.parent_path() / "card.json";
    std::error_code error;
    models.push_back({name, network, fs::exists(card, error) ? std::optional(read_card(card)) : std::nullopt});
  }
  return models;
}

}  // namespace bitloom::cli
