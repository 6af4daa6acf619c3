// SPDX-License-Identifier: Apache-2.0
//
// A training learns, says how it goes, repeats itself exactly, and refuses what it cannot train on.
#include <algorithm>
#include <cmath>
#include <vector>

#include "bitloom/ir.h"
#include "synthetic.h"
#include "train/checkpoint.h"
#include "train/metrics.h"
#include "train/quantizer.h"

namespace bitloom::train {
namespace {

using test::message_of;
using test::small_recipe;
using test::TrainTest;

TEST_F(TrainTest, separable_images_are_learned) {
  Recipe recipe = small_recipe();
  recipe.epochs = 8;
  const Progress progress = run(recipe, options("a"));
  EXPECT_GE(progress.train_accuracy, 0.95);
  EXPECT_GE(progress.test_accuracy, 0.95);
  EXPECT_GT(progress.loss, 0);
}

TEST_F(TrainTest, progress_is_told_after_each_epoch) {
  std::vector<int64_t> epochs;
  Options told = options("a");
  told.progress = [&](const Progress& progress) {
    epochs.push_back(progress.epoch);
    EXPECT_EQ(progress.epochs, 4);
    EXPECT_TRUE(std::filesystem::exists(folder_ / "a.ckpt"));
    EXPECT_FALSE(std::filesystem::exists(folder_ / "a.onnx"));
  };
  EXPECT_EQ(run(small_recipe(), told).epoch, 4);
  EXPECT_EQ(epochs, (std::vector<int64_t>{1, 2, 3, 4}));
}

TEST_F(TrainTest, same_recipe_gives_same_file) {
  run(small_recipe(), options("a"));
  run(small_recipe(), options("b"));
  EXPECT_EQ(bytes(options("a")), bytes(options("b")));
}

TEST_F(TrainTest, seed_and_shift_matter) {
  run(small_recipe(), options("a"));
  Recipe seed = small_recipe();
  seed.seed = 2;
  run(seed, options("b"));
  Recipe shift = small_recipe();
  shift.shift = 1;
  run(shift, options("c"));
  EXPECT_NE(bytes(options("a")), bytes(options("b")));
  EXPECT_NE(bytes(options("a")), bytes(options("c")));
}

TEST_F(TrainTest, pixels_count_only_as_dark_or_bright) {
  run(small_recipe(), options("a"));
  for (uint8_t& pixel : training_.images.pixels) pixel = pixel >= 128 ? 255 : 0;
  run(small_recipe(), options("b"));
  EXPECT_EQ(bytes(options("a")), bytes(options("b")));
}

TEST_F(TrainTest, validation_images_judge_and_are_not_trained_on) {
  Recipe recipe = small_recipe();
  recipe.validation = 40;
  run(recipe, options("a"));
  for (size_t i = 160; i < 200; ++i) training_.labels[i] = 3;
  std::fill(training_.images.pixels.begin() + 160 * 36, training_.images.pixels.end(), uint8_t{255});
  const Progress progress = run(recipe, options("b"));
  EXPECT_EQ(bytes(options("a")), bytes(options("b")));
  EXPECT_TRUE(progress.test_accuracy == 0 || progress.test_accuracy == 1) << "all 40 images are the same";
}

TEST_F(TrainTest, api_is_the_same_training) {
  const Api* api = bitloom_train_api();
  EXPECT_EQ(api->version, kApiVersion);
  EXPECT_EQ(api->train, &train);
  EXPECT_EQ(api->read_recipe, &read_recipe);
}

Recipe small_twin() {
  Recipe recipe = small_recipe();
  recipe.name = "twin";
  recipe.weights = recipe.last = recipe.activations = {Method::kFloat, 1, false, false};
  recipe.epochs = 8;
  return recipe;
}

TEST_F(TrainTest, float_twin_teaches) {
  const Progress twin = run(small_twin(), options("twin"));
  EXPECT_GE(twin.test_accuracy, 0.95);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "twin.ckpt"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "twin.html"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "twin.onnx")) << "it has no integers";
  Recipe student = small_recipe();
  student.epochs = 8;
  student.teacher = Teacher{folder_ / "twin.ckpt", 2, 1};
  std::fill(training_.labels.begin(), training_.labels.end(), 0);
  training_.labels[0] = 3;  // so that there are four classes
  const Progress taught = run(student, options("student"));
  EXPECT_GE(taught.test_accuracy, 0.9) << "the labels are wrong and count nothing";
  student.teacher->checkpoint = folder_ / "nowhere.ckpt";
  EXPECT_NE(message_of([&] { run(student, options("a")); }).find("train it first"), std::string::npos);
}

TEST_F(TrainTest, training_begins_as_another_network) {
  Recipe first = small_recipe();
  first.epochs = 8;
  const Progress before = run(first, options("first"));
  Recipe second = small_recipe();
  second.epochs = 1;
  second.learning_rate = 1e-9;
  second.weights = parse_quantizer("ternary", Operand::kWeights);
  const double untrained = run(second, options("untrained")).test_accuracy;
  second.start = folder_ / "first.ckpt";
  const Progress progress = run(second, options("second"));
  EXPECT_GT(progress.test_accuracy, untrained);
  EXPECT_GE(progress.test_accuracy, before.test_accuracy - 0.1) << "ternary weights are near the binary ones";
  second.start = folder_ / "nowhere.ckpt";
  EXPECT_NE(message_of([&] { run(second, options("a")); }).find("of 'start' is not there"), std::string::npos);
  second.start = folder_ / "first.ckpt";
  second.layers.push_back(test::dense(7));
  EXPECT_NE(message_of([&] { run(second, options("a")); }).find("is missing or has another shape"), std::string::npos);
}

TEST_F(TrainTest, bloom_files_are_written_as_well) {
  Options bloom = options("a");
  bloom.output.replace_extension(".bloom");
  const Progress progress = run(small_recipe(), bloom);
  run(small_recipe(), options("b"));
  const ir::Network network = ir::load(bloom.output);
  EXPECT_EQ(network.classes, test_.classes);
  EXPECT_EQ(network.name, "small");
  EXPECT_GT(progress.test_accuracy, 0);
}

TEST_F(TrainTest, metrics_and_report_stand_beside) {
  std::vector<Progress> told;
  Options with = options("a");
  with.progress = [&](const Progress& progress) { told.push_back(progress); };
  run(small_recipe(), with);
  const std::vector<EpochRecord> metrics = read_metrics(folder_ / "a.metrics.jsonl");
  ASSERT_EQ(metrics.size(), told.size());
  for (size_t i = 0; i < metrics.size(); ++i) {
    EXPECT_EQ(metrics[i].epoch, told[i].epoch);
    EXPECT_EQ(metrics[i].test_accuracy, told[i].test_accuracy);
    EXPECT_EQ(metrics[i].learning_rate, told[i].learning_rate);
  }
  const std::vector<std::byte> page = read_file(folder_ / "a.html");
  const std::string text(reinterpret_cast<const char*>(page.data()), page.size());
  EXPECT_NE(text.find("answers that differ from the trained graph"), std::string::npos);
  EXPECT_NE(text.find("0 of 100"), std::string::npos);
}

TEST_F(TrainTest, steps_are_told) {
  int64_t steps = 0;
  Options with = options("a");
  with.step = [&](const Step& step) {
    EXPECT_EQ(step.steps, 10);
    EXPECT_EQ(step.step, steps++ % 10 + 1);
    EXPECT_GT(step.learning_rate, 0);
  };
  run(small_recipe(), with);
  EXPECT_EQ(steps, 40);
}

TEST_F(TrainTest, diverged_training_is_stopped_and_keeps_its_checkpoint_bad) {
  struct Stop {};
  Options once = options("a");
  once.progress = [](const Progress&) { throw Stop(); };
  EXPECT_THROW(run(small_recipe(), once), Stop);
  const std::filesystem::path path = folder_ / "a.ckpt";
  Checkpoint checkpoint = parse_checkpoint(read_file(path), "a");
  checkpoint.tensors.at("logits.scale").data[0] = std::nanf("");
  write_file(path, checkpoint_bytes(checkpoint));
  const std::vector<std::byte> before = read_file(path);
  EXPECT_EQ(
      message_of([&] { run(small_recipe(), options("a")); }),
      "small: the training diverged in epoch 2: its loss is no number any more. Lower 'learning_rate' (it is 0.01) and "
      "train anew with --restart; the checkpoint of the epoch before stays");
  EXPECT_EQ(read_file(path), before);
}

TEST_F(TrainTest, unsuitable_images_are_refused_bad) {
  const auto refusal = [this](const Recipe& recipe) { return message_of([&] { run(recipe, options("a")); }); };
  const data::DataSet training = training_, test = test_;
  Recipe large = small_recipe();
  large.batch = 150;
  large.validation = 60;
  EXPECT_EQ(
      refusal(large),
      "quarters: 200 training images less 60 for validation do not fill a batch of 150; lower 'batch' or 'validation'");
  Recipe huge = small_recipe();
  huge.layers = {test::dense(65536), test::dense(65536)};
  EXPECT_EQ(refusal(huge), "small: layer 2: the network has more than 268435456 weights");
  training_.labels.pop_back();
  EXPECT_EQ(refusal(small_recipe()),
            "quarters (training): 200 images and 199 labels; training needs a label for each image");
  training_ = training;
  training_.labels[7] = -1;
  EXPECT_EQ(refusal(small_recipe()), "quarters (training): a label is negative; labels count from 0");
  training_ = training;
  test_.labels[0] = 4;
  EXPECT_EQ(refusal(small_recipe()), "quarters: the test images have 5 classes and the training images 4");
  test_ = test;
  test_.images.height = 3;
  test_.images.width = 12;
  EXPECT_EQ(refusal(small_recipe()),
            "quarters: training images are 6 x 6 x 1 and test images 3 x 12 x 1; they must be alike");
  test_.images = {0, 6, 6, 1, {}};
  test_.labels.clear();
  EXPECT_EQ(refusal(small_recipe()), "quarters (test): there are no images");
}

TEST_F(TrainTest, unsuitable_options_are_refused_bad) {
  const auto refusal = [this](const Options& options) { return message_of([&] { run(small_recipe(), options); }); };
  Options threads = options("a");
  threads.threads = 0;
  EXPECT_EQ(refusal(threads), "0 threads; at least one is needed");
  Options nowhere;
  nowhere.output = "/nowhere/a.onnx";
  EXPECT_EQ(refusal(nowhere), "/nowhere/a.onnx: cannot be written: there is no folder '/nowhere'");
  Recipe unnamed = small_recipe();
  unnamed.name.clear();
  EXPECT_EQ(message_of([&] { run(unnamed, options("a")); }), "recipe: 'name' is missing; give the network a name");
}

TEST_F(TrainTest, two_threads_repeat_themselves) {
  Options two = options("a"), again = options("b");
  two.threads = again.threads = 2;
  Recipe recipe = small_recipe();
  recipe.epochs = 1;
  run(recipe, two);
  run(recipe, again);
  EXPECT_EQ(bytes(two), bytes(again));
}

}  // namespace
}  // namespace bitloom::train
