// SPDX-License-Identifier: Apache-2.0
//
// Charts of the report: inline SVG whose places are percentages, so that they fill any width while texts keep their size.
// Hovering (on a phone: touching) shows values by style sheet alone.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "report.h"

namespace bitloom::train {

enum class Unit { kNone, kShare, kSeconds };

/// A curve over the epochs.
struct Series {
  std::string name;  ///< as in the legend
  double EpochRecord::*member;
};

struct LineChart {
  std::string title;
  Unit unit = Unit::kNone;
  bool from_zero = true;       ///< the axis begins there, else near the lowest value
  std::vector<Series> series;  ///< at most two: the style sheet has as many colours
};

/// A `figure`. Values that are not numbers leave a gap.
std::string line_chart(const LineChart& chart, std::span<const EpochRecord> epochs);

std::string weight_chart(const Histogram& histogram);
std::string level_chart(const LevelCounts& counts);

}  // namespace bitloom::train
