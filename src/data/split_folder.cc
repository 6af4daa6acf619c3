// SPDX-License-Identifier: Apache-2.0
//
// A folder with train/ and test/ as a data set.
#include <algorithm>
#include <numeric>

#include "folder.h"

namespace bitloom::data {
namespace {

namespace fs = std::filesystem;

// A class's files keep their order, and the classes alternate in proportion to their sizes: file i of a class of n lies at
// (i + 1/2) / n of the whole. The first or last files then show every class, though the folder lists one after the other.
ImageFiles interleaved(ImageFiles files) {
  std::vector<int64_t> sizes(files.classes.size()), position;
  for (const int32_t label : files.labels) position.push_back(sizes[static_cast<size_t>(label)]++);
  std::vector<size_t> order(files.paths.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const auto size_of = [&](size_t i) { return sizes[static_cast<size_t>(files.labels[i])]; };
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return (2 * position[a] + 1) * size_of(b) < (2 * position[b] + 1) * size_of(a);
  });
  ImageFiles sorted{{}, {}, std::move(files.classes)};
  for (const size_t i : order) {
    sorted.paths.push_back(std::move(files.paths[i]));
    sorted.labels.push_back(files.labels[i]);
  }
  return sorted;
}

ImageFiles list_split(const fs::path& folder, const char* split) {
  std::error_code error;
  if (!fs::is_directory(folder / split, error)) {
    throw Error("{}: has no folder '{}'; a data set is a folder with train/ and test/, each with one folder a class",
                folder.string(), split);
  }
  ImageFiles files = list_images(folder / split);
  if (files.labels.empty()) {
    throw Error("{}: has no labels; expected one folder a class, or files named like 000_7.png", (folder / split).string());
  }
  return interleaved(std::move(files));
}

// The labels as indices into the classes of the training images.
void relabel(ImageFiles& files, const std::vector<std::string>& classes, const fs::path& folder) {
  std::vector<int32_t> index;
  for (const std::string& name : files.classes) {
    const auto found = std::find(classes.begin(), classes.end(), name);
    if (found == classes.end()) {
      throw Error("{}: class '{}' is not among those of train/ ({})", (folder / "test").string(), name,
                  fmt::join(classes, ", "));
    }
    index.push_back(static_cast<int32_t>(found - classes.begin()));
  }
  for (int32_t& label : files.labels) label = index[static_cast<size_t>(label)];
  files.classes = classes;
}

}  // namespace

DataSet read_split_folder(const fs::path& folder, Split split) {
  ImageFiles files = list_split(folder, "train");
  ImageFormat format;
  if (split == Split::kTest) {
    const Images first = read_image_files({files.paths.front()}, {});
    format = {first.height, first.width, first.channels};
    ImageFiles test = list_split(folder, "test");
    relabel(test, files.classes, folder);
    files = std::move(test);
  }
  return {folder_name(folder), read_image_files(files.paths, format), std::move(files.labels), std::move(files.classes)};
}

}  // namespace bitloom::data
