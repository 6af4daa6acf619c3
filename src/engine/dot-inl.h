// SPDX-License-Identifier: Apache-2.0
//
// Dot for a vector of any width; compiled once for each instruction set by kernels.cc.
#if defined(BITLOOM_DOT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef BITLOOM_DOT_INL_H
#undef BITLOOM_DOT_INL_H
#else
#define BITLOOM_DOT_INL_H
#endif

#include <cstring>

#include <hwy/highway.h>

#include "count-inl.h"
#include "dot_kernel.h"
#include "finish-inl.h"

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128

HWY_BEFORE_NAMESPACE();
namespace bitloom::engine::HWY_NAMESPACE {

/// Weights of the channels of some vectors: word k of vector v at at[v] + k * kBlock.
template <int kVectors>
struct Weights {
  const uint32_t* at[kVectors];

  HWY_INLINE Weights(const DotLayer& layer, int64_t channel, int plane) {
    BITLOOM_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      const int64_t c = channel + v * kLanes;
      at[v] = layer.weights + (c / kBlock * layer.w_planes + plane) * layer.words * kBlock + c % kBlock;
    }
  }
  HWY_INLINE Words operator()(int v, int64_t word) const { return hn::Load(kWords, at[v] + word * kBlock); }
};

HWY_INLINE Words broadcast(const std::byte* at) {
  uint32_t word;
  std::memcpy(&word, at, sizeof word);
  return hn::Set(kWords, word);
}

/// The counters of a tile.
template <int kPixels, int kVectors>
struct Counters {
  Counter at[kPixels][kVectors];

  HWY_INLINE Counters() {}
  HWY_INLINE void flush() {
    BITLOOM_UNROLL
    for (int t = 0; t < kPixels; ++t) {
      BITLOOM_UNROLL
      for (int v = 0; v < kVectors; ++v) at[t][v].flush();
    }
  }
};

/// body(byte offset in a plane of a row, word) for all words of a plane. The counters are flushed before they can overflow,
/// and at the end.
template <int64_t kLimit, typename Body, typename... AnyCounters>
HWY_INLINE void for_each_word(const DotLayer& layer, Body body, AnyCounters&... counters) {
  int64_t word = 0, begin = 0;
  [[maybe_unused]] int64_t room = kLimit;
  for (int64_t s = 0; s < layer.segments; ++s, begin += layer.segment_stride) {
    if constexpr (kLimit == kNoLimit) {
      for (int64_t k = 0; k < layer.segment_words; ++k) body(begin + k * 4, word++);
    } else {
      for (int64_t k = 0; k < layer.segment_words;) {
        const int64_t end = HWY_MIN(layer.segment_words, k + room);
        room -= end - k;
        for (; k < end; ++k) body(begin + k * 4, word++);
        if (room > 0) continue;
        (counters.flush(), ...);
        room = kLimit;
      }
    }
  }
  (counters.flush(), ...);
}

/// Minus the counts of op(x, w) for one pair of planes.
template <int kPixels, int kVectors, typename Op>
HWY_INLINE void count_pair(const DotLayer& layer, const std::byte* const* rows, const Weights<kVectors>& weights, Op op,
                           Integers (&counts)[kPixels][kVectors]) {
  Counters<kPixels, kVectors> counters;
  const auto body = [&](int64_t offset, int64_t word) HWY_ATTR {
    Words w[kVectors];
    BITLOOM_UNROLL
    for (int v = 0; v < kVectors; ++v) w[v] = weights(v, word);
    BITLOOM_UNROLL
    for (int t = 0; t < kPixels; ++t) {
      const Words x = broadcast(rows[t] + offset);
      BITLOOM_UNROLL
      for (int v = 0; v < kVectors; ++v) counters.at[t][v].count(op(x, w[v]));
    }
  };
  for_each_word<Counter::kLimit>(layer, body, counters);
  BITLOOM_UNROLL
  for (int t = 0; t < kPixels; ++t) {
    BITLOOM_UNROLL
    for (int v = 0; v < kVectors; ++v) counts[t][v] = counters.at[t][v].sum();
  }
}

struct XorOp {
  HWY_INLINE Words operator()(Words x, Words w) const { return hn::Xor(x, w); }
};
struct AndOp {
  HWY_INLINE Words operator()(Words x, Words w) const { return hn::And(x, w); }
};

template <int kPixels, int kVectors, typename Op>
struct Planes {
  static HWY_INLINE void sum(const DotLayer& layer, const std::byte* const* rows, int64_t channel, const int32_t*,
                             Integers (&sums)[kPixels][kVectors]) {
    if (layer.factors == nullptr) {
      count_pair(layer, rows, Weights<kVectors>(layer, channel, 0), Op{}, sums);
      return;
    }
    BITLOOM_UNROLL
    for (int t = 0; t < kPixels; ++t) {
      BITLOOM_UNROLL
      for (int v = 0; v < kVectors; ++v) sums[t][v] = hn::Zero(kIntegers);
    }
    Integers counts[kPixels][kVectors];
    for (int p = 0; p < layer.x_planes; ++p) {
      const std::byte* plane[kPixels];
      BITLOOM_UNROLL
      for (int t = 0; t < kPixels; ++t) plane[t] = rows[t] + p * layer.x_plane_stride;
      for (int q = 0; q < layer.w_planes; ++q) {
        count_pair(layer, plane, Weights<kVectors>(layer, channel, q), Op{}, counts);
        BITLOOM_UNROLL
        for (int v = 0; v < kVectors; ++v) {
          const Integers factor = factor_of(layer, channel + v * kLanes, p * layer.w_planes + q);
          BITLOOM_UNROLL
          for (int t = 0; t < kPixels; ++t) sums[t][v] = hn::Sub(sums[t][v], hn::Mul(factor, counts[t][v]));
        }
      }
    }
  }

  static HWY_INLINE Integers factor_of(const DotLayer& layer, int64_t channel, int pair) {
    const int64_t pairs = int64_t{layer.x_planes} * layer.w_planes;
    return hn::Load(kIntegers, layer.factors + (channel / kBlock * pairs + pair) * kBlock + channel % kBlock);
  }
};

/// x = (m, s), w = (n, u), nonzero and negative: the product is nonzero where m & n, and negative where s ^ u there.
template <int kPixels, int kVectors>
struct Ternary {
  static HWY_INLINE void sum(const DotLayer& layer, const std::byte* const* rows, int64_t channel, const int32_t*,
                             Integers (&sums)[kPixels][kVectors]) {
    Counters<kPixels, kVectors> nonzero, negative;
    const Weights<kVectors> n(layer, channel, 0), u(layer, channel, 1);
    const auto body = [&](int64_t offset, int64_t word) HWY_ATTR {
      BITLOOM_UNROLL
      for (int t = 0; t < kPixels; ++t) {
        const Words m = broadcast(rows[t] + offset), s = broadcast(rows[t] + layer.x_plane_stride + offset);
        BITLOOM_UNROLL
        for (int v = 0; v < kVectors; ++v) {
          const Words product = hn::And(m, n(v, word));
          nonzero.at[t][v].count(product);
          negative.at[t][v].count(and_of_xor(product, s, u(v, word)));
        }
      }
    };
    for_each_word<Counter::kLimit>(layer, body, nonzero, negative);
    BITLOOM_UNROLL
    for (int t = 0; t < kPixels; ++t) {
      BITLOOM_UNROLL
      for (int v = 0; v < kVectors; ++v) {
        sums[t][v] = hn::Sub(hn::ShiftLeft<1>(negative.at[t][v].sum()), nonzero.at[t][v].sum());
      }
    }
  }
};

/// As above with w nonzero everywhere; s is zero where m is. So the products that are negative are s ^ (m & u), and how
/// many are not zero is the same for all channels: the row term.
template <int kPixels, int kVectors>
struct TernaryByBipolar {
  static HWY_INLINE void sum(const DotLayer& layer, const std::byte* const* rows, int64_t channel, const int32_t* row_terms,
                             Integers (&sums)[kPixels][kVectors]) {
    Counters<kPixels, kVectors> negative;
    const Weights<kVectors> u(layer, channel, 0);
    const auto body = [&](int64_t offset, int64_t word) HWY_ATTR {
      BITLOOM_UNROLL
      for (int t = 0; t < kPixels; ++t) {
        const Words m = broadcast(rows[t] + offset), s = broadcast(rows[t] + layer.x_plane_stride + offset);
        BITLOOM_UNROLL
        for (int v = 0; v < kVectors; ++v) negative.at[t][v].count(hn::Xor(s, hn::And(m, u(v, word))));
      }
    };
    for_each_word<Counter::kLimit>(layer, body, negative);
    BITLOOM_UNROLL
    for (int t = 0; t < kPixels; ++t) {
      const Integers nonzero = hn::Set(kIntegers, row_terms[t]);
      BITLOOM_UNROLL
      for (int v = 0; v < kVectors; ++v) {
        sums[t][v] = hn::Add(nonzero, hn::ShiftLeft<1>(negative.at[t][v].sum()));
      }
    }
  }
};

template <int kPixels, int kVectors>
struct Values {
  static HWY_INLINE void sum(const DotLayer& layer, const std::byte* const* rows, int64_t channel, const int32_t*,
                             Integers (&sums)[kPixels][kVectors]) {
    Integers products[kPixels][kVectors];
    BITLOOM_UNROLL
    for (int t = 0; t < kPixels; ++t) {
      BITLOOM_UNROLL
      for (int v = 0; v < kVectors; ++v) products[t][v] = hn::Zero(kIntegers);
    }
    const Weights<kVectors> weights(layer, channel, 0);
    const auto body = [&](int64_t offset, int64_t word) HWY_ATTR {
      BITLOOM_UNROLL
      for (int t = 0; t < kPixels; ++t) {
        const Words x = broadcast(rows[t] + offset);
        BITLOOM_UNROLL
        for (int v = 0; v < kVectors; ++v) products[t][v] = add_products(x, weights(v, word), products[t][v]);
      }
    };
    for_each_word<kNoLimit>(layer, body);
    BITLOOM_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      const int64_t c = channel + v * kLanes;
      if (layer.factors != nullptr) {
        const Integers factor = hn::Load(kIntegers, layer.factors + c);
        BITLOOM_UNROLL
        for (int t = 0; t < kPixels; ++t) products[t][v] = hn::Mul(factor, products[t][v]);
      }
      BITLOOM_UNROLL
      for (int t = 0; t < kPixels; ++t) sums[t][v] = products[t][v];
    }
  }
};

/// The channels from `channel` on of the pixels from `pixel` on.
template <template <int, int> typename Form, int kPixels, int kVectors>
HWY_INLINE void tile(const DotLayer& layer, const DotPixels& pixels, int64_t channel, int64_t pixel) {
  Integers sums[kPixels][kVectors];
  const int32_t* row_terms = pixels.row_terms == nullptr ? nullptr : pixels.row_terms + pixel;
  Form<kPixels, kVectors>::sum(layer, pixels.rows + pixel, channel, row_terms, sums);
  if (pixels.constants != nullptr) {
    BITLOOM_UNROLL
    for (int t = 0; t < kPixels; ++t) {
      BITLOOM_UNROLL
      for (int v = 0; v < kVectors; ++v) {
        const Integers constant = hn::Load(kIntegers, pixels.constants[pixel + t] + channel + v * kLanes);
        sums[t][v] = hn::Add(sums[t][v], constant);
      }
    }
  }
  finish<kPixels, kVectors>(layer, pixels, channel, pixel, sums);
}

/// Weights of a few channels stay in the first cache while all pixels pass. A function of its own: in a larger one GCC
/// keeps sums in memory. And with its own copies: results that are stored could otherwise lie in those, for all the
/// compiler knows.
template <template <int, int> typename Form, int kVectors>
HWY_NOINLINE void all_pixels(const DotLayer& shared_layer, const DotPixels& shared_pixels, int64_t channel) {
  const DotLayer layer = shared_layer;
  const DotPixels pixels = shared_pixels;
  int64_t pixel = 0;
  for (; pixel + kTile <= pixels.count; pixel += kTile) tile<Form, kTile, kVectors>(layer, pixels, channel, pixel);
  for (; pixel < pixels.count; ++pixel) tile<Form, 1, kVectors>(layer, pixels, channel, pixel);
}

template <template <int, int> typename Form>
void dot(const DotLayer& layer, const DotPixels& pixels) {
  const int64_t channels = layer.blocks() * kBlock;
  int64_t channel = 0;
  for (; channel + 2 * kLanes <= channels; channel += 2 * kLanes) all_pixels<Form, 2>(layer, pixels, channel);
  if (channel < channels) all_pixels<Form, 1>(layer, pixels, channel);
}

/// Word by word: rows are short, and most targets count the bits of one in an instruction.
void count_ones(const DotLayer& layer, const std::byte* const* rows, int64_t count, int32_t* ones) {
  for (int64_t i = 0; i < count; ++i) {
    size_t sum = 0;
    for (int64_t s = 0; s < layer.segments; ++s) {
      const std::byte* at = rows[i] + s * layer.segment_stride;
      for (int64_t left = layer.segment_words; left > 0; left -= 2, at += 8) {
        uint64_t word = 0;
        std::memcpy(&word, at, left == 1 ? 4 : 8);
        sum += hwy::PopCount(word);
      }
    }
    ones[i] = static_cast<int32_t>(sum);
  }
}

template <int kPixels, int kVectors>
using XorPlanes = Planes<kPixels, kVectors, XorOp>;
template <int kPixels, int kVectors>
using AndPlanes = Planes<kPixels, kVectors, AndOp>;

}  // namespace bitloom::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // vectors

#endif  // BITLOOM_DOT_INL_H
