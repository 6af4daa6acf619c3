// SPDX-License-Identifier: Apache-2.0
//
// Products: Conv, Gemm, MatMul, XnorPopcountMatMul, and the Im2Col that a MatMul turns into a convolution.
#include <algorithm>
#include <cmath>

#include "lowering.h"
#include "operators.h"

namespace bitloom::lower {
namespace {

using frontend::Array;
using frontend::GraphNode;

/// Weights as rows of real numbers, one row an output channel, with the size of one integer step at each.
struct RealWeights {
  int64_t rows = 0, columns = 0;
  std::vector<double> values;
  std::vector<double> steps;  ///< empty if no quantizer made them
};

struct IntegerWeights {
  ir::Encoding encoding;
  std::vector<int32_t> values;
  std::vector<double> scale;  ///< one a row
};

// The integer step of a row. Weights that no quantizer made are accepted if they are integers, or if all of a row's weights
// have one magnitude (binary weights with a scale, as XNOR-Net exports them).
double row_scale(const Lowering& lowering, const GraphNode& node, const RealWeights& weights, int64_t row) {
  const auto begin = static_cast<size_t>(row * weights.columns);
  const auto end = begin + static_cast<size_t>(weights.columns);
  if (!weights.steps.empty()) {
    const double step = weights.steps[begin];
    for (size_t i = begin; i < end; ++i) {
      if (weights.steps[i] != step) {
        throw lowering.refusal(node,
                               "the weights of output channel {} have more than one scale; one scale a tensor or an "
                               "output channel is supported",
                               row);
      }
    }
    return step;
  }
  bool integers = true;
  bool one_magnitude = true;
  const double magnitude = std::abs(weights.values[begin]);
  for (size_t i = begin; i < end; ++i) {
    integers = integers && weights.values[i] == std::nearbyint(weights.values[i]) && std::abs(weights.values[i]) < 65536;
    one_magnitude = one_magnitude && std::abs(weights.values[i]) == magnitude;
  }
  if (integers) return 1;
  if (one_magnitude) return magnitude;
  throw lowering.refusal(node,
                         "the weights are real numbers that no quantizer made; quantize them in training (Brevitas: "
                         "weight_quant=...)");
}

IntegerWeights to_integers(const Lowering& lowering, const GraphNode& node, const RealWeights& weights) {
  IntegerWeights result;
  int32_t lowest = INT32_MAX;
  int32_t highest = INT32_MIN;
  bool all_odd = true;
  for (int64_t row = 0; row < weights.rows; ++row) {
    result.scale.push_back(row_scale(lowering, node, weights, row));
    for (int64_t column = 0; column < weights.columns; ++column) {
      const double real = weights.values[static_cast<size_t>(row * weights.columns + column)];
      // A scale of zero leaves weights of zero.
      const double exact = result.scale.back() == 0 ? 0 : real / result.scale.back();
      const double integer = std::nearbyint(exact);
      if (!(std::abs(integer) < 65536) || std::abs(exact - integer) > 1e-6 * std::max(1.0, std::abs(exact))) {
        throw lowering.refusal(node, "weight {} of output channel {} is {}, no multiple of its scale {} within 16 bits",
                               column, row, real, result.scale.back());
      }
      const auto value = static_cast<int32_t>(integer);
      lowest = std::min(lowest, value);
      highest = std::max(highest, value);
      all_odd = all_odd && value % 2 != 0;
      result.values.push_back(value);
    }
  }
  if (lowest == highest) {
    // An encoding has at least two levels.
    lowest = all_odd ? -std::abs(lowest) : std::min(lowest, 0);
    highest = all_odd ? -lowest : std::max(highest, lowest + 1);
  }
  result.encoding = ir::Encoding::smallest(lowest, highest, all_odd);
  return result;
}

ir::BitMatrix to_bits(const IntegerWeights& weights, int64_t rows, int64_t columns) {
  const std::vector<int32_t> levels = weights.encoding.levels();
  const std::vector<uint32_t> level_codes = weights.encoding.level_codes();
  std::vector<uint32_t> codes;
  codes.reserve(weights.values.size());
  for (const int32_t value : weights.values) {
    const auto level = std::lower_bound(levels.begin(), levels.end(), value);
    BITLOOM_CHECK(level != levels.end() && *level == value);
    codes.push_back(level_codes[static_cast<size_t>(level - levels.begin())]);
  }
  return {rows, columns, weights.encoding.planes(), codes};
}

// The one scale of the inputs of each group; the weights absorb whole-number ratios within a group.
std::vector<double> group_scales(const Lowering& lowering, const GraphNode& node, const PerChannel& scale, int64_t channels,
                                 int64_t groups) {
  std::vector<double> result;
  for (int64_t group = 0; group < groups; ++group) {
    const int64_t begin = group * (channels / groups);
    for (int64_t c = begin; c < begin + channels / groups; ++c) {
      if (scale[c] != scale[begin]) {
        throw lowering.refusal(node,
                               "mixes channels whose quantizers have different scales ({} and {}); use one scale a "
                               "tensor for the activations",
                               scale[begin], scale[c]);
      }
    }
    result.push_back(scale[begin]);
  }
  return result;
}

/// Emits a Dot for weights in the order (ky, kx, c), and returns its accumulator on its grid.
Activation emit_dot(Lowering& lowering, const GraphNode& node, const Activation& input, const ir::Window& window,
                    int64_t groups, const RealWeights& weights) {
  Lowering::OnGrid tensor = lowering.coded_on_grid(node, input, "product");
  if (window.padded()) tensor = lowering.with_zero(node, tensor);
  const auto& [source, grid] = tensor;
  const int64_t channels = lowering.type(source).shape.channels;
  if (weights.rows == 0 || weights.columns == 0 || groups < 1 || channels % groups != 0 || weights.rows % groups != 0) {
    throw lowering.mistake(node, "{} output channels, {} weights each and {} groups do not fit {} input channels",
                           weights.rows, weights.columns, groups, channels);
  }
  const IntegerWeights integers = to_integers(lowering, node, weights);
  const std::vector<double> input_scales = group_scales(lowering, node, grid.scale, channels, groups);
  const bool has_offset = !grid.offset.uniform() || grid.offset[0] != 0;
  std::vector<double> scale, offset;
  const int64_t group_channels = channels / groups;
  for (int64_t row = 0; row < weights.rows; ++row) {
    const int64_t group = row / (weights.rows / groups);
    const double weight_scale = integers.scale[static_cast<size_t>(row)];
    scale.push_back(input_scales[static_cast<size_t>(group)] * weight_scale);
    double sum = 0;
    for (int64_t column = 0; has_offset && column < weights.columns; ++column) {
      sum += integers.values[static_cast<size_t>(row * weights.columns + column)] *
             grid.offset[group * group_channels + column % group_channels];
    }
    offset.push_back(sum * weight_scale);
  }
  ir::Dot dot{window, static_cast<int32_t>(groups), integers.encoding, to_bits(integers, weights.rows, weights.columns)};
  Activation result;
  result.node = lowering.emit(node, std::move(dot), {source});
  result.shape = lowering.type(result.node).shape;
  result.axes = input.axes;
  result.chain.grid = {PerChannel(std::move(scale)), PerChannel(std::move(offset))};
  lowering.report(node, fmt::format("dot product, {} weights", ir::print(integers.encoding)));
  return result;
}

void add_bias(Activation& value, const std::string& node, PerChannel bias) {
  Step step{node, bias.rows(), [bias](double x, int64_t channel) { return x + bias[channel]; }, Grid{1.0, bias}};
  value.chain.links.emplace_back(std::move(step));
}

// Rows [out][c][ky][kx] of a Conv to rows [out][ky][kx][c] of a Dot.
std::vector<double> channels_last(const Array& array, int64_t rows, int64_t channels, int64_t taps) {
  std::vector<double> result(array.data.size());
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t tap = 0; tap < taps; ++tap) {
        result[static_cast<size_t>((row * taps + tap) * channels + c)] =
            array.data[static_cast<size_t>((row * channels + c) * taps + tap)];
      }
    }
  }
  return result;
}

void lower_conv(Lowering& lowering, const GraphNode& node) {
  Activation input = lowering.activation(node, 0);
  const Constant& weights = lowering.constant(node, 1);
  const std::vector<Axis> image{Axis::kBatch, Axis::kChannel, Axis::kHeight, Axis::kWidth};
  const std::vector<Axis> line{Axis::kBatch, Axis::kChannel, Axis::kWidth};
  if (input.axes != image && input.axes != line) throw lowering.refusal(node, "needs an input in the layout NCHW or NCW");
  const ConvAttributes conv = read_conv(node, lowering.sizes(input), weights.array.shape);
  ir::Window window = to_window(conv.window);
  window.pad_top += input.pending_pad.pad_top;
  window.pad_left += input.pending_pad.pad_left;
  window.pad_bottom += input.pending_pad.pad_bottom;
  window.pad_right += input.pending_pad.pad_right;
  input.pending_pad = {};

  const int64_t rows = weights.array.shape[0];
  const int64_t channels = weights.array.shape[1];
  const int64_t taps = conv.window.kernel[0] * conv.window.kernel[1];
  RealWeights real{rows, channels * taps, channels_last(weights.array, rows, channels, taps), {}};
  if (weights.scale) real.steps = channels_last(*weights.scale, rows, channels, taps);
  Activation result = emit_dot(lowering, node, input, window, conv.groups, real);
  if (lowering.has_input(node, 2)) {
    const Array& bias = lowering.constant(node, 2).array;
    if (static_cast<int64_t>(bias.data.size()) != rows)
      throw lowering.mistake(node, "has {} biases for {} channels", bias.data.size(), rows);
    add_bias(result, node.name, PerChannel(bias.data));
  }
  lowering.define(node, 0, std::move(result));
}

// A matrix [in][out] (or [out][in] when `transposed`) as rows.
std::vector<double> matrix_rows(const Array& matrix, bool transposed) {
  if (transposed) return matrix.data;
  const int64_t in = matrix.shape[0];
  const int64_t out = matrix.shape[1];
  std::vector<double> result(matrix.data.size());
  for (int64_t i = 0; i < in; ++i) {
    for (int64_t o = 0; o < out; ++o)
      result[static_cast<size_t>(o * in + i)] = matrix.data[static_cast<size_t>(i * out + o)];
  }
  return result;
}

Activation multiply(Lowering& lowering, const GraphNode& node, Activation input, const Constant& weights, bool transposed) {
  if (weights.array.shape.size() != 2) throw lowering.refusal(node, "needs a weight matrix of 2 dimensions");
  RealWeights real;
  real.rows = weights.array.shape[transposed ? 0 : 1];
  real.columns = weights.array.shape[transposed ? 1 : 0];
  real.values = matrix_rows(weights.array, transposed);
  if (weights.scale) real.steps = matrix_rows(*weights.scale, transposed);
  const ir::Window window = input.pending_patch ? input.pending_patch->window : ir::Window{};
  input.pending_patch.reset();
  const int64_t expected = int64_t{window.kernel_h} * window.kernel_w * input.shape.channels;
  if (input.axes.empty() || input.axes.back() != Axis::kChannel) {
    throw lowering.refusal(node, "needs the channels as the last axis of its input");
  }
  if (real.columns != expected) {
    throw lowering.mistake(node, "a matrix for {} inputs meets a tensor with {} channels", real.columns, expected);
  }
  return emit_dot(lowering, node, input, window, 1, real);
}

void lower_mat_mul(Lowering& lowering, const GraphNode& node) {
  if (lowering.is_constant(node, 0)) throw lowering.refusal(node, "has its weights on the left; transpose the product");
  lowering.define(node, 0, multiply(lowering, node, lowering.activation(node, 0), lowering.constant(node, 1), false));
}

void lower_gemm(Lowering& lowering, const GraphNode& node) {
  const GemmAttributes gemm = read_gemm(node);
  if (gemm.transpose_a) throw lowering.refusal(node, "transA = 1 would mix the images of a batch");
  Activation result = multiply(lowering, node, lowering.activation(node, 0), lowering.constant(node, 1), gemm.transpose_b);
  if (gemm.alpha != 1) {
    result.chain.links.emplace_back(
        Step{node.name, 1, [alpha = gemm.alpha](double x, int64_t) { return alpha * x; }, Grid{gemm.alpha, 0.0}});
  }
  if (lowering.has_input(node, 2)) {
    const PerChannel bias = lowering.per_channel(node, lowering.constant(node, 2).array, result);
    add_bias(result, node.name, combine(bias, gemm.beta, [](double a, double b) { return a * b; }));
  }
  lowering.define(node, 0, std::move(result));
}

// Over x and w in {0, 1} the number of equal bits is sum of (2 w - 1) x + sum of (1 - w).
void lower_xnor_popcount(Lowering& lowering, const GraphNode& node) {
  Constant weights = lowering.constant(node, 1);
  if (weights.array.shape.size() != 2) throw lowering.refusal(node, "needs a weight matrix of 2 dimensions");
  const auto outputs = static_cast<size_t>(weights.array.shape[1]);
  std::vector<double> zeros(outputs, 0);
  for (size_t i = 0; i < weights.array.data.size(); ++i) {
    double& w = weights.array.data[i];
    if (w != 0 && w != 1) throw lowering.mistake(node, "has the weight {}, expected 0 or 1", w);
    zeros[i % outputs] += 1 - w;
    w = 2 * w - 1;
  }
  weights.scale.reset();
  Activation result = multiply(lowering, node, lowering.activation(node, 0), weights, false);
  add_bias(result, node.name, PerChannel(std::move(zeros)));
  lowering.define(node, 0, std::move(result));
}

void lower_im2col(Lowering& lowering, const GraphNode& node) {
  Activation value = lowering.activation(node, 0);
  const std::vector<Axis> channels_last{Axis::kBatch, Axis::kHeight, Axis::kWidth, Axis::kChannel};
  if (value.axes != channels_last) throw lowering.refusal(node, "needs an input in the layout NHWC");
  const Im2Col patch = read_im2col(node, lowering.sizes(value));
  if (patch.depthwise)
    throw lowering.refusal(node, "depthwise = 1 is not supported; keep depthwise layers as Conv with groups");
  if (patch.pad_value != 0 && patch.window.padded())
    throw lowering.refusal(node, "pads with {}, only 0 is supported", patch.pad_value);
  value.pending_patch = PendingPatch{to_window(patch.window)};
  lowering.report(node, "window of the next product");
  lowering.define(node, 0, std::move(value));
}

}  // namespace

const std::map<std::string_view, Handler>& linear_handlers() {
  static const std::map<std::string_view, Handler> table{
      {"Conv", lower_conv},
      {"Gemm", lower_gemm},
      {"Im2Col", lower_im2col},
      {"MatMul", lower_mat_mul},
      {"XnorPopcountMatMul", lower_xnor_popcount},
  };
  return table;
}

}  // namespace bitloom::lower
