// SPDX-License-Identifier: Apache-2.0
//
// Dot as a step: what is known ahead (dot_compile.cc), and the run over pixels (dot.cc).
#pragma once

#include <cstdint>
#include <vector>

#include "aligned.h"
#include "bitloom/ir.h"
#include "frame.h"
#include "kernels.h"
#include "window.h"

namespace bitloom::engine {

/// A pixel of the output.
struct DotPosition {
  int32_t y = 0, x = 0;
  int64_t row = 0;        ///< in place: bytes from the beginning of the image
  int64_t constants = 0;  ///< of the first group: where they begin
};

/// Bytes that a kernel may read after the end of its input.
inline constexpr int64_t kPastEnd = 4;

struct DotStep {
  BufferId from = 0, to = 0;
  DotFunction kernel = nullptr;
  CountOnesFunction count_ones = nullptr;
  DotLayer layer;  ///< of a group; its pointers are set by layer_of
  ir::Shape in, out;
  ir::Window window;
  int64_t groups = 1;
  bool in_place = false;  ///< rows are where the input is; else they are put together in a chunk of pixels at a time
  bool weights_by_channel = false;          ///< kernels without lanes
  bool wide_values = false;                 ///< kValues: rows are of 16-bit numbers
  uint8_t outside = 0;                      ///< kValues: what lies outside the image
  int64_t row_bytes = 0;                    ///< of a row that was put together
  std::vector<Taps> row_taps, column_taps;  ///< inside the image, for each row and column of the output
  std::vector<DotPosition> positions;       ///< in the order in which they are computed: with pooling, window after window
  AlignedVector<uint32_t> weights;          ///< [group] of DotLayer::weights
  AlignedVector<int32_t> factors;           ///< [group] of DotLayer::factors
  AlignedVector<int32_t> thresholds;        ///< [group] of DotLayer::thresholds
  std::vector<uint32_t> toggles;
  std::vector<uint8_t> highest_bits;  ///< [group] of DotLayer::highest_bits
  AlignedVector<int32_t> constants;   ///< [row pattern][column pattern][group][block][kBlock]

  int64_t group_in() const { return in.channels / groups; }
  int64_t group_out() const { return out.channels / groups; }
  DotLayer layer_of(int64_t group) const;
  int64_t chunk_pixels() const;  ///< that are computed together; a multiple of kTile
  bool reads_past_end() const;
  int64_t scratch_bytes() const;
  int64_t parameter_bytes() const;
};

/// A Dot to accumulators or, with `threshold` (which must be over all channels in blocks of kBlock a group), to codes, or
/// with `pooled` to codes of which each 2 x 2 gave its largest.
DotStep make_dot(const ir::Dot& dot, const ir::Encoding& input, const ir::Shape& in, const ir::Shape& out,
                 const ir::Threshold* threshold, bool pooled, const Kernels& kernels);

void run(const DotStep& step, Frames& frames, int64_t images);

/// The same in parts, which may run at the same time: after `begin`, which zeroes the ends of words that kernels do not
/// write, positions `first` (a multiple of kTile) to before `last`, each part with a scratch of its own.
void begin(const DotStep& step, Frames& frames, int64_t images);
void run_part(const DotStep& step, Frames& frames, int64_t images, int64_t first, int64_t last, std::byte* scratch);

}  // namespace bitloom::engine
