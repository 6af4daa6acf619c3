// SPDX-License-Identifier: Apache-2.0
//
// Makes small archives.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <archive.h>
#include <archive_entry.h>

#include "bytes.h"

namespace bitloom::test {

using Members = std::vector<std::pair<std::string, Bytes>>;

inline Bytes finish_archive(struct archive* writer, const Members& members) {
  std::vector<std::byte> buffer(size_t{1} << 16);
  for (const auto& member : members) buffer.resize(buffer.size() + member.second.size() + 4096);
  size_t used = 0;
  EXPECT_EQ(archive_write_open_memory(writer, buffer.data(), buffer.size(), &used), ARCHIVE_OK);
  for (const auto& [name, bytes] : members) {
    struct archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(bytes.size()));
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    EXPECT_EQ(archive_write_header(writer, entry), ARCHIVE_OK) << archive_error_string(writer);
    EXPECT_EQ(archive_write_data(writer, bytes.data(), bytes.size()), static_cast<la_ssize_t>(bytes.size()));
    archive_entry_free(entry);
  }
  EXPECT_EQ(archive_write_close(writer), ARCHIVE_OK);
  archive_write_free(writer);
  buffer.resize(used);
  return buffer;
}

inline Bytes zip_of(const Members& members, bool deflated = true) {
  struct archive* writer = archive_write_new();
  archive_write_set_format_zip(writer);
  if (deflated) {
    archive_write_zip_set_compression_deflate(writer);
  } else {
    archive_write_zip_set_compression_store(writer);
  }
  return finish_archive(writer, members);
}

/// One file compressed with gzip.
inline Bytes gz_of(const Bytes& bytes) {
  struct archive* writer = archive_write_new();
  archive_write_set_format_raw(writer);
  archive_write_add_filter_gzip(writer);
  archive_write_set_bytes_in_last_block(writer, 1);
  return finish_archive(writer, {{"data", bytes}});
}

inline Bytes tar_gz_of(const Members& members) {
  struct archive* writer = archive_write_new();
  archive_write_set_format_ustar(writer);
  archive_write_add_filter_gzip(writer);
  return finish_archive(writer, members);
}

}  // namespace bitloom::test
