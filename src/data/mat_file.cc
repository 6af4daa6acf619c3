// SPDX-License-Identifier: Apache-2.0
//
// matio takes a file that is cut off or damaged for a whole one, follows cells and structures wherever they lead, and asks
// for memory by lengths that it has not compared with anything. So it gets a file only after the outermost level was looked
// at here: the header is of version 5 (not 4, nor HDF5), each element lies in the file and is inflated once to see that it
// is whole and how much it holds, and each begins as an array of numbers with few dimensions and a short name.
#include "mat_file.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include "archive_reader.h"
#include "bitloom/error.h"
#include "bitloom/file.h"
#include "inflate.h"
#include "matio_library.h"

namespace bitloom::data {
namespace {

constexpr size_t kHeaderBytes = 128, kTagBytes = 8;
// MATLAB's own limit for names is 63.
constexpr uint32_t kMaxDimensionBytes = 32, kMaxNameBytes = 64;
constexpr size_t kLongestBegin = 32 + kMaxDimensionBytes + kTagBytes + kMaxNameBytes;
constexpr std::array<const char*, 10> kTypes = {"double", "single", "int8",   "uint8", "int16",
                                                "uint16", "int32",  "uint32", "int64", "uint64"};

using Bytes = std::span<const std::byte>;

uint32_t word(Bytes bytes, size_t at) {
  uint32_t value = 0;
  std::memcpy(&value, bytes.subspan(at, sizeof value).data(), sizeof value);
  return value;
}

// How many bytes the element holds when it is inflated. `start` gets the first of them.
int64_t measure(Bytes element, const std::string& source, int64_t limit, std::span<std::byte> start) {
  int64_t used = 0;
  const auto take = [&](Bytes piece) {
    const size_t count = std::min(piece.size(), start.size() - static_cast<size_t>(used));
    std::copy_n(piece.begin(), count, start.begin() + used);
    used += static_cast<int64_t>(count);
  };
  if (word(element, 0) == MAT_T_COMPRESSED) {
    return inflate_stream(Wrapper::kZlib, element.subspan(kTagBytes), source, limit, take);
  }
  if (static_cast<int64_t>(element.size()) > limit) throw Error("{}: is larger than {} bytes", source, limit);
  take(element);
  return static_cast<int64_t>(element.size());
}

size_t padded(uint32_t bytes) { return (size_t{bytes} + 7) / 8 * 8; }

// Where the tag of the numbers is in an element of this beginning: after its tag, flags, dimensions and name. 0 if it does
// not begin as an array of numbers.
size_t numbers_at(Bytes start) {
  if (word(start, 0) != MAT_T_MATRIX || word(start, 8) != MAT_T_UINT32 || word(start, 12) != 8) return 0;
  const uint32_t array_class = word(start, 16) & 0xff;
  if (array_class < MAT_C_DOUBLE || array_class > MAT_C_UINT64) return 0;
  const uint32_t dimensions = word(start, 28);
  if (word(start, 24) != MAT_T_INT32 || dimensions < 8 || dimensions > kMaxDimensionBytes) return 0;
  const size_t name_at = 32 + padded(dimensions);
  const uint32_t name_tag = word(start, name_at), name_bytes = word(start, name_at + 4);
  if (name_tag != MAT_T_INT8) return name_at + kTagBytes;  // up to four bytes of name are in the tag
  return name_bytes <= kMaxNameBytes ? name_at + kTagBytes + padded(name_bytes) : 0;
}

// How many bytes each element has for its numbers.
std::vector<int64_t> measure_elements(Bytes bytes, const std::string& source) {
  std::vector<int64_t> sizes;
  int64_t remaining = kMaxUnpackedBytes;
  for (Bytes rest = bytes.subspan(kHeaderBytes); !rest.empty();) {
    const std::string name = fmt::format("{}: variable {}", source, sizes.size() + 1);
    if (rest.size() < kTagBytes || word(rest, 4) > rest.size() - kTagBytes) throw Error("{}: is cut off", name);
    const Bytes element = rest.first(kTagBytes + word(rest, 4));
    const uint32_t type = word(element, 0);
    if (type != MAT_T_COMPRESSED && type != MAT_T_MATRIX) throw Error("{}: is not a MATLAB array", name);
    std::array<std::byte, kLongestBegin> start{};
    const int64_t size = measure(element, name, remaining, start);
    // Up to four bytes of numbers lie in the second half of their tag.
    const auto begin = static_cast<int64_t>(numbers_at(start)), numbers = size - begin - 4;
    if (begin == 0 || numbers < 0) throw Error("{}: is not an array of numbers; only those are read", name);
    sizes.push_back(numbers);
    remaining -= size;
    rest = rest.subspan(element.size());
  }
  return sizes;
}

void check_header(Bytes bytes, const std::string& source) {
  constexpr std::string_view kVersion("\0\1IM", 4);  // 1.0 of the format that MATLAB 5 began with, little-endian
  if (bytes.size() < kHeaderBytes || std::memcmp(bytes.data() + 124, kVersion.data(), kVersion.size()) != 0) {
    throw Error("{}: is not a MATLAB file of version 5 (little-endian); save it in MATLAB with -v7 or -v6", source);
  }
}

std::string reason() { return matio_complaint().empty() ? "" : ": " + matio_complaint(); }

}  // namespace

struct MatFile::Entry {
  Variable variable;
  std::unique_ptr<matvar_t, void (*)(matvar_t*)> handle;
  int64_t stored_bytes = 0;  // for the numbers
};

MatFile::MatFile(const std::filesystem::path& path) : source_(path.string()), file_(nullptr, nullptr) {
  const MappedFile mapped = map_file(path);
  check_header(mapped.bytes, source_);
  const std::vector<int64_t> sizes = measure_elements(mapped.bytes, source_);
  forget_complaint();
  file_ = {matio().open(path.c_str(), MAT_ACC_RDONLY), matio().close};
  if (!file_) throw Error("{}: cannot open{}", source_, reason());
  for (const int64_t size : sizes) {
    Entry entry{{}, {matio().read_next_info(file_.get()), matio().free}, size};
    const matvar_t* info = entry.handle.get();
    if (!info || !info->name || !info->dims || info->class_type < MAT_C_DOUBLE || info->class_type > MAT_C_UINT64 ||
        !matio_complaint().empty()) {
      throw Error("{}: variable {} is damaged{}", source_, entries_.size() + 1, reason());
    }
    entry.variable.name = info->name;
    entry.variable.type = kTypes[static_cast<size_t>(info->class_type - MAT_C_DOUBLE)];
    if (info->isComplex) entry.variable.type.insert(0, "complex ");
    entry.variable.dimensions.assign(info->dims, info->dims + info->rank);
    entries_.push_back(std::move(entry));
  }
}

MatFile::~MatFile() = default;

std::string MatFile::Variable::describe() const { return fmt::format("{} of {}", type, fmt::join(dimensions, " x ")); }

MatFile::Entry& MatFile::entry(std::string_view name) {
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.variable.name == name; });
  if (found == entries_.end()) throw Error("{}: holds no variable '{}'", source_, name);
  return *found;
}

const MatFile::Variable& MatFile::variable(std::string_view name) { return entry(name).variable; }

std::vector<uint8_t> MatFile::read(const Variable& variable) {
  BITLOOM_CHECK(variable.type == "uint8" || variable.type == "double");
  Entry& from = entry(variable.name);
  int64_t count = 1;
  bool fits = true;
  for (const int64_t size : variable.dimensions) fits = fits && !__builtin_mul_overflow(count, size, &count);
  // The least that a number takes is a byte: MATLAB stores doubles as bytes where they are small and whole.
  if (!fits || count < 0 || count > from.stored_bytes) {
    throw Error("{}: variable '{}' is {}, which the file does not hold", source_, variable.name, variable.describe());
  }
  forget_complaint();
  const auto handle = std::exchange(from.handle, {nullptr, matio().free});
  BITLOOM_CHECK(handle);
  const int status = matio().read_data(file_.get(), handle.get());
  const bool bytes = variable.type == "uint8";
  if (status != 0 || !matio_complaint().empty() || !handle->data ||
      handle->nbytes != static_cast<size_t>(count) * (bytes ? 1 : sizeof(double))) {
    throw Error("{}: variable '{}' is damaged{}", source_, variable.name, reason());
  }
  const auto* codes = static_cast<const uint8_t*>(handle->data);
  if (bytes) return {codes, codes + count};
  const auto* reals = static_cast<const double*>(handle->data);
  const auto* strange =
      std::find_if(reals, reals + count, [](double x) { return !(x >= 0 && x <= 255 && x == std::floor(x)); });
  if (strange != reals + count) {
    throw Error("{}: variable '{}': number {} is {}; expected whole numbers from 0 to 255", source_, variable.name,
                strange - reals, *strange);
  }
  return {reals, reals + count};
}

}  // namespace bitloom::data
