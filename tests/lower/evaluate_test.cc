// SPDX-License-Identifier: Apache-2.0
//
// The evaluator on graphs built by hand.
#include <gtest/gtest.h>

#include "bitloom/lower.h"
#include "operators_support.h"

namespace bitloom::lower::test {
namespace {

using frontend::QuantGraph;

GraphNode named(std::string name, std::string op, std::vector<std::string> inputs, std::vector<std::string> outputs) {
  GraphNode result = node(std::move(op));
  result.name = std::move(name);
  result.inputs = std::move(inputs);
  result.outputs = std::move(outputs);
  return result;
}

/// y = BipolarQuant((x . w) + b), class = TopK(y).
QuantGraph small_graph() {
  QuantGraph graph;
  graph.source = "small.onnx";
  graph.inputs = {{"x", {-1, 2}, "", ""}};
  graph.outputs = {"class"};
  graph.constants = {{"w", {{2, 3}, {1, -1, 0, 2, -2, 1}}}, {"b", vec({-5, 0, 0})}, {"one", Array::scalar(1)}};
  graph.nodes = {named("dot", "MatMul", {"x", "w"}, {"sum"}), named("bias", "Add", {"sum", "b"}, {"biased"}),
                 named("act", "BipolarQuant", {"biased", "one"}, {"y"}), named("top", "TopK", {"y", "one"}, {"", "class"})};
  return graph;
}

TEST(Evaluate, gives_every_tensor_by_name) {
  const auto tensors = evaluate(small_graph(), {{"x", {{1, 2}, {1, 1}}}});
  EXPECT_EQ(tensors.at("sum"), (Array{{1, 3}, {3, -3, 1}}));
  EXPECT_EQ(tensors.at("biased"), (Array{{1, 3}, {-2, -3, 1}}));
  EXPECT_EQ(tensors.at("y"), (Array{{1, 3}, {-1, -1, 1}}));
  EXPECT_EQ(tensors.at("class"), (Array{{1, 1}, {2}}));
  EXPECT_EQ(tensors.at("x").shape, (Dims{1, 2}));
  EXPECT_EQ(tensors.size(), 5u);
}

TEST(Evaluate, names_the_file_and_the_node) {
  QuantGraph graph = small_graph();
  graph.constants["b"] = vec({1, 2});
  const auto call = [&] { evaluate(graph, {{"x", {{1, 2}, {1, 1}}}}); };
  EXPECT_EQ(message(call), "small.onnx: node 'bias' (Add): shapes [1, 3] and [2] do not broadcast to a common one");
  graph.nodes[1].op = "LSTM";
  EXPECT_THROW(call(), Unsupported);
  EXPECT_EQ(message(call), "small.onnx: node 'bias' (LSTM): this operator is not known to bitloom");
}

TEST(Evaluate, checks_its_inputs) {
  const QuantGraph graph = small_graph();
  EXPECT_EQ(message([&] { evaluate(graph, {}); }), "small.onnx: input 'x' is not given");
  EXPECT_EQ(message([&] {
              evaluate(graph, {{"x", {{1, 3}, {1, 1, 1}}}});
            }),
            "small.onnx: input 'x' is given with shape [1, 3], the graph wants [-1, 2]");
}

TEST(Evaluate, refuses_a_name_that_nothing_makes) {
  QuantGraph graph = small_graph();
  graph.nodes[0].inputs[1] = "v";
  EXPECT_EQ(message([&] {
              evaluate(graph, {{"x", {{1, 2}, {1, 1}}}});
            }),
            "small.onnx: tensor 'v' is read before anything makes it");
}

}  // namespace
}  // namespace bitloom::lower::test
