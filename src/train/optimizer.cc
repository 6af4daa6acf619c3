// SPDX-License-Identifier: Apache-2.0
#include "optimizer.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "bitloom/error.h"

namespace bitloom::train {
namespace {

constexpr double kMeanDecay = 0.9;
constexpr double kSquareDecay = 0.999;
constexpr double kEpsilon = 1e-8;
constexpr double kWarmUp = 0.1;
constexpr double kLast = 1e-3;

struct Update {
  double rate, correction, kept;  ///< kept: share of the value that weight decay leaves
  float lowest, highest;
};

/// One pass over memory in place of a dozen; memory is what limits it.
void adam_on_cpu(float* __restrict value, const float* __restrict gradient, float* __restrict mean,
                 float* __restrict square, int64_t count, Update by) {
  constexpr auto kKeptMean = static_cast<float>(kMeanDecay), kNewMean = static_cast<float>(1 - kMeanDecay);
  constexpr auto kKeptSquare = static_cast<float>(kSquareDecay), kNewSquare = static_cast<float>(1 - kSquareDecay);
  const auto rate = static_cast<float>(by.rate * by.correction), kept = static_cast<float>(by.kept);
  for (int64_t i = 0; i < count; ++i) {
    const float g = gradient[i];
    const float m = kKeptMean * mean[i] + kNewMean * g;
    const float s = kKeptSquare * square[i] + kNewSquare * g * g;
    mean[i] = m;
    square[i] = s;
    const float moved = kept * value[i] - rate * m / (std::sqrt(s) + static_cast<float>(kEpsilon));
    value[i] = std::min(std::max(moved, by.lowest), by.highest);
  }
}

void clamp(at::Tensor& value, const Update& by) {
  if (std::isfinite(by.lowest) || std::isfinite(by.highest)) value.clamp_(by.lowest, by.highest);
}

/// The same for all tensors at once: what limits a device is the number of kernels.
struct AdamOnDevice {
  std::vector<at::Tensor> values, gradients, means, squares;
  std::vector<at::Scalar> rates;
  std::vector<Update> updates;

  void add(const at::Tensor& value, const at::Tensor& gradient, const at::Tensor& mean, const at::Tensor& square,
           Update by) {
    values.push_back(value);
    gradients.push_back(gradient);
    means.push_back(mean);
    squares.push_back(square);
    rates.emplace_back(-by.rate * by.correction);
    updates.push_back(by);
  }

  void step() {
    if (values.empty()) return;
    at::_foreach_mul_(means, kMeanDecay);
    at::_foreach_add_(means, gradients, 1 - kMeanDecay);
    at::_foreach_mul_(squares, kSquareDecay);
    at::_foreach_addcmul_(squares, gradients, gradients, 1 - kSquareDecay);
    const std::vector<at::Tensor> deviations = at::_foreach_sqrt(squares);
    at::_foreach_add_(deviations, kEpsilon);
    for (size_t i = 0; i < values.size(); ++i)
      if (updates[i].kept != 1) values[i].mul_(updates[i].kept);
    at::_foreach_addcdiv_(values, means, deviations, rates);
    for (size_t i = 0; i < values.size(); ++i) clamp(values[i], updates[i]);
  }
};

void descend(at::Tensor& value, const at::Tensor& gradient, at::Tensor& velocity, Update by) {
  velocity.mul_(kMeanDecay).add_(gradient);
  value.mul_(by.kept).sub_(velocity, by.rate);
  clamp(value, by);
}

}  // namespace

double learning_rate(Schedule schedule, double peak, int64_t step, int64_t steps) {
  const double warm_up = schedule == Schedule::kCosine ? 0 : std::max(1.0, kWarmUp * static_cast<double>(steps));
  const double now = static_cast<double>(step) + 1;
  if (now <= warm_up) return peak * now / warm_up;
  const double done = (now - warm_up) / (static_cast<double>(steps) - warm_up);
  return peak * (kLast + (1 - kLast) * (1 + std::cos(std::numbers::pi * done)) / 2);
}

Updater::Updater(Optimizer kind, double weight_decay, std::vector<Parameter> parameters)
    : kind_(kind), weight_decay_(weight_decay) {
  for (Parameter& parameter : parameters) {
    at::Tensor mean = at::zeros_like(parameter.value, at::TensorOptions().requires_grad(false));
    at::Tensor square = kind == Optimizer::kAdam ? at::zeros_like(mean) : at::Tensor();
    slots_.push_back({std::move(parameter), std::move(mean), std::move(square)});
  }
}

void Updater::step(double rate, int64_t step) {
  const c10::NoGradGuard no_gradients;
  const auto count = static_cast<double>(step + 1);
  // The moments start at zero; this undoes the bias (Kingma and Ba, 2015, end of section 2).
  const double correction = std::sqrt(1 - std::pow(kSquareDecay, count)) / (1 - std::pow(kMeanDecay, count));
  AdamOnDevice on_device;
  for (Slot& slot : slots_) {
    at::Tensor& value = slot.parameter.value;
    if (!value.grad().defined()) continue;  // of an estimator that passes none
    const at::Tensor gradient = value.grad().contiguous();
    BITLOOM_CHECK(gradient.scalar_type() == at::kFloat && gradient.sizes() == value.sizes() && value.is_contiguous());
    const double own = rate * slot.parameter.rate;
    const Update by{own, correction, slot.parameter.decays ? 1 - own * weight_decay_ : 1, slot.parameter.lowest,
                    slot.parameter.highest};
    if (kind_ == Optimizer::kSgd) {
      descend(value, gradient, slot.mean, by);
    } else if (value.is_cpu()) {
      adam_on_cpu(value.data_ptr<float>(), gradient.data_ptr<float>(), slot.mean.data_ptr<float>(),
                  slot.square.data_ptr<float>(), value.numel(), by);
    } else {
      on_device.add(value, gradient, slot.mean, slot.square, by);
    }
    value.mutable_grad() = at::Tensor();
  }
  on_device.step();
}

std::vector<NamedTensor> Updater::state() const {
  std::vector<NamedTensor> tensors;
  for (const Slot& slot : slots_) {
    tensors.push_back({slot.parameter.name + ".mean_gradient", slot.mean});
    if (slot.square.defined()) tensors.push_back({slot.parameter.name + ".square_gradient", slot.square});
  }
  return tensors;
}

}  // namespace bitloom::train
