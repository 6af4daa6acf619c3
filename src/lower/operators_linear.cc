// SPDX-License-Identifier: Apache-2.0
//
// Dot products: Conv, Gemm, MatMul, XnorPopcountMatMul. Each result is summed from its first product to its last; the
// loops run over the results inside, so that the compiler can work on several of them at once without reordering any sum.
#include <algorithm>

#include "operators_detail.h"

namespace bitloom::lower {
namespace {

/// c[m][n] += a[m][k] * b[k][n], k ascending for each result.
void accumulate_product(const double* a, const double* b, double* c, int64_t rows, int64_t inner, int64_t columns) {
  for (int64_t m = 0; m < rows; ++m) {
    for (int64_t k = 0; k < inner; ++k) {
      const double factor = a[m * inner + k];
      for (int64_t n = 0; n < columns; ++n) c[m * columns + n] += factor * b[k * columns + n];
    }
  }
}

Array transposed(const GraphNode& node, const Array& x) {
  return strided(node, x, {x.shape[1], x.shape[0]}, {1, x.shape[1]});
}

/// The outputs [first, last) of a row whose window position begins at `begin` and lies inside the image.
struct Interval {
  int64_t first = 0, last = 0;
};

Interval outputs_inside(const SlidingWindow& window, int64_t begin) {
  const int64_t stride = window.stride[1];
  const int64_t first = begin < 0 ? (-begin + stride - 1) / stride : 0;
  const int64_t last = begin >= window.input[1] ? 0 : (window.input[1] - 1 - begin) / stride + 1;
  return {first, std::min(last, window.output[1])};
}

/// Adds what one input plane contributes to one output plane through one kernel plane.
void accumulate_plane(const SlidingWindow& window, const double* image, const double* kernel, double* result) {
  for (int64_t ky = 0; ky < window.kernel[0]; ++ky) {
    for (int64_t kx = 0; kx < window.kernel[1]; ++kx) {
      const double weight = kernel[ky * window.kernel[1] + kx];
      const int64_t begin = kx * window.dilation[1] - window.pad_begin[1];
      const Interval inside = outputs_inside(window, begin);
      for (int64_t oy = 0; oy < window.output[0]; ++oy) {
        const int64_t iy = oy * window.stride[0] - window.pad_begin[0] + ky * window.dilation[0];
        if (iy < 0 || iy >= window.input[0]) continue;
        const double* from = image + iy * window.input[1] + begin;
        double* to = result + oy * window.output[1];
        for (int64_t ox = inside.first; ox < inside.last; ++ox) to[ox] += weight * from[ox * window.stride[1]];
      }
    }
  }
}

void add_bias(const GraphNode& node, const Array& bias, Array& result) {
  const auto channels = static_cast<size_t>(result.shape[1]);
  if (bias.data.size() != channels) {
    throw mistaken(node, "bias has {} numbers for {} channels", bias.data.size(), channels);
  }
  const auto inner = static_cast<size_t>(row_major_strides(result.shape)[1]);
  for (size_t i = 0; i < result.data.size(); ++i) result.data[i] += bias.data[i / inner % channels];
}

/// The operands of a product with NumPy's rules: a vector on the left is a row, on the right a column.
Array multiply(const GraphNode& node, const Array& left, const Array& right) {
  if (left.shape.empty() || right.shape.empty()) throw mistaken(node, "a factor is a single number; use Mul");
  Dims a = left.shape;
  Dims b = right.shape;
  if (a.size() == 1) a.insert(a.begin(), 1);
  if (b.size() == 1) b.push_back(1);
  const int64_t rows = a[a.size() - 2], inner = a.back(), columns = b.back();
  if (inner != b[b.size() - 2]) {
    throw mistaken(node, "shapes {} and {} do not multiply: {} is not {}", shape_text(left.shape), shape_text(right.shape),
                   inner, b[b.size() - 2]);
  }
  const Dims a_batch(a.begin(), a.end() - 2);
  const Dims b_batch(b.begin(), b.end() - 2);
  const Dims batch = broadcast_shape(node, a_batch, b_batch);
  Dims shape = batch;
  shape.insert(shape.end(), {rows, columns});
  Array result = zeros(node, shape);
  check_operations(node, static_cast<int64_t>(result.data.size()), inner);
  walk<2>(batch, {broadcast_strides(a_batch, batch), broadcast_strides(b_batch, batch)},
          [&](size_t element, const std::array<int64_t, 2>& at) {
            accumulate_product(left.data.data() + at[0] * rows * inner, right.data.data() + at[1] * inner * columns,
                               result.data.data() + static_cast<int64_t>(element) * rows * columns, rows, inner, columns);
          });
  if (right.shape.size() == 1) result.shape.pop_back();
  if (left.shape.size() == 1) result.shape.erase(result.shape.end() - (right.shape.size() == 1 ? 1 : 2));
  return result;
}

}  // namespace

GemmAttributes read_gemm(const GraphNode& node) {
  return {node.real("alpha", 1), node.real("beta", 1), node.integer("transA", 0) != 0, node.integer("transB", 0) != 0};
}

Arrays apply_conv(const GraphNode& node, Inputs inputs) {
  const Array& x = *inputs[0];
  const Array& weights = *inputs[1];
  const ConvAttributes conv = read_conv(node, x.shape, weights.shape);
  const SlidingWindow& window = conv.window;
  Dims shape{x.shape[0], weights.shape[0]};
  if (conv.axes == 2) shape.push_back(window.output[0]);
  shape.push_back(window.output[1]);
  Array result = zeros(node, std::move(shape));
  const int64_t group_inputs = weights.shape[1];
  const int64_t group_outputs = weights.shape[0] / conv.groups;
  const int64_t positions = window.kernel[0] * window.kernel[1];
  check_operations(node, static_cast<int64_t>(result.data.size()), group_inputs * positions);

  const int64_t in_plane = window.input[0] * window.input[1];
  const int64_t out_plane = window.output[0] * window.output[1];
  for (int64_t n = 0; n < x.shape[0]; ++n) {
    for (int64_t m = 0; m < weights.shape[0]; ++m) {
      const int64_t first_input = m / group_outputs * group_inputs;
      for (int64_t c = 0; c < group_inputs; ++c) {
        accumulate_plane(window, x.data.data() + (n * x.shape[1] + first_input + c) * in_plane,
                         weights.data.data() + (m * group_inputs + c) * positions,
                         result.data.data() + (n * weights.shape[0] + m) * out_plane);
      }
    }
  }
  if (const Array* bias = optional_input(inputs, 2)) add_bias(node, *bias, result);
  return {std::move(result)};
}

Arrays apply_gemm(const GraphNode& node, Inputs inputs) {
  const GemmAttributes gemm = read_gemm(node);
  if (inputs[0]->shape.size() != 2 || inputs[1]->shape.size() != 2) {
    throw mistaken(node, "factors {} and {} must be matrices", shape_text(inputs[0]->shape), shape_text(inputs[1]->shape));
  }
  Array result = multiply(node, gemm.transpose_a ? transposed(node, *inputs[0]) : *inputs[0],
                          gemm.transpose_b ? transposed(node, *inputs[1]) : *inputs[1]);
  for (double& x : result.data) x *= gemm.alpha;
  const Array* c = optional_input(inputs, 2);
  if (c == nullptr) return {std::move(result)};
  if (broadcast_shape(node, result.shape, c->shape) != result.shape) {
    throw mistaken(node, "addend {} does not broadcast to the product {}", shape_text(c->shape), shape_text(result.shape));
  }
  walk<1>(result.shape, {broadcast_strides(c->shape, result.shape)}, [&](size_t i, const std::array<int64_t, 1>& at) {
    result.data[i] += gemm.beta * c->data[static_cast<size_t>(at[0])];
  });
  return {std::move(result)};
}

Arrays apply_matmul(const GraphNode& node, Inputs inputs) { return {multiply(node, *inputs[0], *inputs[1])}; }

Arrays apply_xnor_popcount(const GraphNode& node, Inputs inputs) {
  std::array<Array, 2> bipolar{*inputs[0], *inputs[1]};
  for (Array& array : bipolar) {
    for (double& bit : array.data) bit = 2 * bit - 1;
  }
  Array result = multiply(node, bipolar[0], bipolar[1]);
  const auto count = static_cast<double>(inputs[0]->shape.back());
  for (double& x : result.data) x = (x + count) * 0.5;
  return {std::move(result)};
}

}  // namespace bitloom::lower
