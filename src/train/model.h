// SPDX-License-Identifier: Apache-2.0
//
// A network as it is trained, and exactly as it will run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "architecture.h"
#include "estimators.h"
#include "export.h"
#include "optimizer.h"

namespace bitloom::train {

class Model {
 public:
  /// With random latent weights. Products are computed in `arithmetic` (at::kFloat, or at::kBFloat16, where the integers of
  /// few bits are exact but large sums and gradients are rounded), on `device`.
  Model(Architecture architecture, uint64_t seed, at::ScalarType arithmetic, at::Device device);

  /// Logits [image][class], as 32-bit floats, of a batch [image][channel][y][x] of the image's integers. Norms use the
  /// batch's statistics and keep running ones; the result leads back to gradients.
  at::Tensor forward(const at::Tensor& batch);

  /// The same with the running statistics and without gradients.
  at::Tensor infer(const at::Tensor& batch) const;

  /// Logits as 64-bit floats, as the exported graph defines them: exact integers between quantizers, norms in 64 bits. With
  /// `seen`, one tensor a node is left there.
  at::Tensor evaluate(const at::Tensor& batch, std::vector<at::Tensor>* seen = nullptr) const;

  std::vector<Parameter> parameters() const;
  std::vector<NamedTensor> statistics() const;  ///< running ones of the norms
  TrainedNetwork trained(const std::string& name) const;
  const Architecture& architecture() const { return architecture_; }
  at::Device device() const { return device_; }

 private:
  struct State {
    at::Tensor latent;         // of a product
    at::Tensor parameter;      // of its quantizer or of an activation's
    at::Tensor scale, offset;  // of a norm; of Logits::kScale the scale
    Statistics running;
  };
  enum class Mode { kTrain, kInfer };

  at::Tensor run(const at::Tensor& batch, Mode mode) const;
  at::Tensor weights(size_t node, at::ScalarType type) const;
  at::Tensor product(size_t node, const at::Tensor& x, at::ScalarType type) const;
  at::Tensor quantized(size_t node, const at::Tensor& x, Mode mode) const;
  at::Tensor logits(size_t node, const at::Tensor& x, Mode mode) const;
  at::Tensor evaluated(size_t node, const std::vector<at::Tensor>& results) const;
  TrainedNode trained_node(size_t node) const;

  Architecture architecture_;
  at::ScalarType arithmetic_;
  at::Device device_;
  std::vector<State> states_;  // one a node
};

}  // namespace bitloom::train
