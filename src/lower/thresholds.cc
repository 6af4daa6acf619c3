// SPDX-License-Identifier: Apache-2.0
#include "thresholds.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "encodings.h"

namespace bitloom::lower {
namespace {

// The function from a number at the start of the chain to the integer that its code stands for.
double level_value(const Chain& chain, const Quantizer& quantizer, double v, int64_t channel) {
  const double value = quantizer.level(chain.evaluate(v, channel), channel);
  if (std::isnan(value)) {
    throw Error(
        "node '{}': channel {} evaluates to 'not a number' for the integer {}; check its scale and the "
        "batch-norm variance before it",
        quantizer.node, channel, v);
  }
  return value;
}

// Smallest n in [lowest, highest] for which `reached` holds, or highest + 1; `reached` never goes back to false.
template <typename Predicate>
int64_t first_reached(int64_t lowest, int64_t highest, Predicate reached) {
  int64_t beyond = highest + 1;
  while (lowest < beyond) {
    const int64_t middle = lowest + (beyond - lowest) / 2;
    if (reached(middle)) {
      beyond = middle;
    } else {
      lowest = middle + 1;
    }
  }
  return lowest;
}

// Orders all finite float32 numbers as integers: -0.0 and 0.0 are neighbours, and each step is one number.
float float_at(int64_t order) {
  const auto bits = static_cast<uint32_t>(order < 0 ? -order - 1 : order);
  const float magnitude = std::bit_cast<float>(bits);
  return order < 0 ? -magnitude : magnitude;
}
constexpr int64_t kLargestFloat = 0x7f7fffff;

int64_t row_count(const Chain& chain, const Quantizer& quantizer, size_t ranges, int64_t channels) {
  return chain.rows() == 1 && quantizer.rows == 1 && ranges == 1 ? 1 : channels;
}

// Keeps one row when all are alike, which they are for most input quantizers.
template <typename Rows>
void merge_equal_rows(Rows& result, int64_t steps) {
  for (int64_t row = 1; row < result.rows; ++row) {
    const auto begin = result.thresholds.begin();
    if (result.descending[static_cast<size_t>(row)] != result.descending[0] ||
        !std::equal(begin, begin + steps, begin + row * steps)) {
      return;
    }
  }
  result.rows = 1;
  result.thresholds.resize(static_cast<size_t>(steps));
  result.descending.resize(1);
}

}  // namespace

ir::Encoding result_encoding(const Chain& chain, const Quantizer& quantizer, std::span<const ir::Range> ranges,
                             int64_t channels) {
  if (quantizer.encoding) return *quantizer.encoding;
  double lowest = std::numeric_limits<double>::infinity();
  double highest = -lowest;
  for (int64_t channel = 0; channel < row_count(chain, quantizer, ranges.size(), channels); ++channel) {
    const ir::Range& range = ranges[ranges.size() == 1 ? 0 : static_cast<size_t>(channel)];
    for (const int32_t end : {range.lowest, range.highest}) {
      const double value = level_value(chain, quantizer, end, channel);
      lowest = std::min(lowest, value);
      highest = std::max(highest, value);
    }
  }
  std::optional<ir::Encoding> encoding = encoding_between(lowest, highest);
  if (!encoding) {
    throw Unsupported(
        "node '{}': its results reach from {} to {}, more than the {} bits that a code may have; quantize "
        "to fewer bits",
        quantizer.node, lowest, highest, ir::kMaxPlanes);
  }
  return std::move(*encoding);
}

ir::Threshold find_thresholds(const Chain& chain, const Quantizer& quantizer, std::span<const ir::Range> ranges,
                              int64_t channels) {
  ir::Threshold result{result_encoding(chain, quantizer, ranges, channels), 1, {}, {}};
  const std::vector<int32_t> levels = result.encoding.levels();
  const auto steps = static_cast<int64_t>(levels.size()) - 1;
  result.rows = static_cast<int32_t>(row_count(chain, quantizer, ranges.size(), channels));
  if (result.rows * steps > ir::kMaxElements) {
    throw Unsupported("node '{}': {} channels with {} levels need too many thresholds", quantizer.node, result.rows,
                      levels.size());
  }
  for (int64_t channel = 0; channel < result.rows; ++channel) {
    const ir::Range& range = ranges[ranges.size() == 1 ? 0 : static_cast<size_t>(channel)];
    const bool descending = chain.slope(channel) * quantizer.slope(channel) < 0;
    int64_t from = range.lowest;
    for (int64_t j = 1; j <= steps; ++j) {
      // A descending channel counts from the top: its level index is `steps` minus the thresholds reached.
      from = first_reached(from, range.highest, [&](int64_t n) {
        const double value = level_value(chain, quantizer, static_cast<double>(n), channel);
        return descending ? value <= levels[static_cast<size_t>(steps - j)] : value >= levels[static_cast<size_t>(j)];
      });
      result.thresholds.push_back(static_cast<int32_t>(from));
    }
    result.descending.push_back(descending);
  }
  merge_equal_rows(result, steps);
  return result;
}

ir::RealQuantizer find_real_thresholds(const Chain& chain, const Quantizer& quantizer, int64_t channels) {
  ir::RealQuantizer result;
  const std::vector<int32_t> levels = quantizer.encoding->levels();
  result.rows = static_cast<int32_t>(row_count(chain, quantizer, 1, channels));
  for (int64_t channel = 0; channel < result.rows; ++channel) {
    const bool descending = chain.slope(channel) * quantizer.slope(channel) < 0;
    for (size_t j = 1; j < levels.size(); ++j) {
      const int64_t order = first_reached(-kLargestFloat - 1, kLargestFloat, [&](int64_t n) {
        const float x = descending ? -float_at(n) : float_at(n);
        return level_value(chain, quantizer, x, channel) >= levels[j];
      });
      float threshold = order > kLargestFloat ? std::numeric_limits<float>::infinity() : float_at(order);
      if (order == -kLargestFloat - 1) threshold = -std::numeric_limits<float>::infinity();
      result.thresholds.push_back(descending ? -threshold : threshold);
    }
    result.descending.push_back(descending);
  }
  merge_equal_rows(result, static_cast<int64_t>(levels.size()) - 1);
  return result;
}

}  // namespace bitloom::lower
