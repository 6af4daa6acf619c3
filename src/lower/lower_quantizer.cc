// SPDX-License-Identifier: Apache-2.0
//
// Quantizers: they end a chain. Each says which integer a code stands for and what the integer means; thresholds are found
// by evaluating it.
#include <cmath>

#include "encodings.h"
#include "lowering.h"
#include "operators.h"

namespace bitloom::lower {
namespace {

using frontend::GraphNode;

int increasing(int64_t) { return 1; }

void finish(Lowering& lowering, const GraphNode& node, Quantizer quantizer) {
  quantizer.node = node.name;
  lowering.define(node, 0, lowering.quantize(node, lowering.activation(node, 0), quantizer));
}

// A parameter as one number or one a channel.
PerChannel parameter(const Lowering& lowering, const GraphNode& node, const frontend::Array& array,
                     const Activation& value) {
  return lowering.per_channel(node, array, value);
}

bool is_integer(double x) { return x == std::nearbyint(x) && std::abs(x) <= 65535; }

// The integers of a Quant: q - zero_point where that is one integer for all channels, so that padding's zero is the integer
// 0; else q, with the zero point in the offset.
Quantizer quant_quantizer(const Lowering& lowering, const GraphNode& node, const QuantSpec& spec, const PerChannel& scale,
                          const PerChannel& zero_point) {
  Quantizer result;
  result.rows = std::max(scale.rows(), zero_point.rows());
  for (int64_t c = 0; c < scale.rows(); ++c) {
    if (scale[c] == 0 || !std::isfinite(scale[c]))
      throw lowering.mistake(node, "has the scale {} in channel {}", scale[c], c);
  }
  const auto at = [spec, scale, zero_point](int64_t channel) {
    QuantSpec full = spec;
    full.scale = scale[channel];
    full.zero_point = zero_point[channel];
    return full;
  };
  if (spec.bipolar()) {
    result.level = [at](double x, int64_t channel) { return quantized(x, at(channel)); };
    result.slope = increasing;
    result.encoding = ir::Encoding::bipolar();
    result.grid.scale = scale;
    return result;
  }
  if (spec.bits != std::nearbyint(spec.bits) || spec.bits < 1 || spec.bits > ir::kMaxPlanes) {
    throw lowering.refusal(node, "quantizes an activation to {} bits; 1 to {} are supported", spec.bits, ir::kMaxPlanes);
  }
  const bool centred = zero_point.uniform() && is_integer(zero_point[0]);
  const double shift = centred ? zero_point[0] : 0;
  result.level = [at, shift](double x, int64_t channel) { return quantized(x, at(channel)) - shift; };
  result.slope = [scale](int64_t channel) { return scale[channel] < 0 ? -1 : 1; };
  result.grid.scale = scale;
  if (!centred) result.grid.offset = combine(zero_point, scale, [](double z, double s) { return -z * s; });
  const auto bits = static_cast<int>(spec.bits);
  const auto lowest = static_cast<int32_t>(spec.lowest() - shift);
  const auto highest = static_cast<int32_t>(spec.highest() - shift);
  if (lowest >= highest) throw lowering.refusal(node, "has a single level ({} bits, narrow)", bits);
  if (shift != 0) {
    result.encoding = ir::Encoding::affine(1, lowest, highest - lowest);
  } else if (spec.is_signed) {
    result.encoding = ir::Encoding::signed_bits(bits, spec.narrow);
  } else {
    result.encoding = ir::Encoding::unsigned_bits(bits);
    result.encoding->highest = highest;
  }
  return result;
}

void lower_quant(Lowering& lowering, const GraphNode& node) {
  const QuantInputs quant = read_quant(node, lowering.parameters(node));
  const Activation& value = lowering.activation(node, 0);
  finish(lowering, node,
         quant_quantizer(lowering, node, quant.spec, parameter(lowering, node, quant.scale, value),
                         parameter(lowering, node, quant.zero_point, value)));
}

void lower_trunc(Lowering& lowering, const GraphNode& node) {
  const TruncInputs trunc = read_trunc(node, lowering.parameters(node));
  const Activation& value = lowering.activation(node, 0);
  const PerChannel scale = parameter(lowering, node, trunc.scale, value);
  const PerChannel zero_point = parameter(lowering, node, trunc.zero_point, value);
  const PerChannel out_scale = parameter(lowering, node, trunc.out_scale, value);
  const auto at = [spec = trunc.spec, scale, zero_point, out_scale](int64_t channel) {
    TruncSpec full = spec;
    full.scale = scale[channel];
    full.zero_point = zero_point[channel];
    full.out_scale = out_scale[channel];
    return full;
  };
  Quantizer result;
  result.rows = std::max({scale.rows(), zero_point.rows(), out_scale.rows()});
  result.level = [at](double x, int64_t channel) { return truncated(x, at(channel)); };
  result.slope = [scale](int64_t channel) { return scale[channel] < 0 ? -1 : 1; };
  std::vector<double> step, offset;
  for (int64_t c = 0; c < result.rows; ++c) {
    const TruncSpec spec = at(c);
    if (spec.scale == 0) throw lowering.mistake(node, "has the scale 0 in channel {}", c);
    step.push_back(spec.result_scale());
    offset.push_back(untruncated(0, spec));
  }
  result.grid = {PerChannel(std::move(step)), PerChannel(std::move(offset))};
  finish(lowering, node, std::move(result));
}

// Levels that are no integers count from zero where they can, since padding and products want it: where zero is one of them
// or lies half way between two, as in residual binarization, whose levels are then the odd numbers.
Quantizer multi_threshold_quantizer(const MultiThreshold& thresholds, int32_t steps) {
  Quantizer result;
  result.rows = thresholds.rows;
  result.slope = increasing;
  MultiThreshold values = thresholds;
  if (!(thresholds.out_scale > 0 && is_integer(thresholds.out_scale) && is_integer(thresholds.out_bias))) {
    const std::optional<int32_t> halves = half_steps(thresholds.out_scale, thresholds.out_bias);
    const bool odd = halves && *halves % 2 != 0;
    values.out_scale = odd ? 2 : 1;
    values.out_bias = odd ? *halves : halves.value_or(0) / 2;
    result.grid = {thresholds.out_scale / values.out_scale, halves ? 0 : thresholds.out_bias};
  }
  result.level = [values](double x, int64_t channel) { return values(x, channel); };
  result.encoding =
      ir::Encoding::affine(static_cast<int32_t>(values.out_scale), static_cast<int32_t>(values.out_bias), steps);
  const std::optional<UnitEncoding> fewest = fewest_planes(result.encoding->levels());
  if (fewest && fewest->unit == 1) result.encoding = fewest->encoding;
  return result;
}

void lower_multi_threshold(Lowering& lowering, const GraphNode& node) {
  const Activation& value = lowering.activation(node, 0);
  lowering.constant(node, 1);
  const MultiThreshold thresholds = read_multi_threshold(node, lowering.operands(node), lowering.sizes(value));
  const bool per_channel =
      thresholds.rows == 1 || value.axes[static_cast<size_t>(thresholds.channel_axis)] == Axis::kChannel;
  if (!per_channel)
    throw lowering.refusal(node, "has thresholds along an axis that is not the channels; check data_layout");
  if (thresholds.steps < 1 || thresholds.steps > 65535 || thresholds.out_scale == 0) {
    throw lowering.refusal(node,
                           "has {} thresholds and an out_scale of {}; 1 to 65535 thresholds and another scale than 0 are "
                           "supported",
                           thresholds.steps, thresholds.out_scale);
  }
  const auto steps = static_cast<int32_t>(thresholds.steps);
  finish(lowering, node, multi_threshold_quantizer(thresholds, steps));
}

// Floor, Ceil, Round, Sign: integers whose bounds only evaluation can tell.
void lower_rounding(Lowering& lowering, const GraphNode& node) {
  const Unary function = read_unary(node, lowering.operands(node));
  BITLOOM_CHECK(function != nullptr);
  Quantizer result;
  result.level = [function](double x, int64_t) { return function(x); };
  result.slope = increasing;
  if (node.op == "Sign") result.encoding = ir::Encoding::ternary();
  finish(lowering, node, std::move(result));
}

}  // namespace

const std::map<std::string_view, Handler>& quantizer_handlers() {
  static const std::map<std::string_view, Handler> table{
      {"BipolarQuant", lower_quant},
      {"Ceil", lower_rounding},
      {"Floor", lower_rounding},
      {"IntQuant", lower_quant},
      {"MultiThreshold", lower_multi_threshold},
      {"Quant", lower_quant},
      {"Round", lower_rounding},
      {"Sign", lower_rounding},
      {"Trunc", lower_trunc},
  };
  return table;
}

}  // namespace bitloom::lower
