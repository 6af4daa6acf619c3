// SPDX-License-Identifier: Apache-2.0
//
// IDX, the format of MNIST: two zero bytes, a type byte (8 is unsigned byte), the number of dimensions, each dimension as
// a big-endian 32-bit number, and the elements. It is published compressed with gzip.
#include <algorithm>

#include "archive_reader.h"
#include "bitloom/data.h"
#include "image.h"
#include "inflate.h"

namespace bitloom::data {
namespace {

// The dimensions, checked to multiply to exactly the bytes that follow them.
std::vector<int64_t> read_dimensions(std::span<const std::byte> bytes, std::string_view source, size_t expected,
                                     std::string_view what) {
  const auto byte = [&](size_t i) { return std::to_integer<uint32_t>(bytes[i]); };
  if (bytes.size() < 4 || byte(0) != 0 || byte(1) != 0 || byte(2) != 8 || byte(3) != expected) {
    throw Error("{}: is not an IDX file of {} (expected to begin with the bytes 0 0 8 {})", source, what, expected);
  }
  const size_t start = 4 + 4 * expected;
  if (bytes.size() < start) throw Error("{}: the IDX header is cut off", source);
  std::vector<int64_t> dimensions;
  int64_t elements = 1;
  bool fits = true;
  for (size_t i = 4; i < start; i += 4) {
    dimensions.push_back(byte(i) << 24 | byte(i + 1) << 16 | byte(i + 2) << 8 | byte(i + 3));
    fits = fits && !__builtin_mul_overflow(elements, dimensions.back(), &elements);
  }
  if (!fits || static_cast<uint64_t>(elements) != bytes.size() - start) {
    throw Error("{}: the dimensions {} do not match the {} bytes of data", source, fmt::join(dimensions, " x "),
                bytes.size() - start);
  }
  return dimensions;
}

std::span<const uint8_t> last(std::span<const std::byte> bytes, size_t count) {
  const auto tail = bytes.last(count);
  return {reinterpret_cast<const uint8_t*>(tail.data()), tail.size()};
}

std::vector<std::byte> gunzip(std::span<const std::byte> bytes, std::string_view source) {
  std::vector<std::byte> unpacked;
  inflate_stream(Wrapper::kGzip, bytes, source, kMaxUnpackedBytes,
                 [&](std::span<const std::byte> piece) { unpacked.insert(unpacked.end(), piece.begin(), piece.end()); });
  return unpacked;
}

}  // namespace

Images read_idx_images(std::span<const std::byte> bytes, std::string_view source) {
  std::vector<std::byte> unpacked;
  if (is_gzip(bytes)) bytes = unpacked = gunzip(bytes, source);
  const std::vector<int64_t> size = read_dimensions(bytes, source, 3, "images");
  check_size(size[2], size[1], source);
  const auto pixels = last(bytes, bytes.size() - 16);
  return {size[0], static_cast<int32_t>(size[1]), static_cast<int32_t>(size[2]), 1, {pixels.begin(), pixels.end()}};
}

std::vector<int32_t> read_idx_labels(std::span<const std::byte> bytes, std::string_view source) {
  std::vector<std::byte> unpacked;
  if (is_gzip(bytes)) bytes = unpacked = gunzip(bytes, source);
  read_dimensions(bytes, source, 1, "labels");
  const auto labels = last(bytes, bytes.size() - 8);
  return {labels.begin(), labels.end()};
}

}  // namespace bitloom::data
