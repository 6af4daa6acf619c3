// SPDX-License-Identifier: Apache-2.0
//
// Tensors, and one image's tensor as bytes on a link or in a file.
#include "bitloom/ir.h"
#include "levels.h"

namespace bitloom::ir {
namespace {

/// Bytes of one plane of so many elements.
int64_t plane_bytes(int64_t elements) { return (elements + 7) / 8; }

/// Bytes of one plain integer of this range in two's complement: 1, 2 or 4.
int integer_bytes(const Range& range) {
  if (range.lowest >= -128 && range.highest <= 127) return 1;
  if (range.lowest >= -32768 && range.highest <= 32767) return 2;
  return 4;
}

std::vector<std::byte> pack_codes(const Encoding& encoding, std::span<const int32_t> values) {
  const auto plane = static_cast<size_t>(plane_bytes(static_cast<int64_t>(values.size())));
  std::vector<std::byte> bytes(plane * encoding.coefficients.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const std::optional<uint32_t> code = find_code(encoding, values[i]);
    if (!code) {
      throw Error("element {} is {}, expected one of the encoding's values from {} to {}", i, values[i], encoding.lowest,
                  encoding.highest);
    }
    for (size_t p = 0; p < encoding.coefficients.size(); ++p) {
      bytes[p * plane + i / 8] |= std::byte(*code >> p & 1) << (i % 8);
    }
  }
  return bytes;
}

std::vector<int32_t> unpack_codes(const Encoding& encoding, std::span<const std::byte> bytes, int64_t elements) {
  const auto plane = static_cast<size_t>(plane_bytes(elements));
  std::vector<int32_t> values(static_cast<size_t>(elements), encoding.bias);
  for (size_t p = 0; p < encoding.coefficients.size(); ++p) {
    for (size_t i = 0; i < values.size(); ++i) {
      if ((bytes[p * plane + i / 8] >> (i % 8) & std::byte{1}) != std::byte{0}) values[i] += encoding.coefficients[p];
    }
    if (elements % 8 != 0 && (bytes[p * plane + plane - 1] >> (elements % 8)) != std::byte{0}) {
      throw Error("plane {} has a bit set after its {} elements", p, elements);
    }
  }
  return values;
}

std::vector<std::byte> pack_integers(const Range& range, std::span<const int32_t> values) {
  const auto size = static_cast<size_t>(integer_bytes(range));
  std::vector<std::byte> bytes(size * values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] < range.lowest || values[i] > range.highest) {
      throw Error("element {} is {}, expected {} to {}", i, values[i], range.lowest, range.highest);
    }
    for (size_t b = 0; b < size; ++b) bytes[i * size + b] = std::byte(static_cast<uint32_t>(values[i]) >> (8 * b) & 0xff);
  }
  return bytes;
}

std::vector<int32_t> unpack_integers(const Range& range, std::span<const std::byte> bytes, int64_t elements) {
  const auto size = static_cast<size_t>(integer_bytes(range));
  std::vector<int32_t> values(static_cast<size_t>(elements));
  for (size_t i = 0; i < values.size(); ++i) {
    uint32_t bits = 0;
    for (size_t b = 0; b < size; ++b) bits |= std::to_integer<uint32_t>(bytes[i * size + b]) << (8 * b);
    const auto unused = static_cast<uint32_t>(32 - 8 * size);
    values[i] = static_cast<int32_t>(bits << unused) >> unused;  // extends the sign
  }
  return values;
}

}  // namespace

Range TensorType::range() const {
  if (const Encoding* e = encoding()) return {e->lowest, e->highest};
  return std::get<Range>(element);
}

Tensor Tensor::zeros(const Shape& shape, int64_t images) {
  return {shape, images, std::vector<int32_t>(static_cast<size_t>(images * shape.elements()))};
}

bool Tensor::complete() const {
  // Divides, because a product of numbers from outside could overflow.
  const int64_t elements = shape.elements(), count = static_cast<int64_t>(values.size());
  return elements > 0 && count % elements == 0 && count / elements == images;
}

std::span<int32_t> Tensor::image(int64_t index) {
  const auto size = static_cast<size_t>(shape.elements());
  return std::span(values).subspan(static_cast<size_t>(index) * size, size);
}

std::span<const int32_t> Tensor::image(int64_t index) const {
  const auto size = static_cast<size_t>(shape.elements());
  return std::span(values).subspan(static_cast<size_t>(index) * size, size);
}

int64_t packed_bytes(const TensorType& type) {
  if (const Encoding* encoding = type.encoding()) return plane_bytes(type.shape.elements()) * encoding->planes();
  return type.shape.elements() * integer_bytes(type.range());
}

std::vector<std::byte> pack(const TensorType& type, std::span<const int32_t> values) {
  if (static_cast<int64_t>(values.size()) != type.shape.elements()) {
    throw Error("has {} elements, expected {}", values.size(), type.shape.elements());
  }
  const Encoding* encoding = type.encoding();
  return encoding ? pack_codes(*encoding, values) : pack_integers(type.range(), values);
}

std::vector<int32_t> unpack(const TensorType& type, std::span<const std::byte> bytes) {
  if (static_cast<int64_t>(bytes.size()) != packed_bytes(type)) {
    throw Error("is {} bytes long, expected {}", bytes.size(), packed_bytes(type));
  }
  const Encoding* encoding = type.encoding();
  const int64_t elements = type.shape.elements();
  std::vector<int32_t> values =
      encoding ? unpack_codes(*encoding, bytes, elements) : unpack_integers(type.range(), bytes, elements);
  const Range range = type.range();
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] < range.lowest || values[i] > range.highest) {
      throw Error("element {} is {}, expected {} to {}", i, values[i], range.lowest, range.highest);
    }
  }
  return values;
}

}  // namespace bitloom::ir
