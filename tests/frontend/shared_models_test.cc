// SPDX-License-Identifier: Apache-2.0
//
// The third-party models beside the checkout, where they are.
#include <gtest/gtest.h>

#include <algorithm>

#include "bitloom/frontend.h"
#include "support/shared.h"

namespace bitloom::frontend {
namespace {

int64_t count(const QuantGraph& graph, std::string_view op) {
  return std::count_if(graph.nodes.begin(), graph.nodes.end(), [&](const GraphNode& node) { return node.op == op; });
}

TEST(SharedQonnx, tfc_1w1a_is_read_without_an_import_of_its_domain) {
  const auto path = test::shared() / "models/qonnx/TFC_1W1A.onnx";
  BITLOOM_REQUIRE(path);
  const QuantGraph graph = read(path);
  EXPECT_EQ(graph.format, "QONNX");
  EXPECT_EQ(graph.source, path.string());
  ASSERT_EQ(graph.inputs.size(), 1);
  EXPECT_EQ(graph.inputs[0].name, "0");
  EXPECT_EQ(graph.inputs[0].shape, (std::vector<int64_t>{1, 1, 28, 28}));
  EXPECT_EQ(graph.outputs, std::vector<std::string>{"74"});
  EXPECT_EQ(count(graph, "BipolarQuant"), 8);
  EXPECT_EQ(count(graph, "Constant"), 0);
  for (const GraphNode& node : graph.nodes) EXPECT_EQ(node.opset, node.domain.empty() ? 9 : 1) << node.name;
}

TEST(SharedQonnx, tfc_2w2a_is_read) {
  const auto path = test::shared() / "models/qonnx/TFC_2W2A.onnx";
  BITLOOM_REQUIRE(path);
  const QuantGraph graph = read(path);
  EXPECT_EQ(count(graph, "Quant"), 8);
  EXPECT_EQ(graph.nodes.size(), 31);
}

TEST(SharedQonnx, unsw_mlp_is_read_with_its_annotation) {
  const auto path = test::shared() / "models/qonnx/unsw_nb15-mlp-w2a2.onnx";
  BITLOOM_REQUIRE(path);
  const QuantGraph graph = read(path);
  ASSERT_EQ(graph.inputs.size(), 1);
  EXPECT_EQ(graph.inputs[0].datatype, "BIPOLAR");
  EXPECT_EQ(graph.inputs[0].shape, (std::vector<int64_t>{1, 600}));
  EXPECT_EQ(count(graph, "Gemm"), 4);
}

TEST(SharedQonnx, espcn_is_read) {
  const auto path = test::shared() / "models/qonnx/espcn-subpixel-quant.onnx";
  BITLOOM_REQUIRE(path);
  const QuantGraph graph = read(path);
  EXPECT_EQ(count(graph, "Conv"), 4);
  EXPECT_EQ(count(graph, "DepthToSpace"), 1);
}

TEST(SharedQonnx, finn_buildflow_model_is_read_with_layouts_and_datatypes) {
  const auto path = test::shared() / "models/qonnx/finn-tfc-w1a1-buildflow.onnx";
  BITLOOM_REQUIRE(path);
  const QuantGraph graph = read(path);
  ASSERT_EQ(graph.inputs.size(), 1);
  EXPECT_EQ(graph.inputs[0].datatype, "UINT8");
  EXPECT_EQ(graph.inputs[0].layout, "NCHW");
  EXPECT_EQ(graph.datatypes.at("MatMul_0_param0"), "BIPOLAR");
  EXPECT_EQ(count(graph, "MultiThreshold"), 4);
  EXPECT_EQ(count(graph, "TopK"), 1);
}

}  // namespace
}  // namespace bitloom::frontend
