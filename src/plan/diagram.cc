// SPDX-License-Identifier: Apache-2.0
//
// The stages as boxes with arrows between them, and the simulated messages in rows.
#include <algorithm>
#include <cmath>
#include <map>

#include "bitloom/page.h"
#include "charts.h"
#include "plot.h"
#include "ports.h"

namespace bitloom::plan {
namespace {

using page::escape;

constexpr double kBox = 172, kBoxHeight = 104, kHost = 66, kGap = 96, kTop = 30, kBehind = 7;
constexpr double kRowHeight = kTop + kBoxHeight + 18;
constexpr double kBold = 1.2;  ///< wider than text_width counts
constexpr int32_t kMostBehind = 4;

const NodeType& type_of(const Problem& problem, const Stage& stage) {
  return problem.types[static_cast<size_t>(stage.type)];
}

double cut_bytes(const PlanReport& r, size_t hop) {
  const std::vector<Stage>& stages = r.solution.plan.stages;
  const int32_t cut = hop < stages.size() ? stages[hop].from : stages.back().to;
  return r.problem.cuts[static_cast<size_t>(cut)].bytes;
}

std::string stage_box(const PlanReport& r, size_t index, double x) {
  const Stage& stage = r.solution.plan.stages[index];
  const StagePrediction& found = r.solution.prediction.stages[index];
  const bool binds = r.solution.prediction.binding == index;  // loads begin with the stages
  std::string svg;
  for (int32_t i = std::min(stage.replicas, kMostBehind) - 1; i >= 0; --i)
    svg += fmt::format(R"(<rect class="box{}" x="{:.1f}" y="{:.1f}" width="{}" height="{}" rx="8"/>)",
                       binds ? " binds" : "", x + i * kBehind, kTop - i * kBehind, kBox, kBoxHeight);
  const auto line = [&](double y, std::string_view style, std::string_view text) {
    svg += fmt::format(R"(<text class="{}" x="{:.1f}" y="{}">{}</text>)", style, x + 12, kTop + y,
                       escape(shortened(text, style.empty() ? kBox - 22 : (kBox - 22) / kBold)));
  };
  const std::string& type = type_of(r.problem, stage).name;
  line(23, "strong", layers_text(r.problem, stage));
  line(42, "", stage.replicas == 1 ? type : fmt::format("{} × {}", stage.replicas, type));
  line(61, "", rate_text(found.rate) + " images/s");
  if (found.share > 0) {
    line(80, "", fmt::format("{} {:.0f} %", kResourceNames[static_cast<size_t>(found.scarcest)], 100 * found.share));
    svg += fmt::format(R"(<rect class="track" x="{0:.1f}" y="{1}" width="{2}" height="6" rx="3"/>)"
                       R"(<rect class="plain" x="{0:.1f}" y="{1}" width="{3:.1f}" height="6" rx="3"/>)",
                       x + 12, kTop + 87, kBox - 24, (kBox - 24) * std::clamp(found.share, 0.0, 1.0));
  }
  return fmt::format("<g>{}<title>{}</title></g>", svg, escape(text(r.problem, stage)));
}

std::string host_box(double x) {
  return fmt::format(R"(<rect class="box outer-box" x="{:.1f}" y="{}" width="{}" height="44" rx="8"/>)"
                     R"(<text class="below strong" x="{:.1f}" y="{}">host</text>)",
                     x, kTop + kBoxHeight / 2 - 22, kHost, x + kHost / 2, kTop + kBoxHeight / 2 + 4);
}

std::string arrow_line(double from, double to, double share, bool binds) {
  const double y = kTop + kBoxHeight / 2, width = 1.5 + 4 * std::min(share, 1.0), head = 7 + width;
  return fmt::format(R"(<path class="arrow{0}" style="stroke-width:{1:.1f}" d="M{2:.1f} {3}H{4:.1f}"/>)"
                     R"(<path class="head{0}" d="M{5:.1f} {3}l-{6:.1f} -{7:.1f}v{6:.1f}z"/>)",
                     binds ? " binds" : "", width, from + 5, y, to - head - 3, to - 4, head, head / 2);
}

std::string arrow(const PlanReport& r, size_t hop, double from, double to, bool binds) {
  const double y = kTop + kBoxHeight / 2, share = hop_share(r, hop);
  return arrow_line(from, to, share, binds) + fmt::format(R"(<text class="below strong" x="{0:.1f}" y="{1}">{2}</text>)"
                                                          R"(<text class="below" x="{0:.1f}" y="{3}">{4:.1f} %</text>)",
                                                          (from + to) / 2, y - 12, bytes_text(cut_bytes(r, hop)), y + 22,
                                                          100 * share);
}

std::string in_row(std::string_view svg, double top) {
  return fmt::format(R"svg(<g transform="translate(0 {:.0f})">{}</g>)svg", top, svg);
}

struct Row {
  std::string name;
  bool hop = false;
  std::vector<const Event*> events;
};

std::string row_name(const PlanReport& r, const Event& e) {
  const std::vector<Stage>& stages = r.solution.plan.stages;
  const auto stage = static_cast<size_t>(e.stage);
  if (stage == stages.size()) return "back to the host";
  const int32_t replicas = stages[stage].replicas;
  std::string node = fmt::format("stage {}", e.stage + 1);
  if (replicas > 1) node += fmt::format(", {} of {}", e.replica + 1, replicas);
  return e.hop ? "to " + node : fmt::format("{}: {}", node, type_of(r.problem, stages[stage]).name);
}

/// One for each node and for what moves to it.
std::vector<Row> rows_of(const PlanReport& r) {
  std::map<std::tuple<int32_t, int32_t, bool>, Row> rows;
  for (const Event& e : r.simulated.timeline) {
    Row& row = rows[{e.stage, e.replica, !e.hop}];
    row.name = row_name(r, e);
    row.hop = e.hop;
    row.events.push_back(&e);
  }
  std::vector<Row> result;
  for (auto& [place, row] : rows) result.push_back(std::move(row));
  return result;
}

/// What is shown ends when so many messages are back, or the last one kept is.
double shown_seconds(const PlanReport& r) {
  constexpr int64_t kMessages = 24;
  double end = 0;
  for (const Event& e : r.simulated.timeline) end = e.message < kMessages ? std::max(end, e.end) : end;
  return end;
}

constexpr double kRow = 22;

std::string event_svg(const Frame& frame, const Axis& axis, const Row& row, const Event& e, double y) {
  const double begin = frame.at_x(axis.place(e.begin)), end = frame.at_x(std::min(axis.place(e.end), 1.0));
  // Messages on the way to one node overlap: they take the halves of the row in turn.
  const double top = row.hop ? y + (e.message % 2 == 0 ? 1 : 10) : y + 1;
  std::string svg = fmt::format(R"(<rect class="c{}{}" x="{:.2f}" y="{:.1f}" width="{:.2f}" height="{}" rx="1.5"/>)",
                                static_cast<size_t>(e.message) % kColours, row.hop ? " hop" : "", begin, top,
                                std::max(0.8, end - begin - 0.6), row.hop ? 8 : 17);
  const std::string number = fmt::format("{}", e.message + 1);
  if (!row.hop && text_width(number) + 2 < end - begin)
    svg +=
        fmt::format(R"(<text class="below inside" x="{:.1f}" y="{:.1f}">{}</text>)", (begin + end) / 2, top + 13, number);
  return fmt::format("<g>{}<title>message {}, {}: {} to {}</title></g>", svg, number, escape(row.name),
                     seconds_text(e.begin), seconds_text(e.end));
}

}  // namespace

std::string layers_text(const Problem& problem, const Stage& stage) {
  const std::vector<bool>& before = problem.cuts[static_cast<size_t>(stage.from)].done;
  const std::vector<bool>& done = problem.cuts[static_cast<size_t>(stage.to)].done;
  std::string first, last;
  for (size_t layer = 0; layer < problem.layers.size(); ++layer) {
    if (!done[layer] || before[layer]) continue;
    if (first.empty()) first = problem.layers[layer];
    last = problem.layers[layer];
  }
  return first == last ? first : first + " .. " + last;
}

double hop_share(const PlanReport& r, size_t hop) {
  const std::vector<Stage>& stages = r.solution.plan.stages;
  const auto link = [&](size_t stage) {
    return stage < stages.size() ? type_of(r.problem, stages[stage]).link : r.problem.host;
  };
  const auto replicas = [&](size_t stage) { return stage < stages.size() ? stages[stage].replicas : 1; };
  const size_t sender = hop - 1;  // before the first stage: wraps to the host
  const double bytes = cut_bytes(r, hop);
  const int32_t images = r.problem.images_per_message;
  const double seconds =
      r.problem.topology == Topology::kPointToPoint
          ? port_seconds(cable(link(sender), link(hop)), bytes, images) / pairs(replicas(sender), replicas(hop))
          : std::max(port_seconds(link(sender), bytes, images) / replicas(sender),
                     port_seconds(link(hop), bytes, images) / replicas(hop));
  return seconds / r.solution.prediction.period;
}

/// Rows of boxes: what no longer fits goes on below, behind an arrow out of the row and one into the next.
std::string stages_diagram(const PlanReport& r) {
  const size_t stages = r.solution.plan.stages.size();
  std::vector<double> shares;
  for (size_t hop = 0; hop <= stages; ++hop) shares.push_back(hop_share(r, hop));
  const auto busiest = static_cast<size_t>(std::ranges::max_element(shares) - shares.begin());
  const bool hop_binds = r.solution.prediction.binding >= stages;
  const auto n = static_cast<double>(stages);
  Frame frame;
  frame.width = 1130;  // four boxes with their arrows
  frame.height = kRowHeight;
  double x = std::max(0.0, (frame.width - 2 * kHost - n * kBox - (n + 1) * kGap) / 2);
  std::string rows, row = host_box(x);
  x += kHost;
  for (size_t hop = 0; hop <= stages; ++hop) {
    const int32_t behind = hop == 0 ? 0 : std::min(r.solution.plan.stages[hop - 1].replicas, kMostBehind) - 1;
    const bool binds = hop_binds && hop == busiest;
    const double box = hop < stages ? kBox : kHost;
    row += arrow(r, hop, x + behind * kBehind, x + kGap, binds);
    x += kGap;
    if (x + box + (hop < stages ? kGap : 0) > frame.width) {
      rows += in_row(row, frame.height - kRowHeight);
      frame.height += kRowHeight;
      x = kGap / 2;
      row = arrow_line(0, x, shares[hop], binds);
    }
    row += hop < stages ? stage_box(r, hop, x) : host_box(x);
    x += box;
  }
  return frame.svg("stages and links", rows + in_row(row, frame.height - kRowHeight));
}

std::string messages_chart(const PlanReport& r) {
  constexpr size_t kMostRows = 60;
  std::vector<Row> rows = rows_of(r);
  if (rows.size() > kMostRows) rows.resize(kMostRows);
  const double last = shown_seconds(r);
  Axis axis{0, std::max(last, 1e-12), false, {}};
  Frame frame;
  frame.left = 60;
  for (const Row& row : rows) frame.left = std::min(std::max(frame.left, text_width(row.name) + 18), 220.0);
  frame.top = 4;
  frame.bottom = 24;
  frame.height = frame.top + kRow * static_cast<double>(rows.size()) + frame.bottom;
  std::string svg;
  for (const double tick : linear_axis({&last, 1}).ticks) {
    if (tick > last) continue;
    svg += fmt::format(R"(<line class="grid" x1="{0:.1f}" x2="{0:.1f}" y1="0" y2="{1}"/>)"
                       R"(<text class="below" x="{0:.1f}" y="{2}">{3}</text>)",
                       frame.at_x(axis.place(tick)), frame.height - frame.bottom, frame.height - 6, seconds_text(tick));
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    const double y = frame.top + kRow * static_cast<double>(i);
    svg += fmt::format(R"(<text class="left" x="{}" y="{}">{}</text>)", frame.left - 10, y + 14,
                       escape(shortened(rows[i].name, frame.left - 16)));
    for (const Event* e : rows[i].events) svg += e->begin < last ? event_svg(frame, axis, rows[i], *e, y) : "";
  }
  return frame.svg("messages over time", svg);
}

}  // namespace bitloom::plan
