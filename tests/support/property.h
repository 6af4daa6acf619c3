// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdlib>

namespace bitloom::test {

/// How many random cases a property test runs: BITLOOM_CASES if set (the slow suite), else `fast`.
inline uint64_t cases(uint64_t fast) {
  const char* text = std::getenv("BITLOOM_CASES");
  return text ? std::strtoull(text, nullptr, 10) : fast;
}

}  // namespace bitloom::test
