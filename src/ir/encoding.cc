// SPDX-License-Identifier: Apache-2.0
//
// Encodings: the usual ones by name, and the values that codes stand for.
//
// An encoding of P planes has 2^P codes, at most 65536. Levels are found by adding one plane after the other to a sorted
// list, so the cost follows the number of different values and not the number of codes.
#include <algorithm>

#include "bitloom/ir.h"
#include "levels.h"

namespace bitloom::ir {
namespace {

void require_bits(const char* what, int bits, int fewest) {
  if (bits < fewest || bits > kMaxPlanes) {
    throw Error("{} encoding: has {} bits, expected {} to {}", what, bits, fewest, kMaxPlanes);
  }
}

/// Throws Error unless every code, in use or not, means a number from kMinValue to kMaxValue. After this, sums of any of
/// the coefficients and the bias, in any order, cannot overflow.
void check_form(const Encoding& encoding) {
  if (encoding.coefficients.empty() || encoding.coefficients.size() > kMaxPlanes) {
    throw Error("encoding: has {} planes, expected 1 to {}", encoding.coefficients.size(), kMaxPlanes);
  }
  int64_t lowest = encoding.bias, highest = encoding.bias;
  for (const int64_t coefficient : encoding.coefficients) (coefficient < 0 ? lowest : highest) += coefficient;
  if (lowest < kMinValue || highest > kMaxValue) {
    throw Error("encoding: its codes mean {} to {}, expected numbers from {} to {}", lowest, highest, kMinValue, kMaxValue);
  }
}

/// True if the coefficients double from plane to plane, as in every positional number; the last may be negated.
bool is_positional(const Encoding& encoding) {
  const int64_t step = encoding.coefficients[0];
  const size_t last = encoding.coefficients.size() - 1;
  for (size_t p = 0; p < last; ++p) {
    if (encoding.coefficients[p] != step << p) return false;
  }
  return step > 0 && (encoding.coefficients[last] == step << last || encoding.coefficients[last] == -(step << last));
}

std::optional<uint32_t> find_any_code(const Encoding& encoding, int32_t value) {
  if (is_positional(encoding)) {
    const int64_t steps = (int64_t{value} - encoding.bias) / encoding.coefficients[0];
    const uint32_t code = static_cast<uint32_t>(steps) & ((uint32_t{1} << encoding.planes()) - 1);
    return encoding.value(code) == value ? std::optional(code) : std::nullopt;
  }
  for (uint32_t code = 0; code < uint32_t{1} << encoding.planes(); ++code) {
    if (encoding.value(code) == value) return code;
  }
  return std::nullopt;
}

/// An encoding in which every code is in use.
Encoding full(std::vector<int32_t> coefficients, int32_t bias) {
  Encoding encoding{std::move(coefficients), bias, bias, bias};
  check_form(encoding);
  for (const int32_t c : encoding.coefficients) (c < 0 ? encoding.lowest : encoding.highest) += c;
  return encoding;
}

}  // namespace

Encoding Encoding::bipolar() { return full({2}, -1); }

Encoding Encoding::unsigned_bits(int bits) {
  require_bits("unsigned", bits, 1);
  std::vector<int32_t> coefficients;
  for (int p = 0; p < bits; ++p) coefficients.push_back(1 << p);
  return full(std::move(coefficients), 0);
}

Encoding Encoding::signed_bits(int bits, bool narrow) {
  require_bits(narrow ? "narrow signed" : "signed", bits, narrow ? 2 : 1);
  Encoding encoding = unsigned_bits(bits);
  encoding.coefficients.back() = -encoding.coefficients.back();
  encoding = full(std::move(encoding.coefficients), 0);
  if (narrow) ++encoding.lowest;
  return encoding;
}

Encoding Encoding::ternary() { return full({1, 1}, -1); }

Encoding Encoding::isometric(int m) {
  require_bits("isometric", m, 1);
  std::vector<int32_t> factors;
  for (int i = 0; i < m; ++i) factors.push_back(1 << i);
  return residual(factors);
}

Encoding Encoding::residual(std::span<const int32_t> factors) {
  int64_t sum = 0;
  std::vector<int32_t> coefficients;
  for (const int32_t factor : factors) {
    sum += factor;
    if (factor < 1 || 2 * sum > kMaxValue)
      throw Error("residual encoding: factor {} is not positive or is too large", factor);
    coefficients.push_back(2 * factor);
  }
  return full(std::move(coefficients), static_cast<int32_t>(-sum));
}

Encoding Encoding::affine(int32_t step, int32_t bias, int32_t steps) {
  if (step < 1) throw Error("affine encoding: step is {}, expected at least 1", step);
  if (steps < 1 || steps >= 1 << kMaxPlanes) throw Error("affine encoding: has {} steps, expected 1 to 65535", steps);
  Encoding encoding{{}, bias, bias, 0};
  for (int p = 0; steps >> p != 0; ++p) {
    const int64_t coefficient = int64_t{step} << p;
    if (coefficient > kMaxValue) throw Error("affine encoding: {} steps of {} are beyond int32", steps, step);
    encoding.coefficients.push_back(static_cast<int32_t>(coefficient));
  }
  check_form(encoding);
  encoding.highest = static_cast<int32_t>(bias + int64_t{step} * steps);
  return encoding;
}

Encoding Encoding::smallest(int32_t lowest, int32_t highest, bool all_odd) {
  if (lowest > highest) throw Error("encoding: the range {} to {} is empty", lowest, highest);
  for (int bits = 1; bits <= kMaxPlanes; ++bits) {
    const int64_t codes = int64_t{1} << bits, half = codes / 2;
    if (all_odd && lowest > -codes && highest < codes) return isometric(bits);
    if (all_odd) continue;
    if (lowest == -1 && highest == 1 && bits == 2) return ternary();
    if (lowest >= 0 && highest < codes) return unsigned_bits(bits);
    if (lowest < 0 && lowest >= -half && highest < half) return signed_bits(bits, lowest > -half);
  }
  throw Error("encoding: the range {} to {} does not fit in {} planes", lowest, highest, kMaxPlanes);
}

int32_t Encoding::value(uint32_t code) const {
  int64_t sum = bias;
  for (size_t p = 0; p < coefficients.size(); ++p) sum += (code >> p & 1) ? coefficients[p] : 0;
  return static_cast<int32_t>(sum);
}

std::vector<int32_t> Encoding::levels() const {
  std::vector<int32_t> values;
  for (const Level& level : levels_in_use(*this)) values.push_back(level.value);
  return values;
}

std::vector<uint32_t> Encoding::level_codes() const {
  std::vector<uint32_t> codes;
  for (const Level& level : levels_in_use(*this)) codes.push_back(level.code);
  return codes;
}

uint32_t Encoding::code(int32_t number) const {
  check_form(*this);
  const std::optional<uint32_t> found = find_code(*this, number);
  if (!found) throw Error("encoding: no code in use means {}; its values are {} to {}", number, lowest, highest);
  return *found;
}

bool Encoding::has_zero() const {
  check_form(*this);
  return find_code(*this, 0).has_value();
}

void check(const Encoding& encoding) {
  check_form(encoding);
  if (encoding.lowest >= encoding.highest) {
    throw Error("encoding: the range {} to {} has fewer than two values", encoding.lowest, encoding.highest);
  }
  for (const int32_t bound : {encoding.lowest, encoding.highest}) {
    if (!find_any_code(encoding, bound)) throw Error("encoding: no code means {}, an end of its range", bound);
  }
}

std::vector<Level> levels_in_use(const Encoding& encoding) {
  check_form(encoding);
  std::vector<Level> levels{{encoding.bias, 0}};
  const auto by_value = [](const Level& a, const Level& b) { return a.value < b.value; };
  const auto same_value = [](const Level& a, const Level& b) { return a.value == b.value; };
  for (int p = 0; p < encoding.planes(); ++p) {
    // Codes with bit p are larger than all codes so far, so of two that mean the same the stable merge puts the smaller
    // first, and it is the one that stays.
    const auto half = static_cast<std::ptrdiff_t>(levels.size());
    levels.reserve(levels.size() * 2);
    for (std::ptrdiff_t i = 0; i < half; ++i) {
      const Level& level = levels[static_cast<size_t>(i)];
      levels.push_back({level.value + encoding.coefficients[static_cast<size_t>(p)], level.code | uint32_t{1} << p});
    }
    std::inplace_merge(levels.begin(), levels.begin() + half, levels.end(), by_value);
    levels.erase(std::unique(levels.begin(), levels.end(), same_value), levels.end());
  }
  std::erase_if(levels, [&](const Level& l) { return l.value < encoding.lowest || l.value > encoding.highest; });
  return levels;
}

std::optional<uint32_t> find_code(const Encoding& encoding, int32_t value) {
  if (value < encoding.lowest || value > encoding.highest) return std::nullopt;
  return find_any_code(encoding, value);
}

}  // namespace bitloom::ir
