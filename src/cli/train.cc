// SPDX-License-Identifier: Apache-2.0
//
// bitloom train: loads the trainer, the only part that needs LibTorch, when it is called.
#include <optional>

#include <dlfcn.h>

#include "bitloom/train.h"
#include "common.h"
#include "zoo.h"

namespace bitloom::cli {
namespace {

struct Arguments {
  std::string recipe;
  std::string data;
  std::string directory;
  std::string output;
  int threads = 1;
  bool resume = false;
  bool restart = false;
  bool fixed_point = false;
  bool json = false;
};

const train::Api& load_trainer() {
  constexpr const char* kRemedy =
      "build it with -DBITLOOM_TRAIN=ON (needs libtorch-dev and libopenblas0-pthread; `make train` installs and builds)";
  void* library = ::dlopen("libbitloom_train.so", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const std::string reason = ::dlerror();
    const auto beside = program_path().parent_path().parent_path() / "lib" / "libbitloom_train.so";
    library = ::dlopen(beside.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) throw Error("the trainer is not installed ({}); {}", reason, kRemedy);
  }
  const auto function = reinterpret_cast<train::ApiFunction>(::dlsym(library, train::kApiSymbol));
  if (function == nullptr || function()->version != train::kApiVersion) {
    throw Error("the trainer that was found belongs to another version of bitloom; {}", kRemedy);
  }
  return *function();
}

void train_network(const Arguments& arguments) {
  const train::Api& api = load_trainer();
  train::Recipe recipe = api.read_recipe(find_model(arguments.recipe, ZooFile::kRecipe));
  if (!arguments.data.empty()) recipe.data = arguments.data;
  const std::filesystem::path directory = data::data_directory(arguments.directory);
  const data::DataSet training = data::read_data_set(recipe.data, data::Split::kTrain, directory);
  const data::DataSet test = data::read_data_set(recipe.data, data::Split::kTest, directory);
  train::Options options;
  options.output = arguments.output;
  options.resume = !arguments.restart;
  options.fixed_point = arguments.fixed_point;
  options.threads = arguments.threads;
  const std::string checkpoint = std::filesystem::path(arguments.output).replace_extension(".ckpt").string();
  if (arguments.resume && !std::filesystem::exists(checkpoint))
    throw Error("there is no checkpoint '{}' to go on from; leave out --resume to begin", checkpoint);
  std::optional<ProgressBar> bar;
  options.step = [&](const train::Step& s) {
    if (!bar) bar.emplace("training", s.epochs * s.steps);
    bar->set(s.epoch * s.steps + s.step, fmt::format("epoch {}, loss {:.3f}, accuracy {:.1f} %, rate {:.1e}", s.epoch + 1,
                                                     s.loss, 100 * s.train_accuracy, s.learning_rate));
  };
  options.progress = [&](const train::Progress& p) {
    if (bar) bar->hide();
    if (arguments.json) return;
    fmt::print("epoch {:3} of {}: loss {:.4f}, training accuracy {:.2f} %, test accuracy {:.2f} %, {:.1f} s\n", p.epoch,
               p.epochs, p.loss, 100 * p.train_accuracy, 100 * p.test_accuracy, p.seconds);
    std::fflush(stdout);
  };
  const train::Progress last = api.train(recipe, training, test, options);
  if (arguments.json) {
    print_json({{"output", arguments.output},
                {"epochs", last.epochs},
                {"loss", last.loss},
                {"test_accuracy", last.test_accuracy}});
  } else {
    const bool is_float = !std::filesystem::exists(arguments.output);
    fmt::print("{}: test accuracy {:.2f} %\n", is_float ? checkpoint : arguments.output, 100 * last.test_accuracy);
  }
}

}  // namespace

void add_train(CLI::App& program) {
  auto* command = program.add_subcommand("train", "train a network by a recipe; goes on where it was interrupted");
  command->footer("Example: bitloom train models/lfc-w1a1/recipe.json -o lfc.onnx");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("RECIPE", arguments->recipe, "recipe file (docs/reference/recipe.md) or a model's name")->required();
  command->add_option("-o,--output", arguments->output, "the file to write: QONNX (.onnx), or bitloom's own (.bloom)")
      ->required();
  command->add_option("--data", arguments->data, "data set or folder with train/ and test/, if not the recipe's own");
  command->add_option("--data-dir", arguments->directory, "where data sets are kept");
  command->add_option("--threads", arguments->threads, "worker threads")->check(CLI::Range(1, 1024))->capture_default_str();
  auto* resume = command->add_flag("--resume", arguments->resume, "go on from the checkpoint, and fail if there is none");
  command->add_flag("--fixed-point", arguments->fixed_point,
                    "write isometric quantizers' norms with a 24-bit fixed-point factor, as hardware may want");
  command->add_flag("--restart", arguments->restart, "start anew even if there is a checkpoint")->excludes(resume);
  command->add_flag("--json", arguments->json, "print one JSON document at the end");
  command->callback([arguments] { train_network(*arguments); });
}

}  // namespace bitloom::cli
