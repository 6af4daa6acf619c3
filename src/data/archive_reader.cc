// SPDX-License-Identifier: Apache-2.0
//
// libarchive, restricted to the two formats that bitloom meets. Only the compressions that these formats use in practice
// are let in, because the others allocate dictionaries of whatever size a file asks for.
#include "archive_reader.h"

#include <algorithm>
#include <memory>

#include <archive.h>
#include <archive_entry.h>

#include "bitloom/error.h"

namespace bitloom::data {
namespace {

struct FreeArchive {
  void operator()(struct archive* a) const { archive_read_free(a); }
};
using Reader = std::unique_ptr<struct archive, FreeArchive>;

[[noreturn]] void fail(struct archive* reader, std::string_view source) {
  const char* text = archive_error_string(reader);
  std::string_view reason = text ? text : "unknown fault";
  if (reason.ends_with('\n')) reason.remove_suffix(1);
  throw Error("{}: is not a whole archive: {}", source, reason);
}

Reader open_reader(ArchiveKind kind, std::span<const std::byte> bytes, std::string_view source) {
  Reader reader(archive_read_new());
  BITLOOM_CHECK(reader != nullptr);
  switch (kind) {
    case ArchiveKind::kZip:
      // The reader that starts from the central directory: the streaming one takes a truncated archive for a whole one.
      archive_read_support_format_zip_seekable(reader.get());
      break;
    case ArchiveKind::kTarGz:
      archive_read_support_filter_gzip(reader.get());
      archive_read_support_format_tar(reader.get());
      break;
  }
  if (archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) != ARCHIVE_OK) fail(reader.get(), source);
  return reader;
}

std::string member_name(struct archive_entry* entry, std::string_view source) {
  // The first is null when the locale cannot say the name.
  const char* name = archive_entry_pathname(entry);
  if (!name) name = archive_entry_pathname_utf8(entry);
  if (!name) throw Error("{}: holds a file without a readable name", source);
  return name;
}

void check_compression(struct archive* reader, std::string_view source, std::string_view member) {
  const std::string_view format = archive_format_name(reader);
  if (format.ends_with("(uncompressed)") || format.ends_with("(deflation)")) return;
  throw Unsupported("{}: '{}' is compressed as {}; expected stored or deflated", source, member, format);
}

std::vector<std::byte> read_member(struct archive* reader, std::string_view source, std::string_view member,
                                   int64_t declared, int64_t limit) {
  constexpr int64_t kSmallest = int64_t{1} << 12, kLargest = int64_t{1} << 20;
  std::vector<std::byte> bytes(static_cast<size_t>(std::clamp(declared + 1, kSmallest, kLargest)));
  size_t used = 0;
  for (;;) {
    if (used == bytes.size()) bytes.resize(bytes.size() * 2);
    const auto got = archive_read_data(reader, bytes.data() + used, bytes.size() - used);
    if (got < 0) fail(reader, fmt::format("{}: '{}'", source, member));
    if (got == 0) break;
    used += static_cast<size_t>(got);
    if (static_cast<int64_t>(used) > limit) {
      throw Error("{}: '{}' unpacks to more than the {} bytes that are read", source, member, limit);
    }
  }
  bytes.resize(used);
  bytes.shrink_to_fit();
  return bytes;
}

}  // namespace

void read_archive(ArchiveKind kind, std::span<const std::byte> bytes, std::string_view source,
                  const std::function<bool(std::string_view)>& wanted, const std::function<void(ArchiveMember)>& take,
                  int64_t limit) {
  const Reader reader = open_reader(kind, bytes, source);
  int64_t remaining = limit;
  for (;;) {
    struct archive_entry* entry = nullptr;
    const int status = archive_read_next_header(reader.get(), &entry);
    if (status == ARCHIVE_EOF) return;
    // A warning here is about a name that the locale cannot say; member_name deals with it.
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN) fail(reader.get(), source);
    const std::string name = member_name(entry, source);
    const int64_t declared = archive_entry_size_is_set(entry) ? archive_entry_size(entry) : 0;
    if (declared < 0 || declared > remaining) {
      throw Error("{}: '{}' unpacks to more than the {} bytes that are read", source, name, limit);
    }
    if (archive_entry_filetype(entry) != AE_IFREG || !wanted(name)) {
      // A tar is unpacked to be skipped, so what is skipped costs time and counts.
      remaining -= declared;
      continue;
    }
    if (kind == ArchiveKind::kZip) check_compression(reader.get(), source, name);
    ArchiveMember member{name, read_member(reader.get(), source, name, declared, remaining)};
    remaining -= static_cast<int64_t>(member.bytes.size());
    take(std::move(member));
  }
}

}  // namespace bitloom::data
