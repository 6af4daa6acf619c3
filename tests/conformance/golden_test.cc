// SPDX-License-Identifier: Apache-2.0
//
// Networks that others trained, with inputs and outputs that independent executors computed: every stored integer must come
// out, by the engine on all inputs and by the reference executor on some, and the recorded accuracies must be reproduced.
#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "bitloom/data.h"
#include "bitloom/engine.h"
#include "bitloom/lower.h"
#include "support/shared.h"

namespace bitloom {
namespace {

namespace fs = std::filesystem;

struct Golden {
  const char* folder;        ///< of the golden data
  const char* model;         ///< in the models folder
  const char* data_set;      ///< "" if there is none
  double accuracy;           ///< of the full test set
  int64_t reference_images;  ///< how many the slow executor checks as well
};

// What a failing test prints of its parameter.
void PrintTo(const Golden& golden, std::ostream* out) { *out << golden.folder; }

const Golden kGoldens[] = {
    {"qonnx-tfc-1w1a", "qonnx/TFC_1W1A.onnx", "mnist", 0.9296, 500},
    {"qonnx-tfc-2w2a", "qonnx/TFC_2W2A.onnx", "mnist", 0.9660, 500},
    {"finn-tfc-w1a1-buildflow", "qonnx/finn-tfc-w1a1-buildflow.onnx", "mnist", 0.9296, 500},
    {"qonnx-unsw-nb15-mlp-w2a2", "qonnx/unsw_nb15-mlp-w2a2.onnx", "", 0, 256},
    {"qonnx-espcn-subpixel-quant", "qonnx/espcn-subpixel-quant.onnx", "", 0, 0},
    {"lfcW1A1-mnist", "bnn-pynq/mnist/lfcW1A1", "mnist", 0.9840, 20},
    {"cnvW1A1-cifar10", "bnn-pynq/cifar10/cnvW1A1", "cifar10", 0.7922, 1},
    {"cnvW2A2-cifar10", "bnn-pynq/cifar10/cnvW2A2", "cifar10", 0.8429, 1},
};

class GoldenTest : public testing::TestWithParam<Golden> {
 protected:
  fs::path golden(const char* file) const { return test::shared() / "golden" / GetParam().folder / file; }
  fs::path model() const { return test::shared() / "models" / GetParam().model; }
  bool is(std::string_view folder) const { return GetParam().folder == folder; }

  ir::Tensor inputs(const ir::Network& network) const {
    const auto& input = std::get<ir::Input>(network.nodes[static_cast<size_t>(network.inputs()[0])].layer);
    data::NpyArray array = data::read_npy(golden("inputs.npy"));
    if (is("qonnx-espcn-subpixel-quant")) {
      // Stored as pixel / 255 in float32, which is exactly what the pixels stand for.
      std::vector<uint8_t> pixels;
      for (const double x : array.as_doubles()) {
        EXPECT_EQ(static_cast<float>(std::round(x * 255)) / 255.0F, static_cast<float>(x));
        pixels.push_back(static_cast<uint8_t>(std::round(x * 255)));
      }
      array.data = pixels;
    }
    return data::to_tensor(input, array, "inputs.npy");
  }
};

class GoldenClassesTest : public GoldenTest {};    // networks that classify
class GoldenReferenceTest : public GoldenTest {};  // networks that the reference executor can run in a fast test
class GoldenTapsTest : public GoldenTest {};       // networks with the values after each layer

// The same network with one result: that of node `id`.
std::vector<ir::Tensor> run_to(ir::Network network, ir::NodeId id, const ir::Tensor& tensor) {
  network.outputs = {id};
  return engine::Program(network).run(std::span(&tensor, 1));
}

template <typename Layer>
ir::NodeId last_of(const ir::Network& network) {
  for (size_t i = network.nodes.size(); i-- > 0;) {
    if (std::holds_alternative<Layer>(network.nodes[i].layer)) return static_cast<ir::NodeId>(i);
  }
  ADD_FAILURE() << "no such layer";
  return 0;
}

TEST_P(GoldenTest, engine_gives_every_stored_output) {
  BITLOOM_REQUIRE(model());
  const ir::Network network = lower::load_model(model());
  const ir::Tensor tensor = inputs(network);
  const data::NpyArray stored = data::read_npy(golden("logits.npy"));
  std::vector<double> expected = stored.as_doubles();
  ir::NodeId node = last_of<ir::Output>(network);
  if (is("qonnx-espcn-subpixel-quant")) {
    // Codes, stored as [channel][y][x].
    ASSERT_EQ(stored.shape, (std::vector<int64_t>{1, 3, 256, 256}));
    const std::vector<double> planes = expected;
    for (size_t p = 0; p < 256 * 256; ++p) {
      for (size_t c = 0; c < 3; ++c) expected[p * 3 + c] = planes[c * 256 * 256 + p];
    }
    const std::vector<ir::Tensor> codes = run_to(network, node, tensor);
    ASSERT_TRUE(std::equal(expected.begin(), expected.end(), codes[0].values.begin(), codes[0].values.end()));
    return;
  }
  ir::Output meaning = std::get<ir::Output>(network.nodes[static_cast<size_t>(node)].layer);
  if (fs::is_directory(model())) {
    // BNN-PYNQ stores all 64 rows of the last layer in its own terms: population counts for W1A1, else sums.
    node = last_of<ir::Dot>(network);
    const double synapses =
        static_cast<double>(std::get<ir::Dot>(network.nodes[static_cast<size_t>(node)].layer).weights.columns());
    if (!is("cnvW2A2-cifar10")) meaning = {{0.5}, {synapses / 2}};
  }
  const std::vector<ir::Tensor> integers = run_to(network, node, tensor);
  ASSERT_EQ(integers[0].values.size(), expected.size());
  const size_t width = expected.size() / static_cast<size_t>(tensor.images);
  for (int64_t image = 0; image < tensor.images; ++image) {
    const std::vector<double> reals = ir::reals(meaning, integers[0].image(image));
    for (size_t c = 0; c < width; ++c) {
      ASSERT_EQ(static_cast<float>(reals[c]), static_cast<float>(expected[static_cast<size_t>(image) * width + c]))
          << image << " " << c;
    }
  }
}

TEST_P(GoldenClassesTest, engine_gives_every_stored_class) {
  BITLOOM_REQUIRE(model());
  const ir::Network network = lower::load_model(model());
  const ir::Tensor tensor = inputs(network);
  const std::vector<int64_t> argmax = data::read_npy(golden("argmax.npy")).as_integers();
  const std::vector<int32_t> classes = ir::predicted_classes(network, engine::Program(network).run(std::span(&tensor, 1)));
  EXPECT_TRUE(std::equal(classes.begin(), classes.end(), argmax.begin(), argmax.end()));
}

TEST(GoldenBits, engine_gives_the_stored_output_bits_of_lfc) {
  const fs::path stored = test::shared() / "golden" / "lfcW1A1-mnist";
  BITLOOM_REQUIRE(stored);
  const ir::Network network = lower::load_model(test::shared() / "models" / "bnn-pynq" / "mnist" / "lfcW1A1");
  const auto& input = std::get<ir::Input>(network.nodes[static_cast<size_t>(network.inputs()[0])].layer);
  const ir::Tensor tensor = data::to_tensor(input, data::read_npy(stored / "inputs.npy"), "inputs.npy");
  const std::vector<int64_t> bits = data::read_npy(stored / "bits.npy").as_integers();
  const std::vector<ir::Tensor> codes = run_to(network, last_of<ir::Threshold>(network), tensor);
  EXPECT_TRUE(std::equal(bits.begin(), bits.end(), codes[0].values.begin(), codes[0].values.end()));
}

TEST_P(GoldenReferenceTest, reference_gives_the_same_as_the_engine) {
  BITLOOM_REQUIRE(model());
  const ir::Network network = lower::load_model(model());
  ir::Tensor tensor = inputs(network);
  tensor.images = GetParam().reference_images;
  tensor.values.resize(static_cast<size_t>(tensor.images * tensor.shape.elements()));
  EXPECT_EQ(ir::evaluate(network, std::span(&tensor, 1)), engine::Program(network).run(std::span(&tensor, 1)));
}

TEST(GoldenReference, SlowReferenceOnAnImageToImageNetwork) {
  const fs::path model = test::shared() / "models" / "qonnx" / "espcn-subpixel-quant.onnx";
  BITLOOM_REQUIRE(model);
  const ir::Network network = lower::load_model(model);
  const std::vector<ir::Tensor> inputs = ir::random_inputs(network, 1, 1);
  EXPECT_EQ(ir::evaluate(network, inputs), engine::Program(network).run(inputs));
}

// BNN-PYNQ taps: accumulators and activations of every layer for one image, W1A1 activations as bits.
TEST_P(GoldenTapsTest, intermediate_values_are_those_stored) {
  BITLOOM_REQUIRE(golden("taps_image0.npz"));
  const ir::Network network = lower::load_model(model());
  ir::Tensor tensor = inputs(network);
  tensor.images = 1;
  tensor.values.resize(static_cast<size_t>(tensor.shape.elements()));
  const std::vector<ir::Tensor> all = ir::evaluate_all(network, std::span(&tensor, 1));
  const bool bits = !is("cnvW2A2-cifar10");
  int compared = 0;
  for (const auto& [name, array] : data::read_npz(golden("taps_image0.npz"))) {
    std::vector<int64_t> expected = array.as_integers();
    const bool accumulator = name.starts_with("acc_") || name == "act_8";  // CNV's logits
    // The network keeps signed sums; BNN-PYNQ's accumulators are popcounts, (sum + synapses) / 2, and layer 0 of CNV
    // counts in halves.
    const std::string layer = name.substr(4);
    size_t dots = 0;
    const ir::Tensor* found = nullptr;
    for (size_t i = 0; i < network.nodes.size() && found == nullptr; ++i) {
      const bool is_dot = std::holds_alternative<ir::Dot>(network.nodes[i].layer);
      dots += is_dot;
      if (dots != static_cast<size_t>(std::stoi(layer)) + 1) continue;
      if (accumulator && is_dot) {
        found = &all[i];
        const auto& dot = std::get<ir::Dot>(network.nodes[i].layer);
        const bool first_of_cnv = layer == "0" && !is("lfcW1A1-mnist");
        for (int64_t& value : expected) {
          if (first_of_cnv)
            value = value / 2;
          else if (bits)
            value = 2 * value - dot.weights.columns();
        }
      } else if (!accumulator && std::holds_alternative<ir::Threshold>(network.nodes[i].layer)) {
        found = &all[i];
        const bool unsigned_bits = network.nodes[i].type.range().lowest == 0;
        for (int64_t& value : expected) value = bits && !unsigned_bits ? 2 * value - 1 : value;
      }
    }
    ASSERT_NE(found, nullptr) << name;
    ASSERT_TRUE(std::equal(found->values.begin(), found->values.end(), expected.begin(), expected.end())) << name;
    ++compared;
  }
  EXPECT_GE(compared, 8);
}

TEST_P(GoldenClassesTest, SlowFullTestSetAccuracy) {
  const std::string set_name = GetParam().data_set;
  BITLOOM_REQUIRE(model());
  const fs::path directory = data::data_directory();
  BITLOOM_REQUIRE(directory / set_name);
  const ir::Network network = lower::load_model(model());
  const auto& input = std::get<ir::Input>(network.nodes[static_cast<size_t>(network.inputs()[0])].layer);
  const data::DataSet set = data::read_data_set(set_name, data::Split::kTest, directory);
  const engine::Program program(network);
  const ir::Tensor tensor = data::to_tensor(input, set.images, set.name);
  const std::vector<int32_t> classes = ir::predicted_classes(network, program.run(std::span(&tensor, 1)));
  int64_t correct = 0;
  for (size_t i = 0; i < classes.size(); ++i) correct += classes[i] == set.labels[i];
  EXPECT_EQ(correct, std::llround(GetParam().accuracy * 10000));
}

std::string name_of(const testing::TestParamInfo<Golden>& info) {
  std::string name = info.param.folder;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
}

std::vector<Golden> goldens_where(bool (*holds)(const Golden&)) {
  std::vector<Golden> result;
  std::copy_if(std::begin(kGoldens), std::end(kGoldens), std::back_inserter(result), holds);
  return result;
}

INSTANTIATE_TEST_SUITE_P(Golden, GoldenTest, testing::ValuesIn(kGoldens), name_of);
INSTANTIATE_TEST_SUITE_P(Golden, GoldenClassesTest,
                         testing::ValuesIn(goldens_where([](const Golden& g) { return *g.data_set != 0; })), name_of);
INSTANTIATE_TEST_SUITE_P(Golden, GoldenReferenceTest,
                         testing::ValuesIn(goldens_where([](const Golden& g) { return g.reference_images > 0; })), name_of);
INSTANTIATE_TEST_SUITE_P(Golden, GoldenTapsTest, testing::ValuesIn(goldens_where([](const Golden& g) {
                           return std::string_view(g.model).starts_with("bnn-pynq");
                         })),
                         name_of);

}  // namespace
}  // namespace bitloom
