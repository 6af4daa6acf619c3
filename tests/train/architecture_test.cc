// SPDX-License-Identifier: Apache-2.0
//
// The graph that a recipe becomes: shapes, order, and what does not fit.
#include <string>

#include "synthetic.h"
#include "train/architecture.h"

namespace bitloom::train {
namespace {

std::string shapes(const Architecture& architecture) {
  std::string text;
  for (const Node& node : architecture.nodes)
    text += fmt::format("{} {}x{}x{}\n", node.name, node.height, node.width, node.channels);
  return text;
}

Recipe recipe_of(const std::string& layers) {
  return parse_recipe(R"({"name": "net", "input": "pixels", "layers": )" + layers + "}", "recipe");
}

TEST(Architecture, of_a_small_cnv) {
  const Architecture net =
      plan(recipe_of(R"([{"conv": 4}, {"conv": 8, "pool": 2, "padding": 1}, {"dense": 5}])"), 8, 8, 3, 10);
  EXPECT_EQ(shapes(net),
            "image 8x8x3\nconv0 6x6x4\nconv0.act 6x6x4\nconv1 6x6x8\nconv1.max 3x3x8\nconv1.act 3x3x8\n"
            "conv1.act.flat 1x1x72\ndense2 1x1x5\ndense2.act 1x1x5\ndense3 1x1x10\nlogits 1x1x10\n");
  EXPECT_EQ(net.nodes[1].magnitude, 27 * 128);
  EXPECT_EQ(net.nodes[3].magnitude, 36);
  EXPECT_FALSE(net.is_float);
}

TEST(Architecture, of_a_residual_block) {
  const Architecture net =
      plan(recipe_of(R"([{"conv": 4, "padding": 1}, {"residual": [{"conv": 8, "stride": 2, "padding": 1}],
                 "shortcut": [{"conv": 8, "kernel": 1, "stride": 2}]}, {"depthwise": 3}, {"average_pool": 2}])"),
           8, 8, 1, 2);
  EXPECT_EQ(shapes(net),
            "image 8x8x1\nconv0 8x8x4\nconv0.act 8x8x4\nconv1 4x4x8\nconv1.act 4x4x8\nconv2 4x4x8\nconv2.act 4x4x8\n"
            "add0 4x4x8\nconv3 2x2x8\nconv3.act 2x2x8\nconv3.act.sum 1x1x8\nconv3.act.sum.flat 1x1x8\ndense4 1x1x2\n"
            "logits 1x1x2\n");
  EXPECT_EQ(net.nodes[7].magnitude, 2);
  EXPECT_EQ(std::get<ProductOp>(net.nodes[8].op).groups, 8);
  EXPECT_EQ(net.nodes[10].magnitude, 4);
}

TEST(Architecture, float_networks_are_known) {
  EXPECT_TRUE(
      plan(parse_recipe(R"({"name": "twin", "weights": "float", "activations": "float", "hidden": [3]})", "r"), 2, 2, 1, 2)
          .is_float);
}

TEST(Architecture, example_recipes_have_one) {
  const std::filesystem::path folder = std::filesystem::path(BITLOOM_SOURCE_DIR) / "examples/recipes";
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    const Recipe recipe = read_recipe(file.path());
    EXPECT_EQ(recipe.name, file.path().stem());
    const bool digits = recipe.data == "mnist";
    EXPECT_NO_THROW(plan(recipe, digits ? 28 : 32, digits ? 28 : 32, digits ? 1 : 3, 10)) << file.path();
  }
}

TEST(Architecture, what_does_not_fit_is_named_bad) {
  const auto refusal = [](const std::string& layers) {
    return test::message_of([&] { plan(recipe_of(layers), 8, 8, 3, 10); });
  };
  EXPECT_EQ(refusal(R"([{"conv": 4}, {"conv": 4, "kernel": 7}])"),
            "net: layer 2: its window of 7 x 7 does not fit the 6 x 6 that come in; lower 'kernel' or raise 'padding'");
  EXPECT_EQ(refusal(R"([{"conv": 4, "groups": 2}])"),
            "net: layer 1: 3 input and 4 output channels cannot be split into 2 groups");
  EXPECT_EQ(refusal(R"([{"max_pool": 9}])"), "net: layer 1: its pool of 9 x 9 does not fit the 8 x 8 that come in");
  EXPECT_EQ(refusal(R"([{"dense": 9}, {"conv": 2, "kernel": 1}])"),
            "net: layer 2: a convolution behind a fully connected layer has no image");
  EXPECT_EQ(refusal(R"([{"residual": [{"conv": 4}]}])"),
            "net: layer 1: the residual branch makes 6 x 6 x 4 and the shortcut 8 x 8 x 3; give the shortcut a convolution "
            "that makes the same");
  EXPECT_EQ(refusal(R"([{"dense": 65536}, {"dense": 65536}])"),
            "net: layer 2: the network has more than 268435456 weights");
}

}  // namespace
}  // namespace bitloom::train
