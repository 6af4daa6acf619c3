// SPDX-License-Identifier: Apache-2.0
//
// The page and its order: result, layers, device, roofline, timeline, units, folding.
#include <algorithm>
#include <cmath>
#include <map>

#include "bitloom/hardware_report.h"
#include "bitloom/page.h"
#include "report_charts.h"

namespace bitloom::hw {
namespace {

using page::escape;
using page::fact;
using page::grouped;

constexpr std::string_view kStyle = R"css(
section { overflow-x: auto; }
table.units { border-collapse: collapse; width: 100%; font-size: 14px; }
.units th { color: var(--soft); font-weight: 500; text-align: right; padding: 4px 10px; white-space: nowrap; }
.units td { padding: 4px 10px; text-align: right; border-top: 1px solid var(--grid); white-space: nowrap; }
.units th:first-child, .units td:first-child { text-align: left; padding-left: 0; }
.units .sum td { font-weight: 600; border-top: 1px solid var(--soft); }
.bar { display: inline-block; width: 110px; height: 10px; margin-left: 8px; border-radius: 3px; background: var(--grid); }
.bar i { display: block; height: 100%; border-radius: 3px; background: var(--first); }
.bar i.most { background: var(--second); }
.key { color: var(--soft); margin-right: 18px; }
.key b { color: var(--text); font-weight: 600; }
.key::before { content: ""; display: inline-block; width: 14px; height: 3px; border-radius: 2px; margin-right: 7px; vertical-align: 4px; }
.key.first::before { background: var(--first); }
.key.second::before { background: var(--second); }
.wide { display: block; width: 100%; min-width: 640px; height: auto; margin-top: 10px; }
svg text { font-size: 12px; fill: var(--soft); }
.left { text-anchor: end; }
.below { text-anchor: middle; }
.grid { stroke: var(--grid); }
.roof { fill: none; stroke-width: 2; }
.roof.first { stroke: var(--first); }
.roof.second { stroke: var(--second); stroke-dasharray: 6 4; }
circle.first, .frame0 { fill: var(--first); }
.frame1 { fill: var(--second); }
.far { color: var(--wrong-text); }
)css";

double frames_per_second(const HardwareReport& r) { return r.clock_mhz * 1e6 / static_cast<double>(interval(r.design)); }

/// Multiplications and additions of a frame, and of a cycle if all PEs work.
struct Work {
  double frame = 0, cycle = 0;
};

Work work_of(const Design& design) {
  Work work;
  for (const Unit& unit : design.units) {
    const auto* mvtu = std::get_if<Mvtu>(&unit.kind);
    if (mvtu == nullptr) continue;
    work.frame += 2.0 * static_cast<double>(mvtu->vectors * mvtu->inputs * mvtu->outputs);
    work.cycle += 2.0 * mvtu->pe * mvtu->simd;
  }
  return work;
}

std::string header(const HardwareReport& r, const Resources& used) {
  const int64_t cycles = interval(r.design);
  const int64_t last = r.flow.latency.last;
  std::string facts =
      fact("Device", escape(fmt::format("{} ({})", r.device.name, r.device.board))) +
      fact("Clock", fmt::format("{:g} MHz", r.clock_mhz)) + fact("Cycles a frame", grouped(cycles)) +
      fact("Latency", fmt::format("{:.1f} us", static_cast<double>(last) / r.clock_mhz)) +
      fact("Operations", fmt::format("{:.4g} Gop/s", work_of(r.design).frame * frames_per_second(r) / 1e9)) +
      fact("Power, roughly", fmt::format("{:.2f} W", power(used, r.device, r.clock_mhz)));
  return fmt::format(
      R"(<header><h1>{}</h1><div class="top"><div class="card main"><b>{}</b><span>frames a second</span><span>{}</span></div>)"
      R"(<div class="card"><dl>{}</dl></div></div></header>)",
      escape(r.design.name), grouped(std::llround(frames_per_second(r))),
      fits(used, r.device) ? "fits the device" : "does not fit the device", facts);
}

std::string bar(double value, double most, bool marked) {
  return fmt::format(R"(<span class="bar"><i{} style="width:{:.1f}%"></i></span>)", marked ? R"( class="most")" : "",
                     most > 0 ? 100 * value / most : 0);
}

/// Units that serve one layer.
struct Layer {
  std::string name, folding;
  int64_t cycles = 0;
  Resources used;
};

/// "conv1" of "conv1.window".
std::string layer_of(const std::string& unit) { return unit.substr(0, unit.find('.')); }

const Resources& resources_of(const HardwareReport& r, size_t unit, const std::vector<Resources>& estimates) {
  return r.synthesis ? r.synthesis->units[unit].found.resources : estimates[unit];
}

std::vector<Layer> layers_of(const HardwareReport& r, const std::vector<Resources>& estimates) {
  std::vector<Layer> layers;
  std::map<std::string, size_t> places;
  for (size_t i = 0; i < r.design.units.size(); ++i) {
    const Unit& unit = r.design.units[i];
    const auto [place, is_new] = places.try_emplace(layer_of(unit.name), layers.size());
    if (is_new) layers.push_back({layer_of(unit.name), "", 0, {}});
    Layer& layer = layers[place->second];
    layer.cycles = std::max(layer.cycles, cycles(r.design, unit));
    layer.used += resources_of(r, i, estimates);
    if (const auto* mvtu = std::get_if<Mvtu>(&unit.kind)) layer.folding = fmt::format("{} x {}", mvtu->pe, mvtu->simd);
  }
  return layers;
}

std::string layers_section(const HardwareReport& r, const std::vector<Resources>& estimates) {
  const std::vector<Layer> layers = layers_of(r, estimates);
  const auto most = [&](auto&& value) {
    double highest = 0;
    for (const Layer& layer : layers) highest = std::max(highest, static_cast<double>(value(layer)));
    return highest;
  };
  const auto cycles = [](const Layer& l) { return l.cycles; };
  const auto lut = [](const Layer& l) { return l.used.lut; };
  const auto blocks = [](const Layer& l) { return l.used.blocks(); };
  const double most_cycles = most(cycles), most_lut = most(lut), most_blocks = most(blocks);
  std::string rows;
  for (const Layer& l : layers) {
    rows += fmt::format("<tr><td>{}</td><td>{}</td><td>{}{}</td><td>{}{}</td><td>{}</td><td>{:g}{}</td><td>{}</td></tr>\n",
                        escape(l.name), l.folding, grouped(l.cycles),
                        bar(static_cast<double>(l.cycles), most_cycles, static_cast<double>(l.cycles) >= most_cycles),
                        grouped(l.used.lut), bar(static_cast<double>(l.used.lut), most_lut, false), grouped(l.used.ff),
                        l.used.blocks(), bar(l.used.blocks(), most_blocks, false), grouped(l.used.dsp));
  }
  return fmt::format(
      R"(<section><h2>Layers</h2><p>Each with the units that serve it. The slowest sets the rate; LUT and FF are {}.</p>)"
      R"(<div class="card"><table class="units"><thead><tr><th>layer</th><th>PE x SIMD</th><th>cycles a frame</th><th>LUT</th>)"
      R"(<th>FF</th><th>{}</th><th>DSP</th></tr></thead><tbody>{}</tbody></table></div></section>)",
      r.synthesis ? "what synthesis counted" : "estimates", r.device.family == Family::kIce40 ? "blocks" : "BRAM36", rows);
}

std::string device_section(const HardwareReport& r, const Resources& estimate) {
  struct Line {
    const char* name;
    double estimate, found, of;
  };
  const Resources found = r.synthesis ? r.synthesis->found().resources : Resources{};
  const auto number = [](int64_t value) { return static_cast<double>(value); };
  const std::array<Line, 4> lines{{
      {"LUT", number(estimate.lut), number(found.lut), number(r.device.lut)},
      {"FF", number(estimate.ff), number(found.ff), number(r.device.ff)},
      {r.device.family == Family::kIce40 ? "blocks" : "BRAM36", estimate.blocks(), found.blocks(), number(r.device.bram36)},
      {"DSP", number(estimate.dsp), number(found.dsp), number(r.device.dsp)},
  }};
  std::string rows;
  for (const Line& line : lines) {
    const double used = r.synthesis ? line.found : line.estimate;
    const std::string share = line.of > 0 ? fmt::format("{:.1f} %", 100 * used / line.of) : "none there";
    const std::string counted = r.synthesis ? fmt::format("<td>{:g}</td>", line.found) : "";
    rows += fmt::format("<tr><td>{}</td><td>{:g}</td>{}<td>{:g}</td><td>{}{}</td></tr>\n", line.name, line.estimate,
                        counted, line.of, share, bar(std::min(used, line.of), line.of, used > line.of));
  }
  return fmt::format(
      R"(<section><h2>Device</h2><p>{} on {}.</p><div class="card"><table class="units"><thead><tr><th></th><th>estimate</th>{})"
      R"(<th>there are</th><th>used</th></tr></thead><tbody>{}</tbody></table></div></section>)",
      escape(r.device.name), escape(r.device.board), r.synthesis ? "<th>synthesis</th>" : "", rows);
}

std::string roofline_section(const HardwareReport& r, const Resources& used) {
  const Work work = work_of(r.design);
  if (work.cycle == 0) return {};
  double bits = 0, port_bits = 0;
  for (const auto* ports : {&r.design.inputs, &r.design.outputs}) {
    for (const Port& port : *ports) {
      const Stream& stream = r.design.streams[static_cast<size_t>(port.stream)];
      bits += static_cast<double>(stream.words * stream.width());
      port_bits += static_cast<double>(stream.width());
    }
  }
  const double hertz = r.clock_mhz * 1e6;
  double share = static_cast<double>(used.lut) / static_cast<double>(r.device.lut);
  share = std::max(share, used.blocks() / static_cast<double>(r.device.bram36));
  const double peak = work.cycle * hertz;
  const Roofline roofline{work.frame / (bits / 8), work.frame * frames_per_second(r), peak, peak / std::max(share, 1e-9),
                          port_bits / 8 * hertz};
  return fmt::format(
      R"(<section><h2>Roofline</h2><p>A product and its sum are two operations. The slope is what the ports carry at a word a )"
      R"(cycle; weights stay on the chip.</p><div class="card">{}</div></section>)",
      roofline_chart(roofline));
}

/// When each frame was in a unit.
TimelineRow row_of(const HardwareReport& r, const Unit& unit) {
  TimelineRow row{unit.name, {}};
  for (const auto* streams : {&unit.in, &unit.out}) {
    for (const int32_t id : *streams) {
      const std::vector<int64_t>& times = r.flow.handshakes[static_cast<size_t>(id)];
      const auto words = static_cast<size_t>(r.design.streams[static_cast<size_t>(id)].words);
      for (size_t frame = 0; (frame + 1) * words <= times.size(); ++frame) {
        const Span span{times[frame * words], times[(frame + 1) * words - 1]};
        if (row.frames.size() <= frame) row.frames.push_back(span);
        row.frames[frame].begin = std::min(row.frames[frame].begin, span.begin);
        row.frames[frame].end = std::max(row.frames[frame].end, span.end);
      }
    }
  }
  return row;
}

std::string timeline_section(const HardwareReport& r) {
  if (r.flow.handshakes.empty()) return {};
  std::vector<TimelineRow> rows;
  for (const Unit& unit : r.design.units) rows.push_back(row_of(r, unit));
  return fmt::format(
      R"(<section><h2>Timeline</h2><p>Cycles in which each unit has a frame, from its first word in to its last word out. )"
      R"(Point at a bar for its numbers.</p><div class="card">{}</div></section>)",
      timeline_chart(rows));
}

std::string error_text(int64_t estimate, int64_t found) {
  if (found == 0) return estimate == 0 ? "" : "none found";
  const double error = 100.0 * static_cast<double>(estimate - found) / static_cast<double>(found);
  return fmt::format(R"(<span{}>{:+.0f} %</span>)", std::abs(error) > 15 ? R"( class="far")" : "", error);
}

/// Shares of the cycles of the timeline's frames.
std::string activity_cells(const HardwareReport& r, size_t unit) {
  if (r.flow.units.empty()) return "<td></td><td></td><td></td>";
  const Activity& a = r.flow.units[unit];
  const auto share = [&](int64_t cycles) {
    return fmt::format("<td>{:.0f} %</td>", 100.0 * static_cast<double>(cycles) / static_cast<double>(r.flow.cycles));
  };
  return share(a.busy) + share(a.starved) + share(a.blocked);
}

std::string units_section(const HardwareReport& r, const std::vector<Resources>& estimates) {
  std::string rows;
  for (size_t i = 0; i < r.design.units.size(); ++i) {
    const Unit& unit = r.design.units[i];
    const Resources& e = estimates[i];
    rows += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td>{}<td>{}</td>", escape(unit.name), kind_name(unit.kind),
                        grouped(cycles(r.design, unit)), activity_cells(r, i), grouped(e.lut));
    if (r.synthesis) {
      const Resources& f = r.synthesis->units[i].found.resources;
      rows += fmt::format("<td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{:g}</td><td>{:g}</td></tr>\n",
                          grouped(f.lut), error_text(e.lut, f.lut), grouped(e.ff), grouped(f.ff), error_text(e.ff, f.ff),
                          e.blocks(), f.blocks());
    } else {
      rows += fmt::format("<td>{}</td><td>{:g}</td></tr>\n", grouped(e.ff), e.blocks());
    }
  }
  const char* columns = r.synthesis ? "<th>LUT, estimate</th><th>synthesis</th><th>off by</th><th>FF, estimate</th>"
                                      "<th>synthesis</th><th>off by</th><th>blocks, estimate</th><th>synthesis</th>"
                                    : "<th>LUT</th><th>FF</th><th>blocks</th>";
  return fmt::format(
      R"(<section><h2>Units</h2><p>{}</p><div class="card"><table class="units"><thead><tr><th>unit</th><th>kind</th><th>cycles</th>)"
      R"(<th>busy</th><th>starved</th><th>blocked</th>)"
      R"({}</tr></thead><tbody>{}</tbody></table></div></section>)",
      r.synthesis ? fmt::format("Estimates beside {}.", escape(r.synthesis->tool)) : "Estimates of the resource models.",
      columns, rows);
}

}  // namespace

std::string html(const HardwareReport& report) {
  std::vector<Resources> estimates;
  Resources estimate;
  for (const Unit& unit : report.design.units) {
    estimates.push_back(resources(unit.kind, report.device.family));
    estimate += estimates.back();
  }
  const Resources used = report.synthesis ? report.synthesis->found().resources : estimate;
  std::string body;
  for (const std::string& part :
       {header(report, used), layers_section(report, estimates), device_section(report, estimate),
        roofline_section(report, used), timeline_section(report), units_section(report, estimates),
        fmt::format(R"(<details class="card"><summary>Folding</summary><pre>{}</pre></details>)",
                    escape(print(report.design.folding)))}) {
    if (!part.empty()) body += part + '\n';
  }
  return page::document(report.design.name + ": hardware", kStyle, body);
}

}  // namespace bitloom::hw
