// SPDX-License-Identifier: Apache-2.0
//
// A BNN-PYNQ parameter folder as a quant graph of ordinary operators. Tensors "acc_L" hold the original accumulators (the
// population count where both operands are bits) and "act_L" what the thresholds make of them, so that a graph can be
// compared with the accelerator layer by layer.
//
// The original thresholds compare strictly, MultiThreshold does not: acc > t is acc >= t + 1.
#include <algorithm>
#include <numeric>

#include "bnn_pynq_folder.h"
#include "graph_building.h"

namespace bitloom::frontend {
namespace {

using bnn_pynq::Folder;
using bnn_pynq::Layer;

// ONNX has convolution weights as [out][in][y][x] and the folder as [out][y][x][in].
Array conv_weights(const Layer& layer) {
  const int64_t kernel = layer.shape.kernel;
  const int64_t in = layer.shape.synapses / (kernel * kernel);
  Array weights{{layer.shape.neurons, in, kernel, kernel}, {}};
  weights.data.reserve(layer.weights.size());
  for (int64_t n = 0; n < layer.shape.neurons; ++n) {
    for (int64_t c = 0; c < in; ++c) {
      for (int64_t position = 0; position < kernel * kernel; ++position) {
        weights.data.push_back(layer.weights[static_cast<size_t>((n * kernel * kernel + position) * in + c)]);
      }
    }
  }
  return weights;
}

// MatMul has them as [in][out] and the folder as [out][in]; padding synapses beyond `inputs` are left out.
Array dense_weights(const Layer& layer, int32_t inputs) {
  Array weights{{inputs, layer.shape.neurons}, {}};
  weights.data.reserve(static_cast<size_t>(inputs) * static_cast<size_t>(layer.shape.neurons));
  for (int64_t s = 0; s < inputs; ++s) {
    for (int64_t n = 0; n < layer.shape.neurons; ++n) {
      weights.data.push_back(layer.weights[static_cast<size_t>(n * layer.shape.synapses + s)]);
    }
  }
  return weights;
}

Array thresholds_of(const Layer& layer) {
  Array thresholds{{layer.shape.neurons, layer.threshold_count}, {}};
  for (const int32_t t : layer.thresholds) thresholds.data.push_back(t + 1.0);
  for (auto row = thresholds.data.begin(); row != thresholds.data.end(); row += layer.threshold_count) {
    std::sort(row, row + layer.threshold_count);  // they are counted, so their order in the file means nothing
  }
  return thresholds;
}

// What to add to the sum of products (halved, if it is to become a population count) to have the original accumulator: half
// of the synapses for a population count, and what the padding synapses, whose input bit is 0, add in each neuron.
Array accumulator_offset(const Layer& layer, int32_t inputs, bool popcount) {
  Array offset{{layer.shape.neurons}, {}};
  for (int32_t n = 0; n < layer.shape.neurons; ++n) {
    const auto row = layer.weights.begin() + int64_t{n} * layer.shape.synapses;
    const int64_t padding = std::accumulate(row + inputs, row + layer.shape.synapses, int64_t{0});
    // A bit 0 agrees with a weight of -1 and, as a value, is -1.
    const double agreeing = static_cast<double>(layer.shape.synapses - inputs - padding) / 2;
    offset.data.push_back(popcount ? inputs / 2.0 + agreeing : static_cast<double>(-padding));
  }
  const bool uniform = std::equal(offset.data.begin() + 1, offset.data.end(), offset.data.begin());
  return uniform ? Array::scalar(offset.data[0]) : offset;
}

// Dot product of layer `index`, up to its accumulator.
void add_dot(Chain& chain, QuantGraph& graph, const Folder& folder, size_t index) {
  const Layer& layer = folder.layers[index];
  const bool fixed_point = folder.is_cnv && index == 0;  // pixels are in units of 1/128, thresholds of 1/256
  const bool popcount = folder.activation_bits == 1 && !fixed_point;
  const int32_t inputs = !folder.is_cnv && index == 0 ? bnn_pynq::kLfcPixels : layer.shape.synapses;
  const bool padded = inputs < layer.shape.synapses;
  const std::string acc = fmt::format("acc_{}", index);
  const std::string sum = fixed_point || popcount || padded ? fmt::format("sum_{}", index) : acc;
  const std::string weights = fmt::format("weights_{}", index);
  if (layer.shape.kernel == 0) {
    chain.add("MatMul", sum, {{weights, dense_weights(layer, inputs)}}).name = fmt::format("fc_{}", index);
  } else {
    GraphNode& conv = chain.add("Conv", sum, {{weights, conv_weights(layer)}});
    conv.name = fmt::format("conv_{}", index);
    conv.attributes["kernel_shape"] = std::vector<int64_t>{layer.shape.kernel, layer.shape.kernel};
  }
  graph.datatypes[weights] = folder.weight_bits == 1 ? "BIPOLAR" : "INT2";
  if (fixed_point) chain.add("Mul", acc, {{"double_" + acc, Array::scalar(2)}});
  if (popcount) chain.add("Mul", fmt::format("half_{}", index), {{"factor_" + acc, Array::scalar(0.5)}});
  if (popcount || padded) chain.add("Add", acc, {{"offset_" + acc, accumulator_offset(layer, inputs, popcount)}});
}

// The first `count` channels of a [batch, channels] tensor.
void add_slice(Chain& chain, const std::string& output, int64_t count) {
  chain
      .add("Slice", output,
           {{"starts_" + output, {{1}, {0}}},
            {"ends_" + output, {{1}, {static_cast<double>(count)}}},
            {"axes_" + output, {{1}, {1}}}})
      .name = "slice_" + output;
}

// An LFC's class is its highest output bit among the classes, 0 if none is set. Weighted with its number from 1, the
// highest bit is the greatest, and TopK takes the first of equals.
void add_lfc_class(Chain& chain, const Layer& last, int64_t classes) {
  Array rank{{classes}, std::vector<double>(static_cast<size_t>(classes))};
  std::iota(rank.data.begin(), rank.data.end(), 1.0);
  chain.add_thresholds("act_3", thresholds_of(last), 1, 0, "BINARY", "NC");
  add_slice(chain, "bits", classes);
  chain.add("Mul", "ranked", {{"rank", std::move(rank)}});
}

void add_top(Chain& chain) {
  GraphNode& node = chain.add("TopK", "class", {{"one", {{1}, {1}}}});
  node.outputs = {"top", "class"};
  node.attributes["axis"] = int64_t{-1};
}

void add_hidden_thresholds(Chain& chain, const Folder& folder, size_t index) {
  const Layer& layer = folder.layers[index];
  const bool bipolar = folder.activation_bits == 1;
  chain.add_thresholds(fmt::format("act_{}", index), thresholds_of(layer), bipolar ? 2 : 1, -1,
                       bipolar ? "BIPOLAR" : "TERNARY", layer.shape.kernel ? "NCHW" : "NC");
  if (!layer.shape.pool) return;
  GraphNode& pool = chain.add("MaxPool", fmt::format("pool_{}", index));
  pool.attributes = {{"kernel_shape", std::vector<int64_t>{2, 2}}, {"strides", std::vector<int64_t>{2, 2}}};
}

}  // namespace

QuantGraph read_bnn_pynq(const std::filesystem::path& path) {
  const Folder folder = bnn_pynq::read_folder(path);
  QuantGraph graph;
  graph.name = folder.name;
  graph.source = path.string();
  graph.format = "BNN-PYNQ";
  graph.classes = folder.classes;
  Chain chain(graph, "image");
  if (folder.is_cnv) {
    graph.inputs = {{"image", {1, 3, 32, 32}, "UINT8", "NCHW"}};
    chain.add_thresholds("pixels", fixed_point_pixel_thresholds(), 1, -128, "INT8", "NCHW");
  } else {
    graph.inputs = {{"image", {1, 28, 28, 1}, "UINT8", "NHWC"}};
    chain.add("Flatten", "flat");
    chain.add_thresholds("pixels", {{1, 1}, {128}}, 2, -1, "BIPOLAR", "NC");
  }
  graph.datatypes["image"] = "UINT8";
  bool flat = !folder.is_cnv;
  for (size_t i = 0; i < folder.layers.size(); ++i) {
    if (folder.layers[i].shape.kernel == 0 && !flat) {
      chain.add("Flatten", "flat");
      flat = true;
    }
    add_dot(chain, graph, folder, i);
    if (i + 1 < folder.layers.size()) add_hidden_thresholds(chain, folder, i);
  }
  const auto classes = static_cast<int64_t>(folder.classes.size());
  Chain logits = chain;
  add_slice(logits, "logits", classes);
  if (folder.is_cnv) {
    add_top(logits);
  } else {
    add_lfc_class(chain, folder.layers.back(), classes);
    add_top(chain);
  }
  graph.outputs = {"logits", "class"};
  verify(graph);
  return graph;
}

}  // namespace bitloom::frontend
