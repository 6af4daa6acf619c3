// SPDX-License-Identifier: Apache-2.0
//
// Folders with train/ and test/ as data sets.
#include "bitloom/data.h"
#include "bitloom/file.h"
#include "bytes.h"
#include "pictures.h"

namespace bitloom::data {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::grey_png;

class SplitFolder : public testing::Test {
 protected:
  void write(const std::string& name, const test::Bytes& bytes) const {
    fs::create_directories((path() / name).parent_path());
    write_file(path() / name, std::span<const std::byte>(bytes));
  }
  fs::path path() const { return folder_.path() / "birds"; }
  DataSet read(Split split) const { return read_data_set(path().string(), split, "/nowhere"); }
  std::string error(Split split) const {
    return error_of([&] { read(split); });
  }

  test::TemporaryFolder folder_;
};

TEST_F(SplitFolder, test_labels_are_indices_into_the_classes_of_train) {
  write("train/crow/a.png", grey_png(2, 3, 1));
  write("train/kite/a.png", grey_png(2, 3, 2));
  write("train/wren/a.png", grey_png(2, 3, 3));
  write("test/wren/z.png", grey_png(2, 3, 4));
  const DataSet train = read(Split::kTrain), test = read(Split::kTest);
  EXPECT_EQ(train.name, "birds");
  EXPECT_EQ(train.classes, (std::vector<std::string>{"crow", "kite", "wren"}));
  EXPECT_EQ(train.labels, (std::vector<int32_t>{0, 1, 2}));
  EXPECT_EQ(train.images.height, 3);
  EXPECT_EQ(test.name, "birds");
  EXPECT_EQ(test.classes, train.classes);
  EXPECT_EQ(test.labels, (std::vector<int32_t>{2}));
  EXPECT_EQ(test.images.image(0)[0], 4);
}

TEST_F(SplitFolder, classes_alternate_in_proportion) {
  for (int i = 0; i < 6; ++i) write(fmt::format("train/a/{}.png", i), grey_png(1, 1, static_cast<uint8_t>(i)));
  for (int i = 0; i < 2; ++i) write(fmt::format("train/b/{}.png", i), grey_png(1, 1, static_cast<uint8_t>(10 + i)));
  const DataSet set = read(Split::kTrain);
  EXPECT_EQ(set.labels, (std::vector<int32_t>{0, 0, 1, 0, 0, 0, 1, 0}));
  EXPECT_EQ(set.images.pixels, (std::vector<uint8_t>{0, 1, 10, 2, 3, 4, 11, 5}));
}

TEST_F(SplitFolder, labels_may_come_from_names) {
  write("train/0_0.png", grey_png(1, 1, 1));
  write("train/1_2.png", grey_png(1, 1, 2));
  write("test/0_1.png", grey_png(1, 1, 3));
  EXPECT_EQ(read(Split::kTrain).labels, (std::vector<int32_t>{0, 2}));
  EXPECT_EQ(read(Split::kTest).labels, (std::vector<int32_t>{1}));
  EXPECT_EQ(read(Split::kTest).classes, (std::vector<std::string>{"0", "1", "2"}));
}

TEST_F(SplitFolder, test_images_become_what_training_images_are) {
  write("train/a/a.png", grey_png(2, 2, 1));
  write("test/a/a.png", test::colour_png(2, 2, 9));
  EXPECT_EQ(read(Split::kTest).images.channels, 1);
  write("test/a/b.png", grey_png(3, 2, 1));
  EXPECT_EQ(
      error(Split::kTest),
      path().string() +
          "/test/a/b.png: is 3 x 2 pixels (width x height); expected 2 x 2, to which `bitloom run --resize` brings it");
}

TEST_F(SplitFolder, what_is_no_data_set_is_said_bad) {
  const std::string name = path().string();
  const std::string folders = "; a data set is a folder with train/ and test/, each with one folder a class";
  EXPECT_EQ(error(Split::kTrain),
            "'" + name +
                "' is neither a data set that is known (mnist, fashion-mnist, cifar10, svhn) nor a folder; a folder with "
                "train/ and test/, each with one folder a class, may be given");
  EXPECT_FALSE(is_split_folder(path()));
  fs::create_directories(path());
  EXPECT_EQ(error(Split::kTrain), name + ": has no folder 'train'" + folders);
  write("train/picture.png", grey_png(1, 1, 1));
  EXPECT_EQ(error(Split::kTrain),
            name + "/train: has no labels; expected one folder a class, or files named like 000_7.png");
  fs::remove(path() / "train/picture.png");
  write("train/crow/a.png", grey_png(1, 1, 1));
  write("train/kite/a.png", grey_png(1, 1, 1));
  EXPECT_EQ(error(Split::kTest), name + ": has no folder 'test'" + folders);
  EXPECT_FALSE(is_split_folder(path()));
  write("test/raven/a.png", grey_png(1, 1, 1));
  EXPECT_TRUE(is_split_folder(path()));
  EXPECT_EQ(error(Split::kTest), name + "/test: class 'raven' is not among those of train/ (crow, kite)");
}

}  // namespace
}  // namespace bitloom::data
