// SPDX-License-Identifier: Apache-2.0
//
// Values <-> codes <-> bit planes. Nearly every encoding is positional (step * 2^p, two's complement or not), and its codes
// follow by arithmetic; the others (ternary, residual with free factors) search their sorted levels.
#include "codec.h"

#include <algorithm>
#include <array>

#include "bits.h"

namespace bitloom::engine {
namespace {

bool is_positional(const ir::Encoding& encoding) {
  const int64_t step = encoding.coefficients[0];
  const int last = encoding.planes() - 1;
  for (int p = 0; p < last; ++p) {
    if (encoding.coefficients[static_cast<size_t>(p)] != step << p) return false;
  }
  const int64_t top = encoding.coefficients.back();
  return step > 0 && (top == step << last || top == -(step << last));
}

}  // namespace

Codec::Codec(const ir::Encoding& encoding)
    : planes_(encoding.planes()),
      coefficients_(encoding.coefficients),
      lowest_(encoding.lowest),
      highest_(encoding.highest),
      bias_(encoding.bias),
      step_(is_positional(encoding) ? encoding.coefficients[0] : 0) {
  if (step_ > 0) return;
  levels_ = encoding.levels();
  level_codes_ = encoding.level_codes();
}

uint32_t Codec::code(int32_t value) const {
  if (step_ > 0) {
    const auto steps = static_cast<uint32_t>((int64_t{value} - bias_) / step_);
    return steps & ((uint32_t{1} << planes_) - 1);
  }
  return level_codes_[static_cast<size_t>(std::lower_bound(levels_.begin(), levels_.end(), value) - levels_.begin())];
}

bool Codec::is_level(int32_t value) const {
  if (value < lowest_ || value > highest_) return false;
  if (step_ > 0) return (int64_t{value} - bias_) % step_ == 0;
  return std::binary_search(levels_.begin(), levels_.end(), value);
}

bool Codec::are_levels(std::span<const int32_t> values) const {
  // The loops of the usual encodings have no exits, so that they vectorize.
  uint32_t strange = 0;
  if (planes_ == 1) {
    for (const int32_t v : values) strange |= static_cast<uint32_t>(v != lowest_) & static_cast<uint32_t>(v != highest_);
    return strange == 0;
  }
  if (step_ == 1) {
    for (const int32_t v : values) strange |= static_cast<uint32_t>(v < lowest_) | static_cast<uint32_t>(v > highest_);
    return strange == 0;
  }
  return std::all_of(values.begin(), values.end(), [this](int32_t v) { return is_level(v); });
}

void Codec::pack(std::span<const int32_t> values, uint64_t* pixel, int64_t plane_stride) const {
  const auto channels = static_cast<int64_t>(values.size());
  for (int p = 0; p < planes_; ++p) std::fill_n(pixel + p * plane_stride, words_for(channels), uint64_t{0});
  std::array<uint32_t, 64> codes;
  for (int64_t begin = 0; begin < channels; begin += 64) {
    const int64_t count = std::min<int64_t>(64, channels - begin);
    const int32_t* from = values.data() + begin;
    if (planes_ == 1) {
      const int32_t one = bias_ + coefficients_[0];
      uint64_t bits = 0;
      for (int64_t c = 0; c < count; ++c) bits |= static_cast<uint64_t>(from[c] == one) << c;
      pixel[begin / 64] = bits;
      continue;
    }
    if (step_ == 1) {
      const uint32_t mask = (uint32_t{1} << planes_) - 1;
      for (int64_t c = 0; c < count; ++c) codes[static_cast<size_t>(c)] = static_cast<uint32_t>(from[c] - bias_) & mask;
    } else {
      for (int64_t c = 0; c < count; ++c) codes[static_cast<size_t>(c)] = code(from[c]);
    }
    deposit(std::span(codes).first(static_cast<size_t>(count)), planes_, pixel, plane_stride, begin);
  }
}

void Codec::unpack(const uint64_t* pixel, int64_t plane_stride, std::span<int32_t> values) const {
  const size_t channels = values.size();
  std::fill(values.begin(), values.end(), bias_);
  for (const int32_t coefficient : coefficients_) {
    for (size_t begin = 0; begin < channels; begin += 64) {
      const uint64_t bits = pixel[begin / 64];
      const size_t count = std::min<size_t>(64, channels - begin);
      // Sums of any of the coefficients and the bias fit in int32 (ir::check).
      for (size_t c = 0; c < count; ++c) values[begin + c] += coefficient & -static_cast<int32_t>(bits >> c & 1);
    }
    pixel += plane_stride;
  }
}

void deposit(std::span<const uint32_t> codes, int planes, uint64_t* pixel, int64_t plane_stride, int64_t bit) {
  for (int p = 0; p < planes; ++p) {
    uint64_t bits = 0;
    for (size_t c = 0; c < codes.size(); ++c) bits |= uint64_t{codes[c] >> p & 1} << c;
    or_bits(pixel + p * plane_stride, bit, bits);
  }
}

}  // namespace bitloom::engine
