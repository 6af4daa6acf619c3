// SPDX-License-Identifier: Apache-2.0
//
// What a compiled network does with an image, step by step. A step reads and writes buffers of a frame; its parameters are
// ready for use, so `run` decides nothing and cannot fail. One source file for each kind of idea.
//
// A tensor is plain integers, [y][x][channel], or bit planes (codec.h). The compiler (compile.cc) chooses, and converts
// with Pack and Unpack where the two meet.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "bitloom/ir.h"
#include "codec.h"
#include "frame.h"
#include "thresholder.h"
#include "window.h"

namespace bitloom::engine {

/// Integers, all of them levels of an encoding, to planes.
struct PackStep {
  BufferId from = 0, to = 0;
  ir::Shape shape;
  Codec codec;
};

/// Planes to integers.
struct UnpackStep {
  BufferId from = 0, to = 0;
  ir::Shape shape;
  Codec codec;
};

/// Dot (dot.cc), to integers or, with `threshold`, straight to planes.
struct DotStep {
  BufferId from = 0, to = 0;
  std::optional<BufferId> rows;  ///< where a tile's input rows are put together; none if the input's pixels are the rows
  ir::Shape in, out;
  ir::Window window;
  int64_t groups = 1;
  int x_planes = 0, w_planes = 0;
  std::vector<Taps> row_taps, column_taps;             ///< inside the image, for each row and column of the output
  std::vector<int32_t> row_patterns, column_patterns;  ///< number of the border correction, likewise
  int64_t column_pattern_count = 1;
  std::vector<uint64_t> weights;           ///< [group][block][w plane][word][lane]
  std::vector<uint64_t> coefficients;      ///< [x plane][w plane]
  std::vector<uint64_t> row_coefficients;  ///< [x plane]; empty for balanced weights
  std::vector<uint64_t> constants;         ///< [row pattern][column pattern][group][chunk][kChunk]
  std::optional<Thresholder> threshold;

  int64_t group_in() const { return in.channels / groups; }
  int64_t group_out() const { return out.channels / groups; }
  int64_t row_words() const;  ///< of one plane of an input row
  int64_t group_chunks() const { return (group_out() + kChunk - 1) / kChunk; }
};
DotStep make_dot(const ir::Dot& dot, const ir::Encoding& input, const ir::Shape& in, const ir::Shape& out);
int64_t rows_bytes(const DotStep& step);  ///< of the buffer `rows`; 0 if it needs none

/// Integers to planes.
struct ThresholdStep {
  BufferId from = 0, to = 0;
  ir::Shape shape;
  Thresholder threshold;
};

/// MaxPool over planes.
struct PlanePoolStep {
  BufferId from = 0, to = 0;
  ir::Shape in, out;
  ir::Window window;
  Codec codec;
  bool one_is_larger = true;  ///< one plane: whether its 1 is the larger value
  BufferId values = 0;        ///< more planes: working space for two pixels
};

/// MaxPool or SumPool over integers.
struct IntegerPoolStep {
  enum class Kind { kMax, kSum };
  BufferId from = 0, to = 0;
  ir::Shape in, out;
  ir::Window window;
  Kind kind = Kind::kMax;
};

/// Weighted sum of tensors, all integers.
struct AddStep {
  std::vector<BufferId> from;
  BufferId to = 0;
  int64_t elements = 0;
  std::vector<int32_t> multipliers;
};

/// Concat, Slice, Reshape, DepthToSpace or Upsample: elements go elsewhere and stay what they are.
struct LayoutStep {
  std::vector<BufferId> from;
  BufferId to = 0;
  std::vector<ir::Shape> in;
  ir::Shape out;
  int planes = 0;  ///< 0: integers
  ir::Layer layer;
};

/// Indices of the largest.
struct TopKStep {
  BufferId from = 0, to = 0;
  int32_t channels = 0;
  int32_t k = 1;
  std::optional<ir::Output> reals;  ///< compares the real numbers that the integers stand for
  BufferId order = 0;               ///< working space: an index a channel
  BufferId keys = 0;                ///< working space: a real number a channel
};

using Step = std::variant<PackStep, UnpackStep, DotStep, ThresholdStep, PlanePoolStep, IntegerPoolStep, AddStep, LayoutStep,
                          TopKStep>;

void run(const PackStep& step, Frame& frame);
void run(const UnpackStep& step, Frame& frame);
void run(const DotStep& step, Frame& frame);
void run(const ThresholdStep& step, Frame& frame);
void run(const PlanePoolStep& step, Frame& frame);
void run(const IntegerPoolStep& step, Frame& frame);
void run(const AddStep& step, Frame& frame);
void run(const LayoutStep& step, Frame& frame);
void run(const TopKStep& step, Frame& frame);

}  // namespace bitloom::engine
