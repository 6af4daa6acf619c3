// SPDX-License-Identifier: Apache-2.0
//
// What the ONNX reader makes of good files and of the odd ones that exporters write.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "onnx_building.h"

namespace bitloom::frontend {
namespace {

using namespace test;
using onnx::AttributeProto;
using onnx::TensorProto;

TEST(Onnx, small_model_is_read_whole) {
  const QuantGraph graph = read_model(small_model());
  EXPECT_EQ(graph.name, "small");
  EXPECT_EQ(graph.source, "m.onnx");
  EXPECT_EQ(graph.format, "QONNX");
  ASSERT_EQ(graph.inputs.size(), 1);
  EXPECT_EQ(graph.inputs[0].name, "x");
  EXPECT_EQ(graph.inputs[0].shape, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(graph.outputs, std::vector<std::string>{"y"});
  EXPECT_EQ(graph.constants.at("w"), (Array{{2, 3}, {1, -1, 1, -1, 1, -1}}));
  EXPECT_EQ(graph.constants.at("s"), Array::scalar(0.5));
  ASSERT_EQ(graph.nodes.size(), 2);
  EXPECT_EQ(graph.nodes[0].opset, 9);
  EXPECT_EQ(graph.nodes[1].domain, "onnx.brevitas");
  EXPECT_EQ(graph.nodes[1].opset, 1) << "the domain is not imported";
}

TEST(Onnx, every_quantizer_domain_and_its_opset_are_kept) {
  onnx::ModelProto model = small_model();
  auto* import = model.add_opset_import();
  import->set_domain("qonnx.custom_op.general");
  import->set_version(2);
  model.mutable_graph()->mutable_node(1)->set_domain("qonnx.custom_op.general");
  model.mutable_graph()->mutable_node(0)->set_domain("ai.onnx");
  const QuantGraph graph = read_model(model);
  EXPECT_EQ(graph.nodes[1].domain, "qonnx.custom_op.general");
  EXPECT_EQ(graph.nodes[1].opset, 2);
  EXPECT_EQ(graph.nodes[0].opset, 9) << "ai.onnx is the default domain";
}

TEST(Onnx, initializers_listed_as_inputs_are_constants) {
  onnx::ModelProto model = small_model();
  add_input(model, "w", {2, 3});
  EXPECT_EQ(read_model(model).inputs.size(), 1);
}

TEST(Onnx, names_with_colons_slashes_digits_and_letters_of_all_languages_are_kept) {
  onnx::ModelProto model = small_model();
  model.mutable_graph()->mutable_node(0)->set_name("onnx::Add_0/Größe/層/😀");
  EXPECT_EQ(read_model(model).nodes[0].name, "onnx::Add_0/Größe/層/😀");
}

TEST(Onnx, nodes_without_names_and_with_equal_names_get_names_of_their_own) {
  onnx::ModelProto model = small_model();
  model.mutable_graph()->mutable_node(0)->set_name("");
  model.mutable_graph()->mutable_node(1)->set_name("same");
  add_node(model, "same", "Relu", {"y"}, {"z"});
  add_node(model, "same", "Relu", {"z"}, {"v"});
  add_node(model, "same_2", "Relu", {"v"}, {"u"});
  std::vector<std::string> names;
  for (const GraphNode& node : read_model(model).nodes) names.push_back(node.name);
  EXPECT_EQ(names, (std::vector<std::string>{"MatMul_0", "same", "same_3", "same_4", "same_2"}));
}

TEST(Onnx, nodes_out_of_order_are_sorted_and_others_keep_their_order) {
  onnx::ModelProto model = small_model();
  model.mutable_graph()->mutable_node()->SwapElements(0, 1);
  add_node(model, "free", "Relu", {"x"}, {"f"});
  std::vector<std::string> names;
  for (const GraphNode& node : read_model(model).nodes) names.push_back(node.name);
  EXPECT_EQ(names, (std::vector<std::string>{"dot", "sign", "free"}));
}

TEST(Onnx, nodes_that_no_output_needs_are_kept) {
  onnx::ModelProto model = small_model();
  add_node(model, "idle", "Relu", {"x"}, {"unused"});
  EXPECT_EQ(read_model(model).nodes.size(), 3);
}

TEST(Onnx, open_sizes_are_minus_one) {
  onnx::ModelProto model = small_model();
  auto* shape = model.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type()->mutable_shape();
  shape->mutable_dim(0)->set_dim_param("batch");
  shape->add_dim();
  shape->add_dim()->set_dim_value(0);
  shape->add_dim()->set_dim_value(-1);
  EXPECT_EQ(read_model(model).inputs[0].shape, (std::vector<int64_t>{-1, 2, -1, -1, -1}));
}

TEST(Onnx, annotations_give_datatypes_and_layouts) {
  onnx::ModelProto model = small_model();
  annotate(model, "x", "finn_datatype", "BIPOLAR");
  annotate(model, "x", "tensor_layout", "['N', 'C']");
  annotate(model, "x", "tensor_sparsity", "{}");
  annotate(model, "a", "finn_datatype", "INT3");
  const QuantGraph graph = read_model(model);
  EXPECT_EQ(graph.inputs[0].datatype, "BIPOLAR");
  EXPECT_EQ(graph.inputs[0].layout, "NC");
  EXPECT_EQ(graph.datatypes, (std::map<std::string, std::string>{{"a", "INT3"}, {"x", "BIPOLAR"}}));
}

// --- attributes ------------------------------------------------------------------------------------------------------

TEST(OnnxAttributes, every_kind_is_read) {
  onnx::ModelProto model = small_model();
  auto* node = model.mutable_graph()->mutable_node(0);
  add_attribute(node, "i", AttributeProto::INT)->set_i(-7);
  add_attribute(node, "f", AttributeProto::FLOAT)->set_f(0.1F);
  add_attribute(node, "s", AttributeProto::STRING)->set_s("HALF_UP");
  auto* ints = add_attribute(node, "is", AttributeProto::INTS);
  ints->add_ints(3);
  ints->add_ints(std::numeric_limits<int64_t>::max());
  add_attribute(node, "fs", AttributeProto::FLOATS)->add_floats(1.5F);
  add_attribute(node, "ss", AttributeProto::STRINGS)->add_strings("NCHW");
  *add_attribute(node, "t", AttributeProto::TENSOR)->mutable_t() = floats("", {2}, {3, 4});
  add_attribute(node, "none", AttributeProto::INTS);
  const GraphNode read = read_model(model).nodes[0];
  EXPECT_EQ(read.integer("i", 0), -7);
  EXPECT_EQ(read.real("f", 0), static_cast<double>(0.1F));
  EXPECT_EQ(read.real("i", 0), -7);
  EXPECT_EQ(read.text("s", ""), "HALF_UP");
  EXPECT_EQ(read.integers("is", {}), (std::vector<int64_t>{3, std::numeric_limits<int64_t>::max()}));
  EXPECT_EQ(read.integers("none", {1}), std::vector<int64_t>{});
  EXPECT_EQ(read.attributes.at("fs"), Attribute(std::vector<double>{1.5}));
  EXPECT_EQ(read.attributes.at("ss"), Attribute(std::vector<std::string>{"NCHW"}));
  EXPECT_EQ(read.attributes.at("t"), Attribute(Array{{2}, {3, 4}}));
}

TEST(OnnxAttributes, kinds_that_the_file_does_not_say_are_seen_from_the_value) {
  onnx::ModelProto model = small_model();
  auto* node = model.mutable_graph()->mutable_node(0);
  add_attribute(node, "i", AttributeProto::UNDEFINED)->set_i(4);
  add_attribute(node, "s", AttributeProto::UNDEFINED)->set_s("x");
  add_attribute(node, "is", AttributeProto::UNDEFINED)->add_ints(5);
  const GraphNode read = read_model(model).nodes[0];
  EXPECT_EQ(read.integer("i", 0), 4);
  EXPECT_EQ(read.text("s", ""), "x");
  EXPECT_EQ(read.integers("is", {}), std::vector<int64_t>{5});
}

TEST(OnnxAttributes, what_cannot_be_read_is_refused_bad) {
  const auto refuse = [](auto edit) {
    onnx::ModelProto model = small_model();
    edit(model.mutable_graph()->mutable_node(0));
    return refusal(model);
  };
  EXPECT_EQ(refuse([](auto* node) { add_attribute(node, "body", AttributeProto::GRAPH)->mutable_g(); }),
            "m.onnx: node 'dot': attribute 'body' is a graph (If, Loop, Scan); export a model without control flow");
  EXPECT_EQ(refuse([](auto* node) { add_attribute(node, "sparse", AttributeProto::SPARSE_TENSOR); }),
            "m.onnx: node 'dot': attribute 'sparse' is of a kind that bitloom does not read (SPARSE_TENSOR)");
  EXPECT_EQ(refuse([](auto* node) { add_attribute(node, "a", AttributeProto::UNDEFINED); }),
            "m.onnx: node 'dot': attribute 'a' is of a kind that bitloom does not read (UNDEFINED)");
  EXPECT_EQ(refuse([](auto* node) { add_attribute(node, "a", AttributeProto::INT)->set_ref_attr_name("b"); }),
            "m.onnx: node 'dot': attribute 'a' refers to a function's attribute; inline functions before export");
  EXPECT_EQ(refuse([](auto* node) {
              add_attribute(node, "a", AttributeProto::INT);
              add_attribute(node, "a", AttributeProto::INT);
            }),
            "m.onnx: node 'dot' has attribute 'a' twice");
  EXPECT_EQ(
      refuse([](auto* node) {
        node->set_name("");
        add_attribute(node, "body", AttributeProto::GRAPH)->mutable_g();
      }),
      "m.onnx: node 'MatMul -> a': attribute 'body' is a graph (If, Loop, Scan); export a model without control flow");
}

// --- constants -------------------------------------------------------------------------------------------------------

Array read_constant(TensorProto tensor) {
  onnx::ModelProto model = small_model();
  tensor.set_name("c");
  add_constant(model, std::move(tensor));
  return read_model(model).constants.at("c");
}

std::string refused_constant(TensorProto tensor) {
  onnx::ModelProto model = small_model();
  tensor.set_name("c");
  add_constant(model, std::move(tensor));
  return refusal(model);
}

TEST(OnnxTensors, raw_data_of_every_type) {
  EXPECT_EQ(read_constant(floats("", {2}, {1.5F, -0.1F})).data, (std::vector<double>{1.5, static_cast<double>(-0.1F)}));
  EXPECT_EQ(read_constant(tensor<double>("", TensorProto::DOUBLE, {1}, {0.1})).data, std::vector<double>{0.1});
  EXPECT_EQ(read_constant(tensor<int8_t>("", TensorProto::INT8, {2}, {-128, 127})).data, (std::vector<double>{-128, 127}));
  EXPECT_EQ(read_constant(tensor<uint8_t>("", TensorProto::UINT8, {1}, {255})).data, std::vector<double>{255});
  EXPECT_EQ(read_constant(tensor<int16_t>("", TensorProto::INT16, {1}, {-32768})).data, std::vector<double>{-32768});
  EXPECT_EQ(read_constant(tensor<uint16_t>("", TensorProto::UINT16, {1}, {65535})).data, std::vector<double>{65535});
  EXPECT_EQ(read_constant(tensor<int32_t>("", TensorProto::INT32, {1}, {-5})).data, std::vector<double>{-5});
  EXPECT_EQ(read_constant(tensor<uint32_t>("", TensorProto::UINT32, {1}, {4294967295U})).data,
            std::vector<double>{4294967295.0});
  EXPECT_EQ(read_constant(tensor<int64_t>("", TensorProto::INT64, {1}, {-6})).data, std::vector<double>{-6});
  EXPECT_EQ(read_constant(tensor<uint64_t>("", TensorProto::UINT64, {1}, {6})).data, std::vector<double>{6});
  EXPECT_EQ(read_constant(tensor<uint8_t>("", TensorProto::BOOL, {3}, {0, 1, 2})).data, (std::vector<double>{0, 1, 1}));
}

TEST(OnnxTensors, half_and_bfloat_are_exact) {
  const double infinity = std::numeric_limits<double>::infinity();
  const Array half = read_constant(
      tensor<uint16_t>("", TensorProto::FLOAT16, {8}, {0x3c00, 0xc000, 0x3555, 0x0001, 0x8000, 0x7bff, 0x7c00, 0xfc00}));
  EXPECT_EQ(half.data, (std::vector<double>{1, -2, 0.333251953125, std::ldexp(1, -24), -0.0, 65504, infinity, -infinity}));
  EXPECT_TRUE(std::signbit(half.data[4]));
  EXPECT_TRUE(std::isnan(read_constant(tensor<uint16_t>("", TensorProto::FLOAT16, {}, {0x7e00})).data[0]));
  EXPECT_EQ(read_constant(tensor<uint16_t>("", TensorProto::BFLOAT16, {3}, {0x3f80, 0xc040, 0x0001})).data,
            (std::vector<double>{1, -3, std::ldexp(1, -133)}));
}

TEST(OnnxTensors, negative_zero_and_denormals_are_kept) {
  const Array array = read_constant(floats("", {2}, {-0.0F, 5.6e-45F}));
  EXPECT_TRUE(std::signbit(array.data[0]));
  EXPECT_EQ(array.data[1], std::ldexp(1, -147));
}

TEST(OnnxTensors, typed_lists_of_every_type) {
  const auto typed = [](TensorProto::DataType type, auto add) {
    TensorProto tensor;
    tensor.set_data_type(type);
    tensor.add_dims(1);
    add(tensor);
    return read_constant(tensor).data.at(0);
  };
  EXPECT_EQ(typed(TensorProto::FLOAT, [](auto& t) { t.add_float_data(2.5F); }), 2.5);
  EXPECT_EQ(typed(TensorProto::DOUBLE, [](auto& t) { t.add_double_data(0.1); }), 0.1);
  EXPECT_EQ(typed(TensorProto::FLOAT16, [](auto& t) { t.add_int32_data(0xc000); }), -2);
  EXPECT_EQ(typed(TensorProto::BFLOAT16, [](auto& t) { t.add_int32_data(0xc040); }), -3);
  EXPECT_EQ(typed(TensorProto::BOOL, [](auto& t) { t.add_int32_data(1); }), 1);
  EXPECT_EQ(typed(TensorProto::INT8, [](auto& t) { t.add_int32_data(-128); }), -128);
  EXPECT_EQ(typed(TensorProto::UINT8, [](auto& t) { t.add_int32_data(200); }), 200);
  EXPECT_EQ(typed(TensorProto::INT16, [](auto& t) { t.add_int32_data(-300); }), -300);
  EXPECT_EQ(typed(TensorProto::UINT16, [](auto& t) { t.add_int32_data(65535); }), 65535);
  EXPECT_EQ(typed(TensorProto::INT32, [](auto& t) { t.add_int32_data(-70000); }), -70000);
  EXPECT_EQ(typed(TensorProto::INT64, [](auto& t) { t.add_int64_data(-1); }), -1);
  EXPECT_EQ(typed(TensorProto::UINT32, [](auto& t) { t.add_uint64_data(4294967295U); }), 4294967295.0);
  EXPECT_EQ(typed(TensorProto::UINT64, [](auto& t) { t.add_uint64_data(7); }), 7);
}

TEST(OnnxTensors, empty_tensors_are_read) { EXPECT_EQ(read_constant(floats("", {0, 5}, {})), (Array{{0, 5}, {}})); }

TEST(OnnxTensors, integers_are_exact_or_refused_bad) {
  const int64_t limit = int64_t{1} << 53;
  const auto integers = [](std::vector<int64_t> values) {
    return tensor<int64_t>("", TensorProto::INT64, {static_cast<int64_t>(values.size())}, values);
  };
  EXPECT_EQ(read_constant(integers({limit, -limit})).data, (std::vector<double>{0x1p53, -0x1p53}));
  EXPECT_EQ(refused_constant(integers({limit + 1})),
            "m.onnx: initializer 'c' holds 9007199254740993, beyond the integers up to 2^53 that bitloom keeps exactly");
  EXPECT_EQ(refused_constant(integers({-limit - 1})),
            "m.onnx: initializer 'c' holds -9007199254740993, beyond the integers up to 2^53 that bitloom keeps exactly");
  EXPECT_NE(refused_constant(tensor<uint64_t>("", TensorProto::UINT64, {}, {~uint64_t{0}})), "");
}

TEST(OnnxTensors, to_the_end_of_a_slice_is_a_number_beyond_every_size) {
  const auto ends = tensor<int64_t>("", TensorProto::INT64, {2}, {INT64_MAX, INT64_MIN});
  EXPECT_EQ(read_constant(ends).data, (std::vector<double>{0x1p53, -0x1p53}));
}

TEST(OnnxTensors, wrong_sizes_are_refused_bad) {
  EXPECT_EQ(refused_constant(floats("", {3}, {1, 2})),
            "m.onnx: initializer 'c' has 3 elements by its shape, which is 12 bytes, but holds 8");
  TensorProto typed;
  typed.set_data_type(TensorProto::FLOAT);
  typed.add_dims(2);
  EXPECT_EQ(refused_constant(typed), "m.onnx: initializer 'c' has 2 elements by its shape, which is 2 values, but holds 0");
  EXPECT_EQ(refused_constant(floats("", {-1}, {1})), "m.onnx: initializer 'c' has a size of -1; sizes cannot be negative");
  EXPECT_EQ(refused_constant(floats("", {int64_t{1} << 62, 1 << 30}, {1})),
            "m.onnx: initializer 'c' is too large: one model's constants may have 268435456 elements together");
}

TEST(OnnxTensors, values_outside_their_type_are_refused_bad) {
  TensorProto typed;
  typed.set_data_type(TensorProto::INT8);
  typed.add_dims(1);
  typed.add_int32_data(200);
  EXPECT_EQ(refused_constant(typed), "m.onnx: initializer 'c' holds 200, which its element type INT8 does not have");
}

TEST(OnnxTensors, what_cannot_be_read_is_refused_bad) {
  TensorProto external = floats("", {1}, {});
  external.set_data_location(TensorProto::EXTERNAL);
  EXPECT_EQ(refused_constant(external),
            "m.onnx: initializer 'c' keeps its data in another file; export the model in one file (onnx.save with "
            "save_as_external_data=False)");
  EXPECT_EQ(refused_constant(tensor<char>("", TensorProto::STRING, {1}, {'x'})),
            "m.onnx: initializer 'c' has elements of type STRING; bitloom reads real numbers and integers");
  TensorProto unknown = floats("", {}, {1});
  unknown.set_data_type(99);
  EXPECT_EQ(refused_constant(unknown),
            "m.onnx: initializer 'c' has elements of type 99; bitloom reads real numbers and integers");
  TensorProto segment = floats("", {}, {1});
  segment.mutable_segment()->set_begin(0);
  EXPECT_EQ(refused_constant(segment), "m.onnx: initializer 'c' is stored in segments, which bitloom does not read");
}

TEST(OnnxConstants, every_form_becomes_a_constant) {
  onnx::ModelProto model = small_model();
  const auto add = [&](const std::string& name, AttributeProto::AttributeType type, auto set) {
    auto* attribute = add_attribute(add_node(model, "", "Constant", {}, {name}), "value", type);
    set(attribute);
  };
  add("t", AttributeProto::TENSOR, [](auto* a) { *a->mutable_t() = floats("", {1, 2}, {1, 2}); });
  add("f", AttributeProto::FLOAT, [](auto* a) { a->set_f(0.5F); });
  add("i", AttributeProto::INT, [](auto* a) { a->set_i(INT64_MAX); });
  add("fs", AttributeProto::FLOATS, [](auto* a) { a->add_floats(0.5F); });
  add("is", AttributeProto::INTS, [](auto* a) { a->add_ints(3); });
  const QuantGraph graph = read_model(model);
  EXPECT_EQ(graph.nodes.size(), 2);
  EXPECT_EQ(graph.constants.at("t"), (Array{{1, 2}, {1, 2}}));
  EXPECT_EQ(graph.constants.at("f"), Array::scalar(0.5));
  EXPECT_EQ(graph.constants.at("i"), Array::scalar(0x1p53));
  EXPECT_EQ(graph.constants.at("fs"), (Array{{1}, {0.5}}));
  EXPECT_EQ(graph.constants.at("is"), (Array{{1}, {3}}));
}

TEST(OnnxConstants, text_and_empty_constants_are_refused_bad) {
  onnx::ModelProto model = small_model();
  auto* node = add_node(model, "c", "Constant", {}, {"t"});
  EXPECT_EQ(refusal(model), "m.onnx: node 'c': Constant must have one attribute, one output and no input");
  add_attribute(node, "value_string", AttributeProto::STRING)->set_s("abc");
  EXPECT_EQ(refusal(model), "m.onnx: node 'c': the constant is text; bitloom reads numbers");
}

// --- structure -------------------------------------------------------------------------------------------------------

TEST(OnnxStructure, faults_are_named_bad) {
  const auto refuse = [](auto edit) {
    onnx::ModelProto model = small_model();
    edit(model, model.mutable_graph());
    return refusal(model);
  };
  EXPECT_EQ(refuse([](auto&, auto* graph) { graph->mutable_node(0)->set_input(0, "y"); }),
            "m.onnx: node 'dot' depends on its own output; a model's graph must not have cycles");
  EXPECT_EQ(refuse([](auto&, auto* graph) { graph->mutable_node(0)->set_input(0, "nowhere"); }),
            "m.onnx: node 'dot' reads tensor 'nowhere', which nothing defines");
  EXPECT_EQ(refuse([](auto& model, auto*) { add_output(model, "nowhere"); }),
            "m.onnx: output 'nowhere' is not defined by any node");
  EXPECT_EQ(refuse([](auto&, auto* graph) { graph->mutable_node(1)->set_input(0, "y"); }),
            "m.onnx: node 'sign' depends on its own output; a model's graph must not have cycles");
  EXPECT_EQ(refuse([](auto& model, auto*) { add_node(model, "n", "Relu", {"x"}, {"a"}); }),
            "m.onnx: tensor 'a' is defined twice");
  EXPECT_EQ(refuse([](auto& model, auto*) { add_constant(model, floats("w", {}, {1})); }),
            "m.onnx: tensor 'w' is defined twice");
  EXPECT_EQ(refuse([](auto& model, auto*) { add_constant(model, floats("", {}, {1})); }),
            "m.onnx: has a constant without a name");
  EXPECT_EQ(refuse([](auto&, auto* graph) { graph->clear_output(); }), "m.onnx: has no outputs");
  EXPECT_EQ(refuse([](auto& model, auto*) { add_constant(model, floats("x", {}, {1})); }),
            "m.onnx: has no inputs other than constants");
  EXPECT_EQ(refuse([](auto&, auto* graph) { graph->mutable_node(0)->set_op_type(""); }),
            "m.onnx: node 'dot' does not say its operator");
  EXPECT_EQ(refuse([](auto&, auto* graph) { graph->mutable_node(0)->set_name("\xff"); }),
            "m.onnx: holds a name that is not UTF-8 text");
  EXPECT_EQ(refuse([](auto&, auto* graph) { graph->add_sparse_initializer(); }),
            "m.onnx: has sparse initializers; export the weights as dense tensors");
}

TEST(OnnxStructure, inputs_that_cannot_be_read_are_refused_bad) {
  const auto refuse = [](auto edit) {
    onnx::ModelProto model = small_model();
    edit(model.mutable_graph()->mutable_input(0));
    return refusal(model);
  };
  EXPECT_EQ(refuse([](auto* input) { input->mutable_type()->mutable_sequence_type(); }),
            "m.onnx: input 'x' is not a tensor");
  EXPECT_EQ(refuse([](auto* input) { input->mutable_type()->mutable_tensor_type()->clear_shape(); }),
            "m.onnx: input 'x' does not say its shape; export the model with an example input");
  EXPECT_EQ(refuse([](auto* input) {
              input->mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim(1)->set_dim_value(-5);
            }),
            "m.onnx: input 'x' has a size of -5");
  EXPECT_EQ(refuse([](auto* input) { input->set_name(""); }), "m.onnx: has an input without a name");
}

TEST(OnnxStructure, functions_of_the_file_are_refused_bad) {
  onnx::ModelProto model = small_model();
  auto* function = model.add_functions();
  function->set_name("BipolarQuant");
  function->set_domain("onnx.brevitas");
  EXPECT_EQ(refusal(model),
            "m.onnx: node 'sign' calls the function 'BipolarQuant' that the file defines; inline functions before export");
}

}  // namespace
}  // namespace bitloom::frontend
