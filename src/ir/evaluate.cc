// SPDX-License-Identifier: Apache-2.0
//
// The reference executor: what each layer means, as a formula for one element of its result.
//
// Nothing here is fast and nothing is clever. Sums are exact in int64, and every result is checked against the type that
// infer_type promised. Whatever runs a network faster agrees with this file bit for bit.
#include <algorithm>
#include <numeric>

#include "bitloom/ir.h"

namespace bitloom::ir {
namespace {

/// What the node at hand is made from.
struct Context {
  const Network& network;
  const Node& node;
  std::vector<const Tensor*> inputs;

  /// Element (y, x, channel) of an image of an input.
  int64_t at(size_t input, int64_t image, int32_t y, int32_t x, int32_t c) const {
    const Tensor& t = *inputs[input];
    return t.values[static_cast<size_t>(((image * t.shape.height + y) * t.shape.width + x) * t.shape.channels + c)];
  }
  const Shape& shape() const { return inputs[0]->shape; }

  /// The result whose element (y, x, c) of an image is formula(image, y, x, c).
  template <typename Formula>
  Tensor each(Formula formula) const {
    const auto [height, width, channels] = node.type.shape;
    const auto [lowest, highest] = node.type.range();
    Tensor result{node.type.shape, inputs[0]->images, {}};
    for (int64_t image = 0; image < result.images; ++image) {
      for (int32_t y = 0; y < height; ++y) {
        for (int32_t x = 0; x < width; ++x) {
          for (int32_t c = 0; c < channels; ++c) {
            const int64_t value = formula(image, y, x, c);
            BITLOOM_CHECK(value >= lowest && value <= highest);
            result.values.push_back(static_cast<int32_t>(value));
          }
        }
      }
    }
    return result;
  }
};

/// Calls visit(tap, y, x) for each tap of the window at position (oy, ox) that lies inside the image.
template <typename Visit>
void for_each_tap(const Window& w, const Shape& image, int32_t oy, int32_t ox, Visit visit) {
  for (int32_t ky = 0; ky < w.kernel_h; ++ky) {
    for (int32_t kx = 0; kx < w.kernel_w; ++kx) {
      const int64_t y = int64_t{oy} * w.stride_h - w.pad_top + int64_t{ky} * w.dilation_h;
      const int64_t x = int64_t{ox} * w.stride_w - w.pad_left + int64_t{kx} * w.dilation_w;
      const bool inside = y >= 0 && y < image.height && x >= 0 && x < image.width;
      if (inside) visit(int64_t{ky} * w.kernel_w + kx, static_cast<int32_t>(y), static_cast<int32_t>(x));
    }
  }
}

/// Values of the weights, row after row.
std::vector<int32_t> decode(const Dot& dot) {
  std::vector<int32_t> values;
  for (int64_t row = 0; row < dot.weights.rows(); ++row) {
    for (int64_t k = 0; k < dot.weights.columns(); ++k) values.push_back(dot.encoding.value(dot.weights.code(row, k)));
  }
  return values;
}

Tensor result_of(const Dot& dot, const Context& in) {
  const std::vector<int32_t> weights = decode(dot);
  const int32_t group_in = in.shape().channels / dot.groups, group_out = in.node.type.shape.channels / dot.groups;
  return in.each([&](int64_t image, int32_t oy, int32_t ox, int32_t n) {
    const int32_t first = n / group_out * group_in;
    int64_t sum = 0;
    for_each_tap(dot.window, in.shape(), oy, ox, [&](int64_t tap, int32_t y, int32_t x) {
      const int64_t row = n * dot.weights.columns() + tap * group_in;
      for (int32_t c = 0; c < group_in; ++c) {
        sum += weights[static_cast<size_t>(row + c)] * in.at(0, image, y, x, first + c);
      }
    });
    return sum;
  });
}

Tensor result_of(const Threshold& layer, const Context& in) {
  const std::vector<int32_t> levels = layer.encoding.levels();
  const size_t steps = levels.size() - 1;
  return in.each([&](int64_t image, int32_t y, int32_t x, int32_t c) {
    const auto row = static_cast<size_t>(layer.rows == 1 ? 0 : c);
    const int64_t value = in.at(0, image, y, x, c);
    size_t reached = 0;
    for (size_t i = 0; i < steps; ++i) reached += value >= layer.thresholds[row * steps + i] ? 1 : 0;
    return levels[layer.descending[row] ? steps - reached : reached];
  });
}

Tensor result_of(const MaxPool& layer, const Context& in) {
  return in.each([&](int64_t image, int32_t oy, int32_t ox, int32_t c) {
    int64_t largest = kMinValue;
    for_each_tap(layer.window, in.shape(), oy, ox,
                 [&](int64_t, int32_t y, int32_t x) { largest = std::max(largest, in.at(0, image, y, x, c)); });
    return largest;
  });
}

Tensor result_of(const SumPool& layer, const Context& in) {
  return in.each([&](int64_t image, int32_t oy, int32_t ox, int32_t c) {
    int64_t sum = 0;
    for_each_tap(layer.window, in.shape(), oy, ox, [&](int64_t, int32_t y, int32_t x) { sum += in.at(0, image, y, x, c); });
    return sum;
  });
}

Tensor result_of(const Add& add, const Context& in) {
  return in.each([&](int64_t image, int32_t y, int32_t x, int32_t c) {
    int64_t sum = 0;
    for (size_t i = 0; i < in.inputs.size(); ++i) sum += add.multipliers[i] * in.at(i, image, y, x, c);
    return sum;
  });
}

Tensor result_of(const Concat&, const Context& in) {
  return in.each([&](int64_t image, int32_t y, int32_t x, int32_t c) {
    size_t i = 0;
    for (; c >= in.inputs[i]->shape.channels; ++i) c -= in.inputs[i]->shape.channels;
    return in.at(i, image, y, x, c);
  });
}

Tensor result_of(const Slice& slice, const Context& in) {
  return in.each([&](int64_t image, int32_t y, int32_t x, int32_t c) { return in.at(0, image, y, x, slice.begin + c); });
}

Tensor result_of(const Reshape& layer, const Context& in) {
  const Shape from = in.shape(), to = layer.shape;
  return in.each([&](int64_t image, int32_t y, int32_t x, int32_t c) {
    if (layer.channels_first) {
      const int32_t i = (c * to.height + y) * to.width + x;
      return in.at(0, image, i / from.width % from.height, i % from.width, i / (from.width * from.height));
    }
    const int32_t i = (y * to.width + x) * to.channels + c;
    return in.at(0, image, i / (from.channels * from.width), i / from.channels % from.width, i % from.channels);
  });
}

Tensor result_of(const DepthToSpace& layer, const Context& in) {
  const int32_t block = layer.block, channels = in.node.type.shape.channels;
  return in.each([&](int64_t image, int32_t y, int32_t x, int32_t c) {
    const int32_t offset = y % block * block + x % block;
    const int32_t from = layer.column_row_depth ? c * block * block + offset : offset * channels + c;
    return in.at(0, image, y / block, x / block, from);
  });
}

Tensor result_of(const Upsample& layer, const Context& in) {
  return in.each([&](int64_t image, int32_t y, int32_t x, int32_t c) {
    return in.at(0, image, y / layer.factor_h, x / layer.factor_w, c);
  });
}

Tensor result_of(const Output&, const Context& in) { return *in.inputs[0]; }

Tensor result_of(const TopK& layer, const Context& in) {
  const Node& source = in.network.nodes[static_cast<size_t>(in.node.inputs[0])];
  const Output* output = std::get_if<Output>(&source.layer);
  Tensor result{in.node.type.shape, in.inputs[0]->images, {}};
  for (int64_t image = 0; image < result.images; ++image) {
    const std::vector<double> scores = reals(output ? *output : Output{}, in.inputs[0]->image(image));
    std::vector<int32_t> order(scores.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, std::ranges::greater(), [&](int32_t i) { return scores[static_cast<size_t>(i)]; });
    result.values.insert(result.values.end(), order.begin(), order.begin() + layer.k);
  }
  return result;
}

Tensor result_of(const Input&, const Context& in) { return *in.inputs[0]; }

/// The results of all nodes. The network and the inputs have been checked.
std::vector<Tensor> results(const Network& network, std::span<const Tensor> inputs) {
  std::vector<Tensor> tensors;
  tensors.reserve(network.nodes.size());  // contexts point into it
  size_t next_input = 0;
  for (const Node& node : network.nodes) {
    Context context{network, node, {}};
    for (const NodeId input : node.inputs) context.inputs.push_back(&tensors[static_cast<size_t>(input)]);
    if (std::holds_alternative<Input>(node.layer)) context.inputs.push_back(&inputs[next_input++]);
    tensors.push_back(std::visit([&](const auto& layer) { return result_of(layer, context); }, node.layer));
  }
  return tensors;
}

}  // namespace

std::vector<Tensor> evaluate_all(const Network& network, std::span<const Tensor> inputs) {
  verify(network);
  check_inputs(network, inputs);
  return results(network, inputs);
}

std::vector<Tensor> evaluate(const Network& network, std::span<const Tensor> inputs) {
  constexpr int64_t kBatch = 16;  // enough to decode the weights seldom, few enough to hold every node's result
  verify(network);
  check_inputs(network, inputs);
  std::vector<Tensor> outputs;
  for (const NodeId id : network.outputs) outputs.push_back({network.nodes[static_cast<size_t>(id)].type.shape, 0, {}});
  for (int64_t begin = 0; begin < inputs[0].images; begin += kBatch) {
    std::vector<Tensor> batch;
    for (const Tensor& input : inputs) {
      const int64_t images = std::min(kBatch, input.images - begin), elements = input.shape.elements();
      const auto first = input.values.begin() + begin * elements;
      batch.push_back({input.shape, images, {first, first + images * elements}});
    }
    const std::vector<Tensor> tensors = results(network, batch);
    for (size_t i = 0; i < outputs.size(); ++i) {
      const Tensor& tensor = tensors[static_cast<size_t>(network.outputs[i])];
      outputs[i].images += tensor.images;
      outputs[i].values.insert(outputs[i].values.end(), tensor.values.begin(), tensor.values.end());
    }
  }
  return outputs;
}

}  // namespace bitloom::ir
