// SPDX-License-Identifier: Apache-2.0
//
// From a recipe and images to files: epochs, a checkpoint after each, the network at the end.
#include "bitloom/train.h"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <optional>
#include <utility>

#include "tensor.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "batches.h"
#include "bitloom/file.h"
#include "checkpoint.h"
#include "inputs.h"
#include "judge.h"
#include "recipe.h"
#include "training.h"

// OpenBLAS has threads of its own that at::set_num_threads does not know. Weak, as any other BLAS will do.
extern "C" __attribute__((weak)) void openblas_set_num_threads(int threads);

namespace bitloom::train {
namespace {

/// The images of a set from `first` on that the network is judged by.
struct Judges {
  const data::DataSet& set;
  int64_t first, count;
};

/// Files of one training, named after its output.
struct Files {
  std::filesystem::path network, checkpoint;
};

Files files_of(const std::filesystem::path& output) {
  std::filesystem::path checkpoint = output;
  return {output, checkpoint.replace_extension(".ckpt")};
}

/// Training takes long; that its result cannot be written should come out before.
void check_folder(const std::filesystem::path& file) {
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  if (!std::filesystem::is_directory(folder))
    throw Error("{}: cannot be written: there is no folder '{}'", file.string(), folder.string());
}

/// Answers of a network that is not quantized, by LibTorch.
std::vector<int32_t> float_predictions(const Training& training, const Recipe& recipe, const Judges& judges) {
  constexpr int64_t kBatch = 500;
  std::vector<int32_t> result;
  for (int64_t done = 0; done < judges.count; done += kBatch) {
    std::vector<int32_t> indices(static_cast<size_t>(std::min(kBatch, judges.count - done)));
    std::iota(indices.begin(), indices.end(), static_cast<int32_t>(judges.first + done));
    const at::Tensor images = load_images(judges.set.images, indices, {}, recipe.input).to(training.device());
    const at::Tensor classes = training.model().infer(images).argmax(1).to(at::kCPU, at::kInt).contiguous();
    const int32_t* first = classes.data_ptr<int32_t>();
    result.insert(result.end(), first, first + classes.numel());
  }
  return result;
}

std::vector<int32_t> answers(const Training& training, const Recipe& recipe, const Judges& judges, const Options& options) {
  if (training.model().architecture().is_float) return float_predictions(training, recipe, judges);
  const ir::Network network = lowered(training.model().trained(recipe.name), judges.set.classes);
  return predictions(network, judges.set.images, judges.first, judges.count, options.threads);
}

double accuracy(const std::vector<int32_t>& answers, const Judges& judges) {
  int64_t right = 0;
  for (size_t i = 0; i < answers.size(); ++i)
    right += answers[i] == judges.set.labels[static_cast<size_t>(judges.first) + i];
  return static_cast<double>(right) / static_cast<double>(judges.count);
}

void write_network(const Training& training, const Recipe& recipe, const data::DataSet& set,
                   const std::filesystem::path& path) {
  if (training.model().architecture().is_float) return;
  const TrainedNetwork trained = training.model().trained(recipe.name);
  if (path.extension() == ".bloom") return ir::save(lowered(trained, set.classes), path);
  write_file(path, qonnx_bytes(trained));
}

Progress run(const Recipe& recipe, const data::DataSet& training, const data::DataSet& test, const Options& options,
             const Files& files) {
  const std::string data = fingerprint(training);
  const std::string source = files.checkpoint.string();
  std::optional<Checkpoint> resumed;
  if (options.resume && std::filesystem::exists(files.checkpoint)) {
    resumed = parse_checkpoint(read_file(files.checkpoint), source);
    check_same_training(*resumed, print(recipe), data, source);
    if (resumed->progress.epoch < 0 || resumed->progress.epoch > recipe.epochs)
      throw Error("{}: the checkpoint is of epoch {} of {}", source, resumed->progress.epoch, recipe.epochs);
  }
  const Judges judges = recipe.validation > 0
                            ? Judges{training, training.images.count - recipe.validation, recipe.validation}
                            : Judges{test, 0, test.images.count};
  Training state(recipe, training, options, resumed, source);
  Progress progress = resumed ? resumed->progress : Progress{.epochs = recipe.epochs};
  while (progress.epoch < recipe.epochs) {
    const auto start = std::chrono::steady_clock::now();
    progress = state.run_epoch(progress.epoch);
    progress.test_accuracy = accuracy(answers(state, recipe, judges, options), judges);
    progress.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    write_file(files.checkpoint, checkpoint_bytes(state.checkpoint(progress, data)));
    if (options.progress) options.progress(progress);
  }
  write_network(state, recipe, training, files.network);
  return progress;
}

}  // namespace

Progress train(const Recipe& recipe, const data::DataSet& training, const data::DataSet& test, const Options& options) {
  check(recipe, "recipe");
  check_inputs(recipe, training, test);
  if (options.threads < 1) throw Error("{} threads; at least one is needed", options.threads);
  const Files files = files_of(options.output);
  check_folder(files.network);
  at::set_num_threads(options.threads);
  if (openblas_set_num_threads) openblas_set_num_threads(options.threads);
  try {
    return run(recipe, training, test, options, files);
  } catch (const c10::Error& error) {
    throw Error("{}: LibTorch failed: {}", recipe.name, error.what_without_backtrace());
  }
}

}  // namespace bitloom::train
