// SPDX-License-Identifier: Apache-2.0
//
// Units as folded, and between them the converters and FIFOs that they need.
#include <algorithm>

#include "cost.h"
#include "structure.h"

namespace bitloom::hw {
namespace {

/// Cycles a frame of the slowest unit of a variable with this choice.
int64_t variable_cycles(const Structure& structure, int32_t variable, const Choice& choice, Family family) {
  int64_t most = 1;
  for (size_t i = 0; i < structure.parts.size(); ++i) {
    const Part& part = structure.parts[i];
    if (part.variable != variable) continue;
    const UnitKind kind = folded(part, choice, family);
    most = std::max(most, part_cycles(structure, static_cast<int32_t>(i), kind, choice));
  }
  return most;
}

/// Lanes for the inputs that have none: the fewest with which nothing waits for the input.
void choose_input_lanes(const Structure& structure, std::vector<Choice>& choices, Family family) {
  int64_t most = 1;
  for (size_t v = 0; v < choices.size(); ++v) {
    const bool open = structure.variables[v].is_input && choices[v].pe == 0;
    if (!open) most = std::max(most, variable_cycles(structure, static_cast<int32_t>(v), choices[v], family));
  }
  for (size_t v = 0; v < choices.size(); ++v) {
    if (choices[v].pe != 0) continue;
    const int64_t elements = structure.variables[v].outputs;
    for (const int32_t lanes : divisors(elements)) {
      choices[v].pe = lanes;
      const int64_t cycles =
          std::max(elements / lanes, variable_cycles(structure, static_cast<int32_t>(v), choices[v], family));
      if (cycles <= most) break;
    }
  }
}

class Joiner {
 public:
  Joiner(const Structure& structure, const Folding& folding, const std::vector<Choice>& choices, Family family)
      : structure_(structure), folding_(folding), choices_(choices), family_(family) {}

  Design join() {
    for (size_t i = 0; i < structure_.parts.size(); ++i) {
      const auto part = static_cast<int32_t>(i);
      for (const Link& link : structure_.links) {
        if (link.to.unit == part) converters(link);
      }
      placed_.push_back(static_cast<int32_t>(design_.units.size()));
      Unit unit = structure_.parts[i].unit;
      unit.kind = folded(structure_.parts[i], choice(part), family_);
      if (const auto rows = folding_.rows.find(unit.name); rows != folding_.rows.end()) {
        auto& window = std::get<Window>(unit.kind);
        window.rows = rows->second;
        window.style = cheaper_style(line_buffer(window), family_);
      }
      design_.units.push_back(std::move(unit));
    }
    design_.inputs = structure_.inputs;
    design_.outputs = structure_.outputs;
    for (const Link& link : structure_.links) connect(link);
    for (Unit& unit : design_.units) fill(unit);
    return std::move(design_);
  }

 private:
  const Choice& choice(int32_t part) const {
    return choices_[static_cast<size_t>(structure_.parts[static_cast<size_t>(part)].variable)];
  }
  const Part& part(int32_t index) const { return structure_.parts[static_cast<size_t>(index)]; }

  int32_t lanes_from(const Link& link) const {
    if (link.from.unit < 0) return choices_[static_cast<size_t>(link.variable)].pe;
    if (std::holds_alternative<Top1>(part(link.from.unit).unit.kind)) return 1;
    return out_lanes(part(link.from.unit), choice(link.from.unit));
  }
  int32_t lanes_to(const Link& link) const {
    return link.to.unit < 0 ? lanes_from(link) : in_lanes(part(link.to.unit), choice(link.to.unit));
  }

  /// Units on a link, in the order in which words pass them; added right before the reader.
  void converters(const Link& link) {
    const int32_t from = lanes_from(link), to = lanes_to(link), bits = link.element.bits;
    const std::string name = reader_name(structure_, link);
    const ir::NodeId node = part(link.to.unit).unit.node;
    std::vector<int32_t>& between = between_[{link.to.unit, link.to.port}];
    const auto add = [&](const std::string& suffix, UnitKind kind) {
      between.push_back(static_cast<int32_t>(design_.units.size()));
      design_.units.push_back({name + suffix, node, std::move(kind), {}, {}});
    };
    if (from != to) add(".width", Width{bits, from, to});
    const auto said = folding_.fifos.find(name);
    const int32_t depth = said != folding_.fifos.end() ? said->second : default_fifo(structure_, link, to);
    if (depth > 0) add(".fifo", make_fifo(int64_t{bits} * to, depth, family_));
  }

  void connect(const Link& link) {
    int32_t lanes = lanes_from(link);
    End from = link.from;
    if (from.unit >= 0) from.unit = placed_[static_cast<size_t>(from.unit)];
    const auto stream = [&](End to) {
      const auto index = static_cast<int32_t>(design_.streams.size());
      if (from.unit < 0) design_.inputs[static_cast<size_t>(from.port)].stream = index;
      if (to.unit < 0) design_.outputs[static_cast<size_t>(to.port)].stream = index;
      design_.streams.push_back({link.name, link.element, lanes, link.elements / lanes, from, to});
    };
    if (link.to.unit < 0) return stream(link.to);
    for (const int32_t unit : between_[{link.to.unit, link.to.port}]) {
      stream({unit, 0});
      from = {unit, 0};
      if (std::holds_alternative<Width>(design_.units[static_cast<size_t>(unit)].kind)) lanes = lanes_to(link);
    }
    stream({placed_[static_cast<size_t>(link.to.unit)], link.to.port});
  }

  /// The streams of a unit, by port.
  void fill(Unit& unit) const {
    const auto self = static_cast<int32_t>(&unit - design_.units.data());
    const auto set = [](std::vector<int32_t>& ports, int32_t port, size_t stream) {
      if (ports.size() <= static_cast<size_t>(port)) ports.resize(static_cast<size_t>(port) + 1);
      ports[static_cast<size_t>(port)] = static_cast<int32_t>(stream);
    };
    for (size_t i = 0; i < design_.streams.size(); ++i) {
      const Stream& stream = design_.streams[i];
      if (stream.to.unit == self) set(unit.in, stream.to.port, i);
      if (stream.from.unit == self) set(unit.out, stream.from.port, i);
    }
  }

  const Structure& structure_;
  const Folding& folding_;
  const std::vector<Choice>& choices_;
  Family family_;
  Design design_;
  std::vector<int32_t> placed_;                                          ///< unit of each part
  std::map<std::pair<int32_t, int32_t>, std::vector<int32_t>> between_;  ///< units on the way to a part's port
};

/// The folding as it was carried out.
Folding settled(const Structure& structure, Folding folding, const std::vector<Choice>& choices, const Design& design) {
  size_t layer = 0;
  for (size_t v = 0; v < choices.size(); ++v) {
    const Variable& variable = structure.variables[v];
    if (variable.is_input) {
      folding.inputs[variable.name] = choices[v].pe;
      continue;
    }
    LayerFolding& f = folding.layers[layer++];
    for (const Unit& unit : design.units) {
      const auto* mvtu = std::get_if<Mvtu>(&unit.kind);
      if (!mvtu || unit.name != variable.name) continue;
      f.weights = mvtu->weight_style;
      f.thresholds = mvtu->threshold_style;
    }
  }
  return folding;
}

void check_fifos(const Structure& structure, const Folding& folding) {
  for (const auto& fifo : folding.fifos) {
    const std::string& name = fifo.first;
    const int32_t depth = fifo.second;
    const auto has = [&](const Link& l) { return l.to.unit >= 0 && reader_name(structure, l) == name; };
    if (std::ranges::none_of(structure.links, has)) {
      throw Error(
          "fifo '{}': there is no unit of that name; it stands in front of one, as in '{}'", name,
          reader_name(structure, *std::ranges::find_if(structure.links, [](const Link& l) { return l.to.unit >= 0; })));
    }
    if (depth != 0 && depth < 2) throw Error("fifo '{}': depth {}, expected 0 (none) or at least 2", name, depth);
  }
}

void check_rows(const Structure& structure, const Folding& folding) {
  for (const auto& entry : folding.rows) {
    const std::string& name = entry.first;
    const int32_t rows = entry.second;
    const Window* window = nullptr;
    std::string windows;
    for (const Part& part : structure.parts) {
      const auto* unit = std::get_if<Window>(&part.unit.kind);
      if (unit == nullptr) continue;
      if (part.unit.name == name) window = unit;
      windows += (windows.empty() ? "" : ", ") + part.unit.name;
    }
    if (window == nullptr) {
      throw Error("rows '{}': there is no window of that name; there {}", name,
                  windows.empty() ? "are none" : "is " + windows);
    }
    if (rows < fewest_rows(*window) || rows > ample_rows(*window)) {
      throw Error("rows '{}': {} rows, expected {} (those that a window spans) to {}", name, rows, fewest_rows(*window),
                  ample_rows(*window));
    }
  }
}

}  // namespace

Design design(const ir::Network& network, const Folding& folding) {
  const Structure structure = make_structure(network);
  const Folding resolved = resolve(network, folding);
  const Family family = family_of(resolved);
  check_fifos(structure, resolved);
  check_rows(structure, resolved);
  std::vector<Choice> choices = choices_of(structure, resolved);
  choose_input_lanes(structure, choices, family);
  Design result = Joiner(structure, resolved, choices, family).join();
  result.name = network.name;
  result.folding = settled(structure, resolved, choices, result);
  return result;
}

std::string_view kind_name(const UnitKind& kind) {
  static constexpr std::array<std::string_view, 15> kNames{"window",   "mvtu",  "threshold", "table",   "max_pool",
                                                           "sum_pool", "width", "fifo",      "fork",    "add",
                                                           "crop",     "scale", "concat",    "reorder", "top1"};
  static_assert(std::variant_size_v<UnitKind> == kNames.size());
  return kNames[kind.index()];
}

}  // namespace bitloom::hw
