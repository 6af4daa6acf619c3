// SPDX-License-Identifier: Apache-2.0
#include "report_charts.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "bitloom/page.h"

namespace bitloom::hw {
namespace {

using page::escape;
using page::grouped;

constexpr double kWidth = 1000, kHeight = 360, kLeft = 70, kRight = 20, kTop = 16, kBottom = 40;

/// A logarithmic axis that ends at powers of ten.
struct LogAxis {
  double lowest, highest;  // exponents
  double place(double value) const { return (std::log10(value) - lowest) / (highest - lowest); }
};

LogAxis log_axis(std::span<const double> values) {
  double lowest = INFINITY, highest = -INFINITY;
  for (const double value : values) {
    lowest = std::min(lowest, std::floor(std::log10(value)));
    highest = std::max(highest, std::ceil(std::log10(value)));
  }
  return {lowest, std::max(highest, lowest + 1)};
}

std::string power_of_ten(double exponent, std::string_view unit) {
  static constexpr std::array<const char*, 8> kNames{"", "k", "M", "G", "T", "P", "E", "Z"};
  if (exponent < 0 || exponent >= 24) return fmt::format("1e{:.0f} {}", exponent, unit);
  const auto whole = static_cast<int>(exponent);
  return fmt::format("{:.0f} {}{}", std::pow(10, whole % 3), kNames[static_cast<size_t>(whole / 3)], unit);
}

struct Plot {
  LogAxis x, y;
  double at_x(double value) const { return kLeft + x.place(value) * (kWidth - kLeft - kRight); }
  double at_y(double value) const { return kHeight - kBottom - y.place(value) * (kHeight - kTop - kBottom); }

  std::string grid() const {
    std::string svg;
    for (double e = x.lowest; e <= x.highest; ++e) {
      const double at = at_x(std::pow(10, e));
      svg +=
          fmt::format(R"(<line class="grid" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>)", at, kTop, kHeight - kBottom);
      svg += fmt::format(R"(<text class="below" x="{:.1f}" y="{}">{}</text>)", at, kHeight - 20, power_of_ten(e, ""));
    }
    for (double e = y.lowest; e <= y.highest; ++e) {
      const double at = at_y(std::pow(10, e));
      svg += fmt::format(R"(<line class="grid" x1="{1}" x2="{2}" y1="{0:.1f}" y2="{0:.1f}"/>)", at, kLeft, kWidth - kRight);
      svg += fmt::format(R"(<text class="left" x="{}" y="{:.1f}">{}</text>)", kLeft - 8, at + 4, power_of_ten(e, "op/s"));
    }
    return svg;
  }

  /// The lower of bandwidth and ceiling, over the whole width.
  std::string roof(double bandwidth, double ceiling, std::string_view style, std::string_view title) const {
    const double first = std::pow(10, x.lowest), last = std::pow(10, x.highest);
    const double floor = std::pow(10, y.lowest);
    const double bend = std::clamp(ceiling / bandwidth, first, last);
    const double from = std::max(first, floor / bandwidth);
    return fmt::format(R"(<g><path class="roof {}" d="M{:.1f} {:.1f}L{:.1f} {:.1f}L{:.1f} {:.1f}"/><title>{}</title></g>)",
                       style, at_x(std::min(from, last)), at_y(std::min(from * bandwidth, ceiling)), at_x(bend),
                       at_y(ceiling), at_x(last), at_y(ceiling), title);
  }
};

}  // namespace

std::string roofline_chart(const Roofline& r) {
  const std::array<double, 3> heights{r.reached, r.peak, std::max(r.filled, r.peak)};
  const std::array<double, 3> widths{r.intensity, r.peak / r.bandwidth, r.filled / r.bandwidth};
  const Plot plot{log_axis(widths), log_axis(heights)};
  std::string svg = plot.grid();
  svg += plot.roof(r.bandwidth, r.filled, "second", "the device full of such PEs");
  svg += plot.roof(r.bandwidth, r.peak, "first", "every PE and lane at work in every cycle");
  svg += fmt::format(
      R"(<circle class="first" cx="{0:.1f}" cy="{1:.1f}" r="6"/><text x="{0:.1f}" y="{2:.1f}" class="left">{3:.4g} Gop/s</text>)",
      plot.at_x(r.intensity), plot.at_y(r.reached), plot.at_y(r.reached) + 22, r.reached / 1e9);
  return fmt::format(
      R"(<figure><figcaption><span class="key first"><b>{:.0f} %</b> of what these PEs could do</span> <span class="key second">)"
      R"(<b>{:.4g} Gop/s</b> if the device were full of them</span></figcaption><svg class="wide" viewBox="0 0 {} {}" role="img" )"
      R"(aria-label="roofline">{}<text class="below" x="{}" y="{}">operations a byte that enters or leaves</text></svg></figure>)",
      100 * r.reached / r.peak, r.filled / 1e9, kWidth, kHeight, svg, kWidth / 2, kHeight - 3);
}

std::string timeline_chart(std::span<const TimelineRow> rows) {
  constexpr double kRow = 20, kName = 190;
  int64_t last = 1;
  for (const TimelineRow& row : rows)
    for (const Span& span : row.frames) last = std::max(last, span.end + 1);
  const auto at = [&](int64_t cycle) {
    return kName + static_cast<double>(cycle) / static_cast<double>(last) * (kWidth - kName - kRight);
  };
  std::string svg;
  double y = 4;
  for (const TimelineRow& row : rows) {
    svg += fmt::format(R"(<text class="left" x="{}" y="{}">{}</text>)", kName - 10, y + 13, escape(row.name));
    for (size_t frame = 0; frame < row.frames.size(); ++frame) {
      const Span& span = row.frames[frame];
      // Frames that overlap in a unit's pipeline share its row: each has a half of the height in turn.
      svg += fmt::format(
          R"(<g><rect class="frame{}" x="{:.2f}" y="{:.1f}" width="{:.2f}" height="{}"/><title>{}, frame {}: cycles {} to {}</title></g>)",
          frame % 2, at(span.begin), y + (frame % 2 == 0 ? 0 : kRow / 2 - 2),
          std::max(0.8, at(span.end + 1) - at(span.begin)), kRow / 2 - 2, escape(row.name), frame + 1, grouped(span.begin),
          grouped(span.end));
    }
    y += kRow;
  }
  for (int tick = 0; tick <= 4; ++tick) {
    const int64_t cycle = last * tick / 4;
    svg += fmt::format(
        R"(<line class="grid" x1="{0:.1f}" x2="{0:.1f}" y1="0" y2="{1}"/><text class="{2}" x="{0:.1f}" y="{3}">{4}</text>)",
        at(cycle), y, tick == 4 ? "left" : "below", y + 16, grouped(cycle));
  }
  return fmt::format(R"(<figure><svg class="wide" viewBox="0 0 {} {}" role="img" aria-label="timeline">{}</svg></figure>)",
                     kWidth, y + 22, svg);
}

}  // namespace bitloom::hw
