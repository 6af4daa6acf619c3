// SPDX-License-Identifier: Apache-2.0
//
// How a choice of PE and SIMD becomes the lanes and memories of units.
#include <algorithm>
#include <numeric>

#include "cost.h"
#include "mvtu.h"
#include "structure.h"

namespace bitloom::hw {
namespace {

constexpr int32_t kShallowFifo = 2;       ///< cuts the paths of `ready`
constexpr int64_t kDistributedFifo = 64;  ///< words up to which a FIFO is LUT RAM

int32_t number_of(const Part& part, const Choice& choice) { return part.lanes == Lanes::kSimd ? choice.simd : choice.pe; }

int32_t plain_lanes(const Part& part, const Choice& choice) {
  return static_cast<int32_t>(std::gcd(part.granule, int64_t{number_of(part, choice)}));
}

MemoryStyle settle(MemoryStyle style, const Memory& memory, Family family) {
  return style == MemoryStyle::kAuto ? cheaper_style(memory, family) : style;
}

/// Writes lanes into units that have them under these names.
template <typename Kind>
void set_lanes(Kind& unit, int32_t lanes) {
  if constexpr (requires { unit.lanes; }) unit.lanes = lanes;
  if constexpr (std::is_same_v<Kind, Fork>) unit.width *= lanes;  // of one element until now
}

void fold(Mvtu& unit, const Choice& choice, Family family) {
  unit.pe = choice.pe;
  unit.simd = choice.simd;
  unit.acc_bits = std::max(unit.acc_bits, step_bits(unit));
  unit.weight_style = settle(choice.weights, weight_memory(unit), family);
  unit.threshold_style = settle(choice.thresholds, threshold_memory(unit), family);
}

/// Behind a window each of its windows, of one word's channels, is a row.
template <typename Pool>
void fold(Pool& unit, int64_t windows) {
  if (windows == 0) return;
  unit.in_h = static_cast<int32_t>(windows * (unit.channels / unit.lanes));
  unit.channels = unit.lanes;
}

void fold(Window& unit, Family family) {
  unit.rows = ample_rows(unit);
  unit.style = cheaper_style(line_buffer(unit), family);
}

}  // namespace

std::vector<int32_t> divisors(int64_t number) {
  std::vector<int32_t> small, large;
  for (int64_t d = 1; d * d <= number; ++d) {
    if (number % d != 0) continue;
    small.push_back(static_cast<int32_t>(d));
    if (d * d != number) large.push_back(static_cast<int32_t>(number / d));
  }
  small.insert(small.end(), large.rbegin(), large.rend());
  return small;
}

bool is_depthwise(const ir::Dot& dot) {
  return dot.groups > 1 && dot.groups == dot.weights.rows() &&
         dot.weights.columns() == int64_t{dot.window.kernel_h} * dot.window.kernel_w;
}

bool passes_through(const ir::Dot& dot, const ir::Shape& image) {
  const ir::Window& w = dot.window;
  if (w.padded() || dot.groups > 1) return false;
  const bool single = w.kernel_h == 1 && w.kernel_w == 1 && w.stride_h == 1 && w.stride_w == 1;
  const bool all = w.kernel_h == image.height && w.kernel_w == image.width && w.dilation_h == 1 && w.dilation_w == 1;
  return single || all;
}

std::vector<Variable> variables_of(const ir::Network& network) {
  std::vector<Variable> variables;
  for (size_t i = 0; i < network.nodes.size(); ++i) {
    const ir::Node& node = network.nodes[i];
    const auto id = static_cast<ir::NodeId>(i);
    if (std::holds_alternative<ir::Input>(node.layer)) {
      variables.push_back({node.name, id, true, node.type.shape.elements(), 1, "elements", "elements"});
    }
    const auto* dot = std::get_if<ir::Dot>(&node.layer);
    if (!dot) continue;
    const ir::Shape& image = network.nodes[static_cast<size_t>(node.inputs[0])].type.shape;
    const bool windowed = !passes_through(*dot, image), grouped = dot->groups > 1 && !is_depthwise(*dot);
    Variable v{node.name, id, false, dot->weights.rows(), dot->weights.columns(), "inputs", "output channels"};
    if (windowed) v.columns = image.channels / dot->groups;
    if (windowed) v.columns_are = dot->groups > 1 ? "input channels of a group" : "input channels";
    if (grouped) v.outputs /= dot->groups;
    if (grouped) v.outputs_are = "output channels of a group";
    variables.push_back(std::move(v));
  }
  return variables;
}

std::vector<Choice> choices_of(const Structure& structure, const Folding& folding) {
  std::vector<Choice> choices;
  size_t layer = 0;
  for (const Variable& v : structure.variables) {
    if (v.is_input) {
      const auto lanes = folding.inputs.find(v.name);
      choices.push_back({lanes == folding.inputs.end() ? 0 : lanes->second, 1, {}, {}});
    } else {
      const LayerFolding& f = folding.layers[layer++];
      choices.push_back({f.pe, f.simd, f.weights, f.thresholds});
    }
  }
  return choices;
}

int32_t in_lanes(const Part& part, const Choice& choice) {
  const auto* mvtu = std::get_if<Mvtu>(&part.unit.kind);
  if (mvtu) return mvtu->depthwise ? choice.pe : choice.simd;
  return out_lanes(part, choice);
}

int32_t out_lanes(const Part& part, const Choice& choice) {
  if (std::holds_alternative<Mvtu>(part.unit.kind)) return choice.pe;
  return plain_lanes(part, choice);
}

UnitKind folded(const Part& part, const Choice& choice, Family family) {
  UnitKind kind = part.unit.kind;
  const int32_t lanes = out_lanes(part, choice);
  std::visit([&](auto& unit) { set_lanes(unit, lanes); }, kind);
  if (auto* mvtu = std::get_if<Mvtu>(&kind)) fold(*mvtu, choice, family);
  if (auto* window = std::get_if<Window>(&kind)) fold(*window, family);
  if (auto* threshold = std::get_if<Threshold>(&kind)) {
    threshold->style = cheaper_style(threshold_memory(*threshold), family);
  }
  if (auto* scale = std::get_if<Scale>(&kind)) scale->style = cheaper_style(scale_memory(*scale), family);
  if (auto* reorder = std::get_if<Reorder>(&kind)) reorder->style = cheaper_style(block_memory(*reorder), family);
  if (auto* pool = std::get_if<MaxPool>(&kind)) fold(*pool, part.windows);
  if (auto* pool = std::get_if<SumPool>(&kind)) fold(*pool, part.windows);
  return kind;
}

int32_t default_fifo(const Structure& structure, const Link& link, int32_t lanes) {
  if (link.to.unit < 0) return 0;
  if (link.frame_fifo) return static_cast<int32_t>(std::max<int64_t>(kShallowFifo, link.elements / lanes));
  const Part& part = structure.parts[static_cast<size_t>(link.to.unit)];
  if (!part.fifo) return 0;
  // A matrix-vector unit takes a vector in its first fold only. What comes slower than a word a cycle must gather while the
  // other folds run, or both would take turns. A window can wait: it has its lines, and then a word every cycle.
  const auto* mvtu = std::get_if<Mvtu>(&part.unit.kind);
  const bool windowed =
      link.from.unit >= 0 && std::holds_alternative<Window>(structure.parts[static_cast<size_t>(link.from.unit)].unit.kind);
  if (mvtu == nullptr || windowed) return kShallowFifo;
  return static_cast<int32_t>(std::max<int64_t>(kShallowFifo, mvtu->inputs / lanes));
}

Fifo make_fifo(int64_t width, int32_t depth, Family family) {
  Fifo fifo{static_cast<int32_t>(width), depth, MemoryStyle::kDistributed};
  if (depth > kDistributedFifo) fifo.style = cheaper_style({depth, width, false, false}, family);
  return fifo;
}

std::string reader_name(const Structure& structure, const Link& link) {
  const std::string& name = structure.parts[static_cast<size_t>(link.to.unit)].unit.name;
  return link.to.port == 0 ? name : fmt::format("{}:{}", name, link.to.port);
}

int64_t part_cycles(const Structure& structure, int32_t part, const UnitKind& kind, const Choice& choice) {
  int64_t words = 0;
  for (const Link& link : structure.links) {
    const Part& p = structure.parts[static_cast<size_t>(part)];
    if (link.to.unit == part) words = std::max(words, link.elements / in_lanes(p, choice));
    const bool word_a_frame = std::holds_alternative<Top1>(p.unit.kind);
    if (link.from.unit == part && !word_a_frame) words = std::max(words, link.elements / out_lanes(p, choice));
  }
  return unit_cycles(kind, words);
}

}  // namespace bitloom::hw
