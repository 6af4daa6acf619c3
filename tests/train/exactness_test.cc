// SPDX-License-Identifier: Apache-2.0
//
// Whatever a recipe asks for, the network that is written is the one that was trained: the model's own arithmetic in 64-bit
// floats, the exported graph evaluated as ONNX and QONNX define it, and the integers agree on every image.
#include <random>

#include "train/tensor.h"

#include <ATen/ATen.h>

#include "bitloom/engine.h"
#include "bitloom/frontend.h"
#include "bitloom/lower.h"
#include "support/property.h"
#include "synthetic.h"
#include "train/batches.h"
#include "train/inputs.h"
#include "train/judge.h"
#include "train/loss.h"
#include "train/model.h"
#include "train/recipe.h"

namespace bitloom::train {
namespace {

using Engine = std::mt19937_64;

/// One of these.
template <typename T>
T one_of(Engine& random, std::initializer_list<T> values) {
  return values.begin()[random() % values.size()];
}

Quantizer random_weights(Engine& random) {
  return parse_quantizer(one_of<std::string>(random, {"bipolar", "bipolar", "xnor", "ternary", "signed2", "signed3n",
                                                      "signed8n", "dorefa1", "dorefa2", "dorefa4", "dorefa8"}),
                         Operand::kWeights);
}

Quantizer random_activations(Engine& random) {
  return parse_quantizer(
      one_of<std::string>(random, {"bipolar", "bipolar", "ternary", "signed2", "signed4n", "unsigned1", "unsigned2",
                                   "unsigned3", "dorefa1", "dorefa2", "dorefa8", "residual1", "residual2", "residual3",
                                   "residual4", "isometric1", "isometric2", "isometric3", "isometric4"}),
      Operand::kActivations);
}

Layer random_conv(Engine& random, int64_t outputs) {
  Layer layer;
  layer.kind = Layer::Kind::kConv;
  layer.outputs = outputs;
  layer.kernel = one_of<int64_t>(random, {1, 3});
  layer.padding = layer.kernel == 3 && random() % 2 == 0 ? 1 : 0;
  layer.norm = random() % 8 != 0;
  if (random() % 2 == 0) layer.weights = random_weights(random);
  if (random() % 2 == 0) layer.activations = random_activations(random);
  return layer;
}

/// Keeps height, width and channels.
Layer random_residual(Engine& random, int64_t channels) {
  Layer block;
  block.kind = Layer::Kind::kResidual;
  Layer conv = random_conv(random, channels);
  conv.padding = (conv.kernel - 1) / 2;
  block.body = {conv};
  if (random() % 2 == 0) {
    Layer shortcut = random_conv(random, channels);
    shortcut.kernel = 1;
    shortcut.padding = 0;
    block.shortcut = {shortcut};
  }
  return block;
}

Recipe random_recipe(Engine& random) {
  Recipe recipe;
  recipe.name = "random";
  recipe.input = one_of(random, {Input::kSign, Input::kPixels});
  recipe.weights = random_weights(random);
  recipe.last = random_weights(random);
  recipe.activations = random_activations(random);
  recipe.logits = one_of(random, {Logits::kNorm, Logits::kScale});
  const auto convolutions = static_cast<int>(random() % 3);
  const auto channels = static_cast<int64_t>(2 + random() % 4);
  for (int i = 0; i < convolutions; ++i) {
    Layer layer = random_conv(random, channels);
    layer.pool = i == 0 ? one_of<int64_t>(random, {1, 2}) : 1;
    recipe.layers.push_back(layer);
  }
  if (convolutions > 0 && random() % 3 == 0) {
    Layer depthwise = random_conv(random, 0);
    depthwise.depthwise = true;
    depthwise.kernel = 1;
    depthwise.padding = 0;
    recipe.layers.push_back(depthwise);
  }
  if (convolutions > 0 && random() % 2 == 0) recipe.layers.push_back(random_residual(random, channels));
  if (convolutions == 2 && random() % 3 == 0) {
    Layer pool;
    pool.kind = one_of(random, {Layer::Kind::kAveragePool, Layer::Kind::kMaxPool});
    pool.kernel = 2;
    recipe.layers.push_back(pool);
  }
  for (auto i = random() % 3; i > 0 || recipe.layers.empty(); i -= i > 0)
    recipe.layers.push_back(test::dense(3 + static_cast<int64_t>(random() % 12)));
  return recipe;
}

data::DataSet random_images(Engine& random, int64_t count) {
  const auto channels = one_of<int32_t>(random, {1, 3});
  data::DataSet set{"noise", {count, 12, 12, channels, {}}, {}, {"a", "b", "c"}};
  for (int64_t i = 0; i < count * 144 * channels; ++i) set.images.pixels.push_back(static_cast<uint8_t>(random()));
  for (int64_t i = 0; i < count; ++i) set.labels.push_back(static_cast<int32_t>(random() % 3));
  return set;
}

at::Tensor batch_of(const Recipe& recipe, const data::DataSet& set) {
  std::vector<int32_t> indices(static_cast<size_t>(set.images.count));
  for (size_t i = 0; i < indices.size(); ++i) indices[i] = static_cast<int32_t>(i);
  return load_images(set.images, indices, {}, recipe.input);
}

/// A few steps, so that no parameter is what it was at first.
void train_a_little(Model& model, const Recipe& recipe, const data::DataSet& set) {
  Updater updater(Optimizer::kAdam, 0, model.parameters());
  std::vector<int32_t> indices;
  for (int32_t i = 0; i < set.images.count; ++i) indices.push_back(i);
  for (int64_t step = 0; step < 3; ++step) {
    loss_of(recipe, model.forward(batch_of(recipe, set)), load_labels(set.labels, indices), {}).backward();
    updater.step(0.02, step);
  }
}

std::vector<int32_t> classes_of(const at::Tensor& logits) {
  std::vector<int32_t> classes;
  for (int64_t i = 0; i < logits.size(0); ++i) {
    const double* row = logits.data_ptr<double>() + i * logits.size(1);
    classes.push_back(static_cast<int32_t>(std::max_element(row, row + logits.size(1)) - row));
  }
  return classes;
}

/// The exported graph in 64-bit floats.
at::Tensor graph_logits(const TrainedNetwork& trained, const data::DataSet& set) {
  const std::string bytes = qonnx_bytes(trained);
  const frontend::QuantGraph graph = frontend::read_onnx(std::as_bytes(std::span(bytes)), "random");
  std::vector<at::Tensor> rows;
  const data::Images& images = set.images;
  for (int64_t i = 0; i < images.count; ++i) {
    frontend::Array image{{1, images.channels, images.height, images.width}, {}};
    for (int32_t c = 0; c < images.channels; ++c) {
      for (int32_t p = 0; p < images.height * images.width; ++p)
        image.data.push_back(images.image(i)[static_cast<size_t>(p * images.channels + c)] / 255.0);
    }
    rows.push_back(at::tensor(lower::evaluate(graph, {{"image", image}}).at("logits").data, at::kDouble));
  }
  return at::stack(rows);
}

void check(uint64_t seed) {
  Engine random(seed);
  const Recipe recipe = random_recipe(random);
  SCOPED_TRACE(fmt::format("seed {}: {}", seed, print(recipe)));
  const data::DataSet set = random_images(random, 12);
  Model model(plan(recipe, set), seed, at::kFloat, at::kCPU);
  train_a_little(model, recipe, set);
  const at::Tensor logits = model.evaluate(batch_of(recipe, set)).contiguous();
  const at::Tensor graph = graph_logits(model.trained("random"), set);
  const double largest = std::max(1.0, logits.abs().max().item<double>());
  ASSERT_LT((graph - logits).abs().max().item<double>(), 1e-9 * largest);

  const ir::Network network = lowered(model.trained(recipe.name), set.classes);
  EXPECT_EQ(predictions(network, set.images, 0, set.images.count, 1), classes_of(logits));
  const ir::Tensor input = data::to_tensor(std::get<ir::Input>(network.nodes[0].layer), set.images, "noise");
  EXPECT_EQ(ir::predicted_classes(network, ir::evaluate(network, std::span(&input, 1))), classes_of(logits));

  if (!has_isometric(model.architecture())) return;
  const TrainedNetwork fixed = with_fixed_point(model.trained("random"));
  for (const TrainedNode& node : fixed.nodes) {
    for (const float alpha : node.alpha) EXPECT_EQ(alpha * 4096, std::nearbyint(alpha * 4096));
    for (const float shift : node.shift) EXPECT_LE(std::abs(shift), 2048);
  }
  EXPECT_EQ(predictions(lowered(fixed, {}), set.images, 0, set.images.count, 1), classes_of(graph_logits(fixed, set)));
}

TEST(Exactness, PropertyEveryRecipeIsLoweredExactly) {
  for (uint64_t seed = 0; seed < test::cases(150) / 5 && !testing::Test::HasFailure(); ++seed) check(seed);
}

}  // namespace
}  // namespace bitloom::train
