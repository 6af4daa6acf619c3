// SPDX-License-Identifier: Apache-2.0
#include "optimizer.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include <ATen/ops/zeros_like.h>

#include "bitloom/error.h"

namespace bitloom::train {
namespace {

constexpr double kMeanDecay = 0.9;
constexpr double kSquareDecay = 0.999;
constexpr float kEpsilon = 1e-8F;
constexpr double kWarmUp = 0.1;
constexpr double kLast = 1e-3;

struct Update {
  float rate, lowest, highest;
};

/// One pass over memory in place of the dozen that separate tensor operations would take; memory is what limits it.
void update(float* __restrict value, const float* __restrict gradient, float* __restrict mean, float* __restrict square,
            int64_t count, Update by) {
  constexpr auto kKeptMean = static_cast<float>(kMeanDecay), kNewMean = static_cast<float>(1 - kMeanDecay);
  constexpr auto kKeptSquare = static_cast<float>(kSquareDecay), kNewSquare = static_cast<float>(1 - kSquareDecay);
  for (int64_t i = 0; i < count; ++i) {
    const float g = gradient[i];
    const float m = kKeptMean * mean[i] + kNewMean * g;
    const float s = kKeptSquare * square[i] + kNewSquare * g * g;
    mean[i] = m;
    square[i] = s;
    const float moved = value[i] - by.rate * m / (std::sqrt(s) + kEpsilon);
    value[i] = std::min(std::max(moved, by.lowest), by.highest);
  }
}

}  // namespace

double one_cycle(double peak, int64_t step, int64_t steps) {
  const double warm_up = std::max(1.0, kWarmUp * static_cast<double>(steps));
  const double now = static_cast<double>(step) + 1;
  if (now <= warm_up) return peak * now / warm_up;
  const double done = (now - warm_up) / (static_cast<double>(steps) - warm_up);
  return peak * (kLast + (1 - kLast) * (1 + std::cos(std::numbers::pi * done)) / 2);
}

Adam::Adam(std::vector<Parameter> parameters) {
  for (Parameter& parameter : parameters) {
    at::Tensor mean = at::zeros_like(parameter.value, at::TensorOptions().requires_grad(false));
    at::Tensor square = at::zeros_like(mean);
    slots_.push_back({std::move(parameter), std::move(mean), std::move(square)});
  }
}

void Adam::step(double rate, int64_t step) {
  const auto count = static_cast<double>(step + 1);
  // The moments start at zero; this undoes the bias (Kingma and Ba, 2015, end of section 2).
  const double correction = std::sqrt(1 - std::pow(kSquareDecay, count)) / (1 - std::pow(kMeanDecay, count));
  for (Slot& slot : slots_) {
    at::Tensor& value = slot.parameter.value;
    const at::Tensor gradient = value.grad().contiguous();
    BITLOOM_CHECK(gradient.scalar_type() == at::kFloat && gradient.sizes() == value.sizes() && value.is_contiguous());
    update(value.data_ptr<float>(), gradient.data_ptr<float>(), slot.mean.data_ptr<float>(), slot.square.data_ptr<float>(),
           value.numel(),
           {static_cast<float>(rate * slot.parameter.rate * correction), slot.parameter.lowest, slot.parameter.highest});
    value.mutable_grad() = at::Tensor();
  }
}

std::vector<NamedTensor> Adam::state() const {
  std::vector<NamedTensor> tensors;
  for (const Slot& slot : slots_) {
    tensors.push_back({slot.parameter.name + ".adam_mean", slot.mean});
    tensors.push_back({slot.parameter.name + ".adam_square", slot.square});
  }
  return tensors;
}

}  // namespace bitloom::train
