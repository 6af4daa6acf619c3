// SPDX-License-Identifier: Apache-2.0
//
// The third-party models beside the checkout, where they are.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include <openssl/evp.h>
#include <nlohmann/json.hpp>

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

template <typename T>
std::string sha256(const std::vector<T>& values) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  EVP_Digest(values.data(), values.size() * sizeof(T), digest, &length, EVP_sha256(), nullptr);
  std::string text;
  for (unsigned int i = 0; i < length; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

// The weights as [neuron][synapse], (ky, kx, c) in convolutions, with the padding that LFC's first layer has: the order in
// which the golden data's hashes were made.
std::vector<int8_t> stored_weights(const Array& array, int64_t synapses) {
  std::vector<int8_t> result;
  if (array.shape.size() == 2) {
    for (int64_t n = 0; n < array.shape[1]; ++n) {
      for (int64_t s = 0; s < synapses; ++s) {
        const bool real = s < array.shape[0];
        result.push_back(real ? static_cast<int8_t>(array.data[static_cast<size_t>(s * array.shape[1] + n)]) : int8_t{1});
      }
    }
    return result;
  }
  for (int64_t n = 0; n < array.shape[0]; ++n) {
    for (int64_t position = 0; position < 9; ++position) {
      for (int64_t c = 0; c < array.shape[1]; ++c) {
        result.push_back(static_cast<int8_t>(array.data[static_cast<size_t>((n * array.shape[1] + c) * 9 + position)]));
      }
    }
  }
  return result;
}

void compare_with_golden(const std::filesystem::path& folder, const std::filesystem::path& golden, std::string_view name) {
  BITLOOM_REQUIRE(folder);
  BITLOOM_REQUIRE(golden);
  const QuantGraph graph = read(folder);
  EXPECT_EQ(graph.name, name);
  const nlohmann::json meta = nlohmann::json::parse(std::ifstream(golden / "meta.json"));
  EXPECT_EQ(graph.classes, meta["class_names"].get<std::vector<std::string>>());
  for (size_t i = 0; i < meta["layers"].size(); ++i) {
    SCOPED_TRACE(i);
    const auto& layer = meta["layers"][i];
    const auto weights = stored_weights(graph.constants.at(fmt::format("weights_{}", i)), layer["mw"].get<int64_t>());
    EXPECT_EQ(sha256(weights), layer["W_sha256_int8_rowmajor"].get<std::string>());
    if (!graph.constants.contains(fmt::format("thresholds_act_{}", i))) continue;
    std::vector<int32_t> thresholds;
    for (const double t : graph.constants.at(fmt::format("thresholds_act_{}", i)).data) {
      thresholds.push_back(static_cast<int32_t>(t) - 1);
    }
    EXPECT_EQ(sha256(thresholds), layer["T_sha256_int32le_rowmajor"].get<std::string>());
  }
}

TEST(SharedBnnPynq, lfc_w1a1_is_decoded) {
  compare_with_golden(test::shared() / "models/bnn-pynq/mnist/lfcW1A1", test::shared() / "golden/lfcW1A1-mnist", "lfcW1A1");
}

TEST(SharedBnnPynq, cnv_w1a1_is_decoded) {
  compare_with_golden(test::shared() / "models/bnn-pynq/cifar10/cnvW1A1", test::shared() / "golden/cnvW1A1-cifar10",
                      "cnvW1A1");
}

TEST(SharedBnnPynq, cnv_w2a2_is_decoded) {
  compare_with_golden(test::shared() / "models/bnn-pynq/cifar10/cnvW2A2", test::shared() / "golden/cnvW2A2-cifar10",
                      "cnvW2A2");
}

}  // namespace
}  // namespace bitloom::frontend
