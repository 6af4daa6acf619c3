// SPDX-License-Identifier: Apache-2.0
#include "counters.h"

#include <algorithm>

namespace bitloom::hw {
namespace {

using Heights = std::vector<int64_t>;

/// The counters of a level that begin in a column.
struct Counters {
  int64_t fives = 0;
  int64_t ones = 0, twos = 0;  ///< groups of 5 that take a bit of the next column, of the one after it
  int64_t threes = 0;
  int64_t passed = 0;  ///< bits that none takes
};

/// Bits that counters of lower columns hand on to column c.
int64_t handed_on(const std::vector<Counters>& level, size_t c) {
  int64_t bits = 0;
  for (size_t back = 1; back <= 2 && back <= c; ++back) bits += level[c - back].fives + level[c - back].threes;
  return c < 3 ? bits : bits + std::max(level[c - 3].ones, level[c - 3].twos);
}

std::vector<Counters> level_of(const Heights& heights) {
  std::vector<Counters> level(heights.size());
  Heights left = heights;
  left.resize(heights.size() + 2);
  for (size_t c = 0; c < heights.size(); ++c) {
    Counters& here = level[c];
    const int64_t wanted = std::max({left[c + 1], left[c + 2], (heights[c] + 12) / 13 - handed_on(level, c)});
    here.fives = std::min(left[c] / 7, wanted);
    here.ones = std::min(left[c + 1], here.fives);
    here.twos = std::min(left[c + 2], here.fives);
    const int64_t rest = left[c] - 7 * here.fives;
    here.threes = std::min(rest / 5, left[c + 1] - here.ones);
    here.passed = rest - 5 * here.threes;
    left[c + 1] -= here.ones + here.threes;
    left[c + 2] -= here.twos;
  }
  return level;
}

/// A carry chain through columns of two bits, or of groups that reach over two or three.
struct Chain {
  int64_t luts = 0;
  bool all = true;  ///< no bit is left
  Heights left;     ///< with the bits of its sum
};

/// The group that a chain begins with so many bits of a column, one of them past the LUTs: 1 bit, 3, 5; 0 ends it.
int64_t group_of(int64_t bits, bool whole, int64_t next, int64_t after) {
  if (!whole) return bits >= 6 ? 5 : bits >= 4 ? 3 : bits >= 2 ? 1 : 0;
  return bits <= 2 ? 1 : bits <= 4 && next <= 1 ? 3 : bits <= 6 && next <= 1 && after <= 1 ? 5 : 0;
}

Chain chain(const Heights& heights, size_t from, bool whole) {
  Chain result{0, true, heights};
  size_t c = from;
  const auto height = [&](size_t column) { return column < heights.size() ? heights[column] : 0; };
  while (c < heights.size()) {
    const int64_t carry = c == from ? std::min<int64_t>(1, heights[c]) : 0, bits = heights[c] - carry;
    const int64_t group = group_of(heights[c] - (c == from ? 1 : 0), whole, height(c + 1), height(c + 2));
    if (group == 0) {
      result.all = false;
      break;
    }
    const int64_t taken = std::min(bits, group + 1), grouped = std::max<int64_t>(0, taken - 1);
    const size_t columns = group == 1 ? 1 : group == 3 ? 2 : 3;
    const int64_t count_bits = grouped == 0 ? 0 : grouped == 1 ? 1 : grouped <= 3 ? 2 : 3;
    result.luts += std::min(count_bits, static_cast<int64_t>(heights.size() - c));
    result.left[c] += 1 - carry - taken;
    for (size_t k = 1; k < columns && c + k < heights.size(); ++k) result.left[c + k] += height(c + k) > 0 ? 0 : 1;
    c += columns;
  }
  if (c < heights.size()) ++result.left[c];  // its carry
  return result;
}

}  // namespace

int64_t counter_luts(Heights heights) {
  int64_t luts = 0;
  while (true) {
    const Chain whole = chain(heights, 0, true);
    if (whole.all) return luts + whole.luts;
    const std::vector<Counters> level = level_of(heights);
    const auto used = [](const Counters& c) { return c.fives + c.threes > 0; };
    if (std::ranges::none_of(level, used)) {
      const auto tall = std::ranges::find_if(heights, [](int64_t height) { return height > 2; });
      const Chain part = chain(heights, static_cast<size_t>(tall - heights.begin()), false);
      luts += part.luts;
      heights = part.left;
      continue;
    }
    for (size_t c = 0; c < heights.size(); ++c) {
      const auto columns = static_cast<int64_t>(heights.size() - c);
      luts += std::min<int64_t>(3, columns) * level[c].fives + std::min<int64_t>(2, columns) * level[c].threes;
      heights[c] = level[c].passed + level[c].fives + level[c].threes + handed_on(level, c);
    }
  }
}

FusedColumns fused(const Heights& matches) {
  FusedColumns result{0, Heights(matches.size() + 2)};
  for (size_t c = 0; c < matches.size(); ++c) {
    const int64_t width = matches[c], chains = width < 32 ? width / 8 : width / 11;
    const int64_t triples = (width - 2 * chains) / 3, singles = width - 2 * chains - 3 * triples;
    result.luts += 2 * chains + 2 * triples + singles;
    result.heights[c] += chains + std::max<int64_t>(0, triples + singles - 3 * chains);
    result.heights[c + 1] += std::max(triples, chains);
    result.heights[c + 2] += chains;
  }
  result.heights.resize(matches.size());
  return result;
}

}  // namespace bitloom::hw
