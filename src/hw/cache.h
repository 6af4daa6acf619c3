// SPDX-License-Identifier: Apache-2.0
//
// Files that take long to make and can be made again, kept under the hash of all that they are made from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

namespace bitloom::hw {

/// SHA-256 as 64 lower-case hexadecimal digits of a list of texts; lists that differ in where one text ends differ.
std::string hash_of(std::span<const std::string> texts);

/// $XDG_CACHE_HOME/bitloom/NAME, else ~/.cache/bitloom/NAME; nothing if neither variable is set.
std::optional<std::filesystem::path> cache_folder(const std::string& name);

/// A folder of files by key. Files are whole or not there, so several programs may share it.
class Cache {
 public:
  /// Makes the folder. Throws Error if it cannot be made or written.
  Cache(std::filesystem::path folder, int64_t most_bytes);
  const std::filesystem::path& folder() const { return folder_; }
  /// The file, which from now on is the one used last.
  std::optional<std::filesystem::path> find(const std::string& key) const;
  /// Moves a file of the same file system here; removes those whose use lies longest back while all are more than
  /// `most_bytes`, and what programs that were ended left behind.
  std::filesystem::path store(const std::string& key, const std::filesystem::path& file) const;

 private:
  std::filesystem::path folder_;
  int64_t most_bytes_;
};

}  // namespace bitloom::hw
