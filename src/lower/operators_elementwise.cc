// SPDX-License-Identifier: Apache-2.0
//
// Operators that work element by element: arithmetic with broadcasting, activations, batch normalization.
//
// Defaults of attributes are float literals, because ONNX's attributes are float32 numbers.
#include <algorithm>
#include <cmath>
#include <limits>

#include "operators_detail.h"

namespace bitloom::lower {
namespace {

Unary read_clip(const GraphNode& node, Inputs inputs) {
  double lowest = node.real("min", -std::numeric_limits<double>::infinity());
  double highest = node.real("max", std::numeric_limits<double>::infinity());
  if (const Array* array = optional_input(inputs, 1)) lowest = single_number(node, *array, "min");
  if (const Array* array = optional_input(inputs, 2)) highest = single_number(node, *array, "max");
  return [=](double x) { return std::min(std::max(x, lowest), highest); };
}

/// Elements of the ONNX enumeration TensorProto.DataType.
Unary read_cast(const GraphNode& node) {
  const int64_t to = node.integer("to", 0);
  switch (to) {
    case 1:   // FLOAT
    case 11:  // DOUBLE
      return [](double x) { return x; };
    case 2:  // UINT8 to INT64
    case 3:
    case 4:
    case 5:
    case 6:
    case 7:
    case 12:  // UINT32
    case 13:  // UINT64
      return [](double x) { return std::trunc(x); };
    case 9:  // BOOL
      return [](double x) { return x != 0 ? 1.0 : 0.0; };
  }
  throw refused(node, "a cast to element type {} is not handled; only float, double, bool and integers are", to);
}

double power(double x, double y) { return std::pow(x, y); }
double prelu(double x, double slope) { return x < 0 ? slope * x : x; }
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }
double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }

}  // namespace

Unary read_unary(const GraphNode& node, Inputs inputs) {
  const std::string& op = node.op;
  if (op == "Identity" || op == "Dropout") return [](double x) { return x; };
  if (op == "Relu") return [](double x) { return std::max(x, 0.0); };
  if (op == "LeakyRelu") return [a = node.real("alpha", 0.01F)](double x) { return x < 0 ? a * x : x; };
  if (op == "Clip") return read_clip(node, inputs);
  if (op == "Neg") return [](double x) { return -x; };
  if (op == "Abs") return [](double x) { return std::abs(x); };
  if (op == "Sqrt") return [](double x) { return std::sqrt(x); };
  if (op == "Exp") return [](double x) { return std::exp(x); };
  if (op == "Log") return [](double x) { return std::log(x); };
  if (op == "Reciprocal") return [](double x) { return 1 / x; };
  if (op == "Sigmoid") return [](double x) { return 1 / (1 + std::exp(-x)); };
  if (op == "HardSigmoid") {
    return [a = node.real("alpha", 0.2F), b = node.real("beta", 0.5F)](double x) {
      return std::max(0.0, std::min(1.0, a * x + b));
    };
  }
  if (op == "Tanh") return [](double x) { return std::tanh(x); };
  if (op == "Sign") return sign;
  if (op == "Softplus") return softplus;
  if (op == "Elu") return [a = node.real("alpha", 1.0F)](double x) { return x < 0 ? a * std::expm1(x) : x; };
  if (op == "Floor") return [](double x) { return std::floor(x); };
  if (op == "Ceil") return [](double x) { return std::ceil(x); };
  if (op == "Round") return [](double x) { return std::nearbyint(x); };
  if (op == "Cast") return read_cast(node);
  return {};
}

Binary read_binary(const GraphNode& node) {
  // Before opset 7 an axis said where the second operand lies; without it the rules are those of today.
  if (node.has("axis")) throw refused(node, "broadcasting along an 'axis' (opset 6 and before) is not handled");
  const std::string& op = node.op;
  if (op == "Add" || op == "Sum") return [](double x, double y) { return x + y; };
  if (op == "Sub") return [](double x, double y) { return x - y; };
  if (op == "Mul") return [](double x, double y) { return x * y; };
  if (op == "Div") return [](double x, double y) { return x / y; };
  if (op == "Pow") return power;
  if (op == "Min") return [](double x, double y) { return std::min(x, y); };
  if (op == "Max") return [](double x, double y) { return std::max(x, y); };
  if (op == "PRelu") return prelu;
  return nullptr;
}

std::vector<BatchNorm> read_batch_norm(const GraphNode& node, Inputs inputs, int64_t channels) {
  refuse_channels_last(node);
  if (node.integer("training_mode", 0) != 0) throw refused(node, "training mode is not handled; export for inference");
  if (node.integer("spatial", 1) != 1) throw refused(node, "spatial = 0 (one statistic a pixel) is not handled");
  const double epsilon = node.real("epsilon", 1e-5F);
  constexpr std::array<std::string_view, 4> kNames{"scale", "bias", "mean", "variance"};
  std::array<const Array*, 4> parameters{};
  for (size_t i = 0; i < 4; ++i) {
    parameters[i] = &required_input(node, inputs, i + 1, kNames[i]);
    if (static_cast<int64_t>(parameters[i]->data.size()) != channels) {
      throw mistaken(node, "{} has {} numbers for {} channels", kNames[i], parameters[i]->data.size(), channels);
    }
  }
  std::vector<BatchNorm> result(static_cast<size_t>(channels));
  for (size_t c = 0; c < result.size(); ++c) {
    const double variance = parameters[3]->data[c] + epsilon;
    if (!(variance > 0)) {
      throw mistaken(node, "variance + epsilon is {} in channel {}, but must be positive", variance, c);
    }
    result[c] = {parameters[2]->data[c], std::sqrt(variance), parameters[0]->data[c], parameters[1]->data[c]};
  }
  return result;
}

Arrays apply_unary(const GraphNode& node, Inputs inputs) {
  const Unary function = read_unary(node, inputs);
  Array result = *inputs[0];
  for (double& x : result.data) x = function(x);
  return {std::move(result)};
}

Arrays apply_dropout(const GraphNode& node, Inputs inputs) {
  if (const Array* training = optional_input(inputs, 2); training && single_number(node, *training, "training_mode") != 0) {
    throw refused(node, "training mode is not handled; export for inference");
  }
  return {*inputs[0], {inputs[0]->shape, std::vector<double>(inputs[0]->data.size(), 1.0)}};
}

Arrays apply_binary(const GraphNode& node, Inputs inputs) {
  const Binary function = read_binary(node);
  Array result = *inputs[0];
  for (size_t i = 1; i < inputs.size(); ++i) {
    const Array& right = required_input(node, inputs, i, "operand");
    Array sum = zeros(node, broadcast_shape(node, result.shape, right.shape));
    walk<2>(sum.shape, {broadcast_strides(result.shape, sum.shape), broadcast_strides(right.shape, sum.shape)},
            [&](size_t element, const std::array<int64_t, 2>& at) {
              sum.data[element] = function(result.data[static_cast<size_t>(at[0])], right.data[static_cast<size_t>(at[1])]);
            });
    result = std::move(sum);
  }
  if (node.op == "PRelu" && result.shape != inputs[0]->shape) {
    throw mistaken(node, "slope {} does not broadcast to the input {}", shape_text(inputs[1]->shape),
                   shape_text(inputs[0]->shape));
  }
  return {std::move(result)};
}

Arrays apply_batch_norm(const GraphNode& node, Inputs inputs) {
  Array result = *inputs[0];
  if (result.shape.size() < 2) throw mistaken(node, "input {} has no channel axis", shape_text(result.shape));
  const std::vector<BatchNorm> channels = read_batch_norm(node, inputs, result.shape[1]);
  const auto inner = static_cast<size_t>(row_major_strides(result.shape)[1]);
  for (size_t i = 0; i < result.data.size(); ++i) {
    result.data[i] = channels[i / inner % channels.size()](result.data[i]);
  }
  return {std::move(result)};
}

}  // namespace bitloom::lower
