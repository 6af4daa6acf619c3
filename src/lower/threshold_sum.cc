// SPDX-License-Identifier: Apache-2.0
#include "threshold_sum.h"

#include <algorithm>

#include "encodings.h"

namespace bitloom::lower {
namespace {

/// From x = begin on the sum is `value`.
struct Piece {
  int32_t begin;
  int64_t value;
};

class Row {
 public:
  Row(const ir::Threshold& threshold, const std::vector<int32_t>& levels, size_t channel) : levels_(levels) {
    const size_t row = threshold.rows == 1 ? 0 : channel;
    thresholds_ = std::span(threshold.thresholds).subspan(row * (levels.size() - 1), levels.size() - 1);
    descending_ = threshold.descending[row] != 0;
  }
  std::span<const int32_t> thresholds() const { return thresholds_; }
  int64_t value(int32_t x) const {
    const auto reached = static_cast<size_t>(std::ranges::upper_bound(thresholds_, x) - thresholds_.begin());
    return levels_[descending_ ? thresholds_.size() - reached : reached];
  }

 private:
  const std::vector<int32_t>& levels_;
  std::span<const int32_t> thresholds_;
  bool descending_;
};

// The sum over one channel's range; neighbours have different values.
std::vector<Piece> sum_pieces(const Row& a, const Row& b, std::span<const int32_t> multipliers, const ir::Range& range) {
  std::vector<int32_t> begins{range.lowest};
  for (const Row* row : {&a, &b}) {
    std::ranges::copy_if(row->thresholds(), std::back_inserter(begins),
                         [&](int32_t t) { return t > range.lowest && t <= range.highest; });
  }
  std::ranges::sort(begins);
  std::vector<Piece> pieces;
  for (const int32_t begin : begins) {
    const int64_t value = multipliers[0] * a.value(begin) + multipliers[1] * b.value(begin);
    if (pieces.empty() || pieces.back().value != value) pieces.push_back({begin, value});
  }
  return pieces;
}

bool is_descending(const std::vector<Piece>& pieces) { return pieces.front().value > pieces.back().value; }

bool is_monotone(const std::vector<Piece>& pieces) {
  return is_descending(pieces) ? std::ranges::is_sorted(pieces, std::ranges::greater{}, &Piece::value)
                               : std::ranges::is_sorted(pieces, std::ranges::less{}, &Piece::value);
}

void append_row(ir::Threshold& result, const std::vector<Piece>& pieces, const std::vector<int32_t>& levels, int32_t unit,
                int32_t highest) {
  const bool descending = is_descending(pieces);
  size_t piece = 0;
  for (size_t j = 1; j < levels.size(); ++j) {
    // A descending channel counts from the top.
    const int64_t level = int64_t{unit} * levels[descending ? levels.size() - 1 - j : j];
    while (piece < pieces.size() && (descending ? pieces[piece].value > level : pieces[piece].value < level)) ++piece;
    result.thresholds.push_back(piece < pieces.size() ? pieces[piece].begin : highest + 1);
  }
  result.descending.push_back(descending);
}

// All values of all rows, ascending; empty if one is beyond int32.
std::vector<int32_t> values_of(const std::vector<std::vector<Piece>>& rows) {
  std::vector<int32_t> values;
  for (const std::vector<Piece>& pieces : rows) {
    for (const Piece& piece : pieces) {
      if (piece.value < ir::kMinValue || piece.value > ir::kMaxValue) return {};
      values.push_back(static_cast<int32_t>(piece.value));
    }
  }
  std::ranges::sort(values);
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

}  // namespace

std::optional<ThresholdSum> add_thresholds(const ir::Threshold& a, const ir::Threshold& b,
                                           std::span<const int32_t> multipliers, std::span<const ir::Range> ranges) {
  const std::vector<int32_t> a_levels = a.encoding.levels(), b_levels = b.encoding.levels();
  const auto rows = static_cast<size_t>(std::max(a.rows, b.rows));
  // Beyond this an Add is less work than its thresholds.
  constexpr size_t kMostPieces = size_t{1} << 22;
  if (rows * (a_levels.size() + b_levels.size()) > kMostPieces) return std::nullopt;
  // A row for all channels must be right for all that occurs in any of them.
  ir::Range all = ranges.front();
  for (const ir::Range& range : ranges) all = {std::min(all.lowest, range.lowest), std::max(all.highest, range.highest)};
  const auto range_of = [&](size_t row) { return ranges.size() == rows ? ranges[row] : all; };

  std::vector<std::vector<Piece>> sums;
  for (size_t row = 0; row < rows; ++row) {
    sums.push_back(sum_pieces(Row(a, a_levels, row), Row(b, b_levels, row), multipliers, range_of(row)));
    if (!is_monotone(sums.back())) return std::nullopt;
  }
  const std::vector<int32_t> values = values_of(sums);
  if (values.size() < 2) return std::nullopt;
  std::optional<UnitEncoding> units = fewest_planes(values);
  if (!units) return std::nullopt;
  const std::vector<int32_t> levels = units->encoding.levels();
  if (rows * levels.size() > kMostPieces) return std::nullopt;
  ThresholdSum result{{std::move(units->encoding), static_cast<int32_t>(rows), {}, {}}, units->unit};
  for (size_t row = 0; row < rows; ++row)
    append_row(result.threshold, sums[row], levels, result.unit, range_of(row).highest);
  return result;
}

}  // namespace bitloom::lower
