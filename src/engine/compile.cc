// SPDX-License-Identifier: Apache-2.0
//
// Network -> steps over buffers. A node's result exists as integers, as planes, or as both: whoever needs a form that is
// not there yet has it converted, once. Decisions made here:
//
//   * nodes that no output needs are left out;
//   * a Threshold that alone reads a Dot becomes part of it, and so does a MaxPool 2 x 2 that alone reads that, so that the
//     accumulators are never stored;
//   * -1, 0, 1 is two's complement inside, as nonzero and negative bits (kTernary in dot_kernel.h), and zero is no bits;
//   * layers that only move elements work on the form that is there, planes if both are;
//   * Output, and a Reshape that keeps the order of the elements, of integers is the same buffer again.
#include "compile.h"

#include <initializer_list>
#include <span>
#include <utility>

#include "bits.h"
#include "dot_form.h"

namespace bitloom::engine {
namespace {

constexpr BufferId kNone = -1;

class Compiler {
 public:
  Compiler(const ir::Network& network, const Kernels& kernels)
      : network_(network),
        kernels_(kernels),
        forms_(network.nodes.size()),
        readers_(network.nodes.size()),
        reader_(network.nodes.size()),
        encodings_(network.nodes.size()) {
    for (size_t i = 0; i < network.nodes.size(); ++i) {
      const ir::Encoding* e = network.nodes[i].type.encoding();
      if (e != nullptr)
        encodings_[i] = e->levels() == std::vector<int32_t>{-1, 0, 1} ? ir::Encoding::signed_bits(2, true) : *e;
    }
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
    for (const Step& step : result_.steps) {
      if (const auto* dot = std::get_if<DotStep>(&step)) {
        for (InputBuffer& in : result_.inputs) in.fill |= in.to == dot->from && dot->reads_past_end();
        result_.scratch_bytes = std::max(result_.scratch_bytes, dot->scratch_bytes());
        result_.parameter_bytes += dot->parameter_bytes();
      }
    }
    result_.images_in_flight = images_in_flight();
    return std::move(result_);
  }

 private:
  struct Forms {
    BufferId ints = kNone;
    BufferId bytes = kNone;
    BufferId planes = kNone;
  };

  static size_t index(int32_t id) { return static_cast<size_t>(id); }
  const ir::Node& node(ir::NodeId id) const { return network_.nodes[index(id)]; }
  const ir::Shape& shape(ir::NodeId id) const { return node(id).type.shape; }
  const ir::Encoding* encoding(ir::NodeId id) const {
    const auto& e = encodings_[index(id)];
    return e ? &*e : nullptr;
  }
  ir::NodeId input(ir::NodeId id) const { return node(id).inputs[0]; }
  Forms& forms(ir::NodeId id) { return forms_[index(id)]; }
  int32_t now() const { return static_cast<int32_t>(result_.steps.size()); }

  // Buffers are made for the step that is added next.
  BufferId buffer(int64_t bytes) {
    uses_.push_back({bytes, now(), now()});
    return static_cast<BufferId>(uses_.size()) - 1;
  }
  BufferId new_ints(ir::NodeId id) { return forms(id).ints = buffer(shape(id).elements() * 4); }
  BufferId byte_buffer(ir::NodeId id) { return buffer(shape(id).elements() + kPastEnd); }
  BufferId new_planes(ir::NodeId id) {
    const ir::Shape& s = shape(id);
    return forms(id).planes = buffer(int64_t{s.height} * s.width * encoding(id)->planes() * words_for(s.channels) * 8);
  }

  void emit(ir::NodeId id, Step step, std::initializer_list<BufferId> reads) {
    emit(id, std::move(step), std::span(reads.begin(), reads.size()));
  }
  void emit(ir::NodeId id, Step step, std::span<const BufferId> reads) {
    for (const BufferId from : reads) uses_[index(from)].last = now();
    StepInfo info{node(id).name, describe(step), 0,
                  uses_[index(std::visit([](const auto& s) { return s.to; }, step))].bytes};
    for (const BufferId from : reads) info.bytes += uses_[index(from)].bytes;
    if (const auto* dot = std::get_if<DotStep>(&step)) {
      info.operations = 2 * dot->out.elements() * dot->window.kernel_h * dot->window.kernel_w * dot->group_in();
      info.bytes += dot->parameter_bytes();
    }
    result_.infos.push_back(std::move(info));
    result_.steps.push_back(std::move(step));
  }

  /// The node's result as integers.
  BufferId ints(ir::NodeId id) {
    if (forms(id).ints == kNone && forms(id).bytes != kNone) {
      const BufferId from = forms(id).bytes;
      const BufferId to = new_ints(id);
      emit(id, WidenStep{from, to, shape(id).elements(), byte_offset(node(id).type.range())}, {from});
    }
    if (forms(id).ints == kNone) {
      const BufferId from = forms(id).planes;
      const BufferId to = new_ints(id);
      emit(id, UnpackStep{from, to, shape(id), Codec(*encoding(id))}, {from});
    }
    return forms(id).ints;
  }

  /// The node's result, which has an encoding, as planes.
  BufferId planes(ir::NodeId id) {
    if (forms(id).planes == kNone) {
      const BufferId from = ints(id);
      const BufferId to = new_planes(id);
      emit(id, PackStep{from, to, shape(id), Codec(*encoding(id))}, {from});
    }
    return forms(id).planes;
  }

  /// The node's result as bytes; it fits_bytes.
  BufferId bytes(ir::NodeId id) {
    if (forms(id).bytes == kNone) {
      const BufferId from = ints(id);
      const BufferId to = forms(id).bytes = byte_buffer(id);
      emit(id, NarrowStep{from, to, shape(id).elements(), byte_offset(node(id).type.range())}, {from});
    }
    return forms(id).bytes;
  }

  template <typename Layer>
  const Layer* only_reader(ir::NodeId id) const {
    return readers_[index(id)] == 1 ? std::get_if<Layer>(&node(reader_[index(id)]).layer) : nullptr;
  }

  /// True for a Dot that becomes one with the Threshold that reads it.
  bool is_fused(ir::NodeId id) const {
    const auto* dot = std::get_if<ir::Dot>(&node(id).layer);
    if (dot == nullptr || only_reader<ir::Threshold>(id) == nullptr) return false;
    // Kernels write codes in whole blocks, and change the signs of accumulators.
    return (dot->groups == 1 || shape(id).channels / dot->groups % kBlock == 0) &&
           node(id).type.range().lowest > ir::kMinValue;
  }

  /// True for a Threshold that became one with its Dot and does so with the MaxPool that reads it.
  bool is_pooled(ir::NodeId threshold) const {
    const auto* pool = only_reader<ir::MaxPool>(threshold);
    const ir::Window halving{.kernel_h = 2, .kernel_w = 2, .stride_h = 2, .stride_w = 2};
    return pool != nullptr && pool->window == halving && is_fused(input(threshold));
  }

  void add(const ir::Input& layer, ir::NodeId id) {
    const ir::Range range = node(id).type.range();
    const bool are_bytes = range.lowest >= 0 && range.highest <= 255;
    const BufferId image = are_bytes ? byte_buffer(id) : buffer(layer.shape.elements() * 4);
    uses_[index(image)].first = 0;  // filled before the first step
    (are_bytes ? forms(id).bytes : forms(id).ints) = image;
    result_.inputs.push_back({image, are_bytes});
  }

  void add(const ir::Dot& layer, ir::NodeId id) {
    if (is_fused(id)) return;
    const BufferId from = dot_input(layer, id);
    add_dot(layer, id, id, from, new_ints(id), nullptr);
  }

  BufferId dot_input(const ir::Dot& layer, ir::NodeId id) {
    const ir::NodeId source = input(id);
    const bool by_value = choose_form(layer, *encoding(source), kernels_) == DotForm::kValues;
    return by_value ? bytes(source) : planes(source);
  }

  /// A Dot whose result, after `threshold` if there is one, and a pool if `last` is one, is that of node `last`.
  void add_dot(const ir::Dot& layer, ir::NodeId id, ir::NodeId last, BufferId from, BufferId to,
               const ir::Threshold* threshold) {
    const bool pooled = std::holds_alternative<ir::MaxPool>(node(last).layer);
    DotStep step = make_dot(layer, *encoding(input(id)), shape(input(id)), shape(id), threshold, pooled, kernels_);
    step.from = from;
    step.to = to;
    emit(last, std::move(step), {from});
  }

  /// A Dot with its Threshold, up to node `last`.
  void add_codes(ir::NodeId threshold, ir::NodeId last) {
    const ir::NodeId id = input(threshold);
    const auto& dot = std::get<ir::Dot>(node(id).layer);
    ir::Threshold layer = std::get<ir::Threshold>(node(threshold).layer);
    layer.encoding = *encoding(threshold);
    const BufferId from = dot_input(dot, id);
    add_dot(dot, id, last, from, new_planes(last), &layer);
  }

  void add(const ir::Threshold& layer, ir::NodeId id) {
    const ir::NodeId source = input(id);
    if (is_fused(source)) {
      if (!is_pooled(id)) add_codes(id, id);
      return;
    }
    if (forms(source).bytes != kNone && layer.thresholds.size() == 1 && encoding(id)->planes() == 1) {
      const BufferId from = forms(source).bytes;
      const uint32_t reached = encoding(id)->level_codes()[1];
      const int64_t threshold = int64_t{layer.thresholds[0]} - byte_offset(node(source).type.range());
      ByteThresholdStep step{from,
                             new_planes(id),
                             shape(id),
                             static_cast<int32_t>(std::clamp<int64_t>(threshold, 0, 256)),
                             (reached == 1) == (layer.descending[0] != 0),
                             kernels_.reached};
      return emit(id, step, {from});
    }
    if (forms(source).bytes != kNone && layer.rows == 1 && fits_bytes(node(id).type.range())) return add_lookup(layer, id);
    const BufferId from = ints(source);
    const BufferId to = new_planes(id);
    ir::Threshold own = layer;
    own.encoding = *encoding(id);
    emit(id, ThresholdStep{from, to, shape(id), Thresholder(own, shape(id).channels, 1)}, {from});
  }

  void add_lookup(const ir::Threshold& layer, ir::NodeId id) {
    const std::vector<int32_t> levels = layer.encoding.levels();
    const int32_t from_offset = byte_offset(node(input(id)).type.range()), to_offset = byte_offset(node(id).type.range());
    LookupStep step{forms(input(id)).bytes, byte_buffer(id), shape(id).elements(), {}};
    for (int32_t byte = 0; byte < 256; ++byte) {
      auto level =
          static_cast<size_t>(std::ranges::upper_bound(layer.thresholds, byte + from_offset) - layer.thresholds.begin());
      if (layer.descending[0] != 0) level = levels.size() - 1 - level;
      step.table[static_cast<size_t>(byte)] = static_cast<uint8_t>(levels[level] - to_offset);
    }
    forms(id).bytes = step.to;
    emit(id, step, {step.from});
  }

  void add(const ir::MaxPool& layer, ir::NodeId id) {
    if (std::holds_alternative<ir::Threshold>(node(input(id)).layer) && is_pooled(input(id)))
      return add_codes(input(id), id);
    const ir::Encoding* e = encoding(id);
    if (e == nullptr) return add_pool(layer.window, id, IntegerPoolStep::Kind::kMax);
    PlanePoolStep step{planes(input(id)), 0, shape(input(id)), shape(id), layer.window, Codec(*e), true, 0};
    step.to = new_planes(id);
    step.one_is_larger = e->coefficients[0] > 0;
    step.values = buffer(int64_t{shape(id).channels} * 2 * 4);
    const BufferId from = step.from;
    emit(id, std::move(step), {from});
  }

  void add(const ir::SumPool& layer, ir::NodeId id) { add_pool(layer.window, id, IntegerPoolStep::Kind::kSum); }

  void add_pool(const ir::Window& window, ir::NodeId id, IntegerPoolStep::Kind kind) {
    const BufferId from = ints(input(id));
    const BufferId to = new_ints(id);
    emit(id, IntegerPoolStep{from, to, shape(input(id)), shape(id), window, kind}, {from});
  }

  void add(const ir::Add& layer, ir::NodeId id) {
    AddStep step{{}, 0, shape(id).elements(), layer.multipliers};
    for (const ir::NodeId i : node(id).inputs) step.from.push_back(ints(i));
    step.to = new_ints(id);
    const std::vector<BufferId> from = step.from;
    emit(id, std::move(step), from);
  }

  void add(const ir::Concat& layer, ir::NodeId id) { add_layout(layer, id); }
  void add(const ir::Slice& layer, ir::NodeId id) { add_layout(layer, id); }
  void add(const ir::DepthToSpace& layer, ir::NodeId id) { add_layout(layer, id); }
  void add(const ir::Upsample& layer, ir::NodeId id) { add_layout(layer, id); }

  void add(const ir::Reshape& layer, ir::NodeId id) {
    const Forms& source = forms(input(id));
    if (!layer.channels_first && source.bytes != kNone && source.planes == kNone) {
      forms(id).bytes = source.bytes;
      return;
    }
    if (!layer.channels_first && source.ints != kNone && source.planes == kNone) {
      forms(id).ints = source.ints;
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
    emit(id, std::move(step), from);
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
    emit(id, std::move(step), {from});
  }

  /// So many that fully connected layers share their weights over images, and no more than the second cache holds.
  int64_t images_in_flight() const {
    constexpr int64_t kSecondCache = 256 * 1024;
    return std::clamp<int64_t>(kSecondCache / std::max<int64_t>(result_.buffers.bytes, 1) / kTile * kTile, kTile, 64);
  }

  const ir::Network& network_;
  const Kernels& kernels_;
  std::vector<Forms> forms_;
  std::vector<int32_t> readers_;                        // of each node's result, among the nodes that an output needs
  std::vector<ir::NodeId> reader_;                      // one of them
  std::vector<std::optional<ir::Encoding>> encodings_;  // of each node's result inside the engine
  std::vector<BufferUse> uses_;
  Compiled result_;
};

}  // namespace

Compiled compile(const ir::Network& network, const Kernels& kernels) { return Compiler(network, kernels).compile(); }

}  // namespace bitloom::engine
