// SPDX-License-Identifier: Apache-2.0
//
// Frames, and where buffers lie in them: in the order in which buffers come into use, each takes the smallest gap that
// holds it, and gives it back when its last step is done. Small frames stay in the caches.
#include "frame.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <queue>
#include <utility>

namespace bitloom::engine {
namespace {

constexpr int64_t kUnit = 64;  // a cache line

/// Gaps by offset. The last one is open: it begins at `end` and has no limit.
class Gaps {
 public:
  int64_t take(int64_t bytes) {
    auto best = gaps_.end();
    for (auto gap = gaps_.begin(); gap != gaps_.end(); ++gap) {
      if (gap->second >= bytes && (best == gaps_.end() || gap->second < best->second)) best = gap;
    }
    if (best == gaps_.end()) return std::exchange(end_, end_ + bytes);
    const auto [offset, size] = *best;
    gaps_.erase(best);
    if (size > bytes) gaps_.emplace(offset + bytes, size - bytes);
    return offset;
  }

  void give_back(int64_t offset, int64_t bytes) {
    auto after = gaps_.lower_bound(offset);
    if (after != gaps_.end() && after->first == offset + bytes) {
      bytes += after->second;
      after = gaps_.erase(after);
    }
    if (after != gaps_.begin() && std::prev(after)->first + std::prev(after)->second == offset) {
      std::prev(after)->second += bytes;
    } else {
      gaps_.emplace(offset, bytes);
    }
  }

  int64_t end() const { return end_; }

 private:
  std::map<int64_t, int64_t> gaps_;
  int64_t end_ = 0;
};

// An odd number of cache lines, so that the same buffer of different images does not fall on the same cache sets.
int64_t stride(const Offsets& offsets) {
  const int64_t lines = offsets.bytes / kUnit;
  return (lines + 1 - lines % 2) * kUnit;
}

}  // namespace

int64_t Frames::bytes(const Offsets& offsets, int64_t images, int64_t scratch_bytes) {
  return images * stride(offsets) + scratch_bytes + kUnit;
}

Frames::Frames(const Offsets& offsets, int64_t images, int64_t scratch_bytes)
    : memory_(static_cast<std::byte*>(
          ::operator new[](static_cast<size_t>(bytes(offsets, images, scratch_bytes)), kAlignment))),
      frames_(static_cast<size_t>(images)),
      scratch_(memory_.get() + images * stride(offsets)) {
  std::byte* image = memory_.get();
  for (Frame& frame : frames_) {
    frame.memory_ = image;
    frame.offsets_ = &offsets.offsets;
    frame.outside_.assign(offsets.offsets.size(), nullptr);
    image += stride(offsets);
  }
}

Offsets place_buffers(const std::vector<BufferUse>& uses) {
  std::vector<size_t> order(uses.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return uses[a].first < uses[b].first; });

  Offsets result{std::vector<int64_t>(uses.size()), 0};
  Gaps gaps;
  using Ending = std::pair<int32_t, size_t>;
  std::priority_queue<Ending, std::vector<Ending>, std::greater<>> in_use;
  const auto rounded = [](int64_t bytes) { return (bytes + kUnit - 1) / kUnit * kUnit; };
  for (const size_t i : order) {
    while (!in_use.empty() && in_use.top().first < uses[i].first) {
      const size_t done = in_use.top().second;
      gaps.give_back(result.offsets[done], rounded(uses[done].bytes));
      in_use.pop();
    }
    result.offsets[i] = gaps.take(rounded(uses[i].bytes));
    in_use.emplace(uses[i].last, i);
  }
  result.bytes = gaps.end();
  return result;
}

}  // namespace bitloom::engine
