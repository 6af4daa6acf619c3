// SPDX-License-Identifier: Apache-2.0
//
// The integer representation of a network, and what it means.
//
// Every tensor is a weighted sum of bit planes (Encoding). A Network is a DAG of typed layers over such tensors; it holds
// integers only (the real numbers of Input and Output describe the world outside). `evaluate` is the definition of what a
// network computes: every backend agrees with it bit for bit.
//
// Conventions, fixed in docs/reference/numerics.md:
//   * tensors are [image][y][x][channel], channel fastest; a fully connected tensor is 1 x 1 x channels;
//   * bit i of a packed plane is bit i % 64 of word i / 64 (on disk and on the wire: bit i % 8 of byte i / 8);
//   * code bit p belongs to plane p, so plane 0 is the least significant bit of a code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bitloom/error.h"

namespace bitloom::ir {

// ---------------------------------------------------------------------------------------------------------------------
// Limits. A reader refuses what lies beyond them before it allocates anything.

inline constexpr int kMaxPlanes = 16;                       ///< bit planes of one encoding
inline constexpr int64_t kMaxElements = int64_t{1} << 28;   ///< elements of one tensor, or weights of one layer
inline constexpr int kMaxNodes = 100000;                    ///< nodes of one network
inline constexpr int kMaxWindow = 65536;                    ///< each number of a window, a block, an enlargement
inline constexpr int32_t kMinValue = -2147483647;           ///< of any tensor's elements, and of codes not in use
inline constexpr int32_t kMaxValue = 2147483646;            ///< 2^31 - 1 itself is kept free for "never"

// ---------------------------------------------------------------------------------------------------------------------
// Encodings

/// How codes stand for integers: value(code) = bias + sum over p of coefficients[p] * bit p of code.
///
/// Only values in [lowest, highest] occur; an encoding is narrow when it leaves some of its codes unused. Coefficients may
/// be negative (two's complement). Two codes may mean the same value (ternary); then the smaller code is the canonical one.
struct Encoding {
  std::vector<int32_t> coefficients;  ///< one a plane, 1 to kMaxPlanes of them
  int32_t bias = 0;
  int32_t lowest = 0;   ///< smallest value that occurs
  int32_t highest = 0;  ///< largest value that occurs

  bool operator==(const Encoding&) const = default;

  /// -1, +1 in one plane (BinaryNet, FINN W1 / A1).
  static Encoding bipolar();
  /// 0 .. 2^bits - 1 (DoReFa activations, pixels); bits 1 to 16.
  static Encoding unsigned_bits(int bits);
  /// Two's complement; `narrow` leaves out -2^(bits-1). bits 1 to 16, narrow from 2.
  static Encoding signed_bits(int bits, bool narrow = false);
  /// -1, 0, +1 in two balanced planes: (t0 + t1) / 2 with t in {-1, +1}. Zero is code 1 (and 2).
  static Encoding ternary();
  /// The 2^m odd values -(2^m - 1) .. 2^m - 1: residual binarization with factors gamma / 2^(i-1), equation (7) of
  /// isometric residual binarization. m 1 to 16.
  static Encoding isometric(int m);
  /// sum of +-factors[p] (ReBNet, gamma in fixed point). 1 to 16 positive factors.
  static Encoding residual(std::span<const int32_t> factors);
  /// bias + step * k for k = 0 .. steps (a MultiThreshold with out_scale and out_bias). step > 0, steps 1 to 65535.
  static Encoding affine(int32_t step, int32_t bias, int32_t steps);
  /// The encoding with the fewest planes for values in these bounds: bipolar if `all_odd` and within -1..1, isometric if
  /// `all_odd`, ternary for -1..1, unsigned if lowest >= 0, else signed (narrow if it can be).
  static Encoding smallest(int32_t lowest, int32_t highest, bool all_odd);

  int planes() const { return static_cast<int>(coefficients.size()); }
  int32_t value(uint32_t code) const;
  /// The values that occur, ascending, without repeats. At least two.
  std::vector<int32_t> levels() const;
  /// The canonical code of each level, in the order of levels().
  std::vector<uint32_t> level_codes() const;
  /// The canonical code of a value. Throws Error when no code in use means it.
  uint32_t code(int32_t value) const;
  /// True if 0 is one of the levels.
  bool has_zero() const;
};

/// Throws Error when the encoding breaks a rule above (plane count, empty or inverted range, overflow of int32).
void check(const Encoding& encoding);

/// An integer tensor that has not been quantized: an accumulator, a sum, an index. Bounds are inclusive and exact for
/// the layer that makes it, given that its input takes every value of its own bounds.
struct Range {
  int32_t lowest = 0;
  int32_t highest = 0;
  bool operator==(const Range&) const = default;
};

/// Height, width, channels of one image's tensor.
struct Shape {
  int32_t height = 1;
  int32_t width = 1;
  int32_t channels = 1;
  bool operator==(const Shape&) const = default;
  int64_t elements() const { return int64_t{height} * width * channels; }
};

/// What a tensor of a network may hold: codes of an encoding, or plain integers within a range.
struct TensorType {
  Shape shape;
  std::variant<Encoding, Range> element;

  bool operator==(const TensorType&) const = default;
  /// The encoding of a coded tensor; null for plain integers.
  const Encoding* encoding() const { return std::get_if<Encoding>(&element); }
  /// Bounds of the values, for either kind.
  Range range() const;
};

/// Values (never codes) of a batch of images, [image][y][x][channel].
struct Tensor {
  Shape shape;
  int64_t images = 0;
  std::vector<int32_t> values;  ///< images * shape.elements()

  bool operator==(const Tensor&) const = default;
  static Tensor zeros(const Shape& shape, int64_t images);
  /// True if there are as many values as shape and images say.
  bool complete() const;
  std::span<int32_t> image(int64_t index);
  std::span<const int32_t> image(int64_t index) const;
};

// ---------------------------------------------------------------------------------------------------------------------
// Wire format of one image's tensor

/// Bytes of one image's tensor on a link or in a file: ceil(elements / 8) a plane for codes; 1, 2 or 4 an element for plain
/// integers, the fewest that hold the range.
int64_t packed_bytes(const TensorType& type);

/// Packs one image. Codes: plane after plane, element i (y, x, channel order) in bit i % 8 of byte i / 8, rest bits zero.
/// Plain integers: two's complement, little endian. Throws Error if a value does not belong to the type.
std::vector<std::byte> pack(const TensorType& type, std::span<const int32_t> values);

/// The inverse of pack. Throws Error if `bytes` has another length than packed_bytes(type), or holds a code or a number
/// outside the type's range.
std::vector<int32_t> unpack(const TensorType& type, std::span<const std::byte> bytes);

// ---------------------------------------------------------------------------------------------------------------------
// Weights

/// Rows of bit planes, immutable and shared between copies (and with a memory-mapped file).
///
/// Bit k of plane p of row r is bit k % 64 of word(r, p, k / 64). Bits past `columns` are zero.
class BitMatrix {
 public:
  BitMatrix() = default;
  /// Codes in row-major order, rows x columns of them, each below 2^planes.
  BitMatrix(int64_t rows, int64_t columns, int planes, std::span<const uint32_t> codes);
  /// A view of rows * planes * words_per_row() words that live as long as `owner`. Throws Error if the count is wrong or a
  /// bit past `columns` is set.
  BitMatrix(int64_t rows, int64_t columns, int planes, std::span<const uint64_t> words, std::shared_ptr<const void> owner);

  int64_t rows() const { return rows_; }
  int64_t columns() const { return columns_; }
  int planes() const { return planes_; }
  int64_t words_per_row() const { return (columns_ + 63) / 64; }  ///< of one plane
  std::span<const uint64_t> words() const { return words_; }
  std::span<const uint64_t> plane(int64_t row, int plane) const;
  uint32_t code(int64_t row, int64_t column) const;

  bool operator==(const BitMatrix& other) const;

 private:
  int64_t rows_ = 0, columns_ = 0;
  int planes_ = 0;
  std::span<const uint64_t> words_;
  std::shared_ptr<const void> owner_;
};

// ---------------------------------------------------------------------------------------------------------------------
// Layers

/// A sliding window. Outside the image lies the value 0 for Dot and SumPool, and nothing at all for MaxPool.
struct Window {
  int32_t kernel_h = 1, kernel_w = 1;
  int32_t stride_h = 1, stride_w = 1;
  int32_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
  int32_t dilation_h = 1, dilation_w = 1;
  bool operator==(const Window&) const = default;
  bool padded() const { return pad_top != 0 || pad_left != 0 || pad_bottom != 0 || pad_right != 0; }
};

/// How real numbers from outside become the codes of an Input: level index = number of thresholds t with x >= t (x <= t for
/// a descending row, whose thresholds are sorted descending). rows is 1 or the channel count.
struct RealQuantizer {
  int32_t rows = 1;
  std::vector<float> thresholds;    ///< rows x (levels - 1); +-infinity for a level that is never / always reached
  std::vector<uint8_t> descending;  ///< one a row
  bool operator==(const RealQuantizer&) const = default;
};

/// A tensor from outside.
struct Input {
  Shape shape;
  std::variant<Encoding, Range> element;
  std::optional<RealQuantizer> real;  ///< set when users hand over real numbers
  bool operator==(const Input&) const = default;
};

/// Convolution or (1 x 1 window on a 1 x 1 image) fully connected layer, as cross-correlation. The input is encoded, never
/// plain integers. Output: Range.
/// y[oy][ox][n] = sum over ky, kx, c of weight(n, (ky * kernel_w + kx) * C + c) * x[oy * stride_h - pad_top + ky *
/// dilation_h][...][g * C + c], with C input channels a group and g = n / (output channels a group).
struct Dot {
  Window window;
  int32_t groups = 1;
  Encoding encoding;  ///< of the weights
  BitMatrix weights;  ///< output channels x (kernel_h * kernel_w * input channels / groups)
  bool operator==(const Dot&) const = default;
};

/// Integers -> codes. Level index = number of thresholds t of the channel's row with x >= t; a descending channel has
/// (levels - 1) minus that. Thresholds ascend within a row. A level that is always (never) reached has a threshold at or
/// below (above) the input's range.
struct Threshold {
  Encoding encoding;                ///< of the output
  int32_t rows = 1;                 ///< 1 (all channels alike) or the channel count
  std::vector<int32_t> thresholds;  ///< rows x (levels - 1)
  std::vector<uint8_t> descending;  ///< one a row
  bool operator==(const Threshold&) const = default;
};

/// Largest value of each window; a window must hold at least one element of the image. Keeps the element type.
struct MaxPool {
  Window window;
  bool operator==(const MaxPool&) const = default;
};

/// Sum of each window, channel by channel. Output: Range.
struct SumPool {
  Window window;
  bool operator==(const SumPool&) const = default;
};

/// sum over inputs i of multipliers[i] * x_i; all inputs have one shape. Output: Range.
struct Add {
  std::vector<int32_t> multipliers;
  bool operator==(const Add&) const = default;
};

/// Joins along channels; all inputs have one height, width and element type.
struct Concat {
  bool operator==(const Concat&) const = default;
};

/// Channels begin .. end - 1.
struct Slice {
  int32_t begin = 0;
  int32_t end = 0;
  bool operator==(const Slice&) const = default;
};

/// Same elements, other shape. Elements are read and written in [y][x][channel] order, or, with `channels_first`, in
/// [channel][y][x] order as ONNX does.
struct Reshape {
  Shape shape;
  bool channels_first = false;
  bool operator==(const Reshape&) const = default;
};

/// y[oy][ox][c] = x[oy / block][ox / block][...]: channel c * block^2 + by * block + bx when `column_row_depth` (ONNX mode
/// CRD, sub-pixel convolution), (by * block + bx) * C + c otherwise (mode DCR).
struct DepthToSpace {
  int32_t block = 1;
  bool column_row_depth = false;
  bool operator==(const DepthToSpace&) const = default;
};

/// Nearest-neighbour enlargement by whole factors.
struct Upsample {
  int32_t factor_h = 1;
  int32_t factor_w = 1;
  bool operator==(const Upsample&) const = default;
};

/// Names a result and says what its integers mean: real = scale[c] * x + offset[c], computed in float64 as a product and a
/// sum, each rounded. Each vector has one entry for all channels or one a channel. The integers pass unchanged.
struct Output {
  std::vector<double> scale{1.0};
  std::vector<double> offset{0.0};
  bool operator==(const Output&) const = default;
};

/// Indices of the k largest entries of a 1 x 1 x C tensor, largest first, ties to the lower index. Over an Output the real
/// numbers are compared, else the integers.
struct TopK {
  int32_t k = 1;
  bool operator==(const TopK&) const = default;
};

using Layer = std::variant<Input, Dot, Threshold, MaxPool, SumPool, Add, Concat, Slice, Reshape, DepthToSpace, Upsample,
                           Output, TopK>;

/// The layer's lower-case name as the text form has it: "dot", "max_pool" ...
std::string_view layer_name(const Layer& layer);

// ---------------------------------------------------------------------------------------------------------------------
// Networks

using NodeId = int32_t;

struct Node {
  std::string name;  ///< unique in the network, not empty
  Layer layer;
  std::vector<NodeId> inputs;
  TensorType type;  ///< of the result; follows from the layer and its inputs
  bool operator==(const Node&) const = default;
};

/// A DAG of layers. Nodes are in topological order: every input of a node has a smaller id.
struct Network {
  std::string name;
  std::vector<Node> nodes;
  std::vector<NodeId> outputs;       ///< what a run returns, in this order
  std::vector<std::string> classes;  ///< names of the classes; may be empty
  bool operator==(const Network&) const = default;

  /// Appends a node and derives its type. Throws Error naming the node when the layer does not fit its inputs.
  NodeId add(std::string node_name, Layer layer, std::vector<NodeId> inputs = {});
  /// Ids of the Input nodes, in order.
  std::vector<NodeId> inputs() const;
  /// The id of the node of that name. Throws Error listing close names when there is none.
  NodeId find(std::string_view node_name) const;
};

/// The type of a layer's result. Throws Error (without a place) when the layer does not fit these inputs: shapes, counts,
/// thresholds not ascending, accumulator beyond int32 (the largest int32 itself is kept free for "never").
TensorType infer_type(const Layer& layer, std::span<const TensorType> inputs);

/// Exact bounds of each output channel of a Dot over inputs in `input`. Padding adds the value 0 to what may occur.
std::vector<Range> channel_ranges(const Dot& dot, const Range& input);

/// Throws Error naming the node if the network breaks any rule of this header: order, names, arity, types, outputs.
void verify(const Network& network);

/// Cuts after node `last` (and all before it): `first` computes the nodes 0 .. last, `second` the rest. The outputs of
/// `first` are the inputs of `second`, in this order and of these types; the outputs of `second` are the network's own.
/// Output and TopK nodes always stay in `second`. Throws Error if nothing would remain on one side.
struct Halves {
  Network first;
  Network second;
};
Halves cut(const Network& network, NodeId last);
/// The same between the nodes of `first` (a flag a node) and the rest; Input nodes are always among the first, Output and
/// TopK nodes never. Throws Error naming both nodes if one of `first` reads one of the rest.
Halves cut(const Network& network, const std::vector<bool>& first);

/// Bytes of one image that cross a cut after node `last`.
int64_t cut_bytes(const Network& network, NodeId last);
/// The nodes whose tensors cross a cut between `first` and the rest, ascending.
std::vector<NodeId> cut_tensors(const Network& network, const std::vector<bool>& first);

/// Multiply-accumulates of one image (a Dot's only); twice that are the operations the literature counts.
int64_t multiply_accumulates(const Network& network);
int64_t multiply_accumulates(const Network& network, NodeId node);

// ---------------------------------------------------------------------------------------------------------------------
// Meaning

/// Throws Error, naming the input, unless there is one tensor for each Input node, in order, of its shape and of values
/// that its type has, and all have the same number of images.
void check_inputs(const Network& network, std::span<const Tensor> inputs);

/// The reference executor: plain integer loops, no tricks. One tensor an Input node, in order, all with the same number of
/// images; returns one tensor an output. Throws Error as `verify` and `check_inputs` do.
std::vector<Tensor> evaluate(const Network& network, std::span<const Tensor> inputs);

/// The same, but returns the result of every node.
std::vector<Tensor> evaluate_all(const Network& network, std::span<const Tensor> inputs);

/// Codes by a RealQuantizer: values of `input.element` for one image's real numbers in [y][x][channel] order.
std::vector<int32_t> quantize(const Input& input, std::span<const float> reals);

/// The real numbers that an Output's integers stand for, one image.
std::vector<double> reals(const Output& output, std::span<const int32_t> values);

/// Index of the predicted class of each image, from the tensors that a run returned: the last TopK among the outputs if
/// there is one, else the largest real of the last Output of shape 1 x 1 x C, ties to the lower index. Throws Error if the
/// network has neither.
std::vector<int32_t> predicted_classes(const Network& network, std::span<const Tensor> outputs);

/// How many classes `predicted_classes` chooses among; 0 for a network that predicts none.
int64_t class_count(const Network& network);

// ---------------------------------------------------------------------------------------------------------------------
// Text

/// Weights as they are, or (for tests and diffs of structure) only their sizes.
enum class WeightText { kHex, kOmitted };

/// A readable, diffable form; grammar in docs/reference/text-form.md. parse(print(n)) == n.
std::string print(const Network& network, WeightText weights = WeightText::kHex);

/// Reads the text form. `seed(n)` in place of weights or thresholds fills them with a fixed random sequence. Throws Error
/// with the line number.
Network parse(std::string_view text);

/// One encoding as text: "bipolar", "unsigned4", "signed2", "signed2n" (narrow), "ternary", "isometric3",
/// "planes(3,2;-5;-5..5)" (coefficients; bias; range).
std::string print(const Encoding& encoding);
Encoding parse_encoding(std::string_view text);

// ---------------------------------------------------------------------------------------------------------------------
// Files

/// Writes a .bloom file (FlatBuffers, docs/reference/bloom-file.md) under a temporary name and renames it. Throws Error if
/// the file cannot be written.
void save(const Network& network, const std::filesystem::path& path);

/// Maps a .bloom file, verifies it (structure, version, every rule of `verify`), and returns the network, whose weights
/// share the mapping. Throws Error naming the file and the fault.
Network load(const std::filesystem::path& path);

/// The same for bytes in memory; `name` stands for the file in errors. `owner` keeps the bytes alive; they are 8-byte aligned.
Network load(std::span<const std::byte> bytes, std::shared_ptr<const void> owner, std::string_view name);

/// True if the bytes begin like a .bloom file.
bool is_bloom(std::span<const std::byte> bytes);

// ---------------------------------------------------------------------------------------------------------------------
// Random networks, for property tests and benchmarks

struct RandomOptions {
  int max_layers = 6;        ///< Dot layers
  int max_channels = 24;     ///< of most tensors; with 24 or more allowed, now and then up to 130, to cross a word's end
  int max_image = 10;        ///< height and width
  bool branches = true;      ///< Add, Concat, Slice
};

/// A valid random network: every encoding, ascending, descending and constant thresholds, pads, strides, dilations, groups,
/// pooling, branches. The same seed gives the same network on every machine.
Network random_network(uint64_t seed, const RandomOptions& options = {});

/// Random values of the type of each Input node.
std::vector<Tensor> random_inputs(const Network& network, int64_t images, uint64_t seed);

}  // namespace bitloom::ir
