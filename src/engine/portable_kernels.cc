// SPDX-License-Identifier: Apache-2.0
//
// The kernels without vectors: one channel at a time, 64 bits at a time, for CPUs that no other kernels are for.
#include <algorithm>
#include <bit>
#include <cstring>

#include "kernels.h"

namespace bitloom::engine {
namespace {

using Word = uint64_t;

/// count(x, w) summed over one plane of a row, where x is the offset of a word in the plane and w its number.
template <typename Count>
uint32_t sum_words(const DotLayer& layer, Count count) {
  uint32_t sum = 0;
  int64_t word = 0;
  for (int64_t s = 0; s < layer.segments; ++s) {
    const int64_t begin = s * layer.segment_stride;
    int64_t k = 0;
    for (; k + 2 <= layer.segment_words; k += 2, word += 2) sum += count.template operator()<uint64_t>(begin + k * 4, word);
    if (k < layer.segment_words) sum += count.template operator()<uint32_t>(begin + k * 4, word++);
  }
  return sum;
}

template <typename T>
T load(const void* from) {
  T word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

template <typename T>
uint32_t ones(T word) {
#if defined(__x86_64__) && !defined(__POPCNT__)
  // The first x86-64 CPUs have no instruction for it, and the library's function costs twice as much as this: sums of 2, 4,
  // 8 bits side by side, and all bytes added up by a multiplication.
  const T all = ~T{0};
  word -= word >> 1 & all / 3;
  word = (word & all / 15 * 3) + (word >> 2 & all / 15 * 3);
  word = (word + (word >> 4)) & all / 255 * 15;
  return static_cast<uint32_t>(word * (all / 255) >> (sizeof(T) - 1) * 8);
#else
  return static_cast<uint32_t>(std::popcount(word));
#endif
}

/// The weights of a channel and plane.
const uint32_t* weights_of(const DotLayer& layer, int64_t channel, int plane) {
  return layer.weights + (channel * layer.w_planes + plane) * layer.words;
}

template <typename Op>
uint32_t count_pair(const DotLayer& layer, const std::byte* x, const uint32_t* w, Op op) {
  return sum_words(
      layer, [&]<typename T>(int64_t offset, int64_t word) { return ones<T>(op(load<T>(x + offset), load<T>(w + word))); });
}

template <typename Op>
uint32_t planes_sum(const DotLayer& layer, const std::byte* row, int64_t channel, Op op) {
  if (layer.factors == nullptr) return 0 - count_pair(layer, row, weights_of(layer, channel, 0), op);
  uint32_t sum = 0;
  for (int p = 0; p < layer.x_planes; ++p) {
    for (int q = 0; q < layer.w_planes; ++q) {
      const int64_t pair = channel / kBlock * layer.x_planes * layer.w_planes + p * layer.w_planes + q;
      const auto factor = static_cast<uint32_t>(layer.factors[pair * kBlock + channel % kBlock]);
      sum += factor * count_pair(layer, row + p * layer.x_plane_stride, weights_of(layer, channel, q), op);
    }
  }
  return sum;
}

struct XorSum {
  static uint32_t of(const DotLayer& layer, const std::byte* row, int64_t channel, uint32_t) {
    return planes_sum(layer, row, channel, [](auto x, auto w) { return x ^ w; });
  }
};

struct AndSum {
  static uint32_t of(const DotLayer& layer, const std::byte* row, int64_t channel, uint32_t) {
    return planes_sum(layer, row, channel, [](auto x, auto w) { return x & w; });
  }
};

struct TernarySum {
  static uint32_t of(const DotLayer& layer, const std::byte* row, int64_t channel, uint32_t) {
    const uint32_t* nonzero = weights_of(layer, channel, 0);
    const uint32_t* negative = weights_of(layer, channel, 1);
    return sum_words(layer, [&]<typename T>(int64_t offset, int64_t word) {
      const T product = load<T>(row + offset) & load<T>(nonzero + word);
      const T signs = load<T>(row + layer.x_plane_stride + offset) ^ load<T>(negative + word);
      return ones<T>(product) - 2 * ones<T>(product & signs);
    });
  }
};

struct TernaryByBipolarSum {
  static uint32_t of(const DotLayer& layer, const std::byte* row, int64_t channel, uint32_t row_term) {
    const uint32_t* negative = weights_of(layer, channel, 0);
    return row_term - 2 * sum_words(layer, [&]<typename T>(int64_t offset, int64_t word) {
                        const T products = load<T>(row + offset) & load<T>(negative + word);
                        return ones<T>(load<T>(row + layer.x_plane_stride + offset) ^ products);
                      });
  }
};

struct ValuesSum {
  static uint32_t of(const DotLayer& layer, const std::byte* row, int64_t channel, uint32_t) {
    const auto* w = reinterpret_cast<const std::byte*>(weights_of(layer, channel, 0));
    int32_t sum = 0;
    for (int64_t i = 0; i < layer.words * 2; ++i) sum += load<int16_t>(row + i * 2) * load<int16_t>(w + i * 2);
    const uint32_t factor = layer.factors == nullptr ? 1 : static_cast<uint32_t>(layer.factors[channel]);
    return factor * static_cast<uint32_t>(sum);
  }
};

/// Codes of a block of channels.
void store_codes(const DotLayer& layer, int64_t block, const int32_t* sums, std::byte* result) {
  uint16_t planes[16];
  for (int p = 0; p < layer.out_planes; ++p)
    planes[p] = load<uint16_t>(layer.highest_bits + (p * layer.blocks() + block) * 2);
  for (int i = 0; i < layer.thresholds_count; ++i) {
    const int32_t* thresholds = layer.thresholds + (block * layer.thresholds_count + i) * kBlock;
    uint32_t below = 0;
    for (int lane = 0; lane < kBlock; ++lane) below |= uint32_t{sums[lane] < thresholds[lane]} << lane;
    for (int p = 0; p < layer.out_planes; ++p) {
      if ((layer.toggles[i] >> p & 1) != 0) planes[p] = static_cast<uint16_t>(planes[p] ^ below);
    }
  }
  for (int p = 0; p < layer.out_planes; ++p) {
    std::memcpy(result + p * layer.out_plane_stride + block * 2, planes + p, sizeof planes[p]);
  }
}

template <typename Sum>
void dot(const DotLayer& layer, const DotPixels& pixels) {
  const int64_t pool = layer.pooled ? kTile : 1;
  for (int64_t block = 0; block < layer.blocks(); ++block) {
    const int64_t begin = block * kBlock, count = std::min<int64_t>(kBlock, layer.channels - begin);
    for (int64_t pixel = 0; pixel < pixels.count; pixel += pool) {
      int32_t sums[kBlock] = {};
      for (int64_t i = pixel; i < pixel + pool; ++i) {
        const uint32_t row_term = pixels.row_terms == nullptr ? 0 : static_cast<uint32_t>(pixels.row_terms[i]);
        for (int64_t lane = 0; lane < count; ++lane) {
          const uint32_t constant =
              pixels.constants == nullptr ? 0 : static_cast<uint32_t>(pixels.constants[i][begin + lane]);
          const auto sum = static_cast<int32_t>(constant + Sum::of(layer, pixels.rows[i], begin + lane, row_term));
          sums[lane] = i == pixel ? sum : std::max(sums[lane], sum);
        }
      }
      std::byte* result = pixels.results[pixel / pool];
      if (layer.thresholds_count == 0) {
        std::memcpy(result + begin * 4, sums, static_cast<size_t>(count) * 4);
      } else {
        store_codes(layer, block, sums, result);
      }
    }
  }
}

void count_ones(const DotLayer& layer, const std::byte* const* rows, int64_t count, int32_t* sums) {
  for (int64_t i = 0; i < count; ++i) {
    sums[i] = static_cast<int32_t>(
        sum_words(layer, [&]<typename T>(int64_t offset, int64_t) { return ones<T>(load<T>(rows[i] + offset)); }));
  }
}

void reached(const uint8_t* bytes, int64_t count, uint8_t threshold, uint8_t* bits) {
  for (int64_t i = 0; i < count; i += 8) {
    uint32_t byte = 0;
    for (int64_t bit = 0; bit < std::min<int64_t>(8, count - i); ++bit)
      byte |= uint32_t{bytes[i + bit] >= threshold} << bit;
    bits[i / 8] = static_cast<uint8_t>(byte);
  }
}

uint32_t count_bits(int64_t rounds) {
  static const Word words[8] = {0x9e3779b97f4a7c15, 0xf39cc0605cedc834, 0x1082276bf3a27251, 0xf86c6a11d5e9c18d,
                                0x2545f4914f6cdd1d, 0xbf58476d1ce4e5b9, 0x94d049bb133111eb, 0xd6e8feb86659fd93};
  uint32_t sums[4] = {};
  for (int64_t round = 0; round < rounds; ++round) {
    const Word x = words[round % 8];
    for (size_t i = 0; i < 4; ++i) sums[i] += ones(x ^ words[(static_cast<size_t>(round) + i) % 8]);
  }
  return sums[0] + sums[1] + sums[2] + sums[3];
}

}  // namespace

Kernels portable_kernels() {
  Kernels k;
  k.target = "portable";
  k.weight_lanes = 1;
  k.count_cost = 6;
  k.value_cost = 1;
  k.dot[static_cast<int>(DotForm::kXor)] = dot<XorSum>;
  k.dot[static_cast<int>(DotForm::kAnd)] = dot<AndSum>;
  k.dot[static_cast<int>(DotForm::kTernary)] = dot<TernarySum>;
  k.dot[static_cast<int>(DotForm::kTernaryByBipolar)] = dot<TernaryByBipolarSum>;
  k.dot[static_cast<int>(DotForm::kValues)] = dot<ValuesSum>;
  k.count_ones = count_ones;
  k.reached = reached;
  k.count_bits = count_bits;
  k.ceiling_bits = 4 * 64;
  return k;
}

}  // namespace bitloom::engine
