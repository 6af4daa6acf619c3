// SPDX-License-Identifier: Apache-2.0
//
// Bars: how weights and activations are distributed.
#include <algorithm>
#include <iterator>
#include <numeric>

#include <fmt/format.h>

#include "bitloom/error.h"
#include "bitloom/page.h"
#include "report_axis.h"
#include "report_charts.h"

namespace bitloom::train {
namespace {

using page::escape;
using page::grouped;
using page::number;
using page::percent;

constexpr double kSpan = 1000;  // height of a chart in the bars' own coordinates

int64_t sum(std::span<const int64_t> counts) { return std::accumulate(counts.begin(), counts.end(), int64_t{0}); }

/// Bar heights in thousandths of the highest.
std::vector<double> heights_of(std::span<const int64_t> counts) {
  const int64_t most = counts.empty() ? 0 : *std::max_element(counts.begin(), counts.end());
  std::vector<double> heights;
  for (const int64_t count : counts) {
    heights.push_back(most == 0 ? 0 : kSpan * static_cast<double>(count) / static_cast<double>(most));
  }
  return heights;
}

std::string small_figure(const std::string& layer, const std::string& note, const std::string& svg,
                         const std::string& below) {
  return fmt::format(R"(<figure class="small"><figcaption><b>{}</b> <span>{}</span></figcaption><svg class="bars" )"
                     R"(role="img" aria-label="{}">{}</svg><div class="ends">{}</div></figure>)",
                     escape(layer), note, escape(layer), svg, below);
}

/// Where the bars of levels stand, from 0 to 1: as far apart as the levels are, evenly if those do not ascend.
std::vector<double> places_of(std::span<const double> levels) {
  if (levels.empty()) return {};
  std::vector<double> places;
  const bool ascend =
      std::adjacent_find(levels.begin(), levels.end(), [](double a, double b) { return !(a < b); }) == levels.end() &&
      has_place(levels.front()) && has_place(levels.back());
  for (size_t i = 0; i < levels.size(); ++i) {
    if (levels.size() == 1) {
      places.push_back(0.5);
    } else if (ascend) {
      places.push_back((levels[i] - levels.front()) / (levels.back() - levels.front()));
    } else {
      places.push_back(static_cast<double>(i) / static_cast<double>(levels.size() - 1));
    }
  }
  return places;
}

}  // namespace

std::string weight_chart(const Histogram& histogram) {
  const std::vector<double> heights = heights_of(histogram.counts);
  const double part = (histogram.highest - histogram.lowest) / static_cast<double>(heights.size());
  std::string bars;
  for (size_t i = 0; i < heights.size(); ++i) {
    const double from = histogram.lowest + part * static_cast<double>(i);
    fmt::format_to(std::back_inserter(bars),
                   R"(<g><rect class="strip" x="{0}" y="0" width="1" height="1000"/><rect x="{1}" y="{2:.1f}" width="0.9" )"
                   R"(height="{3:.1f}"/><title>{4} to {5}: {6}</title></g>)",
                   i, static_cast<double>(i) + 0.05, kSpan - heights[i], heights[i], number(from), number(from + part),
                   grouped(histogram.counts[i]));
  }
  std::string svg = fmt::format(R"(<svg viewBox="0 0 {} 1000" preserveAspectRatio="none">{}</svg>)",
                                std::max<size_t>(heights.size(), 1), bars);
  std::string zero;
  if (histogram.lowest < 0 && histogram.highest > 0) {
    const double x = 100 * -histogram.lowest / (histogram.highest - histogram.lowest);
    fmt::format_to(std::back_inserter(svg), R"(<line class="zero" x1="{0:.2f}%" x2="{0:.2f}%" y1="0" y2="100%"/>)", x);
    zero = fmt::format(R"(<span style="left:{:.2f}%">0</span>)", x);
  }
  const std::string ends =
      fmt::format(R"(<span class="from" style="left:0">{}</span>{}<span class="to" style="left:100%">{}</span>)",
                  number(histogram.lowest), zero, number(histogram.highest));
  return small_figure(histogram.layer, grouped(sum(histogram.counts)) + " weights", svg, ends);
}

std::string level_chart(const LevelCounts& counts) {
  constexpr size_t kMostLabelled = 5;  // as many percentages as fit side by side
  BITLOOM_CHECK(counts.counts.size() == counts.levels.size());
  const std::vector<double> heights = heights_of(counts.counts);
  const std::vector<double> places = places_of(counts.levels);
  const int64_t all = sum(counts.counts);
  double gap = 0.5;
  for (size_t i = 1; i < places.size(); ++i) gap = std::min(gap, places[i] - places[i - 1]);
  // The outermost bars reach the ends of the chart.
  const double pitch = 100 * gap / (1 + gap);
  std::string svg, labels;
  for (size_t i = 0; i < places.size(); ++i) {
    const double middle = pitch / 2 + places[i] * (100 - pitch);
    const double height = heights[i] * 0.086;  // leaves room for the share above the highest
    const std::string share = percent(counts.counts[i], all);
    fmt::format_to(std::back_inserter(svg),
                   R"(<g><rect class="strip" x="{0:.2f}%" y="0" width="{1:.2f}%" height="100%"/><rect x="{2:.2f}%" )"
                   R"(y="{3:.2f}%" width="{4:.2f}%" height="{5:.2f}%"/><title>{6}: {7} ({8})</title></g>)",
                   middle - pitch / 2, pitch, middle - pitch * 0.41, 100 - height, pitch * 0.82, height,
                   number(counts.levels[i]), share, grouped(counts.counts[i]));
    if (places.size() <= kMostLabelled) {
      fmt::format_to(std::back_inserter(svg), R"(<text class="below" x="{:.2f}%" y="{:.2f}%" dy="-4">{}</text>)", middle,
                     100 - height, share);
    }
    if (places.size() <= kMostLabelled || i == 0 || i + 1 == places.size()) {
      fmt::format_to(std::back_inserter(labels), R"(<span style="left:{:.2f}%">{}</span>)", middle,
                     number(counts.levels[i]));
    }
  }
  return small_figure(counts.layer, fmt::format("{} levels", places.size()), svg, labels);
}

}  // namespace bitloom::train
