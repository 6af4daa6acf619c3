// SPDX-License-Identifier: Apache-2.0
//
// The dispatch table of the operators, and the checks that hold for all of them.
#include "operators.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "operators_detail.h"

namespace bitloom::lower {
namespace {

constexpr size_t kAnyNumber = 1000000;

struct Operator {
  Arrays (*apply)(const GraphNode& node, Inputs inputs);
  size_t least;  ///< inputs that must be there
  size_t most;   ///< inputs that may be there
};

const std::map<std::string_view, Operator>& table() {
  static const std::map<std::string_view, Operator> operators{
      {"Abs", {apply_unary, 1, 1}},
      {"Add", {apply_binary, 2, 2}},
      {"ArgMax", {apply_top_k, 1, 1}},
      {"AveragePool", {apply_pool, 1, 1}},
      {"BatchNormalization", {apply_batch_norm, 5, 5}},
      {"BipolarQuant", {apply_quant, 2, 2}},
      {"Cast", {apply_unary, 1, 1}},
      {"Ceil", {apply_unary, 1, 1}},
      {"Clip", {apply_unary, 1, 3}},
      {"Concat", {apply_concat, 1, kAnyNumber}},
      {"Constant", {apply_constant, 0, 0}},
      {"ConstantOfShape", {apply_constant_of_shape, 1, 1}},
      {"Conv", {apply_conv, 2, 3}},
      {"DepthToSpace", {apply_depth_to_space, 1, 1}},
      {"Div", {apply_binary, 2, 2}},
      {"Dropout", {apply_dropout, 1, 3}},
      {"Elu", {apply_unary, 1, 1}},
      {"Exp", {apply_unary, 1, 1}},
      {"Expand", {apply_expand, 2, 2}},
      {"Flatten", {apply_reshape, 1, 1}},
      {"Floor", {apply_unary, 1, 1}},
      {"Gather", {apply_gather, 2, 2}},
      {"Gemm", {apply_gemm, 2, 3}},
      {"GlobalAveragePool", {apply_pool, 1, 1}},
      {"GlobalMaxPool", {apply_pool, 1, 1}},
      {"HardSigmoid", {apply_unary, 1, 1}},
      {"Identity", {apply_unary, 1, 1}},
      {"Im2Col", {apply_im2col, 1, 1}},
      {"IntQuant", {apply_quant, 4, 4}},
      {"LeakyRelu", {apply_unary, 1, 1}},
      {"Log", {apply_unary, 1, 1}},
      {"LogSoftmax", {apply_softmax, 1, 1}},
      {"MatMul", {apply_matmul, 2, 2}},
      {"Max", {apply_binary, 1, kAnyNumber}},
      {"MaxPool", {apply_pool, 1, 1}},
      {"MaxPoolNHWC", {apply_pool, 1, 1}},
      {"Min", {apply_binary, 1, kAnyNumber}},
      {"Mul", {apply_binary, 2, 2}},
      {"MultiThreshold", {apply_multi_threshold, 2, 2}},
      {"Neg", {apply_unary, 1, 1}},
      {"PRelu", {apply_binary, 2, 2}},
      {"Pad", {apply_pad, 1, 4}},
      {"Pow", {apply_binary, 2, 2}},
      {"Quant", {apply_quant, 4, 4}},
      {"QuantAvgPool2d", {apply_pool, 1, 1}},
      {"Reciprocal", {apply_unary, 1, 1}},
      {"ReduceMean", {apply_reduce, 1, 2}},
      {"ReduceSum", {apply_reduce, 1, 2}},
      {"Relu", {apply_unary, 1, 1}},
      {"Reshape", {apply_reshape, 1, 2}},
      {"Resize", {apply_upsample, 1, 4}},
      {"Round", {apply_unary, 1, 1}},
      {"Shape", {apply_shape, 1, 1}},
      {"Sigmoid", {apply_unary, 1, 1}},
      {"Sign", {apply_unary, 1, 1}},
      {"Size", {apply_size, 1, 1}},
      {"Slice", {apply_slice, 1, 5}},
      {"Softmax", {apply_softmax, 1, 1}},
      {"Softplus", {apply_unary, 1, 1}},
      {"Split", {apply_split, 1, 2}},
      {"Sqrt", {apply_unary, 1, 1}},
      {"Squeeze", {apply_reshape, 1, 2}},
      {"Sub", {apply_binary, 2, 2}},
      {"Sum", {apply_binary, 1, kAnyNumber}},
      {"Tanh", {apply_unary, 1, 1}},
      {"TopK", {apply_top_k, 1, 2}},
      {"Transpose", {apply_transpose, 1, 1}},
      {"Trunc", {apply_trunc, 5, 6}},
      {"Unsqueeze", {apply_reshape, 1, 2}},
      {"Upsample", {apply_upsample, 1, 2}},
      {"XnorPopcountMatMul", {apply_xnor_popcount, 2, 2}},
  };
  return operators;
}

void check_inputs(const GraphNode& node, const Operator& known, Inputs inputs) {
  if (inputs.size() < known.least || inputs.size() > known.most) {
    if (known.most == kAnyNumber) throw mistaken(node, "has {} inputs, needs at least {}", inputs.size(), known.least);
    throw mistaken(node, "has {} inputs, needs {} to {}", inputs.size(), known.least, known.most);
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i] == nullptr) {
      if (i < known.least) throw mistaken(node, "input {} is left out, but the operator needs it", i);
      continue;
    }
    const int64_t elements = checked_elements(node, inputs[i]->shape);
    if (elements != static_cast<int64_t>(inputs[i]->data.size())) {
      throw mistaken(node, "input {} has {} numbers, its shape {} says {}", i, inputs[i]->data.size(),
                     shape_text(inputs[i]->shape), elements);
    }
  }
}

}  // namespace

bool known_operator(std::string_view op) { return table().contains(op); }

Arrays apply(const GraphNode& node, Inputs inputs) {
  const auto known = table().find(node.op);
  if (known == table().end()) throw refused(node, "this operator is not known to bitloom");
  check_inputs(node, known->second, inputs);
  Arrays results = known->second.apply(node, inputs);
  if (node.outputs.size() > results.size()) {
    throw refused(node, "output {} is asked for, but only {} can be computed", node.outputs.size(), results.size());
  }
  results.resize(node.outputs.size());
  return results;
}

int64_t checked_elements(const GraphNode& node, std::span<const int64_t> shape) {
  int64_t product = 1;
  bool empty = false;
  for (const int64_t size : shape) {
    if (size < 0) throw mistaken(node, "shape {} has a negative size", shape_text(shape));
    if (size == 0) empty = true;
    if (size > frontend::kMaxElements / product) {
      throw mistaken(node, "an array of shape {} is too large; the limit is {} elements", shape_text(shape),
                     frontend::kMaxElements);
    }
    product *= std::max<int64_t>(size, 1);
  }
  return empty ? 0 : product;
}

int64_t checked_axis(const GraphNode& node, int64_t axis, size_t rank) {
  const auto axes = static_cast<int64_t>(rank);
  if (axis < -axes || axis >= axes) throw mistaken(node, "axis {} does not exist in an array of {} axes", axis, axes);
  return axis < 0 ? axis + axes : axis;
}

Dims broadcast_shape(const GraphNode& node, const Dims& a, const Dims& b) {
  const Dims& longer = a.size() >= b.size() ? a : b;
  const Dims& shorter = a.size() >= b.size() ? b : a;
  Dims result = longer;
  for (size_t i = 0; i < shorter.size(); ++i) {
    int64_t& size = result[result.size() - 1 - i];
    const int64_t other = shorter[shorter.size() - 1 - i];
    if (size == 1) {
      size = other;
    } else if (other != 1 && other != size) {
      throw mistaken(node, "shapes {} and {} do not broadcast to a common one", shape_text(a), shape_text(b));
    }
  }
  checked_elements(node, result);
  return result;
}

int64_t broadcast_index(std::span<const int64_t> from, std::span<const int64_t> to, int64_t element) {
  int64_t index = 0;
  int64_t stride = 1;
  for (size_t i = 0; i < from.size(); ++i) {
    const int64_t size = from[from.size() - 1 - i];
    const int64_t position = element % to[to.size() - 1 - i];
    element /= to[to.size() - 1 - i];
    if (size != 1) index += position * stride;
    stride *= size;
  }
  return index;
}

std::string place_of(const GraphNode& node) { return fmt::format("node '{}' ({}): ", node.name, node.op); }

std::string shape_text(std::span<const int64_t> shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

const Array* optional_input(Inputs inputs, size_t index) { return index < inputs.size() ? inputs[index] : nullptr; }

const Array& required_input(const GraphNode& node, Inputs inputs, size_t index, std::string_view what) {
  const Array* array = optional_input(inputs, index);
  if (array == nullptr) throw mistaken(node, "input {} ({}) is left out, but the operator needs it", index, what);
  return *array;
}

double single_number(const GraphNode& node, const Array& array, std::string_view what) {
  if (array.data.size() != 1) {
    throw mistaken(node, "{} must be a single number, not an array of shape {}", what, shape_text(array.shape));
  }
  return array.data[0];
}

Dims whole_numbers(const GraphNode& node, const Array& array, std::string_view what) {
  constexpr double kLargest = 4611686018427387904.0;
  Dims result;
  for (const double number : array.data) {
    if (std::isnan(number) || std::trunc(number) != number) {
      throw mistaken(node, "{} must hold whole numbers, not {}", what, number);
    }
    result.push_back(static_cast<int64_t>(std::clamp(number, -kLargest, kLargest)));
  }
  return result;
}

void refuse_channels_last(const GraphNode& node) {
  if (!node.domain.ends_with("channels_last")) return;
  throw refused(node, "the channels-last form of domain '{}' is not handled; export the model with channels first",
                node.domain);
}

Dims row_major_strides(std::span<const int64_t> shape) {
  Dims strides(shape.size(), 1);
  for (size_t axis = shape.size(); axis-- > 1;) strides[axis - 1] = strides[axis] * shape[axis];
  return strides;
}

Dims broadcast_strides(std::span<const int64_t> from, std::span<const int64_t> to) {
  const Dims own = row_major_strides(from);
  Dims strides(to.size(), 0);
  const size_t added = to.size() - from.size();
  for (size_t axis = 0; axis < from.size(); ++axis) strides[added + axis] = from[axis] == 1 ? 0 : own[axis];
  return strides;
}

Array zeros(const GraphNode& node, Dims shape) {
  const auto elements = static_cast<size_t>(checked_elements(node, shape));
  return {std::move(shape), std::vector<double>(elements)};
}

Array strided(const GraphNode& node, const Array& x, Dims shape, const Dims& strides, int64_t offset) {
  Array result = zeros(node, std::move(shape));
  walk<1>(result.shape, {strides}, [&](size_t element, const std::array<int64_t, 1>& at) {
    result.data[element] = x.data[static_cast<size_t>(offset + at[0])];
  });
  return result;
}

void check_operations(const GraphNode& node, int64_t count, int64_t each) {
  if (count == 0 || each <= kMaxOperations / count) return;
  throw refused(node, "{} results of {} operations each are too many; the limit is {} operations", count, each,
                kMaxOperations);
}

}  // namespace bitloom::lower
