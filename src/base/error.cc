// SPDX-License-Identifier: Apache-2.0
#include "bitloom/error.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace bitloom {

void fail_check(const char* condition, const char* file, int line) {
  throw InternalError(fmt::format("{}:{}: internal check failed: {}", file, line, condition));
}

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({replaced, row[j] + 1, row[j - 1] + 1}));
    }
  }
  return row[b.size()];
}

}  // namespace bitloom
