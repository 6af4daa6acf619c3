// SPDX-License-Identifier: Apache-2.0
//
// Axes and the frame around a chart.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bitloom::plan {

struct Axis {
  double lowest = 0, highest = 1;
  bool logarithmic = false;
  std::vector<double> ticks;
  double place(double value) const;  ///< 0 to 1
};

/// From 0 to a round number that is no less than any value.
Axis linear_axis(std::span<const double> values);
/// Between powers of ten.
Axis log_axis(std::span<const double> values);

/// 1500 as "1.5 k"
std::string tick_text(double value);

/// What a text of 12 pixels takes, roughly.
double text_width(std::string_view text);
/// Cut off so that it takes at most so much.
std::string shortened(std::string_view text, double width);

struct Frame {
  double width = 1000, height = 300, left = 62, right = 20, top = 16, bottom = 44;

  double inner_width() const { return width - left - right; }
  double inner_height() const { return height - top - bottom; }
  double at_x(double place) const { return left + place * inner_width(); }
  double at_y(double place) const { return height - bottom - place * inner_height(); }

  /// Lines at the ticks of the y axis, with their numbers and the axis' title.
  std::string y_grid(const Axis& axis, std::string_view title) const;
  std::string x_grid(const Axis& axis, std::string_view title) const;
  /// Names below equal parts of the width; aslant if they are too long, some left out if there are too many.
  std::string x_names(std::span<const std::string> names, std::string_view title) const;
  double x_of(size_t place, size_t places) const {
    return at_x((static_cast<double>(place) + 0.5) / static_cast<double>(places));
  }
  std::string svg(std::string_view label, std::string_view body) const;
};

/// A frame with the room below that the names need.
Frame frame_for(std::span<const std::string> names);

}  // namespace bitloom::plan
