// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bitloom/train.h"
#include "tensor.h"

namespace bitloom::train {

/// The mean loss of a batch: logits [image][class], labels [image], and what the recipe's teacher says (logits; undefined
/// without one).
///   kCrossEntropy  with label smoothing; with a teacher (1 - w) times that and w T^2 KL(teacher / T || logits / T)
///                  (Hinton et al., Distilling the Knowledge in a Neural Network, 2015)
///   kHinge         mean over classes of max(0, 1 - t y)^2, t = +1 for the label and -1 for others (BinaryNet)
at::Tensor loss_of(const Recipe& recipe, const at::Tensor& logits, const at::Tensor& labels, const at::Tensor& taught);

}  // namespace bitloom::train
