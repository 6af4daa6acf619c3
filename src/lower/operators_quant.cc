// SPDX-License-Identifier: Apache-2.0
//
// QONNX's quantizers: Quant (IntQuant), BipolarQuant, Trunc in both versions, and FINN's MultiThreshold.
#include <algorithm>
#include <cmath>

#include "operators_detail.h"

namespace bitloom::lower {
namespace {

constexpr double kMostBits = 64;

double read_bits(const GraphNode& node, Inputs inputs, size_t index, std::string_view what) {
  const double bits = single_number(node, required_input(node, inputs, index, what), what);
  if (!(bits >= 1 && bits <= kMostBits)) throw mistaken(node, "{} is {}, but must be 1 to {}", what, bits, kMostBits);
  if (bits != std::trunc(bits)) throw refused(node, "{} is {}; only whole numbers of bits are handled", what, bits);
  return bits;
}

const Array& read_scale(const GraphNode& node, Inputs inputs, size_t index, std::string_view what) {
  const Array& scale = required_input(node, inputs, index, what);
  for (const double value : scale.data) {
    if (!std::isfinite(value) || value == 0) throw mistaken(node, "{} is {}, but must be finite and not 0", what, value);
  }
  return scale;
}

const Array& read_zero_point(const GraphNode& node, Inputs inputs) {
  const Array& zero_point = required_input(node, inputs, 2, "zero point");
  for (const double value : zero_point.data) {
    if (!std::isfinite(value)) throw mistaken(node, "zero point is {}, but must be finite", value);
  }
  return zero_point;
}

Rounding read_rounding(const GraphNode& node, std::string_view fallback) {
  try {
    return parse_rounding(node.text("rounding_mode", fallback));
  } catch (const Error& error) {
    throw mistaken(node, "{}", error.what());
  }
}

double element_of(const Array& array, const Dims& shape, int64_t element) {
  return array.data[static_cast<size_t>(broadcast_index(array.shape, shape, element))];
}

}  // namespace

QuantSpec QuantInputs::at(const Dims& shape, int64_t element) const {
  QuantSpec result = spec;
  result.scale = element_of(scale, shape, element);
  result.zero_point = element_of(zero_point, shape, element);
  return result;
}

QuantInputs read_quant(const GraphNode& node, Inputs inputs) {
  QuantInputs result;
  result.scale = read_scale(node, inputs, 1, "scale");
  if (node.op == "BipolarQuant") {
    result.zero_point = Array::scalar(0);
    result.spec.bits = 1;
    result.spec.bare_sign = true;
    return result;
  }
  result.zero_point = read_zero_point(node, inputs);
  result.spec.bits = read_bits(node, inputs, 3, "bit width");
  result.spec.is_signed = node.integer("signed", 1) != 0;
  result.spec.narrow = node.integer("narrow", 0) != 0;
  result.spec.rounding = read_rounding(node, "ROUND");
  return result;
}

TruncSpec TruncInputs::at(const Dims& shape, int64_t element) const {
  TruncSpec result = spec;
  result.scale = element_of(scale, shape, element);
  result.zero_point = element_of(zero_point, shape, element);
  result.out_scale = element_of(out_scale, shape, element);
  return result;
}

TruncInputs read_trunc(const GraphNode& node, Inputs inputs) {
  TruncInputs result;
  result.spec.version = inputs.size() >= 6 ? 2 : 1;
  result.scale = read_scale(node, inputs, 1, "scale");
  result.zero_point = read_zero_point(node, inputs);
  result.spec.in_bits = read_bits(node, inputs, 3, "input bit width");
  result.spec.rounding = read_rounding(node, "FLOOR");
  if (result.spec.version == 1) {
    result.out_scale = Array::scalar(1);
    result.spec.out_bits = read_bits(node, inputs, 4, "output bit width");
    return result;
  }
  result.out_scale = read_scale(node, inputs, 4, "output scale");
  result.spec.out_bits = read_bits(node, inputs, 5, "output bit width");
  result.spec.is_signed = node.integer("signed", 1) != 0;
  result.spec.narrow = node.integer("narrow", 0) != 0;
  for (const Array* scale : {&result.scale, &result.out_scale}) {
    if (std::any_of(scale->data.begin(), scale->data.end(), [](double value) { return value < 0; })) {
      throw mistaken(node, "a scale is negative, but the quotient of the two scales must have a logarithm");
    }
  }
  return result;
}

std::span<const double> MultiThreshold::row(int64_t channel) const {
  const int64_t first = rows == 1 ? 0 : channel * steps;
  return std::span(thresholds).subspan(static_cast<size_t>(first), static_cast<size_t>(steps));
}

double MultiThreshold::operator()(double x, int64_t channel) const {
  const std::span<const double> sorted = row(channel);
  const auto reached = std::partition_point(sorted.begin(), sorted.end(), [x](double t) { return x >= t; });
  return out_scale * static_cast<double>(reached - sorted.begin()) + out_bias;
}

MultiThreshold read_multi_threshold(const GraphNode& node, Inputs inputs, const Dims& shape) {
  const Array& thresholds = required_input(node, inputs, 1, "thresholds");
  if (thresholds.shape.size() != 2) {
    throw mistaken(node, "thresholds have shape {}, expected [channels, steps]", shape_text(thresholds.shape));
  }
  if (shape.size() < 2) throw mistaken(node, "input {} has no channel axis", shape_text(shape));
  const bool channels_last = node.text("data_layout", "NCHW").ends_with('C');
  MultiThreshold result{channels_last ? static_cast<int64_t>(shape.size()) - 1 : 1,
                        thresholds.shape[0],
                        thresholds.shape[1],
                        thresholds.data,
                        node.real("out_scale", 1),
                        node.real("out_bias", 0)};
  const int64_t channels = shape[static_cast<size_t>(result.channel_axis)];
  if (result.rows != 1 && result.rows != channels) {
    throw mistaken(node, "thresholds have {} rows for {} channels", result.rows, channels);
  }
  if (std::any_of(thresholds.data.begin(), thresholds.data.end(), [](double t) { return std::isnan(t); })) {
    throw mistaken(node, "a threshold is not a number");
  }
  // A count does not depend on the order; sorted rows let it be found by bisection.
  for (int64_t row = 0; row < result.rows; ++row) {
    const auto first = result.thresholds.begin() + row * result.steps;
    std::sort(first, first + result.steps);
  }
  return result;
}

Arrays apply_quant(const GraphNode& node, Inputs inputs) {
  const QuantInputs quant = read_quant(node, inputs);
  const Array& x = *inputs[0];
  Array result =
      zeros(node, broadcast_shape(node, broadcast_shape(node, x.shape, quant.scale.shape), quant.zero_point.shape));
  QuantSpec spec = quant.spec;
  walk<3>(result.shape,
          {broadcast_strides(x.shape, result.shape), broadcast_strides(quant.scale.shape, result.shape),
           broadcast_strides(quant.zero_point.shape, result.shape)},
          [&](size_t element, const std::array<int64_t, 3>& at) {
            spec.scale = quant.scale.data[static_cast<size_t>(at[1])];
            spec.zero_point = quant.zero_point.data[static_cast<size_t>(at[2])];
            result.data[element] = dequantized(quantized(x.data[static_cast<size_t>(at[0])], spec), spec);
          });
  return {std::move(result)};
}

Arrays apply_trunc(const GraphNode& node, Inputs inputs) {
  const TruncInputs trunc = read_trunc(node, inputs);
  const Array& x = *inputs[0];
  Dims shape = x.shape;
  for (const Array* array : {&trunc.scale, &trunc.zero_point, &trunc.out_scale}) {
    shape = broadcast_shape(node, shape, array->shape);
  }
  Array result = zeros(node, shape);
  TruncSpec spec = trunc.spec;
  walk<4>(shape,
          {broadcast_strides(x.shape, shape), broadcast_strides(trunc.scale.shape, shape),
           broadcast_strides(trunc.zero_point.shape, shape), broadcast_strides(trunc.out_scale.shape, shape)},
          [&](size_t element, const std::array<int64_t, 4>& at) {
            spec.scale = trunc.scale.data[static_cast<size_t>(at[1])];
            spec.zero_point = trunc.zero_point.data[static_cast<size_t>(at[2])];
            spec.out_scale = trunc.out_scale.data[static_cast<size_t>(at[3])];
            result.data[element] = untruncated(truncated(x.data[static_cast<size_t>(at[0])], spec), spec);
          });
  return {std::move(result)};
}

Arrays apply_multi_threshold(const GraphNode& node, Inputs inputs) {
  Array result = *inputs[0];
  const MultiThreshold thresholds = read_multi_threshold(node, inputs, result.shape);
  const auto axis = static_cast<size_t>(thresholds.channel_axis);
  const auto inner = static_cast<size_t>(row_major_strides(result.shape)[axis]);
  const auto channels = static_cast<size_t>(result.shape[axis]);
  for (size_t i = 0; i < result.data.size(); ++i) {
    result.data[i] = thresholds(result.data[i], static_cast<int64_t>(i / inner % channels));
  }
  return {std::move(result)};
}

}  // namespace bitloom::lower
