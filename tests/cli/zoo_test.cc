// SPDX-License-Identifier: Apache-2.0
//
// Models by name: where they are looked for, in which commands, what the cards say, and that it is true.
#include <algorithm>
#include <fstream>

#include <gtest/gtest.h>

#include "cli/shell.h"

namespace bitloom::cli::test {
namespace {

namespace fs = std::filesystem;

using Strings = std::vector<std::string>;

Strings names(const nlohmann::json& list) {
  Strings result;
  for (const auto& model : list["models"]) result.push_back(model["name"]);
  return result;
}

void expect_error(const Shell& shell, const std::string& command, const std::string& text) {
  SCOPED_TRACE(command);
  const Result result = shell.run(command);
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err, "bitloom: error: " + text + "\n");
}

TEST(Zoo, a_name_stands_for_the_model_in_every_command) {
  const Shell shell;
  EXPECT_EQ(shell.output("bitloom info sfc-w1a1"), shell.output(std::string("bitloom info ") + kSfc));
  EXPECT_EQ(shell.output("bitloom run sfc-w1a1 models/digits"),
            shell.output(std::string("bitloom run ") + kSfc + " models/digits"));
  EXPECT_EQ(shell.json("bitloom eval sfc-w1a1 --data models/digits --json")["correct"], 100);
  EXPECT_EQ(shell.json("bitloom bench sfc-w1a1 --seconds 0.001 --threads 1 --json")["name"], "sfc-w1a1");
  shell.output("bitloom convert sfc-w1a1 -o whole.bloom");
  shell.output("bitloom cut sfc-w1a1 --after dense1.act -o a.bloom b.bloom");
  EXPECT_EQ(shell.output("bitloom run a.bloom models/digits -o - | bitloom run b.bloom - -o cut.npy"),
            "cut.npy: 100 images\n");
  shell.output("bitloom run whole.bloom models/digits -o whole.npy");
  EXPECT_EQ(shell.array("cut.npy"), shell.array("whole.npy"));
}

TEST(Zoo, a_folder_stands_for_its_model_and_a_file_wins_over_a_name) {
  const Shell shell;
  const std::string sfc = shell.output("bitloom info sfc-w1a1");
  EXPECT_EQ(shell.output("bitloom info models/sfc-w1a1/"), sfc);
  EXPECT_EQ(shell.output("cd models && bitloom info sfc-w1a1"), sfc);
  EXPECT_EQ(shell.output("cd models/sfc-w1a1 && bitloom info ."), sfc);
  fs::copy_file(shell.path(kSfc), shell.path("lfc-w1a1"));
  EXPECT_EQ(shell.output("bitloom info lfc-w1a1"), sfc);
}

TEST(Zoo, folders_of_the_environment_come_first) {
  const Shell shell;
  for (const std::string name : {"one/mine", "one/both", "two/both", "two/lfc-w1a1"}) {
    const fs::path folder = shell.path(name);
    fs::create_directories(folder);
    const char* model = name.starts_with("one") ? kSfc : kLfc;
    fs::copy_file(shell.path(model), folder / (folder.filename().string() + ".bloom"));
  }
  std::ofstream(shell.path("one/no-model")) << "a file";
  const std::string variable = "BITLOOM_MODELS=one:/nowhere::two bitloom ";
  EXPECT_EQ(shell.json(variable + "info mine --json")["name"], "sfc-w1a1");
  EXPECT_EQ(shell.json(variable + "info both --json")["name"], "sfc-w1a1");
  EXPECT_EQ(shell.json("BITLOOM_MODELS=two bitloom info both --json")["name"], "lfc-w1a1");
  EXPECT_EQ(shell.json(variable + "info sfc-w1a1 --json")["name"], "sfc-w1a1");
  const nlohmann::json list = shell.json(variable + "models --json");
  const Strings sorted = names(list);
  EXPECT_TRUE(std::ranges::is_sorted(sorted));
  EXPECT_EQ(sorted.size(), names(shell.json("bitloom models --json")).size() + 2) << "both and mine are new";
  const auto entry = [&](const char* name) {
    for (const auto& model : list["models"]) {
      if (model["name"] == name) return model;
    }
    return nlohmann::json();
  };
  EXPECT_EQ(
      entry("both"),
      nlohmann::json({{"name", "both"}, {"path", "one/both/both.bloom"}, {"bytes", fs::file_size(shell.path(kSfc))}}));
  EXPECT_EQ(entry("mine")["path"], "one/mine/mine.bloom");
  EXPECT_EQ(entry("lfc-w1a1")["path"], "two/lfc-w1a1/lfc-w1a1.bloom");
  EXPECT_NE(shell.output(variable + "models").find("\nmine "), std::string::npos);
}

TEST(Zoo, an_installed_program_looks_beside_itself_only) {
  const Shell shell;
  fs::create_directories(shell.path("usr/bin"));
  fs::create_directories(shell.path("usr/share/bitloom/models/mine"));
  fs::copy_file(BITLOOM_PROGRAM, shell.path("usr/bin/bitloom"));
  fs::copy_file(shell.path(kSfc), shell.path("usr/share/bitloom/models/mine/mine.bloom"));
  EXPECT_EQ(names(shell.json("usr/bin/bitloom models --json")), Strings{"mine"});
  EXPECT_EQ(shell.json("usr/bin/bitloom info mine --json")["name"], "sfc-w1a1");
  const std::string models = fs::canonical(shell.path("usr")).string() + "/share/bitloom/models";
  expect_error(
      shell, "usr/bin/bitloom demo",
      "digits: is not among the models that bitloom ships (looked in " + models + "); set BITLOOM_MODELS to their folder");
  fs::remove_all(shell.path("usr/share"));
  EXPECT_EQ(shell.output("usr/bin/bitloom models"),
            "there are no models in " + models + "; BITLOOM_MODELS names other folders\n");
  expect_error(shell, "usr/bin/bitloom info mine", "mine: there is no such file, and no models are installed to be named");
}

TEST(Zoo, unknown_names_list_the_close_ones_first_bad) {
  const Shell shell;
  const fs::path folder = shell.path("zoo");
  for (const std::string name : {"net-w1a1", "net-w2a2", "a-name-of-its-own"}) {
    fs::create_directories(folder / name);
    std::ofstream(folder / name / (name + ".bloom")) << "x";
  }
  const std::string begin =
      ": there is no such file, and no model of that name; give a path, or the name of one of the models: ";
  const auto listed = [&](const std::string& argument) {
    const std::string text = shell.run("BITLOOM_MODELS=zoo bitloom info " + argument).err;
    const std::string start = "bitloom: error: " + argument + begin;
    EXPECT_TRUE(text.starts_with(start)) << text;
    return text.substr(std::min(start.size(), text.size()));
  };
  EXPECT_TRUE(listed("net-w1a2").starts_with("net-w1a1, net-w2a2, ")) << listed("net-w1a2");
  EXPECT_TRUE(listed("nte-w2a2").starts_with("net-w2a2, "));
  EXPECT_TRUE(listed("a-name").starts_with("a-name-of-its-own, "));
  expect_error(shell, "bitloom info zoo/none", "zoo/none: cannot open: No such file or directory");
}

TEST(Zoo, train_takes_the_recipe_of_a_name) {
  const Shell shell;
  const Result result = shell.run("bitloom train sfc-w1a1 -o out.onnx");
  EXPECT_EQ(result.status, 1);
  if (result.err.find("the trainer is not installed") != std::string::npos) GTEST_SKIP() << result.err;
  EXPECT_NE(result.err.find("/data/mnist: does not hold train-images-idx3-ubyte"), std::string::npos) << result.err;
  EXPECT_TRUE(shell.run("bitloom train models/sfc-w1a1 -o out.onnx").err == result.err);
  EXPECT_TRUE(shell.run("bitloom train sfc -o out.onnx")
                  .err.starts_with("bitloom: error: sfc: there is no such file, and no model of that name;"));
}

TEST(Zoo, models_lists_what_the_cards_say) {
  const Shell shell;
  const nlohmann::json list = shell.json("bitloom models --json");
  ASSERT_FALSE(list["models"].empty());
  const std::string table = shell.output("bitloom models");
  for (const auto& model : list["models"]) {
    const std::string name = model["name"];
    SCOPED_TRACE(name);
    EXPECT_EQ(keys(model), (Strings{"accuracy", "bytes", "correct", "data", "images", "name", "network", "path"}));
    const auto card = nlohmann::json::parse(std::ifstream(shell.path("models/" + name + "/card.json")));
    for (const std::string key : {"name", "network", "data", "images", "correct"}) EXPECT_EQ(model[key], card[key]);
    EXPECT_DOUBLE_EQ(model["accuracy"], card["correct"].get<double>() / card["images"].get<double>());
    EXPECT_EQ(model["bytes"], fs::file_size(model["path"].get<std::string>()));
    EXPECT_NE(table.find("\n" + name + " "), std::string::npos) << table;
  }
}

TEST(Zoo, cards_are_checked_bad) {
  const Shell shell;
  fs::create_directories(shell.path("zoo/m"));
  std::ofstream(shell.path("zoo/m/m.bloom")) << "x";
  const std::string good = R"("name": "m", "network": "n", "data": "mnist", "images": 10, )";
  const std::pair<std::string, std::string> cases[] = {
      {"[]", "is not a JSON object"},
      {"{", "is not a JSON object"},
      {R"({"name": "m", "network": 1})", "field 'network' must be a text"},
      {"{" + good + R"("correct": -1})", "field 'correct' must be a number of images"},
      {"{" + good + R"("correct": 11})", "field 'correct' must be at most 'images'"},
      {R"({"name": "m", "network": "n", "data": "mnist", "images": 0, "correct": 0})", "field 'images' must be at least 1"},
      {R"({"name": "m", "network": "n", "data": "mnist"})", "field 'images' must be a number of images"},
  };
  for (const auto& [text, message] : cases) {
    std::ofstream(shell.path("zoo/m/card.json")) << text;
    expect_error(shell, "BITLOOM_MODELS=zoo bitloom models", "zoo/m/card.json: " + message);
  }
  std::ofstream(shell.path("zoo/m/card.json")) << "{" + good + R"("correct": 9, "more": 1})";
  EXPECT_NE(shell.output("BITLOOM_MODELS=zoo bitloom models").find("\nm "), std::string::npos);
}

TEST(SlowZoo, eval_gives_what_the_cards_say) {
  const Shell shell;
  const fs::path directory = data::data_directory();
  std::string missing;
  const nlohmann::json list = shell.json("bitloom models --json");
  ASSERT_FALSE(list["models"].empty());
  for (const auto& model : list["models"]) {
    const std::string data = model["data"], name = model["name"];
    if (!fs::exists(directory / data)) {
      missing += " " + data;
      continue;
    }
    const nlohmann::json result =
        shell.json("bitloom eval " + name + " --data " + data + " --data-dir '" + directory.string() + "' --json");
    EXPECT_EQ(result["correct"], model["correct"]) << name;
    EXPECT_EQ(result["images"], model["images"]) << name;
  }
  if (!missing.empty()) GTEST_SKIP() << directory << " lacks" << missing;
}

}  // namespace
}  // namespace bitloom::cli::test
