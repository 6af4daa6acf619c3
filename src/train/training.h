// SPDX-License-Identifier: Apache-2.0
//
// One training between its recipe and its result: epochs of steps, and the state that a checkpoint keeps.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint.h"
#include "model.h"
#include "optimizer.h"

namespace bitloom::train {

/// Where LibTorch computes: the first CUDA device if it has one, else the CPU.
at::Device best_device();

/// bf16 on a GPU, and where the CPU multiplies it by itself (twice the speed of floats); where that is emulated, floats.
at::ScalarType fastest_arithmetic(at::Device device);

/// Copies the checkpoint's tensors into these. Throws Error, naming `source`, if one is missing or has another shape.
void restore(const Checkpoint& checkpoint, const std::vector<NamedTensor>& tensors, std::string_view source);

/// Everything it is given outlives it.
class Training {
 public:
  Training(const Recipe& recipe, const data::DataSet& training, const Options& options,
           const std::optional<Checkpoint>& resumed, std::string_view source);

  /// One epoch over the images that are not held out. Throws Error if the loss is no number any more.
  Progress run_epoch(int64_t epoch);

  /// The state after an epoch.
  Checkpoint checkpoint(const Progress& progress, const std::string& data) const;

  const Model& model() const { return model_; }

 private:
  std::vector<NamedTensor> state() const;
  /// Reads mean loss and accuracy so far and tells of the step. Throws Error if the loss is no number any more.
  void look(const at::Tensor& loss_sum, const at::Tensor& right, Step& seen) const;
  at::Tensor taught(const at::Tensor& images) const;

  const Recipe& recipe_;
  const data::DataSet& training_;
  const Options& options_;
  int64_t images_;  // that are trained on
  int64_t steps_per_epoch_;
  at::Device device_;
  at::ScalarType arithmetic_;
  Model model_;
  Updater updater_;
  std::optional<Model> teacher_;
};

}  // namespace bitloom::train
