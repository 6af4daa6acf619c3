// SPDX-License-Identifier: Apache-2.0
//
// Quantizers as differentiable functions: their exact integers forward, a straight-through estimate backward.
//
// Results are integers v; the paper's value is v times a unit (the learned scale of kUniform, gamma / 2^(M-1) of
// kIsometric, 1 / (2^k - 1) of kDorefa ...), which is left out (see architecture.h). Gradients are the papers' own, divided
// by the unit.
#pragma once

#include <vector>

#include "architecture.h"
#include "norm_kernels.h"
#include "quantizer.h"
#include "tensor.h"

namespace bitloom::train {

/// The parameter that a quantizer learns, at its start: [1] the scale of kUniform, [M] the gammas of kResidual, [1] the
/// gamma of kIsometric. Undefined for others. Chosen for latent weights in [-1, 1], and activations of variance 1.
at::Tensor initial_parameter(const Quantizer& quantizer, Operand operand);

/// The integers of latent weights, of `type`; for kFloat the weights themselves.
///   kBipolar  v = sign(w), dw = dv (latent weights are kept in [-1, 1], where the estimate holds)
///   kXnor     v = sign(w); of W~ = alpha v the paper's dw = dW~ (1 / n + alpha 1(|w| <= 1)), with dW~ = dv / alpha
///   kDorefa   v = 2 round((2^k - 1) (tanh w / (2 max |tanh w|) + 1/2)) - (2^k - 1), round's gradient 1; k = 1: sign
///   kUniform  v = round(clip(w / s)), dw = dv / s (also beyond the bounds, as latent weights are kept in [-1, 1] as well),
///             ds = -sum of dv w / s^2 within the bounds
at::Tensor quantize_weights(const Quantizer& quantizer, const at::Tensor& latent, const at::Tensor& parameter,
                            at::ScalarType type);

/// XNOR-Net's alpha of each filter, mean |w|, [outputs], no gradient; undefined for other quantizers.
at::Tensor filter_scale(const Quantizer& quantizer, const at::Tensor& latent);

/// A quantizer of activations with its parameter's value now. Residual factors are rounded to the fixed-point unit, and
/// none is below the sum of those behind it, or values would fall where x rises.
Activation activation_of(const Quantizer& quantizer, const at::Tensor& parameter);

/// What the integer 1 stands for.
double unit_of(const Quantizer& quantizer, const at::Tensor& parameter);

/// The integers of activations y (32-bit or 64-bit floats), by separate tensor operations on any device:
///   kFloat     v = max(y, 0)
///   kBipolar   v = sign(y), dy = dv 1(|y| <= 1)
///   kDorefa    v = round((2^k - 1) clip(y, 0, 1)), dy = dv (2^k - 1) within the bounds
///   kUniform   v = round(clip(y / s)), dy = dv / s within the bounds, ds = -sum of dv y / s^2 there
///   kResidual  e = sum sign(r_i) gamma_i, r_1 = y, r_(i+1) = r_i - sign(r_i) gamma_i; dy = de sum gamma_i 1(|r_i| <= 1),
///              dgamma_i = de clip(r_i, -1, 1)
///   kIsometric the same with gamma_i = gamma / 2^(i-1); dgamma = de sum clip(r_i, -1, 1) / 2^(i-1) (equations 7 and 8)
at::Tensor quantize_activations(const Quantizer& quantizer, const at::Tensor& y, const at::Tensor& parameter);

/// The factors of kResidual and kIsometric in units, largest first; empty for others.
std::vector<int32_t> integer_gammas(const Quantizer& quantizer, const at::Tensor& parameter);

/// The integers of activations y that are in units already, as the exported graph defines them; no gradients.
at::Tensor integers_of(const Quantizer& quantizer, const at::Tensor& y, const std::vector<int32_t>& gammas);

/// Normalization at inference, one value a channel.
struct Statistics {
  at::Tensor mean, variance;
};

inline constexpr double kMomentum = 0.1;  ///< of running statistics

/// quantize_activations(batch_norm(x)), with the batch's own statistics, which are added to the running ones: fused on a
/// CPU. x: [image][channel] or channels-last [image][channel][y][x]; the result has its type.
at::Tensor norm_quantize(const Quantizer& quantizer, const at::Tensor& x, const at::Tensor& scale, const at::Tensor& offset,
                         const at::Tensor& parameter, const Statistics& running);

/// The same by separate operations.
at::Tensor norm_quantize_plainly(const Quantizer& quantizer, const at::Tensor& x, const at::Tensor& scale,
                                 const at::Tensor& offset, const at::Tensor& parameter, const Statistics& running);

}  // namespace bitloom::train
