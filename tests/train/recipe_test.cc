// SPDX-License-Identifier: Apache-2.0
//
// Recipes are read as documented, and what is wrong with one is said.
#include <string>

#include "synthetic.h"

namespace bitloom::train {
namespace {

using test::message_of;

std::string error_of(const std::string& json) {
  return message_of([&] { parse_recipe(json, "recipe.json"); });
}

TEST(Recipe, every_field_is_read) {
  const Recipe recipe = parse_recipe(
      R"({"name": "a", "data": "b", "hidden": [3, 4], "epochs": 5, "batch": 6, "learning_rate": 0.5, "shift": 7,
          "validation": 8, "seed": 18446744073709551615})",
      "recipe.json");
  Recipe expected;
  expected.name = "a";
  expected.data = "b";
  expected.hidden = {3, 4};
  expected.epochs = 5;
  expected.batch = 6;
  expected.learning_rate = 0.5;
  expected.shift = 7;
  expected.validation = 8;
  expected.seed = 18446744073709551615U;
  EXPECT_EQ(recipe, expected);
}

TEST(Recipe, what_is_left_out_has_its_default) {
  Recipe expected;
  expected.name = "a";
  expected.hidden = {3};
  EXPECT_EQ(parse_recipe(R"({"name": "a", "hidden": [3]})", "recipe.json"), expected);
}

TEST(Recipe, shipped_recipes_are_read) {
  const std::filesystem::path models = std::filesystem::path(BITLOOM_SOURCE_DIR) / "models";
  EXPECT_EQ(read_recipe(models / "sfc-w1a1/recipe.json").hidden, (std::vector<int64_t>{256, 256, 256}));
  EXPECT_EQ(read_recipe(models / "lfc-w1a1/recipe.json").hidden, (std::vector<int64_t>{1024, 1024, 1024}));
}

TEST(Recipe, missing_file_is_named) {
  EXPECT_EQ(message_of([] { read_recipe("/nowhere/recipe.json"); }),
            "/nowhere/recipe.json: cannot open: No such file or directory");
}

TEST(Recipe, faults_of_the_form_are_named_bad) {
  EXPECT_EQ(
      error_of("{"),
      "recipe.json: is not JSON: [json.exception.parse_error.101] parse error at line 1, column 2: syntax error while "
      "parsing object key - unexpected end of input; expected string literal");
  EXPECT_EQ(error_of(R"({"name": )" + std::string(100000, '[')), "recipe.json: is nested more than 8 deep");
  EXPECT_EQ(error_of("[1, 2]"), "recipe.json: is [1,2]; a recipe is a JSON object");
  EXPECT_EQ(error_of(R"({"name": 3})"), "recipe.json: 'name' is 3; it must be a text");
  EXPECT_EQ(error_of(R"({"nam": "a"})"),
            "recipe.json: 'nam' is not a field of a recipe; the fields are name, data, hidden, epochs, batch, "
            "learning_rate, shift, validation, seed");
  EXPECT_EQ(error_of(R"({"hidden": 256})"),
            "recipe.json: 'hidden' is 256; it must be a list of layer sizes such as [256, 256, 256]");
  EXPECT_EQ(error_of(R"({"hidden": [256, 1.5]})"), "recipe.json: layer 2 of 'hidden' is 1.5; it must be a whole number");
  EXPECT_EQ(error_of(R"({"epochs": "many"})"), "recipe.json: 'epochs' is \"many\"; it must be a whole number");
  EXPECT_EQ(error_of(R"({"epochs": 18446744073709551615})"),
            "recipe.json: 'epochs' is 18446744073709551615; it must be a whole number");
  EXPECT_EQ(error_of(R"({"learning_rate": null})"), "recipe.json: 'learning_rate' is null; it must be a number");
  EXPECT_EQ(error_of(R"({"seed": -1})"), "recipe.json: 'seed' is -1; it must be a whole number from 0 to 2^64 - 1");
}

TEST(Recipe, values_out_of_range_are_named_bad) {
  const auto with = [](const std::string& fields) { return R"({"name": "a", "hidden": [3], )" + fields + "}"; };
  EXPECT_EQ(error_of(R"({"hidden": [3]})"), "recipe.json: 'name' is missing; give the network a name");
  EXPECT_EQ(error_of(R"({"name": "a"})"),
            "recipe.json: 'hidden' is missing; list the neurons of each hidden layer such as [256, 256, 256]");
  EXPECT_EQ(error_of(with(R"("data": "")")), "recipe.json: 'data' is empty; name a data set such as \"mnist\"");
  EXPECT_EQ(error_of(R"({"name": "a", "hidden": [3, 0]})"),
            "recipe.json: layer 2 of 'hidden' is 0; it must be from 1 to 65536");
  EXPECT_EQ(error_of(with(R"("epochs": 0)")), "recipe.json: 'epochs' is 0; it must be from 1 to 1000000");
  EXPECT_EQ(error_of(with(R"("batch": 1)")), "recipe.json: 'batch' is 1; it must be from 2 to 65536");
  EXPECT_EQ(error_of(with(R"("shift": -1)")), "recipe.json: 'shift' is -1; it must be from 0 to 64");
  EXPECT_EQ(error_of(with(R"("learning_rate": 0)")), "recipe.json: 'learning_rate' is 0; it must be above 0 and at most 1");
  std::string layers = "1";
  for (int i = 0; i < 64; ++i) layers += ",1";
  EXPECT_EQ(error_of(R"({"name": "a", "hidden": [)" + layers + "]}"),
            "recipe.json: 'hidden' lists 65 layers; at most 64 are trained");
}

}  // namespace
}  // namespace bitloom::train
