// SPDX-License-Identifier: Apache-2.0
#include "cache.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <vector>

#include <fmt/ranges.h>
#include <openssl/evp.h>
#include <unistd.h>

#include "bitloom/error.h"

namespace bitloom::hw {
namespace {

namespace fs = std::filesystem;

struct Entry {
  fs::path path;
  fs::file_time_type used;
  int64_t bytes = 0;
};

/// Another program may remove any of them meanwhile.
std::vector<Entry> entries_of(const fs::path& folder) {
  std::vector<Entry> entries;
  std::error_code gone;
  for (const auto& entry : fs::directory_iterator(folder, gone)) {
    const bool is_file = entry.is_regular_file(gone);
    const fs::file_time_type used = entry.last_write_time(gone);
    if (gone) continue;
    const auto bytes = is_file ? entry.file_size(gone) : 0;
    if (!gone) entries.push_back({entry.path(), used, static_cast<int64_t>(bytes)});
  }
  return entries;
}

}  // namespace

std::string hash_of(std::span<const std::string> texts) {
  std::string all;
  for (const std::string& text : texts) all += fmt::format("{}:{}", text.size(), text);
  std::array<unsigned char, 32> digest{};
  unsigned int size = 0;
  const int done = EVP_Digest(all.data(), all.size(), digest.data(), &size, EVP_sha256(), nullptr);
  BITLOOM_CHECK(done == 1 && size == digest.size());
  return fmt::format("{:02x}", fmt::join(digest, ""));
}

std::optional<fs::path> cache_folder(const std::string& name) {
  const auto variable = [](const char* variable_name) {
    const char* value = std::getenv(variable_name);
    return fs::path(value ? value : "");
  };
  if (const fs::path path = variable("XDG_CACHE_HOME"); !path.empty()) return path / "bitloom" / name;
  if (const fs::path path = variable("HOME"); !path.empty()) return path / ".cache" / "bitloom" / name;
  return std::nullopt;
}

Cache::Cache(fs::path folder, int64_t most_bytes) : folder_(std::move(folder)), most_bytes_(most_bytes) {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) throw Error("{}: cannot be made: {}", folder_.string(), error.message());
  if (::access(folder_.c_str(), W_OK | X_OK) != 0) throw Error("{}: cannot be written", folder_.string());
}

std::optional<fs::path> Cache::find(const std::string& key) const {
  const fs::path path = folder_ / key;
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return std::nullopt;
  fs::last_write_time(path, fs::file_time_type::clock::now(), error);
  return path;
}

fs::path Cache::store(const std::string& key, const fs::path& file) const {
  const fs::path path = folder_ / key;
  std::error_code error;
  fs::last_write_time(file, fs::file_time_type::clock::now(), error);
  fs::rename(file, path, error);
  if (error) throw Error("{}: cannot be written: {}", path.string(), error.message());
  std::vector<Entry> entries = entries_of(folder_);
  std::ranges::sort(entries, std::greater{}, &Entry::used);
  const auto day_before = fs::file_time_type::clock::now() - std::chrono::hours(24);
  int64_t bytes = 0;
  for (const Entry& entry : entries) {
    bytes += entry.bytes;
    const bool useless = fs::is_directory(entry.path, error) ? entry.used < day_before : bytes > most_bytes_;
    if (useless && entry.path != path) fs::remove_all(entry.path, error);
  }
  return path;
}

}  // namespace bitloom::hw
