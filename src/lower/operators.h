// SPDX-License-Identifier: Apache-2.0
//
// The operators of a quant graph in float64, as ONNX and QONNX define them, and what their attributes say.
//
// Each operator's attributes and parameters are read in one place, a read_* function that returns a plain struct; apply()
// and the lowering share them. All of them throw Error (or Unsupported, for what is legal but not handled) naming the node.
// `inputs` are the node's inputs in order, nullptr for an optional one that is left out or not known; a read_* function
// looks at those that its comment names only.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "bitloom/frontend.h"
#include "scalar.h"

namespace bitloom::lower {

using Dims = std::vector<int64_t>;
using Inputs = std::span<const frontend::Array* const>;

/// What one call of apply() may take: multiplications of one operator. Beyond it Unsupported is thrown.
inline constexpr int64_t kMaxOperations = int64_t{1} << 33;

/// True if apply() knows this operator.
bool known_operator(std::string_view op);

/// The operator's results for these inputs, one for each of the node's outputs (those named "" included).
///
/// Dot products are summed from the first element to the last, one rounded product and sum at a time. Arrays carry no
/// element type: Cast to an integer type truncates, Cast to a float type changes nothing, Div never truncates.
/// Throws Error for wrong counts, shapes, attributes, for results beyond frontend::kMaxElements, before it allocates.
std::vector<frontend::Array> apply(const frontend::GraphNode& node, Inputs inputs);

// --- shapes ----------------------------------------------------------------------------------------------------------

/// The product of the sizes. Throws Error if one is negative or the product, zeros taken as ones, exceeds kMaxElements.
int64_t checked_elements(const frontend::GraphNode& node, std::span<const int64_t> shape);

/// `axis`, negative counting from the end, as an index below `rank`.
int64_t checked_axis(const frontend::GraphNode& node, int64_t axis, size_t rank);

/// NumPy's common shape of two.
Dims broadcast_shape(const frontend::GraphNode& node, const Dims& a, const Dims& b);

/// Flat index, in an array of shape `from` that broadcasts to `to`, of what stands at `element` of `to`.
int64_t broadcast_index(std::span<const int64_t> from, std::span<const int64_t> to, int64_t element);

// --- one number at a time --------------------------------------------------------------------------------------------

/// y = f(x) for an operator of one input and constant parameters: Relu, LeakyRelu, Clip (parameters from inputs 1 and 2),
/// Neg, Abs, Sqrt, Exp, Log, Reciprocal, Sigmoid, HardSigmoid, Tanh, Sign, Softplus, Elu, Floor, Ceil, Round, Cast,
/// Identity, Dropout. Empty for any other operator.
using Unary = std::function<double(double)>;
Unary read_unary(const frontend::GraphNode& node, Inputs inputs);

/// z = f(x, y) with broadcasting: Add, Sub, Mul, Div, Pow, Min, Max, PRelu (y is the slope). nullptr for any other
/// operator.
using Binary = double (*)(double, double);
Binary read_binary(const frontend::GraphNode& node);

/// One channel of BatchNormalization. Each step is rounded.
struct BatchNorm {
  double mean = 0;
  double deviation = 1;  ///< sqrt(variance + epsilon)
  double gamma = 1;
  double beta = 0;
  double operator()(double x) const { return (x - mean) / deviation * gamma + beta; }
};
/// One a channel of axis 1, from inputs 1 to 4; `channels` is the size of that axis.
std::vector<BatchNorm> read_batch_norm(const frontend::GraphNode& node, Inputs inputs, int64_t channels);

// --- quantizers ------------------------------------------------------------------------------------------------------

/// Quant, IntQuant or BipolarQuant.
struct QuantInputs {
  frontend::Array scale;       ///< broadcasts to the result
  frontend::Array zero_point;  ///< broadcasts to the result
  QuantSpec spec;              ///< scale and zero point aside
  /// The quantizer of the flat `element` of a result of this shape.
  QuantSpec at(const Dims& shape, int64_t element) const;
};
/// From inputs 1 to 3 (BipolarQuant: 1), which must be known.
QuantInputs read_quant(const frontend::GraphNode& node, Inputs inputs);

/// Trunc: version 1 has five inputs, version 2 six.
struct TruncInputs {
  frontend::Array scale;
  frontend::Array zero_point;
  frontend::Array out_scale;  ///< version 2; else one
  TruncSpec spec;             ///< scales and zero point aside
  TruncSpec at(const Dims& shape, int64_t element) const;
};
/// From inputs 1 to 5, which must be known.
TruncInputs read_trunc(const frontend::GraphNode& node, Inputs inputs);

/// MultiThreshold: out_scale * (number of thresholds t of the channel's row with x >= t) + out_bias.
struct MultiThreshold {
  int64_t channel_axis = 1;
  int64_t rows = 1;   ///< 1 or the size of the channel axis
  int64_t steps = 0;  ///< thresholds a row, sorted
  std::vector<double> thresholds;
  double out_scale = 1;
  double out_bias = 0;
  std::span<const double> row(int64_t channel) const;
  double operator()(double x, int64_t channel) const;
};
/// From input 1; `shape` is that of input 0.
MultiThreshold read_multi_threshold(const frontend::GraphNode& node, Inputs inputs, const Dims& shape);

// --- windows ---------------------------------------------------------------------------------------------------------

/// A window sliding over one or two spatial axes, [y, x]; with one axis that is x, and y is trivial. auto_pad and ceil_mode
/// are already in the pads. Every entry is at most frontend::kMaxElements.
struct SlidingWindow {
  std::array<int64_t, 2> input{1, 1};
  std::array<int64_t, 2> kernel{1, 1};
  std::array<int64_t, 2> stride{1, 1};
  std::array<int64_t, 2> dilation{1, 1};
  std::array<int64_t, 2> pad_begin{0, 0};
  std::array<int64_t, 2> pad_end{0, 0};
  std::array<int64_t, 2> output{1, 1};
  bool operator==(const SlidingWindow&) const = default;
  bool padded() const;
};

/// Conv over [N, C, x] or [N, C, y, x] with weights [M, C / groups, ...].
struct ConvAttributes {
  int64_t axes = 2;  ///< spatial axes, 1 or 2
  int64_t groups = 1;
  SlidingWindow window;
};
/// `shape` is that of input 0, `weights` that of input 1; the two are checked against each other.
ConvAttributes read_conv(const frontend::GraphNode& node, const Dims& shape, const Dims& weights);

/// MaxPool, MaxPoolNHWC, AveragePool, GlobalMaxPool, GlobalAveragePool, QuantAvgPool2d.
enum class PoolKind { kMax, kAverage, kSumShift };
struct PoolAttributes {
  PoolKind kind = PoolKind::kMax;
  int64_t axes = 2;  ///< spatial axes, 1 or 2
  bool channels_last = false;
  bool counts_padding = false;  ///< kAverage: the divisor is the kernel's size, else the number of elements inside
  int64_t shift = 0;            ///< kSumShift: the sum is divided by 2^shift and rounded down
  SlidingWindow window;
};
PoolAttributes read_pool(const frontend::GraphNode& node, const Dims& shape);

/// Im2Col over [N, y, x, C]: [N, oy, ox, kernel_y * kernel_x * C] in the order (ky, kx, c), or (c, ky, kx) if depthwise.
struct Im2Col {
  SlidingWindow window;
  double pad_value = 0;
  bool depthwise = false;
};
Im2Col read_im2col(const frontend::GraphNode& node, const Dims& shape);

// --- products --------------------------------------------------------------------------------------------------------

/// alpha * A' * B' + beta * C.
struct GemmAttributes {
  double alpha = 1;
  double beta = 1;
  bool transpose_a = false;
  bool transpose_b = false;
};
GemmAttributes read_gemm(const frontend::GraphNode& node);

// --- layout ----------------------------------------------------------------------------------------------------------

/// The result's shape of Reshape (input 1), Flatten, Squeeze, Unsqueeze (input 1 or attribute); `shape` is that of input 0.
Dims read_reshape(const frontend::GraphNode& node, Inputs inputs, const Dims& shape);

/// Shape: the sizes of an input of this shape, those from `start` to `end`.
frontend::Array read_shape(const frontend::GraphNode& node, const Dims& shape);

/// Transpose: result axis i is axis permutation[i] of the input.
Dims read_permutation(const frontend::GraphNode& node, size_t rank);

/// The `axis` attribute of Concat, Gather, Split, Softmax, LogSoftmax, as an index below `rank`.
int64_t read_axis(const frontend::GraphNode& node, size_t rank);

/// Slice: result index i of an axis is start + i * step of the input. One entry an axis of the input.
struct SliceAxis {
  int64_t start = 0;
  int64_t step = 1;
  int64_t count = 0;
  bool operator==(const SliceAxis&) const = default;
};
/// From attributes or inputs 1 to 4.
std::vector<SliceAxis> read_slice(const frontend::GraphNode& node, Inputs inputs, const Dims& shape);

/// Split: the sizes of the parts; from the attribute, input 1, or the number of outputs.
Dims read_split(const frontend::GraphNode& node, Inputs inputs, const Dims& shape);

/// Pad, constant mode. One entry an axis of the input.
struct PadAmounts {
  Dims begin, end;
  double value = 0;
};
/// From attributes or inputs 1 to 3.
PadAmounts read_pad(const frontend::GraphNode& node, Inputs inputs, const Dims& shape);

/// Resize and Upsample by whole factors, one an axis: result index i is i / factor of the input. Coordinate and rounding
/// modes that give anything else are Unsupported. From the attribute or inputs 1 to 3.
Dims read_upsample(const frontend::GraphNode& node, Inputs inputs, const Dims& shape);

struct DepthToSpace {
  int64_t block = 1;
  bool column_row_depth = false;  ///< mode CRD
};
DepthToSpace read_depth_to_space(const frontend::GraphNode& node, const Dims& shape);

// --- reductions ------------------------------------------------------------------------------------------------------

/// ReduceMean, ReduceSum: the axes, ascending (attribute or input 1), and whether they stay as 1.
struct ReduceAttributes {
  Dims axes;
  bool keep = true;
};
ReduceAttributes read_reduce(const frontend::GraphNode& node, Inputs inputs, size_t rank);

/// TopK (k from attribute or input 1) and ArgMax (k = 1, the axis dropped unless `keep`). Ties go to the lower index, for
/// ArgMax with select_last_index to the higher.
struct TopKAttributes {
  int64_t axis = 0;
  int64_t k = 1;
  bool largest = true;
  bool keep = true;
  bool last = false;
};
TopKAttributes read_top_k(const frontend::GraphNode& node, Inputs inputs, const Dims& shape);

}  // namespace bitloom::lower
