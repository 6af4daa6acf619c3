// SPDX-License-Identifier: Apache-2.0
#include "encodings.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

namespace bitloom::lower {
namespace {

// A named encoding of all numbers between the ends, odd ones only if there are no others.
std::optional<ir::Encoding> dense_encoding(const std::vector<int32_t>& levels) {
  const int64_t lowest = levels.front(), highest = levels.back();
  const bool all_odd = std::ranges::all_of(levels, [](int32_t level) { return level % 2 != 0; });
  std::optional<ir::Encoding> result = encoding_between(levels.front(), levels.back());
  if (all_odd && std::max(-lowest, highest) < 1 << ir::kMaxPlanes) {
    result = ir::Encoding::smallest(levels.front(), levels.back(), true);
  }
  if (result) {
    result->lowest = levels.front();
    result->highest = levels.back();
  }
  return result;
}

// Counted from the lowest level, a level that no sum of the coefficients so far gives becomes the next coefficient. If the
// levels are all sums of M coefficients, these are found again, the smallest first: what is less than the next one is a sum
// of those before it.
std::optional<ir::Encoding> free_encoding(std::span<const int32_t> levels) {
  ir::Encoding result{{}, levels.front(), levels.front(), levels.back()};
  std::vector<int64_t> sums{levels.front()};
  int64_t highest = levels.front();
  for (const int64_t level : levels) {
    if (std::ranges::binary_search(sums, level)) continue;
    const int64_t coefficient = level - levels.front();
    highest += coefficient;
    if (result.planes() == ir::kMaxPlanes || std::max(coefficient, highest) > ir::kMaxValue) return std::nullopt;
    result.coefficients.push_back(static_cast<int32_t>(coefficient));
    const auto half = static_cast<std::ptrdiff_t>(sums.size());
    for (std::ptrdiff_t i = 0; i < half; ++i) sums.push_back(sums[static_cast<size_t>(i)] + coefficient);
    std::inplace_merge(sums.begin(), sums.begin() + half, sums.end());
    sums.erase(std::unique(sums.begin(), sums.end()), sums.end());
  }
  return result;
}

}  // namespace

std::optional<ir::Encoding> encoding_between(double lowest, double highest) {
  constexpr double kCodes = 1 << ir::kMaxPlanes;
  constexpr double kFarthest = 1 << 30;
  if (!(highest - lowest < kCodes) || std::abs(lowest) > kFarthest || std::abs(highest) > kFarthest) return std::nullopt;
  const auto low = static_cast<int32_t>(lowest);
  const int32_t high = std::max(low + 1, static_cast<int32_t>(highest));  // an encoding has at least two levels
  const bool fits = low >= 0 ? high < kCodes : low >= -kCodes / 2 && high < kCodes / 2;
  return fits ? ir::Encoding::smallest(low, high, false) : ir::Encoding::affine(1, low, high - low);
}

std::optional<UnitEncoding> fewest_planes(std::span<const int32_t> levels) {
  int32_t unit = 0;
  for (const int32_t level : levels) unit = std::gcd(unit, level);
  std::vector<int32_t> multiples(levels.begin(), levels.end());
  for (int32_t& multiple : multiples) multiple /= unit;
  std::optional<ir::Encoding> dense = dense_encoding(multiples);
  std::optional<ir::Encoding> free = free_encoding(levels);
  if (dense && (!free || dense->planes() <= free->planes())) return UnitEncoding{std::move(*dense), unit};
  if (free) return UnitEncoding{std::move(*free), 1};
  return std::nullopt;
}

int64_t value_step(const ir::Network& network, ir::NodeId id, std::span<const int64_t> steps) {
  const ir::Node& node = network.nodes[static_cast<size_t>(id)];
  if (const ir::Encoding* encoding = node.type.encoding()) {
    return std::accumulate(encoding->coefficients.begin(), encoding->coefficients.end(), int64_t{0},
                           [](int64_t a, int64_t b) { return std::gcd(a, b); });
  }
  const auto step = [&](size_t input) { return steps[static_cast<size_t>(node.inputs[input])]; };
  const auto lowest = [&](size_t input) -> int64_t {
    return network.nodes[static_cast<size_t>(node.inputs[input])].type.range().lowest;
  };
  if (const auto* add = std::get_if<ir::Add>(&node.layer)) {
    int64_t result = 0;
    for (size_t i = 0; i < node.inputs.size(); ++i) result = std::gcd(result, add->multipliers[i] * step(i));
    return std::max<int64_t>(result, 1);
  }
  if (const auto* pool = std::get_if<ir::SumPool>(&node.layer)) {
    // At the border a sum has fewer terms, so that the lowest values do not cancel.
    return pool->window.padded() ? std::gcd(step(0), lowest(0)) : step(0);
  }
  if (std::holds_alternative<ir::Concat>(node.layer)) {
    int64_t result = 0;
    for (size_t i = 0; i < node.inputs.size(); ++i) result = std::gcd(std::gcd(result, step(i)), lowest(i) - lowest(0));
    return result;
  }
  const bool moves_values =
      std::holds_alternative<ir::MaxPool>(node.layer) || std::holds_alternative<ir::Slice>(node.layer) ||
      std::holds_alternative<ir::Reshape>(node.layer) || std::holds_alternative<ir::DepthToSpace>(node.layer) ||
      std::holds_alternative<ir::Upsample>(node.layer);
  return moves_values ? step(0) : 1;
}

std::optional<int32_t> half_steps(double scale, double offset) {
  constexpr double kMost = 1 << 17;
  // Two roundings to float32, each 2^-24 at most; what is off by more than the second bound is off by intent.
  constexpr double kRounding = 0x1p-23, kFarthest = 0x1p-12;
  const double exact = 2 * offset / scale;
  const double nearest = std::nearbyint(exact);
  if (!(std::abs(nearest) <= kMost)) return std::nullopt;
  if (std::abs(exact - nearest) > std::min(kRounding * std::abs(nearest), kFarthest)) return std::nullopt;
  return static_cast<int32_t>(nearest);
}

}  // namespace bitloom::lower
