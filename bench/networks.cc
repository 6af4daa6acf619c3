// SPDX-License-Identifier: Apache-2.0
//
// A channel's sum over many independent inputs is about normal. Its mean and deviation follow from the weights and from the
// inputs' mean and variance; the thresholds are its quantiles.
#include "networks.h"

#include <cmath>
#include <random>
#include <utility>

namespace bitloom::bench {
namespace {

constexpr uint64_t kSeed = 1;
constexpr int kPool = 2;  // height and width of every pool's window

struct Moments {
  double mean = 0;
  double variance = 0;
};

Moments moments(const std::vector<int32_t>& levels) {
  Moments result;
  for (const int32_t level : levels) result.mean += level;
  result.mean /= static_cast<double>(levels.size());
  for (const int32_t level : levels) result.variance += (level - result.mean) * (level - result.mean);
  result.variance /= static_cast<double>(levels.size());
  return result;
}

/// The z below which a normal variable lies with this probability, by bisection: there is no inverse of erfc in the
/// library.
double normal_quantile(double probability) {
  double low = -8, high = 8;
  for (int step = 0; step < 50; ++step) {
    const double middle = (low + high) / 2;
    (0.5 * std::erfc(-middle / std::sqrt(2.0)) < probability ? low : high) = middle;
  }
  return low;
}

ir::Encoding weight_encoding(int bits) {
  if (bits == 1) return ir::Encoding::bipolar();
  if (bits == 2) return ir::Encoding::ternary();
  return ir::Encoding::signed_bits(bits, true);
}

ir::Encoding activation_encoding(int bits) {
  if (bits == 1) return ir::Encoding::bipolar();
  if (bits == 2) return ir::Encoding::affine(1, -1, 2);
  return ir::Encoding::unsigned_bits(bits);
}

/// Appends layer after layer; each reads the one before.
class Builder {
 public:
  Builder(std::string name, const ir::Shape& image) {
    network_.name = std::move(name);
    add("image", ir::Input{image, ir::Encoding::unsigned_bits(8), {}});
  }

  /// Convolution with a square kernel (1: fully connected), all weight values equally likely.
  void dot(int channels, int kernel, const ir::Encoding& encoding) {
    const int64_t columns = int64_t{kernel} * kernel * type().shape.channels;
    const std::vector<uint32_t> level_codes = encoding.level_codes();
    std::vector<uint32_t> codes(static_cast<size_t>(channels * columns));
    for (uint32_t& code : codes) code = level_codes[random_() % level_codes.size()];
    add("dot", ir::Dot{.window = {.kernel_h = kernel, .kernel_w = kernel},
                       .encoding = encoding,
                       .weights = ir::BitMatrix(channels, columns, encoding.planes(), codes)});
  }

  /// `pooled`: the codes are balanced after the max-pool that follows, not before.
  void threshold(const ir::Encoding& encoding, bool pooled) {
    const std::vector<Moments> sums = expected_sums();
    const size_t levels = encoding.levels().size();
    ir::Threshold layer{encoding, static_cast<int32_t>(sums.size()), {}, std::vector<uint8_t>(sums.size())};
    for (const Moments& sum : sums) {
      for (size_t level = 1; level < levels; ++level) {
        const double below = static_cast<double>(level) / static_cast<double>(levels);
        const double z = normal_quantile(pooled ? std::pow(below, 1.0 / (kPool * kPool)) : below);
        layer.thresholds.push_back(static_cast<int32_t>(std::ceil(sum.mean + z * std::sqrt(sum.variance))));
      }
    }
    add("threshold", std::move(layer));
  }

  void max_pool() {
    add("pool", ir::MaxPool{{.kernel_h = kPool, .kernel_w = kPool, .stride_h = kPool, .stride_w = kPool}});
  }

  /// Of 8 bits, each level for as many of their values.
  void quantize_pixels(const ir::Encoding& encoding) {
    const auto levels = static_cast<int32_t>(encoding.levels().size());
    ir::Threshold layer{encoding, 1, {}, {0}};
    for (int32_t level = 1; level < levels; ++level) layer.thresholds.push_back(256 * level / levels);
    add("pixels", std::move(layer));
  }

  void keep_first_channel() { add("slice", ir::Slice{0, 1}); }

  ir::Network finish() {
    add("output", ir::Output{});
    network_.outputs = {last()};
    return std::move(network_);
  }

 private:
  ir::NodeId last() const { return static_cast<ir::NodeId>(network_.nodes.size()) - 1; }
  const ir::TensorType& type() const { return network_.nodes.back().type; }

  void add(const std::string& kind, ir::Layer layer) {
    std::vector<ir::NodeId> inputs;
    if (!network_.nodes.empty()) inputs.push_back(last());
    network_.add(fmt::format("{}_{}", kind, network_.nodes.size()), std::move(layer), std::move(inputs));
  }

  /// For each channel of the Dot that was added last.
  std::vector<Moments> expected_sums() const {
    const ir::Node& node = network_.nodes.back();
    const auto& dot = std::get<ir::Dot>(node.layer);
    const auto& before = network_.nodes[static_cast<size_t>(node.inputs.front())].type;
    const Moments input = moments(before.encoding()->levels());
    std::vector<Moments> sums(static_cast<size_t>(dot.weights.rows()));
    for (int64_t row = 0; row < dot.weights.rows(); ++row) {
      Moments& sum = sums[static_cast<size_t>(row)];
      for (int64_t column = 0; column < dot.weights.columns(); ++column) {
        const double weight = dot.encoding.value(dot.weights.code(row, column));
        sum.mean += weight * input.mean;
        sum.variance += weight * weight * input.variance;
      }
    }
    return sums;
  }

  ir::Network network_;
  std::mt19937_64 random_{kSeed};  // its sequence is the same with every standard library
};

}  // namespace

ir::Network cnv(int weight_bits, int activation_bits) {
  const ir::Encoding weights = weight_encoding(weight_bits), activations = activation_encoding(activation_bits);
  Builder builder(fmt::format("cnv_w{}a{}", weight_bits, activation_bits), {32, 32, 3});
  for (const int channels : {64, 128, 256}) {
    const bool pooled = channels != 256;
    builder.dot(channels, 3, weights);
    builder.threshold(activations, false);
    builder.dot(channels, 3, weights);
    builder.threshold(activations, pooled);
    if (pooled) builder.max_pool();
  }
  for (int layer = 0; layer < 2; ++layer) {
    builder.dot(512, 1, weights);
    builder.threshold(activations, false);
  }
  builder.dot(10, 1, weights);
  return builder.finish();
}

ir::Network fully_connected(const std::vector<int>& sizes) {
  BITLOOM_CHECK(sizes.size() >= 2);
  Builder builder("fully_connected", {1, 1, sizes.front()});
  builder.quantize_pixels(ir::Encoding::bipolar());
  for (size_t layer = 1; layer < sizes.size(); ++layer) {
    builder.dot(sizes[layer], 1, ir::Encoding::bipolar());
    if (layer + 1 < sizes.size()) builder.threshold(ir::Encoding::bipolar(), false);
  }
  return builder.finish();
}

ir::Network one_layer(const LayerShape& shape) {
  Builder builder("one_layer", {shape.size, shape.size, shape.channels_in});
  if (shape.input_bits < 8) builder.quantize_pixels(activation_encoding(shape.input_bits));
  builder.dot(shape.channels_out, shape.kernel, weight_encoding(shape.weight_bits));
  builder.threshold(activation_encoding(shape.output_bits), false);
  builder.keep_first_channel();
  return builder.finish();
}

}  // namespace bitloom::bench
