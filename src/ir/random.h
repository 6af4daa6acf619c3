// SPDX-License-Identifier: Apache-2.0
//
// Random numbers that are the same on every machine, for random networks and for `seed(n)` in the text form. The standard
// library's distributions differ between implementations, so the few draws that are needed are written out.
//
// Two draws never share one expression unless within braces: C++ leaves the order of evaluation open otherwise.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "bitloom/ir.h"

namespace bitloom::ir {

/// SplitMix64 (Steele, Lea, Flood 2014): a counter with a strong mixing step. Every seed is a good seed.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  /// lowest .. highest, both included. The remainder's bias is below 2^-31 for the spans that occur.
  int64_t between(int64_t lowest, int64_t highest) {
    const auto span = static_cast<uint64_t>(highest - lowest) + 1;
    return lowest + static_cast<int64_t>(next() % span);
  }
  int32_t number(int32_t lowest, int32_t highest) { return static_cast<int32_t>(between(lowest, highest)); }
  /// True in `of` out of `out_of` draws.
  bool chance(uint32_t of, uint32_t out_of) { return next() % out_of < of; }

  template <typename T>
  const T& pick(std::span<const T> choices) {
    return choices[static_cast<size_t>(next() % choices.size())];
  }
  template <typename T>
  const T& pick(const std::vector<T>& choices) {
    return pick(std::span<const T>(choices));
  }

 private:
  uint64_t state_;
};

/// Every code that means a value in the encoding's range, also those that are not canonical.
inline std::vector<uint32_t> codes_in_use(const Encoding& encoding) {
  std::vector<uint32_t> codes;
  for (uint32_t code = 0; code < (uint32_t{1} << encoding.planes()); ++code) {
    const int32_t value = encoding.value(code);
    if (value >= encoding.lowest && value <= encoding.highest) codes.push_back(code);
  }
  return codes;
}

/// A row of `count` ascending thresholds within a range.
inline std::vector<int32_t> ascending_thresholds(Random& random, const Range& range, size_t count) {
  std::vector<int32_t> row(count);
  for (int32_t& threshold : row) threshold = random.number(range.lowest, range.highest);
  std::sort(row.begin(), row.end());
  return row;
}

}  // namespace bitloom::ir
