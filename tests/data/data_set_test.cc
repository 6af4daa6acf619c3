// SPDX-License-Identifier: Apache-2.0
#include "data/data_set.h"

#include <algorithm>

#include "archives.h"
#include "bitloom/file.h"
#include "bytes.h"
#include "environment.h"
#include "support/shared.h"

namespace bitloom::data {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::TemporaryFolder;
using test::Variable;

void write(const fs::path& path, std::string_view text) {
  fs::create_directories(path.parent_path());
  write_file(path, text);
}

constexpr std::string_view kTwoImages("\0\0\x08\3\0\0\0\2\0\0\0\1\0\0\0\1ab", 18);
constexpr std::string_view kTwoLabels("\0\0\x08\1\0\0\0\2\3\7", 10);

TEST(DataSet, the_folder_is_the_first_that_is_named) {
  const Variable home("HOME", "/h"), cache("XDG_CACHE_HOME", "/c"), data("BITLOOM_DATA", "/d");
  EXPECT_EQ(data_directory("/e"), "/e");
  EXPECT_EQ(data_directory(), "/d");
  const Variable no_data("BITLOOM_DATA", nullptr);
  EXPECT_EQ(data_directory(), "/c/bitloom");
  const Variable empty_cache("XDG_CACHE_HOME", "");
  EXPECT_EQ(data_directory(), "/h/.cache/bitloom");
  const Variable no_home("HOME", nullptr);
  EXPECT_EQ(error_of([] { data_directory(); }), "no folder for data sets: HOME is not set; set BITLOOM_DATA to a folder");
}

TEST(DataSet, mnist_is_read_under_any_of_its_names) {
  for (const char* prefix : {"mnist/t10k", "t10k", "MNIST/raw/t10k"}) {
    for (const char* separator : {"-", "."}) {
      const TemporaryFolder folder;
      write(folder.path() / (std::string(prefix) + "-images" + separator + "idx3-ubyte"), kTwoImages);
      write(folder.path() / (std::string(prefix) + "-labels" + separator + "idx1-ubyte"), kTwoLabels);
      const DataSet set = read_data_set("mnist", Split::kTest, folder.path());
      EXPECT_EQ(set.name, "mnist");
      EXPECT_EQ(set.labels, (std::vector<int32_t>{3, 7}));
      EXPECT_EQ(set.images.count, 2);
      EXPECT_EQ(set.classes.at(7), "7");
      EXPECT_THROW(read_data_set("mnist", Split::kTrain, folder.path()), Error);
    }
  }
}

TEST(DataSet, fashion_mnist_is_read_as_published_or_unpacked) {
  for (const char* place : {"fashion-mnist", "FashionMNIST/raw"}) {
    for (const char* ending : {"", ".gz"}) {
      const TemporaryFolder folder;
      const auto put = [&](const std::string& name, std::string_view text) {
        const test::Bytes bytes = test::to_bytes(text);
        fs::create_directories(folder.path() / place);
        write_file(folder.path() / place / (name + ending),
                   std::span<const std::byte>(*ending ? test::gz_of(bytes) : bytes));
      };
      put("t10k-images-idx3-ubyte", kTwoImages);
      put("t10k-labels-idx1-ubyte", kTwoLabels);
      const DataSet set = read_data_set("fashion-mnist", Split::kTest, folder.path());
      EXPECT_EQ(set.name, "fashion-mnist");
      EXPECT_EQ(set.labels, (std::vector<int32_t>{3, 7}));
      EXPECT_EQ(set.images.pixels, (std::vector<uint8_t>{'a', 'b'}));
      EXPECT_EQ(set.classes, (std::vector<std::string>{"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal",
                                                       "Shirt", "Sneaker", "Bag", "Ankle boot"}));
    }
  }
}

TEST(DataSet, cifar10_is_read_batch_after_batch) {
  const TemporaryFolder folder;
  for (char b = 1; b <= 5; ++b) {
    write(folder.path() / fmt::format("cifar-10-batches-bin/data_batch_{}.bin", int{b}), std::string(2 * 3073, b));
  }
  const DataSet set = read_data_set("cifar10", Split::kTrain, folder.path());
  EXPECT_EQ(set.images.count, 10);
  EXPECT_EQ(set.images.pixels.size(), 10u * 3072u);
  EXPECT_EQ(set.labels, (std::vector<int32_t>{1, 1, 2, 2, 3, 3, 4, 4, 5, 5}));
  EXPECT_EQ(set.images.image(9)[0], 5);
}

TEST(DataSet, what_is_missing_or_does_not_match_is_said_bad) {
  const TemporaryFolder folder;
  const std::string path = folder.path().string();
  const auto read_mnist = [&] { read_data_set("mnist", Split::kTest, folder.path()); };
  EXPECT_EQ(error_of(read_mnist),
            path +
                "/mnist: does not hold t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte; get the data set "
                "with: bitloom fetch mnist");
  EXPECT_EQ(error_of([&] { read_data_set("imagenet", Split::kTest, folder.path()); }),
            "'imagenet' is neither a data set that is known (mnist, fashion-mnist, cifar10, svhn) nor a folder; a folder "
            "with train/ and test/, each with one folder a class, may be given");
  EXPECT_EQ(error_of([&] { read_data_set("svhn", Split::kTrain, folder.path()); }),
            path + "/svhn: does not hold train_32x32.mat; put the data set there, which bitloom has no source for");
  write(folder.path() / "mnist/t10k-images-idx3-ubyte", kTwoImages);
  write(folder.path() / "mnist/t10k-labels-idx1-ubyte", std::string_view("\0\0\x08\1\0\0\0\1\3", 9));
  EXPECT_EQ(error_of(read_mnist), path + "/mnist/t10k-labels-idx1-ubyte: has 1 labels for the 2 images of " + path +
                                      "/mnist/t10k-images-idx3-ubyte");
  write(folder.path() / "mnist/t10k-labels-idx1-ubyte", std::string_view("\0\0\x08\1\0\0\0\2\3\x0a", 10));
  EXPECT_EQ(error_of(read_mnist), path + "/mnist/t10k-labels-idx1-ubyte: label 1 is 10; MNIST has 0 to 9");
}

TEST(DataSet, cifar10_here_is_the_one_that_the_goldens_were_made_from) {
  const auto golden = test::shared() / "golden/cnvW1A1-cifar10";
  BITLOOM_REQUIRE(golden);
  BITLOOM_REQUIRE(data_directory() / "cifar10/test_batch.bin");
  const DataSet set = read_data_set("cifar10", Split::kTest, data_directory());
  for (int c = 0; c < 10; ++c) EXPECT_EQ(std::count(set.labels.begin(), set.labels.end(), c), 1000);
  const NpyArray inputs = read_npy(golden / "inputs.npy");
  const auto& pixels = std::get<std::vector<uint8_t>>(inputs.data);
  EXPECT_TRUE(std::equal(pixels.begin(), pixels.end(), set.images.pixels.begin()));
  const auto labels = read_npy(golden / "labels.npy").as_integers();
  EXPECT_TRUE(std::equal(labels.begin(), labels.end(), set.labels.begin()));
}

TEST(DataSet, the_digits_of_the_project_are_the_first_of_the_test_set) {
  BITLOOM_REQUIRE(data_directory() / "mnist/t10k-images-idx3-ubyte");
  const DataSet mnist = read_data_set("mnist", Split::kTest, data_directory());
  const DataSet digits = read_images(fs::path(BITLOOM_SOURCE_DIR) / "models/digits");
  EXPECT_TRUE(std::equal(digits.images.pixels.begin(), digits.images.pixels.end(), mnist.images.pixels.begin()));
  EXPECT_TRUE(std::equal(digits.labels.begin(), digits.labels.end(), mnist.labels.begin()));
}

}  // namespace
}  // namespace bitloom::data
