// SPDX-License-Identifier: Apache-2.0
#include "data/folder.h"

#include <algorithm>
#include <random>

#include "archives.h"
#include "bitloom/data.h"
#include "bitloom/file.h"
#include "bytes.h"
#include "pictures.h"
#include "support/property.h"

namespace bitloom::data {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::grey_png;
using test::TemporaryFolder;

void write(const fs::path& path, const test::Bytes& bytes) {
  fs::create_directories(path.parent_path());
  write_file(path, std::span<const std::byte>(bytes));
}

std::string error_of_images(const fs::path& path, const ImageFormat& format = {}) {
  return error_of([&] { read_images(path, format); });
}

TEST(Folder, names_are_ordered_as_people_do) {
  std::vector<std::string> names{"img10.png", "img2.png", "img1.png", "img02.png",
                                 "a",         "",         "img2b",    "img99999999999999999999"};
  std::sort(names.begin(), names.end(), natural_less);
  EXPECT_EQ(names, (std::vector<std::string>{"", "a", "img1.png", "img02.png", "img2.png", "img2b", "img10.png",
                                             "img99999999999999999999"}));
}

TEST(Folder, PropertyNaturalOrderIsAStrictWeakOrder) {
  std::mt19937_64 random(5);
  for (uint64_t c = 0; c < test::cases(2000); ++c) {
    std::string text[3];
    for (std::string& t : text) {
      for (uint64_t size = random() % 5; size > 0; --size) t += "019ab_"[random() % 6];
    }
    const auto& [x, y, z] = text;
    ASSERT_EQ(natural_less(x, y) || natural_less(y, x), x != y) << x << " " << y;
    ASSERT_FALSE(natural_less(x, y) && natural_less(y, x)) << x << " " << y;
    if (natural_less(x, y) && natural_less(y, z)) {
      ASSERT_TRUE(natural_less(x, z)) << x << " " << y << " " << z;
    }
  }
}

TEST(Folder, labels_in_names_are_numbers_without_leading_zeros) {
  EXPECT_EQ(label_in_name("000_7.png"), 7);
  EXPECT_EQ(label_in_name("a_b_9999.jpg"), 9999);
  EXPECT_EQ(label_in_name("x_0.png"), 0);
  for (const char* name :
       {"7.png", "x_.png", "x_07.png", "frame_0007.png", "x_10000.png", "x_7a.png", "x_-1.png", "x7.png"}) {
    EXPECT_EQ(label_in_name(name), std::nullopt) << name;
  }
}

TEST(Folder, images_are_read_in_natural_order_without_labels) {
  const TemporaryFolder folder;
  write(folder.path() / "img10.png", grey_png(2, 3, 10));
  write(folder.path() / "img2.PNG", grey_png(2, 3, 2));
  write(folder.path() / ".hidden.png", test::to_bytes("not read"));
  write(folder.path() / "notes.txt", test::to_bytes("not read"));
  const DataSet set = read_images(folder.path());
  EXPECT_EQ(set.images.count, 2);
  EXPECT_EQ(set.images.width, 2);
  EXPECT_EQ(set.images.height, 3);
  EXPECT_EQ(set.images.image(0)[0], 2);
  EXPECT_EQ(set.images.image(1)[0], 10);
  EXPECT_TRUE(set.labels.empty());
  EXPECT_TRUE(set.classes.empty());
}

TEST(Folder, names_give_labels_only_if_all_of_them_do) {
  const TemporaryFolder folder;
  write(folder.path() / "000_2.png", grey_png(2, 2, 1));
  write(folder.path() / "001_0.png", grey_png(2, 2, 2));
  const DataSet labelled = read_images(folder.path());
  EXPECT_EQ(labelled.labels, (std::vector<int32_t>{2, 0}));
  EXPECT_EQ(labelled.classes, (std::vector<std::string>{"0", "1", "2"}));
  write(folder.path() / "002.png", grey_png(2, 2, 3));
  EXPECT_TRUE(read_images(folder.path()).labels.empty());
}

TEST(Folder, folders_are_classes) {
  const TemporaryFolder folder;
  write(folder.path() / "class10" / "a.png", grey_png(2, 2, 10));
  write(folder.path() / "class9" / "b.png", grey_png(2, 2, 9));
  write(folder.path() / "class9" / "a.png", grey_png(2, 2, 8));
  const DataSet set = read_images(folder.path());
  EXPECT_EQ(set.classes, (std::vector<std::string>{"class9", "class10"}));
  EXPECT_EQ(set.labels, (std::vector<int32_t>{0, 0, 1}));
  EXPECT_EQ(set.images.image(0)[0], 8);
  EXPECT_EQ(set.images.image(2)[0], 10);
}

TEST(Folder, what_does_not_fit_is_named_bad) {
  const TemporaryFolder folder;
  const std::string path = folder.path().string();
  EXPECT_EQ(error_of_images(folder.path()), path + ": holds no .png, .jpg or .jpeg file");
  write(folder.path() / "a.png", grey_png(2, 2, 1));
  write(folder.path() / "b.png", grey_png(3, 2, 1));
  EXPECT_EQ(error_of_images(folder.path()),
            path +
                "/b.png: is 3 x 2 pixels with 1 channels (width x height); the images before "
                "it are 2 x 2 with 1");
  EXPECT_EQ(error_of_images(folder.path(), {.height = 5}),
            path + "/a.png: is 2 x 2 pixels (width x height); expected 2 x 5, to which `bitloom run --resize` brings it");
  fs::create_directory(folder.path() / "c");
  EXPECT_EQ(error_of_images(folder.path()),
            path + ": holds both images and folders; expected images, or one folder a class");
  fs::remove(folder.path() / "a.png");
  fs::remove(folder.path() / "b.png");
  EXPECT_EQ(error_of_images(folder.path()), path + "/c: holds no .png, .jpg or .jpeg file");
  fs::remove(folder.path() / "c");
  fs::create_symlink("nowhere", folder.path() / "a.png");
  EXPECT_EQ(error_of_images(folder.path()), path + "/a.png: cannot open: No such file or directory");
  EXPECT_EQ(error_of_images(folder.path() / "x"), path + "/x: cannot open: No such file or directory");
  EXPECT_EQ(error_of_images(folder.path(), {.channels = 2}),
            path + ": cannot be read with 2 channels; expected 1 (grey) or 3 (colour)");
}

TEST(Folder, grey_and_colour_are_mixed_only_when_asked) {
  const TemporaryFolder folder;
  write(folder.path() / "a.png", grey_png(2, 2, 1));
  write(folder.path() / "b.png", test::colour_png(2, 2, 9));
  EXPECT_THROW(read_images(folder.path()), Error);
  EXPECT_EQ(read_images(folder.path(), {.channels = 1}).images.pixels, (std::vector<uint8_t>{1, 1, 1, 1, 9, 9, 9, 9}));
  EXPECT_EQ(read_images(folder.path(), {.channels = 3}).images.channels, 3);
}

TEST(Folder, one_file_is_known_by_its_contents) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "x.dat";
  write(file, grey_png(4, 2, 7));
  EXPECT_EQ(read_images(file).images.width, 4);
  write(file, npy_bytes({{1, 2, 3}, std::vector<uint8_t>{1, 2, 3, 4, 5, 6}}));
  EXPECT_EQ(read_images(file).images.height, 2);
  write(file, npy_bytes({{2, 3}, std::vector<uint8_t>{1, 2, 3, 4, 5, 6}}));
  EXPECT_EQ(read_images(file, {.channels = 3}).images.pixels.size(), 18u);
  write(file, npy_bytes({{1, 1, 2, 3}, std::vector<uint8_t>{1, 2, 3, 4, 5, 6}}));
  EXPECT_EQ(read_images(file).images.channels, 3);
  write(file, test::to_bytes(std::string_view("\0\0\x08\3\0\0\0\1\0\0\0\1\0\0\0\1z", 17)));
  EXPECT_EQ(read_images(file).images.pixels, (std::vector<uint8_t>{'z'}));
  write(file, test::gz_of(test::to_bytes(std::string_view("\0\0\x08\3\0\0\0\1\0\0\0\1\0\0\0\1g", 17))));
  EXPECT_EQ(read_images(file).images.pixels, (std::vector<uint8_t>{'g'}));
  write(file, test::Bytes(2 * 3073));
  EXPECT_EQ(read_images(file).labels, (std::vector<int32_t>{0, 0}));
}

TEST(Folder, files_that_are_no_images_are_refused_bad) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "x.dat";
  write(file, test::to_bytes("hello"));
  EXPECT_EQ(error_of_images(file),
            file.string() + ": holds no images that are known; expected PNG, JPEG, .npy, IDX or CIFAR-10 binary");
  write(file, npy_bytes({{2, 2}, std::vector<float>{1, 2, 3, 4}}));
  EXPECT_EQ(error_of_images(file),
            file.string() +
                ": is an array of shape (2, 2), not of uint8; expected uint8 of shape [N,H,W,C] with 1 "
                "or 3 channels, [N,H,W] or [H,W]");
  write(file, npy_bytes({{0, 2, 2}, std::vector<uint8_t>{}}));
  EXPECT_EQ(error_of_images(file), file.string() + ": holds no images");
  write(file, npy_bytes({{0, int64_t{1} << 40, int64_t{1} << 20, 1}, std::vector<uint8_t>{}}));
  EXPECT_EQ(error_of_images(file),
            file.string() + ": has 1048576 x 1099511627776 pixels; images of 1 to 67108864 pixels are read");
}

TEST(Folder, the_digits_of_the_project_are_a_hundred_labelled_images) {
  const DataSet set = read_images(fs::path(BITLOOM_SOURCE_DIR) / "models/digits");
  EXPECT_EQ(set.name, "digits");
  EXPECT_EQ(set.images.count, 100);
  EXPECT_EQ(set.images.height, 28);
  EXPECT_EQ(set.images.width, 28);
  EXPECT_EQ(set.images.channels, 1);
  EXPECT_EQ(set.classes.size(), 10u);
  EXPECT_EQ(std::vector<int32_t>(set.labels.begin(), set.labels.begin() + 10),
            (std::vector<int32_t>{7, 2, 1, 0, 4, 1, 4, 9, 5, 9}));
}

}  // namespace
}  // namespace bitloom::data
