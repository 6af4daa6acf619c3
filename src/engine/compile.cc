// SPDX-License-Identifier: Apache-2.0
//
// Network -> steps over buffers. A node's result exists as integers, as planes, or as both: whoever needs a form that is
// not there yet has it converted, once. Decisions made here:
//
//   * nodes that no output needs are left out;
//   * a Threshold that alone reads a Dot becomes part of it, so that the accumulators are never stored;
//   * layers that only move elements work on the form that is there, planes if both are;
//   * Output, and a Reshape that keeps the order of the elements, of integers is the same buffer again.
#include "compile.h"

#include <initializer_list>
#include <span>
#include <utility>

#include "bits.h"

namespace bitloom::engine {
namespace {

constexpr BufferId kNone = -1;

class Compiler {
 public:
  explicit Compiler(const ir::Network& network)
      : network_(network), forms_(network.nodes.size()), readers_(network.nodes.size()), reader_(network.nodes.size()) {
    for (const ir::NodeId id : network.outputs) readers_[index(id)] += 2;  // an output's result must be there: no fusing
    for (size_t i = network.nodes.size(); i-- > 0;) {
      if (readers_[i] == 0) continue;
      for (const ir::NodeId source : network.nodes[i].inputs) {
        ++readers_[index(source)];
        reader_[index(source)] = static_cast<ir::NodeId>(i);
      }
    }
  }

  Compiled compile() && {
    for (size_t i = 0; i < network_.nodes.size(); ++i) {
      const auto id = static_cast<ir::NodeId>(i);
      const bool is_input = std::holds_alternative<ir::Input>(network_.nodes[i].layer);
      if (readers_[i] == 0 && !is_input) continue;
      std::visit([&](const auto& layer) { add(layer, id); }, network_.nodes[i].layer);
    }
    for (const ir::NodeId id : network_.outputs) result_.outputs.push_back(ints(id));
    for (const BufferId id : result_.outputs) uses_[index(id)].last = now();
    result_.buffers = place_buffers(uses_);
    return std::move(result_);
  }

 private:
  struct Forms {
    BufferId ints = kNone;
    BufferId planes = kNone;
  };

  static size_t index(int32_t id) { return static_cast<size_t>(id); }
  const ir::Node& node(ir::NodeId id) const { return network_.nodes[index(id)]; }
  const ir::Shape& shape(ir::NodeId id) const { return node(id).type.shape; }
  const ir::Encoding* encoding(ir::NodeId id) const { return node(id).type.encoding(); }
  ir::NodeId input(ir::NodeId id) const { return node(id).inputs[0]; }
  Forms& forms(ir::NodeId id) { return forms_[index(id)]; }
  int32_t now() const { return static_cast<int32_t>(result_.steps.size()); }

  // Buffers are made for the step that is added next.
  BufferId buffer(int64_t bytes) {
    uses_.push_back({bytes, now(), now(), false});
    return static_cast<BufferId>(uses_.size()) - 1;
  }
  BufferId new_ints(ir::NodeId id) { return forms(id).ints = buffer(shape(id).elements() * 4); }
  BufferId new_planes(ir::NodeId id) {
    const ir::Shape& s = shape(id);
    return forms(id).planes = buffer(int64_t{s.height} * s.width * encoding(id)->planes() * words_for(s.channels) * 8);
  }

  void emit(Step step, std::initializer_list<BufferId> reads) {
    emit(std::move(step), std::span(reads.begin(), reads.size()));
  }
  void emit(Step step, std::span<const BufferId> reads) {
    for (const BufferId id : reads) uses_[index(id)].last = now();
    result_.steps.push_back(std::move(step));
  }

  /// The node's result as integers.
  BufferId ints(ir::NodeId id) {
    if (forms(id).ints == kNone) {
      const BufferId from = forms(id).planes;
      const BufferId to = new_ints(id);
      emit(UnpackStep{from, to, shape(id), Codec(*encoding(id))}, {from});
    }
    return forms(id).ints;
  }

  /// The node's result, which has an encoding, as planes.
  BufferId planes(ir::NodeId id) {
    if (forms(id).planes == kNone) {
      const BufferId from = forms(id).ints;
      const BufferId to = new_planes(id);
      emit(PackStep{from, to, shape(id), Codec(*encoding(id))}, {from});
    }
    return forms(id).planes;
  }

  /// True for a Dot that only a Threshold reads.
  bool is_fused(ir::NodeId dot) const {
    return readers_[index(dot)] == 1 && std::holds_alternative<ir::Threshold>(node(reader_[index(dot)]).layer);
  }

  void add(const ir::Input& layer, ir::NodeId id) {
    const BufferId image = buffer(layer.shape.elements() * 4);
    uses_[index(image)].outside = true;
    forms(id).ints = image;
    result_.inputs.push_back(image);
  }

  void add(const ir::Dot& layer, ir::NodeId id) {
    if (is_fused(id)) return;
    const BufferId from = planes(input(id));
    add_dot(layer, id, from, new_ints(id), std::nullopt);
  }

  void add_dot(const ir::Dot& layer, ir::NodeId id, BufferId from, BufferId to, std::optional<Thresholder> threshold) {
    DotStep step = make_dot(layer, *encoding(input(id)), shape(input(id)), shape(id));
    step.from = from;
    step.to = to;
    step.threshold = std::move(threshold);
    if (rows_bytes(step) != 0) step.rows = buffer(rows_bytes(step));
    emit(std::move(step), {from});
  }

  void add(const ir::Threshold& layer, ir::NodeId id) {
    const ir::NodeId source = input(id);
    const auto* dot = std::get_if<ir::Dot>(&node(source).layer);
    if (dot != nullptr && is_fused(source)) {
      const BufferId from = planes(input(source));
      add_dot(*dot, source, from, new_planes(id), Thresholder(layer, shape(id).channels, dot->groups));
      return;
    }
    const BufferId from = ints(source);
    const BufferId to = new_planes(id);
    emit(ThresholdStep{from, to, shape(id), Thresholder(layer, shape(id).channels, 1)}, {from});
  }

  void add(const ir::MaxPool& layer, ir::NodeId id) {
    const ir::Encoding* e = encoding(id);
    if (e == nullptr) return add_pool(layer.window, id, IntegerPoolStep::Kind::kMax);
    PlanePoolStep step{planes(input(id)), 0, shape(input(id)), shape(id), layer.window, Codec(*e), true, 0};
    step.to = new_planes(id);
    step.one_is_larger = e->coefficients[0] > 0;
    step.values = buffer(int64_t{shape(id).channels} * 2 * 4);
    const BufferId from = step.from;
    emit(std::move(step), {from});
  }

  void add(const ir::SumPool& layer, ir::NodeId id) { add_pool(layer.window, id, IntegerPoolStep::Kind::kSum); }

  void add_pool(const ir::Window& window, ir::NodeId id, IntegerPoolStep::Kind kind) {
    const BufferId from = ints(input(id));
    const BufferId to = new_ints(id);
    emit(IntegerPoolStep{from, to, shape(input(id)), shape(id), window, kind}, {from});
  }

  void add(const ir::Add& layer, ir::NodeId id) {
    AddStep step{{}, 0, shape(id).elements(), layer.multipliers};
    for (const ir::NodeId i : node(id).inputs) step.from.push_back(ints(i));
    step.to = new_ints(id);
    const std::vector<BufferId> from = step.from;
    emit(std::move(step), from);
  }

  void add(const ir::Concat& layer, ir::NodeId id) { add_layout(layer, id); }
  void add(const ir::Slice& layer, ir::NodeId id) { add_layout(layer, id); }
  void add(const ir::DepthToSpace& layer, ir::NodeId id) { add_layout(layer, id); }
  void add(const ir::Upsample& layer, ir::NodeId id) { add_layout(layer, id); }

  void add(const ir::Reshape& layer, ir::NodeId id) {
    if (!layer.channels_first && forms(input(id)).ints != kNone && forms(input(id)).planes == kNone) {
      forms(id).ints = forms(input(id)).ints;
      return;
    }
    add_layout(layer, id);
  }

  void add_layout(const ir::Layer& layer, ir::NodeId id) {
    bool as_planes = false;
    for (const ir::NodeId i : node(id).inputs) as_planes |= forms(i).planes != kNone;
    LayoutStep step{{}, 0, {}, shape(id), as_planes ? encoding(id)->planes() : 0, layer};
    for (const ir::NodeId i : node(id).inputs) {
      step.from.push_back(as_planes ? planes(i) : ints(i));
      step.in.push_back(shape(i));
    }
    step.to = as_planes ? new_planes(id) : new_ints(id);
    const std::vector<BufferId> from = step.from;
    emit(std::move(step), from);
  }

  void add(const ir::Output&, ir::NodeId id) { forms(id) = forms(input(id)); }

  void add(const ir::TopK& layer, ir::NodeId id) {
    TopKStep step;
    step.from = ints(input(id));
    step.to = new_ints(id);
    step.channels = shape(input(id)).channels;
    step.k = layer.k;
    if (const auto* output = std::get_if<ir::Output>(&node(input(id)).layer)) step.reals = *output;
    step.order = buffer(int64_t{step.channels} * 4);
    step.keys = buffer(int64_t{step.channels} * 8);
    const BufferId from = step.from;
    emit(std::move(step), {from});
  }

  const ir::Network& network_;
  std::vector<Forms> forms_;
  std::vector<int32_t> readers_;    // of each node's result, among the nodes that an output needs
  std::vector<ir::NodeId> reader_;  // one of them
  std::vector<BufferUse> uses_;
  Compiled result_;
};

}  // namespace

Compiled compile(const ir::Network& network) { return Compiler(network).compile(); }

}  // namespace bitloom::engine
