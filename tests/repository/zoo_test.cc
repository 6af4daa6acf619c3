// SPDX-License-Identifier: Apache-2.0
//
// The zoo is whole: each model has its files, they agree, and the documents say what the cards say.
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "bitloom/data.h"
#include "bitloom/ir.h"

namespace bitloom {
namespace {

namespace fs = std::filesystem;

const fs::path kModels = fs::path(BITLOOM_SOURCE_DIR) / "models";

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

nlohmann::json json_of(const fs::path& path) { return nlohmann::json::parse(text_of(path)); }

// Every folder of models/ but the digits is a model.
std::vector<std::string> names() {
  std::vector<std::string> result;
  for (const auto& entry : fs::directory_iterator(kModels)) {
    if (entry.is_directory() && entry.path().filename() != "digits") result.push_back(entry.path().filename().string());
  }
  return result;
}

// "1,234,567".
std::string grouped(uint64_t number) {
  std::string digits = std::to_string(number);
  for (size_t i = digits.size(); i > 3;) digits.insert(i -= 3, ",");
  return digits;
}

std::string right_of(const nlohmann::json& card) {
  return grouped(card["correct"].get<uint64_t>()) + " of " + grouped(card["images"].get<uint64_t>());
}

std::string percent(const nlohmann::json& card) {
  return fmt::format("{:.2f}", 100 * card["correct"].get<double>() / card["images"].get<double>());
}

std::string published(const nlohmann::json& card) {
  std::string text;
  for (const auto& entry : card["published"]) {
    text +=
        fmt::format("{}{} ({})", text.empty() ? "" : "; ", entry["accuracy"].dump(), entry["source"].get<std::string>());
  }
  return text;
}

TEST(Zoo, each_model_has_its_files_and_they_agree) {
  ASSERT_FALSE(names().empty());
  const std::vector<std::string> sets = data::data_set_names();
  for (const std::string& name : names()) {
    SCOPED_TRACE(name);
    std::set<std::string> files;
    for (const auto& entry : fs::directory_iterator(kModels / name)) files.insert(entry.path().filename().string());
    ASSERT_EQ(files, (std::set<std::string>{"README.md", "card.json", "metrics.jsonl", name + ".bloom", "recipe.json"}));
    const nlohmann::json card = json_of(kModels / name / "card.json"), recipe = json_of(kModels / name / "recipe.json");
    EXPECT_EQ(card.at("name"), name);
    EXPECT_EQ(recipe.at("name"), name);
    EXPECT_EQ(ir::load(kModels / name / (name + ".bloom")).name, name);
    EXPECT_EQ(recipe.at("data"), card.at("data"));
    EXPECT_EQ(recipe.at("epochs"), card.at("epochs"));
    EXPECT_EQ(std::count(sets.begin(), sets.end(), card["data"].get<std::string>()), 1);
    EXPECT_LE(card.at("correct").get<int64_t>(), card.at("images").get<int64_t>());
    EXPECT_FALSE(card.at("network").get<std::string>().empty());
    EXPECT_EQ(card.at("licence"), "Apache-2.0");
    for (const auto& entry : card.at("published")) {
      EXPECT_GT(entry.at("accuracy").get<double>(), 1) << "per cent";
      EXPECT_FALSE(entry.at("source").get<std::string>().empty());
    }
  }
}

TEST(Zoo, each_page_says_what_the_card_says) {
  for (const std::string& name : names()) {
    SCOPED_TRACE(name);
    const nlohmann::json card = json_of(kModels / name / "card.json");
    const std::string page = text_of(kModels / name / "README.md");
    std::vector<std::string> facts{"# " + name + "\n", right_of(card), percent(card) + " %",
                                   grouped(fs::file_size(kModels / name / (name + ".bloom"))) + " bytes",
                                   card["epochs"].dump() + " epochs"};
    for (const auto& entry : card["published"]) facts.push_back(entry["accuracy"].dump() + " %");
    for (const std::string& fact : facts) EXPECT_NE(page.find(fact), std::string::npos) << fact;
  }
}

TEST(Zoo, the_table_has_a_row_for_each_card) {
  const std::string table = text_of(fs::path(BITLOOM_SOURCE_DIR) / "docs" / "models.md");
  size_t rows = 0;
  for (size_t at = table.find("\n| [`"); at != std::string::npos; at = table.find("\n| [`", at + 1)) ++rows;
  EXPECT_EQ(rows, names().size());
  for (const std::string& name : names()) {
    const nlohmann::json card = json_of(kModels / name / "card.json");
    const std::string row =
        fmt::format("\n| [`{0}`](../models/{0}/README.md) | {1} | {2} | {3} | {4} | {5} | {6} | ", name,
                    card["network"].get<std::string>(), card["data"].get<std::string>(), right_of(card), percent(card),
                    published(card), grouped(fs::file_size(kModels / name / (name + ".bloom"))));
    EXPECT_NE(table.find(row), std::string::npos) << "docs/models.md lacks" << row;
  }
}

}  // namespace
}  // namespace bitloom
