// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <random>

#include "bench.h"

namespace bitloom::test {

std::string number(int64_t value);
/// A vector literal of fields of `bits` bits, the first lowest.
std::string literal(const std::vector<int64_t>& fields, int bits);
/// Of memories, as parameters are written.
inline constexpr const char* kStyles[] = {"\"auto\"", "\"block\"", "\"distributed\""};

/// Draws parameters, contents and input, and says in plain loops what must come out.
class Units {
 public:
  explicit Units(uint64_t seed) : random_(seed) {}

  Case mvtu();
  Case window();
  Case max_pool();
  Case threshold();
  Case width();
  Case fifo();
  Case fork();
  Case add();
  Case sum_pool();
  Case top1();
  Case crop();
  Case concat();
  Case scale();
  Case reorder();
  Case probe();

 private:
  std::optional<Case> window_or_none();
  int64_t pick(int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(random_); }
  int divisor(int number);
  int style() { return int(pick(0, 2)); }
  /// How a coded element stands for its value.
  struct Decoding {
    int bits = 1;
    bool plain = false;
    std::vector<int64_t> coefs;
    int64_t bias = 0;
    int64_t value(int64_t code) const;
    int64_t reach() const;  // no value is larger, either side
  };
  Decoding decoding();
  std::vector<int64_t> codes(size_t count, int bits);
  /// Words of any width (elements of one bit).
  Words random_words(int width, size_t count);

  std::mt19937_64 random_;
};

}  // namespace bitloom::test
