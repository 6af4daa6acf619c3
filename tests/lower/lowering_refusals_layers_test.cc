// SPDX-License-Identifier: Apache-2.0
//
// What the lowering says about products, pools and layout operators that it does not take. Every text is shown in full.
#include <gtest/gtest.h>

#include "lower/lowering_support.h"

namespace bitloom::lower::test {
namespace {

using frontend::QuantGraph;

/// The graph, and what is said about it after the source's name.
struct Refusal {
  QuantGraph graph;
  std::string text;
  bool mistake = false;  ///< the graph breaks the operator's own rules; else it is legal but not supported
};

void expect_refusal(const Refusal& refusal) {
  try {
    lower(refusal.graph);
    ADD_FAILURE() << "was lowered: " << refusal.text;
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), "m.onnx: " + refusal.text);
    EXPECT_EQ(dynamic_cast<const Unsupported*>(&error) == nullptr, refusal.mistake) << refusal.text;
  }
}

const Ints kFlat{1, 2};
const Ints kImage{1, 2, 4, 4};
const std::string kPending = "follows a Pad or Im2Col that only a convolution may follow";

Graph flat() { return Graph(kFlat, "INT4"); }
Graph image() { return Graph(kImage, "INT4"); }
Graph image_last() { return Graph({1, 4, 4, 2}, "INT4", "NHWC"); }

QuantGraph with(Graph g, const std::string& op, std::vector<Array> constants, Attributes attributes = {}) {
  std::vector<std::string> names;
  for (Array& constant : constants) names.push_back(g.constant(std::move(constant)));
  return g.then(op, names, std::move(attributes)).done();
}

Graph padded(Ints pads = {0, 0, 1, 1, 0, 0, 1, 1}) {
  Graph g = image();
  return g.then("Pad", {g.constant(vec({pads.begin(), pads.end()}))});
}

QuantGraph product_by(double scale, int bits, const Array& scale_shape, Array weights) {
  Graph g = flat();
  const std::string quantized =
      g.add("Quant", {g.constant(std::move(weights)), scale_shape.data.empty() ? g.scalar(scale) : g.constant(scale_shape),
                      g.scalar(0), g.scalar(bits)});
  g.from("x").then("MatMul", {quantized});
  return g.done();
}

QuantGraph per_channel_then_conv() {
  Graph g = image();
  const std::string scale = g.constant({{1, 2, 1, 1}, {1, 3}});
  return g.then("Quant", {scale, g.scalar(0), g.scalar(4)}).conv(signs({1, 2, 1, 1})).done();
}

Graph with_offset() {
  Graph g = image();
  return g.then("MultiThreshold", {g.constant({{1, 2}, {0, 1}})}, {{"out_bias", 0.3}});
}

TEST(LoweringLayerRefusals, of_products) {
  Graph left = flat();
  left.add("MatMul", {left.constant(signs({3, 1})), "x"});
  Graph bias = image();
  bias.then("Conv", {bias.constant(signs({2, 2, 1, 1})), bias.constant(vec({1, 2, 3}))}, {{"kernel_shape", Ints{1, 1}}});
  Graph dependent = flat();
  dependent.then("MatMul", {"x"});
  Graph wide(kFlat, "UINT16");
  Graph offset_input = with_offset();
  Graph summed({1, 2, 2, 1}, "UINT16");
  const Attributes patch{{"kernel_size", Ints{2, 2}}, {"stride", Ints{1, 1}}, {"input_shape", std::string("(1,4,4,2)")}};
  Attributes depthwise = patch, pad_value = patch;
  depthwise["depthwise"] = int64_t{1};
  pad_value["pad_value"] = int64_t{1};
  pad_value["pad_amount"] = Ints{1, 1, 1, 1};
  const Refusal table[] = {
      {product_by(1, 4, {{2, 1}, {1, 2}}, numbers({2, 3}, -3, 3)),
       "node 'n1' (MatMul): the weights of output channel 0 have more than one scale; one scale a tensor or an output "
       "channel is supported"},
      {with(flat(), "MatMul", {{{2, 1}, {0.5, 0.25}}}),
       "node 'n0' (MatMul): the weights are real numbers that no quantizer made; quantize them in training (Brevitas: "
       "weight_quant=...)"},
      {product_by(1e-3, 32, {}, {{2, 1}, {1, 99}}),
       "node 'n1' (MatMul): weight 1 of output channel 0 is 99, no multiple of its scale 0.001 within 16 bits"},
      {per_channel_then_conv(),
       "node 'n1' (Conv): mixes channels whose quantizers have different scales (1 and 3); use one scale a tensor for the "
       "activations"},
      {with(flat(), "MatMul", {{{2, 0}, {}}}),
       "node 'n0' (MatMul): 0 output channels, 2 weights each and 1 groups do not fit 2 input channels", true},
      {with_offset().conv(signs({1, 2, 3, 3}), {1, 1, 1, 1}).done(),
       "node 'n1' (Conv): pads with zeros a tensor on which zero is no multiple of half the scale (an offset lies "
       "between); "
       "quantize its input with a quantizer that has a zero"},
      {image_last().conv(signs({1, 2, 1, 1})).done(), "node 'n0' (Conv): needs an input in the layout NCHW or NCW"},
      {bias.done(), "node 'n0' (Conv): has 3 biases for 2 channels", true},
      {dependent.done(),
       "node 'n0' (MatMul): input 1 ('x') depends on the network's input; only a constant is supported here"},
      {with(flat(), "MatMul", {signs({1, 2, 3})}), "node 'n0' (MatMul): needs a weight matrix of 2 dimensions"},
      {with(image(), "MatMul", {signs({4, 3})}), "node 'n0' (MatMul): needs the channels as the last axis of its input"},
      {with(flat(), "MatMul", {signs({3, 4})}), "node 'n0' (MatMul): a matrix for 3 inputs meets a tensor with 2 channels",
       true},
      {left.done(), "node 'n0' (MatMul): has its weights on the left; transpose the product"},
      {with(flat(), "Gemm", {signs({2, 2})}, {{"transA", int64_t{1}}}),
       "node 'n0' (Gemm): transA = 1 would mix the images of a batch"},
      {with(Graph(kFlat), "Gemm", {signs({2, 2})}),
       "node 'n0' (Gemm): computes with real numbers: no quantizer lies between the graph's input and this product. "
       "Quantize the input in training (Brevitas: QuantIdentity as the first layer), or, if the inputs are 8-bit pixels, "
       "convert with --input pixels (real number = pixel / 255) or --input uint8"},
      {with(Graph(kFlat, "BINARY"), "XnorPopcountMatMul", {signs({1, 2, 2})}),
       "node 'n0' (XnorPopcountMatMul): needs a weight matrix of 2 dimensions"},
      {with(Graph(kFlat, "BINARY"), "XnorPopcountMatMul", {{{2, 1}, {0, -1}}}),
       "node 'n0' (XnorPopcountMatMul): has the weight -1, expected 0 or 1", true},
      {image().then("Im2Col", {}, patch).done(), "node 'n0' (Im2Col): needs an input in the layout NHWC"},
      {image_last().then("Im2Col", {}, depthwise).done(),
       "node 'n0' (Im2Col): depthwise = 1 is not supported; keep depthwise layers as Conv with groups"},
      {image_last().then("Im2Col", {}, pad_value).done(), "node 'n0' (Im2Col): pads with 1, only 0 is supported"},
      {image_last().then("Im2Col", {}, patch).bipolar().done(), "node 'n1' (BipolarQuant): " + kPending},
      {summed.then("ReduceSum", {}, {{"axes", Ints{2, 3}}}, 11).conv(signs({1, 2, 1, 1})).done(),
       "node 'n1' (Conv): takes integers from 0 to 131070, more than 16 bits; put a quantizer in front"},
      {with(wide, "MatMul", {{{2, 1}, {60000, 60000}}}),
       "node 'n0' (dot): the accumulator of output channel 0 can leave int32 (weights from 0 to 120000 "
       "in all, inputs 0 to 65535)",
       true},
  };
  for (const Refusal& refusal : table) expect_refusal(refusal);
}

TEST(LoweringLayerRefusals, of_pools) {
  const Attributes two{{"kernel_shape", Ints{2, 2}}, {"strides", Ints{2, 2}}};
  Attributes border = two, whole = two;
  border["pads"] = Ints{1, 1, 1, 1};
  whole["pads"] = Ints{1, 1, 1, 1};
  whole["count_include_pad"] = int64_t{1};
  Graph indices = image();
  indices.add("MaxPool", {"x"}, two, 13, 2);
  const Refusal table[] = {
      {image_last().then("MaxPool", {}, two).done(), "node 'n0' (MaxPool): needs an input in the layout NCHW"},
      {image().then("MaxPoolNHWC", {}, two).done(), "node 'n0' (MaxPoolNHWC): needs an input in the layout NHWC"},
      {Graph({1, 2, 4, 4}).then("MaxPool", {}, two).done(),
       "node 'n0' (MaxPool): pools real numbers before they are quantized; quantize the input first"},
      {Graph({1, 2, 4, 4}).then("AveragePool", {}, two).done(),
       "node 'n0' (AveragePool): computes with real numbers: no quantizer lies between the graph's input and this pool. "
       "Quantize the input in training (Brevitas: QuantIdentity as the first layer), or, if the inputs are 8-bit pixels, "
       "convert with --input pixels (real number = pixel / 255) or --input uint8"},
      {indices.done(), "node 'n0' (MaxPool): its second output (indices) is not supported"},
      {padded().then("MaxPool", {}, two).done(), "node 'n1' (MaxPool): " + kPending},
      {padded().then("AveragePool", {}, two).done(), "node 'n1' (AveragePool): " + kPending},
      {image().then("AveragePool", {}, border).done(),
       "node 'n0' (AveragePool): averages over windows of different sizes at the border; set count_include_pad = 1 or drop "
       "the padding"},
      {with_offset().then("AveragePool", {}, whole).done(),
       "node 'n1' (AveragePool): pads with zeros a tensor on which zero is no multiple of the scale; quantize its input "
       "with a quantizer that has a zero"},
      {image().then("ReduceMean", {}, {{"axes", Ints{1}}}, 13).done(),
       "node 'n0' (ReduceMean): is supported over all of height and width, and nothing else"},
      {image().then("ReduceMean", {}, {{"axes", Ints{2}}}, 13).done(),
       "node 'n0' (ReduceMean): is supported over all of height and width, and nothing else"},
  };
  for (const Refusal& refusal : table) expect_refusal(refusal);
}

QuantGraph joined(Graph g, const std::string& left, const std::string& right, int64_t axis = 1) {
  g.add("Concat", {left, right}, {{"axis", axis}});
  return g.done();
}

TEST(LoweringLayerRefusals, of_concat_slice_and_split) {
  Graph layouts = image();
  layouts.then("Transpose", {}, {{"perm", Ints{0, 2, 3, 1}}});
  Graph accumulators = flat();
  accumulators.matmul(signs({2, 2}));
  Graph constant = flat();
  const std::string c = constant.constant(iota({1, 2}));
  Graph far = flat();
  const std::string low = far.quant(8, 1, {.is_signed = false, .zero_point = 65535}).x();
  far.from("x").then("MultiThreshold", {far.constant({{1, 1}, {0}})}, {{"out_scale", 10.0}, {"out_bias", 65000.0}});
  Graph split = image();
  split.add("Split", {"x"}, {{"axis", int64_t{2}}}, 11, 2);
  const Array zero = vec({0}), one = vec({1});
  const Refusal table[] = {
      {joined(image(), "x", "x", 2), "node 'n0' (Concat): joins along another axis than the channels"},
      {joined(layouts, "x", layouts.x()), "node 'n1' (Concat): joins tensors of different layouts"},
      {joined(accumulators, accumulators.x(), accumulators.x()),
       "node 'n1' (Concat): joins accumulators; quantize each branch before the Concat"},
      {joined(far, low, far.x()),
       "node 'n2' (Concat): joins integers from -65535 to 65010, more than 16 bits; quantize the branches to like ranges"},
      {joined(constant, "x", c),
       "node 'n0' (Concat): input 1 ('c0') is a constant; only a tensor that depends on the network's input is supported "
       "here"},
      {with(Graph(kFlat), "Slice", {zero, one, one}),
       "node 'n0' (Slice): slices real numbers before they are quantized; quantize the input first"},
      {with(image(), "Slice", {zero, one, vec({2})}),
       "node 'n0' (Slice): slices another axis than the channels, or with a step"},
      {with(image(), "Slice", {zero, vec({2}), one, vec({2})}),
       "node 'n0' (Slice): slices another axis than the channels, or with a step"},
      {split.done(), "node 'n0' (Split): splits another axis than the channels"},
  };
  for (const Refusal& refusal : table) expect_refusal(refusal);
}

TEST(LoweringLayerRefusals, of_layout) {
  Graph scaled = image();
  scaled.then("Mul", {scaled.constant({{2, 1, 1}, {1, 2}})});
  Graph last = image();
  last.then("Transpose", {}, {{"perm", Ints{0, 2, 3, 1}}});
  Graph blocks({1, 4, 2, 2}, "INT4");
  blocks.then("Mul", {blocks.constant({{4, 1, 1}, {1, 2, 3, 4}})});
  Graph values = flat();
  values.add("TopK", {"x", values.constant(vec({1}))}, {}, 13, 2);
  const Attributes last_index{{"axis", int64_t{1}}, {"select_last_index", int64_t{1}}};
  const Refusal table[] = {
      {image().then("Transpose", {}, {{"perm", Ints{1, 0, 2, 3}}}).done(),
       "node 'n0' (Transpose): moves the batch axis; keep it first"},
      {with(scaled, "Reshape", {vec({1, 4, 2, 4})}),
       "node 'n1' (Reshape): reshapes a tensor with a scale a channel; quantize it first"},
      {with(image(), "Reshape", {vec({1, 4, 8})}),
       "node 'n0' (Reshape): reshapes [1, 2, 4, 4] to [1, 4, 8]; flattening to [1, features] and reshapes to [1, channels, "
       "height, width] are supported"},
      {padded().then("Flatten").done(), "node 'n1' (Flatten): " + kPending},
      {padded().bipolar().done(), "node 'n1' (BipolarQuant): " + kPending},
      {with(image_last(), "Pad", {vec({0, 1, 1, 0, 0, 1, 1, 0})}), "node 'n0' (Pad): needs an input in the layout NCHW"},
      {with(image(), "Pad", {vec({0, 0, 1, 1, 0, 0, 1, 1}), Array::scalar(0.5)}),
       "node 'n0' (Pad): pads with 0.5; only 0 is supported"},
      {padded({0, 1, 0, 0, 0, 0, 0, 0}).done(), "node 'n0' (Pad): pads the batch or the channels"},
      {padded({0, 0, 65000, 0, 0, 0, 0, 0}).then("Pad", {"c0"}).done(),
       "node 'n1' (Pad): pads by 130000; 65536 is the most"},
      {last.then("DepthToSpace", {}, {{"blocksize", int64_t{2}}}).done(),
       "node 'n1' (DepthToSpace): needs an input in the layout NCHW"},
      {blocks.then("DepthToSpace", {}, {{"blocksize", int64_t{2}}}).done(),
       "node 'n1' (DepthToSpace): rearranges channels that have a scale each; quantize before it"},
      {with(Graph(kImage), "Upsample", {vec({1, 1, 2, 2})}, {{"mode", std::string("nearest")}}),
       "node 'n0' (Upsample): needs a quantized input in the layout NCHW"},
      {with(image(), "Upsample", {vec({1, 2, 2, 2})}, {{"mode", std::string("nearest")}}),
       "node 'n0' (Upsample): enlarges the batch or the channels"},
      {image().then("ArgMax", {}, {{"axis", int64_t{1}}}).done(),
       "node 'n0' (ArgMax): is supported over the channels of a fully connected output only"},
      {flat().then("ArgMax", {}, last_index).done(),
       "node 'n0' (ArgMax): is supported for the largest values with ties to the lowest index only"},
      {with(flat(), "TopK", {vec({1})}, {{"largest", int64_t{0}}}),
       "node 'n0' (TopK): is supported for the largest values with ties to the lowest index only"},
      {values.then("Relu").done(), "node 'n1' (Relu): reads 'n0_out', a result that bitloom does not compute"},
  };
  for (const Refusal& refusal : table) expect_refusal(refusal);
}

}  // namespace
}  // namespace bitloom::lower::test
