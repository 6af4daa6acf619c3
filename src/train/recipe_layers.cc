// SPDX-License-Identifier: Apache-2.0
//
// The layers of a recipe: JSON in, the same JSON out.
#include "recipe_layers.h"

#include <limits>

#include "quantizer.h"

namespace bitloom::train {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr int64_t kMaxOutputs = int64_t{1} << 16;
constexpr int64_t kMaxWindow = 255;
constexpr size_t kMaxLayers = 256;

/// The field that says what an entry is; its value is a number of outputs, a window, a quantizer or a list of layers.
struct KindField {
  const char* name;
  Layer::Kind kind;
};
constexpr std::array<KindField, 7> kKinds = {{{"dense", Layer::Kind::kDense},
                                              {"conv", Layer::Kind::kConv},
                                              {"depthwise", Layer::Kind::kConv},
                                              {"max_pool", Layer::Kind::kMaxPool},
                                              {"average_pool", Layer::Kind::kAveragePool},
                                              {"quantizer", Layer::Kind::kQuantizer},
                                              {"residual", Layer::Kind::kResidual}}};

std::string kind_of(const JsonObject& object) {
  std::string kind;
  for (const KindField& field : kKinds) {
    if (!object.has(field.name)) continue;
    if (!kind.empty()) throw Error("{}: has both '{}' and '{}'; a layer is one of them", object.place(), kind, field.name);
    kind = field.name;
  }
  if (kind.empty()) {
    throw Error(
        "{}: does not say what it is; give it one of dense, conv, depthwise, max_pool, average_pool, quantizer, "
        "residual",
        object.place());
  }
  return kind;
}

void read_product(JsonObject& object, Layer& layer) {
  read_quantizer(object, "weights", Operand::kWeights, [&](const Quantizer& q) { layer.weights = q; });
  read_quantizer(object, "activations", Operand::kActivations, [&](const Quantizer& q) { layer.activations = q; });
  object.flag("norm", layer.norm);
  // XNOR-Net's map K would multiply each output position by its own real number.
  bool input_scale = false;
  object.flag("input_scale", input_scale);
  if (input_scale) {
    throw Unsupported(
        "{}: 'input_scale' (XNOR-Net's map K) is not supported: it multiplies the sums at each position by another real "
        "number, so that no integer thresholds on the sums can stand for what follows (docs/reference/numerics.md); leave "
        "it out, as XNOR-Net's authors found it to matter little beside the weights' scale",
        object.place());
  }
}

void read_convolution(JsonObject& object, Layer& layer) {
  object.integer("stride", layer.stride, 1, kMaxWindow);
  object.integer("padding", layer.padding, 0, kMaxWindow);
  object.integer("dilation", layer.dilation, 1, kMaxWindow);
  object.integer("pool", layer.pool, 1, kMaxWindow);
  read_product(object, layer);
}

}  // namespace

void read_quantizer(JsonObject& object, const std::string& field, Operand operand,
                    const std::function<void(const Quantizer&)>& use) {
  object.take(field, [&](const json& value) {
    if (!value.is_string())
      throw Error("{}: '{}' is {}; it must be the name of a quantizer", object.place(), field, shown(value));
    try {
      use(parse_quantizer(value.get<std::string>(), operand));
    } catch (const Error& error) {
      throw Error("{}: '{}': {}", object.place(), field, error.what());
    }
  });
}

static Layer read_layer(const json& value, const std::string& place) {
  JsonObject object(value, place);
  const std::string kind = kind_of(object);
  Layer layer;
  layer.kind = std::find_if(kKinds.begin(), kKinds.end(), [&](const KindField& f) { return f.name == kind; })->kind;
  if (kind == "dense") {
    object.integer(kind, layer.outputs, 1, kMaxOutputs);
    layer.kernel = 1;
    read_product(object, layer);
  } else if (kind == "conv") {
    object.integer(kind, layer.outputs, 1, kMaxOutputs);
    object.integer("kernel", layer.kernel, 1, kMaxWindow);
    object.integer("groups", layer.groups, 1, kMaxOutputs);
    read_convolution(object, layer);
  } else if (kind == "depthwise") {
    layer.depthwise = true;
    object.integer(kind, layer.kernel, 1, kMaxWindow);
    read_convolution(object, layer);
  } else if (kind == "quantizer") {
    read_quantizer(object, kind, Operand::kActivations, [&](const Quantizer& q) { layer.activations = q; });
    object.flag("norm", layer.norm);
  } else if (kind == "residual") {
    object.take(kind, [&](const json& list) { layer.body = read_layers(list, place + ", residual"); });
    object.take("shortcut", [&](const json& list) { layer.shortcut = read_layers(list, place + ", shortcut"); });
    if (layer.body.empty()) throw Error("{}: 'residual' is empty; list the layers of the branch", place);
  } else {
    object.integer(kind, layer.kernel, 1, kMaxWindow);
  }
  object.finish();
  return layer;
}

std::vector<Layer> read_layers(const json& value, const std::string& place) {
  if (!value.is_array()) throw Error("{}: is {}; it must be a list of layers", place, shown(value));
  if (value.size() > kMaxLayers)
    throw Error("{}: lists {} layers; at most {} are trained", place, value.size(), kMaxLayers);
  std::vector<Layer> layers;
  for (const json& entry : value)
    layers.push_back(read_layer(entry, fmt::format("{}, layer {}", place, layers.size() + 1)));
  return layers;
}

static ordered_json print(const Layer& layer) {
  ordered_json result;
  switch (layer.kind) {
    case Layer::Kind::kDense:
      result["dense"] = layer.outputs;
      break;
    case Layer::Kind::kConv:
      result[layer.depthwise ? "depthwise" : "conv"] = layer.depthwise ? layer.kernel : layer.outputs;
      if (!layer.depthwise) {
        result["kernel"] = layer.kernel;
        result["groups"] = layer.groups;
      }
      result["stride"] = layer.stride;
      result["padding"] = layer.padding;
      result["dilation"] = layer.dilation;
      result["pool"] = layer.pool;
      break;
    case Layer::Kind::kMaxPool:
      result["max_pool"] = layer.kernel;
      break;
    case Layer::Kind::kAveragePool:
      result["average_pool"] = layer.kernel;
      break;
    case Layer::Kind::kQuantizer:
      result["quantizer"] = print(layer.activations.value());
      break;
    case Layer::Kind::kResidual:
      result["residual"] = print(layer.body);
      result["shortcut"] = print(layer.shortcut);
      break;
  }
  const bool product = layer.kind == Layer::Kind::kDense || layer.kind == Layer::Kind::kConv;
  if (product && layer.weights) result["weights"] = print(*layer.weights);
  if (product && layer.activations) result["activations"] = print(*layer.activations);
  if (product || layer.kind == Layer::Kind::kQuantizer) result["norm"] = layer.norm;
  return result;
}

ordered_json print(const std::vector<Layer>& layers) {
  ordered_json result = ordered_json::array();
  for (const Layer& layer : layers) result.push_back(print(layer));
  return result;
}

}  // namespace bitloom::train
