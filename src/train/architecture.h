// SPDX-License-Identifier: Apache-2.0
//
// A recipe's network for given images, as a graph of operations with shapes: what the model computes and the exporter
// writes. Needs no LibTorch.
//
// Between quantizers all tensors are integers: the scale of a quantizer's values is left out, since the normalization (or
// the one scale of the logits) behind the next product makes up for any. That is the integer scaling of isometric residual
// binarization (equation 9) for every method.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "bitloom/train.h"

namespace bitloom::train {

/// The images: pixel - 128, or signs.
struct ImageOp {
  Input input = Input::kSign;
};

/// Fully connected (dense) or convolution, with the integers of its quantizer as weights.
struct ProductOp {
  bool dense = false;
  int64_t inputs = 0;  ///< channels of the input, all groups together
  int64_t outputs = 0;
  int64_t kernel = 1, stride = 1, padding = 0, dilation = 1, groups = 1;
  Quantizer weights;
  std::vector<int64_t> weight_shape() const;  ///< [output][input / groups][y][x], dense: [output][input]
  int64_t terms() const;                      ///< of each sum
};

struct MaxPoolOp {
  int64_t size = 2;
};

/// Sums of windows: averages without the division.
struct SumPoolOp {
  int64_t size = 2;
};

inline constexpr double kNormEpsilon = double{1e-5F};  ///< of batch normalization; a 32-bit float, as files have it

/// Normalization of each channel, or (without) a product with `factor`, a power of two; then the quantizer's integers.
struct QuantizeOp {
  Quantizer quantizer;
  bool norm = true;
  double factor = 1;
};

struct AddOp {};

/// [y][x][channel] as one vector in [channel][y][x] order.
struct FlattenOp {};

struct LogitsOp {
  Logits kind = Logits::kNorm;
};

using Op = std::variant<ImageOp, ProductOp, MaxPoolOp, SumPoolOp, QuantizeOp, AddOp, FlattenOp, LogitsOp>;

struct Node {
  std::string name;
  Op op;
  std::vector<size_t> inputs;  ///< nodes before this one
  int64_t height = 1, width = 1, channels = 1;
  int64_t magnitude = 0;  ///< no integer of the result is larger; not for kFloat
  bool flat = false;      ///< a vector, not an image
};

struct Architecture {
  std::vector<Node> nodes;  ///< the first is the image, the last the logits
  bool is_float = false;    ///< true if a quantizer is kFloat; such a network cannot be exported
};

/// Throws Error naming the layer that does not fit what comes in, Unsupported if the network is too large.
Architecture plan(const Recipe& recipe, int64_t height, int64_t width, int64_t channels, int64_t classes);

}  // namespace bitloom::train
