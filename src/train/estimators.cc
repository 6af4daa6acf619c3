// SPDX-License-Identifier: Apache-2.0
#include "estimators.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "bitloom/error.h"

namespace bitloom::train {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The step that quantizes normally distributed numbers of variance 1 to 2^bits evenly spaced values with the least squared
// error (Max, Quantizing for Minimum Distortion, 1960), bits from 1.
constexpr std::array<double, 9> kNormalSteps = {1.596, 0.9957, 0.586, 0.3352, 0.1881, 0.1041, 0.0569, 0.0308, 0.0166};

at::Tensor sign_of(const at::Tensor& x, at::ScalarType type) { return x.ge(0).to(type).mul_(2).sub_(1); }

struct SignWeights : torch::autograd::Function<SignWeights> {
  static at::Tensor forward(AutogradContext*, const at::Tensor& latent, at::ScalarType type) {
    return sign_of(latent, type);
  }
  static variable_list backward(AutogradContext*, const variable_list& dv) { return {dv[0].to(at::kFloat), {}}; }
};

struct SignActivations : torch::autograd::Function<SignActivations> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& y) {
    context->save_for_backward({y});
    return sign_of(y, y.scalar_type());
  }
  static variable_list backward(AutogradContext* context, const variable_list& dv) {
    return {dv[0] * context->get_saved_variables()[0].abs().le(1)};
  }
};

struct XnorWeights : torch::autograd::Function<XnorWeights> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& latent, const at::Tensor& alpha,
                            at::ScalarType type) {
    context->save_for_backward({latent, alpha});
    return sign_of(latent, type);
  }
  static variable_list backward(AutogradContext* context, const variable_list& dv) {
    const auto saved = context->get_saved_variables();
    std::vector<int64_t> shape(static_cast<size_t>(saved[0].dim()), 1);
    shape[0] = saved[0].size(0);
    const at::Tensor alpha = saved[1].view(shape);
    const auto terms = static_cast<double>(saved[0].numel() / saved[0].size(0));
    return {dv[0].to(at::kFloat) / alpha * (1 / terms + alpha * saved[0].abs().le(1)), {}, {}};
  }
};

struct DorefaWeights : torch::autograd::Function<DorefaWeights> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& latent, int64_t bits, at::ScalarType type) {
    const auto steps = static_cast<double>((1 << bits) - 1);
    const at::Tensor t = latent.tanh(), largest = t.abs().max().clamp_min(1e-12);
    context->save_for_backward({t, largest});
    context->saved_data["steps"] = steps;
    return ((t / (largest * 2) + 0.5) * steps).round().mul(2).sub(steps).to(type);
  }
  static variable_list backward(AutogradContext* context, const variable_list& dv) {
    const auto saved = context->get_saved_variables();
    const double steps = context->saved_data["steps"].toDouble();
    return {dv[0].to(at::kFloat) * (1 - saved[0].square()) * (steps / saved[1]), {}, {}};
  }
};

/// `step` has a gradient if it is a parameter. Weights beyond the bounds keep their gradient, as only their latent range
/// ends: without, each that a large rate carries there would stay for good.
struct UniformEstimator : torch::autograd::Function<UniformEstimator> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& step, double lowest,
                            double highest, Operand operand, at::ScalarType type) {
    const at::Tensor t = x / step;
    context->save_for_backward({t, step});
    context->saved_data["lowest"] = lowest;
    context->saved_data["highest"] = highest;
    context->saved_data["weights"] = operand == Operand::kWeights;
    return t.clamp(lowest, highest).round().to(type);
  }
  static variable_list backward(AutogradContext* context, const variable_list& dv) {
    const auto saved = context->get_saved_variables();
    const at::Tensor& t = saved[0];
    const at::Tensor inside =
        t.ge(context->saved_data["lowest"].toDouble()).logical_and(t.le(context->saved_data["highest"].toDouble()));
    const at::Tensor all = dv[0].to(t.scalar_type()) / saved[1], within = all * inside;
    const bool weights = context->saved_data["weights"].toBool();
    return {weights ? all : within, -(within * t).sum().view({1}), {}, {}, {}, {}};
  }
};

/// Integers e / unit of given factors. What is left, r_i, is kept rather than e: each level is then two passes over memory.
struct ResidualEstimator : torch::autograd::Function<ResidualEstimator> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& y, const at::Tensor& gammas,
                            const at::Tensor& unit) {
    context->save_for_backward({y, gammas, unit});
    at::Tensor rest = y.clone();
    for (int64_t i = 0; i < gammas.size(0); ++i) subtract_level(rest, gammas[i]);
    return (y - rest).div_(unit).round_();
  }
  static variable_list backward(AutogradContext* context, const variable_list& dv) {
    const auto saved = context->get_saved_variables();
    const at::Tensor& gammas = saved[1];
    const at::Tensor de = dv[0] / saved[2];
    at::Tensor rest = saved[0].clone(), slope = at::zeros_like(rest);
    std::vector<at::Tensor> parameters;
    for (int64_t i = 0; i < gammas.size(0); ++i) {
      slope.add_(gammas[i] * rest.abs().le(1));
      parameters.push_back((de * rest.clamp(-1, 1)).sum());
      subtract_level(rest, gammas[i]);
    }
    return {slope.mul_(de), at::stack(parameters), {}};
  }

 private:
  static void subtract_level(at::Tensor& rest, const at::Tensor& gamma) { rest.sub_(at::copysign(gamma, rest)); }
};

std::vector<float> floats(const at::Tensor& tensor) {
  const at::Tensor dense = tensor.detach().to(at::kCPU, at::kFloat).contiguous();
  return {dense.data_ptr<float>(), dense.data_ptr<float>() + dense.numel()};
}

bool is_residual(const Quantizer& q) { return q.method == Method::kResidual || q.method == Method::kIsometric; }

/// The factors as a tensor that passes gradients to the parameter.
at::Tensor gammas_of(const Quantizer& quantizer, const at::Tensor& parameter, const at::Tensor& like) {
  const at::TensorOptions options = like.options().requires_grad(false);
  // Made where it is used: reading the parameter would wait for a device.
  if (quantizer.method == Method::kIsometric)
    return at::arange(quantizer.bits, options).neg().exp2() * parameter.to(options);
  const Activation now = activation_of(quantizer, parameter);
  at::Tensor values = at::empty({quantizer.bits}, at::kFloat);
  std::copy_n(now.gamma, quantizer.bits, values.data_ptr<float>());
  values = values.to(options);
  return values + (parameter - parameter.detach()).to(like.scalar_type());  // rounding has the gradient 1
}

}  // namespace

at::Tensor initial_parameter(const Quantizer& quantizer, Operand operand) {
  const auto step = [](int bits) { return kNormalSteps[static_cast<size_t>(bits - 1)]; };
  std::vector<double> values;
  if (quantizer.method == Method::kUniform) {
    const IntegerRange range = integers(quantizer, operand);
    const double evenly = 2.0 / static_cast<double>(range.highest - range.lowest + 1);  // over [-1, 1]
    const bool ternary = quantizer.narrow && quantizer.bits == 2;
    const double normally = ternary ? 1.224 : step(quantizer.is_signed ? quantizer.bits : quantizer.bits + 1);
    values = {operand == Operand::kWeights ? evenly : normally};
  } else if (is_residual(quantizer)) {
    const double first = step(quantizer.bits) * std::exp2(quantizer.bits - 2);
    const int count = quantizer.method == Method::kIsometric ? 1 : quantizer.bits;
    for (int i = 0; i < count; ++i) values.push_back(first / std::exp2(i));
  }
  return values.empty() ? at::Tensor() : at::tensor(values, at::kFloat);
}

at::Tensor quantize_weights(const Quantizer& quantizer, const at::Tensor& latent, const at::Tensor& parameter,
                            at::ScalarType type) {
  const bool one_bit = quantizer.method == Method::kDorefa && quantizer.bits == 1;
  if (quantizer.method == Method::kFloat) return latent.to(type);
  if (quantizer.method == Method::kBipolar || one_bit) return SignWeights::apply(latent, type);
  if (quantizer.method == Method::kXnor) return XnorWeights::apply(latent, filter_scale(quantizer, latent), type);
  if (quantizer.method == Method::kDorefa) return DorefaWeights::apply(latent, int64_t{quantizer.bits}, type);
  const IntegerRange range = integers(quantizer, Operand::kWeights);
  return UniformEstimator::apply(latent, parameter, static_cast<double>(range.lowest), static_cast<double>(range.highest),
                                 Operand::kWeights, type);
}

at::Tensor filter_scale(const Quantizer& quantizer, const at::Tensor& latent) {
  if (quantizer.method != Method::kXnor) return {};
  return latent.detach().abs().flatten(1).mean(1);
}

Activation activation_of(const Quantizer& quantizer, const at::Tensor& parameter) {
  Activation result;
  const std::vector<float> values = parameter.defined() ? floats(parameter) : std::vector<float>();
  if (quantizer.method == Method::kFloat) {
    result.kind = Activation::Kind::kRelu;
  } else if (quantizer.method == Method::kDorefa || quantizer.method == Method::kUniform) {
    const IntegerRange range = integers(quantizer, Operand::kActivations);
    result.kind = Activation::Kind::kUniform;
    result.lowest = static_cast<float>(range.lowest);
    result.highest = static_cast<float>(range.highest);
    result.step = values.empty() ? 1 / result.highest : values[0];
  } else if (is_residual(quantizer)) {
    result.kind = Activation::Kind::kResidual;
    result.levels = quantizer.bits;
    float behind = 0;
    for (int i = quantizer.bits - 1; i >= 0; --i) {
      if (quantizer.method == Method::kIsometric) {
        result.gamma[i] = values[0] / static_cast<float>(1 << i);
      } else {
        constexpr auto kUnit = static_cast<float>(kResidualUnit);
        const float largest = static_cast<float>(kResidualLargest) * kUnit / static_cast<float>(1 << i);
        result.gamma[i] =
            std::clamp(std::round(values[static_cast<size_t>(i)] / kUnit) * kUnit, std::max(behind, kUnit), largest);
        behind += result.gamma[i];
      }
    }
    result.unit = static_cast<float>(unit_of(quantizer, parameter));
  }
  return result;
}

double unit_of(const Quantizer& quantizer, const at::Tensor& parameter) {
  switch (quantizer.method) {
    case Method::kUniform:
      return static_cast<double>(floats(parameter)[0]);
    case Method::kIsometric:
      return static_cast<double>(floats(parameter)[0]) / (1 << (quantizer.bits - 1));
    case Method::kResidual:
      return kResidualUnit;
    case Method::kDorefa:
      return 1.0 / ((1 << quantizer.bits) - 1);
    default:
      return 1;
  }
}

at::Tensor quantize_activations(const Quantizer& quantizer, const at::Tensor& y, const at::Tensor& parameter) {
  if (quantizer.method == Method::kFloat) return y.relu();
  if (quantizer.method == Method::kBipolar) return SignActivations::apply(y);
  if (is_residual(quantizer)) {
    const at::Tensor gammas = gammas_of(quantizer, parameter, y);
    const at::Tensor unit = quantizer.method == Method::kIsometric ? gammas.detach()[quantizer.bits - 1]
                                                                   : at::full({}, kResidualUnit, gammas.options());
    return ResidualEstimator::apply(y, gammas, unit);
  }
  const IntegerRange range = integers(quantizer, Operand::kActivations);
  const at::Tensor step =
      parameter.defined() ? parameter.to(y.scalar_type()) : at::full({1}, unit_of(quantizer, {}), y.options());
  return UniformEstimator::apply(y, step, static_cast<double>(range.lowest), static_cast<double>(range.highest),
                                 Operand::kActivations, y.scalar_type());
}

std::vector<int32_t> integer_gammas(const Quantizer& quantizer, const at::Tensor& parameter) {
  std::vector<int32_t> result;
  if (!is_residual(quantizer)) return result;
  const Activation activation = activation_of(quantizer, parameter);
  for (int i = 0; i < quantizer.bits; ++i)
    result.push_back(static_cast<int32_t>(std::lround(activation.gamma[i] / activation.unit)));
  return result;
}

at::Tensor integers_of(const Quantizer& quantizer, const at::Tensor& y, const std::vector<int32_t>& gammas) {
  if (is_residual(quantizer)) {
    at::Tensor sum = at::zeros_like(y);
    for (const int32_t gamma : gammas) sum += sign_of(y - sum, y.scalar_type()) * gamma;
    return sum;
  }
  if (quantizer.method == Method::kBipolar) return sign_of(y, y.scalar_type());
  const IntegerRange range = integers(quantizer, Operand::kActivations);
  return y.round().clamp(range.lowest, range.highest);
}

at::Tensor norm_quantize_plainly(const Quantizer& quantizer, const at::Tensor& x, const at::Tensor& scale,
                                 const at::Tensor& offset, const at::Tensor& parameter, const Statistics& running) {
  const at::Tensor y = at::batch_norm(x.to(at::kFloat), scale, offset, running.mean, running.variance, /*training=*/true,
                                      kMomentum, kNormEpsilon, /*cudnn_enabled=*/true);
  return quantize_activations(quantizer, y, parameter).to(x.scalar_type());
}

}  // namespace bitloom::train
