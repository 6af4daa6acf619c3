// SPDX-License-Identifier: Apache-2.0
//
// Runs of bits, planes of codes, and where buffers lie.
#include <algorithm>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "bits.h"
#include "codec.h"
#include "frame.h"
#include "support/property.h"
#include "window.h"

namespace bitloom::engine {
namespace {

bool bit_of(const std::vector<uint64_t>& row, int64_t bit) { return row[static_cast<size_t>(bit / 64)] >> (bit % 64) & 1; }

TEST(Bits, Property_copied_run_arrives_and_nothing_else_changes) {
  for (uint64_t seed = 0; seed < test::cases(300); ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const auto below = [&](int64_t n) { return static_cast<int64_t>(random() % static_cast<uint64_t>(n)); };
    const int64_t from_bit = below(140), to_bit = below(140), count = 1 + below(200);
    // Rows end with the run's last word: reading or writing one word more is caught by the address sanitizer.
    std::vector<uint64_t> from(static_cast<size_t>(words_for(from_bit + count)));
    std::vector<uint64_t> to(static_cast<size_t>(words_for(to_bit + count)));
    for (uint64_t& word : from) word = random();
    copy_bits(to.data(), to_bit, from.data(), from_bit, count);
    int64_t set = 0;
    for (int64_t bit = 0; bit < static_cast<int64_t>(to.size()) * 64; ++bit) {
      const bool inside = bit >= to_bit && bit < to_bit + count;
      const bool expected = inside && bit_of(from, from_bit + bit - to_bit);
      ASSERT_EQ(bit_of(to, bit), expected) << bit;
      set += expected;
    }
    ASSERT_EQ(count_bits(from.data(), from_bit, count), set);
  }
}

const std::vector<ir::Encoding>& encodings() {
  static const std::vector<int32_t> factors{9, 5, 5, 1};
  static const std::vector<ir::Encoding> all{ir::Encoding::bipolar(),
                                             ir::Encoding::unsigned_bits(1),
                                             ir::Encoding::unsigned_bits(8),
                                             ir::Encoding::unsigned_bits(16),
                                             ir::Encoding::signed_bits(1),
                                             ir::Encoding::signed_bits(4),
                                             ir::Encoding::signed_bits(2, true),
                                             ir::Encoding::ternary(),
                                             ir::Encoding::isometric(3),
                                             ir::Encoding::residual(factors),
                                             ir::Encoding::affine(3, -7, 5),
                                             ir::Encoding{{-5}, 2, -3, 2}};
  return all;
}

TEST(Codec, packs_canonical_codes_at_every_channel_count) {
  for (const ir::Encoding& encoding : encodings()) {
    const Codec codec(encoding);
    const std::vector<int32_t> levels = encoding.levels();
    std::mt19937_64 random(1);
    for (const int64_t channels : {1, 3, 63, 64, 65, 127, 128, 129}) {
      std::vector<int32_t> values;
      for (int64_t c = 0; c < channels; ++c) values.push_back(levels[random() % levels.size()]);
      std::vector<uint64_t> pixel(static_cast<size_t>(codec.planes() * words_for(channels)), ~uint64_t{0});
      codec.pack(values, pixel.data(), words_for(channels));
      for (int p = 0; p < codec.planes(); ++p) {
        for (int64_t bit = 0; bit < words_for(channels) * 64; ++bit) {
          const bool expected = bit < channels && (encoding.code(values[static_cast<size_t>(bit)]) >> p & 1) != 0;
          ASSERT_EQ(bit_of(pixel, p * words_for(channels) * 64 + bit), expected)
              << ir::print(encoding) << ", plane " << p << ", channel " << bit << " of " << channels;
        }
      }
      std::vector<int32_t> back(values.size());
      codec.unpack(pixel.data(), words_for(channels), back);
      ASSERT_EQ(back, values) << ir::print(encoding);
    }
  }
}

TEST(Codec, knows_its_levels) {
  for (const ir::Encoding& encoding : encodings()) {
    const Codec codec(encoding);
    const std::vector<int32_t> levels = encoding.levels();
    EXPECT_TRUE(codec.are_levels(levels)) << ir::print(encoding);
    for (int64_t value = int64_t{encoding.lowest} - 3; value <= int64_t{encoding.highest} + 3; ++value) {
      const std::vector<int32_t> one{levels[0], static_cast<int32_t>(value)};
      ASSERT_EQ(codec.are_levels(one), std::ranges::binary_search(levels, one[1])) << ir::print(encoding) << " " << value;
    }
    for (const int32_t value : {std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()}) {
      ASSERT_FALSE(codec.are_levels(std::vector<int32_t>{value})) << ir::print(encoding);
    }
  }
}

TEST(Window, Property_taps_inside_are_those_whose_position_is) {
  for (uint64_t seed = 0; seed < test::cases(300); ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const auto up_to = [&](int64_t n) { return static_cast<int64_t>(random() % static_cast<uint64_t>(n + 1)); };
    const Axis axis{1 + up_to(9), 1 + up_to(6), 1 + up_to(3), up_to(9), 1 + up_to(3)};
    for (int64_t output = 0; output < 12; ++output) {
      const Taps taps = taps_inside(axis, output);
      ASSERT_LE(0, taps.begin);
      ASSERT_LE(taps.begin, taps.end);
      ASSERT_LE(taps.end, axis.kernel);
      for (int64_t tap = 0; tap < axis.kernel; ++tap) {
        const int64_t at = axis.position(output, tap);
        ASSERT_EQ(tap >= taps.begin && tap < taps.end, at >= 0 && at < axis.size) << "output " << output << ", tap " << tap;
      }
    }
  }
}

TEST(Buffers, Property_those_in_use_together_do_not_overlap) {
  for (uint64_t seed = 0; seed < test::cases(300); ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    std::vector<BufferUse> uses;
    int64_t all = 0;
    for (int32_t i = 0; i < 20; ++i) {
      const auto first = static_cast<int32_t>(random() % 20);
      uses.push_back({static_cast<int64_t>(1 + random() % 1000), first, first + static_cast<int32_t>(random() % 5)});
      all += uses.back().bytes + 63;
    }
    const Offsets placed = place_buffers(uses);
    EXPECT_LE(placed.bytes, all);
    for (size_t a = 0; a < uses.size(); ++a) {
      ASSERT_EQ(placed.offsets[a] % 64, 0);
      ASSERT_LE(placed.offsets[a] + uses[a].bytes, placed.bytes);
      for (size_t b = 0; b < a; ++b) {
        if (uses[a].first > uses[b].last || uses[b].first > uses[a].last) continue;
        ASSERT_TRUE(placed.offsets[a] + uses[a].bytes <= placed.offsets[b] ||
                    placed.offsets[b] + uses[b].bytes <= placed.offsets[a])
            << a << " and " << b;
      }
    }
  }
}

}  // namespace
}  // namespace bitloom::engine
