// SPDX-License-Identifier: Apache-2.0
//
// IDX and CIFAR-10's binary version.
#include "archives.h"
#include "bitloom/data.h"
#include "bytes.h"
#include "data/cifar10.h"

namespace bitloom::data {
namespace {

using test::Bytes;
using test::error_of;
using test::to_bytes;

Bytes idx(std::initializer_list<uint32_t> dimensions, std::string_view elements, char type = 8) {
  std::string text{'\0', '\0', type, static_cast<char>(dimensions.size())};
  for (const uint32_t size : dimensions) {
    for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(size >> shift & 0xff);
  }
  return to_bytes(text + std::string(elements));
}

Bytes cifar_record(uint8_t label, uint8_t first_pixel) {
  Bytes record(kCifarRecord);
  record[0] = std::byte{label};
  for (size_t i = 0; i + 1 < kCifarRecord; ++i) record[1 + i] = static_cast<std::byte>(first_pixel + i / kCifarPlane);
  return record;
}

std::string error_of_images(const Bytes& bytes) {
  return error_of([&] { read_idx_images(bytes, "x"); });
}

TEST(Idx, reads_images_and_labels) {
  const Images images = read_idx_images(idx({2, 1, 3}, "abcdef"), "x");
  EXPECT_EQ(images.count, 2);
  EXPECT_EQ(images.height, 1);
  EXPECT_EQ(images.width, 3);
  EXPECT_EQ(images.channels, 1);
  EXPECT_EQ(images.pixels, (std::vector<uint8_t>{'a', 'b', 'c', 'd', 'e', 'f'}));
  EXPECT_EQ(images.image(1)[0], 'd');
  EXPECT_EQ(read_idx_labels(idx({3}, "\1\2\xff"), "x"), (std::vector<int32_t>{1, 2, 255}));
}

TEST(Idx, sizes_that_do_not_match_are_refused_bad) {
  EXPECT_EQ(error_of_images(idx({2, 1, 3}, "abcde")), "x: the dimensions 2 x 1 x 3 do not match the 5 bytes of data");
  EXPECT_EQ(error_of_images(idx({2, 1, 3}, "abcdefg")), "x: the dimensions 2 x 1 x 3 do not match the 7 bytes of data");
  EXPECT_EQ(error_of_images(idx({0xffffffff, 0xffffffff, 0xffffffff}, "")),
            "x: the dimensions 4294967295 x 4294967295 x 4294967295 do not match the 0 bytes of data");
  // A product that would wrap around to 0 in 64 bits.
  EXPECT_EQ(error_of_images(idx({0x80000000, 0x80000000, 4}, "")),
            "x: the dimensions 2147483648 x 2147483648 x 4 do not match the 0 bytes of data");
  EXPECT_EQ(error_of_images(idx({0, 0xffffffff, 0xffffffff}, "")),
            "x: has 4294967295 x 4294967295 pixels; images of 1 to 67108864 pixels are read");
  EXPECT_EQ(error_of_images(idx({0, 0, 3}, "")), "x: has 3 x 0 pixels; images of 1 to 67108864 pixels are read");
}

TEST(Idx, other_files_are_told_apart_bad) {
  EXPECT_EQ(error_of_images(idx({3}, "abc")), "x: is not an IDX file of images (expected to begin with the bytes 0 0 8 3)");
  EXPECT_EQ(error_of_images(test::gz_of(to_bytes("hello"))),
            "x: is not an IDX file of images (expected to begin with the bytes 0 0 8 3)");
  EXPECT_EQ(error_of([] {
              read_idx_labels(idx({1, 1, 1}, "a"), "x");
            }),
            "x: is not an IDX file of labels (expected to begin with the bytes 0 0 8 1)");
  EXPECT_EQ(error_of([] { read_idx_labels(to_bytes(std::string_view("\0\0\x08\1\0\0", 6)), "x"); }),
            "x: the IDX header is cut off");
}

TEST(Idx, gzip_is_unpacked) {
  EXPECT_EQ(read_idx_images(test::gz_of(idx({2, 1, 3}, "abcdef")), "x").pixels,
            (std::vector<uint8_t>{'a', 'b', 'c', 'd', 'e', 'f'}));
  EXPECT_EQ(read_idx_labels(test::gz_of(idx({3}, "\1\2\xff")), "x"), (std::vector<int32_t>{1, 2, 255}));
  const std::string large(200000, 'z');
  EXPECT_EQ(read_idx_labels(test::gz_of(idx({200000}, large)), "x").size(), large.size());
}

TEST(Idx, damaged_gzip_is_refused_bad) {
  const Bytes whole = test::gz_of(idx({2, 1, 3}, "abcdef"));
  Bytes bytes(whole.begin(), whole.end() - 1);
  EXPECT_EQ(error_of_images(bytes), "x: the compressed data are cut off");
  bytes = whole;
  bytes.push_back(std::byte{0});
  EXPECT_EQ(error_of_images(bytes), "x: 1 bytes follow the compressed data");
  bytes = whole;
  bytes[bytes.size() - 8] ^= std::byte{1};
  EXPECT_EQ(error_of_images(bytes), "x: the compressed data are damaged: incorrect data check");
}

TEST(Idx, any_damage_gives_an_error_or_images) {
  test::damage(idx({2, 2, 2}, "abcdefgh"), [](std::span<const std::byte> bytes) { read_idx_images(bytes, "x"); });
  test::damage(test::gz_of(idx({4}, "abcd")), [](std::span<const std::byte> bytes) { read_idx_labels(bytes, "x"); });
  test::damage(idx({4}, "abcd"), [](std::span<const std::byte> bytes) { read_idx_labels(bytes, "x"); });
}

TEST(Cifar10, planes_become_channels) {
  Bytes bytes = cifar_record(3, 10);
  const Bytes second = cifar_record(9, 20);
  bytes.insert(bytes.end(), second.begin(), second.end());
  const DataSet set = read_cifar10(bytes, "x");
  EXPECT_EQ(set.labels, (std::vector<int32_t>{3, 9}));
  EXPECT_EQ(set.classes.at(3), "cat");
  EXPECT_EQ(set.images.count, 2);
  EXPECT_EQ(set.images.channels, 3);
  EXPECT_EQ(set.images.image(1)[0], 20);
  EXPECT_EQ(set.images.image(1)[1], 21);
  EXPECT_EQ(set.images.image(1)[2], 22);
  EXPECT_EQ(set.images.image(1)[3], 20);
  EXPECT_EQ(set.images.pixels.size(), 2u * 3072u);
}

TEST(Cifar10, other_sizes_and_labels_are_refused_bad) {
  Bytes bytes = cifar_record(3, 10);
  bytes.pop_back();
  EXPECT_EQ(error_of([&] { read_cifar10(bytes, "x"); }),
            "x: is 3072 bytes long; expected a multiple of 3073, the size of a CIFAR-10 record");
  EXPECT_EQ(error_of([&] { read_cifar10(cifar_record(10, 0), "x"); }), "x: record 0 has label 10; CIFAR-10 has 0 to 9");
  EXPECT_EQ(error_of([&] { read_cifar10({}, "x"); }),
            "x: is 0 bytes long; expected a multiple of 3073, the size of a CIFAR-10 record");
}

TEST(Cifar10, any_damage_gives_an_error_or_images) {
  test::damage(
      cifar_record(3, 10), [](std::span<const std::byte> bytes) { read_cifar10(bytes, "x"); }, 97);
}

}  // namespace
}  // namespace bitloom::data
