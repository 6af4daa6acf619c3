// SPDX-License-Identifier: Apache-2.0
#include "lower/lowering_support.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

namespace bitloom::lower::test {
namespace {

using frontend::GraphInput;
using frontend::QuantGraph;

uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31);
}

// One image in [y][x][channel] order as the graph's array, its batch 1.
Array to_graph(const GraphInput& input, const ir::Shape& shape, const std::vector<double>& values) {
  Array array{input.shape, {}};
  for (int64_t& size : array.shape) size = std::max<int64_t>(size, 1);
  const bool first = input.layout.empty() ? input.shape.size() >= 3 : input.layout.find('C') == 1;
  const int64_t area = int64_t{shape.height} * shape.width;
  array.data.resize(values.size());
  for (int64_t p = 0; p < area; ++p) {
    for (int64_t c = 0; c < shape.channels; ++c) {
      const int64_t from = p * shape.channels + c;
      array.data[static_cast<size_t>(first ? c * area + p : from)] = values[static_cast<size_t>(from)];
    }
  }
  return array;
}

// A result of the graph in [y][x][channel] order.
std::vector<double> to_network(const Array& array, bool channels_last) {
  if (array.shape.size() < 3 || channels_last) return array.data;
  const int64_t channels = array.shape[1];
  const int64_t area = array.elements() / channels;
  std::vector<double> data(array.data.size());
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t p = 0; p < area; ++p) {
      data[static_cast<size_t>(p * channels + c)] = array.data[static_cast<size_t>(c * area + p)];
    }
  }
  return data;
}

std::vector<double> reals_of(const ir::Network& network, ir::NodeId id, const ir::Tensor& tensor, int64_t image) {
  const std::span<const int32_t> values = tensor.image(image);
  const auto* output = std::get_if<ir::Output>(&network.nodes[static_cast<size_t>(id)].layer);
  return output ? ir::reals(*output, values) : std::vector<double>(values.begin(), values.end());
}

void expect_near(const std::vector<double>& found, const std::vector<double>& expected, double tolerance) {
  ASSERT_EQ(found.size(), expected.size());
  if (tolerance == 0) {
    ASSERT_EQ(found, expected);
    return;
  }
  double largest = 0;
  for (const double x : expected) largest = std::max(largest, std::abs(x));
  for (size_t i = 0; i < found.size(); ++i) ASSERT_NEAR(found[i], expected[i], tolerance * largest) << "element " << i;
}

void compare(const QuantGraph& graph, const ir::Network& network, const std::vector<ir::Tensor>& outputs, int64_t image,
             const std::map<std::string, Array>& inputs, const Check& check) {
  const std::map<std::string, Array> results = evaluate(graph, inputs);
  ASSERT_EQ(outputs.size(), graph.outputs.size());
  for (size_t i = 0; i < outputs.size(); ++i) {
    SCOPED_TRACE(testing::Message() << "output " << graph.outputs[i] << " of image " << image);
    expect_near(reals_of(network, network.outputs[i], outputs[i], image),
                to_network(results.at(graph.outputs[i]), check.channels_last), check.tolerance);
  }
}

// Every value of a flat input's range, all channels alike, before random images.
void prepend_all_values(const ir::Node& input, ir::Tensor& tensor) {
  const ir::Range range = input.type.range();
  if (input.type.shape.elements() != input.type.shape.channels || range.highest - range.lowest > 1024) return;
  const std::vector<int32_t> levels =
      input.type.encoding() ? input.type.encoding()->levels() : std::vector<int32_t>{range.lowest, range.highest};
  for (const int32_t level : levels) {
    tensor.values.insert(tensor.values.begin(), static_cast<size_t>(input.type.shape.channels), level);
    ++tensor.images;
  }
}

const GraphInput& graph_input(const QuantGraph& graph, const std::string& name) {
  return *std::find_if(graph.inputs.begin(), graph.inputs.end(), [&](const GraphInput& i) { return i.name == name; });
}

std::vector<std::vector<float>> random_reals(int64_t images, int64_t elements) {
  std::vector<std::vector<float>> result;
  for (int64_t i = 0; i < images; ++i) {
    std::vector<float> image;
    for (int64_t j = 0; j < elements; ++j) {
      const auto word = static_cast<int64_t>(mix(static_cast<uint64_t>(i * elements + j + 1)) % 4001);
      image.push_back(static_cast<float>(word - 2000) / 256);
    }
    result.push_back(std::move(image));
  }
  return result;
}

void expect_same_reals(const QuantGraph& graph, const ir::Network& network, const std::vector<std::vector<float>>& images,
                       const Check& check) {
  const auto& input = std::get<ir::Input>(network.nodes[static_cast<size_t>(network.inputs().at(0))].layer);
  for (size_t i = 0; i < images.size(); ++i) {
    const ir::Tensor tensor{input.shape, 1, ir::quantize(input, images[i])};
    const Array array = to_graph(graph.inputs[0], input.shape, {images[i].begin(), images[i].end()});
    compare(graph, network, ir::evaluate(network, std::span(&tensor, 1)), 0, {{graph.inputs[0].name, array}}, check);
    if (testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace

Graph::Graph(Ints shape, std::string datatype, std::string layout) {
  graph_.name = graph_.source = "m.onnx";
  x_ = input("x", std::move(shape), std::move(datatype), std::move(layout));
}

std::string Graph::input(std::string name, Ints shape, std::string datatype, std::string layout) {
  graph_.inputs.push_back({name, std::move(shape), std::move(datatype), std::move(layout)});
  return name;
}

std::string Graph::constant(Array array) {
  std::string name = "c" + std::to_string(graph_.constants.size());
  graph_.constants.emplace(name, std::move(array));
  return name;
}

std::string Graph::add(const std::string& op, std::vector<std::string> inputs, Attributes attributes, int64_t opset,
                       size_t outputs) {
  const std::string name = "n" + std::to_string(graph_.nodes.size());
  x_ = name + "_out";
  std::vector<std::string> names{x_};
  for (size_t i = 1; i < outputs; ++i) names.push_back(x_ + "_" + std::to_string(i));
  graph_.nodes.push_back({name, op, "", opset, std::move(inputs), std::move(names), std::move(attributes)});
  return x_;
}

Graph& Graph::then(const std::string& op, std::vector<std::string> more, Attributes attributes, int64_t opset) {
  more.insert(more.begin(), x_);
  add(op, std::move(more), std::move(attributes), opset);
  return *this;
}

Graph& Graph::from(std::string tensor) {
  x_ = std::move(tensor);
  return *this;
}

Graph& Graph::quant(int bits, double scale, const QuantFlags& flags) {
  return then("Quant", {scalar(scale), scalar(flags.zero_point), scalar(bits)},
              {{"signed", int64_t{flags.is_signed}}, {"narrow", int64_t{flags.narrow}}, {"rounding_mode", flags.mode}});
}

Graph& Graph::batch_norm(std::vector<double> gamma, std::vector<double> beta, std::vector<double> mean,
                         std::vector<double> variance) {
  return then("BatchNormalization",
              {constant(vec(std::move(gamma))), constant(vec(std::move(beta))), constant(vec(std::move(mean))),
               constant(vec(std::move(variance)))},
              {{"epsilon", 0.0}});
}

Graph& Graph::conv(Array weights, Ints pads, Ints strides, int64_t groups) {
  Ints kernel(weights.shape.begin() + 2, weights.shape.end());
  return then("Conv", {constant(std::move(weights))},
              {{"kernel_shape", kernel}, {"pads", std::move(pads)}, {"strides", std::move(strides)}, {"group", groups}});
}

Graph& Graph::max_pool(int64_t kernel, int64_t stride) {
  return then("MaxPool", {}, {{"kernel_shape", Ints{kernel, kernel}}, {"strides", Ints{stride, stride}}});
}

QuantGraph Graph::done(std::vector<std::string> outputs) const {
  QuantGraph graph = graph_;
  graph.outputs = std::move(outputs);
  frontend::verify(graph);
  return graph;
}

Array numbers(Dims shape, int64_t lowest, int64_t highest, uint64_t seed) {
  Array result = iota(std::move(shape));
  for (double& x : result.data) {
    const uint64_t word = mix(seed * 0x9E3779B97F4A7C15U + static_cast<uint64_t>(x));
    x = static_cast<double>(lowest + static_cast<int64_t>(word % static_cast<uint64_t>(highest - lowest + 1)));
  }
  return result;
}

Array signs(Dims shape, uint64_t seed) {
  Array result = numbers(std::move(shape), 0, 1, seed);
  for (double& x : result.data) x = 2 * x - 1;
  return result;
}

ir::Network expect_same(const QuantGraph& graph, const Check& check) {
  const ir::Network network = lower(graph, check.options);
  const std::vector<ir::NodeId> ids = network.inputs();
  const auto node = [&](size_t i) -> const ir::Node& { return network.nodes[static_cast<size_t>(ids[i])]; };
  if (std::get<ir::Input>(node(0).layer).real) {
    expect_same_reals(graph, network, random_reals(check.images, node(0).type.shape.elements()), check);
    return network;
  }
  std::vector<ir::Tensor> inputs = ir::random_inputs(network, check.images, 1);
  if (inputs.size() == 1) prepend_all_values(node(0), inputs[0]);
  const std::vector<ir::Tensor> outputs = ir::evaluate(network, inputs);
  for (int64_t image = 0; image < inputs[0].images; ++image) {
    std::map<std::string, Array> arrays;
    for (size_t i = 0; i < inputs.size(); ++i) {
      const std::span<const int32_t> values = inputs[i].image(image);
      std::vector<double> reals(values.begin(), values.end());
      const GraphInput& input = graph_input(graph, node(i).name);
      const bool pixels = check.options.input == InputKind::kPixels ||
                          (check.options.input == InputKind::kAutomatic && input.datatype.empty());
      if (pixels) std::for_each(reals.begin(), reals.end(), [](double& x) { x /= 255; });
      arrays.emplace(input.name, to_graph(input, inputs[i].shape, reals));
    }
    compare(graph, network, outputs, image, arrays, check);
    if (testing::Test::HasFatalFailure()) break;
  }
  return network;
}

void expect_same_reals(const QuantGraph& graph, const std::vector<std::vector<float>>& images) {
  expect_same_reals(graph, lower(graph), images, {});
}

int64_t count(const ir::Network& network, std::string_view kind) {
  return std::count_if(network.nodes.begin(), network.nodes.end(),
                       [&](const ir::Node& node) { return ir::layer_name(node.layer) == kind; });
}

std::string lowering_message(const QuantGraph& graph, const Options& options) {
  return message([&] { lower(graph, options); });
}

std::string report_text(const QuantGraph& graph, const Options& options) {
  Report report;
  lower(graph, options, &report);
  std::string text = report.input;
  for (const ReportLine& line : report.lines) text += fmt::format("{} {}: {}\n", line.node, line.op, line.became);
  return text;
}

}  // namespace bitloom::lower::test
