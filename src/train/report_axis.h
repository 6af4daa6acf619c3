// SPDX-License-Identifier: Apache-2.0
//
// Axes of charts.
#pragma once

#include <span>
#include <vector>

namespace bitloom::train {

/// Whether a chart has a place for the value; beyond, arithmetic on axes would overflow.
bool has_place(double value);

struct Axis {
  double lowest = 0, highest = 1;
  double step = 0.5;  ///< between ticks, which are multiples of it

  /// 0 at the lowest, 1 at the highest.
  double place(double value) const { return (value - lowest) / (highest - lowest); }
  std::vector<double> ticks() const;
};

/// An axis for the values that have a place, of about `ticks` round steps; it ends at ticks.
Axis round_axis(std::span<const double> values, int ticks);

/// From the first value to the last; the ticks are whole numbers.
Axis whole_axis(double first, double last, int ticks);

}  // namespace bitloom::train
