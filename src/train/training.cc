// SPDX-License-Identifier: Apache-2.0
#include "training.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/Context.h>

#include "batches.h"
#include "bitloom/file.h"
#include "inputs.h"
#include "loss.h"
#include "recipe.h"

namespace bitloom::train {
namespace {

const char* arithmetic_name(at::ScalarType type) { return type == at::kBFloat16 ? "bf16" : "f32"; }

at::ScalarType choose_arithmetic(const std::optional<Checkpoint>& resumed, at::Device device) {
  if (!resumed) return fastest_arithmetic(device);
  return resumed->arithmetic == arithmetic_name(at::kBFloat16) ? at::kBFloat16 : at::kFloat;
}

/// The teacher's network as its last checkpoint has it.
std::optional<Model> load_teacher(const Recipe& recipe, const data::DataSet& training, at::ScalarType arithmetic,
                                  at::Device device) {
  if (!recipe.teacher) return std::nullopt;
  const std::string source = recipe.teacher->checkpoint.string();
  if (!std::filesystem::exists(recipe.teacher->checkpoint)) {
    throw Error(
        "{}: the teacher's checkpoint '{}' is not there; train it first with `bitloom train` on its own recipe, or "
        "remove 'teacher'",
        recipe.name, source);
  }
  const Checkpoint checkpoint = parse_checkpoint(read_file(recipe.teacher->checkpoint), source);
  const Recipe own = parse_recipe(checkpoint.recipe, source);
  if (own.input != recipe.input)
    throw Error("{}: the teacher in {} reads another input than this recipe", recipe.name, source);
  Model model(plan(own, training), own.seed, arithmetic, device);
  std::vector<NamedTensor> tensors = model.statistics();
  for (const Parameter& parameter : model.parameters()) tensors.push_back({parameter.name, parameter.value});
  restore(checkpoint, tensors, source);
  return model;
}

}  // namespace

at::Device best_device() { return at::hasCUDA() ? at::Device(at::kCUDA) : at::Device(at::kCPU); }

at::ScalarType fastest_arithmetic([[maybe_unused]] at::Device device) {
#if defined(__x86_64__)
  if (device.is_cpu() && __builtin_cpu_supports("avx512bf16")) return at::kBFloat16;
#endif
  return at::kFloat;
}

void restore(const Checkpoint& checkpoint, const std::vector<NamedTensor>& tensors, std::string_view source) {
  const at::NoGradGuard no_gradients;
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
  if (resumed) restore(*resumed, state(), source);
}

Progress Training::run_epoch(int64_t epoch) {
  const data::Images& images = training_.images;
  const EpochPlan plan = plan_epoch(recipe_, images_, images.height, images.width, epoch);
  const auto batch = static_cast<size_t>(recipe_.batch);
  double loss_sum = 0, rate = 0;
  int64_t right = 0;
  for (int64_t i = 0; i < steps_per_epoch_; ++i) {
    const size_t first = static_cast<size_t>(i) * batch;
    const auto indices = std::span(plan.order).subspan(first, batch);
    const at::Tensor pixels =
        load_images(images, indices, std::span(plan.changes).subspan(first, batch), recipe_.input).to(device_);
    const at::Tensor labels = load_labels(training_.labels, indices).to(device_);
    const at::Tensor logits = model_.forward(pixels);
    const at::Tensor loss = loss_of(recipe_, logits, labels, taught(pixels));
    loss_sum += loss.item<double>();
    if (!std::isfinite(loss_sum)) {
      throw Error(
          "{}: the training diverged in epoch {}: its loss is no number any more. Lower 'learning_rate' (it is {}) "
          "and train anew with --restart; the checkpoint of the epoch before stays",
          recipe_.name, epoch + 1, recipe_.learning_rate);
    }
    loss.backward();
    const int64_t step = epoch * steps_per_epoch_ + i;
    rate = learning_rate(recipe_.schedule, recipe_.learning_rate, step, recipe_.epochs * steps_per_epoch_);
    updater_.step(rate, step);
    right += logits.argmax(1).eq(labels).sum().item<int64_t>();
    if (options_.step) {
      const auto done = static_cast<double>(i + 1);
      options_.step({epoch, recipe_.epochs, i + 1, steps_per_epoch_, loss_sum / done,
                     static_cast<double>(right) / (done * static_cast<double>(recipe_.batch)), rate});
    }
  }
  return {.epoch = epoch + 1,
          .epochs = recipe_.epochs,
          .loss = loss_sum / static_cast<double>(steps_per_epoch_),
          .train_accuracy = static_cast<double>(right) / static_cast<double>(steps_per_epoch_ * recipe_.batch),
          .learning_rate = rate};
}

at::Tensor Training::taught(const at::Tensor& images) const { return teacher_ ? teacher_->infer(images) : at::Tensor(); }

std::vector<NamedTensor> Training::state() const {
  std::vector<NamedTensor> tensors = model_.statistics();
  for (const Parameter& parameter : model_.parameters()) tensors.push_back({parameter.name, parameter.value});
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
