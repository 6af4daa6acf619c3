// SPDX-License-Identifier: Apache-2.0
//
// Quantizers as differentiable functions: exact forward, straight-through estimate backward (Hubara et al., Binarized
// Neural Networks, 2016).
#pragma once

#include "tensor.h"

namespace bitloom::train {

/// Signs of `real` (32-bit floats), +1 for zero, as -1 and +1 of `type`. No gradient.
at::Tensor signs(const at::Tensor& real, at::ScalarType type);

/// Signs of latent weights. The gradient passes unchanged: the optimizer keeps latent weights within [-1, 1], where the
/// estimate holds.
at::Tensor binarize_weights(const at::Tensor& latent, at::ScalarType type);

/// Signs of activations. The gradient passes where the activation lies in (-1, 1), as that of a hard tanh.
at::Tensor binarize_activations(const at::Tensor& real, at::ScalarType type);

}  // namespace bitloom::train
