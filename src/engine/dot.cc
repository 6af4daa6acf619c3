// SPDX-License-Identifier: Apache-2.0
//
// Dot over the pixels of all images in flight, a chunk at a time: so many that their rows stay in the first cache while the
// weights pass. Fully connected layers have one pixel an image, and so share each load of weights over images.
//
// Where the row under a window does not lie in memory as the weights want it (padding, channels that do not fill words,
// groups, values), it is put together first.
#include "dot.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "bits.h"

namespace bitloom::engine {
namespace {

constexpr int64_t kMostPixels = 64;  // of a chunk
constexpr int64_t kChunkBytes = 16 * 1024;

/// One pixel of the output.
struct Place {
  int64_t y = 0;
  int64_t x = 0;
};

/// Copies a few bytes without a call.
void copy_run(std::byte* to, const std::byte* from, int64_t bytes) {
  if (bytes >= 8 && bytes <= 16) {
    uint64_t head, tail;
    std::memcpy(&head, from, 8);
    std::memcpy(&tail, from + bytes - 8, 8);
    std::memcpy(to, &head, 8);
    std::memcpy(to + bytes - 8, &tail, 8);
  } else {
    std::memcpy(to, from, static_cast<size_t>(bytes));
  }
}

/// Puts rows together.
class Gatherer {
 public:
  Gatherer(const DotStep& step, int64_t group)
      : step_(step),
        y_(rows_of(step.window, step.in)),
        x_(columns_of(step.window, step.in)),
        channels_(step.group_in()),
        first_channel_(group * step.group_in()) {}

  void planes(const uint64_t* image, const Place& place, uint64_t* row) const {
    const int64_t words = step_.layer.x_plane_stride / 8, pixel_words = words_for(step_.in.channels);
    const int64_t plane_words = int64_t{step_.in.height} * step_.in.width * pixel_words;
    const Taps& rows = step_.row_taps[static_cast<size_t>(place.y)];
    const Taps& columns = step_.column_taps[static_cast<size_t>(place.x)];
    const bool whole_words = channels_ % 64 == 0;
    // Bits of taps outside the image are zero.
    if (!whole_words || rows.end - rows.begin < y_.kernel || columns.end - columns.begin < x_.kernel) {
      std::fill_n(row, step_.layer.x_planes * words, uint64_t{0});
    }
    for (int p = 0; p < step_.layer.x_planes; ++p, image += plane_words, row += words) {
      for (int64_t ky = rows.begin; ky < rows.end; ++ky) {
        const uint64_t* line = image + y_.position(place.y, ky) * step_.in.width * pixel_words;
        for (int64_t kx = columns.begin; kx < columns.end; ++kx) {
          const uint64_t* pixel = line + x_.position(place.x, kx) * pixel_words;
          copy_bits(row, (ky * x_.kernel + kx) * channels_, pixel, first_channel_, channels_);
        }
      }
    }
  }

  void values(const uint8_t* image, const Place& place, std::byte* row) const {
    const Taps& rows = step_.row_taps[static_cast<size_t>(place.y)];
    const Taps& columns = step_.column_taps[static_cast<size_t>(place.x)];
    const bool partial = rows.end - rows.begin < y_.kernel || columns.end - columns.begin < x_.kernel;
    if (partial) fill_outside(row);
    const bool side_by_side = x_.dilation == 1 && step_.groups == 1;
    const int64_t run = side_by_side ? columns.end - columns.begin : 1;
    for (int64_t ky = rows.begin; ky < rows.end; ++ky) {
      const uint8_t* line = image + y_.position(place.y, ky) * step_.in.width * step_.in.channels + first_channel_;
      for (int64_t kx = columns.begin; kx < columns.end; kx += run) {
        copy_values(line + x_.position(place.x, kx) * step_.in.channels, run * channels_, row,
                    (ky * x_.kernel + kx) * channels_);
      }
    }
  }

 private:
  void fill_outside(std::byte* row) const {
    const int64_t count = y_.kernel * x_.kernel * channels_;
    if (!step_.wide_values) {
      std::fill_n(reinterpret_cast<uint8_t*>(row), count, step_.outside);
    } else {
      std::fill_n(reinterpret_cast<int16_t*>(row), count, int16_t{step_.outside});
    }
  }

  void copy_values(const uint8_t* from, int64_t count, std::byte* row, int64_t at) const {
    if (!step_.wide_values) {
      copy_run(row + at, reinterpret_cast<const std::byte*>(from), count);
    } else {
      std::copy_n(from, count, reinterpret_cast<int16_t*>(row) + at);
    }
  }

  const DotStep& step_;
  const Axis y_, x_;
  const int64_t channels_, first_channel_;
};

/// The pixels of a group that wait to be computed together.
class Chunk {
 public:
  Chunk(const DotStep& step, int64_t group, std::byte* scratch)
      : step_(step),
        layer_(step.layer_of(group)),
        gatherer_(step, group),
        constants_begin_(step.constants.empty() ? nullptr : step.constants.data() + group * layer_.blocks() * kBlock),
        group_offset_(group * layer_.channels * (layer_.thresholds_count == 0 ? 32 : 1) / 8),
        most_(step.chunk_pixels()),
        scratch_(scratch) {}

  /// Pixels of an image, from position `first` to before `last`.
  void add_image(Frame& frame, int64_t first, int64_t last) {
    const uint8_t* from = frame.bytes(step_.from);
    std::byte* to = reinterpret_cast<std::byte*>(frame.bytes_to_write(step_.to)) + group_offset_;
    while (first < last) {
      const int64_t count = std::min(most_ - count_, last - first);
      add_rows(from, first, count);
      add_results(to, first, count);
      first += count;
      count_ += count;
      if (count_ == most_) compute();
    }
  }

  void compute() {
    if (count_ == 0) return;
    const int32_t* row_terms = layer_.form == DotForm::kTernaryByBipolar ? row_terms_.data() : nullptr;
    const int32_t* const* constants = step_.constants.empty() ? nullptr : constants_.data();
    step_.kernel(layer_, {count_, rows_.data(), constants, row_terms, results_.data()});
    count_ = 0;
  }

 private:
  void add_rows(const uint8_t* from, int64_t first, int64_t count) {
    const DotPosition* position = step_.positions.data() + first;
    const std::byte** rows = rows_.data() + count_;
    for (int64_t i = 0; i < count; ++i) {
      rows[i] = step_.in_place ? reinterpret_cast<const std::byte*>(from) + position[i].row
                               : gather(from, position[i], count_ + i);
    }
    if (!step_.constants.empty()) {
      const int32_t** constants = constants_.data() + count_;
      for (int64_t i = 0; i < count; ++i) constants[i] = constants_begin_ + position[i].constants;
    }
    if (layer_.form == DotForm::kTernaryByBipolar) step_.count_ones(layer_, rows, count, row_terms_.data() + count_);
  }

  void add_results(std::byte* to, int64_t first, int64_t count) {
    const int64_t pool = layer_.pooled ? kTile : 1;
    const int64_t bytes =
        layer_.thresholds_count == 0 ? int64_t{step_.out.channels} * 4 : words_for(step_.out.channels) * 8;
    std::byte** results = results_.data() + count_ / pool;
    to += first / pool * bytes;
    for (int64_t i = 0; i < count / pool; ++i) results[i] = to + i * bytes;
  }

  const std::byte* gather(const uint8_t* from, const DotPosition& position, int64_t index) {
    std::byte* row = scratch_ + index * ((step_.row_bytes + 63) / 64 * 64);
    const Place place{position.y, position.x};
    if (layer_.form == DotForm::kValues) {
      gatherer_.values(from, place, row);
    } else {
      gatherer_.planes(reinterpret_cast<const uint64_t*>(from), place, reinterpret_cast<uint64_t*>(row));
    }
    return row;
  }

  const DotStep& step_;
  const DotLayer layer_;
  const Gatherer gatherer_;
  const int32_t* constants_begin_;
  const int64_t group_offset_, most_;  // bytes; pixels
  std::byte* scratch_;
  int64_t count_ = 0;
  std::array<const std::byte*, kMostPixels> rows_;
  std::array<const int32_t*, kMostPixels> constants_;
  std::array<int32_t, kMostPixels> row_terms_;
  std::array<std::byte*, kMostPixels> results_;
};

}  // namespace

DotLayer DotStep::layer_of(int64_t group) const {
  DotLayer result = layer;
  const int64_t blocks = layer.blocks();
  const int64_t rows = weights_by_channel ? layer.channels : blocks * kBlock;
  result.weights = weights.data() + group * rows * layer.w_planes * layer.words;
  const int64_t lanes = group * blocks * kBlock;
  result.factors = factors.empty() ? nullptr : factors.data() + lanes * layer.x_planes * layer.w_planes;
  result.thresholds = thresholds.data() + lanes * layer.thresholds_count;
  result.toggles = toggles.data();
  result.highest_bits = highest_bits.data() + lanes / 8 * layer.out_planes;
  return result;
}

int64_t DotStep::chunk_pixels() const {
  return std::clamp<int64_t>(kChunkBytes / std::max<int64_t>(row_bytes, 1) / kTile * kTile, kTile, kMostPixels);
}

bool DotStep::reads_past_end() const {
  return in_place && layer.form == DotForm::kValues && int64_t{window.kernel_w} * in.channels % 4 != 0;
}

int64_t DotStep::scratch_bytes() const { return in_place ? 0 : chunk_pixels() * ((row_bytes + 63) / 64 * 64); }

int64_t DotStep::parameter_bytes() const {
  return static_cast<int64_t>((weights.size() + factors.size() + thresholds.size() + constants.size()) * 4 +
                              highest_bits.size());
}

void begin(const DotStep& step, Frames& frames, int64_t images) {
  const int64_t written = step.groups * step.layer.blocks() * kBlock;
  if (step.layer.thresholds_count == 0 || words_for(step.out.channels) * 64 == written) return;
  for (int64_t i = 0; i < images; ++i) {
    std::fill_n(frames[i].bytes_to_write(step.to), step.layer.out_planes * step.layer.out_plane_stride, uint8_t{0});
  }
}

void run_part(const DotStep& step, Frames& frames, int64_t images, int64_t first, int64_t last, std::byte* scratch) {
  for (int64_t group = 0; group < step.groups; ++group) {
    Chunk chunk(step, group, scratch);
    for (int64_t i = 0; i < images; ++i) chunk.add_image(frames[i], first, last);
    chunk.compute();
  }
}

void run(const DotStep& step, Frames& frames, int64_t images) {
  begin(step, frames, images);
  run_part(step, frames, images, 0, static_cast<int64_t>(step.positions.size()), frames.scratch());
}

}  // namespace bitloom::engine
