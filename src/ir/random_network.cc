// SPDX-License-Identifier: Apache-2.0
//
// Random networks: a trunk of Dot layers, with everything else in between where it fits. About half of them are fully
// connected, since there a bit of width costs little and the words of a packed row are what goes wrong most.
#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "bitloom/ir.h"
#include "random.h"
#include "random_layer.h"

namespace bitloom::ir {
namespace {

constexpr int32_t kMaxChannels = 260;  // that joining and rearranging may give a tensor, before it is flattened

class Generator {
 public:
  Generator(uint64_t seed, const RandomOptions& options) : random_(seed), options_(options) {
    network_.name = fmt::format("random{}", seed);
  }

  Network make() {
    const bool image = options_.max_image > 1 && random_.chance(1, 2);
    add(random_input(random_, input_shape(image)));
    const int32_t dots = random_.number(1, max_dots());
    while (dots_ < dots) {
      if (random_.chance(1, 3)) vary();
      dot();
      if (random_.chance(1, 3)) vary();
      if (random_.chance(3, 4)) threshold();
    }
    finish();
    return std::move(network_);
  }

 private:
  const TensorType& type(NodeId id) const { return network_.nodes[static_cast<size_t>(id)].type; }
  const TensorType& type() const { return type(last_); }
  const Shape& shape() const { return type().shape; }

  int32_t max_dots() const { return std::max(1, options_.max_layers); }

  NodeId append(Layer layer, std::vector<NodeId> inputs) {
    std::string name = fmt::format("{}{}", layer_name(layer), network_.nodes.size());
    return network_.add(std::move(name), std::move(layer), std::move(inputs));
  }
  void add(Layer layer) {
    const bool first = network_.nodes.empty();
    last_ = append(std::move(layer), first ? std::vector<NodeId>{} : std::vector<NodeId>{last_});
  }

  // Mostly few; sometimes just around the 64 bits of a word.
  int32_t channels(bool image) {
    constexpr std::array<int32_t, 8> kEdges = {1, 63, 64, 65, 127, 128, 129, 130};
    const bool wide_allowed = options_.max_channels >= 24;
    if (wide_allowed && random_.chance(1, image ? 12 : 4)) {
      return random_.pick(std::span<const int32_t>(kEdges).first(image ? 4 : kEdges.size()));
    }
    return random_.number(1, std::max(1, options_.max_channels));
  }

  Shape input_shape(bool image) {
    if (!image) return {1, 1, channels(false)};
    Shape result;
    result.height = random_.number(1, options_.max_image);
    result.width = random_.chance(1, 2) ? result.height : random_.number(1, options_.max_image);
    result.channels =
        random_.chance(1, 2) ? random_.number(1, std::min(3, std::max(1, options_.max_channels))) : channels(true);
    return result;
  }

  void threshold() {
    const Encoding encoding = random_encoding(random_);
    add(random_threshold(random_, type(), encoding));
  }

  void dot() {
    if (type().encoding() == nullptr) threshold();
    const NodeId source = last_;
    const bool image = shape().height > 1 || shape().width > 1;
    const Dot layer = random_dot(random_, type(), channels(image));
    add(layer);
    ++dots_;
    if (!options_.branches || dots_ == max_dots() || !random_.chance(1, 8)) return;
    ++dots_;
    // Two branches over one tensor that meet again.
    const NodeId twin = append(with_random_weights(random_, layer), {source});
    if (std::max(magnitude(type().range()), magnitude(type(twin).range())) <= kMaxSum) {
      last_ = append(Add{{multiplier(), multiplier()}}, {last_, twin});
    }
  }

  int32_t multiplier() {
    const int32_t size = random_.number(1, 3);
    return random_.chance(1, 3) ? -size : size;
  }

  // One layer that is neither Dot nor Threshold, if the one that is drawn fits.
  void vary() {
    switch (random_.between(0, options_.branches ? 9 : 5)) {
      case 0:
        return add(MaxPool{random_window(random_, shape(), WindowUse::kMaxPool)});
      case 1:
        return sum_pool(random_window(random_, shape(), WindowUse::kSumPool));
      case 2:
        return reshape();
      case 3:
        return depth_to_space();
      case 4:
        return upsample();
      case 5:
        return threshold();
      case 6:
        return slice();
      case 7:
        return concat();
      case 8:
        return add_earlier();
      default:
        return second_input();
    }
  }

  void sum_pool(const Window& window) {
    if (int64_t{window.kernel_h} * window.kernel_w * magnitude(type().range()) <= kMaxSum) add(SumPool{window});
  }

  void reshape() {
    const Shape from = shape();
    const bool channels_first = random_.chance(1, 2);
    Shape to = {1, 1, static_cast<int32_t>(from.elements())};
    const auto kind = random_.between(0, 3);
    if (kind == 0) to = {from.width, from.height, from.channels};
    if (kind == 1 && from.channels % 2 == 0) to = {from.height, from.width * 2, from.channels / 2};
    if (kind == 2 && from.height % 2 == 0) to = {from.height / 2, from.width, from.channels * 2};
    if (to.channels <= kMaxChannels) add(Reshape{to, channels_first});
  }

  void depth_to_space() {
    const int32_t block = shape().channels % 9 == 0 ? 3 : 2;
    const bool fits = shape().channels % (block * block) == 0;
    if (fits && larger_image_fits(block, block)) add(DepthToSpace{block, random_.chance(1, 2)});
  }

  void upsample() {
    const int32_t factor_h = random_.number(1, 3);
    const int32_t factor_w = random_.chance(1, 2) ? factor_h : random_.number(1, 3);
    if (larger_image_fits(factor_h, factor_w)) add(Upsample{factor_h, factor_w});
  }

  bool larger_image_fits(int32_t factor_h, int32_t factor_w) const {
    const int32_t limit = std::max(4, options_.max_image);
    return shape().height * factor_h <= limit && shape().width * factor_w <= limit;
  }

  void slice() {
    const int32_t begin = random_.number(0, shape().channels - 1);
    add(Slice{begin, random_.number(begin + 1, shape().channels)});
  }

  // Nodes that could join the last one; it is among them itself.
  template <typename Fits>
  std::vector<NodeId> nodes_that(const Fits& fits) const {
    std::vector<NodeId> ids;
    for (NodeId id = 0; id <= last_; ++id) {
      if (fits(type(id))) ids.push_back(id);
    }
    return ids;
  }

  void concat() {
    const std::vector<NodeId> partners = nodes_that([this](const TensorType& other) {
      return other.element == type().element && other.shape.height == shape().height && other.shape.width == shape().width;
    });
    const NodeId second = random_.pick(partners);
    std::vector<NodeId> inputs = {last_, second};
    if (random_.chance(1, 4)) inputs.push_back(random_.pick(partners));
    int64_t sum = 0;
    for (const NodeId id : inputs) sum += type(id).shape.channels;
    if (sum <= kMaxChannels) last_ = append(Concat{}, std::move(inputs));
  }

  void add_earlier() {
    if (magnitude(type().range()) > kMaxSum) return;
    const std::vector<NodeId> partners = nodes_that(
        [this](const TensorType& other) { return other.shape == shape() && magnitude(other.range()) <= kMaxSum; });
    std::vector<NodeId> inputs = {last_, random_.pick(partners)};
    if (random_.chance(1, 4)) inputs.push_back(random_.pick(partners));
    std::vector<int32_t> multipliers;
    for (size_t i = 0; i < inputs.size(); ++i) multipliers.push_back(multiplier());
    last_ = append(Add{std::move(multipliers)}, std::move(inputs));
  }

  void second_input() {
    if (magnitude(type().range()) > kMaxSum) return;
    const NodeId other = append(random_input(random_, shape()), {});
    last_ = append(Add{{multiplier(), multiplier()}}, {last_, other});
  }

  // A classifier's end, or an image's.
  void finish() {
    if ((shape().height > 1 || shape().width > 1) && random_.chance(1, 2)) {
      if (random_.chance(1, 2)) {
        sum_pool({.kernel_h = shape().height, .kernel_w = shape().width});
      } else {
        add(Reshape{{1, 1, static_cast<int32_t>(shape().elements())}, random_.chance(1, 2)});
      }
      if (dots_ < max_dots()) dot();
    }
    extra_output();
    const bool top_k = shape().height == 1 && shape().width == 1 && random_.chance(1, 2);
    if (random_.chance(3, 4)) {
      add(random_output());
      if (!top_k || random_.chance(1, 2)) network_.outputs.push_back(last_);
    }
    if (top_k) add(TopK{random_.number(1, std::min(5, shape().channels))});
    if (network_.outputs.empty() || network_.outputs.back() != last_) network_.outputs.push_back(last_);
    name_classes();
  }

  // The result of some layer, besides what finish() returns.
  void extra_output() {
    if (!random_.chance(1, 4) || last_ == 0) return;
    const NodeId id = random_.number(1, last_);
    const bool is_input = std::holds_alternative<Input>(network_.nodes[static_cast<size_t>(id)].layer);
    if (!is_input && id != last_) network_.outputs.push_back(id);
  }

  Output random_output() {
    Output output;
    if (random_.chance(1, 2)) output.scale = reals(random_.chance(1, 2));
    if (random_.chance(1, 2)) output.offset = reals(random_.chance(1, 2));
    return output;
  }

  std::vector<double> reals(bool one) {
    std::vector<double> values(one ? 1 : static_cast<size_t>(shape().channels));
    for (double& value : values) value = static_cast<double>(random_.number(-1000, 1000)) / 300;
    return values;
  }

  void name_classes() {
    const NodeId last_output = network_.outputs.back();
    const Node& node = network_.nodes[static_cast<size_t>(last_output)];
    const NodeId scores = std::holds_alternative<TopK>(node.layer) ? node.inputs[0] : last_output;
    const Shape& result = type(scores).shape;
    if (result.height != 1 || result.width != 1 || result.channels > 20 || random_.chance(1, 2)) return;
    for (int32_t i = 0; i < result.channels; ++i) network_.classes.push_back(fmt::format("class {}", i));
  }

  Network network_;
  Random random_;
  RandomOptions options_;
  NodeId last_ = 0;
  int32_t dots_ = 0;
};

}  // namespace

Network random_network(uint64_t seed, const RandomOptions& options) { return Generator(seed, options).make(); }

std::vector<Tensor> random_inputs(const Network& network, int64_t images, uint64_t seed) {
  Random random(seed);
  std::vector<Tensor> tensors;
  for (const NodeId id : network.inputs()) {
    const TensorType& type = network.nodes[static_cast<size_t>(id)].type;
    const Range range = type.range();
    const std::vector<int32_t> levels = type.encoding() ? type.encoding()->levels() : std::vector<int32_t>{};
    Tensor tensor = Tensor::zeros(type.shape, images);
    for (int64_t image = 0; image < images; ++image) {
      // The ends of the range, alone and mixed, are where accumulators overflow and codes run out.
      const auto kind = random.between(0, 15);
      for (int32_t& value : tensor.image(image)) {
        if (kind <= 2) {
          const bool low = kind == 0 || (kind == 2 && random.chance(1, 2));
          value = low ? range.lowest : range.highest;
        } else {
          value = levels.empty() ? random.number(range.lowest, range.highest) : random.pick(levels);
        }
      }
    }
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

}  // namespace bitloom::ir
