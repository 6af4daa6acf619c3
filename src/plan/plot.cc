// SPDX-License-Identifier: Apache-2.0
#include "plot.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "bitloom/page.h"

namespace bitloom::plan {
namespace {

using page::escape;

constexpr double kCharacter = 6.4, kLongestName = 150;

/// A name aslant by 35 degrees takes this much of its width downwards.
constexpr double kAslant = 0.58;

double longest(std::span<const std::string> names) {
  double most = 0;
  for (const std::string& name : names) most = std::max(most, text_width(name));
  return std::min(most, kLongestName);
}

bool is_aslant(std::span<const std::string> names, double width) {
  return longest(names) + 8 > width / static_cast<double>(std::max<size_t>(names.size(), 1));
}

}  // namespace

double Axis::place(double value) const {
  if (logarithmic) return (std::log10(value) - std::log10(lowest)) / (std::log10(highest) - std::log10(lowest));
  return (value - lowest) / (highest - lowest);
}

Axis linear_axis(std::span<const double> values) {
  double most = 0;
  for (const double value : values) most = std::isfinite(value) ? std::max(most, value) : most;
  if (most <= 0) most = 1;
  const double power = std::pow(10, std::floor(std::log10(most / 4)));
  double step = power;
  for (const double factor : {1.0, 2.0, 2.5, 5.0, 10.0}) {
    step = factor * power;
    if (step * 5 >= most) break;
  }
  Axis axis;
  axis.highest = step * std::ceil(most / step * (1 - 1e-9));
  for (int i = 0; i * step <= axis.highest * (1 + 1e-9); ++i) axis.ticks.push_back(i * step);
  return axis;
}

Axis log_axis(std::span<const double> values) {
  double least = INFINITY, most = 0;
  for (const double value : values) {
    if (!(value > 0) || !std::isfinite(value)) continue;
    least = std::min(least, value);
    most = std::max(most, value);
  }
  Axis axis;
  axis.logarithmic = true;
  const double first = most > 0 ? std::ceil(std::log10(least)) - 1 : 0;  // the least bar keeps some height
  const double last = most > 0 ? std::max(std::ceil(std::log10(most)), first + 1) : 1;
  axis.lowest = std::pow(10, first);
  axis.highest = std::pow(10, last);
  for (double e = first; e <= last; ++e) axis.ticks.push_back(std::pow(10, e));
  return axis;
}

std::string tick_text(double value) {
  constexpr std::array<const char*, 5> kPrefixes{"", " k", " M", " G", " T"};
  size_t prefix = 0;
  for (; value >= 1000 * (1 - 1e-9) && prefix + 1 < kPrefixes.size(); ++prefix) value /= 1000;
  return fmt::format("{:.3g}{}", value, kPrefixes[prefix]);
}

double text_width(std::string_view text) {
  const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; };  // a character of UTF-8
  return kCharacter * static_cast<double>(std::ranges::count_if(text, begins));
}

std::string shortened(std::string_view text, double width) {
  if (text_width(text) <= width) return std::string(text);
  std::string_view kept = text;
  while (!kept.empty() && text_width(kept) + kCharacter > width) {
    kept.remove_suffix(1);
    while (!kept.empty() && (static_cast<unsigned char>(text[kept.size()]) & 0xc0) == 0x80) kept.remove_suffix(1);
  }
  return std::string(kept) + "…";
}

std::string Frame::y_grid(const Axis& axis, std::string_view title) const {
  std::string svg;
  for (const double tick : axis.ticks) {
    const double y = at_y(axis.place(tick));
    svg += fmt::format(R"(<line class="grid" x1="{0}" x2="{1}" y1="{2:.1f}" y2="{2:.1f}"/>)", left, width - right, y);
    svg += fmt::format(R"(<text class="left" x="{}" y="{:.1f}">{}</text>)", left - 8, y + 4, tick_text(tick));
  }
  return svg + fmt::format(R"svg(<text class="below" transform="translate(13 {:.1f}) rotate(-90)">{}</text>)svg", at_y(0.5),
                           escape(title));
}

std::string Frame::x_grid(const Axis& axis, std::string_view title) const {
  std::string svg;
  for (const double tick : axis.ticks) {
    const double x = at_x(axis.place(tick));
    svg += fmt::format(R"(<line class="grid" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>)", x, top, height - bottom);
    svg += fmt::format(R"(<text class="below" x="{:.1f}" y="{}">{}</text>)", x, height - bottom + 18, tick_text(tick));
  }
  return svg + fmt::format(R"(<text class="below" x="{:.1f}" y="{}">{}</text>)", at_x(0.5), height - 6, escape(title));
}

std::string Frame::x_names(std::span<const std::string> names, std::string_view title) const {
  const bool aslant = is_aslant(names, inner_width());
  const auto slots = static_cast<size_t>(inner_width() / 16);
  const size_t every = (names.size() + slots - 1) / slots;
  std::string svg;
  for (size_t i = 0; i < names.size(); i += every) {
    const std::string where =
        aslant ? fmt::format(R"svg(class="left" transform="translate({:.1f} {}) rotate(-35)")svg",
                             x_of(i, names.size()) + 4, height - bottom + 16)
               : fmt::format(R"(class="below" x="{:.1f}" y="{}")", x_of(i, names.size()), height - bottom + 18);
    svg += fmt::format(R"(<text {}>{}</text>)", where, escape(shortened(names[i], kLongestName)));
  }
  if (title.empty()) return svg;
  return svg + fmt::format(R"(<text class="below" x="{:.1f}" y="{}">{}</text>)", at_x(0.5), height - 6, escape(title));
}

std::string Frame::svg(std::string_view label, std::string_view body) const {
  return fmt::format(R"(<svg class="{}" viewBox="0 0 {:.0f} {:.0f}" role="img" aria-label="{}">{}</svg>)",
                     width > 700 ? "wide" : "half", width, height, escape(label), body);
}

Frame frame_for(std::span<const std::string> names) {
  Frame frame;
  if (!is_aslant(names, frame.inner_width())) return frame;
  frame.bottom += kAslant * longest(names);
  frame.height += kAslant * longest(names);
  return frame;
}

}  // namespace bitloom::plan
