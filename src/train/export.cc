// SPDX-License-Identifier: Apache-2.0
#include "export.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "bitloom/error.h"
#include "graph_writer.h"
#include "quantizer.h"

namespace bitloom::train {
namespace {

Dims shape_of(const Node& node) {
  return node.flat ? Dims{1, node.channels} : Dims{1, node.channels, node.height, node.width};
}

class Exporter {
 public:
  explicit Exporter(const TrainedNetwork& network) : network_(network), writer_(network.name) {}

  std::string run() {
    writer_.constant("one", 1.0F);
    for (size_t i = 0; i < network_.architecture.nodes.size(); ++i) {
      const Node& node = network_.architecture.nodes[i];
      results_.push_back(std::visit([&](const auto& op) { return write(op, node, network_.nodes[i]); }, node.op));
    }
    writer_.output(results_.back(), shape_of(network_.architecture.nodes.back()));
    return writer_.bytes();
  }

 private:
  const std::string& input(const Node& node, size_t index = 0) const { return results_[node.inputs[index]]; }
  const Node& source(const Node& node) const { return network_.architecture.nodes[node.inputs[0]]; }

  void add_quant_attributes(bool is_signed, bool narrow) {
    writer_.domain(kQuantDomain);
    writer_.attribute("signed", int64_t{is_signed});
    writer_.attribute("narrow", int64_t{narrow});
    writer_.attribute("rounding_mode", "ROUND");
  }

  /// Integers of so many bits.
  std::string add_quant(const std::string& from, const std::string& name, int bits, bool is_signed, bool narrow,
                        const Dims& shape) {
    const std::string width = writer_.constant(name + ".bits", static_cast<float>(bits));
    const std::string zero = writer_.constant(name + ".zero", 0.0F);
    writer_.add("Quant", {from, "one", zero, width}, name, shape);
    add_quant_attributes(is_signed, narrow);
    return name;
  }

  std::string add_signs(const std::string& from, const std::string& scale, const std::string& name, const Dims& shape) {
    writer_.add("BipolarQuant", {from, scale}, name, shape);
    writer_.domain(kQuantDomain);
    return name;
  }

  /// True for the image of a network that begins fully connected. It is flattened before anything else, as Brevitas does,
  /// so that its quantized pixels are one vector and not a vector of one channel for each position.
  bool is_flattened(const Node& node) const {
    return std::holds_alternative<ImageOp>(node.op) &&
           std::holds_alternative<FlattenOp>(network_.architecture.nodes.at(1).op);
  }

  std::string write(const ImageOp& op, const Node& node, const TrainedNode&) {
    Dims shape = shape_of(node);
    writer_.input("image", shape);
    std::string image = "image";
    if (is_flattened(node)) {
      shape = shape_of(network_.architecture.nodes[1]);
      image = add_flatten("image", "image.flat", shape);
    }
    const bool pixels = op.input == Input::kPixels;
    writer_.add("Mul", {image, writer_.constant("image.factor", pixels ? 255.0F : 2.0F)}, "image.scaled", shape);
    writer_.add("Sub", {"image.scaled", writer_.constant("image.middle", pixels ? 128.0F : 1.0F)}, "image.centred", shape);
    if (pixels) return add_quant("image.centred", "pixels", 8, true, false, shape);
    return add_signs("image.centred", "one", "pixels", shape);
  }

  /// Weights as the operator wants them: Conv [output][input][y][x], MatMul [input][output].
  std::string write_weights(const ProductOp& op, const std::string& name, const TrainedNode& trained) {
    BITLOOM_CHECK(static_cast<int64_t>(trained.weights.size()) == op.outputs * op.terms());
    std::vector<int16_t> weights = trained.weights;
    Dims shape = op.weight_shape();
    if (op.dense) {
      for (int64_t o = 0; o < op.outputs; ++o) {
        for (int64_t i = 0; i < op.inputs; ++i)
          weights[static_cast<size_t>(i * op.outputs + o)] = trained.weights[static_cast<size_t>(o * op.inputs + i)];
      }
      std::swap(shape[0], shape[1]);
    }
    const std::string real = name + ".weight.real";
    if (integers(op.weights, Operand::kWeights).magnitude() > 127) {
      writer_.constant(real, std::vector<float>(weights.begin(), weights.end()), shape);
    } else {
      const std::string stored =
          writer_.constant(name + ".weight.integer", std::vector<int8_t>(weights.begin(), weights.end()), shape);
      writer_.add("Cast", {stored}, real, shape);
      writer_.attribute("to", int64_t{onnx::TensorProto::FLOAT});
    }
    return add_weight_quantizer(op, name + ".weight", real, shape, trained);
  }

  std::string add_weight_quantizer(const ProductOp& op, const std::string& name, const std::string& real, const Dims& shape,
                                   const TrainedNode& trained) {
    const Quantizer& q = op.weights;
    if (q.method == Method::kUniform) return add_quant(real, name, q.bits, true, q.narrow, shape);
    if (q.method == Method::kDorefa && q.bits > 1) return add_quant(real, name, q.bits + 1, true, true, shape);
    if (q.method != Method::kXnor) return add_signs(real, "one", name, shape);
    Dims scales(shape.size(), 1);
    scales[op.dense ? 1 : 0] = op.outputs;
    return add_signs(real, writer_.constant(name + ".scale", trained.filter_scale, scales), name, shape);
  }

  std::string write(const ProductOp& op, const Node& node, const TrainedNode& trained) {
    const std::string weights = write_weights(op, node.name, trained);
    if (op.dense) return writer_.add("MatMul", {input(node), weights}, node.name, shape_of(node));
    writer_.add("Conv", {input(node), weights}, node.name, shape_of(node));
    writer_.attribute("kernel_shape", Dims{op.kernel, op.kernel});
    writer_.attribute("strides", Dims{op.stride, op.stride});
    writer_.attribute("pads", Dims{op.padding, op.padding, op.padding, op.padding});
    writer_.attribute("dilations", Dims{op.dilation, op.dilation});
    writer_.attribute("group", op.groups);
    return node.name;
  }

  void set_pool(int64_t size) {
    writer_.attribute("kernel_shape", Dims{size, size});
    writer_.attribute("strides", Dims{size, size});
  }

  std::string write(const MaxPoolOp& op, const Node& node, const TrainedNode&) {
    writer_.add("MaxPool", {input(node)}, node.name, shape_of(node));
    set_pool(op.size);
    return node.name;
  }

  std::string write(const SumPoolOp& op, const Node& node, const TrainedNode&) {
    const std::string mean = writer_.add("AveragePool", {input(node)}, node.name + ".mean", shape_of(node));
    set_pool(op.size);
    const std::string count = writer_.constant(node.name + ".count", static_cast<float>(op.size * op.size));
    return writer_.add("Mul", {mean, count}, node.name, shape_of(node));
  }

  std::string write_norm(const TrainedNorm& norm, const std::string& from, const std::string& name, const Dims& shape) {
    const Dims channels{shape[1]};
    writer_.add(
        "BatchNormalization",
        {from, writer_.constant(name + ".scale", norm.scale, channels),
         writer_.constant(name + ".offset", norm.offset, channels), writer_.constant(name + ".mean", norm.mean, channels),
         writer_.constant(name + ".variance", norm.variance, channels)},
        name, shape);
    writer_.attribute("epsilon", static_cast<float>(kNormEpsilon));
    return name;
  }

  /// What the quantizer reads.
  std::string write_real(const QuantizeOp& op, const Node& node, const TrainedNode& trained, const Dims& shape) {
    if (!trained.alpha.empty()) {
      Dims channels(shape.size(), 1);
      channels[1] = shape[1];
      const std::string alpha = writer_.constant(node.name + ".alpha", trained.alpha, channels);
      const std::string shift = writer_.constant(node.name + ".shift", trained.shift, channels);
      const std::string scaled = writer_.add("Mul", {input(node), alpha}, node.name + ".scaled", shape);
      return writer_.add("Add", {scaled, shift}, node.name + ".shifted", shape);
    }
    if (op.norm) return write_norm(trained.norm, input(node), node.name + ".norm", shape);
    return writer_.add("Mul", {input(node), writer_.constant(node.name + ".factor", trained.factor)}, node.name + ".scaled",
                       shape);
  }

  std::string write(const QuantizeOp& op, const Node& node, const TrainedNode& trained) {
    const Dims shape = shape_of(node);
    const std::string real = write_real(op, node, trained, shape);
    const Quantizer& q = op.quantizer;
    switch (q.method) {
      case Method::kBipolar:
        return add_signs(real, "one", node.name, shape);
      case Method::kUniform:
        return add_quant(real, node.name, q.bits, q.is_signed, q.narrow, shape);
      case Method::kDorefa:
        return add_quant(real, node.name, q.bits, false, false, shape);
      case Method::kIsometric:
        return write_isometric(real, node.name, q.bits, shape);
      case Method::kResidual:
        return write_residual(real, node.name, trained.gammas, shape);
      default:
        BITLOOM_CHECK(false);
    }
  }

  std::string add_thresholds(const std::string& from, const std::string& name, const std::vector<float>& thresholds,
                             float scale, float bias, const Dims& shape) {
    const Dims size{1, static_cast<int64_t>(thresholds.size())};
    writer_.add("MultiThreshold", {from, writer_.constant(name + ".thresholds", thresholds, size)}, name, shape);
    writer_.domain(kQuantDomain);
    writer_.attribute("out_scale", scale);
    writer_.attribute("out_bias", bias);
    return name;
  }

  std::string write_isometric(const std::string& from, const std::string& name, int levels, const Dims& shape) {
    const int highest = (1 << levels) - 1;
    std::vector<float> thresholds;
    for (int t = 1 - highest; t < highest; t += 2) thresholds.push_back(static_cast<float>(t));
    return add_thresholds(from, name, thresholds, 2, static_cast<float>(-highest), shape);
  }

  // MultiThreshold's levels are evenly spaced and these are not. In order of x, steps from one level to the next have one
  // of M heights: where the sign of r_k changes, 2 (gamma_k - all gammas behind it). One MultiThreshold for each height.
  std::string write_residual(const std::string& from, const std::string& name, const std::vector<int32_t>& gammas,
                             const Dims& shape) {
    std::vector<float> thresholds{0};  // sums of +- the gammas before k
    std::string sum;
    for (size_t k = 0; k < gammas.size(); ++k) {
      int32_t behind = 0, all = 0;
      for (size_t i = 0; i < gammas.size(); ++i) {
        all += gammas[i];
        if (i > k) behind += gammas[i];
      }
      const int32_t height = 2 * (gammas[k] - behind);
      if (height > 0) {
        const std::string part =
            add_thresholds(from, fmt::format("{}.level{}", name, k), thresholds, static_cast<float>(height),
                           sum.empty() ? static_cast<float>(-all) : 0.0F, shape);
        sum = sum.empty() ? part : writer_.add("Add", {sum, part}, fmt::format("{}.sum{}", name, k), shape);
      }
      std::vector<float> next;
      for (const float t : thresholds) {
        next.push_back(t - static_cast<float>(gammas[k]));
        next.push_back(t + static_cast<float>(gammas[k]));
      }
      std::sort(next.begin(), next.end());
      thresholds = std::move(next);
    }
    return sum;
  }

  std::string write(const AddOp&, const Node& node, const TrainedNode&) {
    return writer_.add("Add", {input(node, 0), input(node, 1)}, node.name, shape_of(node));
  }

  std::string add_flatten(const std::string& from, const std::string& name, const Dims& shape) {
    writer_.add("Flatten", {from}, name, shape);
    writer_.attribute("axis", int64_t{1});
    return name;
  }

  std::string write(const FlattenOp&, const Node& node, const TrainedNode&) {
    return is_flattened(source(node)) ? input(node) : add_flatten(input(node), node.name, shape_of(node));
  }

  std::string write(const LogitsOp& op, const Node& node, const TrainedNode& trained) {
    const Dims shape = shape_of(node);
    float scale = trained.factor, offset = 0;
    if (op.kind == Logits::kNorm) std::tie(scale, offset) = logits_affine(trained.norm);
    const std::string scaled =
        writer_.add("Mul", {input(node), writer_.constant("logits.scale", scale)}, "logits.scaled", shape);
    return writer_.add("Add", {scaled, writer_.constant("logits.offset", offset)}, "logits", shape);
  }

  const TrainedNetwork& network_;
  GraphWriter writer_;
  std::vector<std::string> results_;
};

}  // namespace

std::pair<float, float> logits_affine(const TrainedNorm& norm) {
  const auto value = [](const std::vector<float>& v) { return static_cast<double>(v.at(0)); };
  const double scale = value(norm.scale) / std::sqrt(value(norm.variance) + kNormEpsilon);
  return {static_cast<float>(scale), static_cast<float>(value(norm.offset) - value(norm.mean) * scale)};
}

bool has_isometric(const Architecture& architecture) {
  return std::any_of(architecture.nodes.begin(), architecture.nodes.end(), [](const Node& node) {
    const auto* op = std::get_if<QuantizeOp>(&node.op);
    return op != nullptr && op->norm && op->quantizer.method == Method::kIsometric;
  });
}

TrainedNetwork with_fixed_point(TrainedNetwork network) {
  constexpr double kOne = 1 << 12, kLargest = 1 << 11;
  const auto fixed = [](double x) {
    return static_cast<float>(std::clamp(std::nearbyint(x * kOne) / kOne, -kLargest, kLargest - 1 / kOne));
  };
  for (size_t i = 0; i < network.nodes.size(); ++i) {
    const auto* op = std::get_if<QuantizeOp>(&network.architecture.nodes[i].op);
    if (op == nullptr || !op->norm || op->quantizer.method != Method::kIsometric) continue;
    TrainedNode& node = network.nodes[i];
    for (size_t c = 0; c < node.norm.scale.size(); ++c) {
      const auto value = [c](const std::vector<float>& v) { return static_cast<double>(v[c]); };
      const double alpha = value(node.norm.scale) / std::sqrt(value(node.norm.variance) + kNormEpsilon);
      node.alpha.push_back(fixed(alpha));
      node.shift.push_back(fixed(value(node.norm.offset) - value(node.norm.mean) * alpha));
    }
  }
  return network;
}

std::string qonnx_bytes(const TrainedNetwork& network) {
  BITLOOM_CHECK(!network.architecture.is_float && network.nodes.size() == network.architecture.nodes.size());
  return Exporter(network).run();
}

}  // namespace bitloom::train
