// SPDX-License-Identifier: Apache-2.0
//
// Runs of bits that begin and end anywhere in rows of 64-bit words. Bit i of a row is bit i % 64 of word i / 64.
//
// Every row here keeps the bits after its last element zero: XOR then counts nothing there, and runs can be OR-ed into
// place.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace bitloom::engine {

inline int64_t words_for(int64_t bits) { return (bits + 63) / 64; }

/// The lowest `count` bits set; count 0 to 64.
inline uint64_t low_bits(int64_t count) { return count >= 64 ? ~uint64_t{0} : (uint64_t{1} << count) - 1; }

/// Sets the bits of `value` at `bit` and after. Touches the following word only when a set bit lands there.
inline void or_bits(uint64_t* row, int64_t bit, uint64_t value) {
  const int shift = static_cast<int>(bit % 64);
  row[bit / 64] |= value << shift;
  const uint64_t spill = shift == 0 ? 0 : value >> (64 - shift);
  if (spill != 0) row[bit / 64 + 1] |= spill;
}

/// `count` bits (1 to 64) from `bit` on. Reads the following word only when the run reaches into it.
inline uint64_t get_bits(const uint64_t* row, int64_t bit, int64_t count) {
  const int shift = static_cast<int>(bit % 64);
  uint64_t value = row[bit / 64] >> shift;
  if (shift + count > 64) value |= row[bit / 64 + 1] << (64 - shift);
  return value & low_bits(count);
}

/// ORs `count` bits into place; the bits there were zero.
inline void copy_bits(uint64_t* to, int64_t to_bit, const uint64_t* from, int64_t from_bit, int64_t count) {
  if (to_bit % 64 == 0 && from_bit % 64 == 0 && count % 64 == 0) {
    std::memcpy(to + to_bit / 64, from + from_bit / 64, static_cast<size_t>(count / 8));
    return;
  }
  for (int64_t done = 0; done < count; done += 64) {
    or_bits(to, to_bit + done, get_bits(from, from_bit + done, count - done < 64 ? count - done : 64));
  }
}

/// Set bits among `count` from `bit` on.
inline int64_t count_bits(const uint64_t* row, int64_t bit, int64_t count) {
  int64_t set = 0;
  for (int64_t done = 0; done < count; done += 64) {
    set += std::popcount(get_bits(row, bit + done, count - done < 64 ? count - done : 64));
  }
  return set;
}

}  // namespace bitloom::engine
