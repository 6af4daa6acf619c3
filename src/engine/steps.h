// SPDX-License-Identifier: Apache-2.0
//
// What a compiled network does with an image, step by step. A step reads and writes buffers of a frame; its parameters are
// ready for use, so `run` decides nothing and cannot fail. One source file for each kind of idea.
//
// A tensor is plain integers, [y][x][channel], or bit planes (codec.h). The compiler (compile.cc) chooses, and converts
// with Pack and Unpack where the two meet.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "bitloom/ir.h"
#include "codec.h"
#include "dot.h"
#include "frame.h"
#include "thresholder.h"

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

/// Integers to bytes.
struct NarrowStep {
  BufferId from = 0, to = 0;
  int64_t elements = 0;
  int32_t offset = 0;
};

/// Bytes to integers.
struct WidenStep {
  BufferId from = 0, to = 0;
  int64_t elements = 0;
  int32_t offset = 0;
};

/// Bytes to bytes: thresholds alike for all channels, or any other function of one byte.
struct LookupStep {
  BufferId from = 0, to = 0;
  int64_t elements = 0;
  std::array<uint8_t, 256> table{};
};

/// Integers to planes.
struct ThresholdStep {
  BufferId from = 0, to = 0;
  ir::Shape shape;
  Thresholder threshold;
};

/// Bytes to one plane: one threshold for all.
struct ByteThresholdStep {
  BufferId from = 0, to = 0;
  ir::Shape shape;
  int32_t threshold = 0;  ///< of the bytes, 0 to 256
  bool inverted = false;  ///< bits of what has not been reached
  void (*reached)(const uint8_t* bytes, int64_t count, uint8_t threshold, uint8_t* bits) = nullptr;
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

using Step = std::variant<PackStep, UnpackStep, NarrowStep, WidenStep, DotStep, ThresholdStep, ByteThresholdStep,
                          LookupStep, PlanePoolStep, IntegerPoolStep, AddStep, LayoutStep, TopKStep>;

void run(const PackStep& step, Frame& frame);
void run(const UnpackStep& step, Frame& frame);
void run(const NarrowStep& step, Frame& frame);
void run(const WidenStep& step, Frame& frame);
void run(const ThresholdStep& step, Frame& frame);
void run(const ByteThresholdStep& step, Frame& frame);
void run(const LookupStep& step, Frame& frame);
void run(const PlanePoolStep& step, Frame& frame);
void run(const IntegerPoolStep& step, Frame& frame);
void run(const AddStep& step, Frame& frame);
void run(const LayoutStep& step, Frame& frame);
void run(const TopKStep& step, Frame& frame);

/// What a step does, in words.
std::string describe(const Step& step);

/// One step for the first `images` images.
void run(const Step& step, Frames& frames, int64_t images);

}  // namespace bitloom::engine
