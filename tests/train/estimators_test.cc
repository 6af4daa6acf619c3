// SPDX-License-Identifier: Apache-2.0
//
// Each quantizer against its paper's formula, written out for one number, forward and backward; and the fused kernels
// against the separate operations.
#include <cmath>
#include <functional>

#include <gtest/gtest.h>

#include "train/tensor.h"

#include <ATen/ATen.h>

#include "train/estimators.h"

namespace bitloom::train {
namespace {

double sign(double x) { return x >= 0 ? 1 : -1; }
double clip(double x, double lowest, double highest) { return std::min(std::max(x, lowest), highest); }

at::Tensor numbers() {
  at::Tensor x = at::linspace(-2.5137, 2.4971, 101, at::kDouble);
  x[50] = 0;
  return x;
}

/// What the separate operations give, and their gradient for dv = 1, 2, 3 ...
struct Result {
  std::vector<double> values, gradients;
  std::vector<double> parameter;
};

std::vector<double> doubles(const at::Tensor& x) {
  const at::Tensor dense = x.to(at::kDouble).contiguous();
  return {dense.data_ptr<double>(), dense.data_ptr<double>() + dense.numel()};
}

std::vector<double> incoming(size_t count) {
  std::vector<double> dv(count);
  for (size_t i = 0; i < count; ++i) dv[i] = static_cast<double>(i + 1);
  return dv;
}

Result activations(const Quantizer& quantizer, const at::Tensor& parameter) {
  at::Tensor y = numbers().requires_grad_();
  const at::Tensor v = quantize_activations(quantizer, y, parameter);
  v.backward(at::tensor(incoming(static_cast<size_t>(y.numel()))));
  return {doubles(v.detach()), doubles(y.grad()),
          parameter.defined() && parameter.grad().defined() ? doubles(parameter.grad()) : std::vector<double>()};
}

Result weights(const Quantizer& quantizer, at::Tensor latent, const at::Tensor& parameter) {
  latent.requires_grad_();
  const at::Tensor v = quantize_weights(quantizer, latent, parameter, at::kFloat);
  v.backward(at::tensor(incoming(static_cast<size_t>(latent.numel()))).to(at::kFloat).view(latent.sizes()));
  return {doubles(v.detach()), doubles(latent.grad()),
          parameter.defined() && parameter.grad().defined() ? doubles(parameter.grad()) : std::vector<double>()};
}

void expect_near(const std::vector<double>& found, const std::vector<double>& expected, double tolerance) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i)
    EXPECT_NEAR(found[i], expected[i], tolerance * std::max(1.0, std::abs(expected[i]))) << i;
}

using Formula = std::function<double(double)>;

void expect_formulas(const Result& result, const Formula& value, const Formula& slope) {
  const std::vector<double> x = doubles(numbers());
  std::vector<double> values, gradients;
  for (size_t i = 0; i < x.size(); ++i) {
    values.push_back(value(x[i]));
    gradients.push_back(slope(x[i]) * static_cast<double>(i + 1));
  }
  expect_near(result.values, values, 1e-6);
  expect_near(result.gradients, gradients, 1e-6);
}

Quantizer activation(const char* name) { return parse_quantizer(name, Operand::kActivations); }
Quantizer weight(const char* name) { return parse_quantizer(name, Operand::kWeights); }
at::Tensor learned(std::vector<double> values) { return at::tensor(values, at::kFloat).requires_grad_(); }

// BinaryNet, equations 1 and 4.
TEST(Estimators, sign_of_activations_saturates) {
  expect_formulas(activations(activation("bipolar"), {}), sign, [](double y) { return std::abs(y) <= 1 ? 1.0 : 0.0; });
}

// DoReFa-Net, equations 5 and 11: quantize_k(clip(y, 0, 1)), here times 2^k - 1.
TEST(Estimators, dorefa_clips_activations) {
  expect_formulas(
      activations(activation("dorefa3"), {}), [](double y) { return std::nearbyint(7 * clip(y, 0, 1)); },
      [](double y) { return y >= 0 && y <= 1 ? 7.0 : 0.0; });
}

// Learned step size, equations 1 to 3: s v is the paper's value. Its gradient of s is (v - y / s) within and v outside;
// what the result's own product with s adds to d v / d s.
TEST(Estimators, uniform_learns_its_step) {
  const double s = 0.5;
  for (const auto& [name, lowest, highest] :
       {std::tuple{"signed2", -2.0, 1.0}, {"ternary", -1.0, 1.0}, {"unsigned2", 0.0, 3.0}, {"signed3n", -3.0, 3.0}}) {
    const Result result = activations(activation(name), learned({s}));
    const auto inside = [&, low = lowest, high = highest](double y) { return y / s >= low && y / s <= high; };
    expect_formulas(
        result, [&, low = lowest, high = highest](double y) { return std::nearbyint(clip(y / s, low, high)); },
        [&](double y) { return inside(y) ? 1 / s : 0.0; });
    const std::vector<double> y = doubles(numbers());
    double paper = 0, product = 0;
    for (size_t i = 0; i < y.size(); ++i) {
      const double dvalue = static_cast<double>(i + 1) / s, v = result.values[i];  // of the paper's value
      paper += dvalue * (inside(y[i]) ? v - y[i] / s : v);
      product += dvalue * v;
    }
    EXPECT_NEAR(result.parameter.at(0), paper - product, 1e-3 * std::abs(paper)) << name;
  }
}

struct Levels {
  double e, slope;
  std::vector<double> clipped;
};

Levels residual(double y, const std::vector<double>& gammas) {
  Levels result{0, 0, {}};
  double r = y;
  for (const double gamma : gammas) {
    result.e += gamma * sign(r);
    result.slope += std::abs(r) <= 1 ? gamma : 0;
    result.clipped.push_back(clip(r, -1, 1));
    r -= gamma * sign(r);
  }
  return result;
}

TEST(Estimators, rebnet_learns_a_factor_a_level) {
  const std::vector<double> gammas{1.0, 0.5, 0.25};
  const Result result = activations(activation("residual3"), learned(gammas));
  expect_formulas(
      result, [&](double y) { return residual(y, gammas).e / kResidualUnit; },
      [&](double y) { return residual(y, gammas).slope / kResidualUnit; });
  std::vector<double> expected(3);
  const std::vector<double> y = doubles(numbers());
  for (size_t i = 0; i < y.size(); ++i) {
    for (size_t k = 0; k < 3; ++k)
      expected[k] += static_cast<double>(i + 1) / kResidualUnit * residual(y[i], gammas).clipped[k];
  }
  expect_near(result.parameter, expected, 1e-4);
}

// Isometric residual binarization, equations 6 to 8; the result is e in units of gamma / 2^(M-1) (section III.B).
TEST(Estimators, isometric_learns_one_factor) {
  const double gamma = 0.9;
  for (const int m : {1, 2, 3, 4}) {
    std::vector<double> gammas;
    for (int i = 0; i < m; ++i) gammas.push_back(gamma / (1 << i));
    const double unit = gamma / (1 << (m - 1));
    const Result result = activations(activation(fmt::format("isometric{}", m).c_str()), learned({gamma}));
    expect_formulas(
        result, [&](double y) { return residual(y, gammas).e / unit; },
        [&](double y) { return residual(y, gammas).slope / unit; });
    double expected = 0;
    const std::vector<double> y = doubles(numbers());
    for (size_t i = 0; i < y.size(); ++i) {
      const Levels levels = residual(y[i], gammas);
      for (int k = 0; k < m; ++k)
        expected += static_cast<double>(i + 1) / unit * levels.clipped[static_cast<size_t>(k)] / (1 << k);
    }
    EXPECT_NEAR(result.parameter.at(0), expected, 1e-4 * std::abs(expected));
  }
}

TEST(Estimators, isometric_values_are_odd_integers) {
  const Result result = activations(activation("isometric3"), learned({0.77}));
  for (const double v : result.values) {
    EXPECT_EQ(v, std::nearbyint(v));
    EXPECT_EQ(std::fmod(std::abs(v), 2), 1);
    EXPECT_LE(std::abs(v), 7);
  }
}

TEST(Estimators, rebnet_factors_never_let_values_fall) {
  const Activation a = activation_of(activation("residual3"), learned({0.5, 0.9, 0.001}));
  EXPECT_GE(a.gamma[0], a.gamma[1] + a.gamma[2]);
  EXPECT_GT(a.gamma[2], 0);
  std::vector<double> values =
      doubles(quantize_activations(activation("residual3"), numbers(), learned({0.5, 0.9, 0.001})).detach());
  EXPECT_TRUE(std::is_sorted(values.begin(), values.end()));
}

TEST(Estimators, binary_weights_pass_their_gradient) {
  const Result result = weights(weight("bipolar"), at::tensor({-0.5F, 0.0F, 0.25F}), {});
  EXPECT_EQ(result.values, (std::vector<double>{-1, 1, 1}));
  EXPECT_EQ(result.gradients, (std::vector<double>{1, 2, 3}));
}

// XNOR-Net, section 3.1: dW = dW~ (1 / n + alpha 1(|W| <= 1)) for W~ = alpha sign(W).
TEST(Estimators, xnor_scales_each_filter) {
  const at::Tensor latent = at::tensor({-0.5F, 0.25F, 1.5F, 0.75F}).view({2, 2});
  EXPECT_EQ(doubles(filter_scale(weight("xnor"), latent)), (std::vector<double>{0.375, 1.125}));
  const Result result = weights(weight("xnor"), latent, {});
  EXPECT_EQ(result.values, (std::vector<double>{-1, 1, 1, 1}));
  const auto gradient = [](double dv, double alpha, bool inside) { return dv / alpha * (0.5 + (inside ? alpha : 0)); };
  expect_near(result.gradients,
              {gradient(1, 0.375, true), gradient(2, 0.375, true), gradient(3, 1.125, false), gradient(4, 1.125, true)},
              1e-6);
}

// DoReFa-Net, equation 9, times 2^k - 1; k = 1: equation 8 without the scale.
TEST(Estimators, dorefa_weights_go_through_tanh) {
  const std::vector<double> w{-0.9, -0.2, 0.1, 0.6, 1.0};
  const Result result = weights(weight("dorefa2"), at::tensor(w).to(at::kFloat), {});
  std::vector<double> values, gradients;
  for (size_t i = 0; i < w.size(); ++i) {
    const double t = std::tanh(w[i]), largest = std::tanh(1.0);
    values.push_back(2 * std::nearbyint(3 * (t / (2 * largest) + 0.5)) - 3);
    gradients.push_back(static_cast<double>(i + 1) * 3 * (1 - t * t) / largest);
  }
  expect_near(result.values, values, 0);
  expect_near(result.gradients, gradients, 1e-5);
  EXPECT_EQ(weights(weight("dorefa1"), at::tensor({-0.5F, 0.5F}), {}).values, (std::vector<double>{-1, 1}));
}

// Weights beyond the bounds pass their gradient, or they could never come back.
TEST(Estimators, ternary_weights_learn_their_scale) {
  const Result result = weights(weight("ternary"), at::tensor({-0.9F, -0.2F, 0.3F, 0.6F}), learned({0.5}));
  EXPECT_EQ(result.values, (std::vector<double>{-1, 0, 1, 1}));
  expect_near(result.gradients, {1 / 0.5, 2 / 0.5, 3 / 0.5, 4 / 0.5}, 1e-5);
  EXPECT_NEAR(result.parameter.at(0), -(2 * -0.2 + 3 * 0.3) / 0.25, 1e-4);
}

struct Norm {
  at::Tensor x, scale, offset, parameter;
  Statistics running;
  std::vector<at::Tensor> results() const {
    std::vector<at::Tensor> all{x.grad(), scale.grad(), offset.grad(), running.mean, running.variance};
    if (parameter.defined() && parameter.requires_grad()) all.push_back(parameter.grad());
    return all;
  }
};

Norm random_norm(const Quantizer& quantizer, at::IntArrayRef shape) {
  at::manual_seed(7);
  Norm norm;
  norm.x = (at::randn(shape) * 3 + 1).requires_grad_();
  norm.scale = (at::rand({shape[1]}) + 0.5).requires_grad_();
  norm.offset = at::randn({shape[1]}).requires_grad_();
  norm.parameter = initial_parameter(quantizer, Operand::kActivations);
  if (norm.parameter.defined()) norm.parameter.requires_grad_();
  norm.running = {at::zeros({shape[1]}), at::ones({shape[1]})};
  return norm;
}

// Rounding may put a number that lies on a threshold on its other side; few do.
TEST(Estimators, fused_norm_equals_separate_operations) {
  for (const char* name : {"bipolar", "float", "ternary", "signed2", "unsigned3", "dorefa2", "residual2", "residual4",
                           "isometric1", "isometric2", "isometric3"}) {
    const Quantizer quantizer = activation(name);
    for (const std::vector<int64_t>& shape : {std::vector<int64_t>{40, 17}, std::vector<int64_t>{6, 20, 5, 7}}) {
      const Norm plain = random_norm(quantizer, shape), fused = random_norm(quantizer, shape);
      const at::Tensor v =
          norm_quantize_plainly(quantizer, plain.x, plain.scale, plain.offset, plain.parameter, plain.running);
      const at::Tensor w = norm_quantize(quantizer, fused.x, fused.scale, fused.offset, fused.parameter, fused.running);
      EXPECT_TRUE(v.allclose(w, 1e-4, 1e-4)) << name;
      const at::Tensor dv = at::randn(shape);
      v.backward(dv);
      w.backward(dv);
      const auto a = plain.results(), b = fused.results();
      for (size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(a[i].allclose(b[i], 1e-3, 1e-3)) << name << " " << i;
    }
  }
}

TEST(Estimators, fused_norm_works_in_bf16) {
  for (const char* name : {"bipolar", "isometric2", "unsigned2"}) {
    const Quantizer quantizer = activation(name);
    const Norm plain = random_norm(quantizer, {6, 20, 5, 7}), half = random_norm(quantizer, {6, 20, 5, 7});
    const at::Tensor x = half.x.detach().to(at::kBFloat16).requires_grad_();
    const at::Tensor v = norm_quantize(quantizer, plain.x, plain.scale, plain.offset, plain.parameter, plain.running);
    const at::Tensor w = norm_quantize(quantizer, x, half.scale, half.offset, half.parameter, half.running);
    EXPECT_EQ(w.scalar_type(), at::kBFloat16);
    const double different = v.ne(w.to(at::kFloat)).to(at::kDouble).mean().item<double>();
    EXPECT_LT(different, 0.02) << name;
    w.sum().backward();
    EXPECT_TRUE(x.grad().defined());
  }
}

}  // namespace
}  // namespace bitloom::train
