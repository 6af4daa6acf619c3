// SPDX-License-Identifier: Apache-2.0
//
// The inner loops of Dot, once for CPUs that count bits in vectors and once for the others, which do best with one scalar
// count a word. Both are portable C++; the target attribute only says which instructions the compiler may choose.
#include "dot_kernel.h"

#include <bit>
#include <cstring>

#include "thresholder.h"

#if defined(__x86_64__)
#define BITLOOM_TARGET(features) [[gnu::target(features)]]
#define BITLOOM_HAS(feature) (__builtin_cpu_supports(feature) != 0)
#else
#define BITLOOM_TARGET(features)
#define BITLOOM_HAS(feature) false
#endif
#define BITLOOM_INLINE [[gnu::always_inline]] inline

// GCC would otherwise unroll loops over lanes before it looks for vectors, and then find none.
#if defined(__clang__)
#define BITLOOM_LANES_LOOP
#else
#define BITLOOM_LANES_LOOP _Pragma("GCC unroll 1")
#endif

namespace bitloom::engine {
namespace {

using Lanes [[gnu::vector_size(8 * kLanes)]] = uint64_t;

/// differences[t][lane] = population count of row t XOR weights. Counting in vectors.
struct VectorCount {
  template <int kPixels>
  BITLOOM_INLINE static void run(const uint64_t* const* rows, const uint64_t* weights, int64_t words, Lanes* differences) {
    Lanes sums[kPixels] = {};
    for (int64_t k = 0; k < words; ++k) {
      Lanes w;
      std::memcpy(&w, weights + k * kLanes, sizeof w);
      for (int t = 0; t < kPixels; ++t) {
        const Lanes different = w ^ rows[t][k];
        uint64_t counts[kLanes];
        std::memcpy(counts, &different, sizeof counts);
        BITLOOM_LANES_LOOP
        for (int lane = 0; lane < kLanes; ++lane) counts[lane] = static_cast<uint64_t>(std::popcount(counts[lane]));
        Lanes added;
        std::memcpy(&added, counts, sizeof added);
        sums[t] += added;
      }
    }
    for (int t = 0; t < kPixels; ++t) differences[t] = sums[t];
  }
};

/// The same word by word, four channels at a time because more sums would not stay in registers.
struct ScalarCount {
  template <int kPixels>
  BITLOOM_INLINE static void run(const uint64_t* const* rows, const uint64_t* weights, int64_t words, Lanes* differences) {
    for (int t = 0; t < kPixels; ++t) {
      for (int lane = 0; lane < kLanes; lane += 4) {
        uint64_t a = 0, b = 0, c = 0, d = 0;
        for (int64_t k = 0; k < words; ++k) {
          const uint64_t x = rows[t][k];
          const uint64_t* w = weights + k * kLanes + lane;
          a += static_cast<uint64_t>(std::popcount(x ^ w[0]));
          b += static_cast<uint64_t>(std::popcount(x ^ w[1]));
          c += static_cast<uint64_t>(std::popcount(x ^ w[2]));
          d += static_cast<uint64_t>(std::popcount(x ^ w[3]));
        }
        differences[t][lane] = a;
        differences[t][lane + 1] = b;
        differences[t][lane + 2] = c;
        differences[t][lane + 3] = d;
      }
    }
  }
};

template <typename Count, int kPixels>
BITLOOM_INLINE void blocks(const DotTile& tile, int32_t* accumulators) {
  const uint64_t* weights = tile.weights;
  for (int block = 0; block < tile.blocks; ++block, weights += tile.w_planes * tile.words * kLanes) {
    Lanes sums[kPixels] = {};
    for (int p = 0; p < tile.x_planes; ++p) {
      const uint64_t* rows[kPixels];
      for (int t = 0; t < kPixels; ++t) rows[t] = tile.rows[t] + p * tile.words;
      for (int q = 0; q < tile.w_planes; ++q) {
        Lanes differences[kPixels];
        Count::template run<kPixels>(rows, weights + q * tile.words * kLanes, tile.words, differences);
        const uint64_t coefficient = tile.coefficients[p * tile.w_planes + q];
        for (int t = 0; t < kPixels; ++t) sums[t] += differences[t] * coefficient;
      }
    }
    for (int t = 0; t < kPixels; ++t) {
      Lanes constants;
      std::memcpy(&constants, tile.constants[t] + block * kLanes, sizeof constants);
      const Lanes doubled = constants + tile.row_terms[t] - sums[t];
      int32_t* to = accumulators + t * kChunk + block * kLanes;
      for (int lane = 0; lane < kLanes; ++lane) to[lane] = static_cast<int32_t>(doubled[lane] >> 1);
    }
  }
}

template <typename Count>
BITLOOM_INLINE void any_tile(const DotTile& tile, int32_t* accumulators) {
  if (tile.pixels == 1) {
    blocks<Count, 1>(tile, accumulators);
  } else {
    blocks<Count, kTile>(tile, accumulators);
  }
}

BITLOOM_TARGET("avx512f,avx512vl,avx512bw,avx512dq,avx512vpopcntdq,popcnt")
void vector_counting_tile(const DotTile& tile, int32_t* accumulators) { any_tile<VectorCount>(tile, accumulators); }

BITLOOM_TARGET("avx2,popcnt")
void scalar_counting_tile(const DotTile& tile, int32_t* accumulators) { any_tile<ScalarCount>(tile, accumulators); }

void portable_tile(const DotTile& tile, int32_t* accumulators) { any_tile<ScalarCount>(tile, accumulators); }

}  // namespace

std::vector<DotKernel> dot_kernels() {
  std::vector<DotKernel> kernels;
  if (BITLOOM_HAS("avx512vpopcntdq") && BITLOOM_HAS("avx512vl") && BITLOOM_HAS("avx512bw") && BITLOOM_HAS("avx512dq")) {
    kernels.push_back({"vector counts", vector_counting_tile});
  }
  if (BITLOOM_HAS("avx2") && BITLOOM_HAS("popcnt")) kernels.push_back({"scalar counts", scalar_counting_tile});
  kernels.push_back({"portable", portable_tile});
  return kernels;
}

void dot_tile(const DotTile& tile, int32_t* accumulators) {
  static const DotKernel best = dot_kernels().front();
  best.run(tile, accumulators);
}

}  // namespace bitloom::engine
