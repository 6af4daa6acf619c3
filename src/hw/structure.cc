// SPDX-License-Identifier: Apache-2.0
//
// One walk over the nodes; each takes the streams that it reads from those before it.
#include "structure.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <utility>

#include "element.h"
#include "mvtu.h"

namespace bitloom::hw {
namespace {

constexpr int32_t kTableBits = 10;   ///< elements that a table is made for
constexpr int32_t kTableLevels = 4;  ///< from which on it is smaller than comparators

/// A stream that is still to be connected.
struct Tap {
  End from;
  int32_t variable = 0;
  int32_t depth = 0;
};

/// Tensors of a node: one tap a reader.
struct Tensor {
  Element element;
  std::vector<Tap> taps;
};

class Builder {
 public:
  explicit Builder(const ir::Network& network) : network_(network), tensors_(network.nodes.size()) {
    structure_.name = network.name;
    structure_.variables = variables_of(network);
    count_uses();
  }

  Structure build() {
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

 private:
  const ir::Node& node(ir::NodeId id) const { return network_.nodes[static_cast<size_t>(id)]; }
  const ir::Node& node() const { return node(id_); }
  const ir::Node& source(size_t input = 0) const { return node(node().inputs[input]); }
  Tensor& tensor(ir::NodeId id) { return tensors_[static_cast<size_t>(id)]; }
  bool is_input(ir::NodeId id) const { return std::holds_alternative<ir::Input>(node(id).layer); }

  /// Readers of each node that lead to an output, and what an output reads.
  void count_uses() {
    uses_.assign(network_.nodes.size(), 0);
    for (const ir::NodeId id : network_.outputs) ++uses_[static_cast<size_t>(id)];
    for (size_t i = network_.nodes.size(); i-- > 0;) {
      if (uses_[i] == 0) continue;
      for (const ir::NodeId input : network_.nodes[i].inputs) ++uses_[static_cast<size_t>(input)];
    }
  }

  int32_t variable() const {
    const auto found = std::ranges::find(structure_.variables, id_, &Variable::node);
    BITLOOM_CHECK(found != structure_.variables.end());
    return static_cast<int32_t>(found - structure_.variables.begin());
  }

  std::string unique(std::string name) {
    while (!names_.insert(name).second) name += "_";
    return name;
  }

  int32_t add(const std::string& suffix, UnitKind kind, int32_t of, Lanes lanes, int64_t granule, int32_t depth) {
    const std::string name = unique(node().name + suffix);
    structure_.parts.push_back({{name, id_, std::move(kind), {}, {}}, of, lanes, granule, depth, false, 0});
    return static_cast<int32_t>(structure_.parts.size()) - 1;
  }

  int32_t connect(const Tap& tap, End to, const Element& element) {
    const std::string name = tap.from.unit < 0 ? structure_.inputs[static_cast<size_t>(tap.from.port)].name
                                               : node(structure_.parts[static_cast<size_t>(tap.from.unit)].unit.node).name;
    // The frame of a window's output has other words than that of the tensor; `elements_` of a tap's end knows.
    structure_.links.push_back({name, element, elements(tap.from), tap.from, to, tap.variable, false});
    return static_cast<int32_t>(structure_.links.size()) - 1;
  }

  int64_t elements(const End& from) const {
    if (from.unit < 0) return structure_.inputs[static_cast<size_t>(from.port)].type.shape.elements();
    return elements_[static_cast<size_t>(from.unit)];
  }

  /// The next reader's stream of a tensor.
  Tap take(ir::NodeId id) {
    std::vector<Tap>& taps = tensor(id).taps;
    BITLOOM_CHECK(!taps.empty());
    const Tap tap = taps.back();
    taps.pop_back();
    return tap;
  }

  /// The tensor of this node is what comes out of `tap`; forks as many streams as there are readers.
  void put(Tap tap, Element element) {
    const auto uses = uses_[static_cast<size_t>(id_)];
    if (uses == 0) throw Unsupported("nothing reads it, so its stream would stop the others; leave it out");
    Tensor& result = tensor(id_);
    result.element = std::move(element);
    for (int64_t i = 1; i < uses; ++i) {
      const int32_t fork =
          add(".fork", Fork{result.element.bits}, tap.variable, Lanes::kPe, node().type.shape.elements(), tap.depth);
      structure_.parts.back().granule = granule(tap.from);
      elements_.push_back(elements(tap.from));
      connect(tap, {fork, 0}, result.element);
      result.taps.push_back({{fork, 0}, tap.variable, tap.depth});
      tap.from = {fork, 1};
    }
    result.taps.push_back(tap);
    std::ranges::reverse(result.taps);
  }

  /// What the lanes of this end divide.
  int64_t granule(const End& from) const {
    if (from.unit >= 0) {
      const Part& part = structure_.parts[static_cast<size_t>(from.unit)];
      if (const auto* mvtu = std::get_if<Mvtu>(&part.unit.kind)) return mvtu->outputs;
      return part.granule;
    }
    return structure_.inputs[static_cast<size_t>(from.port)].type.shape.elements();
  }

  /// A unit with one input and one output; the tap behind it.
  Tap pass(const Tap& tap, const Element& element, const std::string& suffix, UnitKind kind, int64_t granule,
           int64_t out_elements, Lanes lanes = Lanes::kPe, int32_t of = -1) {
    const int32_t by = of < 0 ? tap.variable : of;

    const int32_t unit = add(suffix, std::move(kind), by, lanes, granule, tap.depth);
    connect(tap, {unit, 0}, element);
    elements_.push_back(out_elements);
    return {{unit, 0}, by, tap.depth};
  }

  void make(const ir::Input&) {
    structure_.inputs.push_back({node().name, id_, -1, node().type});
    const int32_t port = static_cast<int32_t>(structure_.inputs.size()) - 1;
    put({{-1, port}, variable(), 0}, element_of(node().type));
  }

  void make(const ir::Dot& dot);
  void make(const ir::Threshold& layer);
  void make(const ir::MaxPool& layer);
  void make(const ir::SumPool& layer);
  void make(const ir::Add& layer);
  void make(const ir::Slice& layer);
  void make(const ir::Reshape& layer);
  void make(const ir::TopK& layer);

  void make(const ir::Output&) { put(take(node().inputs[0]), tensor(node().inputs[0]).element); }

  void make(const ir::Concat&) {
    throw Unsupported("streams cannot be joined along channels yet; add them, or cut the network (bitloom cut) before it");
  }
  void make(const ir::DepthToSpace&) {
    throw Unsupported(
        "elements would have to change their order; cut the network (bitloom cut) before it and run the rest by "
        "the engine");
  }
  void make(const ir::Upsample&) {
    throw Unsupported("enlarging is not there yet; cut the network (bitloom cut) before it and run the rest by the engine");
  }

  bool fuses(ir::NodeId dot) const;
  void dot_with(const ir::Dot& dot, ir::NodeId dot_id, const ir::Threshold* threshold);
  Tap windowed(Tap tap, Element& element, const ir::Dot& dot, const ir::Node& image, int32_t of);
  Tap with_order(Tap tap, const ir::Encoding& encoding, Element& element, Order& order);
  void check_pool(const ir::Window& window, const ir::Shape& image) const;

  const ir::Network& network_;
  Structure structure_;
  std::vector<Tensor> tensors_;
  std::vector<int64_t> uses_;
  std::vector<int64_t> elements_;  ///< a frame, at the output of each part
  std::set<std::string> names_;
  ir::NodeId id_ = 0;
};

// ---------------------------------------------------------------------------------------------------------------------
// Dot

/// True if one Threshold and nothing else reads the Dot.
bool Builder::fuses(ir::NodeId dot) const {
  if (uses_[static_cast<size_t>(dot)] != 1) return false;
  for (size_t i = 0; i < network_.nodes.size(); ++i) {
    const ir::Node& reader = network_.nodes[i];
    if (uses_[i] == 0 || std::ranges::find(reader.inputs, dot) == reader.inputs.end()) continue;
    return std::holds_alternative<ir::Threshold>(reader.layer);
  }
  return false;  // an output of the network
}

void Builder::make(const ir::Dot& dot) {
  if (!fuses(id_)) dot_with(dot, id_, nullptr);
}

/// Some position of a window along one axis that sees nothing of the image.
bool sees_nothing(int64_t size, int64_t kernel, int64_t stride, int64_t before, int64_t after, int64_t dilation) {
  const int64_t span = (kernel - 1) * dilation + 1;
  for (int64_t at = -before; at + span <= size + after; at += stride) {
    bool inside = false;
    for (int64_t k = 0; k < kernel; ++k) inside |= at + k * dilation >= 0 && at + k * dilation < size;
    if (!inside) return true;
  }
  return false;
}

Tap Builder::windowed(Tap tap, Element& element, const ir::Dot& dot, const ir::Node& image, int32_t of) {
  const ir::Window& w = dot.window;
  const ir::Shape& s = image.type.shape;
  if (sees_nothing(s.height, w.kernel_h, w.stride_h, w.pad_top, w.pad_bottom, w.dilation_h) ||
      sees_nothing(s.width, w.kernel_w, w.stride_w, w.pad_left, w.pad_right, w.dilation_w)) {
    throw Unsupported("some position of the window sees nothing but padding; pad less");
  }
  const Lanes by = dot.groups > 1 ? Lanes::kPe : Lanes::kSimd;
  Window unit{s.channels, 1, element.bits, s.height, s.width, w, 0, dot.groups > 1, 1, MemoryStyle::kDistributed};
  const ir::Encoding& encoding = *image.type.encoding();
  if (w.padded() && encoding.has_zero()) {
    unit.pad_code = encoding.code(0);
  } else if (w.padded()) {
    const ZeroCodes zero = with_zero(encoding);
    tap =
        pass(tap, element, ".pad", Table{1, element.bits, zero.element.bits, zero.codes}, s.channels, s.elements(), by, of);
    element = zero.element;
    unit.bits = element.bits;
    unit.pad_code = zero.zero;
  }
  const int64_t positions = int64_t{node().type.shape.height} * node().type.shape.width;
  return pass(tap, element, ".window", unit, s.channels, positions * w.kernel_h * w.kernel_w * s.channels, by, of);
}

void Builder::dot_with(const ir::Dot& dot, ir::NodeId dot_id, const ir::Threshold* threshold) {
  const ir::NodeId result = std::exchange(id_, dot_id);  // units are named after the Dot
  const ir::Node& image = source();
  const ir::Shape& s = image.type.shape;
  if (dot.groups > 1 && (dot.groups != s.channels || dot.weights.rows() != s.channels)) {
    throw Unsupported(
        "has {} groups of {} channels; 1 group would work, or as many groups as there are input and output "
        "channels (depthwise)",
        dot.groups, s.channels / dot.groups);
  }
  const int32_t of = variable();
  Element element = tensor(node().inputs[0]).element;
  Tap tap = take(node().inputs[0]);
  const size_t first_part = structure_.parts.size();
  if (!passes_through(dot, s)) tap = windowed(tap, element, dot, image, of);
  const ir::Node& last = node(result);
  ir::Range values = image.type.range();
  Mvtu unit = make_mvtu(dot, element, values, threshold, last.type);
  const int32_t part = add("", std::move(unit), of, Lanes::kSimd, 1, tap.depth + 1);
  connect(tap, {part, 0}, element);
  elements_.push_back(last.type.shape.elements());
  structure_.parts[first_part].fifo = true;
  for (size_t i = first_part; i < structure_.parts.size(); ++i) {
    structure_.parts[i].work =
        int64_t{dot.weights.columns()} * dot.weights.rows() * last.type.shape.height * last.type.shape.width;
  }
  id_ = result;
  structure_.parts.back().unit.node = result;
  put({{part, 0}, of, tap.depth + 1}, element_of(last.type));
}

// ---------------------------------------------------------------------------------------------------------------------
// Threshold

/// Codes of each code of `from`, by the threshold (of one row).
std::vector<uint32_t> table_of(const ir::Threshold& layer, const ir::Encoding& from) {
  std::vector<uint32_t> table(size_t{1} << from.planes());
  const std::vector<uint32_t> codes = layer.encoding.level_codes();
  for (uint32_t code = 0; code < table.size(); ++code) {
    const int32_t value = from.value(code);
    if (value < from.lowest || value > from.highest) continue;
    const auto reached =
        static_cast<size_t>(std::ranges::count_if(layer.thresholds, [&](int32_t t) { return value >= t; }));
    table[code] = codes[layer.descending[0] != 0 ? codes.size() - 1 - reached : reached];
  }
  return table;
}

/// Makes sure that codes are ordered as their values; where they are not, they become the numbers of their levels.
Tap Builder::with_order(Tap tap, const ir::Encoding& encoding, Element& element, Order& order) {
  order = order_of(encoding);
  if (order != Order::kNone) return tap;
  order = Order::kUnsigned;
  const std::vector<uint32_t> codes = encoding.level_codes();
  Table table{1, encoding.planes(), encoding.planes(), std::vector<uint32_t>(size_t{1} << encoding.planes())};
  for (size_t i = 0; i < codes.size(); ++i) table.codes[codes[i]] = static_cast<uint32_t>(i);
  const int64_t elements_here = elements(tap.from);
  const int64_t by = granule(tap.from);
  tap = pass(tap, element, ".order", table, by, elements_here);
  element = element_of({{}, ir::Encoding::unsigned_bits(encoding.planes())});
  return tap;
}

void Builder::make(const ir::Threshold& layer) {
  const ir::NodeId from = node().inputs[0];
  if (const auto* dot = std::get_if<ir::Dot>(&source().layer); dot && fuses(from)) return dot_with(*dot, from, &layer);
  const ir::TensorType& in = source().type;
  const int64_t all = node().type.shape.elements();
  Element element = tensor(from).element;
  Tap tap = take(from);
  const Element out = element_of(node().type);
  const ir::Encoding* encoding = in.encoding();
  const auto codes = layer.encoding.level_codes();
  Order order = Order::kSigned;
  if (encoding && layer.rows == 1 && element.bits <= kTableBits &&
      (codes.size() > kTableLevels || order_of(*encoding) == Order::kNone)) {
    return put(pass(tap, element, "", Table{1, element.bits, out.bits, table_of(layer, *encoding)}, all, all), out);
  }
  std::vector<int64_t> numbers;  // of the levels
  if (encoding) {
    tap = with_order(tap, *encoding, element, order);
    numbers = ordered_codes(*encoding, order_of(*encoding));
    if (order_of(*encoding) == Order::kNone) std::iota(numbers.begin(), numbers.end(), 0);
  }
  Threshold unit;
  unit.channels = node().type.shape.channels;
  unit.in_bits = element.bits;
  unit.is_signed = order == Order::kSigned;
  unit.levels = static_cast<int32_t>(codes.size()) - 1;
  unit.out_bits = out.bits;
  unit.codes = codes;
  unit.rows = layer.rows;
  unit.descending = layer.descending;
  unit.has_descending = std::ranges::find(layer.descending, 1) != layer.descending.end();
  const ir::Range range = in.range();
  const std::vector<int32_t> levels = encoding ? encoding->levels() : std::vector<int32_t>{};
  for (const int64_t t : layer.thresholds) {
    if (!encoding) {
      unit.thresholds.push_back(std::clamp<int64_t>(t, range.lowest, int64_t{range.highest} + 1));
      continue;
    }
    const auto at = static_cast<size_t>(std::ranges::lower_bound(levels, t) - levels.begin());
    unit.thresholds.push_back(at < numbers.size() ? numbers[at] : numbers.back() + 1);
  }
  const auto [lowest, highest] = std::ranges::minmax(unit.thresholds);
  unit.acc_bits = std::max(signed_bits(lowest, highest), element.bits + (unit.is_signed ? 0 : 1));
  const int64_t by = layer.rows == 1 ? all : unit.channels;
  put(pass(tap, element, "", unit, by, all), out);
}

// ---------------------------------------------------------------------------------------------------------------------
// The others

void Builder::check_pool(const ir::Window& w, const ir::Shape& image) const {
  const ir::Shape& out = node().type.shape;
  if (w.padded() || w.dilation_h != 1 || w.dilation_w != 1) {
    throw Unsupported("a pool with padding or dilation; without them it would work");
  }
  const bool apart = (out.height == 1 || w.stride_h == w.kernel_h) && (out.width == 1 || w.stride_w == w.kernel_w);
  if (!apart || out.height != image.height / w.kernel_h || out.width != image.width / w.kernel_w) {
    throw Unsupported("pools of {} x {} that are {} x {} apart; a stride equal to the kernel would work", w.kernel_h,
                      w.kernel_w, w.stride_h, w.stride_w);
  }
}

void Builder::make(const ir::MaxPool& layer) {
  const ir::Shape& s = source().type.shape;
  check_pool(layer.window, s);
  const ir::NodeId from = node().inputs[0];
  Element element = tensor(from).element;
  const Element out = element;
  Tap tap = take(from);
  const ir::Encoding* encoding = source().type.encoding();
  Order order = Order::kSigned;
  if (encoding) tap = with_order(tap, *encoding, element, order);
  const MaxPool unit{s.channels,
                     1,
                     element.bits,
                     s.height,
                     s.width,
                     layer.window.kernel_h,
                     layer.window.kernel_w,
                     order == Order::kSigned};
  const int64_t all = node().type.shape.elements();
  tap = pass(tap, element, "", unit, s.channels, all);
  if (encoding && order_of(*encoding) == Order::kNone) {
    Table back{1, element.bits, out.bits, encoding->level_codes()};
    back.codes.resize(size_t{1} << element.bits);
    tap = pass(tap, element, ".codes", back, s.channels, all);
  }
  put(tap, out);
}

void Builder::make(const ir::SumPool& layer) {
  const ir::Shape& s = source().type.shape;
  check_pool(layer.window, s);
  const ir::NodeId from = node().inputs[0];
  const Element element = tensor(from).element, out = element_of(node().type);
  const SumPool unit{s.channels, 1, s.height, s.width, layer.window.kernel_h, layer.window.kernel_w, element, out.bits};
  put(pass(take(from), element, "", unit, s.channels, node().type.shape.elements()), out);
}

void Builder::make(const ir::Add& layer) {
  const std::vector<ir::NodeId>& in = node().inputs;
  if (in.size() < 2) throw Unsupported("adds a single tensor; two or more would work");
  const int64_t all = node().type.shape.elements();
  Element sum = tensor(in[0]).element;
  Tap tap = take(in[0]);
  int64_t lowest = 0, highest = 0;
  const auto include = [&](size_t i) {
    const ir::Range r = source(i).type.range();
    const int64_t m = layer.multipliers[i];
    lowest += std::min(m * r.lowest, m * r.highest);
    highest += std::max(m * r.lowest, m * r.highest);
  };
  include(0);
  for (size_t i = 1; i < in.size(); ++i) {
    include(i);
    const bool last = i + 1 == in.size();
    const Element other = tensor(in[i]).element;
    const Element out = last ? element_of(node().type) : Element{signed_bits(lowest, highest), {}, 0};
    const Tap second = take(in[i]);
    const Add unit{1, {sum, other}, {i == 1 ? layer.multipliers[0] : 1, layer.multipliers[i]}, out.bits};
    const int32_t part =
        add(last ? "" : fmt::format(".sum{}", i), unit, tap.variable, Lanes::kPe, all, std::max(tap.depth, second.depth));
    const auto first_link = static_cast<size_t>(connect(tap, {part, 0}, sum));
    const auto second_link = static_cast<size_t>(connect(second, {part, 1}, other));
    structure_.links[first_link].frame_fifo = tap.depth <= second.depth;
    structure_.links[second_link].frame_fifo = second.depth <= tap.depth;
    structure_.parts.back().fifo = true;
    structure_.parts.back().granule = std::gcd(granule(tap.from), all);
    elements_.push_back(all);
    sum = out;
    tap = {{part, 0}, tap.variable, std::max(tap.depth, second.depth)};
  }
  put(tap, sum);
}

void Builder::make(const ir::Slice& layer) {
  const ir::NodeId from = node().inputs[0];
  const Element element = tensor(from).element;
  const int32_t count = layer.end - layer.begin;
  const Crop unit{source().type.shape.channels, 1, element.bits, layer.begin, count};
  const int64_t by = std::gcd(std::gcd(unit.channels, layer.begin), count);
  put(pass(take(from), element, "", unit, by, node().type.shape.elements()), element);
}

void Builder::make(const ir::Reshape& layer) {
  const ir::Shape &from = source().type.shape, &to = layer.shape;
  const auto ordered = [](const ir::Shape& s) { return s.channels == 1 || s.height * s.width == 1; };
  if (layer.channels_first && from != to && !(ordered(from) && ordered(to))) {
    throw Unsupported(
        "flattens [channel][y][x], but a stream is [y][x][channel]; with the weights' columns in this order it "
        "would work");
  }
  put(take(node().inputs[0]), tensor(node().inputs[0]).element);
}

/// True if real numbers are in the order of the integers that stand for them, equal only where these are.
bool keeps_order(const ir::Output& output) {
  const auto same = [](const std::vector<double>& v) {
    return std::ranges::all_of(v, [&](double d) { return d == v[0]; });
  };
  constexpr double kExact = 1 << 20;  // integers of 32 bits and 20 bits more are exact in float64
  return same(output.scale) && same(output.offset) && output.scale[0] > 0 &&
         std::abs(output.offset[0]) < output.scale[0] * kExact;
}

void Builder::make(const ir::TopK& layer) {
  if (layer.k != 1) throw Unsupported("the {} largest are asked for; 1 would work", layer.k);
  if (const auto* output = std::get_if<ir::Output>(&source().layer); output && !keeps_order(*output)) {
    throw Unsupported("compares real numbers of channels with different scales or offsets; one for all would work");
  }
  const ir::NodeId from = node().inputs[0];
  Element element = tensor(from).element;
  Tap tap = take(from);
  Order order = Order::kSigned;
  if (const ir::Encoding* encoding = source().type.encoding()) tap = with_order(tap, *encoding, element, order);
  const Element out = element_of(node().type);
  const Top1 unit{source().type.shape.channels, 1, element.bits, order == Order::kSigned, out.bits};
  put(pass(tap, element, "", unit, unit.classes, 1), out);
}

}  // namespace

Structure make_structure(const ir::Network& network) {
  ir::verify(network);
  return Builder(network).build();
}

}  // namespace bitloom::hw
