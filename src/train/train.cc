// SPDX-License-Identifier: Apache-2.0
//
// From a recipe and images to files: epochs, a checkpoint after each, the network at the end.
#include "bitloom/train.h"

#include <chrono>
#include <optional>
#include <utility>

#include "tensor.h"

#include <ATen/Parallel.h>

#include "bitloom/file.h"
#include "checkpoint.h"
#include "inputs.h"
#include "judge.h"
#include "metrics.h"
#include "recipe.h"
#include "report.h"
#include "summary.h"
#include "training.h"

// OpenBLAS has threads of its own that at::set_num_threads does not know. Weak, as any other BLAS will do.
extern "C" __attribute__((weak)) void openblas_set_num_threads(int threads);

namespace bitloom::train {
namespace {

/// Files of one training, named after its output.
struct Files {
  std::filesystem::path network, checkpoint, metrics, report;
};

Files files_of(const std::filesystem::path& output) {
  const auto beside = [&](const char* extension) {
    std::filesystem::path path = output;
    return path.replace_extension(extension);
  };
  return {output, beside(".ckpt"), beside(".metrics.jsonl"), beside(".html")};
}

/// Training takes long; that its result cannot be written should come out before.
void check_folder(const std::filesystem::path& file) {
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  if (!std::filesystem::is_directory(folder))
    throw Error("{}: cannot be written: there is no folder '{}'", file.string(), folder.string());
}

/// Answers of the integer network, or by LibTorch where there is none.
std::vector<int32_t> answers_of(const Recipe& recipe, const Model& model, const Judges& judges, int threads) {
  if (model.architecture().is_float) return model_answers(model, recipe.input, judges, false);
  return predictions(lowered(model.trained(recipe.name), judges.set.classes), judges.set.images, judges.first, judges.count,
                     threads);
}

int64_t count_different(const std::vector<int32_t>& a, const std::vector<int32_t>& b) {
  BITLOOM_CHECK(a.size() == b.size());
  int64_t different = 0;
  for (size_t i = 0; i < a.size(); ++i) different += a[i] != b[i];
  return different;
}

/// What the report says of the integer network beside its accuracy.
std::vector<Fact> facts_of(const TrainedNetwork& trained, const Model& model, const Recipe& recipe, const Judges& judges,
                           const std::vector<int32_t>& answers, int threads) {
  const ir::Network network = lowered(trained, {});
  int64_t weights = 0;
  for (const TrainedNode& node : trained.nodes) weights += static_cast<int64_t>(node.weights.size());
  std::vector<Fact> facts{{"weights", fmt::format("{}", weights)},
                          {"operations an image", fmt::format("{}", 2 * ir::multiply_accumulates(network))}};
  const std::vector<int32_t> exact = model_answers(model, recipe.input, judges, true);
  facts.push_back({"answers that differ from the trained graph's in 64-bit floats",
                   fmt::format("{} of {}", count_different(answers, exact), judges.count)});
  if (!has_isometric(trained.architecture)) return facts;
  const std::vector<int32_t> fixed =
      predictions(lowered(with_fixed_point(trained), {}), judges.set.images, judges.first, judges.count, threads);
  facts.push_back({"answers that alpha in fixed point (12 + 12 bits) changes",
                   fmt::format("{} of {}, accuracy {:.2f} %", count_different(answers, fixed), judges.count,
                               100 * accuracy(fixed, judges))});
  return facts;
}

void write_results(const Recipe& recipe, const Model& model, const Judges& judges, const Options& options,
                   const Files& files, std::vector<EpochRecord> metrics) {
  const std::vector<int32_t> answers = answers_of(recipe, model, judges, options.threads);
  TrainingReport report = summarize(recipe, model, judges, answers, std::move(metrics));
  if (!model.architecture().is_float) {
    const TrainedNetwork trained = model.trained(recipe.name);
    report.facts = facts_of(trained, model, recipe, judges, answers, options.threads);
    const TrainedNetwork written = options.fixed_point ? with_fixed_point(trained) : trained;
    if (files.network.extension() == ".bloom") {
      ir::save(lowered(written, judges.set.classes), files.network);
    } else {
      write_file(files.network, qonnx_bytes(written));
    }
    report.facts.push_back({"file", fmt::format("{} bytes", std::filesystem::file_size(files.network))});
  }
  write_file(files.report, html(report));
}

/// The records of the epochs that the checkpoint has behind it.
std::vector<EpochRecord> kept_metrics(const Files& files, int64_t epochs) {
  std::vector<EpochRecord> records;
  if (epochs > 0 && std::filesystem::exists(files.metrics)) records = read_metrics(files.metrics);
  std::erase_if(records, [&](const EpochRecord& record) { return record.epoch > epochs; });
  return records;
}

std::optional<Checkpoint> resume(const Recipe& recipe, const std::string& data, const Options& options,
                                 const Files& files) {
  if (!options.resume || !std::filesystem::exists(files.checkpoint)) return std::nullopt;
  const std::string source = files.checkpoint.string();
  Checkpoint checkpoint = parse_checkpoint(read_file(files.checkpoint), source);
  check_same_training(checkpoint, print(recipe), data, source);
  if (checkpoint.progress.epoch < 0 || checkpoint.progress.epoch > recipe.epochs)
    throw Error("{}: the checkpoint is of epoch {} of {}", source, checkpoint.progress.epoch, recipe.epochs);
  return checkpoint;
}

Progress run(const Recipe& recipe, const data::DataSet& training, const data::DataSet& test, const Options& options,
             const Files& files) {
  const std::string data = fingerprint(training);
  const std::optional<Checkpoint> resumed = resume(recipe, data, options, files);
  const Judges judges = recipe.validation > 0
                            ? Judges{training, training.images.count - recipe.validation, recipe.validation}
                            : Judges{test, 0, test.images.count};
  Training state(recipe, training, options, resumed, files.checkpoint.string());
  Progress progress = resumed ? resumed->progress : Progress{.epochs = recipe.epochs};
  std::vector<EpochRecord> metrics = kept_metrics(files, progress.epoch);
  while (progress.epoch < recipe.epochs) {
    const auto start = std::chrono::steady_clock::now();
    progress = state.run_epoch(progress.epoch);
    progress.test_accuracy = accuracy(answers_of(recipe, state.model(), judges, options.threads), judges);
    progress.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    metrics.push_back({progress.epoch, progress.loss, progress.train_accuracy, progress.test_accuracy,
                       progress.learning_rate, progress.seconds});
    write_metrics(files.metrics, metrics);
    write_file(files.checkpoint, checkpoint_bytes(state.checkpoint(progress, data)));
    if (options.progress) options.progress(progress);
  }
  write_results(recipe, state.model(), judges, options, files, std::move(metrics));
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
