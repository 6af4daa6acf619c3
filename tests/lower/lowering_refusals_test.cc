// SPDX-License-Identifier: Apache-2.0
//
// What the lowering says about graphs that it does not take: inputs and outputs, chains, quantizers. Products, pools and
// layout are in lowering_refusals_layers_test.cc. Every text is shown in full.
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "lower/lowering_support.h"

namespace bitloom::lower::test {
namespace {

using frontend::QuantGraph;

enum Kind { kError, kUnsupported };

struct Refusal {
  const char* name;
  Kind kind;
  QuantGraph graph;
  std::string text;
  Options options = {};
};

void expect_refusal(const Refusal& refusal) {
  SCOPED_TRACE(refusal.name);
  try {
    lower(refusal.graph, refusal.options);
    ADD_FAILURE() << "was lowered";
  } catch (const Unsupported& error) {
    EXPECT_EQ(error.what(), "m.onnx: " + refusal.text);
    EXPECT_EQ(refusal.kind, kUnsupported);
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), "m.onnx: " + refusal.text);
    EXPECT_EQ(refusal.kind, kError);
  }
}

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const Ints kFlat{1, 2};
const Ints kImage{1, 2, 4, 4};

QuantGraph quantized_input(Ints shape, std::string datatype = "", std::string layout = "") {
  return Graph(std::move(shape), std::move(datatype), std::move(layout)).bipolar().done();
}

QuantGraph two_real_inputs() {
  Graph g(kFlat);
  g.input("y", kFlat);
  return g.bipolar().done();
}

TEST(LoweringRefusals, of_inputs_and_outputs) {
  Graph constant_output(kFlat, "INT4");
  constant_output.add("Neg", {constant_output.scalar(1)});
  Graph unknown(kFlat, "INT4");
  unknown.then("Einsum");
  const Refusal table[] = {
      {"dimensions", kUnsupported, quantized_input({1, 2, 3, 4, 5}),
       "input 'x' has 5 dimensions; inputs of 1 to 4 are supported"},
      {"layout", kUnsupported, quantized_input({1, 2, 3, 4}, "INT4", "NCDW"),
       "input 'x' has the layout NCDW; letters N, C, H, W are supported"},
      {"open size", kError, quantized_input({1, -1}),
       "input 'x': dimension 1 has no fixed size; export the model for inputs of one size"},
      {"size zero", kError, quantized_input({1, 0}), "input 'x': dimension 1 is 0, expected 1 to 268435456"},
      {"fixed batch", kUnsupported, quantized_input({4, 2}),
       "input 'x' has a fixed batch of 4; export the model with a batch of 1 (bitloom runs any number of images)"},
      {"annotation", kUnsupported, quantized_input(kFlat, "FIXED<8,4>"),
       "input 'x' is annotated FIXED<8,4>; BIPOLAR, BINARY, TERNARY and (U)INT1 to 16 are supported"},
      {"wide annotation", kUnsupported, quantized_input(kFlat, "UINT32"),
       "input 'x' is annotated UINT32; BIPOLAR, BINARY, TERNARY and (U)INT1 to 16 are supported"},
      {"two real inputs", kUnsupported, two_real_inputs(),
       "inputs 'x' and 'y' are both real numbers; one such input is supported"},
      {"constant output", kUnsupported, constant_output.done(),
       "node 'n0_out' (graph output): does not depend on the network's input"},
      {"real output", kUnsupported, Graph(kFlat).then("Relu").done(),
       "node 'n0_out' (graph output): computes with real numbers: no quantizer lies between the graph's input and this "
       "output. Quantize the input in training (Brevitas: QuantIdentity as the first layer), or, if the inputs are 8-bit "
       "pixels, convert with --input pixels (real number = pixel / 255) or --input uint8"},
      {"unknown operator", kUnsupported, unknown.done(),
       "node 'n0' (Einsum): this operator is not supported; `bitloom convert --report` lists what became of the others, "
       "and docs/user/models.md what is supported"},
  };
  for (const Refusal& refusal : table) expect_refusal(refusal);
}

QuantGraph two_branches(const std::string& op, double left_scale, double right_scale) {
  Graph g(kFlat, "INT8");
  const std::string left = g.quant(4, left_scale).x();
  g.from("x").quant(4, right_scale);
  g.add(op, {left, g.x()});
  return g.done();
}

QuantGraph different_shapes() {
  Graph g({1, 3}, "INT4");
  const std::string left = g.matmul(signs({3, 2})).x();
  g.from("x").matmul(signs({3, 4}));
  g.add("Add", {left, g.x()});
  return g.done();
}

Graph with_channels_last() { return Graph(kImage, "INT4", "NHWC"); }

TEST(LoweringRefusals, of_functions_of_one_number_and_sums) {
  Graph vary(kImage, "INT4");
  vary.then("Mul", {vary.constant(iota({4}))});
  Graph reciprocal(kFlat, "INT4");
  reciprocal.add("Div", {reciprocal.scalar(1), "x"});
  Graph norm = with_channels_last();
  norm.batch_norm({1, 1}, {0, 0}, {0, 0}, {1, 1});
  Graph prelu(kFlat, "INT4");
  prelu.then("PRelu", {prelu.constant(vec({0.5, -0.5}))});
  const Attributes negative{{"alpha", -0.5}};
  const std::string not_monotone =
      "is not monotone in its input, so it cannot become thresholds; only sums, differences, "
      "products and quotients by a constant, Min and Max are supported";
  const Refusal table[] = {
      {"varies along the width", kUnsupported, vary.done(),
       "node 'n0' (Mul): a constant of shape [4] meets a tensor of shape [1, 2, 4, 4]; only one value, or one a channel, "
       "is supported"},
      {"reciprocal", kUnsupported, reciprocal.done(), "node 'n0' (Div): " + not_monotone},
      {"two activations", kUnsupported, two_branches("Mul", 1, 1),
       "node 'n2' (Mul): combines two tensors that depend on the input; only Add and Sub of such tensors are supported"},
      {"shapes", kUnsupported, different_shapes(),
       "node 'n2' (Add): adds tensors of shapes [1, 2] and [1, 4]; only equal shapes are supported"},
      {"scales", kUnsupported, two_branches("Add", 1, std::sqrt(2)),
       "node 'n2' (Add): adds two branches whose scales (1 and 1.4142135623730951) have no common step; let both branches "
       "end in one shared quantizer, as Brevitas's ResNet example does"},
      {"batch norm", kUnsupported, norm.done(), "node 'n0' (BatchNormalization): needs the channels as axis 1"},
      {"cast", kUnsupported, Graph(kFlat, "INT4").then("Cast", {}, {{"to", int64_t{7}}}).done(),
       "node 'n0' (Cast): casts to an integer type; use a quantizer"},
      {"leaky", kUnsupported, Graph(kFlat, "INT4").then("LeakyRelu", {}, negative).done(),
       "node 'n0' (LeakyRelu): has a negative alpha, so it is not monotone and cannot become thresholds"},
      {"sigmoid", kUnsupported, Graph(kFlat, "INT4").then("HardSigmoid", {}, negative).done(),
       "node 'n0' (HardSigmoid): has a negative alpha"},
      {"prelu", kUnsupported, prelu.done(),
       "node 'n0' (PRelu): channel 1 has the slope -0.5; a negative one is not monotone and cannot become thresholds"},
      {"abs", kUnsupported, Graph(kFlat, "INT4").then("Abs").done(),
       "node 'n0' (Abs): is not monotone, so it cannot become thresholds"},
      {"softmax of an image", kUnsupported, Graph(kImage, "INT4").then("Softmax", {}, {{"axis", int64_t{1}}}).done(),
       "node 'n0' (Softmax): is supported over the channels of a fully connected output only"},
      {"softmax then quantizer", kUnsupported, Graph(kFlat, "INT4").then("Softmax").bipolar().done(),
       "node 'n1' (BipolarQuant): follows a Softmax, which only the network's output may follow"},
      {"softmax then product", kUnsupported, Graph(kFlat, "INT4").then("Softmax").matmul(signs({2, 2})).done(),
       "node 'n1' (MatMul): follows a Softmax, which only the network's output may follow"},
      {"relu then product", kUnsupported, Graph(kFlat, "INT4").then("Relu").matmul(signs({2, 2})).done(),
       "node 'n1' (MatMul): needs integers, but 'n0' before it is a nonlinear function with no quantizer behind it; put a "
       "quantizer between them"},
      {"missing operand", kError, Graph(kFlat, "INT4").then("Add", {""}).done(), "node 'n0' (Add): input 1 is missing"},
  };
  for (const Refusal& refusal : table) expect_refusal(refusal);
}

QuantGraph reals_quantized_twice() {
  Graph g(kFlat);
  const std::string left = g.quant(4).x();
  g.from("x").quant(2);
  g.add("Add", {left, g.x()});
  return g.done();
}

QuantGraph reals_scaled_per_feature() {
  Graph g({1, 2, 1, 2});
  g.then("Flatten");
  const std::string scale = g.constant(vec({1, 2, 3, 4}));
  g.then("Quant", {scale, g.scalar(0), g.scalar(4)});
  return g.done();
}

// Behind both reshapes channel c is what channels 0 and 1 of column c were.
QuantGraph reals_scaled_per_moved_channel() {
  Graph g({1, 2, 3, 1});
  g.then("Transpose", {}, {{"perm", Ints{0, 2, 3, 1}}});
  g.then("Reshape", {g.constant(vec({1, 6}))});
  g.then("Reshape", {g.constant(vec({1, 2, 3, 1}))});
  const std::string scale = g.constant({{1, 2, 1, 1}, {1, 2}});
  g.then("Quant", {scale, g.scalar(0), g.scalar(4)});
  return g.done();
}

QuantGraph thresholds(Array table, Attributes attributes, Ints shape = kFlat) {
  Graph g(std::move(shape), "INT4");
  g.then("MultiThreshold", {g.constant(std::move(table))}, std::move(attributes));
  return g.done();
}

QuantGraph too_many_thresholds() {
  Graph g({1, 4200}, "INT4");
  g.then("Mul", {g.constant(iota({4200}))}).quant(16);
  return g.done();
}

TEST(LoweringRefusals, of_quantizers) {
  Graph infinite(kFlat, "UINT1");
  infinite.then("Mul", {infinite.scalar(kInfinity)}).quant(2);
  Graph huge(kFlat, "INT4");
  huge.then("Mul", {huge.scalar(1e6)}).then("Floor");
  Graph scales(kFlat, "INT4");
  scales.then("Quant", {scales.x(), scales.scalar(0), scales.scalar(4)});
  Graph trunc(kFlat, "INT4");
  trunc.then("Trunc", {trunc.scalar(0), trunc.scalar(0), trunc.scalar(4), trunc.scalar(2)}, {}, 1);
  const Refusal table[] = {
      {"first quantizer without bits", kUnsupported, Graph(kFlat).then("Floor").done(),
       "node 'n0' (Floor): is the first quantizer of real numbers but has no bit width; use a Quant or BipolarQuant here"},
      {"scale a feature", kUnsupported, reals_scaled_per_feature(),
       "node 'n1' (Quant): quantizes the input with a scale a feature after a reshape; quantize before the reshape"},
      {"scale a moved channel", kUnsupported, reals_scaled_per_moved_channel(),
       "node 'n3' (Quant): quantizes the input with a scale a feature after a reshape; quantize before the reshape"},
      {"two quantizers of one input", kUnsupported, reals_quantized_twice(),
       "node 'n1' (Quant): is a second quantizer of the same real input; let both branches share one quantizer"},
      {"pool between negative scales", kUnsupported,
       Graph(kImage, "INT4").then("Neg").max_pool(2, 2).then("Neg").bipolar().done(),
       "node 'n3' (BipolarQuant): a max-pool lies between two negative scales; put the quantizer directly before or after "
       "the pool"},
      {"pool behind a negative scale", kUnsupported,
       Graph(kImage, "INT4").then("Neg").max_pool(2, 2).conv(signs({1, 2, 1, 1})).done(),
       "node 'n2' (Conv): follows a max-pool over channels with a negative scale; put a quantizer before the pool"},
      {"not a number", kError, infinite.done(),
       "node 'n1': channel 0 evaluates to 'not a number' for the integer 0; check its scale and the batch-norm variance "
       "before it"},
      {"results beyond 16 bits", kUnsupported, huge.done(),
       "node 'n1': its results reach from -8000000 to 7000000, more than the 16 bits that a code may have; quantize to "
       "fewer bits"},
      {"too many thresholds", kUnsupported, too_many_thresholds(),
       "node 'n1': 4200 channels with 65536 levels need too many thresholds"},
      {"bits", kUnsupported, Graph(kFlat, "INT4").quant(17).done(),
       "node 'n0' (Quant): quantizes an activation to 17 bits; 1 to 16 are supported"},
      {"half a bit", kUnsupported,
       [] {
         Graph g(kFlat, "INT4");
         return g.then("Quant", {g.scalar(1), g.scalar(0), g.scalar(2.5)}).done();
       }(),
       "node 'n0' (Quant): bit width is 2.5; only whole numbers of bits are handled"},
      {"single level", kUnsupported, Graph(kFlat, "INT4").quant(1, 1, {.is_signed = false, .narrow = true}).done(),
       "node 'n0' (Quant): has a single level (1 bits, narrow)"},
      {"scale zero", kError, Graph(kFlat, "INT4").quant(4, 0).done(),
       "node 'n0' (Quant): scale is 0, but must be finite and not 0"},
      {"trunc scale zero", kError, trunc.done(), "node 'n0' (Trunc): scale is 0, but must be finite and not 0"},
      {"scale depends on the input", kUnsupported, scales.done(),
       "node 'n0' (Quant): input 1 ('x') depends on the network's input; only a constant is supported here"},
      {"thresholds along the width", kUnsupported,
       thresholds(iota({4, 2}), {{"data_layout", std::string("NHWC")}}, {1, 2, 4, 4}),
       "node 'n0' (MultiThreshold): has thresholds along an axis that is not the channels; check data_layout"},
      {"out_scale zero", kUnsupported, thresholds(iota({1, 2}), {{"out_scale", 0.0}}),
       "node 'n0' (MultiThreshold): has 2 thresholds and an out_scale of 0; 1 to 65535 thresholds and another scale than 0 "
       "are supported"},
  };
  for (const Refusal& refusal : table) expect_refusal(refusal);
}

}  // namespace
}  // namespace bitloom::lower::test
