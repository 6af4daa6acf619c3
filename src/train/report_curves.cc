// SPDX-License-Identifier: Apache-2.0
//
// Curves over the epochs.
#include "report_charts.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "bitloom/page.h"
#include "report_axis.h"

namespace bitloom::train {
namespace {

using page::duration;
using page::number;
using page::percent;

// The curves' own coordinates; they are stretched over the chart.
constexpr double kSpan = 1000;
constexpr std::string_view kStretched = R"(viewBox="0 0 1000 1000" preserveAspectRatio="none")";

// More than a screen can tell apart; it keeps the page of a long training small.
constexpr size_t kMostPoints = 256;

std::vector<EpochRecord> evenly_chosen(std::span<const EpochRecord> epochs) {
  const size_t count = std::min(epochs.size(), kMostPoints);
  std::vector<EpochRecord> chosen;
  for (size_t i = 0; i < count; ++i) chosen.push_back(epochs[count < 2 ? 0 : i * (epochs.size() - 1) / (count - 1)]);
  return chosen;
}

std::string shown(double value, Unit unit) {
  switch (unit) {
    case Unit::kNone:
      return number(value);
    case Unit::kShare:
      return percent(value);
    case Unit::kSeconds:
      return duration(value);
  }
  return {};
}

std::string tick_label(double value, Unit unit) {
  switch (unit) {
    case Unit::kNone:
      return fmt::format("{:.6g}", value);
    case Unit::kShare:
      return fmt::format("{:.6g} %", 100 * value);
    case Unit::kSeconds:
      return fmt::format("{:.6g} s", value);
  }
  return {};
}

Axis value_axis(const LineChart& chart, std::span<const EpochRecord> epochs) {
  std::vector<double> values;
  if (chart.from_zero) values.push_back(0);
  for (const Series& series : chart.series) {
    for (const EpochRecord& record : epochs) values.push_back(record.*series.member);
  }
  return round_axis(values, 4);
}

Axis epoch_axis(std::span<const EpochRecord> epochs) {
  return whole_axis(static_cast<double>(epochs.front().epoch), static_cast<double>(epochs.back().epoch), 6);
}

struct Axes {
  Axis x, y;
  /// Places in percent from the left and from the top.
  double left(int64_t epoch) const { return 100 * x.place(static_cast<double>(epoch)); }
  double top(double value) const { return 100 * (1 - y.place(value)); }
};

std::string grid(const Axes& axes, Unit unit) {
  std::string svg;
  for (const double tick : axes.y.ticks()) {
    const double y = axes.top(tick);
    fmt::format_to(std::back_inserter(svg), R"(<line class="grid" x1="0" x2="100%" y1="{0:.2f}%" y2="{0:.2f}%"/>)", y);
    fmt::format_to(std::back_inserter(svg), R"(<text class="left" x="-8" y="{:.2f}%" dy="4">{}</text>)", y,
                   tick_label(tick, unit));
  }
  for (const double tick : axes.x.ticks()) {
    const double x = 100 * axes.x.place(tick);
    fmt::format_to(std::back_inserter(svg), R"(<text class="below" x="{:.2f}%" y="100%" dy="18">{}</text>)", x,
                   fmt::format("{:.0f}", tick));
  }
  return svg;
}

std::string curve(const Series& series, std::string_view style, const Axes& axes, std::span<const EpochRecord> epochs) {
  std::string path;
  bool gap = true;
  for (size_t i = 0; i < epochs.size(); ++i) {
    const double value = epochs[i].*series.member;
    if (has_place(value)) {
      // A part of one point is a line of no length, which round ends make visible.
      const bool alone = gap && (i + 1 == epochs.size() || !has_place(epochs[i + 1].*series.member));
      fmt::format_to(std::back_inserter(path), "{}{:.1f} {:.1f}{}", gap ? 'M' : 'L',
                     kSpan / 100 * axes.left(epochs[i].epoch), kSpan / 100 * axes.top(value), alone ? "h0" : "");
    }
    gap = !has_place(value);
  }
  if (path.empty()) return {};
  return fmt::format(R"(<svg class="curve" {}><path class="{}" d="{}"/></svg>)", kStretched, style, path);
}

std::string_view style_of(size_t series) { return series == 0 ? "first" : "second"; }

/// The box beside the mark of an epoch, towards the middle of the chart.
std::string values_box(const LineChart& chart, const EpochRecord& record, bool to_the_left) {
  constexpr int kWidth = 152, kLine = 19;
  const int left = to_the_left ? -kWidth - 10 : 10;
  std::string svg = fmt::format(R"(<rect class="box" x="{}" y="0" width="{}" height="{}" rx="5"/>)", left, kWidth,
                                kLine * (chart.series.size() + 1) + 9);
  fmt::format_to(std::back_inserter(svg), R"(<text class="what" x="{}" y="{}">epoch {}</text>)", left + 10, kLine,
                 record.epoch);
  for (size_t i = 0; i < chart.series.size(); ++i) {
    const auto y = kLine * (i + 2);
    fmt::format_to(std::back_inserter(svg), R"(<text x="{}" y="{}">{}</text><text class="{} end" x="{}" y="{}">{}</text>)",
                   left + 10, y, chart.series[i].name, style_of(i), left + kWidth - 10, y,
                   shown(record.*chart.series[i].member, chart.unit));
  }
  return svg;
}

/// What appears over an epoch: an invisible strip that notices the pointer, a line, a dot a curve, and the values.
std::string hover(const LineChart& chart, const Axes& axes, const EpochRecord& record, double width) {
  const double x = axes.left(record.epoch);
  std::string svg = fmt::format(
      R"(<svg class="epoch" x="{:.3f}%" y="0" width="100%" height="100%"><rect class="strip" x="{:.3f}%" width="{:.3f}%" )"
      R"(height="100%"/><g class="mark"><line x1="0" x2="0" y1="0" y2="100%"/>)",
      x, -width / 2, width);
  for (size_t i = 0; i < chart.series.size(); ++i) {
    const double value = record.*chart.series[i].member;
    if (!has_place(value)) continue;
    fmt::format_to(std::back_inserter(svg), R"(<circle class="{}" cx="0" cy="{:.2f}%" r="4"/>)", style_of(i),
                   axes.top(value));
  }
  return svg + values_box(chart, record, x > 50) + "</g></svg>";
}

std::string legend(const LineChart& chart, const EpochRecord& last) {
  std::string text = fmt::format("<figcaption><b>{}</b>", chart.title);
  for (size_t i = 0; i < chart.series.size(); ++i) {
    fmt::format_to(std::back_inserter(text), R"(<span class="key {}">{} <b>{}</b></span>)", style_of(i),
                   chart.series[i].name, shown(last.*chart.series[i].member, chart.unit));
  }
  return text + "</figcaption>";
}

}  // namespace

std::string line_chart(const LineChart& chart, std::span<const EpochRecord> epochs) {
  if (epochs.empty()) return {};
  const std::vector<EpochRecord> chosen = evenly_chosen(epochs);
  const Axes axes{epoch_axis(chosen), value_axis(chart, chosen)};
  std::string svg = grid(axes, chart.unit);
  for (size_t i = 0; i < chart.series.size(); ++i) svg += curve(chart.series[i], style_of(i), axes, chosen);
  const double strip = chosen.size() == 1 ? 100 : 100.0 / static_cast<double>(chosen.size() - 1);
  for (const EpochRecord& record : chosen) svg += hover(chart, axes, record, strip);
  return fmt::format(
      R"(<figure class="chart">{}<svg class="plot" role="img" aria-label="{} over the epochs">{}</svg></figure>)",
      legend(chart, epochs.back()), chart.title, svg);
}

}  // namespace bitloom::train
