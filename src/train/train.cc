// SPDX-License-Identifier: Apache-2.0
//
// The training itself: epochs over shuffled, shifted images, a checkpoint after each, the network's file at the end.
#include "bitloom/train.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <span>
#include <utility>

#include "tensor.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/empty.h>

#include "augment.h"
#include "bitloom/file.h"
#include "checkpoint.h"
#include "export.h"
#include "inputs.h"
#include "model.h"
#include "optimizer.h"
#include "recipe.h"

// OpenBLAS has threads of its own that at::set_num_threads does not know. Weak, as any other BLAS will do.
extern "C" __attribute__((weak)) void openblas_set_num_threads(int threads);

namespace bitloom::train {
namespace {

constexpr int64_t kEvaluatedAtOnce = 1000;

/// bf16 where the CPU multiplies it by itself (twice the speed of floats); where that is emulated, floats are faster.
at::ScalarType fastest_arithmetic() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512bf16")) return at::kBFloat16;
#endif
  return at::kFloat;
}

const char* arithmetic_name(at::ScalarType type) { return type == at::kBFloat16 ? "bf16" : "f32"; }

at::Tensor load_images(const data::Images& images, std::span<const int32_t> indices, std::span<const Shift> shifts) {
  const int64_t pixels = int64_t{images.height} * images.width * images.channels;
  at::Tensor batch = at::empty({static_cast<int64_t>(indices.size()), pixels}, at::kChar);
  int8_t* row = batch.data_ptr<int8_t>();
  for (size_t i = 0; i < indices.size(); ++i, row += pixels) {
    write_signs(images, indices[i], shifts.empty() ? Shift{} : shifts[i], {row, static_cast<size_t>(pixels)});
  }
  return batch;
}

at::Tensor load_labels(const std::vector<int32_t>& labels, std::span<const int32_t> indices) {
  at::Tensor batch = at::empty({static_cast<int64_t>(indices.size())}, at::kLong);
  int64_t* label = batch.data_ptr<int64_t>();
  for (const int32_t index : indices) *label++ = labels[static_cast<size_t>(index)];
  return batch;
}

/// How many rows of `sums` are largest at their label; the first of equals counts, as it does in hardware.
int64_t count_right(const at::Tensor& sums, std::span<const int32_t> labels) {
  const float* row = sums.data_ptr<float>();
  const int64_t classes = sums.size(1);
  int64_t right = 0;
  for (const int32_t label : labels) {
    right += std::max_element(row, row + classes) - row == label;
    row += classes;
  }
  return right;
}

/// The images of a set from `first` on that the network is judged by.
struct Judges {
  const data::DataSet& set;
  int64_t first, count;
};

/// One training from its recipe to its file. Everything it refers to outlives it.
class Training {
 public:
  Training(const Recipe& recipe, const data::DataSet& training, const data::DataSet& test, const Options& options,
           std::filesystem::path checkpoint_path, std::string data, const std::optional<Checkpoint>& resumed);
  Progress run();

 private:
  Progress run_epoch(int64_t epoch);
  double judge() const;
  std::vector<NamedTensor> state() const;
  void save() const;
  void restore(const Checkpoint& checkpoint);
  void write_network() const;

  const Recipe& recipe_;
  const Options& options_;
  const data::DataSet& training_;
  const Judges judges_;
  const std::filesystem::path checkpoint_path_;
  const std::string data_;  // fingerprint
  const int64_t trained_images_;
  const int64_t steps_per_epoch_;
  const at::ScalarType arithmetic_;
  Model model_;
  Adam adam_;
  Progress progress_;
};

at::ScalarType choose_arithmetic(const std::optional<Checkpoint>& resumed) {
  if (!resumed) return fastest_arithmetic();
  return resumed->arithmetic == arithmetic_name(at::kBFloat16) ? at::kBFloat16 : at::kFloat;
}

Training::Training(const Recipe& recipe, const data::DataSet& training, const data::DataSet& test, const Options& options,
                   std::filesystem::path checkpoint_path, std::string data, const std::optional<Checkpoint>& resumed)
    : recipe_(recipe),
      options_(options),
      training_(training),
      judges_(recipe.validation > 0 ? Judges{training, training.images.count - recipe.validation, recipe.validation}
                                    : Judges{test, 0, test.images.count}),
      checkpoint_path_(std::move(checkpoint_path)),
      data_(std::move(data)),
      trained_images_(training.images.count - recipe.validation),
      steps_per_epoch_(trained_images_ / recipe.batch),
      arithmetic_(choose_arithmetic(resumed)),
      model_(layer_sizes(recipe, training), recipe.seed, arithmetic_),
      adam_(model_.parameters()),
      progress_{.epochs = recipe.epochs} {
  if (resumed) restore(*resumed);
}

Progress Training::run() {
  while (progress_.epoch < recipe_.epochs) {
    const auto start = std::chrono::steady_clock::now();
    progress_ = run_epoch(progress_.epoch);
    progress_.test_accuracy = judge();
    progress_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    save();
    if (options_.progress) options_.progress(progress_);
  }
  write_network();
  return progress_;
}

Progress Training::run_epoch(int64_t epoch) {
  const EpochPlan plan = plan_epoch(trained_images_, recipe_.shift, recipe_.seed, epoch);
  const auto batch = static_cast<size_t>(recipe_.batch);
  double loss_sum = 0;
  int64_t right = 0;
  for (int64_t i = 0; i < steps_per_epoch_; ++i) {
    const size_t first = static_cast<size_t>(i) * batch;
    const auto indices = std::span(plan.order).subspan(first, batch);
    const at::Tensor images = load_images(training_.images, indices, std::span(plan.shifts).subspan(first, batch));
    const at::Tensor labels = load_labels(training_.labels, indices);
    const at::Tensor logits = model_.forward(images);
    const at::Tensor loss = at::cross_entropy_loss(logits, labels);
    loss.backward();
    const int64_t step = epoch * steps_per_epoch_ + i;
    adam_.step(one_cycle(recipe_.learning_rate, step, recipe_.epochs * steps_per_epoch_), step);
    loss_sum += loss.item<double>();
    right += logits.argmax(1).eq(labels).sum().item<int64_t>();
  }
  if (!std::isfinite(loss_sum)) {
    throw Error("{}: the training diverged in epoch {}; lower 'learning_rate' (it is {})", recipe_.name, epoch + 1,
                recipe_.learning_rate);
  }
  return {.epoch = epoch + 1,
          .epochs = recipe_.epochs,
          .loss = loss_sum / static_cast<double>(steps_per_epoch_),
          .train_accuracy = static_cast<double>(right) / static_cast<double>(steps_per_epoch_ * recipe_.batch)};
}

double Training::judge() const {
  int64_t right = 0;
  std::vector<int32_t> indices, labels;
  for (int64_t done = 0; done < judges_.count; done += kEvaluatedAtOnce) {
    indices.clear();
    labels.clear();
    for (int64_t i = done; i < std::min(done + kEvaluatedAtOnce, judges_.count); ++i) {
      indices.push_back(static_cast<int32_t>(judges_.first + i));
      labels.push_back(judges_.set.labels[static_cast<size_t>(judges_.first + i)]);
    }
    right += count_right(model_.evaluate(load_images(judges_.set.images, indices, {})), labels);
  }
  return static_cast<double>(right) / static_cast<double>(judges_.count);
}

std::vector<NamedTensor> Training::state() const {
  std::vector<NamedTensor> tensors = model_.statistics();
  for (const Parameter& parameter : model_.parameters()) tensors.push_back({parameter.name, parameter.value});
  for (NamedTensor& tensor : adam_.state()) tensors.push_back(std::move(tensor));
  return tensors;
}

void Training::save() const {
  Checkpoint checkpoint{print(recipe_), data_, arithmetic_name(arithmetic_), progress_, {}};
  for (const NamedTensor& tensor : state()) {
    const float* data = tensor.value.data_ptr<float>();
    checkpoint.tensors[tensor.name] = {tensor.value.sizes().vec(), {data, data + tensor.value.numel()}};
  }
  write_file(checkpoint_path_, checkpoint_bytes(checkpoint));
}

void Training::restore(const Checkpoint& checkpoint) {
  progress_ = checkpoint.progress;
  if (progress_.epoch < 0 || progress_.epoch > recipe_.epochs) {
    throw Error("{}: the checkpoint is of epoch {} of {}", checkpoint_path_.string(), progress_.epoch, recipe_.epochs);
  }
  for (const NamedTensor& tensor : state()) {
    const auto saved = checkpoint.tensors.find(tensor.name);
    if (saved == checkpoint.tensors.end() || saved->second.shape != tensor.value.sizes().vec()) {
      throw Error("{}: tensor '{}' is missing or has another shape", checkpoint_path_.string(), tensor.name);
    }
    std::copy(saved->second.data.begin(), saved->second.data.end(), tensor.value.data_ptr<float>());
  }
}

void Training::write_network() const {
  const data::Images& images = training_.images;
  write_file(options_.output, qonnx_bytes({recipe_.name, images.channels, images.height, images.width, model_.trained()}));
}

std::filesystem::path checkpoint_path(const Options& options) {
  if (!options.checkpoint.empty()) return options.checkpoint;
  std::filesystem::path path = options.output;
  return path += ".ckpt";
}

/// Training takes long; that its result cannot be written should come out before.
void check_folder(const std::filesystem::path& file) {
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  if (!std::filesystem::is_directory(folder)) {
    throw Error("{}: cannot be written: there is no folder '{}'", file.string(), folder.string());
  }
}

}  // namespace

Progress train(const Recipe& recipe, const data::DataSet& training, const data::DataSet& test, const Options& options) {
  check(recipe, "recipe");
  check_inputs(recipe, training, test);
  if (options.threads < 1) throw Error("{} threads; at least one is needed", options.threads);
  const std::filesystem::path checkpoint = checkpoint_path(options);
  check_folder(options.output);
  check_folder(checkpoint);
  at::set_num_threads(options.threads);
  if (openblas_set_num_threads) openblas_set_num_threads(options.threads);

  const std::string data = fingerprint(training);
  std::optional<Checkpoint> resumed;
  if (options.resume && std::filesystem::exists(checkpoint)) {
    resumed = parse_checkpoint(read_file(checkpoint), checkpoint.string());
    check_same_training(*resumed, print(recipe), data, checkpoint.string());
  }
  try {
    return Training(recipe, training, test, options, checkpoint, data, resumed).run();
  } catch (const c10::Error& error) {
    throw Error("{}: LibTorch failed: {}", recipe.name, error.what_without_backtrace());
  }
}

}  // namespace bitloom::train
