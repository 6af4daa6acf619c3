// SPDX-License-Identifier: Apache-2.0
#include "model.h"

#include <cmath>
#include <utility>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "random.h"

namespace bitloom::train {
namespace {

constexpr float kLowestScale = 1e-3F;      // of a norm
constexpr float kLowestParameter = 1e-3F;  // a quantizer's scale is positive
// Residual estimators pass gradients where |r_i| <= 1: with a first gamma above 2, no level would between 1 and gamma - 1.
constexpr float kHighestGamma = 2;
// One number for a whole layer needs no large steps; the norm before it moves with it, so that noise may carry both away.
constexpr double kParameterRate = 0.03;
constexpr int64_t kExactInFloat = int64_t{1} << 24;

at::Tensor random_latent(const std::vector<int64_t>& shape, uint64_t seed, size_t node) {
  Random random(seed, Use::kWeights, static_cast<int64_t>(node));
  at::Tensor latent = at::empty(shape, at::kFloat);
  float* values = latent.data_ptr<float>();
  for (int64_t i = 0; i < latent.numel(); ++i) values[i] = random.symmetric();
  return latent;
}

/// What BinaryNet multiplies the learning rate of latent weights with: the inverse of the range that Glorot would have
/// drawn them from, as theirs is -1 to 1.
double latent_rate(const ProductOp& op) {
  const auto window = static_cast<double>(op.kernel * op.kernel);
  const double inputs = window * static_cast<double>(op.inputs / op.groups);
  const double outputs = window * static_cast<double>(op.outputs / op.groups);
  return std::sqrt((inputs + outputs) / 1.5);
}

template <typename T = float>
std::vector<T> values(const at::Tensor& tensor) {
  const at::Tensor dense = tensor.detach().to(at::kCPU, at::kFloat).contiguous();
  const float* data = dense.data_ptr<float>();
  return {data, data + dense.numel()};
}

/// One value a channel against [image][channel] or [image][channel][y][x].
at::Tensor by_channel(const at::Tensor& values, const at::Tensor& x) {
  return x.dim() == 4 ? values.view({1, -1, 1, 1}) : values;
}

at::Tensor flat(const at::Tensor& x) { return x.contiguous().flatten(1); }

/// As 32-bit floats: what the exported file has.
at::Tensor in_units(const at::Tensor& value, double unit) { return (value.detach().to(at::kDouble) / unit).to(at::kFloat); }

bool is_residual(const Node& node) {
  const auto* op = std::get_if<QuantizeOp>(&node.op);
  return op != nullptr && (op->quantizer.method == Method::kResidual || op->quantizer.method == Method::kIsometric);
}

/// Logits without a norm begin at a size that a softmax can work with.
double logits_factor(const Node& node) {
  return std::exp2(-std::round(std::log2(std::sqrt(static_cast<double>(std::max<int64_t>(node.magnitude, 1))))));
}

}  // namespace

Model::Model(Architecture architecture, uint64_t seed, at::ScalarType arithmetic, at::Device device)
    : architecture_(std::move(architecture)), arithmetic_(arithmetic), device_(device) {
  const auto learned = [&](const at::Tensor& tensor) { return tensor.to(device).requires_grad_(); };
  const auto add_norm = [&](State& state, int64_t channels) {
    state.scale = learned(at::ones({channels}));
    state.offset = learned(at::zeros({channels}));
    state.running = {at::zeros({channels}).to(device), at::ones({channels}).to(device)};
  };
  for (size_t i = 0; i < architecture_.nodes.size(); ++i) {
    const Node& node = architecture_.nodes[i];
    State state;
    if (const auto* op = std::get_if<ProductOp>(&node.op)) {
      state.latent = learned(random_latent(op->weight_shape(), seed, i));
      state.parameter = initial_parameter(op->weights, Operand::kWeights);
    } else if (const auto* quantize = std::get_if<QuantizeOp>(&node.op)) {
      state.parameter = initial_parameter(quantize->quantizer, Operand::kActivations);
      if (quantize->norm) add_norm(state, node.channels);
    } else if (const auto* logits = std::get_if<LogitsOp>(&node.op)) {
      // One norm for all classes keeps the order of the integer sums, so that hardware can classify without reals.
      if (logits->kind == Logits::kNorm) add_norm(state, 1);
      if (logits->kind == Logits::kScale) state.scale = learned(at::ones({1}));
    }
    if (state.parameter.defined()) state.parameter = learned(state.parameter);
    states_.push_back(std::move(state));
  }
}

at::Tensor Model::forward(const at::Tensor& batch) { return run(batch, Mode::kTrain); }

at::Tensor Model::infer(const at::Tensor& batch) const {
  const c10::NoGradGuard no_gradients;
  return run(batch, Mode::kInfer);
}

at::Tensor Model::run(const at::Tensor& batch, Mode mode) const {
  std::vector<at::Tensor> results;
  for (size_t i = 0; i < states_.size(); ++i) {
    const Node& node = architecture_.nodes[i];
    const auto in = [&](size_t k) -> const at::Tensor& { return results[node.inputs[k]]; };
    if (std::holds_alternative<ImageOp>(node.op)) {
      results.push_back(batch.to(arithmetic_));
    } else if (std::holds_alternative<ProductOp>(node.op)) {
      results.push_back(product(i, in(0), arithmetic_));
    } else if (const auto* pool = std::get_if<MaxPoolOp>(&node.op)) {
      results.push_back(at::max_pool2d(in(0), {pool->size, pool->size}));
    } else if (const auto* sum = std::get_if<SumPoolOp>(&node.op)) {
      results.push_back(at::avg_pool2d(in(0), {sum->size, sum->size}) * (sum->size * sum->size));
    } else if (std::holds_alternative<QuantizeOp>(node.op)) {
      results.push_back(quantized(i, in(0), mode));
    } else if (std::holds_alternative<AddOp>(node.op)) {
      results.push_back(in(0) + in(1));
    } else if (std::holds_alternative<FlattenOp>(node.op)) {
      results.push_back(flat(in(0)));
    } else {
      return logits(i, in(0), mode);
    }
  }
  BITLOOM_CHECK(false);
}

at::Tensor Model::weights(size_t node, at::ScalarType type) const {
  const auto& op = std::get<ProductOp>(architecture_.nodes[node].op);
  return quantize_weights(op.weights, states_[node].latent, states_[node].parameter, type);
}

at::Tensor Model::product(size_t node, const at::Tensor& x, at::ScalarType type) const {
  const auto& op = std::get<ProductOp>(architecture_.nodes[node].op);
  const at::Tensor w = weights(node, type);
  const at::Tensor sums = op.dense ? at::mm(x, w.t())
                                   : at::conv2d(x, w.contiguous(at::MemoryFormat::ChannelsLast), {}, {op.stride, op.stride},
                                                {op.padding, op.padding}, {op.dilation, op.dilation}, op.groups);
  const at::Tensor alpha = filter_scale(op.weights, states_[node].latent);
  return alpha.defined() && type != at::kDouble ? sums * by_channel(alpha.to(type), sums) : sums;
}

at::Tensor Model::quantized(size_t node, const at::Tensor& x, Mode mode) const {
  const auto& op = std::get<QuantizeOp>(architecture_.nodes[node].op);
  const State& state = states_[node];
  if (op.norm && mode == Mode::kTrain)
    return norm_quantize(op.quantizer, x, state.scale, state.offset, state.parameter, state.running);
  const at::Tensor real = x.to(at::kFloat);
  const at::Tensor y = op.norm ? at::batch_norm(real, state.scale, state.offset, state.running.mean, state.running.variance,
                                                /*training=*/false, kMomentum, kNormEpsilon, /*cudnn_enabled=*/true)
                               : real * op.factor;
  return quantize_activations(op.quantizer, y, state.parameter).to(arithmetic_);
}

at::Tensor Model::logits(size_t node, const at::Tensor& x, Mode mode) const {
  const State& state = states_[node];
  const at::Tensor sums = x.to(at::kFloat);
  if (std::get<LogitsOp>(architecture_.nodes[node].op).kind == Logits::kScale)
    return sums * (state.scale * logits_factor(architecture_.nodes[node]));
  return at::batch_norm(sums.reshape({-1, 1}), state.scale, state.offset, state.running.mean, state.running.variance,
                        mode == Mode::kTrain, kMomentum, kNormEpsilon, /*cudnn_enabled=*/true)
      .view(sums.sizes());
}

at::Tensor Model::evaluate(const at::Tensor& batch, std::vector<at::Tensor>* seen) const {
  const c10::NoGradGuard no_gradients;
  std::vector<at::Tensor> results{batch.to(at::kDouble)};
  for (size_t i = 1; i < states_.size(); ++i) results.push_back(evaluated(i, results));
  const at::Tensor last = results.back();
  if (seen != nullptr) *seen = std::move(results);
  return last;
}

at::Tensor Model::evaluated(size_t index, const std::vector<at::Tensor>& results) const {
  const Node& node = architecture_.nodes[index];
  const at::Tensor& x = results[node.inputs[0]];
  if (const auto* op = std::get_if<ProductOp>(&node.op)) {
    // Sums that a 32-bit float holds exactly are so in whatever order they are added.
    const at::ScalarType type = node.magnitude < kExactInFloat ? at::kFloat : at::kDouble;
    const at::Tensor w = weights(index, at::kFloat).to(type);
    const at::Tensor in = x.to(type);
    const at::Tensor sums = op->dense ? at::mm(in, w.t())
                                      : at::conv2d(in, w, {}, {op->stride, op->stride}, {op->padding, op->padding},
                                                   {op->dilation, op->dilation}, op->groups);
    const at::Tensor alpha = filter_scale(op->weights, states_[index].latent);
    const at::Tensor exact = sums.to(at::kDouble);
    return alpha.defined() ? exact * by_channel(alpha.to(at::kDouble), exact) : exact;
  }
  if (const auto* pool = std::get_if<MaxPoolOp>(&node.op)) return at::max_pool2d(x, {pool->size, pool->size});
  if (const auto* sum = std::get_if<SumPoolOp>(&node.op))
    return (at::avg_pool2d(x, {sum->size, sum->size}) * (sum->size * sum->size)).round();
  if (std::holds_alternative<AddOp>(node.op)) return x + results[node.inputs[1]];
  if (std::holds_alternative<FlattenOp>(node.op)) return flat(x);

  const TrainedNode trained = trained_node(index);
  const auto* quantize = std::get_if<QuantizeOp>(&node.op);
  if (trained.norm.scale.empty()) {
    const at::Tensor scaled = x * static_cast<double>(trained.factor);
    return quantize ? integers_of(quantize->quantizer, scaled, trained.gammas) : scaled;
  }
  if (quantize == nullptr) {
    const auto [scale, offset] = logits_affine(trained.norm);
    return x * static_cast<double>(scale) + static_cast<double>(offset);
  }
  const auto channels = [&](const std::vector<float>& v) {
    return by_channel(at::tensor(v).to(x.device(), at::kDouble), x);
  };
  const at::Tensor deviation = (channels(trained.norm.variance) + kNormEpsilon).sqrt();
  const at::Tensor y =
      (x - channels(trained.norm.mean)) / deviation * channels(trained.norm.scale) + channels(trained.norm.offset);
  return integers_of(quantize->quantizer, y, trained.gammas);
}

std::vector<Parameter> Model::parameters() const {
  std::vector<Parameter> parameters;
  for (size_t i = 0; i < states_.size(); ++i) {
    const Node& node = architecture_.nodes[i];
    const std::string& name = node.name;
    const State& state = states_[i];
    if (state.latent.defined()) {
      const auto& op = std::get<ProductOp>(node.op);
      Parameter latent{.name = name + ".latent", .value = state.latent, .rate = latent_rate(op)};
      latent.decays = op.weights.method == Method::kFloat;
      if (!latent.decays) {
        latent.lowest = -1;
        latent.highest = 1;
      }
      parameters.push_back(std::move(latent));
    }
    if (state.parameter.defined()) {
      Parameter parameter{.name = name + ".quantizer", .value = state.parameter, .rate = kParameterRate};
      parameter.lowest = kLowestParameter;
      if (is_residual(node)) parameter.highest = kHighestGamma;
      parameters.push_back(std::move(parameter));
    }
    // A positive scale lets thresholds ascend and loses nothing: the weights carry the sign.
    if (state.scale.defined())
      parameters.push_back({.name = name + ".scale", .value = state.scale, .lowest = kLowestScale});
    if (state.offset.defined()) parameters.push_back({.name = name + ".offset", .value = state.offset});
  }
  return parameters;
}

std::vector<NamedTensor> Model::statistics() const {
  std::vector<NamedTensor> tensors;
  for (size_t i = 0; i < states_.size(); ++i) {
    if (!states_[i].running.mean.defined()) continue;
    tensors.push_back({architecture_.nodes[i].name + ".mean", states_[i].running.mean});
    tensors.push_back({architecture_.nodes[i].name + ".variance", states_[i].running.variance});
  }
  return tensors;
}

TrainedNode Model::trained_node(size_t index) const {
  const Node& node = architecture_.nodes[index];
  const State& state = states_[index];
  TrainedNode result;
  double unit = 1;
  if (const auto* op = std::get_if<ProductOp>(&node.op)) {
    const c10::NoGradGuard no_gradients;
    result.weights = values<int16_t>(weights(index, at::kFloat));
    const at::Tensor alpha = filter_scale(op->weights, state.latent);
    if (alpha.defined()) result.filter_scale = values(alpha);
    return result;
  }
  if (const auto* op = std::get_if<QuantizeOp>(&node.op)) {
    unit = unit_of(op->quantizer, state.parameter);
    result.factor = static_cast<float>(op->factor / unit);
    result.gammas = integer_gammas(op->quantizer, state.parameter);
  } else if (std::get_if<LogitsOp>(&node.op) && !state.offset.defined()) {
    result.factor = values(state.scale)[0] * static_cast<float>(logits_factor(node));
  }
  if (state.offset.defined()) {
    result.norm = {values(in_units(state.scale, unit)), values(in_units(state.offset, unit)), values(state.running.mean),
                   values(state.running.variance)};
  }
  return result;
}

TrainedNetwork Model::trained(const std::string& name) const {
  TrainedNetwork network{name, architecture_, {}};
  for (size_t i = 0; i < states_.size(); ++i) network.nodes.push_back(trained_node(i));
  return network;
}

}  // namespace bitloom::train
