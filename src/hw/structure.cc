// SPDX-License-Identifier: Apache-2.0
//
// The walk over a network, and the streams between units.
#include "structure.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "builder.h"

namespace bitloom::hw {

Builder::Builder(const ir::Network& network) : network_(network), tensors_(network.nodes.size()) {
  structure_.name = network.name;
  structure_.variables = variables_of(network);
  count_uses();
}

Structure Builder::build() {
  for (size_t i = 0; i < network_.nodes.size(); ++i) {
    id_ = static_cast<ir::NodeId>(i);
    if (uses_[i] == 0 && !is_input(id_)) continue;
    try {
      std::visit([&](const auto& layer) { make(layer); }, node().layer);
    } catch (const Unsupported& error) {
      throw Unsupported("node '{}' ({}): {}", node().name, ir::layer_name(node().layer), error.what());
    }
  }
  for (size_t i = 0; i < network_.outputs.size(); ++i) {
    id_ = network_.outputs[i];
    const Tap tap = take(id_);
    const auto link = connect(tap, {-1, static_cast<int32_t>(i)}, tensor(id_).element);
    structure_.outputs.push_back({node().name, id_, link, node().type});
  }
  return std::move(structure_);
}

/// Readers of each node that lead to an output, and what an output reads.
void Builder::count_uses() {
  uses_.assign(network_.nodes.size(), 0);
  for (const ir::NodeId id : network_.outputs) ++uses_[static_cast<size_t>(id)];
  for (size_t i = network_.nodes.size(); i-- > 0;) {
    if (uses_[i] == 0) continue;
    for (const ir::NodeId input : network_.nodes[i].inputs) ++uses_[static_cast<size_t>(input)];
  }
}

int32_t Builder::variable() const {
  const auto found = std::ranges::find(structure_.variables, id_, &Variable::node);
  BITLOOM_CHECK(found != structure_.variables.end());
  return static_cast<int32_t>(found - structure_.variables.begin());
}

std::string Builder::unique(std::string name) {
  while (!names_.insert(name).second) name += "_";
  return name;
}

int32_t Builder::add(const std::string& suffix, UnitKind kind, int32_t of, Lanes lanes, int64_t granule, int32_t depth) {
  const std::string name = unique(node().name + suffix);
  structure_.parts.push_back({{name, id_, std::move(kind), {}, {}}, of, lanes, granule, depth, false, 0});
  return static_cast<int32_t>(structure_.parts.size()) - 1;
}

int32_t Builder::connect(const Tap& tap, End to, const Element& element) {
  const std::string name = tap.from.unit < 0 ? structure_.inputs[static_cast<size_t>(tap.from.port)].name
                                             : node(structure_.parts[static_cast<size_t>(tap.from.unit)].unit.node).name;
  // The frame of a window's output has other words than that of the tensor; `elements_` of a tap's end knows.
  structure_.links.push_back({name, element, elements(tap.from), tap.from, to, tap.variable, false});
  return static_cast<int32_t>(structure_.links.size()) - 1;
}

int64_t Builder::elements(const End& from) const {
  if (from.unit < 0) return structure_.inputs[static_cast<size_t>(from.port)].type.shape.elements();
  return elements_[static_cast<size_t>(from.unit)];
}

int64_t Builder::granule(const End& from) const {
  if (from.unit >= 0) {
    const Part& part = structure_.parts[static_cast<size_t>(from.unit)];
    if (const auto* mvtu = std::get_if<Mvtu>(&part.unit.kind)) return mvtu->outputs;
    return part.granule;
  }
  return structure_.inputs[static_cast<size_t>(from.port)].type.shape.elements();
}

Tap Builder::take(ir::NodeId id) {
  std::vector<Tap>& taps = tensor(id).taps;
  BITLOOM_CHECK(!taps.empty());
  const Tap tap = taps.back();
  taps.pop_back();
  return tap;
}

void Builder::put(Tap tap, Element element) {
  const auto uses = uses_[static_cast<size_t>(id_)];
  if (uses == 0) throw Unsupported("nothing reads it, so its stream would stop the others; leave it out");
  StreamedTensor& result = tensor(id_);
  result.element = std::move(element);
  for (int64_t i = 1; i < uses; ++i) {
    const int32_t fork = add(".fork", Fork{result.element.bits}, tap.variable, Lanes::kPe, granule(tap.from), tap.depth);
    elements_.push_back(elements(tap.from));
    connect(tap, {fork, 0}, result.element);
    Tap branch = tap;
    branch.from = {fork, 0};
    result.taps.push_back(branch);
    tap.from = {fork, 1};
  }
  result.taps.push_back(tap);
  std::ranges::reverse(result.taps);
}

Tap Builder::pass(const Tap& tap, const Element& element, const std::string& suffix, UnitKind kind, int64_t granule,
                  int64_t out_elements, Lanes lanes, int32_t of) {
  const int32_t by = of < 0 ? tap.variable : of;
  const int32_t unit = add(suffix, std::move(kind), by, lanes, granule, tap.depth);
  connect(tap, {unit, 0}, element);
  elements_.push_back(out_elements);
  return {{unit, 0}, by, tap.depth, tap.late};
}

// Where one side waits for a whole frame, the other's words must have room meanwhile, however deep it is.
Tap Builder::join(const Tap& first, const Element& first_element, const Tap& second, const Element& second_element,
                  const std::string& suffix, UnitKind kind, int64_t granule, int64_t out_elements) {
  const int32_t depth = std::max(first.depth, second.depth);
  const bool late = first.late || second.late;
  const int32_t part = add(suffix, std::move(kind), first.variable, Lanes::kPe, granule, depth);
  const auto first_link = static_cast<size_t>(connect(first, {part, 0}, first_element));
  const auto second_link = static_cast<size_t>(connect(second, {part, 1}, second_element));
  structure_.links[first_link].frame_fifo = late || first.depth <= second.depth;
  structure_.links[second_link].frame_fifo = late || second.depth <= first.depth;
  structure_.parts.back().fifo = true;
  elements_.push_back(out_elements);
  return {{part, 0}, first.variable, depth, late};
}

void Builder::make(const ir::Input&) {
  structure_.inputs.push_back({node().name, id_, -1, node().type});
  const int32_t port = static_cast<int32_t>(structure_.inputs.size()) - 1;
  put({{-1, port}, variable(), 0, false}, element_of(node().type));
}

void Builder::make(const ir::Output&) { put(take(node().inputs[0]), tensor(node().inputs[0]).element); }

Structure make_structure(const ir::Network& network) {
  ir::verify(network);
  return Builder(network).build();
}

}  // namespace bitloom::hw
