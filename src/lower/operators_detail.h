// SPDX-License-Identifier: Apache-2.0
//
// What the operators_*.cc files share: reading inputs with errors that name the node, walking arrays by strides, and the
// functions behind the dispatch table in operators.cc.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "operators.h"

namespace bitloom::lower {

using frontend::Array;
using frontend::GraphNode;
using Arrays = std::vector<Array>;

// --- errors ----------------------------------------------------------------------------------------------------------

std::string place_of(const GraphNode& node);             ///< "node 'name' (Op): "
std::string shape_text(std::span<const int64_t> shape);  ///< "[1, 3, 8, 8]"

/// Error("node 'name' (Op): ..."), to be thrown; `refused` is the same for Unsupported.
template <typename... Args>
Error mistaken(const GraphNode& node, fmt::format_string<Args...> format, Args&&... args) {
  return Error(place_of(node) + fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
Unsupported refused(const GraphNode& node, fmt::format_string<Args...> format, Args&&... args) {
  return Unsupported(place_of(node) + fmt::format(format, std::forward<Args>(args)...));
}

// --- inputs ----------------------------------------------------------------------------------------------------------

/// The input, or nullptr when it is left out.
const Array* optional_input(Inputs inputs, size_t index);
/// The input; throws Error calling it `what` when it is left out.
const Array& required_input(const GraphNode& node, Inputs inputs, size_t index, std::string_view what);
/// The single number of an array of one element.
double single_number(const GraphNode& node, const Array& array, std::string_view what);
/// Whole numbers; those beyond +-2^62 become that, because a file says "to the end" by the largest int64.
Dims whole_numbers(const GraphNode& node, const Array& array, std::string_view what);

/// Throws Unsupported for the domain qonnx.custom_op.channels_last, whose operators share their names with ONNX's.
void refuse_channels_last(const GraphNode& node);

// --- strides ---------------------------------------------------------------------------------------------------------

Dims row_major_strides(std::span<const int64_t> shape);

/// Strides that walk an array of shape `from` in step with one of shape `to`; 0 along axes that are repeated.
Dims broadcast_strides(std::span<const int64_t> from, std::span<const int64_t> to);

/// A zero array of the shape, checked first.
Array zeros(const GraphNode& node, Dims shape);

/// Visits the elements of `shape` in row-major order: visit(element, offsets), offsets[i] the dot product of the index with
/// strides[i].
template <size_t N, typename Visit>
void walk(std::span<const int64_t> shape, const std::array<Dims, N>& strides, Visit visit) {
  int64_t elements = 1;
  for (const int64_t size : shape) elements *= size;
  Dims index(shape.size(), 0);
  std::array<int64_t, N> offsets{};
  for (int64_t element = 0; element < elements; ++element) {
    visit(static_cast<size_t>(element), offsets);
    for (size_t axis = shape.size(); axis-- > 0;) {
      const bool wraps = ++index[axis] == shape[axis];
      const int64_t moved = wraps ? 1 - shape[axis] : 1;
      for (size_t i = 0; i < N; ++i) offsets[i] += moved * strides[i][axis];
      if (!wraps) break;
      index[axis] = 0;
    }
  }
}

/// result[index] = x[offset + index . strides]
Array strided(const GraphNode& node, const Array& x, Dims shape, const Dims& strides, int64_t offset = 0);

// --- windows ---------------------------------------------------------------------------------------------------------

/// Calls visit(iy, ix, ky, kx) for each position of the window at output (oy, ox) that lies inside the image, row by row.
template <typename Visit>
void for_each_inside(const SlidingWindow& window, int64_t oy, int64_t ox, Visit visit) {
  for (int64_t ky = 0; ky < window.kernel[0]; ++ky) {
    const int64_t iy = oy * window.stride[0] - window.pad_begin[0] + ky * window.dilation[0];
    if (iy < 0 || iy >= window.input[0]) continue;
    for (int64_t kx = 0; kx < window.kernel[1]; ++kx) {
      const int64_t ix = ox * window.stride[1] - window.pad_begin[1] + kx * window.dilation[1];
      if (ix >= 0 && ix < window.input[1]) visit(iy, ix, ky, kx);
    }
  }
}

/// Throws Unsupported if `count` operations of `each` steps exceed kMaxOperations.
void check_operations(const GraphNode& node, int64_t count, int64_t each);

// --- the operators ---------------------------------------------------------------------------------------------------

Arrays apply_unary(const GraphNode& node, Inputs inputs);
Arrays apply_dropout(const GraphNode& node, Inputs inputs);
Arrays apply_binary(const GraphNode& node, Inputs inputs);
Arrays apply_batch_norm(const GraphNode& node, Inputs inputs);

Arrays apply_quant(const GraphNode& node, Inputs inputs);
Arrays apply_trunc(const GraphNode& node, Inputs inputs);
Arrays apply_multi_threshold(const GraphNode& node, Inputs inputs);

Arrays apply_conv(const GraphNode& node, Inputs inputs);
Arrays apply_gemm(const GraphNode& node, Inputs inputs);
Arrays apply_matmul(const GraphNode& node, Inputs inputs);
Arrays apply_xnor_popcount(const GraphNode& node, Inputs inputs);

Arrays apply_pool(const GraphNode& node, Inputs inputs);
Arrays apply_im2col(const GraphNode& node, Inputs inputs);

Arrays apply_reshape(const GraphNode& node, Inputs inputs);
Arrays apply_transpose(const GraphNode& node, Inputs inputs);
Arrays apply_concat(const GraphNode& node, Inputs inputs);
Arrays apply_slice(const GraphNode& node, Inputs inputs);
Arrays apply_split(const GraphNode& node, Inputs inputs);
Arrays apply_gather(const GraphNode& node, Inputs inputs);
Arrays apply_expand(const GraphNode& node, Inputs inputs);
Arrays apply_pad(const GraphNode& node, Inputs inputs);
Arrays apply_upsample(const GraphNode& node, Inputs inputs);
Arrays apply_depth_to_space(const GraphNode& node, Inputs inputs);

Arrays apply_shape(const GraphNode& node, Inputs inputs);
Arrays apply_size(const GraphNode& node, Inputs inputs);
Arrays apply_constant(const GraphNode& node, Inputs inputs);
Arrays apply_constant_of_shape(const GraphNode& node, Inputs inputs);

Arrays apply_reduce(const GraphNode& node, Inputs inputs);
Arrays apply_top_k(const GraphNode& node, Inputs inputs);
Arrays apply_softmax(const GraphNode& node, Inputs inputs);

}  // namespace bitloom::lower
