// SPDX-License-Identifier: Apache-2.0
#include "quantizers.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/hardtanh_backward.h>
#include <torch/csrc/autograd/custom_function.h>

#include "bitloom/error.h"

namespace bitloom::train {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Signs of latent weights are as good as random, so a branch would be mispredicted half of the time. These two loops have
// none and are vectorized, which takes plain numbers: hence the bits of a bfloat16.
void fill_signs(const float* __restrict from, float* __restrict to, int64_t count) {
  for (int64_t i = 0; i < count; ++i) to[i] = from[i] >= 0 ? 1.0F : -1.0F;
}

void fill_signs(const float* __restrict from, at::BFloat16* __restrict to, int64_t count) {
  constexpr uint16_t kPlus = 0x3F80, kMinus = 0xBF80;
  for (int64_t i = 0; i < count; ++i) to[i].x = from[i] >= 0 ? kPlus : kMinus;
}

struct BinarizeWeights : torch::autograd::Function<BinarizeWeights> {
  static at::Tensor forward(AutogradContext*, const at::Tensor& latent, at::ScalarType type) { return signs(latent, type); }
  static variable_list backward(AutogradContext*, const variable_list& gradients) {
    return {gradients[0].to(at::kFloat), at::Tensor()};
  }
};

struct BinarizeActivations : torch::autograd::Function<BinarizeActivations> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& real, at::ScalarType type) {
    context->save_for_backward({real});
    return signs(real, type);
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::Tensor real = context->get_saved_variables()[0];
    return {at::hardtanh_backward(gradients[0].to(at::kFloat), real, -1, 1), at::Tensor()};
  }
};

}  // namespace

at::Tensor signs(const at::Tensor& real, at::ScalarType type) {
  BITLOOM_CHECK(real.scalar_type() == at::kFloat && (type == at::kFloat || type == at::kBFloat16));
  const at::Tensor dense = real.contiguous();
  at::Tensor result = at::empty(dense.sizes(), type);
  if (type == at::kFloat) {
    fill_signs(dense.data_ptr<float>(), result.data_ptr<float>(), dense.numel());
  } else {
    fill_signs(dense.data_ptr<float>(), result.data_ptr<at::BFloat16>(), dense.numel());
  }
  return result;
}

at::Tensor binarize_weights(const at::Tensor& latent, at::ScalarType type) { return BinarizeWeights::apply(latent, type); }

at::Tensor binarize_activations(const at::Tensor& real, at::ScalarType type) {
  return BinarizeActivations::apply(real, type);
}

}  // namespace bitloom::train
