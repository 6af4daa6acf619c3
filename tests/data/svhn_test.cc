// SPDX-License-Identifier: Apache-2.0
//
// SVHN's .mat files, made with matio as the published ones are: version 5, compressed.
#include <array>
#include <cstring>
#include <fstream>

#include "bitloom/data.h"
#include "bitloom/file.h"
#include "bytes.h"
#include "mat_files.h"

namespace bitloom::data {
namespace {

namespace fs = std::filesystem;
using test::Bytes;
using test::error_of;
using test::MatArray;
using test::write_mat;

constexpr size_t kImage = 32 * 32 * 3;

// Image n, in MATLAB's order: y runs fastest, then x, channel, image.
uint8_t pixel(size_t n, size_t y, size_t x, size_t channel) {
  return static_cast<uint8_t>(50 * n + 7 * y + 3 * x + 64 * channel);
}

std::vector<uint8_t> pictures(size_t count) {
  std::vector<uint8_t> numbers;
  for (size_t i = 0; i < count * kImage; ++i) numbers.push_back(pixel(i / kImage, i % 32, i / 32 % 32, i / 1024 % 3));
  return numbers;
}

class Svhn : public testing::Test {
 protected:
  MatArray images() const { return {"X", MAT_C_UINT8, MAT_T_UINT8, {32, 32, 3, 3}, pictures_.data()}; }
  MatArray labels() const { return {"y", MAT_C_UINT8, MAT_T_UINT8, {3, 1}, labels_.data()}; }
  std::string error(const std::vector<MatArray>& arrays) const {
    write_mat(file_, arrays);
    return error_now();
  }
  // Without the file's name.
  std::string error_now() const {
    const std::string error = error_of([&] { read_svhn(file_); });
    EXPECT_TRUE(error.starts_with(file_.string() + ": ")) << error;
    return error.substr(std::min(error.size(), file_.string().size() + 2));
  }
  // Neither as write_file does it nor over the old file: either waits for the disk.
  void write(const Bytes& bytes) const {
    fs::remove(file_);
    std::ofstream(file_, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
  }

  test::TemporaryFolder folder_;
  fs::path file_ = folder_.path() / "train_32x32.mat";
  std::vector<uint8_t> pictures_ = pictures(3), labels_{1, 10, 9};
};

TEST_F(Svhn, images_come_in_order_and_ten_is_the_digit_zero) {
  write_mat(file_, {images(), labels()});
  const DataSet set = read_svhn(file_);
  EXPECT_EQ(set.name, "svhn");
  EXPECT_EQ(set.labels, (std::vector<int32_t>{1, 0, 9}));
  EXPECT_EQ(set.classes, (std::vector<std::string>{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}));
  EXPECT_EQ(set.images.count, 3);
  EXPECT_EQ(set.images.height, 32);
  EXPECT_EQ(set.images.width, 32);
  EXPECT_EQ(set.images.channels, 3);
  ASSERT_EQ(set.images.pixels.size(), 3 * kImage);
  auto at = set.images.pixels.begin();
  for (size_t i = 0; i < 3 * 32 * 32; ++i) {
    for (size_t channel = 0; channel < 3; ++channel) ASSERT_EQ(*at++, pixel(i / 1024, i / 32 % 32, i % 32, channel)) << i;
  }
}

TEST_F(Svhn, labels_of_doubles_other_arrays_and_uncompressed_files_are_read) {
  const std::vector<double> reals{1, 10, 9};
  const MatArray other{"made_with", MAT_C_DOUBLE, MAT_T_DOUBLE, {3, 1}, reals.data()};
  const MatArray real_labels{"y", MAT_C_DOUBLE, MAT_T_DOUBLE, {3, 1}, reals.data()};
  for (const matio_compression compression : {MAT_COMPRESSION_ZLIB, MAT_COMPRESSION_NONE}) {
    write_mat(file_, {other, real_labels, images()}, compression);
    const DataSet set = read_svhn(file_);
    EXPECT_EQ(set.labels, (std::vector<int32_t>{1, 0, 9}));
    EXPECT_EQ(set.images.image(2)[0], pixel(2, 0, 0, 0));
  }
}

TEST_F(Svhn, the_data_set_is_found_by_its_name) {
  fs::create_directory(folder_.path() / "svhn");
  for (const char* place : {"test_32x32.mat", "svhn/test_32x32.mat"}) {
    write_mat(folder_.path() / place, {images(), labels()});
    EXPECT_EQ(read_data_set("svhn", Split::kTest, folder_.path()).images.count, 3);
    fs::remove(folder_.path() / place);
  }
}

TEST_F(Svhn, other_types_and_shapes_are_refused_bad) {
  const std::vector<double> reals(3 * kImage, 1.5);
  const auto shaped = [&](std::vector<size_t> dimensions) {
    MatArray x = images();
    x.dimensions = std::move(dimensions);
    return x;
  };
  EXPECT_EQ(error({images()}), "holds no variable 'y'");
  EXPECT_EQ(error({labels()}), "holds no variable 'X'");
  EXPECT_EQ(error({shaped({32, 32, 9}), labels()}), "X is uint8 of 32 x 32 x 9; expected uint8 of 32 x 32 x 3 x N");
  EXPECT_EQ(error({shaped({32, 32, 1, 9}), labels()}), "X is uint8 of 32 x 32 x 1 x 9; expected uint8 of 32 x 32 x 3 x N");
  EXPECT_EQ(error({shaped({32, 32, 3, 0}), labels()}), "X is uint8 of 32 x 32 x 3 x 0; expected uint8 of 32 x 32 x 3 x N");
  EXPECT_EQ(error({{"X", MAT_C_DOUBLE, MAT_T_DOUBLE, {32, 32, 3, 3}, reals.data()}, labels()}),
            "X is double of 32 x 32 x 3 x 3; expected uint8 of 32 x 32 x 3 x N");
  EXPECT_EQ(error({images(), {"y", MAT_C_UINT8, MAT_T_UINT8, {2, 1}, labels_.data()}}),
            "y is uint8 of 2 x 1; expected uint8 or double of 3 x 1, a label for each image of X");
  EXPECT_EQ(error({images(), {"y", MAT_C_INT16, MAT_T_INT16, {3, 1}, reals.data()}}),
            "y is int16 of 3 x 1; expected uint8 or double of 3 x 1, a label for each image of X");
  const mat_complex_split_t parts{const_cast<double*>(reals.data()), const_cast<double*>(reals.data())};
  EXPECT_EQ(error({images(), {"y", MAT_C_DOUBLE, MAT_T_DOUBLE, {3, 1}, &parts, MAT_F_COMPLEX}}),
            "y is complex double of 3 x 1; expected uint8 or double of 3 x 1, a label for each image of X");
  EXPECT_EQ(error({images(), {"y", MAT_C_DOUBLE, MAT_T_DOUBLE, {3, 1}, reals.data()}}),
            "variable 'y': number 0 is 1.5; expected whole numbers from 0 to 255");
  labels_[1] = 0;
  EXPECT_EQ(error({images(), labels()}), "label 1 is 0; SVHN has 1 to 10, 10 being the digit 0");
  labels_[1] = 11;
  EXPECT_EQ(error({images(), labels()}), "label 1 is 11; SVHN has 1 to 10, 10 being the digit 0");
}

TEST_F(Svhn, anything_but_arrays_of_numbers_is_refused_bad) {
  EXPECT_EQ(error({images(), labels(), {"note", MAT_C_CHAR, MAT_T_UINT8, {1, 3}, "abc"}}),
            "variable 3: is not an array of numbers; only those are read");
  matvar_t* inside = Mat_VarCreate("", MAT_C_UINT8, MAT_T_UINT8, 2, std::array<size_t, 2>{3, 1}.data(), labels_.data(), 0);
  EXPECT_EQ(error({{"cells", MAT_C_CELL, MAT_T_CELL, {1, 1}, &inside}, images(), labels()}),
            "variable 1: is not an array of numbers; only those are read");
}

TEST_F(Svhn, files_of_other_versions_are_refused_bad) {
  const std::string expected = "is not a MATLAB file of version 5 (little-endian); save it in MATLAB with -v7 or -v6";
  write(test::to_bytes("hello"));
  EXPECT_EQ(error_now(), expected);
  for (const mat_ft version : {MAT_FT_MAT4, MAT_FT_MAT73}) {
    fs::remove(file_);
    write_mat(file_, {labels()}, MAT_COMPRESSION_NONE, version);
    EXPECT_EQ(error_now(), expected);
  }
  fs::remove(file_);
  EXPECT_EQ(error_now(), "cannot open: No such file or directory");
}

TEST_F(Svhn, a_file_that_is_cut_off_is_refused_bad) {
  write_mat(file_, {images(), labels()});
  const Bytes whole = read_file(file_);
  for (size_t size = 0; size < whole.size(); size += 3) {
    write(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
    EXPECT_NE(error_now(), "(no error)") << size;
  }
  write(Bytes(whole.begin(), whole.begin() + 1000));
  EXPECT_EQ(error_now(), "variable 1: is cut off");
}

// Elements that hold fewer numbers than their dimensions say. matio would give whatever lies in memory.
TEST_F(Svhn, dimensions_that_the_file_does_not_hold_are_refused_bad) {
  write_mat(file_, {images(), labels()}, MAT_COMPRESSION_NONE);
  const Bytes whole = read_file(file_);
  constexpr size_t kImages = 128 + 8 + 16 + 8 + 12, kLabels = 128 + 64 + 3 * kImage + 8 + 16 + 8;
  for (const uint32_t count : {20u, 0x7fffffffu, 0xffffffffu}) {
    Bytes bytes = whole;
    std::memcpy(bytes.data() + kImages, &count, sizeof count);
    write(bytes);
    EXPECT_EQ(error_now(),
              fmt::format("y is uint8 of 3 x 1; expected uint8 or double of {} x 1, a label for each image of X", count));
    std::memcpy(bytes.data() + kLabels, &count, sizeof count);
    write(bytes);
    EXPECT_EQ(error_now(), fmt::format("variable 'y' is uint8 of {} x 1, which the file does not hold", count));
  }
  labels_.push_back(5);
  write_mat(file_, {images(), {"y", MAT_C_UINT8, MAT_T_UINT8, {4, 1}, labels_.data()}}, MAT_COMPRESSION_NONE);
  Bytes bytes = read_file(file_);
  bytes[kImages] = std::byte{4};
  write(bytes);
  EXPECT_EQ(error_now(), "variable 'X' is uint8 of 32 x 32 x 3 x 4, which the file does not hold");
}

// matio would ask for as much memory.
TEST_F(Svhn, lengths_that_no_array_has_are_refused_bad) {
  write_mat(file_, {images(), labels()}, MAT_COMPRESSION_NONE);
  constexpr size_t kDimensions = 128 + 28, kName = 128 + 48;
  const auto patched = [whole = read_file(file_)](size_t at, std::initializer_list<uint32_t> words) {
    Bytes bytes = whole;
    std::memcpy(bytes.data() + at, words.begin(), words.size() * sizeof(uint32_t));
    return bytes;
  };
  for (const uint32_t length : {65u, 0xfe00fe00u, 0xffffffffu}) {
    for (const Bytes& bytes : {patched(kDimensions, {length}), patched(kName, {MAT_T_INT8, length})}) {
      write(bytes);
      EXPECT_EQ(error_now(), "variable 1: is not an array of numbers; only those are read") << length;
    }
  }
}

TEST_F(Svhn, any_damage_to_compressed_elements_is_found_bad) {
  write_mat(file_, {images(), labels()});
  const Bytes whole = read_file(file_);
  for (size_t at = 128; at < whole.size(); at += 7) {
    Bytes bytes = whole;
    bytes[at] ^= std::byte{0x10};
    write(bytes);
    EXPECT_NE(error_now(), "(no error)") << at;
  }
}

TEST_F(Svhn, matio_prints_nothing) {
  write_mat(file_, {images(), labels()}, MAT_COMPRESSION_NONE);
  const Bytes whole = read_file(file_);
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  for (size_t at = 128; at < 200; ++at) {
    for (const uint8_t value : {0x00, 0x7f, 0xff}) {
      Bytes bytes = whole;
      bytes[at] = std::byte{value};
      write(bytes);
      error_of([&] { read_svhn(file_); });
    }
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

}  // namespace
}  // namespace bitloom::data
