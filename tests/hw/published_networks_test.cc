// SPDX-License-Identifier: Apache-2.0
//
// The RTL of networks that others trained (../shared/golden, on their real inputs) and of those that bitloom ships
// (models/, on real pictures where there are some): every bit is that of the reference executor, a frame takes exactly the
// cycles of the model, and the first word comes within 2 % of its latency.
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <gtest/gtest.h>

#include "bitloom/data.h"
#include "bitloom/file.h"
#include "bitloom/lower.h"
#include "design_case.h"
#include "support/shared.h"
#include "support/temporary_folder.h"

namespace bitloom {
namespace {

namespace fs = std::filesystem;

const fs::path kSource = BITLOOM_SOURCE_DIR;

struct Network {
  const char* name;     ///< of the golden data; of the zoo's model
  const char* model;    ///< in ../shared/models; of the zoo ""
  const char* folding;  ///< in examples/foldings; "": the cheapest with at most `most_cycles`
  int64_t most_cycles;  ///< a frame
  int64_t interval;     ///< that was published; 0: none
  int64_t frames;
};

const Network kDense[] = {
    {"qonnx-tfc-1w1a", "qonnx/TFC_1W1A.onnx", "", 784, 0, 10},
    {"qonnx-tfc-2w2a", "qonnx/TFC_2W2A.onnx", "", 784, 0, 10},
    {"finn-tfc-w1a1-buildflow", "qonnx/finn-tfc-w1a1-buildflow.onnx", "", 784, 0, 10},
    {"qonnx-unsw-nb15-mlp-w2a2", "qonnx/unsw_nb15-mlp-w2a2.onnx", "", 1200, 0, 10},
    {"lfcW1A1-mnist", "bnn-pynq/mnist/lfcW1A1", "lfcW1A1", 0, 512, 10},
    {"sfc-w1a1", "", "", 1024, 0, 10},
    {"tfc-w1a1", "", "", 784, 0, 10},
    {"lfc-w1a1", "", "lfcW1A1", 0, 512, 10},
};
const Network kBnnPynq[] = {
    {"cnvW1A1-cifar10", "bnn-pynq/cifar10/cnvW1A1", "cnvW1A1", 0, 32768, 2},
    {"cnvW2A2-cifar10", "bnn-pynq/cifar10/cnvW2A2", "cnvW2A2", 0, 115200, 2},
};
const Network kZoo[] = {
    {"arch1-isometric2", "", "", 8192, 0, 2},
    {"arch1-isometric3", "", "", 8192, 0, 2},
    {"cnv-isometric2", "", "", 32768, 0, 2},
};
// Each takes minutes to build or to run: where BITLOOM_RTL_CASES is set.
const Network kLarge[] = {
    {"cnv-w1a1", "", "cnvW1A1", 0, 32768, 2},
    {"cnv-w1a2", "", "", 32768, 0, 2},
    {"cnv-w2a2", "", "", 32768, 0, 2},
    {"cnv-isometric3", "", "", 32768, 0, 2},
    {"qonnx-espcn-subpixel-quant", "qonnx/espcn-subpixel-quant.onnx", "", 1200000, 0, 2},
};

bool of_zoo(const Network& published) { return published.model[0] == '\0'; }
fs::path file(const Network& published) {
  const std::string name = published.name;
  return of_zoo(published) ? kSource / "models" / name / (name + ".bloom") : test::shared() / "models" / published.model;
}
hw::Folding folding(const Network& published, const ir::Network& network) {
  const std::string name = published.folding;
  if (name.empty()) {
    const auto found = hw::Folds(network, hw::find_device("xczu19eg")).cheapest(published.most_cycles);
    if (!found) throw Error("no folding has at most {} cycles", published.most_cycles);
    return *found;
  }
  const std::vector<std::byte> bytes = read_file(kSource / "examples" / "foldings" / (name + ".json"));
  hw::Folding folding = hw::read_folding({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, name);
  folding.by_position = folding.round_down = true;
  return folding;
}

ir::Tensor real_frames(const Network& published, const ir::Network& network) {
  const auto& input = std::get<ir::Input>(network.nodes[static_cast<size_t>(network.inputs().at(0))].layer);
  const bool pictures = input.shape.elements() == 32 * 32 * 3;
  if (of_zoo(published) && !pictures) {
    const data::DataSet digits = data::read_images(kSource / "models" / "digits");
    return data::to_tensor(input, digits.images, digits.name);
  }
  const fs::path golden =
      test::shared() / "golden" / (of_zoo(published) ? "cnvW1A1-cifar10" : published.name) / "inputs.npy";
  if (!fs::exists(golden)) return {input.shape, 0, {}};
  data::NpyArray array = data::read_npy(golden);
  if (std::string_view(published.name) == "qonnx-espcn-subpixel-quant") {  // stored as pixel / 255
    std::vector<uint8_t> pixels;
    for (const double x : array.as_doubles()) pixels.push_back(static_cast<uint8_t>(std::round(x * 255)));
    array.data = pixels;
  }
  return data::to_tensor(input, array, "inputs.npy");
}

/// Real pictures, and random values where there are none or not enough.
ir::Tensor frames(const Network& published, const ir::Network& network) {
  ir::Tensor tensor = real_frames(published, network);
  const auto missing = static_cast<int64_t>(published.frames) - tensor.images;
  if (missing > 0) {
    const ir::Tensor more = ir::random_inputs(network, missing, 1).at(0);
    tensor.shape = more.shape;
    tensor.values.insert(tensor.values.end(), more.values.begin(), more.values.end());
  }
  tensor.images = published.frames;
  tensor.values.resize(static_cast<size_t>(tensor.images * tensor.shape.elements()));
  return tensor;
}

/// Simulates the networks that are there, in one build.
void check(std::span<const Network> networks) {
  if (!test::have("verilator")) GTEST_SKIP() << "verilator is not installed";
  const test::TemporaryFolder folder;
  std::vector<test::Case> cases;
  for (const Network& published : networks) {
    if (!fs::exists(file(published))) continue;
    const ir::Network network = lower::load_model(file(published));
    const hw::Design design = hw::design(network, test::with_ample_fifos(network, folding(published, network)));
    const ir::Tensor input = frames(published, network);
    std::string name = published.name;
    std::ranges::replace(name, '-', '_');
    test::Case one = test::emitted(design, network, std::span(&input, 1), folder.path(), name);
    one.interval = hw::interval(design);
    if (published.interval != 0) {
      EXPECT_EQ(one.interval, published.interval) << published.name;
    }
    one.latency = hw::latency(design).first;
    one.latency_slack = 0.02;
    std::printf("%s: %d frames, %d cycles a frame, first word after %d\n", published.name, static_cast<int>(input.images),
                static_cast<int>(*one.interval), static_cast<int>(*one.latency));
    cases.push_back(std::move(one));
  }
  if (cases.empty()) GTEST_SKIP() << "none of the networks is there";
  std::string wrong;
  for (const std::string& what : test::simulate(cases, folder.path(), test::Popcounts::kSimulated)) wrong += what + "\n";
  EXPECT_EQ(wrong, "");
}

TEST(SlowPublishedRtl, dense_networks_are_exact_and_take_the_cycles_of_the_model) { check(kDense); }
TEST(SlowPublishedRtl, convolutions_of_bnn_pynq_are_exact_and_take_the_cycles_of_the_model) { check(kBnnPynq); }
TEST(SlowPublishedRtl, networks_of_the_zoo_are_exact_and_take_the_cycles_of_the_model) { check(kZoo); }
TEST(SlowPublishedRtl, large_networks_are_exact_and_take_the_cycles_of_the_model) {
  if (std::getenv("BITLOOM_RTL_CASES") == nullptr) GTEST_SKIP() << "BITLOOM_RTL_CASES is not set";
  check(kLarge);
}

}  // namespace
}  // namespace bitloom
