// SPDX-License-Identifier: Apache-2.0
//
// Recipes are read as documented, and what is wrong with one is said.
#include <string>

#include "synthetic.h"
#include "train/recipe.h"

namespace bitloom::train {
namespace {

using test::message_of;

std::string error_of(const std::string& json) {
  return message_of([&] { parse_recipe(json, "recipe.json"); });
}

TEST(Recipe, every_field_is_read) {
  const Recipe recipe = parse_recipe(
      R"({"name": "a", "data": "b", "input": "pixels", "weights": "ternary", "activations": "isometric3", "last": "signed8n",
          "logits": "scale", "hidden": [3, 4], "epochs": 5, "batch": 6, "optimizer": "sgd", "schedule": "cosine",
          "learning_rate": 0.5, "weight_decay": 0.25, "loss": "cross_entropy", "label_smoothing": 0.125,
          "teacher": {"checkpoint": "t.ckpt", "temperature": 2, "weight": 0.75}, "start": "s.ckpt", "shift": 7, "fill": "reflect",
          "flip": true, "cutout": 9, "validation": 8, "seed": 18446744073709551615})",
      "recipe.json");
  Recipe expected;
  expected.name = "a";
  expected.data = "b";
  expected.input = Input::kPixels;
  expected.weights = {Method::kUniform, 2, true, true};
  expected.activations = {Method::kIsometric, 3, false, false};
  expected.last = {Method::kUniform, 8, true, true};
  expected.logits = Logits::kScale;
  expected.layers = {test::dense(3), test::dense(4)};
  expected.epochs = 5;
  expected.batch = 6;
  expected.optimizer = Optimizer::kSgd;
  expected.schedule = Schedule::kCosine;
  expected.learning_rate = 0.5;
  expected.weight_decay = 0.25;
  expected.label_smoothing = 0.125;
  expected.teacher = Teacher{"t.ckpt", 2, 0.75};
  expected.start = "s.ckpt";
  expected.shift = 7;
  expected.reflect = true;
  expected.flip = true;
  expected.cutout = 9;
  expected.validation = 8;
  expected.seed = 18446744073709551615U;
  EXPECT_EQ(recipe, expected);
}

TEST(Recipe, layers_are_read) {
  const Recipe recipe = parse_recipe(
      R"({"name": "a", "layers": [
          {"conv": 64, "kernel": 5, "stride": 2, "padding": 1, "dilation": 3, "groups": 4, "pool": 2, "weights": "xnor",
           "activations": "residual2", "norm": false},
          {"depthwise": 3}, {"max_pool": 2}, {"average_pool": 4}, {"quantizer": "unsigned4"},
          {"residual": [{"conv": 8}], "shortcut": [{"conv": 8, "kernel": 1}]}, {"dense": 10}]})",
      "recipe.json");
  ASSERT_EQ(recipe.layers.size(), 7U);
  const Layer& conv = recipe.layers[0];
  EXPECT_EQ(conv.kind, Layer::Kind::kConv);
  EXPECT_EQ(
      (std::vector<int64_t>{conv.outputs, conv.kernel, conv.stride, conv.padding, conv.dilation, conv.groups, conv.pool}),
      (std::vector<int64_t>{64, 5, 2, 1, 3, 4, 2}));
  EXPECT_EQ(conv.weights->method, Method::kXnor);
  EXPECT_EQ(*conv.activations, (Quantizer{Method::kResidual, 2, false, false}));
  EXPECT_FALSE(conv.norm);
  EXPECT_TRUE(recipe.layers[1].depthwise);
  EXPECT_EQ(recipe.layers[2].kind, Layer::Kind::kMaxPool);
  EXPECT_EQ(recipe.layers[3].kernel, 4);
  EXPECT_EQ(recipe.layers[4].activations->bits, 4);
  EXPECT_EQ(recipe.layers[5].body.size(), 1U);
  EXPECT_EQ(recipe.layers[5].shortcut[0].kernel, 1);
  EXPECT_EQ(recipe.layers[6], test::dense(10));
}

TEST(Recipe, printed_recipe_is_the_same_recipe) {
  for (
      const char* text :
      {R"({"name": "a", "hidden": [3]})",
       R"({"name": "a", "weights": "signed3n", "activations": "residual4", "layers": [{"residual": [{"conv": 8, "padding": 1,
            "weights": "dorefa3"}]}, {"depthwise": 3}, {"quantizer": "ternary"}, {"average_pool": 2}]})"}) {
    const Recipe recipe = parse_recipe(text, "recipe.json");
    EXPECT_EQ(parse_recipe(print(recipe), "printed"), recipe);
    EXPECT_EQ(print(parse_recipe(print(recipe), "printed")), print(recipe));
  }
}

TEST(Recipe, weights_are_the_last_layers_too_unless_told) {
  EXPECT_EQ(parse_recipe(R"({"name": "a", "hidden": [3], "weights": "signed2"})", "r").last.bits, 2);
  EXPECT_EQ(parse_recipe(R"({"name": "a", "hidden": [3], "weights": "signed2", "last": "signed8"})", "r").last.bits, 8);
}

TEST(Recipe, what_is_left_out_has_its_default) {
  Recipe expected;
  expected.name = "a";
  expected.layers = {test::dense(3)};
  EXPECT_EQ(parse_recipe(R"({"name": "a", "hidden": [3]})", "recipe.json"), expected);
}

TEST(Recipe, shipped_recipes_are_read) {
  const std::filesystem::path models = std::filesystem::path(BITLOOM_SOURCE_DIR) / "models";
  EXPECT_EQ(read_recipe(models / "sfc-w1a1/recipe.json").layers, std::vector<Layer>(3, test::dense(256)));
  for (const auto& folder : std::filesystem::directory_iterator(models)) {
    const std::filesystem::path recipe = folder.path() / "recipe.json";
    if (!std::filesystem::exists(recipe)) continue;
    EXPECT_EQ(read_recipe(recipe).name, folder.path().filename());
  }
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
  EXPECT_EQ(error_of(R"({"name": )" + std::string(100000, '[')), "recipe.json: is nested more than 16 deep");
  EXPECT_EQ(error_of("[1, 2]"), "recipe.json: is [1,2]; it must be a JSON object");
  EXPECT_EQ(error_of(R"({"name": 3})"), "recipe.json: 'name' is 3; it must be a text");
  EXPECT_TRUE(
      error_of(R"({"nam": "a"})").starts_with("recipe.json: 'nam' is not a field here; the fields are activations, "));
  EXPECT_EQ(error_of(R"({"hidden": 256})"),
            "recipe.json: 'hidden' is 256; it must be a list of layer sizes such as [256, 256, 256]");
  EXPECT_EQ(error_of(R"({"hidden": [256, 1.5]})"), "recipe.json, layer 2: 'dense' is 1.5; it must be a whole number");
  EXPECT_EQ(error_of(R"({"epochs": "many"})"), "recipe.json: 'epochs' is \"many\"; it must be a whole number");
  EXPECT_EQ(error_of(R"({"epochs": 18446744073709551615})"),
            "recipe.json: 'epochs' is 18446744073709551615; it must be a whole number");
  EXPECT_EQ(error_of(R"({"learning_rate": null})"), "recipe.json: 'learning_rate' is null; it must be a number");
  EXPECT_EQ(error_of(R"({"seed": -1})"), "recipe.json: 'seed' is -1; it must be a whole number from 0 to 2^64 - 1");
  EXPECT_EQ(error_of(R"({"flip": 1})"), "recipe.json: 'flip' is 1; it must be true or false");
  EXPECT_EQ(error_of(R"({"optimizer": "lbfgs"})"), "recipe.json: 'optimizer' is \"lbfgs\"; it must be one of adam, sgd");
  EXPECT_EQ(error_of(R"({"hidden": [3], "layers": []})"),
            "recipe.json: has both 'hidden' and 'layers'; 'hidden' is short for fully connected layers");
}

TEST(Recipe, faults_of_layers_are_named_bad) {
  const auto of = [](const std::string& layers) { return error_of(R"({"name": "a", "layers": )" + layers + "}"); };
  EXPECT_EQ(of("3"), "recipe.json: is 3; it must be a list of layers");
  EXPECT_EQ(of(R"([{"dense": 3}, {"kernel": 3}])"),
            "recipe.json, layer 2: does not say what it is; give it one of dense, conv, depthwise, max_pool, average_pool, "
            "quantizer, residual");
  EXPECT_EQ(of(R"([{"dense": 3, "conv": 3}])"),
            "recipe.json, layer 1: has both 'dense' and 'conv'; a layer is one of them");
  EXPECT_EQ(
      of(R"([{"dense": 3, "stride": 1}])"),
      "recipe.json, layer 1: 'stride' is not a field here; the fields are activations, dense, input_scale, norm, weights");
  EXPECT_EQ(of(R"([{"residual": [{"conv": 0}]}])"),
            "recipe.json, layer 1, residual, layer 1: 'conv' is 0; it must be from 1 to 65536");
  EXPECT_EQ(of(R"([{"residual": []}])"), "recipe.json, layer 1: 'residual' is empty; list the layers of the branch");
  EXPECT_TRUE(of(R"([{"conv": 3, "input_scale": true}])")
                  .starts_with("recipe.json, layer 1: 'input_scale' (XNOR-Net's map K) is not supported"));
}

TEST(Recipe, unknown_quantizers_are_named_bad) {
  const auto of = [](const std::string& fields) { return error_of(R"({"name": "a", "hidden": [3], )" + fields + "}"); };
  for (const char* name :
       {"bipola", "signed1", "signed9", "dorefa0", "isometric5", "unsigned", "unsigned2n", "bipolar2", "xnor"})
    EXPECT_NE(of(fmt::format(R"("activations": "{}")", name)).find("is no quantizer for activations; those are"),
              std::string::npos)
        << name;
  for (const char* name : {"isometric2", "residual2", "unsigned2", "", "ternary3"})
    EXPECT_NE(of(fmt::format(R"("weights": "{}")", name)).find("is no quantizer for weights; those are"), std::string::npos)
        << name;
}

TEST(Recipe, values_out_of_range_are_named_bad) {
  const auto with = [](const std::string& fields) { return R"({"name": "a", "hidden": [3], )" + fields + "}"; };
  EXPECT_EQ(error_of(R"({"hidden": [3]})"), "recipe.json: 'name' is missing; give the network a name");
  EXPECT_EQ(error_of(R"({"name": "a"})"),
            "recipe.json: 'layers' is missing; list the layers, or the neurons of fully connected ones as \"hidden\": "
            "[256, 256]");
  EXPECT_EQ(error_of(with(R"("data": "")")), "recipe.json: 'data' is empty; name a data set such as \"mnist\"");
  EXPECT_EQ(error_of(R"({"name": "a", "hidden": [3, 0]})"),
            "recipe.json, layer 2: 'dense' is 0; it must be from 1 to 65536");
  EXPECT_EQ(error_of(with(R"("epochs": 0)")), "recipe.json: 'epochs' is 0; it must be from 1 to 1000000");
  EXPECT_EQ(error_of(with(R"("batch": 1)")), "recipe.json: 'batch' is 1; it must be from 2 to 65536");
  EXPECT_EQ(error_of(with(R"("shift": -1)")), "recipe.json: 'shift' is -1; it must be from 0 to 64");
  EXPECT_NE(error_of(with(R"("learning_rate": 0)")).find("'learning_rate' is 0; it must be"), std::string::npos);
  EXPECT_EQ(error_of(with(R"("loss": "hinge", "label_smoothing": 0.1)")),
            "recipe.json: 'label_smoothing' and 'teacher' need the loss cross_entropy, not hinge");
  EXPECT_EQ(error_of(with(R"("start": 3)")), "recipe.json: 'start' is 3; it must be the path of a checkpoint");
  EXPECT_EQ(error_of(with(R"("teacher": {"weight": 0.5})")),
            "recipe.json, teacher: 'checkpoint' is missing; name that of the teacher's training");
}

}  // namespace
}  // namespace bitloom::train
