// SPDX-License-Identifier: Apache-2.0
//
// Drawings of the plan's report: SVG whose colours are the page's. Texts given here are escaped here.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bitloom/plan_report.h"

namespace bitloom::plan {

/// As many colours as lines or messages can have before they repeat: classes c0, c1 ...
inline constexpr size_t kColours = 6;

struct Bar {
  enum class Kind { kPlain, kChosen, kEnd };
  std::string name;
  double value = 0;
  std::string shown, title;
  Kind kind = Kind::kPlain;
};
/// Logarithmic where small bars would vanish.
std::string bar_chart(std::string_view label, std::string_view y_title, std::span<const Bar> bars);

struct Series {
  std::string name;
  std::vector<double> values;  ///< one a place; not a number: a gap
};
struct LineChart {
  std::string label, x_title, y_title;
  std::vector<std::string> places;
  std::vector<Series> series;
  std::optional<double> limit;   ///< a line across
  std::optional<size_t> marked;  ///< a place
};
std::string line_chart(const LineChart& chart);

struct Dot {
  double x = 0, y = 0;
  std::string label, title;
  bool chosen = false;
};
/// Further to the right and further down is better: the steps join those that nothing is better than.
std::string scatter_chart(std::string_view label, std::string_view x_title, std::string_view y_title,
                          std::span<const Dot> dots);

/// Stages as boxes, replicas behind one another, hops as arrows that are the wider the busier they are.
std::string stages_diagram(const PlanReport& report);

/// Rows of nodes and of hops to them; a message keeps its colour.
std::string messages_chart(const PlanReport& report);

/// "layer0 .. layer3"
std::string layers_text(const Problem& problem, const Stage& stage);
/// What of the period the ends of the hop before stage `hop` are busy with it.
double hop_share(const PlanReport& report, size_t hop);
std::string rate_text(double rate);
std::string bytes_text(double bytes);
std::string seconds_text(double seconds);

}  // namespace bitloom::plan
