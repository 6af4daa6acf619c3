// SPDX-License-Identifier: Apache-2.0
//
// What becomes of accumulators in registers: pooled, compared with thresholds, stored as bits; or stored.
#if defined(BITLOOM_FINISH_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef BITLOOM_FINISH_INL_H
#undef BITLOOM_FINISH_INL_H
#else
#define BITLOOM_FINISH_INL_H
#endif

#include <cstring>

#include <hwy/highway.h>

#include "count-inl.h"
#include "dot_kernel.h"

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128

HWY_BEFORE_NAMESPACE();
namespace bitloom::engine::HWY_NAMESPACE {

constexpr int kMostPlanes = 16;

/// Bit i: lane i of a < b.
HWY_INLINE uint32_t lanes_below(Integers a, Integers b) {
  const auto below = hn::Lt(a, b);
#if HWY_TARGET <= HWY_AVX3
  return below.raw;
#else
  uint8_t bits[8] = {};
  hn::StoreMaskBits(kIntegers, below, bits);
  return bits[0];
#endif
}

/// The bits of kBits channels, in a byte or more.
template <int kBits>
HWY_INLINE uint64_t load_bits(const uint8_t* from) {
  uint64_t bits = 0;
  std::memcpy(&bits, from, kBits / 8);
  return bits;
}
template <int kBits>
HWY_INLINE void store_bits(uint64_t bits, std::byte* to) {
  std::memcpy(to, &bits, kBits / 8);
}

/// One bit a channel: set if its threshold is not reached.
template <int kVectors>
HWY_INLINE uint64_t bits_below(const DotLayer& layer, int64_t channel, int threshold, const Integers* sums) {
  uint64_t bits = 0;
  BITLOOM_UNROLL
  for (int v = 0; v < kVectors; ++v) {
    const int64_t c = channel + v * kLanes;
    const int32_t* at = layer.thresholds + (c / kBlock * layer.thresholds_count + threshold) * kBlock + c % kBlock;
    bits |= uint64_t{lanes_below(sums[v], hn::Load(kIntegers, at))} << (v * kLanes);
  }
  return bits;
}

/// Codes of up to kPlanes planes.
template <int kPlanes, int kVectors>
HWY_INLINE void store_planes(const DotLayer& layer, int64_t channel, const Integers* sums, std::byte* result) {
  constexpr int kBits = kVectors * kLanes;
  const int used = kPlanes <= 2 ? kPlanes : layer.out_planes;
  const uint8_t* highest = layer.highest_bits + channel / 8;
  uint64_t planes[kPlanes] = {};
  for (int p = 0; p < used; ++p) planes[p] = load_bits<kBits>(highest + p * layer.blocks() * 2);
  for (int i = 0; i < layer.thresholds_count; ++i) {
    const uint64_t below = bits_below<kVectors>(layer, channel, i, sums);
    for (int p = 0; p < used; ++p) planes[p] ^= below & -uint64_t{layer.toggles[i] >> p & 1};
  }
  for (int p = 0; p < used; ++p) store_bits<kBits>(planes[p], result + channel / 8 + p * layer.out_plane_stride);
}

template <int kVectors>
HWY_INLINE void store_codes(const DotLayer& layer, int64_t channel, const Integers* sums, std::byte* result) {
  constexpr int kBits = kVectors * kLanes;
  if (layer.out_planes == 1 && layer.thresholds_count == 1) {
    const uint64_t highest = load_bits<kBits>(layer.highest_bits + channel / 8);
    store_bits<kBits>(bits_below<kVectors>(layer, channel, 0, sums) ^ highest, result + channel / 8);
  } else if (layer.out_planes == 2) {
    store_planes<2, kVectors>(layer, channel, sums, result);
  } else {
    store_planes<kMostPlanes, kVectors>(layer, channel, sums, result);
  }
}

template <int kVectors>
HWY_INLINE void store_sums(const DotLayer& layer, int64_t channel, const Integers* sums, std::byte* result) {
  auto* to = reinterpret_cast<int32_t*>(result);
  BITLOOM_UNROLL
  for (int v = 0; v < kVectors; ++v, channel += kLanes) {
    if (channel + kLanes <= layer.channels) {
      hn::StoreU(sums[v], kIntegers, to + channel);
      continue;
    }
    HWY_ALIGN int32_t lanes[kLanes];
    hn::Store(sums[v], kIntegers, lanes);
    for (int64_t c = channel; c < layer.channels; ++c) to[c] = lanes[c - channel];
  }
}

template <int kPixels, int kVectors>
HWY_INLINE void finish(const DotLayer& layer, const DotPixels& pixels, int64_t channel, int64_t pixel,
                       Integers (&sums)[kPixels][kVectors]) {
  if (layer.thresholds_count == 0) {
    BITLOOM_UNROLL
    for (int t = 0; t < kPixels; ++t) store_sums<kVectors>(layer, channel, sums[t], pixels.results[pixel + t]);
    return;
  }
  if (kPixels == kTile && layer.pooled) {
    BITLOOM_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      BITLOOM_UNROLL
      for (int t = 1; t < kPixels; ++t) sums[0][v] = hn::Max(sums[0][v], sums[t][v]);
    }
    store_codes<kVectors>(layer, channel, sums[0], pixels.results[pixel / kTile]);
    return;
  }
  BITLOOM_UNROLL
  for (int t = 0; t < kPixels; ++t) store_codes<kVectors>(layer, channel, sums[t], pixels.results[pixel + t]);
}

}  // namespace bitloom::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // vectors

#endif  // BITLOOM_FINISH_INL_H
