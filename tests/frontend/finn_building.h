// SPDX-License-Identifier: Apache-2.0
//
// NumPy archives made in memory.
#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <archive.h>
#include <archive_entry.h>

#include "bitloom/data.h"

namespace bitloom::test {

/// A .npz of these arrays, stored as np.savez does.
inline std::vector<std::byte> npz_of(const std::map<std::string, data::NpyArray>& arrays) {
  size_t size = 1 << 16;
  for (const auto& [name, array] : arrays) size += data::npy_bytes(array).size() + 1024;
  std::vector<std::byte> result(size);
  size_t used = 0;
  archive* zip = archive_write_new();
  archive_write_set_format_zip(zip);
  archive_write_set_options(zip, "zip:compression=store");
  archive_write_set_bytes_in_last_block(zip, 1);
  if (archive_write_open_memory(zip, result.data(), result.size(), &used) != ARCHIVE_OK) throw std::runtime_error("zip");
  for (const auto& [name, array] : arrays) {
    const std::vector<std::byte> bytes = data::npy_bytes(array);
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, (name + ".npy").c_str());
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_size(entry, static_cast<int64_t>(bytes.size()));
    archive_write_header(zip, entry);
    archive_write_data(zip, bytes.data(), bytes.size());
    archive_entry_free(entry);
  }
  archive_write_close(zip);
  archive_write_free(zip);
  result.resize(used);
  return result;
}

inline data::NpyArray npy(std::vector<int64_t> shape, std::vector<float> values) {
  return {std::move(shape), std::move(values)};
}

/// The arrays under the names that np.savez gives: arr_0, arr_1 ...
inline std::vector<std::byte> npz_in_order(const std::vector<data::NpyArray>& arrays) {
  std::map<std::string, data::NpyArray> named;
  for (size_t i = 0; i < arrays.size(); ++i) named["arr_" + std::to_string(i)] = arrays[i];
  return npz_of(named);
}

}  // namespace bitloom::test
