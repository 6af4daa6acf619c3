// SPDX-License-Identifier: Apache-2.0
#include "charts.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "bitloom/page.h"
#include "plot.h"

namespace bitloom::plan {
namespace {

using page::escape;

constexpr double kMostName = 190, kBold = 1.3;

std::string titled(std::string_view title, std::string_view drawing) {
  return fmt::format("<g>{}<title>{}</title></g>", drawing, escape(title));
}

/// Places for texts one above the other: each at least a line below the one before.
std::vector<double> spread(std::vector<double> wanted) {
  constexpr double kLine = 15;
  std::vector<size_t> order(wanted.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, {}, [&](size_t i) { return wanted[i]; });
  for (size_t i = 1; i < order.size(); ++i) wanted[order[i]] = std::max(wanted[order[i]], wanted[order[i - 1]] + kLine);
  return wanted;
}

std::string path_of(const Frame& frame, const Axis& y, const Series& series) {
  std::string path;
  bool is_open = false;
  for (size_t i = 0; i < series.values.size(); ++i) {
    const double value = series.values[i];
    if (std::isfinite(value))
      path += fmt::format("{}{:.1f} {:.1f}", is_open ? "L" : "M", frame.x_of(i, series.values.size()),
                          frame.at_y(y.place(value)));
    is_open = std::isfinite(value);
  }
  return path;
}

std::string series_svg(const Frame& frame, const Axis& y, const LineChart& chart, size_t index) {
  const Series& series = chart.series[index];
  const size_t colour = index % kColours;
  std::string svg = fmt::format(R"(<path class="curve c{} d{}" d="{}"/>)", colour, colour, path_of(frame, y, series));
  for (size_t i = 0; i < series.values.size(); ++i) {
    const double value = series.values[i];
    if (!std::isfinite(value)) continue;
    svg += titled(fmt::format("{}, {}: {}", series.name, chart.places[i], page::number(value)),
                  fmt::format(R"(<circle class="c{}" cx="{:.1f}" cy="{:.1f}" r="3.5"/>)", colour,
                              frame.x_of(i, series.values.size()), frame.at_y(y.place(value))));
  }
  return svg;
}

/// Names at the right ends of the lines.
std::string series_names(const Frame& frame, const Axis& y, const LineChart& chart) {
  std::vector<double> wanted;
  for (const Series& series : chart.series) {
    const auto last = std::find_if(series.values.rbegin(), series.values.rend(), [](double v) { return std::isfinite(v); });
    wanted.push_back(frame.at_y(last == series.values.rend() ? 0 : y.place(*last)) + 4);
  }
  const std::vector<double> places = spread(wanted);
  std::string svg;
  for (size_t i = 0; i < chart.series.size(); ++i)
    svg += fmt::format(R"(<text class="name c{}" x="{:.1f}" y="{:.1f}">{}</text>)", i % kColours,
                       frame.width - frame.right + 6, places[i], escape(shortened(chart.series[i].name, kMostName)));
  return svg;
}

struct Box {
  double left, right, top, bottom;
  bool meets(const Box& o) const { return left < o.right && o.left < right && top < o.bottom && o.top < bottom; }
};

/// A label beside its dot where it meets no other; none if there is no such place.
std::string dot_label(const Frame& frame, const Dot& dot, double x, double y, std::vector<Box>& taken) {
  const double width = text_width(dot.label);
  struct Place {
    double dx, dy;
    const char* anchor;
    double from;
  };
  for (const auto& [dx, dy, anchor, from] :
       {Place{9, 4, "start", 0}, Place{-9, 4, "end", -width}, Place{0, -10, "middle", -width / 2},
        Place{0, 19, "middle", -width / 2}, Place{8, 17, "start", 0}, Place{-8, -9, "end", -width}}) {
    const Box box{x + dx + from, x + dx + from + width, y + dy - 11, y + dy + 3};
    if (box.left < frame.left || box.right > frame.width || box.top < 0 || box.bottom > frame.height - frame.bottom)
      continue;
    if (std::ranges::any_of(taken, [&](const Box& other) { return box.meets(other); })) continue;
    taken.push_back(box);
    return fmt::format(R"(<text style="text-anchor:{}" class="halo{}" x="{:.1f}" y="{:.1f}">{}</text>)", anchor,
                       dot.chosen ? " strong" : "", x + dx, y + dy, escape(dot.label));
  }
  return {};
}

/// The steps that bound what can be had.
std::string front(const Frame& frame, const Axis& x_axis, const Axis& y_axis, std::vector<Dot> dots) {
  std::ranges::sort(dots, [](const Dot& a, const Dot& b) { return a.x != b.x ? a.x > b.x : a.y < b.y; });
  std::string path;
  double least = INFINITY;
  for (const Dot& dot : dots) {
    if (dot.y >= least) continue;
    least = dot.y;
    const double x = frame.at_x(x_axis.place(dot.x)), y = frame.at_y(y_axis.place(dot.y));
    path += path.empty() ? fmt::format("M{:.1f} {:.1f}", x, y) : fmt::format("H{:.1f}V{:.1f}", x, y);
  }
  return fmt::format(R"(<path class="front" d="{}"/>)", path);
}

}  // namespace

std::string bar_chart(std::string_view label, std::string_view y_title, std::span<const Bar> bars) {
  constexpr double kVanishes = 40, kTitle = 18;
  std::vector<double> values;
  std::vector<std::string> names;
  double least = INFINITY, most = 0;
  for (const Bar& bar : bars) {
    values.push_back(bar.value);
    names.push_back(bar.name);
    least = bar.value > 0 ? std::min(least, bar.value) : least;
    most = std::max(most, bar.value);
  }
  const Axis y = most > kVanishes * least ? log_axis(values) : linear_axis(values);
  Frame frame = frame_for(names);  // whose x axis needs no title
  frame.bottom -= kTitle;
  frame.height -= kTitle;
  std::string svg = frame.y_grid(y, y_title) + frame.x_names(names, "");
  const double slot = frame.inner_width() / static_cast<double>(bars.size());
  const double width = std::min(0.7 * slot, 56.0);
  for (size_t i = 0; i < bars.size(); ++i) {
    const Bar& bar = bars[i];
    const double top = frame.at_y(bar.value > 0 ? y.place(bar.value) : 0), x = frame.x_of(i, bars.size());
    const char* kind = bar.kind == Bar::Kind::kChosen ? "chosen" : bar.kind == Bar::Kind::kEnd ? "outer" : "plain";
    svg +=
        titled(bar.title, fmt::format(R"(<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="2"/>)",
                                      kind, x - width / 2, top, width, frame.height - frame.bottom - top));
    if (text_width(bar.shown) + 4 < slot)
      svg += fmt::format(R"(<text class="below{}" x="{:.1f}" y="{:.1f}">{}</text>)",
                         bar.kind == Bar::Kind::kChosen ? " strong" : "", x, top - 5, escape(bar.shown));
  }
  return frame.svg(label, svg);
}

std::string line_chart(const LineChart& chart) {
  std::vector<double> values;
  if (chart.limit) values.push_back(*chart.limit);
  double name = 40;
  for (const Series& series : chart.series) {
    values.insert(values.end(), series.values.begin(), series.values.end());
    name = std::max(name, kBold * text_width(series.name) + 12);
  }
  const Axis y = linear_axis(values);
  Frame frame = frame_for(chart.places);
  frame.right = std::min(name, kBold * kMostName + 12);
  std::string svg = frame.y_grid(y, chart.y_title) + frame.x_names(chart.places, chart.x_title);
  if (chart.marked) {
    const double x = frame.x_of(*chart.marked, chart.places.size());
    svg += fmt::format(R"(<line class="marked" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>)", x, frame.top,
                       frame.height - frame.bottom);
  }
  if (chart.limit) {
    const double at = frame.at_y(y.place(*chart.limit));
    svg += fmt::format(R"(<line class="limit" x1="{0}" x2="{1}" y1="{2:.1f}" y2="{2:.1f}"/>)", frame.left,
                       frame.width - frame.right, at);
  }
  for (size_t i = 0; i < chart.series.size(); ++i) svg += series_svg(frame, y, chart, i);
  return frame.svg(chart.label, svg + series_names(frame, y, chart));
}

std::string scatter_chart(std::string_view label, std::string_view x_title, std::string_view y_title,
                          std::span<const Dot> dots) {
  std::vector<double> xs, ys;
  for (const Dot& dot : dots) {
    xs.push_back(dot.x);
    ys.push_back(dot.y);
  }
  const Axis x_axis = linear_axis(xs), y_axis = linear_axis(ys);
  Frame frame;
  frame.width = 540;
  frame.height = 340;
  const auto x = [&](const Dot& dot) { return frame.at_x(x_axis.place(dot.x)); };
  const auto y = [&](const Dot& dot) { return frame.at_y(y_axis.place(dot.y)); };
  std::string svg = frame.y_grid(y_axis, y_title) + frame.x_grid(x_axis, x_title);
  svg += front(frame, x_axis, y_axis, {dots.begin(), dots.end()});
  std::vector<Box> taken;
  for (const Dot& dot : dots) taken.push_back({x(dot) - 6, x(dot) + 6, y(dot) - 6, y(dot) + 6});
  // The chosen one's label before those that could take its place.
  for (const bool chosen : {true, false}) {
    for (const Dot& dot : dots) {
      if (dot.chosen == chosen) svg += dot_label(frame, dot, x(dot), y(dot), taken);
    }
  }
  for (const Dot& dot : dots)
    svg += titled(dot.title, fmt::format(R"(<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="{}"/>)", dot.chosen ? "c1" : "c0",
                                         x(dot), y(dot), dot.chosen ? 6.5 : 4.5));
  return frame.svg(label, svg);
}

}  // namespace bitloom::plan
