// SPDX-License-Identifier: Apache-2.0
//
// Files, whole or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bitloom {

inline constexpr int64_t kMaxFileBytes = int64_t{1} << 31;  ///< what a reader accepts unless it says otherwise

/// The whole file. Throws Error naming it if it cannot be read, is not a regular file, or is larger than `limit` bytes.
std::vector<std::byte> read_file(const std::filesystem::path& path, int64_t limit = kMaxFileBytes);

/// The same as text.
std::string read_text(const std::filesystem::path& path, int64_t limit = kMaxFileBytes);

/// A read-only mapping of a file; the bytes live as long as any copy of `owner`.
struct MappedFile {
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;
};

/// Maps a file. Throws Error as read_file does.
MappedFile map_file(const std::filesystem::path& path, int64_t limit = kMaxFileBytes);

/// Writes under a temporary name in the same folder, flushes to the disk, and renames: the file is whole or not there.
/// Throws Error naming the file if that fails.
void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes);
void write_file(const std::filesystem::path& path, std::string_view text);

}  // namespace bitloom
