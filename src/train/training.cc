// SPDX-License-Identifier: Apache-2.0
#include "training.h"

#include <algorithm>
#include <cmath>
#include <future>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <c10/core/GradMode.h>

#include "batches.h"
#include "bitloom/file.h"
#include "inputs.h"
#include "loss.h"
#include "recipe.h"

namespace bitloom::train {
namespace {

// Reading a loss waits for a GPU; this many steps are on their way to it in between.
constexpr int64_t kStepsPerLookAtGpu = 20;

const char* arithmetic_name(at::ScalarType type) { return type == at::kBFloat16 ? "bf16" : "f32"; }

at::ScalarType choose_arithmetic(const std::optional<Checkpoint>& resumed, at::Device device) {
  if (!resumed) return fastest_arithmetic(device);
  return resumed->arithmetic == arithmetic_name(at::kBFloat16) ? at::kBFloat16 : at::kFloat;
}

/// A checkpoint of another training that the recipe names as its `field`.
Checkpoint read_other(const Recipe& recipe, const std::filesystem::path& path, std::string_view field) {
  const std::string source = path.string();
  if (!std::filesystem::exists(path)) {
    throw Error(
        "{}: the checkpoint '{}' of '{}' is not there; train it first with `bitloom train` on its own recipe, or remove "
        "'{}'",
        recipe.name, source, field, field);
  }
  Checkpoint checkpoint = parse_checkpoint(read_file(path), source);
  if (parse_recipe(checkpoint.recipe, source).input != recipe.input)
    throw Error("{}: the network in {} ('{}') reads another input than this recipe", recipe.name, source, field);
  return checkpoint;
}

std::vector<NamedTensor> tensors_of(const Model& model) {
  std::vector<NamedTensor> tensors = model.statistics();
  for (const Parameter& parameter : model.parameters()) tensors.push_back({parameter.name, parameter.value});
  return tensors;
}

/// The teacher's network as its last checkpoint has it.
std::optional<Model> load_teacher(const Recipe& recipe, const data::DataSet& training, at::ScalarType arithmetic,
                                  at::Device device) {
  if (!recipe.teacher) return std::nullopt;
  const std::string source = recipe.teacher->checkpoint.string();
  const Checkpoint checkpoint = read_other(recipe, recipe.teacher->checkpoint, "teacher");
  const Recipe own = parse_recipe(checkpoint.recipe, source);
  Model model(plan(own, training), own.seed, arithmetic, device);
  restore(checkpoint, tensors_of(model), source);
  return model;
}

/// Gives the model what the checkpoint of `start` has of it: the latent weights, all of which must be there, and what of
/// norms and quantizers both have.
void begin_as(const Recipe& recipe, const Model& model) {
  const Checkpoint checkpoint = read_other(recipe, recipe.start, "start");
  std::vector<NamedTensor> tensors = tensors_of(model);
  std::erase_if(tensors, [&](const NamedTensor& tensor) {
    return !tensor.name.ends_with(".latent") && !checkpoint.tensors.contains(tensor.name);
  });
  restore(checkpoint, tensors, recipe.start.string());
}

/// The batch of one step. For a device in memory that it can copy while it computes.
struct Batch {
  at::Tensor images, labels;
};

Batch load_batch(const data::DataSet& training, const EpochPlan& plan, size_t first, size_t count, Input input,
                 bool pinned) {
  const auto indices = std::span(plan.order).subspan(first, count);
  Batch batch{load_images(training.images, indices, std::span(plan.changes).subspan(first, count), input),
              load_labels(training.labels, indices)};
  if (pinned) batch = {batch.images.pin_memory(), batch.labels.pin_memory()};
  return batch;
}

}  // namespace

at::Device best_device() { return at::hasCUDA() ? at::Device(at::kCUDA) : at::Device(at::kCPU); }

at::ScalarType fastest_arithmetic(at::Device device) {
  if (device.is_cuda()) return at::kBFloat16;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512bf16")) return at::kBFloat16;
#endif
  return at::kFloat;
}

void restore(const Checkpoint& checkpoint, const std::vector<NamedTensor>& tensors, std::string_view source) {
  const c10::NoGradGuard no_gradients;
  for (const NamedTensor& tensor : tensors) {
    const auto saved = checkpoint.tensors.find(tensor.name);
    if (saved == checkpoint.tensors.end() || saved->second.shape != tensor.value.sizes().vec())
      throw Error("{}: tensor '{}' is missing or has another shape", source, tensor.name);
    at::Tensor target = tensor.value;
    target.copy_(at::tensor(saved->second.data).view(tensor.value.sizes()));
  }
}

Training::Training(const Recipe& recipe, const data::DataSet& training, const Options& options,
                   const std::optional<Checkpoint>& resumed, std::string_view source)
    : recipe_(recipe),
      training_(training),
      options_(options),
      images_(training.images.count - recipe.validation),
      steps_per_epoch_(images_ / recipe.batch),
      device_(best_device()),
      arithmetic_(choose_arithmetic(resumed, device_)),
      model_(plan(recipe, training), recipe.seed, arithmetic_, device_),
      updater_(recipe.optimizer, recipe.weight_decay, model_.parameters()),
      teacher_(load_teacher(recipe, training, arithmetic_, device_)) {
  if (resumed) {
    restore(*resumed, state(), source);
  } else if (!recipe.start.empty()) {
    begin_as(recipe, model_);
  }
}

Progress Training::run_epoch(int64_t epoch) {
  const data::Images& images = training_.images;
  const EpochPlan plan = plan_epoch(recipe_, images_, images.height, images.width, epoch);
  const auto prepare = [&](int64_t i) {
    const auto count = static_cast<size_t>(recipe_.batch);
    return std::async(std::launch::async, load_batch, std::cref(training_), std::cref(plan), static_cast<size_t>(i) * count,
                      count, recipe_.input, device_.is_cuda());
  };
  at::Tensor loss_sum = at::zeros({}, at::TensorOptions(device_).dtype(at::kDouble)), right = at::zeros_like(loss_sum);
  Step seen{.epoch = epoch, .epochs = recipe_.epochs, .steps = steps_per_epoch_};
  std::future<Batch> next = prepare(0);
  for (int64_t i = 0; i < steps_per_epoch_; ++i) {
    const Batch batch = next.get();
    if (i + 1 < steps_per_epoch_) next = prepare(i + 1);
    const at::Tensor pixels = batch.images.to(device_, batch.images.scalar_type(), /*non_blocking=*/true);
    const at::Tensor labels = batch.labels.to(device_, batch.labels.scalar_type(), /*non_blocking=*/true);
    const at::Tensor logits = model_.forward(pixels);
    const at::Tensor loss = loss_of(recipe_, logits, labels, taught(pixels));
    loss.backward();
    const int64_t step = epoch * steps_per_epoch_ + i;
    seen.learning_rate = learning_rate(recipe_.schedule, recipe_.learning_rate, step, recipe_.epochs * steps_per_epoch_);
    updater_.step(seen.learning_rate, step);
    loss_sum += loss.detach();
    right += logits.detach().argmax(1).eq(labels).sum();
    seen.step = i + 1;
    if (!device_.is_cuda() || seen.step % kStepsPerLookAtGpu == 0 || seen.step == steps_per_epoch_)
      look(loss_sum, right, seen);
  }
  return {.epoch = epoch + 1,
          .epochs = recipe_.epochs,
          .loss = seen.loss,
          .train_accuracy = seen.train_accuracy,
          .learning_rate = seen.learning_rate};
}

void Training::look(const at::Tensor& loss_sum, const at::Tensor& right, Step& seen) const {
  const auto done = static_cast<double>(seen.step);
  seen.loss = loss_sum.item<double>() / done;
  seen.train_accuracy = right.item<double>() / (done * static_cast<double>(recipe_.batch));
  if (!std::isfinite(seen.loss)) {
    throw Error(
        "{}: the training diverged in epoch {}: its loss is no number any more. Lower 'learning_rate' (it is {}) "
        "and train anew with --restart; the checkpoint of the epoch before stays",
        recipe_.name, seen.epoch + 1, recipe_.learning_rate);
  }
  if (options_.step) options_.step(seen);
}

at::Tensor Training::taught(const at::Tensor& images) const { return teacher_ ? teacher_->infer(images) : at::Tensor(); }

std::vector<NamedTensor> Training::state() const {
  std::vector<NamedTensor> tensors = tensors_of(model_);
  for (NamedTensor& tensor : updater_.state()) tensors.push_back(std::move(tensor));
  return tensors;
}

Checkpoint Training::checkpoint(const Progress& progress, const std::string& data) const {
  Checkpoint result{print(recipe_), data, arithmetic_name(arithmetic_), progress, {}};
  for (const NamedTensor& tensor : state()) {
    const at::Tensor dense = tensor.value.detach().to(at::kCPU).contiguous();
    const float* values = dense.data_ptr<float>();
    result.tensors[tensor.name] = {dense.sizes().vec(), {values, values + dense.numel()}};
  }
  return result;
}

}  // namespace bitloom::train
