// SPDX-License-Identifier: Apache-2.0
#include "report_axis.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace bitloom::train {
namespace {

/// 1, 2 or 5 times a power of ten, at least `step`.
double round_up(double step) {
  const double power = std::pow(10, std::floor(std::log10(step)));
  for (const double factor : {1, 2, 5}) {
    if (step <= factor * power * (1 + 1e-9)) return factor * power;
  }
  return 10 * power;
}

}  // namespace

bool has_place(double value) { return std::abs(value) < 1e100; }

std::vector<double> Axis::ticks() const {
  constexpr double kSlack = 1e-6;  // of a step, for the rounding of the divisions
  std::vector<double> ticks;
  for (double i = std::ceil(lowest / step - kSlack); i <= highest / step + kSlack; ++i) ticks.push_back(i * step);
  return ticks;
}

Axis round_axis(std::span<const double> values, int ticks) {
  double lowest = INFINITY, highest = -INFINITY;
  for (const double value : values) {
    if (!has_place(value)) continue;
    lowest = std::min(lowest, value);
    highest = std::max(highest, value);
  }
  if (lowest > highest) return {};
  // Values that hardly differ would otherwise fill the whole height with their rounding errors.
  const double least = std::max(1e-3 * std::max(std::abs(lowest), std::abs(highest)), 1e-9);
  if (highest - lowest < least) highest = lowest + least;
  const double step = round_up((highest - lowest) / ticks);
  return {std::floor(lowest / step + 1e-6) * step, std::ceil(highest / step - 1e-6) * step, step};
}

Axis whole_axis(double first, double last, int ticks) {
  if (last <= first) return {first - 1, first + 1, 1};
  return {first, last, std::max(1.0, round_up((last - first) / ticks))};
}

}  // namespace bitloom::train
