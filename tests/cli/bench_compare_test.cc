// SPDX-License-Identifier: Apache-2.0
//
// bitloom bench --compare: what other runtimes are given, held against the network itself, and what is made of their
// answers. A `node` that these tests write stands in for them.
#include <fstream>
#include <numeric>

#include <gtest/gtest.h>

#include "bitloom/lower.h"
#include "cli/shell.h"

namespace bitloom::cli::test {
namespace {

const std::string kCompare =
    "export PATH=\"$PWD:$PATH\" BITLOOM_PEERS=\"$PWD\"; bitloom bench --compare onnxruntime --seconds 0.01 --batch 4 "
    "--no-layers ";
const std::string kRemedy = "; install Node.js, and ONNX Runtime for it: npm install --ignore-scripts onnxruntime-node\n";

/// A folder in which `node` is this shell script.
class ShellWithNode : public Shell {
 public:
  explicit ShellWithNode(const std::string& script) {
    std::ofstream(path("onnxruntime.mjs")) << "";
    std::ofstream(path("node")) << "#!/bin/sh\n" << script << "\n";
    std::filesystem::permissions(path("node"), std::filesystem::perms::owner_all);
  }
};

/// Keeps the model and the arguments.
constexpr const char* kAnswer =
    "cp \"$2\" twin.onnx; shift 2; echo \"$@\" >arguments\n"
    "echo '{\"images_per_second\": 50, \"batch\": 4, \"version\": \"9.8.7\", \"threads\": 1}'";

TEST(BenchCompare, puts_the_numbers_of_another_runtime_beside_its_own) {
  const ShellWithNode shell(kAnswer);
  const nlohmann::json json = shell.json(kCompare + kLfc + " --json");
  std::string arguments;
  std::getline(std::ifstream(shell.path("arguments")), arguments);
  EXPECT_EQ(arguments, "--batch 4 --seconds 0.01 --json");
  ASSERT_EQ(json["comparisons"].size(), 1U);
  const nlohmann::json& peer = json["comparisons"][0];
  EXPECT_EQ(keys(peer), (std::vector<std::string>{"batch", "bitloom_threads", "images_per_second", "name", "threads",
                                                  "times_as_fast", "version"}));
  EXPECT_EQ(peer["name"], "onnxruntime");
  EXPECT_EQ(peer["version"], "9.8.7");
  EXPECT_EQ(peer["bitloom_threads"], 1);
  EXPECT_DOUBLE_EQ(peer["times_as_fast"].get<double>(), json["speeds"][0]["images_per_second_median"].get<double>() / 50);
  const std::string text = shell.output(kCompare + kLfc);
  EXPECT_NE(
      text.find("\nonnxruntime 9.8.7 runs a float32 network of these shapes (the weights' values, ReLU for thresholds) "
                "at 50 images/s, 1 thread, batch 4:\nbitloom's "),
      std::string::npos)
      << text;
}

TEST(BenchCompare, says_what_is_missing_bad) {
  const std::string begin = "bitloom: error: comparison with onnxruntime: ";
  const std::pair<std::string, std::string> cases[] = {
      {"echo 'onnxruntime-node is not installed' >&2; exit 1", "onnxruntime-node is not installed\n"},
      {"exit 1", "onnxruntime.mjs failed\n"},
  };
  for (const auto& [script, text] : cases) {
    const Result result = ShellWithNode(script).run(kCompare + kLfc);
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err, begin + text);
  }
  const ShellWithNode shell(kAnswer);
  const Result no_node = shell.run("export BITLOOM_PEERS=\"$PWD\" PATH=/nowhere; bitloom bench " + std::string(kLfc) +
                                   " --compare onnxruntime");
  EXPECT_EQ(no_node.status, 1);
  EXPECT_EQ(no_node.err, begin + "cannot start node: No such file or directory" + kRemedy);
  const Result no_script =
      shell.run("export BITLOOM_PEERS=here; bitloom bench " + std::string(kLfc) + " --compare onnxruntime");
  EXPECT_EQ(no_script.status, 1);
  EXPECT_EQ(no_script.err,
            begin + "here/onnxruntime.mjs is not there; install bitloom again, or say in BITLOOM_PEERS where it is\n");
  const Result no_json = ShellWithNode("echo hello").run(kCompare + kLfc);
  EXPECT_EQ(no_json.status, 1);
  EXPECT_TRUE(no_json.err.starts_with(begin + "onnxruntime.mjs printed something else than its numbers: ")) << no_json.err;
}

TEST(BenchCompare, refuses_what_the_float_network_cannot_have_bad) {
  const ShellWithNode shell(kAnswer);
  ir::save(ir::parse("network \"n\"\n%0 = input \"x\" 3x3x4 unsigned1\n%1 = sum_pool \"holes\" %0 kernel=2x2 "
                     "dilation=2x2\n%2 = output \"y\" %1\noutput %2\n"),
           shell.path("holes.bloom"));
  const Result result = shell.run(kCompare + "holes.bloom");
  EXPECT_EQ(result.status, 1);
  EXPECT_EQ(result.err,
            "bitloom: not supported: node 'holes' (sum_pool): a dilated window is more than AveragePool takes in the float "
            "network that other runtimes are given; run bench without --compare\n");
}

/// "[1 2 ... n]": of thresholds that act as ReLU does on integers up to n.
std::string up_to(int n) {
  std::string text = "[";
  for (int i = 1; i <= n; ++i) text += (i == 1 ? "" : " ") + std::to_string(i);
  return text + "]";
}

/// Values in the order of a float network: [channel][y][x].
std::vector<double> channels_first(const ir::Tensor& tensor) {
  std::vector<double> result;
  const auto area = static_cast<size_t>(tensor.shape.height * tensor.shape.width);
  const auto channels = static_cast<size_t>(tensor.shape.channels);
  for (size_t c = 0; c < channels; ++c) {
    for (size_t i = 0; i < area; ++i) result.push_back(tensor.values[i * channels + c]);
  }
  return result;
}

/// The float network of the text, evaluated in float64 on the network's own random inputs, gives the network's own outputs;
/// those named `average` divided by 4.
void expect_twin_equals(const std::string& text) {
  SCOPED_TRACE(text);
  const ir::Network network = ir::parse(text);
  const ShellWithNode shell(kAnswer);
  ir::save(network, shell.path("m.bloom"));
  shell.output(kCompare + "m.bloom");
  const frontend::QuantGraph twin = frontend::read(shell.path("twin.onnx"));
  for (uint64_t seed = 0; seed < 8; ++seed) {
    const std::vector<ir::Tensor> inputs = ir::random_inputs(network, 1, seed);
    std::vector<int64_t> shape = twin.inputs.at(0).shape;
    shape.at(0) = 1;
    const auto tensors = lower::evaluate(twin, {{twin.inputs[0].name, {shape, channels_first(inputs[0])}}});
    const std::vector<ir::Tensor> outputs = ir::evaluate(network, inputs);
    ASSERT_EQ(twin.outputs.size(), outputs.size());
    for (size_t i = 0; i < outputs.size(); ++i) {
      std::vector<double> expected = channels_first(outputs[i]);
      if (network.nodes[static_cast<size_t>(network.outputs[i])].name == "average")
        for (double& value : expected) value /= 4;
      EXPECT_EQ(tensors.at(twin.outputs[i]).data, expected) << twin.outputs[i] << ", seed " << seed;
    }
  }
}

TEST(BenchCompare, float_network_computes_what_the_network_does) {
  expect_twin_equals(
      "network \"images\"\n%0 = input \"x\" 5x4x2 unsigned2\n"
      "%1 = dot \"conv\" %0 signed2 4x12 kernel=2x3 stride=1x2 pads=1,0,0,2 weights=seed(1)\n"
      "%2 = threshold \"relu\" %1 unsigned7 " +
      up_to(127) +
      "\n"
      "%3 = dot \"groups\" %2 ternary 4x8 kernel=2x2 dilation=2x1 groups=2 weights=seed(2)\n"
      "%4 = max_pool \"largest\" %2 kernel=2x2 stride=2x1 pads=1,0,0,0\n"
      "%5 = sum_pool \"sums\" %2 kernel=2x2 pads=1,0,0,1\n%6 = output \"average\" %5\n"
      "%7 = add \"added\" %2 %2 multipliers=1,-3\n%8 = concat \"both\" %2 %2\n"
      "%9 = reshape \"turned\" %8 4x5x4\n%10 = reshape \"other\" %8 20x2x2 channels_first\n"
      "%11 = slice \"middle\" %8 begin=3 end=7\n%12 = upsample \"wider\" %2 factor=2x3\n"
      "%13 = depth_to_space \"rows\" %2 block=2\n%14 = depth_to_space \"columns\" %8 block=2 column_row_depth\n"
      "output %3 %4 %6 %7 %8 %9 %10 %11 %12 %13 %14\n");
  expect_twin_equals(
      "network \"classes\"\n%0 = input \"x\" 2x2x3 unsigned3\n%1 = reshape \"flat\" %0 1x1x12\n"
      "%2 = dot \"hidden\" %1 bipolar 6x12 weights=seed(3)\n%3 = threshold \"relu\" %2 unsigned7 " +
      up_to(127) +
      "\n%4 = dot \"fc\" %3 signed3 5x6 weights=seed(4)\n%5 = output \"logits\" %4\n"
      "%6 = dot \"spread\" %3 ternary 2x24 kernel=2x2 pads=1,1,1,1 weights=seed(5)\n"
      "%7 = dot \"joined\" %0 ternary 3x12 kernel=2x2 weights=seed(6)\n%8 = top_k \"class\" %5 k=2\n"
      "output %5 %6 %7 %8\n");
}

}  // namespace
}  // namespace bitloom::cli::test
