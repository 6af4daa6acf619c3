// SPDX-License-Identifier: Apache-2.0
//
// Updates, schedules and losses against their formulas.
#include <cmath>

#include <gtest/gtest.h>

#include "train/tensor.h"

#include <ATen/ATen.h>

#include "train/loss.h"
#include "train/optimizer.h"

namespace bitloom::train {
namespace {

/// One parameter after steps with the given gradients.
double after(Optimizer kind, double decay, const Parameter& as, std::vector<float> gradients) {
  Parameter parameter = as;
  parameter.value = at::tensor({0.5F}).requires_grad_();
  Updater updater(kind, decay, {parameter});
  for (size_t i = 0; i < gradients.size(); ++i) {
    parameter.value.mutable_grad() = at::tensor({gradients[i]});
    updater.step(0.1, static_cast<int64_t>(i));
  }
  return parameter.value.item<double>();
}

TEST(Optimizer, adam_is_kingmas) {
  double value = 0.5, m = 0, v = 0;
  int t = 0;
  for (const double g : {0.3, -0.2, 0.5}) {
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    ++t;
    value -= 0.1 * (m / (1 - std::pow(0.9, t))) / std::sqrt(v / (1 - std::pow(0.999, t)));
  }
  EXPECT_NEAR(after(Optimizer::kAdam, 0, {}, {0.3F, -0.2F, 0.5F}), value, 1e-5);
}

TEST(Optimizer, descent_has_momentum) {
  const double first = 0.3, second = 0.9 * first - 0.2;
  EXPECT_NEAR(after(Optimizer::kSgd, 0, {}, {0.3F, -0.2F}), 0.5 - 0.1 * (first + second), 1e-6);
}

TEST(Optimizer, parameters_stay_in_their_range) {
  Parameter bounded;
  bounded.rate = 100;
  bounded.lowest = 0.25F;
  bounded.highest = 1;
  EXPECT_EQ(after(Optimizer::kSgd, 0, bounded, {100.0F}), 0.25);
  EXPECT_EQ(after(Optimizer::kAdam, 0, bounded, {-1.0F}), 1);
}

TEST(Optimizer, only_decaying_parameters_decay) {
  Parameter decaying;
  decaying.decays = true;
  EXPECT_NEAR(after(Optimizer::kSgd, 0.5, decaying, {0.0F}), 0.5 * (1 - 0.1 * 0.5), 1e-6);
  EXPECT_EQ(after(Optimizer::kSgd, 0.5, {}, {0.0F}), 0.5);
}

TEST(Optimizer, one_cycle_rises_and_falls) {
  EXPECT_NEAR(learning_rate(Schedule::kOneCycle, 1, 0, 100), 0.1, 1e-9);
  EXPECT_NEAR(learning_rate(Schedule::kOneCycle, 1, 9, 100), 1, 1e-9);
  EXPECT_NEAR(learning_rate(Schedule::kOneCycle, 1, 54, 100), 0.5 * 1.001, 1e-9);
  EXPECT_NEAR(learning_rate(Schedule::kOneCycle, 1, 99, 100), 0.001, 1e-9);
}

TEST(Optimizer, cosine_falls_from_the_first_step) {
  EXPECT_GT(learning_rate(Schedule::kCosine, 1, 0, 100), 0.999);
  EXPECT_NEAR(learning_rate(Schedule::kCosine, 1, 49, 100), 0.5 * 1.001, 1e-9);
  EXPECT_NEAR(learning_rate(Schedule::kCosine, 1, 99, 100), 0.001, 1e-9);
}

const at::Tensor kLogits = at::tensor({1.0F, -2.0F, 0.5F}).view({1, 3});
const at::Tensor kLabel = at::tensor({2}, at::kLong);

double cross_entropy(const std::vector<double>& target) {
  const double sum = std::exp(1.0) + std::exp(-2.0) + std::exp(0.5);
  const std::vector<double> logits{1, -2, 0.5};
  double loss = 0;
  for (size_t i = 0; i < 3; ++i) loss -= target[i] * (logits[i] - std::log(sum));
  return loss;
}

TEST(Loss, cross_entropy_may_be_smoothed) {
  Recipe recipe;
  EXPECT_NEAR(loss_of(recipe, kLogits, kLabel, {}).item<double>(), cross_entropy({0, 0, 1}), 1e-6);
  recipe.label_smoothing = 0.3;
  EXPECT_NEAR(loss_of(recipe, kLogits, kLabel, {}).item<double>(), cross_entropy({0.1, 0.1, 0.8}), 1e-6);
}

TEST(Loss, hinge_is_squared) {
  Recipe recipe;
  recipe.loss = Loss::kHinge;
  EXPECT_NEAR(loss_of(recipe, kLogits, kLabel, {}).item<double>(), (4 + 0 + 0.25) / 3, 1e-6);
}

TEST(Loss, teacher_has_its_share) {
  Recipe recipe;
  recipe.teacher = Teacher{"", 2, 0.25};
  const at::Tensor taught = at::tensor({0.0F, 1.0F, 3.0F}).view({1, 3});
  double own = 0, other = 0, divergence = 0;
  for (const double x : {1.0, -2.0, 0.5}) own += std::exp(x / 2);
  for (const double x : {0.0, 1.0, 3.0}) other += std::exp(x / 2);
  for (const auto& [x, y] : {std::pair{1.0, 0.0}, {-2.0, 1.0}, {0.5, 3.0}}) {
    const double p = std::exp(y / 2) / other;
    divergence += p * (std::log(p) - (x / 2 - std::log(own)));
  }
  EXPECT_NEAR(loss_of(recipe, kLogits, kLabel, taught).item<double>(),
              0.75 * cross_entropy({0, 0, 1}) + 0.25 * 4 * divergence, 1e-5);
}

}  // namespace
}  // namespace bitloom::train
