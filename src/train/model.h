// SPDX-License-Identifier: Apache-2.0
//
// A fully connected network of binary weights and activations: as it is trained, and exactly as it will run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "export.h"
#include "optimizer.h"
#include "tensor.h"

namespace bitloom::train {

class Model {
 public:
  /// Layers of sizes[0] inputs, sizes[1] ... neurons, with random latent weights. Products are computed in `arithmetic`
  /// (at::kFloat, or at::kBFloat16 where signs are exact but large sums and gradients are rounded).
  Model(const std::vector<int64_t>& sizes, uint64_t seed, at::ScalarType arithmetic);

  /// Logits [image][class] of a batch of signs (8-bit integers, [image][pixel]), normalized over the batch; keeps running
  /// statistics and the way back for gradients.
  at::Tensor forward(const at::Tensor& batch);

  /// The integers that the last layer sums up to, [image][class], as floats; hidden norms in 64-bit floats with the running
  /// statistics. That is what the exported network computes, and as the last norm has one positive scale, their order is
  /// that of the logits.
  at::Tensor evaluate(const at::Tensor& batch) const;

  std::vector<Parameter> parameters() const;
  std::vector<NamedTensor> statistics() const;  ///< running ones of the norms

  std::vector<TrainedLayer> trained() const;

 private:
  struct Layer {
    at::Tensor latent;  // [input][output]
    at::Tensor scale, offset, mean, variance;
  };
  at::ScalarType arithmetic_;
  std::vector<Layer> layers_;
};

}  // namespace bitloom::train
