// SPDX-License-Identifier: Apache-2.0
#include "model.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include "quantizers.h"
#include "random.h"

namespace bitloom::train {
namespace {

constexpr double kMomentum = 0.1;
constexpr float kLowestScale = 1e-3F;

at::Tensor random_latent(int64_t inputs, int64_t outputs, uint64_t seed, int64_t layer) {
  Random random(seed, Use::kWeights, layer);
  at::Tensor latent = at::empty({inputs, outputs}, at::kFloat);
  float* values = latent.data_ptr<float>();
  for (int64_t i = 0; i < latent.numel(); ++i) values[i] = random.symmetric();
  return latent.requires_grad_();
}

/// What BinaryNet multiplies the learning rate of latent weights with: the inverse of the range that Glorot would have
/// drawn them from, as theirs is -1 to 1.
double latent_rate(const at::Tensor& latent) {
  return std::sqrt(static_cast<double>(latent.size(0) + latent.size(1)) / 1.5);
}

std::vector<float> values(const at::Tensor& tensor) {
  const at::Tensor dense = tensor.contiguous();
  const float* data = dense.data_ptr<float>();
  return {data, data + dense.numel()};
}

}  // namespace

Model::Model(const std::vector<int64_t>& sizes, uint64_t seed, at::ScalarType arithmetic) : arithmetic_(arithmetic) {
  for (size_t i = 0; i + 1 < sizes.size(); ++i) {
    // One norm for all classes keeps the order of the integer sums, so that hardware can classify without reals.
    const int64_t norms = i + 2 == sizes.size() ? 1 : sizes[i + 1];
    layers_.push_back({random_latent(sizes[i], sizes[i + 1], seed, static_cast<int64_t>(i)),
                       at::ones({norms}).requires_grad_(), at::zeros({norms}).requires_grad_(), at::zeros({norms}),
                       at::ones({norms})});
  }
}

at::Tensor Model::forward(const at::Tensor& batch) {
  at::Tensor signs = batch.to(arithmetic_);
  for (size_t i = 0;; ++i) {
    Layer& layer = layers_[i];
    const at::Tensor sums = at::mm(signs, binarize_weights(layer.latent, arithmetic_)).to(at::kFloat);
    const at::Tensor normed = at::batch_norm(sums.view({-1, layer.scale.numel()}), layer.scale, layer.offset, layer.mean,
                                             layer.variance, /*training=*/true, kMomentum, kNormEpsilon, /*cudnn=*/false)
                                  .view(sums.sizes());
    if (i + 1 == layers_.size()) return normed;
    signs = binarize_activations(normed, arithmetic_);
  }
}

at::Tensor Model::evaluate(const at::Tensor& batch) const {
  const at::NoGradGuard no_gradients;
  at::Tensor signed_inputs = batch.to(at::kFloat);
  for (size_t i = 0;; ++i) {
    const Layer& layer = layers_[i];
    // Sums of at most 2^16 signs are exact in a float, in whatever order they are added.
    const at::Tensor sums = at::mm(signed_inputs, signs(layer.latent, at::kFloat));
    if (i + 1 == layers_.size()) return sums;
    const at::Tensor deviation = (layer.variance.to(at::kDouble) + double{kNormEpsilon}).sqrt();
    const at::Tensor normed = (sums.to(at::kDouble) - layer.mean) / deviation * layer.scale + layer.offset;
    signed_inputs = normed.ge(0).to(at::kFloat) * 2 - 1;
  }
}

std::vector<Parameter> Model::parameters() const {
  std::vector<Parameter> parameters;
  for (size_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = layers_[i];
    parameters.push_back({fmt::format("layer{}.latent", i), layer.latent, latent_rate(layer.latent), -1, 1});
    // A positive scale lets thresholds ascend and loses nothing: the weights carry the sign.
    parameters.push_back({.name = fmt::format("layer{}.scale", i), .value = layer.scale, .lowest = kLowestScale});
    parameters.push_back({.name = fmt::format("layer{}.offset", i), .value = layer.offset});
  }
  return parameters;
}

std::vector<NamedTensor> Model::statistics() const {
  std::vector<NamedTensor> tensors;
  for (size_t i = 0; i < layers_.size(); ++i) {
    tensors.push_back({fmt::format("layer{}.mean", i), layers_[i].mean});
    tensors.push_back({fmt::format("layer{}.variance", i), layers_[i].variance});
  }
  return tensors;
}

std::vector<TrainedLayer> Model::trained() const {
  std::vector<TrainedLayer> trained;
  for (const Layer& layer : layers_) {
    TrainedLayer result;
    result.inputs = layer.latent.size(0);
    result.outputs = layer.latent.size(1);
    for (const float latent : values(layer.latent)) result.weights.push_back(latent >= 0 ? 1 : -1);
    result.norm = {values(layer.scale), values(layer.offset), values(layer.mean), values(layer.variance)};
    trained.push_back(std::move(result));
  }
  return trained;
}

}  // namespace bitloom::train
