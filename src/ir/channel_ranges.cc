// SPDX-License-Identifier: Apache-2.0
//
// Exact accumulator bounds from the weights themselves.
//
// A channel's accumulator lies between sum of min(w * lo, w * hi) and sum of max(w * lo, w * hi). With P the sum of its
// positive and N the sum of its negative weights these are P * lo + N * hi and P * hi + N * lo, so two sums a channel are
// all that is needed. For few planes they follow from how often each code occurs, which population counts tell 64 weights
// at a time: a network of millions of binary weights is verified in a fraction of the time that reading its file takes.
#include <algorithm>
#include <array>
#include <bit>

#include "bitloom/ir.h"

namespace bitloom::ir {
namespace {

constexpr int kCountedPlanes = 6;  ///< up to 2^6 codes counted by words; more are cheaper one by one

struct WeightSums {
  int64_t positive = 0;
  int64_t negative = 0;
  void add(int64_t value, int64_t times) {
    positive += std::max<int64_t>(value, 0) * times;
    negative += std::min<int64_t>(value, 0) * times;
  }
};

void require_used(const Encoding& encoding, int64_t row, int32_t value) {
  if (value < encoding.lowest || value > encoding.highest) {
    throw Error("a weight of output channel {} is {}, expected {} to {}", row, value, encoding.lowest, encoding.highest);
  }
}

WeightSums sum_by_code(const Encoding& encoding, const BitMatrix& weights, int64_t row) {
  WeightSums sums;
  const auto add = [&](uint32_t code, int64_t count) {
    if (count == 0) return;
    const int32_t value = encoding.value(code);
    require_used(encoding, row, value);
    sums.add(value, count);
  };
  const auto words = static_cast<size_t>(weights.words_per_row());
  const std::span<const uint64_t> planes = weights.words().subspan(static_cast<size_t>(row * weights.planes()) * words);
  int64_t rest = weights.columns();
  for (uint32_t code = 1; code < uint32_t{1} << encoding.planes(); ++code) {
    int64_t count = 0;
    for (size_t w = 0; w < words; ++w) {
      uint64_t equal = ~uint64_t{0};
      for (size_t p = 0; p < encoding.coefficients.size(); ++p) {
        const uint64_t bits = planes[p * words + w];
        equal &= (code >> p & 1) ? bits : ~bits;
      }
      count += std::popcount(equal);
    }
    add(code, count);
    rest -= count;
  }
  add(0, rest);  // not counted, because the bits past the columns would count as well
  return sums;
}

WeightSums sum_one_by_one(const Encoding& encoding, const BitMatrix& weights, int64_t row) {
  WeightSums sums;
  const auto words = static_cast<size_t>(weights.words_per_row());
  const std::span<const uint64_t> planes = weights.words().subspan(static_cast<size_t>(row * weights.planes()) * words);
  for (size_t w = 0; w < words; ++w) {
    const auto count = static_cast<size_t>(std::min<int64_t>(64, weights.columns() - static_cast<int64_t>(w) * 64));
    std::array<int32_t, 64> values;
    values.fill(encoding.bias);
    for (size_t p = 0; p < encoding.coefficients.size(); ++p) {
      const uint64_t bits = planes[p * words + w];
      const int32_t coefficient = encoding.coefficients[p];
      for (size_t i = 0; i < 64; ++i) values[i] += (bits >> i & 1) != 0 ? coefficient : 0;
    }
    for (const int32_t value : std::span(values).first(count)) {
      require_used(encoding, row, value);
      sums.add(value, 1);
    }
  }
  return sums;
}

}  // namespace

std::vector<Range> channel_ranges(const Dot& dot, const Range& input) {
  check(dot.encoding);
  if (dot.weights.planes() != dot.encoding.planes()) {
    throw Error("the weights have {} planes, their encoding {}", dot.weights.planes(), dot.encoding.planes());
  }
  if (input.lowest < kMinValue || input.highest > kMaxValue) {
    throw Error("the input's values are {} to {}, beyond int32", input.lowest, input.highest);
  }
  const int64_t low = dot.window.padded() ? std::min(input.lowest, 0) : input.lowest;
  const int64_t high = dot.window.padded() ? std::max(input.highest, 0) : input.highest;
  const auto sum_row = dot.encoding.planes() <= kCountedPlanes ? sum_by_code : sum_one_by_one;
  std::vector<Range> ranges;
  for (int64_t row = 0; row < dot.weights.rows(); ++row) {
    const auto [positive, negative] = sum_row(dot.encoding, dot.weights, row);
    // An encoded input has two levels at least, so the accumulator's range is at least as wide as the weights' magnitudes
    // add up to. With that below 2^32 the products below stay within int64.
    const bool too_wide = positive - negative > int64_t{kMaxValue} - kMinValue;
    const int64_t lowest = too_wide ? 0 : positive * low + negative * high;
    const int64_t highest = too_wide ? 0 : positive * high + negative * low;
    if (too_wide || lowest < kMinValue || highest > kMaxValue) {
      throw Error("the accumulator of output channel {} can leave int32 (weights from {} to {} in all, inputs {} to {})",
                  row, negative, positive, low, high);
    }
    ranges.push_back({static_cast<int32_t>(lowest), static_cast<int32_t>(highest)});
  }
  return ranges;
}

}  // namespace bitloom::ir
