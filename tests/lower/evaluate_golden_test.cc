// SPDX-License-Identifier: Apache-2.0
//
// The evaluator against outputs that an independent executor computed in float64 for networks trained by others.
#include <gtest/gtest.h>

#include <cmath>

#include "bitloom/data.h"
#include "bitloom/lower.h"
#include "support/shared.h"

namespace bitloom::lower {
namespace {

using frontend::Array;
using frontend::QuantGraph;

struct Golden {
  const char* model;   ///< file of models/qonnx
  const char* folder;  ///< of golden
  const char* values;  ///< .npy that holds what `tensor` must be
  const char* tensor;
  float divisor = 1;  ///< of the inputs, in float32
  double step = 0;    ///< of the codes that are stored, 0 where real numbers are
};

constexpr Golden kTfc1w1a{"TFC_1W1A.onnx", "qonnx-tfc-1w1a", "logits.npy", "74", 255};
constexpr Golden kTfc2w2a{"TFC_2W2A.onnx", "qonnx-tfc-2w2a", "logits.npy", "90", 255};
constexpr Golden kFinnTfc{"finn-tfc-w1a1-buildflow.onnx", "finn-tfc-w1a1-buildflow", "logits.npy", "Add_0_out0"};
constexpr Golden kFinnTfcClass{"finn-tfc-w1a1-buildflow.onnx", "finn-tfc-w1a1-buildflow", "topk_index.npy", "global_out"};
constexpr Golden kUnsw{"unsw_nb15-mlp-w2a2.onnx", "qonnx-unsw-nb15-mlp-w2a2", "logits.npy", "63"};
constexpr Golden kEspcn{"espcn-subpixel-quant.onnx", "qonnx-espcn-subpixel-quant", "logits.npy", "79", 1,
                        0.003921568859368563};

/// Evaluates image by image and counts the numbers that differ as float32 (or as codes) from the stored ones.
void expect_equal(const Golden& golden, int64_t most_images) {
  const auto model = test::shared() / "models" / "qonnx" / golden.model;
  const auto folder = test::shared() / "golden" / golden.folder;
  BITLOOM_REQUIRE(model);
  BITLOOM_REQUIRE(folder);
  const QuantGraph graph = frontend::read(model);
  const data::NpyArray inputs = data::read_npy(folder / "inputs.npy");
  const std::vector<double> pixels = inputs.as_doubles();
  const std::vector<double> expected = data::read_npy(folder / golden.values).as_doubles();
  const int64_t images = inputs.shape[0];
  const size_t in_size = pixels.size() / static_cast<size_t>(images);
  const size_t out_size = expected.size() / static_cast<size_t>(images);

  size_t differing = 0;
  for (int64_t image = 0; image < std::min(images, most_images); ++image) {
    const auto first = pixels.begin() + image * static_cast<int64_t>(in_size);
    Array x{graph.inputs.at(0).shape, std::vector<double>(first, first + static_cast<int64_t>(in_size))};
    for (double& p : x.data) p = static_cast<float>(p) / golden.divisor;
    const auto tensors = evaluate(graph, {{graph.inputs[0].name, x}});
    const Array& y = tensors.at(golden.tensor);
    ASSERT_EQ(y.data.size(), out_size);
    for (size_t i = 0; i < out_size; ++i) {
      const double value = golden.step == 0 ? static_cast<float>(y.data[i]) : std::round(y.data[i] / golden.step);
      if (value != expected[static_cast<size_t>(image) * out_size + i]) ++differing;
    }
  }
  EXPECT_EQ(differing, 0u) << golden.model << " " << golden.tensor;
}

TEST(EvaluateGolden, tfc_1w1a) { expect_equal(kTfc1w1a, 5); }
TEST(EvaluateGolden, tfc_2w2a) { expect_equal(kTfc2w2a, 5); }
TEST(EvaluateGolden, finn_tfc_logits) { expect_equal(kFinnTfc, 5); }
TEST(EvaluateGolden, finn_tfc_class) { expect_equal(kFinnTfcClass, 5); }
TEST(EvaluateGolden, unsw_nb15) { expect_equal(kUnsw, 5); }
TEST(SlowEvaluateGolden, tfc_1w1a) { expect_equal(kTfc1w1a, 10000); }
TEST(SlowEvaluateGolden, tfc_2w2a) { expect_equal(kTfc2w2a, 10000); }
TEST(SlowEvaluateGolden, finn_tfc_logits) { expect_equal(kFinnTfc, 10000); }
TEST(SlowEvaluateGolden, finn_tfc_class) { expect_equal(kFinnTfcClass, 10000); }
TEST(SlowEvaluateGolden, unsw_nb15) { expect_equal(kUnsw, 10000); }
TEST(SlowEvaluateGolden, espcn_subpixel_codes) { expect_equal(kEspcn, 1); }

}  // namespace
}  // namespace bitloom::lower
