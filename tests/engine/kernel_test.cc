// SPDX-License-Identifier: Apache-2.0
//
// Every version of the Dot kernel that this CPU can run against sums taken bit by bit.
#include <algorithm>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "dot_kernel.h"
#include "thresholder.h"

namespace bitloom::engine {
namespace {

struct Case {
  std::vector<std::vector<uint64_t>> rows;
  std::vector<uint64_t> weights, coefficients, constants;
  DotTile tile;
};

Case make_case(std::mt19937_64& random, int pixels, int blocks, int x_planes, int w_planes, int64_t words) {
  Case c;
  const auto fill = [&](std::vector<uint64_t>& v, int64_t size) {
    v.resize(static_cast<size_t>(size));
    for (uint64_t& word : v) word = random();
  };
  c.rows.resize(static_cast<size_t>(pixels));
  for (auto& row : c.rows) fill(row, x_planes * words);
  fill(c.weights, blocks * w_planes * words * kLanes);
  fill(c.coefficients, x_planes * w_planes);
  fill(c.constants, blocks * kLanes);
  c.tile.pixels = pixels;
  c.tile.blocks = blocks;
  c.tile.x_planes = x_planes;
  c.tile.w_planes = w_planes;
  c.tile.words = words;
  c.tile.weights = c.weights.data();
  c.tile.coefficients = c.coefficients.data();
  for (int t = 0; t < pixels; ++t) {
    c.tile.rows[t] = c.rows[static_cast<size_t>(t)].data();
    c.tile.constants[t] = c.constants.data();
    c.tile.row_terms[t] = random();
  }
  return c;
}

int32_t expected(const Case& c, int pixel, int channel) {
  const DotTile& tile = c.tile;
  uint64_t sum = tile.constants[pixel][channel] + tile.row_terms[pixel];
  for (int p = 0; p < tile.x_planes; ++p) {
    for (int q = 0; q < tile.w_planes; ++q) {
      uint64_t different = 0;
      for (int64_t bit = 0; bit < tile.words * 64; ++bit) {
        const int64_t block_plane = channel / kLanes * tile.w_planes + q;
        const uint64_t w = tile.weights[(block_plane * tile.words + bit / 64) * kLanes + channel % kLanes];
        different += (tile.rows[pixel][p * tile.words + bit / 64] ^ w) >> (bit % 64) & 1;
      }
      sum -= tile.coefficients[p * tile.w_planes + q] * different;
    }
  }
  return static_cast<int32_t>(sum >> 1);
}

TEST(DotKernel, every_version_counts_alike) {
  const std::vector<DotKernel> kernels = dot_kernels();
  ASSERT_FALSE(kernels.empty());
  std::mt19937_64 random(7);
  for (const int pixels : {1, kTile}) {
    for (const int blocks : {1, 2, kChunk / kLanes}) {
      for (const int64_t words : {1, 2, 7, 17}) {
        for (const auto& [x_planes, w_planes] : {std::pair{1, 1}, std::pair{3, 1}, std::pair{2, 2}}) {
          const Case c = make_case(random, pixels, blocks, x_planes, w_planes, words);
          for (const DotKernel& kernel : kernels) {
            std::vector<int32_t> found(kTile * kChunk);
            kernel.run(c.tile, found.data());
            for (int t = 0; t < pixels; ++t) {
              for (int n = 0; n < blocks * kLanes; ++n) {
                ASSERT_EQ(found[static_cast<size_t>(t * kChunk + n)], expected(c, t, n))
                    << kernel.name << ": pixel " << t << ", channel " << n << ", words " << words;
              }
            }
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace bitloom::engine
