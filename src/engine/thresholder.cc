// SPDX-License-Identifier: Apache-2.0
//
// Thresholds of few levels are compared all, in lanes that vectorize; rows of many are searched. One threshold and one
// plane, the case of every binarized network, is a comparison and an XOR.
#include "thresholder.h"

#include <algorithm>
#include <array>
#include <limits>

#include "bits.h"
#include "codec.h"

namespace bitloom::engine {
namespace {

/// Comparing all costs a vector operation a step and a few channels, searching some mispredicted branches a channel.
constexpr size_t kMostCounted = 16;

}  // namespace

Thresholder::Thresholder(const ir::Threshold& threshold, int64_t channels, int64_t groups)
    : planes_(threshold.encoding.planes()),
      rows_(threshold.rows),
      descending_(threshold.descending),
      thresholds_(threshold.thresholds) {
  codes_ = threshold.encoding.level_codes();
  steps_ = codes_.size() - 1;
  codes_.insert(codes_.end(), codes_.rbegin(), codes_.rend());
  if (steps_ > kMostCounted) return;

  const int64_t group = channels / groups;
  for (int64_t channel = 0; channel < channels; ++channel) {
    const int64_t lane = channel % group % kChunk;
    if (lane == 0) {
      by_chunk_.resize(by_chunk_.size() + steps_ * kChunk, std::numeric_limits<int32_t>::max());
      flips_.push_back(0);
    }
    int32_t* chunk = by_chunk_.data() + by_chunk_.size() - steps_ * kChunk;
    const size_t row = rows_ == 1 ? 0 : static_cast<size_t>(channel);
    for (size_t s = 0; s < steps_; ++s) chunk[s * kChunk + static_cast<size_t>(lane)] = thresholds_[row * steps_ + s];
    flips_.back() |= uint64_t{codes_[is_descending(channel) ? steps_ + 1 : 0] & 1} << lane;
  }
  thresholds_.clear();
}

void Thresholder::apply(const int32_t* accumulators, int64_t chunk, int64_t channel, int64_t count, uint64_t* pixel,
                        int64_t plane_stride) const {
  if (steps_ == 1 && planes_ == 1) {
    const int32_t* thresholds = by_chunk_.data() + chunk * kChunk;
    uint64_t reached = 0;
    for (int lane = 0; lane < kChunk; ++lane) reached |= uint64_t{accumulators[lane] >= thresholds[lane]} << lane;
    or_bits(pixel, channel, (reached ^ flips_[static_cast<size_t>(chunk)]) & low_bits(count));
    return;
  }
  std::array<uint32_t, kChunk> codes{};
  if (steps_ <= kMostCounted) {
    count_in_chunk(accumulators, chunk, codes.data());
  } else {
    search_rows(accumulators, channel, count, codes.data());
  }
  for (int64_t lane = 0; lane < count; ++lane) {
    uint32_t& code = codes[static_cast<size_t>(lane)];
    code = codes_[(is_descending(channel + lane) ? steps_ + 1 : 0) + code];
  }
  deposit(std::span(codes).first(static_cast<size_t>(count)), planes_, pixel, plane_stride, channel);
}

void Thresholder::count_in_chunk(const int32_t* accumulators, int64_t chunk, uint32_t* levels) const {
  const int32_t* thresholds = by_chunk_.data() + static_cast<size_t>(chunk) * steps_ * kChunk;
  for (size_t s = 0; s < steps_; ++s, thresholds += kChunk) {
    for (int lane = 0; lane < kChunk; ++lane) levels[lane] += static_cast<uint32_t>(accumulators[lane] >= thresholds[lane]);
  }
}

void Thresholder::search_rows(const int32_t* accumulators, int64_t channel, int64_t count, uint32_t* levels) const {
  for (int64_t lane = 0; lane < count; ++lane) {
    const size_t row = rows_ == 1 ? 0 : static_cast<size_t>(channel + lane);
    const auto begin = thresholds_.begin() + static_cast<std::ptrdiff_t>(row * steps_);
    const auto end = begin + static_cast<std::ptrdiff_t>(steps_);
    levels[lane] = static_cast<uint32_t>(std::upper_bound(begin, end, accumulators[lane]) - begin);
  }
}

}  // namespace bitloom::engine
