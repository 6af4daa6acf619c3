// SPDX-License-Identifier: Apache-2.0
//
// The page and its order: rate, stages, what sets the rate and what would change it, cuts, resources, boards, simulation.
#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "bitloom/page.h"
#include "bitloom/plan_report.h"
#include "charts.h"
#include "report_style.h"

namespace bitloom::plan {
namespace {

using page::escape;
using page::fact;

std::string section(std::string_view title, std::string_view text, std::string_view card) {
  return fmt::format("<section><h2>{}</h2><p>{}</p><div class=\"card\">{}</div></section>\n", title, text, card);
}

std::string header(const PlanReport& r) {
  const Prediction& p = r.solution.prediction;
  std::string objective(kObjectiveNames[static_cast<size_t>(r.request.objective)]);
  if (r.request.rate > 0) objective += fmt::format(", {} images/s at least", rate_text(r.request.rate));
  const std::string facts = fact("Objective", objective) + fact("Nodes", fmt::format("{}", p.nodes)) +
                            fact("Latency", seconds_text(p.latency)) + fact("Power", fmt::format("{:.3g} W", p.watts)) +
                            fact("Energy an image", fmt::format("{:.3g} mJ", 1e3 * p.watts * p.period)) +
                            fact("Between nodes", bytes_text(p.bytes) + " an image");
  const std::string below = r.simulated.nodes.empty()
                                ? std::string()
                                : fmt::format("<span>{} when simulated</span>", rate_text(r.simulated.rate));
  return fmt::format(
      R"(<header><h1>{}</h1><div class="top"><div class="card main"><b>{}</b><span>images a second</span>{}</div>)"
      R"(<div class="card"><dl>{}</dl></div></div></header>)",
      escape(r.title), rate_text(p.rate), below, facts);
}

std::string stages_section(const PlanReport& r) {
  const std::vector<Stage>& stages = r.solution.plan.stages;
  std::string rows;
  for (size_t i = 0; i < stages.size(); ++i) {
    const StagePrediction& s = r.solution.prediction.stages[i];
    std::string amounts;
    for (size_t k = 0; k < 4; ++k) amounts += fmt::format("<td>{}</td>", page::grouped(std::llround(s.amounts[k])));
    const std::string share =
        s.share > 0 ? fmt::format("{}, {:.0f} %", kResourceNames[static_cast<size_t>(s.scarcest)], 100 * s.share) : "none";
    rows += fmt::format(
        R"(<tr><td>{}</td><td class="text">{}</td><td class="text">{}</td><td>{}</td><td>{}</td><td>{}</td>{})"
        "<td>{:.3g} W</td><td>{}</td></tr>\n",
        i + 1, escape(layers_text(r.problem, stages[i])),
        escape(fmt::format("{} × {}", stages[i].replicas, r.problem.types[static_cast<size_t>(stages[i].type)].name)),
        seconds_text(s.seconds), seconds_text(s.latency), rate_text(s.rate), amounts, s.watts, share);
  }
  constexpr std::string_view kColumns =
      R"(<th>stage</th><th class="text">layers</th><th class="text">nodes</th><th>an image</th><th>latency</th>)"
      "<th>images/s</th><th>LUT</th><th>FF</th><th>BRAM36</th><th>DSP</th><th>power</th><th>scarcest</th>";
  const std::string table =
      fmt::format(R"(<table class="units"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>)", kColumns, rows);
  return section("Stages", "Below an arrow: how much of the time its link is busy. Coloured is what sets the rate.",
                 stages_diagram(r) + table);
}

/// The busiest first.
std::string loads_section(const PlanReport& r) {
  constexpr size_t kMost = 16;
  const Prediction& p = r.solution.prediction;
  std::vector<size_t> order(p.loads.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, std::greater<>(), [&](size_t i) { return p.loads[i].seconds; });
  const auto share = [&](size_t i) { return 100 * p.loads[i].seconds / p.period; };
  std::string rows;
  for (size_t k = 0; k < std::min(kMost, order.size()); ++k) {
    const size_t i = order[k];
    rows +=
        fmt::format(R"(<span>{}</span><div><i{} style="width:{:.2f}%"></i></div><b>{:.1f} %</b>)", escape(p.loads[i].what),
                    i == p.binding ? R"( class="most")" : "", std::min(share(i), 100.0), share(i));
  }
  if (order.size() > kMost)
    rows += fmt::format("<em>{} more</em><em></em><em>at most {:.1f} %</em>", order.size() - kMost, share(order[kMost]));
  const std::string why =
      r.explanation.binding.empty() ? std::string() : fmt::format("<p>{}</p>", escape(r.explanation.binding));
  return section("What sets the rate", "How much of the time between two images each part is busy.",
                 why + fmt::format(R"(<div class="shares">{}</div>)", rows));
}

std::string plan_text(const Problem& problem, const Plan& plan) {
  std::string all;
  for (const Stage& stage : plan.stages) all += (all.empty() ? "" : "; ") + text(problem, stage);
  return all;
}

std::string change_row(const PlanReport& r, std::string_view what, const std::optional<Solution>& solution,
                       std::string_view style) {
  if (!solution) return fmt::format(R"(<tr><td>{}</td><td colspan="5" class="text">still no plan</td></tr>)", escape(what));
  const Prediction& p = solution->prediction;
  const double gain = 100 * (p.rate / r.solution.prediction.rate - 1);
  return fmt::format(
      R"(<tr{}><td>{}</td><td>{}</td><td{}>{:+.1f} %</td><td>{:.3g} W</td><td>{}</td><td class="text">{}</td></tr>)"
      "\n",
      style, escape(what), rate_text(p.rate), gain < -0.05 ? R"( class="worse")" : "", gain + 0.0, p.watts, p.nodes,
      escape(plan_text(r.problem, solution->plan)));
}

std::string changes_section(const PlanReport& r) {
  if (!r.explanation.next && r.explanation.changes.empty()) return {};
  std::string rows = change_row(r, "this plan", r.solution, R"( class="sum")");
  if (r.explanation.next) rows += change_row(r, "next best plan", r.explanation.next, "");
  for (const Change& change : r.explanation.changes) rows += change_row(r, change.what, change.solution, "");
  return section("What would change it", "The best plan if this one were ruled out, and the best one of other clusters.",
                 fmt::format(R"(<table class="units"><thead><tr><th></th><th>images/s</th><th></th><th>power</th>)"
                             R"(<th>nodes</th><th class="text">stages</th></tr></thead><tbody>{}</tbody></table>)",
                             rows));
}

std::string cuts_section(const PlanReport& r) {
  const std::vector<Cut>& cuts = r.problem.cuts;
  if (cuts.size() < 3) return {};
  std::vector<Bar> bars;
  for (size_t i = 0; i < cuts.size(); ++i) {
    const bool outer = i == 0 || i == r.problem.end();
    const auto ends_there = [&](const Stage& stage) { return stage.to == static_cast<int32_t>(i); };
    const bool chosen = !outer && std::ranges::any_of(r.solution.plan.stages, ends_there);
    const std::string name = i == 0 ? "input" : outer ? "results" : cuts[i].after;
    bars.push_back({name, cuts[i].bytes, page::grouped(std::llround(cuts[i].bytes)),
                    fmt::format("{}: {} an image, {} without padding", name, bytes_text(cuts[i].bytes),
                                bytes_text(cuts[i].exact_bytes)),
                    outer    ? Bar::Kind::kEnd
                    : chosen ? Bar::Kind::kChosen
                             : Bar::Kind::kPlain});
  }
  return section("Bytes at every cut",
                 "What crosses a link for each image if the network is cut after a layer. Coloured: the cuts taken.",
                 bar_chart("bytes an image at every cut", "bytes an image", bars));
}

std::string first_node_section(const PlanReport& r) {
  if (r.first_node.empty()) return {};
  LineChart chart{"resources of the first node", "last layer of the first stage", "% of the device", {}, {}, 100, {}};
  for (const FirstNode& row : r.first_node) chart.places.push_back(row.after);
  for (size_t k = 0; k < 4; ++k) {
    Series series{std::string(kResourceNames[k]), {}};
    for (const FirstNode& row : r.first_node) series.values.push_back(100 * row.shares[k]);
    const auto is_used = [](double percent) { return percent > 0; };
    if (std::ranges::any_of(series.values, is_used)) chart.series.push_back(std::move(series));
  }
  if (chart.series.empty()) return {};
  const std::string& chosen = r.problem.cuts[static_cast<size_t>(r.solution.plan.stages.front().to)].after;
  const auto place = std::ranges::find(chart.places, chosen);
  if (place != chart.places.end()) chart.marked = static_cast<size_t>(place - chart.places.begin());
  return section("The first node as the cut moves",
                 fmt::format("What the first stage takes of {} if it ends there; dotted: where it does.",
                             escape(r.first_node_device.empty() ? "its device" : r.first_node_device)),
                 line_chart(chart));
}

std::string boards_section(const PlanReport& r) {
  LineChart chart{"rate against nodes", "nodes", "images a second", {}, {}, {}, {}};
  size_t most = 0;
  for (const auto& [name, rates] : r.strategies) most = std::max(most, rates.size());
  if (most == 0) return {};
  for (size_t n = 1; n <= most; ++n) chart.places.push_back(fmt::format("{}", n));
  for (const auto& [name, rates] : r.strategies) {
    Series series{name, std::vector<double>(most, std::nan(""))};
    for (size_t n = 0; n < rates.size(); ++n) series.values[n] = rates[n] > 0 ? rates[n] : std::nan("");
    chart.series.push_back(std::move(series));
  }
  return section("Rate and number of nodes", "The best plan of each kind; a gap where there is none.", line_chart(chart));
}

std::string pareto_section(const PlanReport& r) {
  if (r.pareto.empty()) return {};
  std::vector<Dot> power, area;
  for (const Point& point : r.pareto) {
    const std::string title = fmt::format("{}: {} images/s, {:.3g} W, area {:.3g}, nodes: {}", point.label,
                                          rate_text(point.rate), point.watts, point.area, point.nodes);
    const Prediction& p = r.solution.prediction;
    const bool chosen = std::abs(point.rate - p.rate) < 1e-6 * p.rate && std::abs(point.watts - p.watts) < 1e-6 * p.watts;
    power.push_back({point.rate, point.watts, point.label, title, chosen});
    area.push_back({point.rate, point.area, point.label, title, chosen});
  }
  return fmt::format(
      "<section><h2>Rate against power and area</h2><p>No plan lies to the right of the steps and below. Area is the sum "
      "of the "
      "nodes' shares of their scarcest resource. Point at a dot for its numbers.</p>"
      R"(<div class="charts"><div class="card">{}</div><div class="card">{}</div></div></section>)"
      "\n",
      scatter_chart("rate against power", "images a second", "watts", power),
      scatter_chart("rate against area", "images a second", "area", area));
}

std::string messages_section(const PlanReport& r) {
  if (r.simulated.timeline.empty()) return {};
  return section("Messages over time", "Each keeps its colour. Point at one for its times.", messages_chart(r));
}

std::string activity_section(const PlanReport& r) {
  if (r.simulated.nodes.empty()) return {};
  std::string rows;
  for (const NodeActivity& node : r.simulated.nodes) {
    const Stage& stage = r.solution.plan.stages[static_cast<size_t>(node.stage)];
    const std::string& type = r.problem.types[static_cast<size_t>(stage.type)].name;
    rows += fmt::format(
        R"(<span>{}</span><div><i style="width:{:.2f}%"></i><i class="blocked" style="width:{:.2f}%"></i></div><em>{}</em>)",
        escape(stage.replicas > 1
                   ? fmt::format("stage {}: {}, {} of {}", node.stage + 1, type, node.replica + 1, stage.replicas)
                   : fmt::format("stage {}: {}", node.stage + 1, type)),
        100 * node.busy, 100 * node.blocked,
        fmt::format("{:.0f} % busy, {:.0f} % starved, {:.0f} % blocked; {} waited at most", 100 * node.busy,
                    100 * node.starved, 100 * node.blocked, node.high_water));
  }
  const std::string text = fmt::format(
      "{} images with times that vary by {:g} %, and room for {} messages before and behind each node: {} images a second, "
      "and {} from the host and back in the mean, {} at most.",
      page::grouped(r.options.images), 100 * r.options.jitter, r.options.buffer, rate_text(r.simulated.rate),
      seconds_text(r.simulated.mean_latency), seconds_text(r.simulated.most_latency));
  return section(
      "Nodes when simulated", text,
      fmt::format(
          R"(<div class="keys"><span class="key busy">busy</span> <span class="key">starved: nothing to work on)"
          R"(</span> <span class="key blocked">blocked: nowhere to put it</span></div><div class="shares">{}</div>)",
          rows));
}

}  // namespace

std::string rate_text(double rate) {
  return rate >= 1000 && rate < 1e15 ? page::grouped(std::llround(rate)) : page::number(rate);
}

std::string bytes_text(double bytes) {
  if (bytes < 1e5) return page::grouped(std::llround(bytes)) + " B";
  return bytes < 1e6 ? fmt::format("{:.3g} kB", bytes / 1e3) : fmt::format("{:.3g} MB", bytes / 1e6);
}

std::string seconds_text(double seconds) {
  if (seconds == 0) return "0";
  if (seconds < 1e-3) return fmt::format("{:.3g} us", 1e6 * seconds);
  return seconds < 1 ? fmt::format("{:.3g} ms", 1e3 * seconds) : fmt::format("{:.3g} s", seconds);
}

std::string html(const PlanReport& r) {
  BITLOOM_CHECK(!r.solution.plan.stages.empty() && !r.solution.prediction.loads.empty());
  const std::string body = header(r) + '\n' + stages_section(r) + loads_section(r) + changes_section(r) + cuts_section(r) +
                           first_node_section(r) + boards_section(r) + pareto_section(r) + messages_section(r) +
                           activity_section(r);
  return page::document(r.title + ": plan", kStyle, body);
}

}  // namespace bitloom::plan
