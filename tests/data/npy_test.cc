// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>
#include <random>

#include "bitloom/data.h"
#include "bitloom/file.h"
#include "bytes.h"
#include "support/property.h"
#include "support/shared.h"

namespace bitloom::data {
namespace {

using test::Bytes;
using test::error_of;
using test::to_bytes;

Bytes npy(std::string_view header, std::string_view data, char version = 1) {
  std::string text = "\x93NUMPY";
  text += {version, '\0', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  if (version > 1) text += std::string(2, '\0');
  return to_bytes(text + std::string(header) + std::string(data));
}

NpyArray read(const Bytes& bytes) { return read_npy(bytes, "x.npy"); }

std::string error_of_header(std::string_view header, std::string_view data = "") {
  return error_of([&] { read(npy(header, data)); });
}

template <typename T>
void expect_round_trip(std::vector<T> values) {
  const NpyArray array{{static_cast<int64_t>(values.size()), 1}, values};
  EXPECT_EQ(read(npy_bytes(array)), array);
}

TEST(Npy, every_type_survives_writing_and_reading) {
  expect_round_trip<uint8_t>({0, 255});
  expect_round_trip<int8_t>({-128, 127});
  expect_round_trip<uint16_t>({0, 65535});
  expect_round_trip<int16_t>({-32768, 32767});
  expect_round_trip<uint32_t>({0, 4294967295u});
  expect_round_trip<int32_t>({std::numeric_limits<int32_t>::min(), 5});
  expect_round_trip<uint64_t>({0, std::numeric_limits<uint64_t>::max()});
  expect_round_trip<int64_t>({std::numeric_limits<int64_t>::min(), 5});
  expect_round_trip<float>({-1.5f, std::numeric_limits<float>::infinity()});
  expect_round_trip<double>({0.1, -0.0});
}

TEST(Npy, elements_begin_at_a_multiple_of_64_bytes) {
  const Bytes bytes = npy_bytes({{3}, std::vector<uint8_t>{1, 2, 3}});
  EXPECT_EQ(bytes.size(), 128u + 3u);
  EXPECT_EQ(bytes[127], std::byte{'\n'});
}

TEST(Npy, reads_versions_1_to_3_and_keys_in_any_order) {
  const NpyArray expected{{1, 2}, std::vector<uint8_t>{7, 8}};
  EXPECT_EQ(read(npy("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2), }", "\7\10", 1)), expected);
  EXPECT_EQ(read(npy("{\"shape\":(1L,2L),'fortran_order':False,'descr':'<u1'}  \n", "\7\10", 2)), expected);
  EXPECT_EQ(read(npy("{'descr': '>u1', 'fortran_order': False, 'shape': (1, 2)}", "\7\10", 3)), expected);
}

TEST(Npy, reads_scalars_empty_arrays_and_bools) {
  EXPECT_EQ(read(npy("{'descr':'|u1','fortran_order':False,'shape':()}", "\5")), (NpyArray{{}, std::vector<uint8_t>{5}}));
  EXPECT_EQ(read(npy("{'descr':'<f4','fortran_order':False,'shape':(0,3)}", "")), (NpyArray{{0, 3}, std::vector<float>{}}));
  EXPECT_EQ(read(npy("{'descr':'|b1','fortran_order':False,'shape':(3,)}", std::string("\0\1\7", 3))),
            (NpyArray{{3}, std::vector<uint8_t>{0, 1, 1}}));
}

TEST(Npy, fortran_order_is_turned_into_c_order) {
  EXPECT_EQ(read(npy("{'descr':'|u1','fortran_order':True,'shape':(2,3)}", "adbecf")),
            (NpyArray{{2, 3}, std::vector<uint8_t>{'a', 'b', 'c', 'd', 'e', 'f'}}));
}

TEST(Npy, PropertyFortranOrderReadsLikeItsDefinition) {
  std::mt19937_64 random(11);
  for (uint64_t c = 0; c < test::cases(100); ++c) {
    std::vector<int64_t> shape(random() % 5);
    int64_t elements = 1;
    for (int64_t& size : shape) elements *= size = static_cast<int64_t>(random() % 4);
    std::string data;
    for (int64_t i = 0; i < elements; ++i) data += static_cast<char>(i);
    const std::string header = fmt::format("{{'descr':'|u1','fortran_order':True,'shape':({}{})}}", fmt::join(shape, ","),
                                           shape.size() == 1 ? "," : "");
    const auto values = std::get<std::vector<uint8_t>>(read(npy(header, data)).data);
    for (int64_t i = 0; i < elements; ++i) {
      int64_t rest = i, offset = 0;
      for (size_t d = shape.size(); d-- > 0; rest /= shape[d]) {
        int64_t stride = 1;
        for (size_t e = 0; e < d; ++e) stride *= shape[e];
        offset += rest % shape[d] * stride;
      }
      ASSERT_EQ(values[static_cast<size_t>(i)], static_cast<uint8_t>(offset)) << "case " << c << " header " << header;
    }
  }
}

TEST(Npy, hostile_headers_are_refused_bad) {
  EXPECT_EQ(error_of_header("{'descr':'<f4','fortran_order':False,'shape':(4611686018427387904,)}"),
            "x.npy: the shape (4611686018427387904) of 4-byte elements does not match the 0 bytes of data");
  EXPECT_EQ(error_of_header("{'descr':'<f4','fortran_order':False,'shape':(4294967296,4294967296)}"),
            "x.npy: the shape (4294967296, 4294967296) has more elements than 63 bits can count");
  EXPECT_EQ(error_of_header("{'descr':'<f4','fortran_order':False,'shape':(0,4294967296,4294967296)}"),
            "x.npy: the shape (0, 4294967296, 4294967296) has more elements than 63 bits can count");
  EXPECT_EQ(error_of_header("{'descr':'|u1','fortran_order':False,'shape':(99999999999999999999,)}"),
            "x.npy: the .npy header has a dimension that is not a whole number of 63 bits, at character 46");
  EXPECT_EQ(error_of_header("{'descr':'|u1','fortran_order':False,'shape':(-1,)}", "a"),
            "x.npy: the .npy header has a dimension that is not a whole number of 63 bits, at character 46");
  EXPECT_EQ(error_of_header("{'descr':'|u1','shape':(1,)}", "a"),
            "x.npy: the .npy header lacks 'descr', 'fortran_order' or 'shape', at character 28");
  EXPECT_EQ(error_of_header("{'descr':'|u1','fortran_order':False,'shape':(1,)} x", "a"),
            "x.npy: the .npy header has text after its dictionary, at character 51");
  EXPECT_EQ(error_of_header("{'descr':'|u1','fortran_order':False,'shape':(1,),'descr':'|i1'}", "a"),
            "x.npy: the .npy header has the key 'descr', which is unknown or there already, at character 58");
  EXPECT_EQ(error_of_header("{'descr':'|u1','fortran_order':False,'shape':(1,)}", "ab"),
            "x.npy: the shape (1) of 1-byte elements does not match the 2 bytes of data");
  EXPECT_EQ(error_of_header("{'descr':'|u1','fortran_order':False,'shape':(" + std::string(80, '1') + ")}"),
            "x.npy: the .npy header has a dimension that is not a whole number of 63 bits, at character 46");
}

TEST(Npy, types_that_are_not_read_are_named_bad) {
  EXPECT_EQ(error_of_header("{'descr':'>f4','fortran_order':False,'shape':()}", "abcd"),
            "x.npy: holds elements of type '>f4'; bool, little-endian integers, float32 and float64 are read (convert with "
            "array.astype('<f4') or so)");
  EXPECT_EQ(error_of_header("{'descr':[('a','<f4')],'fortran_order':False,'shape':()}", "abcd"),
            "x.npy: holds records of several fields; save each field as an array of its own");
  EXPECT_EQ(error_of([] { read(npy("{}", "", 9)); }), "x.npy: is .npy version 9.0; versions 1.0, 2.0 and 3.0 are read");
  EXPECT_EQ(error_of([] { read(to_bytes("hello")); }), "x.npy: is not a .npy file (it does not begin with \\x93NUMPY)");
}

TEST(Npy, any_damage_gives_an_error_or_an_array) {
  test::damage(npy_bytes({{2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6}}),
               [](std::span<const std::byte> bytes) { read_npy(bytes, "x.npy"); });
}

TEST(Npy, integers_from_floats_must_be_whole) {
  EXPECT_EQ((NpyArray{{2}, std::vector<float>{-3, 4}}.as_integers()), (std::vector<int64_t>{-3, 4}));
  EXPECT_EQ(error_of([] {
              NpyArray{{2}, std::vector<double>{1, 1.5}}.as_integers();
            }),
            "element 1 is 1.5, where a whole number of 64 bits is expected");
  EXPECT_EQ(error_of([] {
              NpyArray{{1}, std::vector<double>{std::nan("")}}.as_integers();
            }),
            "element 0 is nan, where a whole number of 64 bits is expected");
  EXPECT_EQ(error_of([] {
              NpyArray{{1}, std::vector<float>{0x1p63f}}.as_integers();
            }),
            "element 0 is 9.223372e+18, where a whole number of 64 bits is expected");
  EXPECT_EQ(error_of([] {
              NpyArray{{1}, std::vector<uint64_t>{1ull << 63}}.as_integers();
            }),
            "element 0 is 9223372036854775808, where a whole number of 64 bits is expected");
}

TEST(Npy, files_are_written_whole_and_read_back) {
  const test::TemporaryFolder folder;
  const NpyArray array{{2}, std::vector<int64_t>{1, -1}};
  write_npy(array, folder.path() / "a.npy");
  EXPECT_EQ(read_npy(folder.path() / "a.npy"), array);
}

TEST(Npy, reads_what_numpy_wrote) {
  const auto path = test::shared() / "golden/cnvW1A1-cifar10/inputs.npy";
  BITLOOM_REQUIRE(path);
  EXPECT_EQ(read_npy(path).shape, (std::vector<int64_t>{500, 32, 32, 3}));
  const auto npz = read_npz(test::shared() / "golden/cnvW1A1-cifar10/taps_image0.npz");
  EXPECT_FALSE(npz.empty());
}

}  // namespace
}  // namespace bitloom::data
