// SPDX-License-Identifier: Apache-2.0
//
// Rows of bit planes, either owned or borrowed from a mapped file.
#include <algorithm>

#include "bitloom/ir.h"

namespace bitloom::ir {
namespace {

/// Throws Error unless the sizes are ones that a layer may have, so that products of them cannot overflow.
void check_sizes(int64_t rows, int64_t columns, int planes) {
  if (rows < 1 || columns < 1 || rows > kMaxElements / columns) {
    throw Error("weights: {} rows of {}, expected 1 to {} weights", rows, columns, kMaxElements);
  }
  if (planes < 1 || planes > kMaxPlanes) throw Error("weights: {} planes, expected 1 to {}", planes, kMaxPlanes);
}

}  // namespace

BitMatrix::BitMatrix(int64_t rows, int64_t columns, int planes, std::span<const uint32_t> codes)
    : rows_(rows), columns_(columns), planes_(planes) {
  check_sizes(rows, columns, planes);
  if (static_cast<int64_t>(codes.size()) != rows * columns) {
    throw Error("weights: {} codes, expected {} rows of {}", codes.size(), rows, columns);
  }
  const auto words = std::make_shared<std::vector<uint64_t>>(static_cast<size_t>(rows * planes * words_per_row()));
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < columns; ++column) {
      const uint32_t code = codes[static_cast<size_t>(row * columns + column)];
      if (code >> planes != 0) throw Error("weights: code {} does not fit in {} planes", code, planes);
      for (int p = 0; p < planes; ++p) {
        const auto word = static_cast<size_t>((row * planes + p) * words_per_row() + column / 64);
        (*words)[word] |= uint64_t{code >> p & 1} << (column % 64);
      }
    }
  }
  words_ = *words;
  owner_ = words;
}

BitMatrix::BitMatrix(int64_t rows, int64_t columns, int planes, std::span<const uint64_t> words,
                     std::shared_ptr<const void> owner)
    : rows_(rows), columns_(columns), planes_(planes), words_(words), owner_(std::move(owner)) {
  check_sizes(rows, columns, planes);
  const int64_t expected = rows * planes * words_per_row();
  if (static_cast<int64_t>(words.size()) != expected) {
    throw Error("weights: {} words, expected {} ({} rows of {} in {} planes)", words.size(), expected, rows, columns,
                planes);
  }
  if (columns % 64 == 0) return;
  for (auto last = static_cast<size_t>(words_per_row() - 1); last < words.size();
       last += static_cast<size_t>(words_per_row())) {
    if (words[last] >> (columns % 64) != 0) throw Error("weights: a bit past the {} columns of a row is set", columns);
  }
}

std::span<const uint64_t> BitMatrix::plane(int64_t row, int plane) const {
  return words_.subspan(static_cast<size_t>((row * planes_ + plane) * words_per_row()),
                        static_cast<size_t>(words_per_row()));
}

uint32_t BitMatrix::code(int64_t row, int64_t column) const {
  uint32_t result = 0;
  for (int p = 0; p < planes_; ++p) {
    result |= static_cast<uint32_t>(plane(row, p)[static_cast<size_t>(column / 64)] >> (column % 64) & 1) << p;
  }
  return result;
}

bool BitMatrix::operator==(const BitMatrix& other) const {
  return rows_ == other.rows_ && columns_ == other.columns_ && planes_ == other.planes_ &&
         std::ranges::equal(words_, other.words_);
}

}  // namespace bitloom::ir
