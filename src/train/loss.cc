// SPDX-License-Identifier: Apache-2.0
#include "loss.h"

#include <ATen/ATen.h>

namespace bitloom::train {

at::Tensor loss_of(const Recipe& recipe, const at::Tensor& logits, const at::Tensor& labels, const at::Tensor& taught) {
  if (recipe.loss == Loss::kHinge) {
    const at::Tensor targets = at::one_hot(labels, logits.size(1)).to(logits.scalar_type()) * 2 - 1;
    return (1 - targets * logits).clamp_min(0).square().mean();
  }
  const at::Tensor loss =
      at::cross_entropy_loss(logits, labels, {}, at::Reduction::Mean, /*ignore_index=*/-100, recipe.label_smoothing);
  if (!taught.defined()) return loss;
  const double t = recipe.teacher->temperature, w = recipe.teacher->weight;
  const at::Tensor divergence = at::kl_div((logits / t).log_softmax(1), (taught / t).log_softmax(1), at::Reduction::Sum,
                                           /*log_target=*/true) /
                                logits.size(0);
  return loss * (1 - w) + divergence * (w * t * t);
}

}  // namespace bitloom::train
