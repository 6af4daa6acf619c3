// SPDX-License-Identifier: Apache-2.0
#include "conformance/random_graph.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

namespace bitloom::test {
namespace {

using frontend::Array;
using frontend::Attribute;
using frontend::GraphNode;
using frontend::QuantGraph;

class Builder {
 public:
  explicit Builder(uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15U + 1) {}

  QuantGraph chain();
  QuantGraph network();

 private:
  uint64_t next() {
    state_ += 0x9E3779B97F4A7C15U;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
  }
  int64_t pick(int64_t lowest, int64_t highest) {
    return lowest + static_cast<int64_t>(next() % static_cast<uint64_t>(highest - lowest + 1));
  }
  bool chance(int percent) { return pick(1, 100) <= percent; }
  double dyadic() { return std::ldexp(1.0, static_cast<int>(pick(-4, 2))); }
  double real(double bound) { return (static_cast<double>(next() >> 11) * 0x1p-53 * 2 - 1) * bound; }

  std::string constant(Array array) {
    std::string name = "c" + std::to_string(graph_.constants.size());
    graph_.constants.emplace(name, std::move(array));
    return name;
  }
  std::string scalar(double value) { return constant(Array::scalar(value)); }
  std::string node(const std::string& op, std::vector<std::string> inputs,
                   std::map<std::string, Attribute> attributes = {}) {
    const std::string name = op + "_" + std::to_string(graph_.nodes.size());
    graph_.nodes.push_back(
        {name, op, "", op == "Trunc" ? 1 : 13, std::move(inputs), {name + "_out"}, std::move(attributes)});
    return name + "_out";
  }
  // One number a channel, shaped to broadcast against the current tensor.
  Array per_channel(const std::function<double()>& make) {
    Array array;
    array.shape = image_ ? std::vector<int64_t>{channels_, 1, 1} : std::vector<int64_t>{channels_};
    for (int64_t c = 0; c < channels_; ++c) array.data.push_back(make());
    return array;
  }
  Array one_or_per_channel(const std::function<double()>& make) {
    return chance(50) ? Array::scalar(make()) : per_channel(make);
  }

  void batch_norm();
  void function();
  void quantizer();
  void product(bool last);
  void pool();
  void residual();
  std::string weights(std::vector<int64_t> shape);

  uint64_t state_;
  QuantGraph graph_;
  std::string x_;
  bool image_ = false;
  int64_t channels_ = 1, size_ = 1;
  double magnitude_ = 1;  ///< what the numbers are about, so that quantizers see all of their levels
};

void Builder::batch_norm() {
  Array gamma{{channels_}, {}}, beta{{channels_}, {}}, mean{{channels_}, {}}, variance{{channels_}, {}};
  for (int64_t c = 0; c < channels_; ++c) {
    gamma.data.push_back(chance(15) ? 0.0 : real(2));
    beta.data.push_back(chance(10) ? 0.0 : real(2));
    mean.data.push_back(real(magnitude_));
    variance.data.push_back(chance(10) ? 5.6e-45 : std::abs(real(magnitude_ * magnitude_)) + 1e-3);
  }
  x_ = node("BatchNormalization", {x_, constant(gamma), constant(beta), constant(mean), constant(variance)},
            {{"epsilon", 1e-5}});
  magnitude_ = 2;
}

void Builder::function() {
  switch (pick(0, 9)) {
    case 0:
      x_ = node("Relu", {x_});
      break;
    case 1:
      x_ = node("Clip", {x_, scalar(-magnitude_), scalar(magnitude_ * 0.7)});
      break;
    case 2:
      x_ = node("Mul", {x_, constant(one_or_per_channel([&] { return chance(8) ? 0.0 : real(1.5); }))});
      break;
    case 3:
      x_ = node("Add", {constant(one_or_per_channel([&] { return real(magnitude_ / 2); })), x_});
      break;
    case 4:
      x_ = node("Sub", chance(50) ? std::vector<std::string>{x_, scalar(real(magnitude_))}
                                  : std::vector<std::string>{scalar(real(magnitude_)), x_});
      break;
    case 5:
      x_ = node("Div", {x_, constant(one_or_per_channel([&] { return chance(30) ? -dyadic() : real(1) + 2; }))});
      break;
    case 6:
      x_ = node("LeakyRelu", {x_}, {{"alpha", 0.125}});
      break;
    case 7:
      x_ = node("Tanh", {x_});
      magnitude_ = 1;
      break;
    case 8:
      x_ = node("Neg", {x_});
      break;
    case 9:
      x_ = node("Max", {x_, scalar(real(magnitude_))});
      break;
    default:
      break;
  }
}

void Builder::quantizer() {
  static const char* const kModes[] = {"ROUND", "CEIL", "FLOOR", "UP", "DOWN", "HALF_UP", "half_down"};
  switch (pick(0, 6)) {
    case 0:
      x_ = node("BipolarQuant", {x_, scalar(dyadic())});
      break;
    case 1: {  // MultiThreshold with integers or with real steps
      const int64_t steps = pick(1, 6);
      const int64_t rows = chance(50) ? 1 : channels_;
      Array thresholds{{rows, steps}, {}};
      for (int64_t row = 0; row < rows; ++row) {
        double t = -magnitude_ + real(magnitude_ / 2);
        for (int64_t i = 0; i < steps; ++i) thresholds.data.push_back(t += chance(20) ? 0 : std::abs(real(magnitude_)));
      }
      const bool integers = chance(60);
      x_ = node("MultiThreshold", {x_, constant(thresholds)},
                {{"out_scale", integers ? static_cast<double>(pick(1, 3)) : 0.25},
                 {"out_bias", integers ? static_cast<double>(pick(-4, 1)) : 0.125 * static_cast<double>(pick(-6, 1))}});
      break;
    }
    case 2: {  // residual binarization: a sign, and the sign of what remains
      const std::string x = x_;
      const double large = magnitude_ / 2;
      const auto count = [&](const Array& thresholds, double step, double bias) {
        return node("MultiThreshold", {x, constant(thresholds)}, {{"out_scale", step}, {"out_bias", bias}});
      };
      const auto ratio = static_cast<double>(pick(1, 5));
      const std::string middle = count({{1, 1}, {0}}, ratio, -(ratio + 1) / 2);
      x_ = node("Add", {middle, count({{1, 2}, {-large, large}}, 1, 0)});
      break;
    }
    default: {
      const int64_t bits = pick(1, 6);
      const bool is_signed = chance(50);
      const bool narrow = bits > 1 && chance(40);
      const double zero_point = bits > 1 && chance(25) ? static_cast<double>(pick(0, 3)) : 0;
      x_ = node(
          "Quant",
          {x_,
           scalar(std::ldexp(1.0, static_cast<int>(std::ceil(std::log2(magnitude_))) - static_cast<int>(pick(0, bits)))),
           scalar(zero_point), scalar(static_cast<double>(bits))},
          {{"signed", int64_t{is_signed}},
           {"narrow", int64_t{narrow}},
           {"rounding_mode", std::string(kModes[pick(0, 6)])}});
    }
  }
  magnitude_ = 2;
}

std::string Builder::weights(std::vector<int64_t> shape) {
  Array array{shape, {}};
  int64_t elements = 1;
  for (const int64_t size : shape) elements *= size;
  for (int64_t i = 0; i < elements; ++i) array.data.push_back(chance(5) ? -0.0 : real(1));
  // One scale a tensor or an output channel, which is the first axis here.
  std::vector<int64_t> scale_shape(shape.size(), 1);
  if (chance(40)) scale_shape[0] = shape[0];
  Array scale{scale_shape, {}};
  for (int64_t i = 0; i < scale_shape[0]; ++i) scale.data.push_back(dyadic() / 4);
  if (chance(40)) return node("BipolarQuant", {constant(array), constant(scale)});
  return node("Quant", {constant(array), constant(scale), scalar(0), scalar(static_cast<double>(pick(2, 4)))},
              {{"signed", int64_t{1}}, {"narrow", int64_t{chance(70)}}, {"rounding_mode", std::string("ROUND")}});
}

void Builder::product(bool last) {
  const int64_t outputs = last ? pick(2, 5) : pick(1, 9);
  if (image_ && size_ >= 3 && !last) {
    const bool depthwise = chance(20);
    const int64_t kernel = pick(1, 3);
    const int64_t stride = pick(1, 2);
    const int64_t pad = pick(0, kernel - 1);
    const int64_t groups = depthwise ? channels_ : 1;
    const int64_t out = depthwise ? channels_ : outputs;
    std::vector<std::string> inputs{x_, weights({out, channels_ / groups, kernel, kernel})};
    if (chance(40)) {
      Array bias{{out}, {}};
      for (int64_t i = 0; i < out; ++i) bias.data.push_back(real(1));
      inputs.push_back(constant(bias));
    }
    x_ = node("Conv", inputs,
              {{"kernel_shape", std::vector<int64_t>{kernel, kernel}},
               {"strides", std::vector<int64_t>{stride, stride}},
               {"pads", std::vector<int64_t>{pad, pad, pad, pad}},
               {"group", groups}});
    magnitude_ = std::sqrt(static_cast<double>(channels_ / groups * kernel * kernel)) + 1;
    channels_ = out;
    size_ = (size_ + 2 * pad - kernel) / stride + 1;
    return;
  }
  if (image_) {
    x_ = chance(50) ? node("Flatten", {x_}) : node("Reshape", {x_, constant({{2}, {1, -1}})});
    channels_ *= size_ * size_;
    image_ = false;
  }
  const std::string matrix = weights({outputs, channels_});
  magnitude_ = std::sqrt(static_cast<double>(channels_)) + 1;
  if (chance(50)) {
    Array bias{{outputs}, {}};
    for (int64_t i = 0; i < outputs; ++i) bias.data.push_back(last ? static_cast<double>(pick(-3, 3)) : real(1));
    x_ = node("Gemm", {x_, matrix, constant(bias)}, {{"transB", int64_t{1}}});
  } else {
    x_ = node("MatMul", {x_, node("Transpose", {matrix}, {{"perm", std::vector<int64_t>{1, 0}}})});
  }
  channels_ = outputs;
}

void Builder::pool() {
  if (!image_ || size_ < 2) return;
  const int64_t kernel = pick(2, std::min<int64_t>(3, size_));
  const int64_t stride = pick(1, 2);
  x_ = node("MaxPool", {x_},
            {{"kernel_shape", std::vector<int64_t>{kernel, kernel}}, {"strides", std::vector<int64_t>{stride, stride}}});
  size_ = (size_ - kernel) / stride + 1;
}

// x + f(x), where both branches end in quantizers of one scale; sometimes followed by an average with Trunc.
void Builder::residual() {
  if (!image_ || size_ < 2) return;
  const auto shared_quantizer = [&](const std::string& x) {
    return node("Quant", {x, scalar(0.25), scalar(0), scalar(4)},
                {{"signed", int64_t{0}}, {"narrow", int64_t{0}}, {"rounding_mode", std::string("ROUND")}});
  };
  const std::string left = shared_quantizer(x_);
  const std::string convolved =
      node("Conv", {left, weights({channels_, channels_, 1, 1})}, {{"kernel_shape", std::vector<int64_t>{1, 1}}});
  x_ = node(chance(70) ? "Add" : "Sub", {left, shared_quantizer(convolved)});
  if (chance(50)) {
    const std::string average =
        node("AveragePool", {x_}, {{"kernel_shape", std::vector<int64_t>{2, 2}}, {"strides", std::vector<int64_t>{2, 2}}});
    const std::string sum = node("Mul", {average, scalar(4)});
    x_ = node("Trunc", {sum, scalar(0.25), scalar(0), scalar(7), scalar(5)}, {{"rounding_mode", std::string("FLOOR")}});
    size_ = (size_ - 2) / 2 + 1;
  }
  magnitude_ = 4;
}

QuantGraph Builder::chain() {
  channels_ = pick(1, 4);
  const int64_t bits = pick(1, 10);
  graph_.inputs.push_back({"x", {1, channels_}, (chance(50) ? "INT" : "UINT") + std::to_string(bits), ""});
  x_ = "x";
  magnitude_ = std::ldexp(1.0, static_cast<int>(bits) - 1);
  for (int64_t i = pick(0, 3); i > 0; --i) function();
  if (chance(60)) batch_norm();
  if (chance(30)) function();
  quantizer();
  graph_.outputs = {x_};
  graph_.name = graph_.source = "random";
  return std::move(graph_);
}

QuantGraph Builder::network() {
  image_ = chance(60);
  channels_ = image_ ? pick(1, 4) : pick(1, 40);
  size_ = image_ ? pick(3, 8) : 1;
  static const char* const kTypes[] = {"BIPOLAR", "UINT8", "INT4", "UINT2", "TERNARY", "BINARY"};
  const std::vector<int64_t> shape =
      image_ ? std::vector<int64_t>{1, channels_, size_, size_} : std::vector<int64_t>{1, channels_};
  graph_.inputs.push_back({"x", shape, kTypes[pick(0, 5)], ""});
  x_ = "x";
  magnitude_ = 4;
  if (chance(40)) quantizer();
  for (int64_t layer = pick(1, 3); layer > 0; --layer) {
    product(false);
    if (chance(30)) pool();
    if (chance(60)) batch_norm();
    if (chance(40)) function();
    quantizer();
    if (chance(30)) pool();
    if (chance(25)) residual();
  }
  product(true);
  x_ = node("Mul", {x_, scalar(0.5)});
  graph_.outputs = {x_};
  graph_.name = graph_.source = "random";
  return std::move(graph_);
}

}  // namespace

frontend::QuantGraph random_graph(uint64_t seed) { return Builder(seed).network(); }

frontend::QuantGraph random_chain(uint64_t seed) { return Builder(seed).chain(); }

}  // namespace bitloom::test
