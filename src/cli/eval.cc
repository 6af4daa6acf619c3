// SPDX-License-Identifier: Apache-2.0
//
// bitloom eval: accuracy over a data set.
#include <algorithm>

#include "common.h"

namespace bitloom::cli {
namespace {

struct Arguments {
  ModelArguments model;
  RunArguments run;
  std::string data;
  std::string directory;
  std::string split = "test";
  int64_t images = 0;
  bool json = false;
};

data::DataSet read_data(const Arguments& arguments) {
  const std::vector<std::string> names = data::data_set_names();
  const bool known = std::find(names.begin(), names.end(), arguments.data) != names.end();
  std::error_code error;
  // What is nothing at all is left to read_data_set as well, which tells what there is.
  if (known || data::is_split_folder(arguments.data) || !std::filesystem::exists(arguments.data, error)) {
    return data::read_data_set(arguments.data, arguments.split == "test" ? data::Split::kTest : data::Split::kTrain,
                               data::data_directory(arguments.directory));
  }
  data::DataSet set = data::read_images(arguments.data);
  if (set.labels.empty()) {
    throw Error(
        "{}: has no labels; give a folder with a sub-folder a class, files named like 000_7.png, or the name of a data set "
        "({})",
        arguments.data, fmt::join(names, ", "));
  }
  return set;
}

void eval(const Arguments& arguments) {
  const ir::Network network = arguments.model.load();
  const Runner runner(network, arguments.run);
  const ir::Input& input = image_input(network);
  const data::DataSet set = read_data(arguments);
  const std::vector<int32_t> labels = labels_for(network, set);
  const int64_t total = arguments.images == 0 ? set.images.count : std::min(arguments.images, set.images.count);
  constexpr int64_t kBatch = 256;
  int64_t correct = 0;
  double seconds = 0;
  ProgressBar bar("evaluating", total);
  for (int64_t begin = 0; begin < total; begin += kBatch) {
    const int64_t end = std::min(begin + kBatch, total);
    const ir::Tensor tensor = data::to_tensor(input, slice(set.images, begin, end), set.name);
    const double start = now();
    const std::vector<ir::Tensor> outputs = runner.run(std::span(&tensor, 1));
    seconds += now() - start;
    const std::vector<int32_t> classes = ir::predicted_classes(network, outputs);
    for (int64_t i = begin; i < end; ++i)
      correct += classes[static_cast<size_t>(i - begin)] == labels[static_cast<size_t>(i)];
    bar.set(end);
  }
  const double accuracy = static_cast<double>(correct) / static_cast<double>(total);
  const double rate = static_cast<double>(total) / seconds;
  if (arguments.json) {
    print_json(
        {{"data", set.name}, {"images", total}, {"correct", correct}, {"accuracy", accuracy}, {"images_per_second", rate}});
  } else {
    fmt::print("{}: {} of {} right, {:.2f} %, {:.0f} images/s\n", set.name, grouped(correct), grouped(total),
               100 * accuracy, rate);
  }
}

}  // namespace

void add_eval(CLI::App& program) {
  auto* command = program.add_subcommand("eval", "accuracy over a data set");
  command->footer("Example: bitloom eval lfc-w1a1 --data mnist");
  auto arguments = std::make_shared<Arguments>();
  arguments->model.add_to(*command);
  command->add_option("--data", arguments->data, "mnist, fashion-mnist, cifar10, svhn, or a folder of labelled images")
      ->required();
  command->add_option("--data-dir", arguments->directory,
                      "where data sets are kept (else $BITLOOM_DATA, else ~/.cache/bitloom)");
  command->add_option("--split", arguments->split, "which part of the data set")
      ->check(CLI::IsMember({"test", "train"}))
      ->capture_default_str();
  command->add_option("--images", arguments->images, "only the first N images")->check(CLI::NonNegativeNumber);
  command->add_flag("--json", arguments->json, "print one JSON document");
  arguments->run.add_to(*command);
  command->callback([arguments] { eval(*arguments); });
}

}  // namespace bitloom::cli
