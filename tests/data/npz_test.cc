// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "archives.h"
#include "bitloom/data.h"
#include "data/archive_reader.h"

namespace bitloom::data {
namespace {

using test::Bytes;
using test::error_of;
using test::tar_gz_of;
using test::zip_of;

const NpyArray kFloats{{2, 2}, std::vector<float>{1, 2, 3, 4}};
const NpyArray kBytes{{3}, std::vector<int8_t>{-1, 0, 1}};

Bytes npz(bool deflated) { return zip_of({{"w.npy", npy_bytes(kFloats)}, {"a/b.npy", npy_bytes(kBytes)}}, deflated); }

std::string error_of_npz(const Bytes& bytes) {
  return error_of([&] { read_npz(bytes, "x.npz"); });
}

// Everything the archive holds, up to a limit.
void unpack(ArchiveKind kind, const Bytes& bytes, int64_t limit) {
  read_archive(
      kind, bytes, "x", [](std::string_view) { return true; }, [](const ArchiveMember&) {}, limit);
}

TEST(Npz, reads_stored_and_deflated_arrays_by_name) {
  const std::map<std::string, NpyArray> expected{{"w", kFloats}, {"a/b", kBytes}};
  EXPECT_EQ(read_npz(npz(false), "x.npz"), expected);
  EXPECT_EQ(read_npz(npz(true), "x.npz"), expected);
}

TEST(Npz, what_is_not_an_array_is_refused_bad) {
  EXPECT_EQ(error_of_npz(zip_of({{"notes.txt", {}}})), "x.npz: holds 'notes.txt', which is not a .npy file");
  EXPECT_EQ(error_of_npz(zip_of({{"w.npy", test::to_bytes("hello")}})),
            "x.npz: 'w': is not a .npy file (it does not begin with \\x93NUMPY)");
  EXPECT_EQ(error_of_npz(zip_of({{"w.npy", npy_bytes(kBytes)}, {"w.npy", npy_bytes(kBytes)}})), "x.npz: holds 'w' twice");
  EXPECT_EQ(error_of_npz(test::to_bytes("hello")), "x.npz: is not a whole archive: Unrecognized archive format");
}

TEST(Npz, a_wrong_checksum_is_noticed_bad) {
  Bytes bytes = npz(false);
  const auto element = std::find(bytes.begin(), bytes.end(), std::byte{0x93});  // "\x93NUMPY" of the first array
  element[128] ^= std::byte{1};
  EXPECT_EQ(error_of_npz(bytes).substr(0, 46), "x.npz: 'w.npy': is not a whole archive: ZIP ba");
}

TEST(Npz, a_size_that_lies_is_not_believed_bad) {
  const Bytes whole = npz(true);
  const std::string_view text(reinterpret_cast<const char*>(whole.data()), whole.size());
  for (const uint8_t top : {0x3f, 0x7f, 0xff}) {
    Bytes bytes = whole;
    // The size after unpacking, in the array's own header and in the directory.
    bytes.at(text.find("PK\3\4") + 25) = std::byte{top};
    bytes.at(text.find("PK\1\2") + 27) = std::byte{top};
    const std::string expected = top == 0x3f
                                     ? "x.npz: 'w.npy': is not a whole archive: ZIP uncompressed data is wrong size "
                                       "(read 144, expected 1056964752)"
                                     : "x.npz: 'w.npy' unpacks to more than the 1073741824 bytes that are read";
    EXPECT_EQ(error_of_npz(bytes), expected);
  }
}

TEST(Npz, compressions_other_than_deflate_are_unsupported_bad) {
  Bytes bytes = npz(true);
  const auto text = std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  bytes.at(text.find("PK\3\4") + 8) = std::byte{14};
  bytes.at(text.find("PK\1\2") + 10) = std::byte{14};
  EXPECT_EQ(error_of_npz(bytes), "x.npz: 'w.npy' is compressed as ZIP 2.0 (lzma); expected stored or deflated");
}

TEST(Npz, any_damage_gives_an_error_or_arrays) {
  const auto read = [](std::span<const std::byte> bytes) { read_npz(bytes, "x.npz"); };
  test::damage(npz(false), read, 3);
  test::damage(npz(true), read, 3);
}

TEST(Archive, unpacking_stops_at_the_limit_bad) {
  const Bytes zeros(size_t{4} << 20);
  const Bytes bomb = zip_of({{"a", zeros}});
  EXPECT_LT(bomb.size(), 8192u);
  EXPECT_EQ(error_of([&] { unpack(ArchiveKind::kZip, bomb, 1 << 20); }),
            "x: 'a' unpacks to more than the 1048576 bytes that are read");
  EXPECT_EQ(error_of([&] {
              unpack(ArchiveKind::kTarGz, tar_gz_of({{"a", zeros}}), 1 << 20);
            }),
            "x: 'a' unpacks to more than the 1048576 bytes that are read");
  const Bytes parts = zip_of({{"a", Bytes(1 << 19)}, {"b", Bytes(1 << 19)}, {"c", Bytes(1)}});
  EXPECT_EQ(error_of([&] { unpack(ArchiveKind::kZip, parts, 1 << 20); }),
            "x: 'c' unpacks to more than the 1048576 bytes that are read");
}

TEST(Archive, what_a_tar_makes_us_skip_counts_too_bad) {
  const Bytes bytes = tar_gz_of({{"skipped", Bytes(2000)}, {"wanted", Bytes(10)}});
  const auto wanted = [](std::string_view name) { return name == "wanted"; };
  EXPECT_EQ(error_of([&] {
              read_archive(
                  ArchiveKind::kTarGz, bytes, "x", wanted, [](const ArchiveMember&) {}, 1999);
            }),
            "x: 'skipped' unpacks to more than the 1999 bytes that are read");
}

TEST(Archive, damage_to_a_tar_gz_gives_an_error_or_files) {
  const Bytes bytes = tar_gz_of({{"a", test::to_bytes("some text")}});
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    Bytes flipped = bytes;
    flipped[bit / 8] ^= std::byte{1} << (bit % 8);
    try {
      unpack(ArchiveKind::kTarGz, flipped, 1 << 20);
    } catch (const Error&) {
    }
  }
}

}  // namespace
}  // namespace bitloom::data
