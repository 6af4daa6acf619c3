// SPDX-License-Identifier: Apache-2.0
//
// The vector kernels, compiled once for each instruction set (this file includes itself through Highway), and the list of
// those that the CPU can run.
#define HWY_WANT_AVX3_DL
#define HWY_COMPILE_ALL_ATTAINABLE
// The numbers are targets of Highway after 1.0.3, which has no names for them: SSE2, and variants of AVX-512 for single
// CPUs.
#define HWY_DISABLED_TARGETS \
  (HWY_SSSE3 | HWY_SVE | HWY_SVE_256 | HWY_SVE2 | HWY_SVE2_128 | (1LL << 14) | (1LL << 6) | (1LL << 4))
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels.cc"
#include <hwy/foreach_target.h>

#include <hwy/highway.h>

#if HWY_ARCH_ARM_V7
#include <sys/auxv.h>
#endif

#include "dot-inl.h"
#include "kernels.h"

HWY_BEFORE_NAMESPACE();
namespace bitloom::engine::HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128

Kernels kernels() { return portable_kernels(); }

#else

void reached(const uint8_t* bytes, int64_t count, uint8_t threshold, uint8_t* bits) {
  const hn::ScalableTag<uint8_t> tag;
  const auto lanes = static_cast<int64_t>(hn::Lanes(tag));
  const auto limit = hn::Set(tag, threshold);
  int64_t i = 0;
  // x >= t is max(x, t) == x: not every instruction set compares unsigned bytes.
  for (; i + lanes <= count; i += lanes) {
    const auto x = hn::LoadU(tag, bytes + i);
    hn::StoreMaskBits(tag, hn::Eq(hn::Max(x, limit), x), bits + i / 8);
  }
  for (; i < count; i += 8) {
    uint32_t byte = 0;
    for (int64_t bit = 0; bit < HWY_MIN(int64_t{8}, count - i); ++bit) byte |= uint32_t{bytes[i + bit] >= threshold} << bit;
    bits[i / 8] = static_cast<uint8_t>(byte);
  }
}

// Independent sums, as many as stay in registers with what they count: nothing but XOR, count and add, as often as the CPU
// can.
constexpr int kSums = HWY_TARGET <= HWY_AVX3 ? 8 : 4;
constexpr int kCeilingWords = 24;  // of x, from the first cache; below the limit of byte-wise counters

uint32_t count_bits(int64_t rounds) {
  HWY_ALIGN uint32_t words[kSums * kBlock + kCeilingWords];
  for (uint32_t i = 0; i < kSums * kBlock + kCeilingWords; ++i) words[i] = i * 0x9e3779b9U;
  Words w[kSums];
  Integers all[kSums];
  BITLOOM_UNROLL
  for (int i = 0; i < kSums; ++i) {
    w[i] = hn::Load(kWords, words + i * kBlock);
    all[i] = hn::Zero(kIntegers);
  }
  const auto* x = reinterpret_cast<const std::byte*>(words + kSums * kBlock);
  for (int64_t round = 0; round < rounds; ++round) {
    Counter sums[kSums];
    for (int k = 0; k < kCeilingWords; ++k) {
      BITLOOM_UNROLL
      for (int i = 0; i < kSums; ++i) sums[i].count(hn::Xor(w[i], broadcast(x + k * 4)));
    }
    BITLOOM_UNROLL
    for (int i = 0; i < kSums; ++i) {
      sums[i].flush();
      all[i] = hn::Add(all[i], sums[i].sum());
    }
  }
  BITLOOM_UNROLL
  for (int i = 1; i < kSums; ++i) all[0] = hn::Add(all[0], all[i]);
  return static_cast<uint32_t>(hn::GetLane(hn::SumOfLanes(kIntegers, all[0])));
}

std::string_view target_name() {
  switch (HWY_TARGET) {
    case HWY_AVX3_DL:
      return "avx512vpopcnt";
    case HWY_AVX3:
      return "avx512";
    case HWY_AVX2:
      return "avx2";
    case HWY_SSE4:
      return "sse4";
    default:
      return "neon";
  }
}

Kernels kernels() {
  Kernels k;
  k.target = target_name();
  k.values_per_word = kValuesPerWord;
  // Operations of a vector, a multiplication counted twice as fewer ports have it.
  k.count_cost = HWY_TARGET == HWY_AVX3_DL ? 3 : HWY_ARCH_X86 ? 8 : 3;
  k.value_cost = HWY_TARGET == HWY_AVX3_DL ? 2 : HWY_ARCH_X86 ? 3 : 10;
  k.dot[static_cast<int>(DotForm::kXor)] = dot<XorPlanes>;
  k.dot[static_cast<int>(DotForm::kAnd)] = dot<AndPlanes>;
  k.dot[static_cast<int>(DotForm::kTernary)] = dot<Ternary>;
  k.dot[static_cast<int>(DotForm::kTernaryByBipolar)] = dot<TernaryByBipolar>;
  k.dot[static_cast<int>(DotForm::kValues)] = dot<Values>;
  k.count_ones = count_ones;
  k.reached = reached;
  k.count_bits = count_bits;
  k.ceiling_bits = int64_t{kSums} * kCeilingWords * kLanes * 32;
  return k;
}

#endif

}  // namespace bitloom::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace bitloom::engine {

HWY_EXPORT(kernels);

namespace {

/// On ARM, Highway asks for more than vectors: for AES on 64 bits, which a Raspberry Pi 4 lacks, and for fused
/// multiply-add on 32 bits, which a Cortex-A9 lacks. The kernels use neither.
int64_t supported_targets() {
#if HWY_ARCH_ARM_A64
  return hwy::SupportedTargets() | HWY_NEON;
#elif HWY_ARCH_ARM_V7
  const bool vectors = (getauxval(AT_HWCAP) & HWCAP_ARM_NEON) != 0;
  return hwy::SupportedTargets() | (vectors ? HWY_NEON : 0);
#else
  return hwy::SupportedTargets();
#endif
}

}  // namespace

const std::vector<Kernels>& all_kernels() {
  static const std::vector<Kernels> all = [] {
    std::vector<Kernels> found;
    const int64_t supported = supported_targets() & HWY_TARGETS;
    // Highway numbers better targets lower.
    for (int64_t left = supported; left != 0; left &= left - 1) {
      hwy::SetSupportedTargetsForTest(left & -left);
      hwy::GetChosenTarget().DeInit();
      found.push_back(HWY_DYNAMIC_DISPATCH(kernels)());
    }
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().DeInit();
    if (found.back().target != portable_kernels().target) found.push_back(portable_kernels());
    return found;
  }();
  return all;
}

}  // namespace bitloom::engine

#endif  // HWY_ONCE
