// SPDX-License-Identifier: Apache-2.0
//
// bitloom train: loads the trainer, the only part that needs LibTorch, when it is called.
#include <dlfcn.h>

#include "bitloom/train.h"
#include "common.h"

namespace bitloom::cli {
namespace {

struct Arguments {
  std::string recipe;
  std::string data;
  std::string directory;
  std::string output;
  int threads = 1;
  bool restart = false;
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
  train::Recipe recipe = api.read_recipe(arguments.recipe);
  if (!arguments.data.empty()) recipe.data = arguments.data;
  const std::filesystem::path directory = data::data_directory(arguments.directory);
  const data::DataSet training = data::read_data_set(recipe.data, data::Split::kTrain, directory);
  const data::DataSet test = data::read_data_set(recipe.data, data::Split::kTest, directory);
  train::Options options;
  options.output = arguments.output;
  options.resume = !arguments.restart;
  options.threads = arguments.threads;
  options.progress = [&](const train::Progress& p) {
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
    fmt::print("{}: test accuracy {:.2f} %\n", arguments.output, 100 * last.test_accuracy);
  }
}

}  // namespace

void add_train(CLI::App& program) {
  auto* command = program.add_subcommand("train", "train a network by a recipe; goes on where it was interrupted");
  command->footer("Example: bitloom train models/lfc-w1a1/recipe.json -o lfc.onnx");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("RECIPE", arguments->recipe, "recipe file (docs/reference/recipe.md)")->required();
  command->add_option("-o,--output", arguments->output, "the QONNX file to write")->required();
  command->add_option("--data", arguments->data, "data set or folder with train/ and test/, if not the recipe's own");
  command->add_option("--data-dir", arguments->directory, "where data sets are kept");
  command->add_option("--threads", arguments->threads, "worker threads")->check(CLI::Range(1, 1024))->capture_default_str();
  command->add_flag("--restart", arguments->restart, "start anew even if there is a checkpoint");
  command->add_flag("--json", arguments->json, "print one JSON document at the end");
  command->callback([arguments] { train_network(*arguments); });
}

}  // namespace bitloom::cli
