// SPDX-License-Identifier: Apache-2.0
//
// What differs between instruction sets: counting the bits of 32-bit lanes, and multiplying small numbers.
#if defined(BITLOOM_COUNT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef BITLOOM_COUNT_INL_H
#undef BITLOOM_COUNT_INL_H
#else
#define BITLOOM_COUNT_INL_H
#endif

#include <cstdint>
#include <limits>

#include <hwy/highway.h>

#include "dot_kernel.h"

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128

HWY_BEFORE_NAMESPACE();
namespace bitloom::engine::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

constexpr hn::CappedTag<uint32_t, kBlock> kWords;
constexpr hn::RebindToSigned<decltype(kWords)> kIntegers;
using Words = hn::Vec<decltype(kWords)>;
using Integers = hn::Vec<decltype(kIntegers)>;
constexpr int kLanes = static_cast<int>(hn::MaxLanes(kWords));
constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max() / 2;

// Loops over the vectors of a tile must go away before the compiler looks which of them could be registers.
#if defined(__clang__)
#define BITLOOM_UNROLL _Pragma("clang loop unroll(full)")
#else
#define BITLOOM_UNROLL _Pragma("GCC unroll 16")
#endif

#if HWY_TARGET == HWY_AVX3_DL

/// Counts the bits of each lane, downwards: the sum is minus their number, as accumulators want it (dot_kernel.h).
class Counter {
 public:
  static constexpr int64_t kLimit = kNoLimit;
  HWY_INLINE Counter() : sum_(hn::Zero(kWords)) {}  // spelled out: the compiler's own would be for another target
  HWY_INLINE void count(Words bits) {
    // In place, which GCC 12 would not: it puts each sum where the count was and copies it back, a fourth operation for
    // every three (a fifth slower, Zen 4).
    auto sum = sum_.raw;
    asm("vpsubd %1, %0, %0" : "+v"(sum) : "v"(hn::PopulationCount(bits).raw));
    sum_ = Words{sum};
  }
  HWY_INLINE void flush() {}
  HWY_INLINE Integers sum() const { return hn::BitCast(kIntegers, sum_); }

 private:
  Words sum_;
};

#else

/// Counts the bits of each lane, downwards: byte by byte, and bytes to lanes before they overflow.
class Counter {
 public:
  static constexpr int64_t kLimit = 255 / 8;
  HWY_INLINE Counter() : bytes_(hn::Zero(kBytes)), sum_(hn::Zero(kWords)) {}
  HWY_INLINE void count(Words bits) { bytes_ = hn::Add(bytes_, hn::PopulationCount(hn::BitCast(kBytes, bits))); }
  HWY_INLINE void flush() {
    const hn::Repartition<uint16_t, decltype(kWords)> halves;
    const auto pairs = hn::BitCast(halves, bytes_);
    const auto twos = hn::Add(hn::And(pairs, hn::Set(halves, 0xff)), hn::ShiftRight<8>(pairs));
    const Words fours = hn::BitCast(kWords, twos);
    sum_ = hn::Sub(sum_, hn::Add(hn::And(fours, hn::Set(kWords, 0xffff)), hn::ShiftRight<16>(fours)));
    bytes_ = hn::Zero(kBytes);
  }
  HWY_INLINE Integers sum() const { return hn::BitCast(kIntegers, sum_); }

 private:
  static constexpr hn::Repartition<uint8_t, decltype(kWords)> kBytes{};
  hn::Vec<decltype(kBytes)> bytes_;
  Words sum_;
};

#endif

/// z & (a ^ b).
HWY_INLINE Words and_of_xor(Words z, Words a, Words b) {
#if HWY_TARGET <= HWY_AVX3
  return Words{_mm512_ternarylogic_epi32(z.raw, a.raw, b.raw, 0x60)};
#else
  return hn::And(z, hn::Xor(a, b));
#endif
}

/// sum + the products of the numbers in each word: of unsigned by signed bytes where there is an instruction for it, else
/// of 16-bit numbers.
HWY_INLINE Integers add_products(Words x, Words w, Integers sum) {
#if HWY_TARGET == HWY_AVX3_DL
  // As the intrinsic would do it, which Highway 1.0's attributes (avxvnni for avx512vnni) keep from being used.
  asm("vpdpbusd %2, %1, %0" : "+v"(sum.raw) : "v"(x.raw), "v"(w.raw));
  return sum;
#elif HWY_ARCH_X86
  const hn::Repartition<int16_t, decltype(kIntegers)> halves;
  Integers none = hn::Zero(kIntegers);  // x86 adds both products of a lane to `sum`
  return hn::ReorderWidenMulAccumulate(kIntegers, hn::BitCast(halves, x), hn::BitCast(halves, w), sum, none);
#else
  const Integers a = hn::BitCast(kIntegers, x), b = hn::BitCast(kIntegers, w);
  const auto low = [](Integers v) HWY_ATTR { return hn::ShiftRight<16>(hn::ShiftLeft<16>(v)); };
  const Integers lows = hn::Mul(low(a), low(b)), highs = hn::Mul(hn::ShiftRight<16>(a), hn::ShiftRight<16>(b));
  return hn::Add(sum, hn::Add(lows, highs));
#endif
}
constexpr int kValuesPerWord = HWY_TARGET == HWY_AVX3_DL ? 4 : 2;

}  // namespace bitloom::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // vectors

#endif  // BITLOOM_COUNT_INL_H
