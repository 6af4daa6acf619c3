// SPDX-License-Identifier: Apache-2.0
//
// FINN topologies with archives made by the test.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <random>

#include "bitloom/file.h"
#include "bitloom/frontend.h"
#include "finn_building.h"
#include "support/property.h"
#include "support/temporary_folder.h"

namespace bitloom::frontend {
namespace {

using namespace test;

QuantGraph read(const std::string& json, const std::vector<std::byte>& npz) { return read_finn_json(json, npz, "t.json"); }

std::string refusal(const std::string& json, const std::vector<std::byte>& npz) {
  try {
    read(json, npz);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::vector<std::string> ops(const QuantGraph& graph) {
  std::vector<std::string> result;
  for (const GraphNode& node : graph.nodes) result.push_back(node.op);
  return result;
}

const GraphNode& node_of(const QuantGraph& graph, std::string_view op, size_t nth = 0) {
  for (const GraphNode& node : graph.nodes) {
    if (node.op == op && nth-- == 0) return node;
  }
  throw std::out_of_range(std::string(op));
}

// Two values in, two hidden, two out.
const std::string kMlp = R"({"input": {"shape": [2]}, "layers": [
    {"kind": "dense", "outputs": 2}, {"kind": "batchnorm"}, {"kind": "activation"},
    {"kind": "dense", "bias": false}, {"kind": "batchnorm"}]})";

std::vector<data::NpyArray> mlp_arrays() {
  return {npy({2, 2}, {0.5F, -0.25F, -0.0F, 0.1F}),
          npy({2}, {1, 2}),
          npy({2}, {3, 4}),
          npy({2}, {5, -6}),
          npy({2}, {7, 8}),
          npy({2}, {9, 10}),
          npy({2, 2}, {1, 2, 3, -4}),
          npy({}, {11}),
          npy({}, {12}),
          npy({}, {13}),
          npy({}, {14})};
}

TEST(FinnJson, layers_take_arrays_in_the_order_that_lasagne_saves) {
  const QuantGraph graph = read(kMlp, npz_in_order(mlp_arrays()));
  EXPECT_EQ(graph.format, "FINN JSON + NPZ");
  EXPECT_EQ(graph.source, "t.json");
  EXPECT_EQ(graph.outputs, std::vector<std::string>{"logits"});
  ASSERT_EQ(graph.inputs.size(), 1);
  EXPECT_EQ(graph.inputs[0].shape, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(graph.inputs[0].datatype, "UINT8");
  EXPECT_EQ(ops(graph),
            (std::vector<std::string>{"MultiThreshold", "BipolarQuant", "MatMul", "Add", "Sub", "Mul", "Mul", "Add",
                                      "BipolarQuant", "BipolarQuant", "MatMul", "Sub", "Mul", "Mul", "Add"}));
  EXPECT_EQ(graph.constants.at("dense_0_weights"), (Array{{2, 2}, {0.5, -0.25, -0.0, static_cast<double>(0.1F)}}));
  EXPECT_EQ(graph.constants.at("dense_0_bias"), (Array{{2}, {1, 2}}));
  EXPECT_EQ(graph.constants.at("batchnorm_1_beta"), (Array{{2}, {3, 4}}));
  EXPECT_EQ(graph.constants.at("batchnorm_1_gamma"), (Array{{2}, {5, -6}}));
  EXPECT_EQ(graph.constants.at("batchnorm_1_mean"), (Array{{2}, {7, 8}}));
  EXPECT_EQ(graph.constants.at("batchnorm_1_inv_std"), (Array{{2}, {9, 10}}));
  EXPECT_EQ(graph.constants.at("batchnorm_4_beta"), Array::scalar(11));
  EXPECT_EQ(graph.constants.at("batchnorm_4_inv_std"), Array::scalar(14));
  EXPECT_EQ(node_of(graph, "Sub").inputs, (std::vector<std::string>{"dense_0_biased", "batchnorm_1_mean"}));
  EXPECT_EQ(node_of(graph, "MatMul").inputs, (std::vector<std::string>{"pixels", "dense_0_quantized"}));
}

TEST(FinnJson, bipolar_pixels_split_at_128) {
  const QuantGraph graph = read(kMlp, npz_in_order(mlp_arrays()));
  const GraphNode& node = node_of(graph, "MultiThreshold");
  EXPECT_EQ(graph.constants.at(node.inputs[1]), (Array{{1, 1}, {128}}));
  EXPECT_EQ(node.real("out_scale", 0), 2);
  EXPECT_EQ(node.real("out_bias", 0), -1);
}

// What the graph makes of pixel p ahead of the first layer.
double pixel_value(const QuantGraph& graph, int p, bool divide) {
  const GraphNode& node = node_of(graph, "MultiThreshold");
  const std::vector<double>& thresholds = graph.constants.at(node.inputs[1]).data;
  const auto count = std::count_if(thresholds.begin(), thresholds.end(), [&](double t) { return p >= t; });
  const double code = node.real("out_scale", 0) * static_cast<double>(count) + node.real("out_bias", 0);
  const double factor = graph.constants.at(node_of(graph, divide ? "Div" : "Mul").inputs[1]).data[0];
  return divide ? code / factor : code * factor;
}

TEST(FinnJson, fixed8_pixels_are_those_of_bnn_pynq) {
  const QuantGraph graph =
      read(R"({"input": {"shape": [2], "pixels": "fixed8"}, "layers": [{"kind": "dense", "bias": false}]})",
           npz_in_order({npy({2, 1}, {1, -1})}));
  for (int p = 0; p <= 255; ++p) {
    EXPECT_EQ(pixel_value(graph, p, false), std::min(std::floor(128 * (2 * p / 255.0 - 1) + 0.5), 127.0) / 128) << p;
  }
}

TEST(FinnJson, scaled_pixels_lie_between_minus_one_and_one) {
  const QuantGraph graph =
      read(R"({"input": {"shape": [2], "pixels": "scaled"}, "layers": [{"kind": "dense", "bias": false}]})",
           npz_in_order({npy({2, 1}, {1, -1})}));
  EXPECT_EQ(ops(graph), (std::vector<std::string>{"MultiThreshold", "Div", "BipolarQuant", "MatMul"}));
  for (int p = 0; p <= 255; ++p) EXPECT_EQ(pixel_value(graph, p, true), (2 * p - 255) / 255.0) << p;
}

const std::string kCnn = R"({"name": "cnn", "input": {"shape": [1, 4, 4]}, "classes": ["a", "b"], "layers": [
    {"kind": "conv", "kernel": 3, "pad": "same", "weights": "ternary", "weight_scale": 0.5, "bias": false},
    {"kind": "maxpool", "size": 2}, {"kind": "batchnorm"}, {"kind": "activation", "type": "ternary"},
    {"kind": "dense", "outputs": 2, "bias": false}]})";

std::vector<data::NpyArray> cnn_arrays() {
  std::vector<float> dense(24);
  for (size_t i = 0; i < dense.size(); ++i) dense[i] = static_cast<float>(i);
  return {npy({3, 1, 3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}),
          npy({3}, {1, 2, 3}),
          npy({3}, {1, 2, 3}),
          npy({3}, {1, 2, 3}),
          npy({3}, {1, 2, 3}),
          npy({12, 2}, dense)};
}

TEST(FinnJson, convolutions_are_flipped_as_lasagne_does) {
  const QuantGraph graph = read(kCnn, npz_in_order(cnn_arrays()));
  const std::vector<double>& weights = graph.constants.at("conv_0_weights").data;
  EXPECT_EQ(std::vector<double>(weights.begin(), weights.begin() + 10),
            (std::vector<double>{9, 8, 7, 6, 5, 4, 3, 2, 1, 1}));
  std::string json = kCnn;
  json.replace(json.find("\"pad\""), 0, "\"flip_filters\": false, ");
  EXPECT_EQ(read(json, npz_in_order(cnn_arrays())).constants.at("conv_0_weights").data[0], 1);
}

TEST(FinnJson, convolution_pooling_and_ternary_become_ordinary_operators) {
  const QuantGraph graph = read(kCnn, npz_in_order(cnn_arrays()));
  EXPECT_EQ(graph.name, "cnn");
  EXPECT_EQ(graph.classes, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(graph.inputs[0].layout, "NCHW");
  EXPECT_EQ(ops(graph), (std::vector<std::string>{"MultiThreshold", "Quant", "Conv", "MaxPool", "Sub", "Mul", "Mul", "Add",
                                                  "MultiThreshold", "Flatten", "BipolarQuant", "MatMul"}));
  EXPECT_EQ(node_of(graph, "Conv").integers("pads", {}), (std::vector<int64_t>{1, 1, 1, 1}));
  EXPECT_EQ(node_of(graph, "MaxPool").integers("strides", {}), (std::vector<int64_t>{2, 2}));
  EXPECT_EQ(node_of(graph, "Quant").integer("narrow", 0), 1);
  EXPECT_EQ(graph.constants.at("conv_0_scale"), Array::scalar(0.5));
  EXPECT_EQ(graph.constants.at("batchnorm_2_mean").shape, (std::vector<int64_t>{3, 1, 1}));
  EXPECT_EQ(graph.constants.at(node_of(graph, "MultiThreshold", 1).inputs[1]), (Array{{1, 2}, {-0.5, 0.5}}));
}

TEST(FinnJson, arrays_may_be_named_and_variance_takes_the_place_of_inv_std) {
  const std::string json = R"({"input": {"shape": [2]}, "layers": [
    {"kind": "dense", "arrays": {"weights": "fc/W"}},
    {"kind": "batchnorm", "epsilon": 1, "arrays": {"beta": 3, "gamma": "g", "mean": "m", "variance": "v"}}]})";
  const QuantGraph graph = read(json, npz_of({{"fc/W", npy({2, 1}, {1, -1})},
                                              {"arr_3", npy({1}, {0.5F})},
                                              {"g", npy({1}, {2})},
                                              {"m", npy({1}, {3})},
                                              {"v", npy({1}, {3})},
                                              {"unused", npy({1}, {0})}}));
  EXPECT_EQ(ops(graph), (std::vector<std::string>{"MultiThreshold", "BipolarQuant", "MatMul", "Sub", "Mul", "Mul", "Add"}));
  EXPECT_EQ(graph.constants.at("batchnorm_1_beta"), Array::scalar(0.5));
  EXPECT_EQ(graph.constants.at("batchnorm_1_inv_std"), Array::scalar(0.5));
}

TEST(FinnJson, faults_of_the_topology_are_named_bad) {
  const auto mlp = npz_in_order(mlp_arrays());
  const auto layers = [&](const std::string& list) {
    return refusal(R"({"input": {"shape": [2]}, "layers": [)" + list + "]}", mlp);
  };
  EXPECT_EQ(
      refusal("{", mlp),
      "t.json: is not JSON: parse error at line 1, column 2: syntax error while parsing object key - unexpected end of "
      "input; expected string literal");
  EXPECT_EQ(refusal("{\"\xff\": 1}", mlp), "t.json: is not JSON: it holds bytes that are not UTF-8 text");
  EXPECT_EQ(refusal("[]", mlp), "t.json: must be an object with named fields; see docs/reference/finn-json.md");
  EXPECT_EQ(refusal(R"({"input": {"shape": [2]}})", mlp), "t.json: has no field 'layers'; see docs/reference/finn-json.md");
  EXPECT_EQ(refusal(R"({"layers": []})", mlp), "t.json: has no field 'input'; see docs/reference/finn-json.md");
  EXPECT_EQ(layers(""), "t.json: field 'layers' must be a list of 1 to 10000 layers");
  EXPECT_EQ(layers("7"), "t.json: layer 0: must be an object with named fields; see docs/reference/finn-json.md");
  EXPECT_EQ(layers(R"({"kind": "lstm"})"),
            "t.json: layer 0: field 'kind' must be \"dense\", \"conv\", \"batchnorm\", \"maxpool\" or \"activation\"");
  EXPECT_EQ(layers(R"({"kind": "dense", "units": 2})"),
            "t.json: layer 0: field 'units' is not known; see docs/reference/finn-json.md");
  EXPECT_EQ(layers(R"({"kind": "dense", "outputs": 3})"),
            "t.json: layer 0: field 'outputs' must be 2, as the weights have it");
  EXPECT_EQ(layers(R"({"kind": "dense", "weights": "float"})"),
            "t.json: layer 0: field 'weights' must be \"bipolar\" or \"ternary\"");
  EXPECT_EQ(layers(R"({"kind": "dense", "weight_scale": 0})"),
            "t.json: layer 0: field 'weight_scale' must be a positive number");
  EXPECT_EQ(layers(R"({"kind": "dense", "bias": 1})"), "t.json: layer 0: field 'bias' must be true or false");
  EXPECT_EQ(layers(R"({"kind": "dense"}, {"kind": "maxpool", "size": 2})"),
            "t.json: layer 1: a maxpool cannot follow a dense layer");
  EXPECT_EQ(layers(R"({"kind": "dense"}, {"kind": "conv"})"), "t.json: layer 1: a convolution cannot follow a dense layer");
  EXPECT_EQ(layers(R"({"kind": "activation", "type": "relu"})"),
            "t.json: layer 0: field 'type' must be \"bipolar\" or \"ternary\"");
  EXPECT_EQ(refusal(R"({"input": {"shape": [0]}, "layers": []})", mlp),
            "t.json: input: field 'shape' must be [channels, height, width] or [values]");
  EXPECT_EQ(refusal(R"({"input": {"shape": [2], "pixels": "grey"}, "layers": []})", mlp),
            "t.json: input: field 'pixels' must be \"bipolar\", \"fixed8\" or \"scaled\"");
  EXPECT_EQ(refusal(R"({"input": {"shape": [2]}, "classes": ["a"], "layers": [{"kind": "dense", "bias": false}]})",
                    npz_in_order({npy({2, 2}, {1, 1, 1, 1})})),
            "t.json: has 1 classes, but the last layer has 2 outputs");
  EXPECT_EQ(refusal(R"({"input": {"shape": [1, 2, 2]}, "layers": [{"kind": "maxpool", "size": 2}]})", mlp),
            "t.json: the last layer must be 'dense', or follow one; its outputs are the logits");
  EXPECT_EQ(refusal(R"({"input": {"shape": [1, 2, 2]}, "layers": [{"kind": "maxpool", "size": 3}]})", mlp),
            "t.json: layer 0: the window (3 x 3) is larger than its input (2 x 2)");
  EXPECT_EQ(refusal(R"({"input": {"shape": [1, 2, 2]}, "layers": [{"kind": "maxpool", "size": [2, 2, 2]}]})", mlp),
            "t.json: layer 0: field 'size' must be a whole number or two");
  EXPECT_EQ(refusal(R"({"input": {"shape": [1, 2, 2]}, "layers": [{"kind": "maxpool", "size": 0}]})", mlp),
            "t.json: layer 0: field 'size' must be between 1 and 65536");
}

TEST(FinnJson, faults_of_the_archive_are_named_bad) {
  std::vector<data::NpyArray> arrays = mlp_arrays();
  arrays.pop_back();
  EXPECT_EQ(refusal(kMlp, npz_in_order(arrays)),
            "t.json (parameters): has no array 'arr_10', the inv_std of t.json: layer 4");
  arrays = mlp_arrays();
  arrays.push_back(npy({1}, {0}));
  EXPECT_EQ(refusal(kMlp, npz_in_order(arrays)),
            "t.json (parameters): holds 12 arrays, but the topology's layers have 11; does a layer's 'bias' say what was "
            "trained?");
  arrays = mlp_arrays();
  arrays[0] = npy({3, 1}, {1, 1, 1});
  EXPECT_EQ(refusal(kMlp, npz_in_order(arrays)), "t.json: layer 0: weights have shape [3, 1], expected [2, outputs]");
  arrays = mlp_arrays();
  arrays[3] = npy({3}, {1, 1, 1});
  EXPECT_EQ(refusal(kMlp, npz_in_order(arrays)), "t.json: layer 1: gamma has shape [3], but the layer has 2 channels");
  arrays = mlp_arrays();
  arrays[3] = npy({2}, {1, std::numeric_limits<float>::quiet_NaN()});
  EXPECT_EQ(refusal(kMlp, npz_in_order(arrays)),
            "t.json (parameters): array 'arr_3' holds a value that is not a finite number");
  arrays = cnn_arrays();
  arrays[0].shape = {3, 3, 3, 1};
  EXPECT_EQ(refusal(kCnn, npz_in_order(arrays)),
            "t.json: layer 0: weights have shape [3, 3, 3, 1], expected [outputs, 1, height, width]");
  EXPECT_EQ(
      refusal(R"({"input": {"shape": [2]}, "layers": [{"kind": "dense"}, {"kind": "dense", "arrays": {"weights": 0}}]})",
              npz_in_order(mlp_arrays())),
      "t.json: layer 1: either all layers with parameters say their 'arrays' or none does");
  EXPECT_EQ(refusal(R"({"input": {"shape": [2]}, "layers": [{"kind": "dense", "arrays": {"bias": 1}}]})",
                    npz_in_order(mlp_arrays())),
            "t.json: layer 0: 'arrays' does not say 'weights'");
}

TEST(FinnJson, topology_and_archive_are_read_from_their_files) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "mlp.json";
  write_file(path, "\n  " + kMlp);
  EXPECT_THROW(frontend::read(path), Error);
  try {
    frontend::read(path);
  } catch (const Error& error) {
    EXPECT_EQ(error.what(),
              fmt::format("{}: its parameters, {}, are not there; name their file with the field 'parameters'",
                          path.string(), (folder.path() / "mlp.npz").string()));
  }
  write_file(folder.path() / "mlp.npz", npz_in_order(mlp_arrays()));
  EXPECT_EQ(frontend::read(path).source, path.string());
  std::string named = kMlp;
  named.insert(1, R"("parameters": "sub/other.npz", )");
  std::filesystem::create_directory(folder.path() / "sub");
  write_file(folder.path() / "sub/other.npz", npz_in_order(mlp_arrays()));
  std::filesystem::remove(folder.path() / "mlp.npz");
  write_file(path, "\xef\xbb\xbf" + named);
  EXPECT_EQ(frontend::read(path).nodes.size(), 15);
}

TEST(FinnJson, json_that_is_no_topology_is_refused_bad) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "other.json";
  write_file(path, R"({"some": "thing"})");
  try {
    frontend::read(path);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), path.string() + ": has no field 'layers'; see docs/reference/finn-json.md");
  }
}

TEST(FinnJsonHostile, deep_nesting_is_refused_bad) {
  EXPECT_NE(refusal("{\"layers\": " + std::string(1 << 16, '['), npz_in_order({})), "");
  EXPECT_NE(refusal("{\"layers\": " + std::string(10000, '[') + std::string(10000, ']') + "}", npz_in_order({})), "");
}

TEST(FinnJsonHostile, every_truncation_of_the_archive_is_read_or_refused) {
  const std::vector<std::byte> npz = npz_in_order(mlp_arrays());
  for (size_t length = 0; length < npz.size(); length += 7) {
    const std::vector<std::byte> cut(npz.begin(), npz.begin() + static_cast<std::ptrdiff_t>(length));
    refusal(kMlp, cut);
  }
}

TEST(FinnJsonHostile, PropertyChangedTopologiesAreReadOrRefused) {
  const std::vector<std::byte> npz = npz_in_order(cnn_arrays());
  for (uint64_t seed = 0; seed < cases(300); ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    std::string json = kCnn;
    for (uint64_t i = 0; i < 1 + seed % 4; ++i) {
      const size_t at = random() % json.size();
      json.replace(at, random() % 4, std::string(random() % 3, "0123456789-{}[],:\"e."[random() % 20]));
    }
    refusal(json, npz);
  }
}

}  // namespace
}  // namespace bitloom::frontend
