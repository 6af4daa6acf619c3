// SPDX-License-Identifier: Apache-2.0
//
// Dot over planes: puts the input rows of a tile of pixels together, multiplies, and stores accumulators or codes. The
// mathematics is in dot_compile.cc.
//
// A row holds, plane by plane, the bits under the window in the order of the weights: taps, and channels within a tap. A
// group's channels are cut out on the way, so groups need nothing else.
#include <algorithm>
#include <bit>

#include "bits.h"
#include "dot_kernel.h"
#include "steps.h"

namespace bitloom::engine {
namespace {

/// One pixel of the output.
struct Place {
  int64_t y = 0;
  int64_t x = 0;
};

/// Fills the row of one pixel and group. Bits of taps outside the image stay zero.
void gather_row(const DotStep& step, const uint64_t* image, const Place& place, int64_t group, uint64_t* row) {
  const int64_t words = step.row_words(), pixel_words = words_for(step.in.channels);
  const int64_t channels = step.group_in(), first_channel = group * channels;
  const Axis y = rows_of(step.window, step.in), x = columns_of(step.window, step.in);
  const Taps& rows = step.row_taps[static_cast<size_t>(place.y)];
  const Taps& columns = step.column_taps[static_cast<size_t>(place.x)];
  std::fill_n(row, step.x_planes * words, uint64_t{0});
  for (int64_t ky = rows.begin; ky < rows.end; ++ky) {
    const uint64_t* line = image + y.position(place.y, ky) * step.in.width * step.x_planes * pixel_words;
    for (int64_t kx = columns.begin; kx < columns.end; ++kx) {
      const uint64_t* pixel = line + x.position(place.x, kx) * step.x_planes * pixel_words;
      const int64_t bit = (ky * x.kernel + kx) * channels;
      for (int p = 0; p < step.x_planes; ++p) {
        copy_bits(row + p * words, bit, pixel + p * pixel_words, first_channel, channels);
      }
    }
  }
}

uint64_t row_term(const DotStep& step, const uint64_t* row) {
  const int64_t words = step.row_words();
  uint64_t term = 0;
  for (const uint64_t coefficient : step.row_coefficients) {
    uint64_t ones = 0;
    for (int64_t k = 0; k < words; ++k) ones += static_cast<uint64_t>(std::popcount(row[k]));
    term += coefficient * ones;
    row += words;
  }
  return term;
}

/// Stores up to kChunk channels of one pixel.
void store(const DotStep& step, const int32_t* accumulators, int64_t pixel, int64_t group, int64_t chunk, Frame& frame) {
  const int64_t channel = group * step.group_out() + chunk * kChunk;
  const int64_t count = std::min<int64_t>(kChunk, step.group_out() - chunk * kChunk);
  if (!step.threshold) {
    std::copy_n(accumulators, count, frame.ints_to_write(step.to) + pixel * step.out.channels + channel);
    return;
  }
  const int64_t plane_words = words_for(step.out.channels);
  uint64_t* to = frame.planes_to_write(step.to) + pixel * step.threshold->planes() * plane_words;
  step.threshold->apply(accumulators, group * step.group_chunks() + chunk, channel, count, to, plane_words);
}

/// Finds or builds the rows of `tile.pixels` pixels from `first` on, and what goes with them.
void begin_tile(const DotStep& step, int64_t first, int64_t group, Frame& frame, DotTile& tile) {
  const uint64_t* image = frame.planes(step.from);
  const int64_t row_size = step.x_planes * step.row_words();
  for (int t = 0; t < tile.pixels; ++t) {
    const Place place{(first + t) / step.out.width, (first + t) % step.out.width};
    if (step.rows) {
      uint64_t* row = frame.planes_to_write(*step.rows) + t * row_size;
      gather_row(step, image, place, group, row);
      tile.rows[t] = row;
    } else {
      tile.rows[t] = image + (place.y * step.window.stride_h * step.in.width + place.x * step.window.stride_w) * row_size;
    }
    tile.row_terms[t] = row_term(step, tile.rows[t]);
    const int64_t pattern = step.row_patterns[static_cast<size_t>(place.y)] * step.column_pattern_count +
                            step.column_patterns[static_cast<size_t>(place.x)];
    tile.constants[t] = step.constants.data() + (pattern * step.groups + group) * step.group_chunks() * kChunk;
  }
}

/// All output channels of a group, for the pixels of a tile.
void run_tile(const DotStep& step, int64_t first, int64_t group, Frame& frame, DotTile tile) {
  alignas(64) int32_t accumulators[kTile * kChunk] = {};
  const int64_t blocks = (step.group_out() + kLanes - 1) / kLanes;
  const int64_t block_words = step.w_planes * tile.words * kLanes;
  tile.weights = step.weights.data() + group * blocks * block_words;
  for (int64_t chunk = 0; chunk < step.group_chunks(); ++chunk) {
    constexpr int64_t kChunkBlocks = kChunk / kLanes;
    tile.blocks = static_cast<int>(std::min(kChunkBlocks, blocks - chunk * kChunkBlocks));
    dot_tile(tile, accumulators);
    for (int t = 0; t < tile.pixels; ++t) store(step, accumulators + t * kChunk, first + t, group, chunk, frame);
    tile.weights += tile.blocks * block_words;
    for (int t = 0; t < tile.pixels; ++t) tile.constants[t] += kChunk;
  }
}

}  // namespace

void run(const DotStep& step, Frame& frame) {
  const int64_t pixels = int64_t{step.out.height} * step.out.width;
  if (step.threshold) {
    const int64_t words = pixels * step.threshold->planes() * words_for(step.out.channels);
    std::fill_n(frame.planes_to_write(step.to), words, uint64_t{0});
  }
  DotTile tile;
  tile.x_planes = step.x_planes;
  tile.w_planes = step.w_planes;
  tile.words = step.row_words();
  tile.coefficients = step.coefficients.data();
  for (int64_t group = 0; group < step.groups; ++group) {
    for (int64_t first = 0; first < pixels; first += tile.pixels) {
      tile.pixels = pixels - first >= kTile ? kTile : 1;
      begin_tile(step, first, group, frame, tile);
      run_tile(step, first, group, frame, tile);
    }
  }
}

}  // namespace bitloom::engine
