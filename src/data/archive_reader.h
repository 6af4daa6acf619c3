// SPDX-License-Identifier: Apache-2.0
//
// Files inside archives that lie in memory: the zip of .npz and the tar.gz of npm packages. What an archive declares is
// only checked against limits, never allocated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bitloom::data {

enum class ArchiveKind { kZip, kTarGz };

inline constexpr int64_t kMaxUnpackedBytes = int64_t{1} << 30;  ///< of all files of one archive together

struct ArchiveMember {
  std::string name;
  std::vector<std::byte> bytes;
};

/// Hands every regular file of the archive whose name is `wanted` to `take`, in the archive's order. Throws Error naming
/// `source` when the archive is damaged, compressed in a way that the format does not usually have, or unpacks to more
/// than `limit` bytes.
void read_archive(ArchiveKind kind, std::span<const std::byte> bytes, std::string_view source,
                  const std::function<bool(std::string_view)>& wanted, const std::function<void(ArchiveMember)>& take,
                  int64_t limit = kMaxUnpackedBytes);

}  // namespace bitloom::data
