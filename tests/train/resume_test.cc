// SPDX-License-Identifier: Apache-2.0
//
// An interrupted training ends as if it had not been; a checkpoint that does not belong to it, or is damaged, is refused.
#include <random>

#include "support/property.h"
#include "synthetic.h"
#include "train/metrics.h"
#include "train/quantizer.h"

namespace bitloom::train {
namespace {

using test::message_of;
using test::small_recipe;
using test::TrainTest;

struct Interrupted {};

class ResumeTest : public TrainTest {
 protected:
  /// Trains until `epochs` are done and stops as an interrupted program would.
  void interrupt(const Recipe& recipe, Options options, int64_t epochs) const {
    options.progress = [epochs](const Progress& progress) {
      if (progress.epoch == epochs) throw Interrupted();
    };
    EXPECT_THROW(run(recipe, options), Interrupted);
  }

  std::string refusal(const Recipe& recipe, const Options& options) const {
    return message_of([&] { run(recipe, options); });
  }

  std::string checkpoint_name(const std::string& name) const { return (folder_ / (name + ".ckpt")).string(); }
};

TEST_F(ResumeTest, interrupted_training_gives_the_same_file) {
  Recipe recipe = small_recipe();
  recipe.shift = 1;
  const Progress whole = run(recipe, options("whole"));
  interrupt(recipe, options("parts"), 1);
  interrupt(recipe, options("parts"), 3);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "parts.onnx"));
  const Progress parts = run(recipe, options("parts"));
  EXPECT_EQ(bytes(options("parts")), bytes(options("whole")));
  EXPECT_EQ(parts.loss, whole.loss);
  EXPECT_EQ(parts.test_accuracy, whole.test_accuracy);
  const auto losses = [&](const char* name) {
    std::vector<double> values;
    for (const EpochRecord& record : read_metrics(folder_ / name)) values.push_back(record.loss);
    return values;
  };
  EXPECT_EQ(losses("parts.metrics.jsonl"), losses("whole.metrics.jsonl"));
}

TEST_F(ResumeTest, every_quantizer_goes_on) {
  Recipe recipe = small_recipe();
  recipe.epochs = 2;
  for (const auto& [weights, activations] :
       {std::pair{"ternary", "isometric2"}, {"xnor", "residual3"}, {"dorefa2", "unsigned2"}}) {
    recipe.weights = parse_quantizer(weights, Operand::kWeights);
    recipe.activations = parse_quantizer(activations, Operand::kActivations);
    const std::string whole = fmt::format("whole-{}", weights), parts = fmt::format("parts-{}", weights);
    run(recipe, options(whole));
    interrupt(recipe, options(parts), 1);
    run(recipe, options(parts));
    EXPECT_EQ(bytes(options(parts)), bytes(options(whole))) << weights;
  }
}

TEST_F(ResumeTest, arithmetic_of_the_checkpoint_is_kept) {
  Recipe recipe = small_recipe();
  recipe.epochs = 8;
  interrupt(recipe, options("a"), 1);
  const std::vector<std::byte> written = read_file(checkpoint_name("a"));
  std::string text(reinterpret_cast<const char*>(written.data()), written.size());
  const size_t place = text.find(R"("bf16")");  // not there where 32-bit floats are the faster ones
  if (place != std::string::npos) text.replace(place, 6, R"("f32" )");
  write_file(checkpoint_name("a"), text);
  EXPECT_GE(run(recipe, options("a")).test_accuracy, 0.95);
  const std::vector<std::byte> last = read_file(checkpoint_name("a"));
  EXPECT_NE(std::string(reinterpret_cast<const char*>(last.data()), last.size()).find(R"("f32")"), std::string::npos);
}

TEST_F(ResumeTest, finished_training_only_writes_its_file_again) {
  const Progress first = run(small_recipe(), options("a"));
  const auto file = bytes(options("a"));
  std::filesystem::remove(options("a").output);
  Options again = options("a");
  again.progress = [](const Progress&) { FAIL() << "an epoch was trained again"; };
  const Progress second = run(small_recipe(), again);
  EXPECT_EQ(bytes(again), file);
  EXPECT_EQ(second.epoch, 4);
  EXPECT_EQ(second.test_accuracy, first.test_accuracy);
}

TEST_F(ResumeTest, checkpoint_of_another_training_is_refused_bad) {
  interrupt(small_recipe(), options("a"), 1);
  Recipe other = small_recipe();
  other.epochs = 5;
  EXPECT_EQ(refusal(other, options("a")),
            checkpoint_name("a") +
                ": is the checkpoint of another recipe: 'epochs' is 4 there and 5 here; finish that training as it was "
                "begun, or train anew with --restart");
  training_.images.pixels[0] ^= 1;
  EXPECT_EQ(
      refusal(small_recipe(), options("a")),
      checkpoint_name("a") +
          ": is the checkpoint of a training on other images; finish that training as it was begun, or train anew with "
          "--restart");
}

TEST_F(ResumeTest, checkpoint_is_ignored_when_training_anew) {
  Recipe other = small_recipe();
  other.seed = 3;
  run(other, options("a"));
  Options anew = options("a");
  anew.resume = false;
  run(small_recipe(), anew);
  run(small_recipe(), options("b"));
  EXPECT_EQ(bytes(anew), bytes(options("b")));
}

TEST_F(ResumeTest, damaged_checkpoint_is_refused_bad) {
  interrupt(small_recipe(), options("a"), 1);
  const std::filesystem::path path = checkpoint_name("a");
  const std::vector<std::byte> whole = read_file(path);
  const auto refusal_of = [&](std::string text) {
    write_file(path, text);
    return refusal(small_recipe(), options("a"));
  };
  std::string text(reinterpret_cast<const char*>(whole.data()), whole.size());
  const std::string name = path.string();
  EXPECT_EQ(refusal_of("short"), name + ": is not a checkpoint of a training, or is cut short");
  EXPECT_EQ(refusal_of(std::string(16, '\xff')), name + ": is not a checkpoint of a training, or is cut short");
  EXPECT_EQ(refusal_of(text.substr(0, text.size() - 1)), name + ": tensor 'logits.variance' lies outside of the file");
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    return changed.replace(changed.find(from), from.size(), to);
  };
  EXPECT_EQ(refusal_of(replaced("[24,36]", "[24,37]")),
            name + ": the shape of tensor 'dense0.latent' does not fit its data");
  EXPECT_EQ(refusal_of(replaced("[24,36]", "[36,24]")), name + ": tensor 'dense0.latent' is missing or has another shape");
  EXPECT_EQ(refusal_of(replaced("bitloom training 2", "bitloom training 9")),
            name + ": is a checkpoint of another program or version; expected 'bitloom training 2'");
  EXPECT_EQ(refusal_of(replaced("dense0.latent\":", "dense9.latent\":")),
            name + ": tensor 'dense0.latent' is missing or has another shape");
  EXPECT_EQ(refusal_of(replaced("\"F32\"", "\"F16\"")), name + ": tensor 'dense0.act.mean' is not of 32-bit floats");
  EXPECT_EQ(refusal_of(replaced("__metadata__", "__metadatA__")),
            name +
                ": the header of the checkpoint is damaged: [json.exception.out_of_range.403] key '__metadata__' not "
                "found");
}

TEST_F(ResumeTest, PropertyDamageIsRefusedOrHarmless) {
  Recipe recipe = small_recipe();
  recipe.layers = {test::dense(4)};
  recipe.epochs = 2;
  run(recipe, options("a"));  // finished, so that a checkpoint that is taken costs no training
  const std::filesystem::path path = checkpoint_name("a");
  const std::vector<std::byte> whole = read_file(path);
  for (uint64_t seed = 0; seed < test::cases(200); ++seed) {
    std::mt19937_64 random(seed);
    std::vector<std::byte> damaged = whole;
    for (uint64_t i = random() % 4; i > 0; --i)
      damaged[random() % 1500 % damaged.size()] = static_cast<std::byte>(random());
    if (random() % 4 == 0) damaged.resize(random() % damaged.size());
    std::filesystem::remove(path);
    write_file(path, damaged);
    try {
      run(recipe, options("a"));
    } catch (const Error&) {
    } catch (...) {
      FAIL() << "not an Error, seed " << seed;
    }
  }
}

}  // namespace
}  // namespace bitloom::train
