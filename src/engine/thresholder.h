// SPDX-License-Identifier: Apache-2.0
//
// Accumulators -> levels -> codes -> bit planes, 64 channels at a time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "bitloom/ir.h"

namespace bitloom::engine {

/// Channels that one call takes.
inline constexpr int kChunk = 64;

class Thresholder {
 public:
  /// The channels come in `groups` equal groups, each cut into chunks from its beginning.
  Thresholder(const ir::Threshold& threshold, int64_t channels, int64_t groups);

  int planes() const { return planes_; }

  /// Codes of channels `channel` .. `channel` + count - 1, which are chunk number `chunk`, into the planes of `pixel`,
  /// whose bits there are zero. `accumulators` has kChunk entries; those past `count` may be anything.
  void apply(const int32_t* accumulators, int64_t chunk, int64_t channel, int64_t count, uint64_t* pixel,
             int64_t plane_stride) const;

 private:
  void count_in_chunk(const int32_t* accumulators, int64_t chunk, uint32_t* levels) const;
  void search_rows(const int32_t* accumulators, int64_t channel, int64_t count, uint32_t* levels) const;
  bool is_descending(int64_t channel) const { return descending_[rows_ == 1 ? 0 : static_cast<size_t>(channel)] != 0; }

  int planes_ = 0;
  int64_t rows_ = 0;
  size_t steps_ = 0;                 // thresholds a row
  std::vector<uint32_t> codes_;      // [descending][reached thresholds]
  std::vector<uint8_t> descending_;  // [row]
  std::vector<int32_t> thresholds_;  // [row][step], for searching
  std::vector<int32_t> by_chunk_;    // [chunk][step][kChunk], for counting
  std::vector<uint64_t> flips_;      // [chunk]: for one plane, the code of a channel that has reached nothing
};

}  // namespace bitloom::engine
