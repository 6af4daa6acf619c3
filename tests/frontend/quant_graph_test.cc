// SPDX-License-Identifier: Apache-2.0
//
// Attribute accessors and `verify`.
#include <gtest/gtest.h>

#include "bitloom/frontend.h"

namespace bitloom::frontend {
namespace {

GraphNode node(std::string name, std::vector<std::string> inputs, std::vector<std::string> outputs) {
  GraphNode result;
  result.name = std::move(name);
  result.op = "Relu";
  result.inputs = std::move(inputs);
  result.outputs = std::move(outputs);
  return result;
}

QuantGraph graph() {
  QuantGraph result;
  result.source = "g";
  result.inputs = {{"x", {1, 2}, "", ""}};
  result.constants = {{"c", Array::scalar(1)}};
  result.nodes = {node("a", {"x", "", "c"}, {"t", ""}), node("b", {"t"}, {"y", ""})};
  result.outputs = {"y"};
  return result;
}

std::string refusal(const QuantGraph& g) {
  try {
    verify(g);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Accessors, missing_attributes_give_the_fallback) {
  const GraphNode n = node("n", {}, {});
  EXPECT_EQ(n.integer("k", 3), 3);
  EXPECT_EQ(n.real("k", 0.5), 0.5);
  EXPECT_EQ(n.text("k", "ROUND"), "ROUND");
  EXPECT_EQ(n.integers("k", {1, 2}), (std::vector<int64_t>{1, 2}));
  EXPECT_FALSE(n.has("k"));
}

TEST(Accessors, attributes_of_another_type_are_refused_bad) {
  GraphNode n = node("n", {}, {});
  n.attributes = {{"i", int64_t{1}}, {"f", 1.5}, {"s", std::string("x")}, {"t", Array::scalar(1)}};
  EXPECT_TRUE(n.has("i"));
  const auto message = [&](auto get) -> std::string {
    try {
      get();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message([&] { n.integer("f", 0); }), "node 'n': attribute 'f' of Relu is a real number; expected an integer");
  EXPECT_EQ(message([&] { n.real("s", 0); }), "node 'n': attribute 's' of Relu is a text; expected a real number");
  EXPECT_EQ(message([&] { n.text("i", ""); }), "node 'n': attribute 'i' of Relu is an integer; expected a text");
  EXPECT_EQ(message([&] { n.integers("t", {}); }),
            "node 'n': attribute 't' of Relu is a tensor; expected a list of integers");
}

TEST(Arrays, elements_are_the_product_of_the_shape) {
  EXPECT_EQ(Array::scalar(2).elements(), 1);
  EXPECT_EQ((Array{{2, 3}, {}}).elements(), 6);
  EXPECT_EQ((Array{{2, 0}, {}}).elements(), 0);
}

TEST(Verify, good_graph_passes_with_optional_tensors_left_out) { EXPECT_EQ(refusal(graph()), ""); }

TEST(Verify, faults_are_named_bad) {
  QuantGraph g = graph();
  std::swap(g.nodes[0], g.nodes[1]);
  EXPECT_EQ(refusal(g), "g: node 'b' reads tensor 't', which is defined only later");
  g = graph();
  g.nodes[0].inputs[0] = "q";
  EXPECT_EQ(refusal(g), "g: node 'a' reads tensor 'q', which nothing defines");
  g = graph();
  g.nodes[1].outputs[0] = "c";
  EXPECT_EQ(refusal(g), "g: tensor 'c' is defined twice");
  g = graph();
  g.constants["x"] = Array::scalar(0);
  EXPECT_EQ(refusal(g), "g: tensor 'x' is defined twice");
  g = graph();
  g.nodes[1].name = "a";
  EXPECT_EQ(refusal(g), "g: two nodes are named 'a'; names must be unique");
  g = graph();
  g.outputs = {"z"};
  EXPECT_EQ(refusal(g), "g: output 'z' is not defined by any node");
}

}  // namespace
}  // namespace bitloom::frontend
