// SPDX-License-Identifier: Apache-2.0
//
// .bloom files: read back as written, the same bytes each time, and no file, however made, does more than throw Error.
#include <cstring>
#include <fstream>
#include <functional>
#include <random>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "bitloom/file.h"
#include "bitloom/ir.h"
#include "support/property.h"

namespace bitloom::ir {
namespace {

using Bytes = std::vector<std::byte>;

class BloomFile : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }

  Bytes saved(const Network& network) {
    save(network, path_);
    return read_file(path_);
  }

  std::filesystem::path path_ = std::filesystem::path(testing::TempDir()) / fmt::format("bloom_test_{}.bloom", getpid());
};

// A copy of its own, so that a sanitizer sees each byte past the end.
Network load_copy(std::span<const std::byte> bytes) {
  const auto copy = std::make_shared<Bytes>(bytes.begin(), bytes.end());
  return load(*copy, copy, "copy.bloom");
}

std::string error_of(std::span<const std::byte> bytes) {
  try {
    load_copy(bytes);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

// Loads to a network that keeps every rule, or throws Error naming the file.
bool loads(std::span<const std::byte> bytes) {
  try {
    const Network network = load_copy(bytes);
    verify(network);
    return true;
  } catch (const Error& error) {
    EXPECT_TRUE(std::string_view(error.what()).starts_with("copy.bloom: ")) << error.what();
    return false;
  }
}

Network small_network() {
  return parse(R"(network "small"
%0 = input "pixels" 2x2x1 unsigned2 real [-inf 0.25 1]
%1 = max_pool "pool" %0 kernel=2x2
%2 = dot "fc" %1 ternary 3x1 weights=seed(1)
%3 = threshold "act" %2 bipolar rows=3 [0] desc[1] [9]
%4 = add "sum" %3 %2 multipliers=1,-2
%5 = output "out" %4 scale=0.5
output %5 %3
classes "a" "b" "c"
)");
}

TEST_F(BloomFile, reads_back_what_was_saved_Property) {
  for (uint64_t seed = 0; seed < test::cases(150); ++seed) {
    const Network network = random_network(seed);
    save(network, path_);
    ASSERT_EQ(load(path_), network) << "seed " << seed;
  }
}

TEST_F(BloomFile, same_network_gives_same_bytes) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Bytes first = saved(random_network(seed));
    EXPECT_EQ(first, saved(load(path_))) << "seed " << seed;
  }
}

// What an older program wrote stays readable. The file was written by save() when version 1 was made.
TEST_F(BloomFile, file_of_version_1_means_what_it_meant) {
  const Network expected = parse(R"(network "every layer"
%0 = input "reals" 2x2x4 unsigned2 real [-inf 0.25 1]
%1 = input "integers" 2x2x4 range(-9..9)
%2 = threshold "codes" %1 unsigned2 rows=4 [-1 0 1] desc[-9 2 2] [5 50 500] [-2147483648 0 2147483647]
%3 = concat "join" %0 %2
%4 = slice "part" %3 begin=1 end=7
%5 = dot "conv" %4 ternary 4x24 kernel=2x2 stride=2x1 pads=0,1,2,3 dilation=1x2 groups=1 weights=seed(1)
%6 = add "sum" %5 %5 multipliers=3,-2
%7 = threshold "sign" %6 bipolar [0]
%8 = depth_to_space "spread" %7 block=2 column_row_depth
%9 = upsample "grow" %8 factor=1x2
%10 = max_pool "max" %9 kernel=2x2 stride=2x2
%11 = sum_pool "mean" %10 kernel=1x2 pads=0,1,0,0
%12 = reshape "flat" %11 1x1x16 channels_first
%13 = threshold "act" %12 planes(6,2;-4;-4..4) [-1 0 1]
%14 = dot "fc" %13 signed3n 3x16 weights=seed(2)
%15 = output "logits" %14 scale=0.5 offset=-1,0,0.125
%16 = top_k "class" %15 k=2
output %15 %16
classes "a" "b" "c"
)");
  EXPECT_EQ(load(std::filesystem::path(BITLOOM_SOURCE_DIR) / "tests/ir/version1.bloom"), expected);
}

TEST_F(BloomFile, weights_are_used_where_they_lie) {
  const Bytes bytes = saved(random_network(3));
  const auto owner = std::make_shared<Bytes>(bytes);
  const std::weak_ptr<Bytes> watch = owner;
  Network network = load(*owner, owner, "x");
  for (const Node& node : network.nodes) {
    const Dot* dot = std::get_if<Dot>(&node.layer);
    if (dot == nullptr) continue;
    const auto* words = reinterpret_cast<const std::byte*>(dot->weights.words().data());
    EXPECT_GE(words, owner->data());
    EXPECT_LT(words, owner->data() + owner->size());
  }
  const_cast<std::shared_ptr<Bytes>&>(owner).reset();
  EXPECT_FALSE(watch.expired());
  network = {};
  EXPECT_TRUE(watch.expired());
}

TEST_F(BloomFile, network_outlives_the_file) {
  const Network network = random_network(5);
  save(network, path_);
  const Network loaded = load(path_);
  std::filesystem::remove(path_);
  EXPECT_EQ(loaded, network);
}

TEST_F(BloomFile, damaged_structure_is_named_bad) {
  Bytes bytes = saved(small_network());
  bytes[3] = std::byte{0x7f};
  EXPECT_EQ(error_of(bytes), "copy.bloom: is damaged or cut off: its structure is not that of a .bloom file");
}

TEST_F(BloomFile, is_known_by_its_first_bytes) {
  const Bytes bytes = saved(small_network());
  EXPECT_TRUE(is_bloom(bytes));
  EXPECT_FALSE(is_bloom(std::span(bytes).first(7)));
  EXPECT_FALSE(is_bloom({}));
}

TEST_F(BloomFile, saving_an_invalid_network_writes_nothing_bad) {
  Network network = small_network();
  network.outputs.clear();
  EXPECT_THROW(save(network, path_), Error);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(BloomFile, missing_or_empty_file_is_named_bad) {
  EXPECT_THROW(load(path_), Error);
  write_file(path_, std::string_view());
  try {
    load(path_);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), path_.string() + ": is not a .bloom file: expected \"BLOM\" at byte 4");
  }
}

TEST_F(BloomFile, wrong_identifier_is_refused_bad) {
  Bytes bytes = saved(small_network());
  bytes[4] = std::byte{'b'};
  EXPECT_EQ(error_of(bytes), "copy.bloom: is not a .bloom file: expected \"BLOM\" at byte 4");
}

// The first word of a file leads to the root table, that to its vtable, whose first field is the version.
void set_version(Bytes& bytes, uint32_t version) {
  uint32_t root = 0;
  std::memcpy(&root, bytes.data(), 4);
  int32_t to_vtable = 0;
  std::memcpy(&to_vtable, bytes.data() + root, 4);
  uint16_t field = 0;
  std::memcpy(&field, bytes.data() + root - to_vtable + 4, 2);
  std::memcpy(bytes.data() + root + field, &version, 4);
}

TEST_F(BloomFile, other_version_says_which_is_needed_bad) {
  Bytes bytes = saved(small_network());
  set_version(bytes, 2);
  EXPECT_EQ(error_of(bytes),
            "copy.bloom: has format version 2; this bitloom reads version 1, so a newer bitloom is needed");
  set_version(bytes, 0);
  EXPECT_EQ(error_of(bytes),
            "copy.bloom: has format version 0; this bitloom reads version 1, so a different bitloom is needed");
  set_version(bytes, 1);
  EXPECT_EQ(error_of(bytes), "no error");
}

uint32_t word(const Bytes& bytes, size_t at) {
  uint32_t value = 0;
  if (at + 4 <= bytes.size()) std::memcpy(&value, bytes.data() + at, 4);
  return value;
}

// A vector of strings holds the distances to them; here all are led to the one long string.
TEST_F(BloomFile, parts_referred_to_again_and_again_are_refused_bad) {
  Network network = small_network();
  network.classes.assign(10, "x");
  network.classes[0].assign(2000, 'y');
  Bytes bytes = saved(network);
  size_t vector = 4;
  while (vector < bytes.size() &&
         !(word(bytes, vector) == 10 && word(bytes, vector + 4 + word(bytes, vector + 4)) == 2000)) {
    vector += 4;
  }
  ASSERT_LT(vector, bytes.size());
  const size_t target = vector + 4 + word(bytes, vector + 4);
  for (size_t i = 0; i < 10; ++i) {
    const size_t at = vector + 4 + i * 4;
    const auto distance = static_cast<uint32_t>(target - at);
    std::memcpy(bytes.data() + at, &distance, 4);
  }
  EXPECT_EQ(error_of(bytes), "copy.bloom: its parts overlap; the file is damaged");
}

TEST_F(BloomFile, every_truncation_is_refused_or_cuts_padding_only) {
  const Bytes bytes = saved(small_network());
  for (size_t size = 0; size < bytes.size(); ++size) {
    if (loads(std::span(bytes).first(size))) {
      // The last part is a name, which ends with padding.
      EXPECT_GT(size, bytes.size() - 8);
      EXPECT_EQ(load_copy(std::span(bytes).first(size)), small_network());
    }
  }
}

TEST_F(BloomFile, every_flipped_bit_loads_validly_or_is_refused) {
  Bytes bytes = saved(small_network());
  size_t refused = 0;
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    const std::byte mask{static_cast<unsigned char>(1 << bit % 8)};
    bytes[bit / 8] ^= mask;
    refused += loads(bytes) ? 0 : 1;
    bytes[bit / 8] ^= mask;
  }
  // Padding, names, and most thresholds may be anything; the rest must be noticed.
  EXPECT_GT(refused, bytes.size() * 8 / 4);
}

TEST_F(BloomFile, changed_words_load_validly_or_are_refused_Property) {
  std::mt19937_64 random(1);
  const Bytes good = saved(small_network());
  const std::vector<uint32_t> values = {0, 1, 4, 0x7fffffff, 0x80000000, 0xffffffff, 0x10000000, 0x00010001};
  for (uint64_t i = 0; i < test::cases(2000); ++i) {
    Bytes bytes = good;
    for (uint64_t changes = 1 + random() % 3; changes > 0; --changes) {
      const size_t at = random() % (bytes.size() / 4) * 4;
      const uint32_t value =
          random() % 2 ? values[random() % values.size()] : static_cast<uint32_t>(random() % bytes.size());
      std::memcpy(bytes.data() + at, &value, 4);
    }
    loads(bytes);
  }
}

TEST_F(BloomFile, random_bytes_are_refused_Property) {
  std::mt19937_64 random(2);
  for (uint64_t i = 0; i < test::cases(500); ++i) {
    Bytes bytes(random() % 300);
    for (std::byte& b : bytes) b = static_cast<std::byte>(random() % (i % 2 ? 256 : 24));
    if (bytes.size() >= 8) std::memcpy(bytes.data() + 4, "BLOM", 4);
    EXPECT_FALSE(loads(bytes));
  }
}

}  // namespace
}  // namespace bitloom::ir
