// SPDX-License-Identifier: Apache-2.0
//
// The .npz format: a zip archive of .npy files.
#include "archive_reader.h"
#include "bitloom/data.h"
#include "bitloom/file.h"

namespace bitloom::data {

std::map<std::string, NpyArray> read_npz(std::span<const std::byte> bytes, std::string_view source) {
  constexpr std::string_view kSuffix = ".npy";
  std::map<std::string, NpyArray> arrays;
  const auto take = [&](const ArchiveMember& member) {
    std::string name = member.name;
    if (!name.ends_with(kSuffix)) throw Error("{}: holds '{}', which is not a .npy file", source, name);
    name.resize(name.size() - kSuffix.size());
    NpyArray array = read_npy(member.bytes, fmt::format("{}: '{}'", source, name));
    if (!arrays.emplace(name, std::move(array)).second) throw Error("{}: holds '{}' twice", source, name);
  };
  read_archive(
      ArchiveKind::kZip, bytes, source, [](std::string_view) { return true; }, take);
  return arrays;
}

std::map<std::string, NpyArray> read_npz(const std::filesystem::path& path) {
  return read_npz(read_file(path), path.string());
}

}  // namespace bitloom::data
