// SPDX-License-Identifier: Apache-2.0
//
// FINN's first input format: a topology in JSON and trained parameters in a NumPy archive. The archive is what BinaryNet's
// and BNN-PYNQ's training scripts save, Lasagne's parameters in the order of the layers; the topology lists those layers,
// one to one. docs/reference/finn-json.md is the schema.
#include "finn_json.h"

#include <algorithm>
#include <cmath>

#include "bitloom/data.h"
#include "graph_building.h"
#include "json_fields.h"
#include "text.h"

namespace bitloom::frontend {
namespace {

constexpr int64_t kMaxLayers = 10000;
constexpr double kDefaultEpsilon = 1e-4;  // Lasagne's

json parse(std::string_view text, std::string_view source) {
  try {
    return json::parse(text);
  } catch (const json::exception& error) {
    // Without the library's "[json.exception...] ", and without the bytes themselves where these are not text.
    const std::string_view what = error.what();
    const size_t start = what.find("] ");
    const bool telling = start != std::string_view::npos && is_utf8(what);
    throw Error("{}: is not JSON: {}", source, telling ? what.substr(start + 2) : "it holds bytes that are not UTF-8 text");
  }
}

// The archive's arrays: by name, or one after the other as they were saved (arr_0, arr_1, ...).
class Parameters {
 public:
  Parameters(std::span<const std::byte> npz, std::string_view source)
      : source_(fmt::format("{} (parameters)", source)), arrays_(data::read_npz(npz, source_)), budget_(source_) {}

  // The array that the layer's "arrays" object names for `role`, or the next one.
  Array take(Fields& layer, const char* role) {
    const json* names = layer.find("arrays");
    (names ? by_name_ : in_order_) = true;
    if (by_name_ && in_order_) {
      throw Error("{}: either all layers with parameters say their 'arrays' or none does", layer.place());
    }
    if (!names) return take(fmt::format("arr_{}", next_++), layer.place(), role);
    if (!names->is_object()) layer.fail("arrays", "an object with a field for each of the layer's arrays");
    const auto name = names->find(role);
    if (name == names->end()) throw Error("{}: 'arrays' does not say '{}'", layer.place(), role);
    if (name->is_number_unsigned()) return take(fmt::format("arr_{}", name->get<uint64_t>()), layer.place(), role);
    if (!name->is_string()) layer.fail("arrays", "names of arrays or numbers of arr_N");
    return take(name->get<std::string>(), layer.place(), role);
  }

  // An archive with arrays left over does not belong to the topology: a bias more or less shifts all that follow.
  void finish() const {
    if (!in_order_ || next_ >= arrays_.size()) return;
    throw Error("{}: holds {} arrays, but the topology's layers have {}; does a layer's 'bias' say what was trained?",
                source_, arrays_.size(), next_);
  }

 private:
  Array take(const std::string& name, const std::string& place, std::string_view role) {
    const auto at = arrays_.find(name);
    if (at == arrays_.end()) throw Error("{}: has no array '{}', the {} of {}", source_, name, role, place);
    budget_.take(at->second.shape, fmt::format("array '{}'", name));
    Array array{at->second.shape, at->second.as_doubles()};
    if (!std::all_of(array.data.begin(), array.data.end(), [](double value) { return std::isfinite(value); })) {
      throw Error("{}: array '{}' holds a value that is not a finite number", source_, name);
    }
    return array;
  }

  std::string source_;
  std::map<std::string, data::NpyArray> arrays_;
  ElementBudget budget_;
  size_t next_ = 0;
  bool by_name_ = false, in_order_ = false;
};

std::string shape_text(const std::vector<int64_t>& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

// 2 p - 255 for 8-bit pixels p. As integers in their own right, and not 2 p less an offset, they have a zero, and zeros are
// what convolutions pad with.
Array scaled_pixel_thresholds() {
  Array thresholds{{1, 510}, {}};
  for (int p = 1; p <= 255; ++p) thresholds.data.insert(thresholds.data.end(), 2, p);
  return thresholds;
}

class Reader {
 public:
  Reader(const json& root, std::span<const std::byte> npz, std::string_view source)
      : root_(root, std::string(source)), source_(source), parameters_(npz, source), chain_(graph_, "image") {}

  QuantGraph read() {
    graph_.source = source_;
    graph_.format = "FINN JSON + NPZ";
    graph_.name = root_.text("name", "finn");
    root_.find("parameters");
    read_classes();
    read_input();
    const json& layers = root_.need("layers");
    if (!layers.is_array() || layers.empty() || layers.size() > kMaxLayers) {
      root_.fail("layers", "a list of 1 to {} layers", kMaxLayers);
    }
    for (const json& layer : layers) add_layer(layer);
    root_.finish();
    parameters_.finish();
    if (shape_.size() != 1)
      throw Error("{}: the last layer must be 'dense', or follow one; its outputs are the logits", source_);
    if (!graph_.classes.empty() && static_cast<int64_t>(graph_.classes.size()) != shape_[0]) {
      throw Error("{}: has {} classes, but the last layer has {} outputs", source_, graph_.classes.size(), shape_[0]);
    }
    graph_.datatypes.erase(chain_.tensor());
    graph_.nodes.back().outputs = {"logits"};
    graph_.outputs = {"logits"};
    verify(graph_);
    return std::move(graph_);
  }

 private:
  void read_classes() {
    const json* classes = root_.find("classes");
    if (!classes) return;
    const auto is_text = [](const json& item) { return item.is_string(); };
    if (!classes->is_array() || !std::all_of(classes->begin(), classes->end(), is_text)) {
      root_.fail("classes", "a list of texts");
    }
    graph_.classes = classes->get<std::vector<std::string>>();
  }

  void read_input() {
    Fields input(root_.need("input"), source_ + ": input");
    const json& shape = input.need("shape");
    const auto is_size = [](const json& item) {
      return item.is_number_integer() && item.get<int64_t>() >= 1 && item.get<int64_t>() <= kMaxSize;
    };
    if (!shape.is_array() || (shape.size() != 1 && shape.size() != 3) ||
        !std::all_of(shape.begin(), shape.end(), is_size)) {
      input.fail("shape", "[channels, height, width] or [values]");
    }
    shape_ = shape.get<std::vector<int64_t>>();
    std::vector<int64_t> batch = shape_;
    batch.insert(batch.begin(), 1);
    graph_.inputs = {{"image", std::move(batch), "UINT8", layout()}};
    graph_.datatypes["image"] = "UINT8";
    const std::string pixels = input.text("pixels", "bipolar");
    input.finish();
    if (pixels == "bipolar") {  // 2 p / 255 - 1 >= 0
      chain_.add_thresholds("pixels", {{1, 1}, {128}}, 2, -1, "BIPOLAR", layout());
    } else if (pixels == "fixed8") {
      chain_.add_thresholds("codes", fixed_point_pixel_thresholds(), 1, -128, "INT8", layout());
      chain_.add("Mul", "pixels", {{"unit", Array::scalar(1.0 / 128)}});
    } else if (pixels == "scaled") {
      chain_.add_thresholds("codes", scaled_pixel_thresholds(), 1, -255, "INT10", layout());
      chain_.add("Div", "pixels", {{"white", Array::scalar(255)}});
    } else {
      input.fail("pixels", "\"bipolar\", \"fixed8\" or \"scaled\"");
    }
  }

  std::string layout() const { return shape_.size() == 3 ? "NCHW" : "NC"; }

  void add_layer(const json& value) {
    const size_t index = count_++;
    Fields layer(value, fmt::format("{}: layer {}", source_, index));
    const std::string kind = layer.text("kind", "");
    prefix_ = fmt::format("{}_{}", kind, index);
    if (kind == "dense") {
      add_dense(layer);
    } else if (kind == "conv") {
      add_conv(layer);
    } else if (kind == "batchnorm") {
      add_batchnorm(layer);
    } else if (kind == "maxpool") {
      add_maxpool(layer);
    } else if (kind == "activation") {
      add_activation(layer);
    } else {
      layer.fail("kind", "\"dense\", \"conv\", \"batchnorm\", \"maxpool\" or \"activation\"");
    }
    layer.find("arrays");
    layer.finish();
  }

  // The weights as the trained network used them: a quantizer node on the stored real numbers. Returns the tensor's name.
  std::string add_weights(Fields& layer, Array weights) {
    const std::string raw = prefix_ + "_weights";
    std::string quantized = prefix_ + "_quantized";
    const double scale = layer.real("weight_scale", 1);
    if (!(scale > 0) || !std::isfinite(scale)) layer.fail("weight_scale", "a positive number");
    const std::string type = layer.text("weights", "bipolar");
    graph_.constants.emplace(raw, std::move(weights));
    Chain chain(graph_, raw);
    if (type == "bipolar") {
      chain.add_qonnx("BipolarQuant", quantized, {{prefix_ + "_scale", Array::scalar(scale)}});
    } else if (type == "ternary") {
      GraphNode& node = chain.add_qonnx("Quant", quantized,
                                        {{prefix_ + "_scale", Array::scalar(scale)},
                                         {prefix_ + "_zero", Array::scalar(0)},
                                         {prefix_ + "_bits", Array::scalar(2)}});
      node.attributes = {{"signed", int64_t{1}}, {"narrow", int64_t{1}}, {"rounding_mode", std::string("ROUND")}};
    } else {
      layer.fail("weights", "\"bipolar\" or \"ternary\"");
    }
    return quantized;
  }

  void check_outputs(Fields& layer, int64_t found) {
    const json* outputs = layer.find("outputs");
    if (!outputs) return;
    if (!outputs->is_number_integer()) layer.fail("outputs", "a whole number");
    if (outputs->get<int64_t>() != found) layer.fail("outputs", "{}, as the weights have it", found);
  }

  // A parameter of each channel, or one for all, shaped so that it meets the channels of the current tensor.
  Array take_channels(Fields& layer, const char* role) {
    Array array = parameters_.take(layer, role);
    const auto size = static_cast<int64_t>(array.data.size());
    if (size == 1) return Array::scalar(array.data[0]);
    if (array.shape.size() != 1 || size != shape_[0]) {
      throw Error("{}: {} has shape {}, but the layer has {} channels", layer.place(), role, shape_text(array.shape),
                  shape_[0]);
    }
    if (shape_.size() == 3) array.shape = {size, 1, 1};
    return array;
  }

  void add_bias(Fields& layer) {
    const json* arrays = layer.find("arrays");
    const bool named = arrays && arrays->is_object() && arrays->contains("bias");
    if (!layer.flag("bias", arrays ? named : true)) return;
    chain_.add("Add", prefix_ + "_biased", {{prefix_ + "_bias", take_channels(layer, "bias")}});
  }

  void add_dense(Fields& layer) {
    if (shape_.size() == 3) {
      chain_.add("Flatten", prefix_ + "_flat");
      shape_ = {shape_[0] * shape_[1] * shape_[2]};
    }
    Array weights = parameters_.take(layer, "weights");
    if (weights.shape.size() != 2 || weights.shape[0] != shape_[0] || weights.shape[1] < 1) {
      throw Error("{}: weights have shape {}, expected [{}, outputs]", layer.place(), shape_text(weights.shape), shape_[0]);
    }
    shape_ = {weights.shape[1]};
    check_outputs(layer, shape_[0]);
    const std::string tensor = add_weights(layer, std::move(weights));
    chain_.add("MatMul", prefix_).inputs.push_back(tensor);
    add_bias(layer);
  }

  void add_conv(Fields& layer) {
    Array weights = parameters_.take(layer, "weights");
    if (shape_.size() != 3) throw Error("{}: a convolution cannot follow a dense layer", layer.place());
    const std::vector<int64_t> shape = weights.shape;
    if (shape.size() != 4 || shape[1] != shape_[0] || std::min({shape[0], shape[2], shape[3]}) < 1) {
      throw Error("{}: weights have shape {}, expected [outputs, {}, height, width]", layer.place(), shape_text(shape),
                  shape_[0]);
    }
    check_outputs(layer, shape[0]);
    const std::pair kernel(shape[2], shape[3]);
    if (const auto given = layer.pair("kernel", 1); given && *given != kernel) {
      layer.fail("kernel", "[{}, {}], as the weights have it", kernel.first, kernel.second);
    }
    // Theano convolves in the mathematical sense: the kernel is turned by half a turn.
    if (layer.flag("flip_filters", true)) {
      const int64_t area = kernel.first * kernel.second;
      for (auto at = weights.data.begin(); at != weights.data.end(); at += area) std::reverse(at, at + area);
    }
    const auto stride = layer.pair("stride", 1).value_or(std::pair<int64_t, int64_t>(1, 1));
    const auto pad = read_padding(layer, kernel);
    const std::string tensor = add_weights(layer, std::move(weights));
    GraphNode& node = chain_.add("Conv", prefix_);
    node.inputs.push_back(tensor);
    set_window(node, kernel, stride, pad);
    shape_ = {shape[0], shape_[1], shape_[2]};
    slide_window(layer, kernel, stride, pad, false);
    add_bias(layer);
  }

  std::pair<int64_t, int64_t> read_padding(Fields& layer, std::pair<int64_t, int64_t> kernel) {
    const json* pad = layer.find("pad");
    if (!pad) return {0, 0};
    if (!pad->is_string()) return *layer.pair("pad", 0);
    if (*pad == "valid") return {0, 0};
    if (*pad != "same") layer.fail("pad", "\"valid\", \"same\", a whole number or two");
    if (kernel.first % 2 == 0 || kernel.second % 2 == 0) layer.fail("pad", "given in numbers for an even kernel");
    return {kernel.first / 2, kernel.second / 2};
  }

  static void set_window(GraphNode& node, std::pair<int64_t, int64_t> kernel, std::pair<int64_t, int64_t> stride,
                         std::pair<int64_t, int64_t> pad) {
    node.attributes["kernel_shape"] = std::vector<int64_t>{kernel.first, kernel.second};
    node.attributes["strides"] = std::vector<int64_t>{stride.first, stride.second};
    node.attributes["pads"] = std::vector<int64_t>{pad.first, pad.second, pad.first, pad.second};
  }

  void slide_window(const Fields& layer, std::pair<int64_t, int64_t> kernel, std::pair<int64_t, int64_t> stride,
                    std::pair<int64_t, int64_t> pad, bool whole_border) {
    const auto slide = [&](int64_t size, int64_t window, int64_t step, int64_t border) {
      const int64_t room = size + 2 * border - window;
      if (room < 0) {
        throw Error("{}: the window ({} x {}) is larger than its input ({} x {})", layer.place(), kernel.first,
                    kernel.second, shape_[1] + 2 * pad.first, shape_[2] + 2 * pad.second);
      }
      return (whole_border ? room + step - 1 : room) / step + 1;
    };
    const int64_t height = slide(shape_[1], kernel.first, stride.first, pad.first);
    const int64_t width = slide(shape_[2], kernel.second, stride.second, pad.second);
    shape_ = {shape_[0], height, width};
  }

  void add_maxpool(Fields& layer) {
    if (shape_.size() != 3) throw Error("{}: a maxpool cannot follow a dense layer", layer.place());
    layer.need("size");
    const auto size = *layer.pair("size", 1);
    const auto stride = layer.pair("stride", 1).value_or(size);
    const auto pad = layer.pair("pad", 0).value_or(std::pair<int64_t, int64_t>(0, 0));
    const bool whole_border = !layer.flag("ignore_border", true);
    GraphNode& node = chain_.add("MaxPool", prefix_);
    set_window(node, size, stride, pad);
    node.attributes["ceil_mode"] = int64_t{whole_border};
    slide_window(layer, size, stride, pad, whole_border);
  }

  void add_batchnorm(Fields& layer) {
    Array beta = take_channels(layer, "beta");
    Array gamma = take_channels(layer, "gamma");
    Array mean = take_channels(layer, "mean");
    const json* arrays = layer.find("arrays");
    const bool has_variance = arrays && arrays->is_object() && arrays->contains("variance");
    Array inverse = take_channels(layer, has_variance ? "variance" : "inv_std");
    if (has_variance) {
      const double epsilon = layer.real("epsilon", kDefaultEpsilon);
      for (double& value : inverse.data) {
        if (!(value + epsilon > 0)) throw Error("{}: variance + epsilon must be positive", layer.place());
        value = 1 / std::sqrt(value + epsilon);
      }
    }
    chain_.add("Sub", prefix_ + "_centred", {{prefix_ + "_mean", std::move(mean)}});
    chain_.add("Mul", prefix_ + "_normal", {{prefix_ + "_inv_std", std::move(inverse)}});
    chain_.add("Mul", prefix_ + "_scaled", {{prefix_ + "_gamma", std::move(gamma)}});
    chain_.add("Add", prefix_, {{prefix_ + "_beta", std::move(beta)}});
  }

  void add_activation(Fields& layer) {
    const std::string type = layer.text("type", "bipolar");
    if (type == "bipolar") {
      chain_.add_qonnx("BipolarQuant", prefix_, {{prefix_ + "_scale", Array::scalar(1)}});
      graph_.datatypes[prefix_] = "BIPOLAR";
    } else if (type == "ternary") {
      // BNN-PYNQ's 2-bit hard tanh rounds halves up, which none of Quant's modes does for negative numbers.
      chain_.add_thresholds(prefix_, {{1, 2}, {-0.5, 0.5}}, 1, -1, "TERNARY", layout());
    } else {
      layer.fail("type", "\"bipolar\" or \"ternary\"");
    }
  }

  Fields root_;
  std::string source_;
  Parameters parameters_;
  QuantGraph graph_;
  Chain chain_;
  std::vector<int64_t> shape_;  // of the current tensor without the batch: [channels, height, width] or [values]
  std::string prefix_;          // of the current layer's names
  size_t count_ = 0;
};

}  // namespace

std::string parameters_file(std::string_view text, std::string_view source) {
  const json root = parse(text, source);
  Fields fields(root, std::string(source));
  fields.need("layers");
  return fields.text("parameters", "");
}

QuantGraph read_finn_json(std::string_view text, std::span<const std::byte> npz, std::string_view source) {
  const json root = parse(text, source);
  return Reader(root, npz, source).read();
}

}  // namespace bitloom::frontend
