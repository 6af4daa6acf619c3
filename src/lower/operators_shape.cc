// SPDX-License-Identifier: Apache-2.0
//
// Operators that compute or change shapes: Reshape and its kin, Resize by whole factors, Shape, Size, constants.
#include <algorithm>
#include <cmath>

#include "operators_detail.h"

namespace bitloom::lower {
namespace {

Dims reshape_target(const GraphNode& node, Inputs inputs, const Dims& shape) {
  const Array* stated = optional_input(inputs, 1);
  if (stated == nullptr && !node.has("shape")) throw mistaken(node, "the shape is missing");
  Dims target = stated ? whole_numbers(node, *stated, "shape") : node.integers("shape", {});
  const bool allow_zero = node.integer("allowzero", 0) != 0;
  const Dims wanted = target;
  size_t open = target.size();
  for (size_t i = 0; i < target.size(); ++i) {
    if (target[i] == 0 && !allow_zero) {
      if (i >= shape.size())
        throw mistaken(node, "shape {} copies axis {}, which the input has not", shape_text(wanted), i);
      target[i] = shape[i];
    } else if (target[i] == -1) {
      if (open != target.size()) throw mistaken(node, "shape {} leaves more than one size open", shape_text(wanted));
      open = i;
    }
  }
  const int64_t elements = checked_elements(node, shape);
  if (open != target.size()) {
    target[open] = 1;
    const int64_t rest = checked_elements(node, target);
    if (rest == 0 || elements % rest != 0) {
      throw mistaken(node, "an array of shape {} cannot become {}", shape_text(shape), shape_text(wanted));
    }
    target[open] = elements / rest;
  }
  if (checked_elements(node, target) != elements) {
    throw mistaken(node, "an array of shape {} cannot become {}", shape_text(shape), shape_text(wanted));
  }
  return target;
}

Dims flattened(const GraphNode& node, const Dims& shape) {
  const auto rank = static_cast<int64_t>(shape.size());
  int64_t axis = node.integer("axis", 1);
  if (axis < 0) axis += rank;
  if (axis < 0 || axis > rank) throw mistaken(node, "axis {} does not exist in {}", axis, shape_text(shape));
  Dims result{1, 1};
  for (int64_t i = 0; i < rank; ++i) result[i < axis ? 0 : 1] *= shape[static_cast<size_t>(i)];
  return result;
}

/// The axes of Squeeze and Unsqueeze as a flag for each of `rank` axes.
std::optional<std::vector<bool>> read_axis_flags(const GraphNode& node, Inputs inputs, size_t rank_before, bool adds) {
  const Array* stated = optional_input(inputs, 1);
  if (stated == nullptr && !node.has("axes")) return std::nullopt;
  const Dims axes = stated ? whole_numbers(node, *stated, "axes") : node.integers("axes", {});
  std::vector<bool> flags(rank_before + (adds ? axes.size() : 0));
  for (const int64_t axis : axes) {
    const auto index = static_cast<size_t>(checked_axis(node, axis, flags.size()));
    if (flags[index]) throw mistaken(node, "axes {} name an axis twice", shape_text(axes));
    flags[index] = true;
  }
  return flags;
}

Dims squeezed(const GraphNode& node, Inputs inputs, const Dims& shape) {
  const auto flags = read_axis_flags(node, inputs, shape.size(), false);
  Dims result;
  for (size_t i = 0; i < shape.size(); ++i) {
    const bool drop = flags ? (*flags)[i] : shape[i] == 1;
    if (drop && shape[i] != 1) throw mistaken(node, "axis {} of {} is not 1", i, shape_text(shape));
    if (!drop) result.push_back(shape[i]);
  }
  return result;
}

Dims unsqueezed(const GraphNode& node, Inputs inputs, const Dims& shape) {
  const auto flags = read_axis_flags(node, inputs, shape.size(), true);
  if (!flags) throw mistaken(node, "the axes are missing");
  Dims result;
  size_t next = 0;
  for (const bool added : *flags) result.push_back(added ? 1 : shape[next++]);
  return result;
}

/// True if nearest neighbour by a whole factor takes i / factor for every i. With the coordinate of result r of the first
/// pixel as n / d, in [-1/2, 1), it does if the rounding gives 0 for the first and for the last r.
bool repeats_pixels(const GraphNode& node, int64_t factor) {
  if (factor == 1) return true;
  const bool resize = node.op == "Resize" && node.opset >= 11;
  const std::string coordinates = resize ? node.text("coordinate_transformation_mode", "half_pixel") : "asymmetric";
  const std::string rounding = resize ? node.text("nearest_mode", "round_prefer_floor") : "floor";
  const int64_t denominator = 2 * factor;
  int64_t first = 0;
  if (coordinates == "half_pixel" || coordinates == "pytorch_half_pixel") {
    first = 1 - factor;
  } else if (coordinates == "tf_half_pixel_for_nn") {
    first = 1;
  } else if (coordinates != "asymmetric") {
    return false;
  }
  const int64_t last = first + 2 * (factor - 1);
  if (rounding == "floor") return first >= 0 && last < denominator;
  if (rounding == "ceil") return last <= 0 && first > -denominator;
  // To the nearest: halves go down or up.
  if (rounding == "round_prefer_floor") return -factor < first && last <= factor;
  if (rounding == "round_prefer_ceil") return -factor <= first && last < factor;
  return false;
}

/// Result sizes / input sizes from the scales or the sizes, whichever the node has.
std::vector<double> read_factors(const GraphNode& node, Inputs inputs, const Dims& shape) {
  if (node.has("scales")) {
    const auto found = node.attributes.find("scales");
    if (const auto* scales = std::get_if<std::vector<double>>(&found->second)) return *scales;
    throw mistaken(node, "attribute 'scales' holds no floats");
  }
  const bool with_region = node.op == "Resize" && inputs.size() > 2;
  const Array* scales = optional_input(inputs, with_region ? 2 : 1);
  if (scales != nullptr && !scales->data.empty()) return scales->data;
  const Array& sizes = required_input(node, inputs, 3, "sizes");
  if (sizes.data.size() != shape.size()) {
    throw mistaken(node, "{} sizes for {} axes", sizes.data.size(), shape.size());
  }
  std::vector<double> factors;
  for (size_t i = 0; i < shape.size(); ++i) factors.push_back(sizes.data[i] / static_cast<double>(shape[i]));
  return factors;
}

}  // namespace

Dims read_reshape(const GraphNode& node, Inputs inputs, const Dims& shape) {
  if (node.op == "Flatten") return flattened(node, shape);
  if (node.op == "Squeeze") return squeezed(node, inputs, shape);
  if (node.op == "Unsqueeze") return unsqueezed(node, inputs, shape);
  return reshape_target(node, inputs, shape);
}

Dims read_upsample(const GraphNode& node, Inputs inputs, const Dims& shape) {
  if (const std::string mode = node.text("mode", "nearest"); mode != "nearest") {
    throw refused(node, "mode '{}' is not handled; only 'nearest' is", mode);
  }
  if (node.has("axes")) throw refused(node, "the attribute 'axes' is not handled");
  const std::vector<double> factors = read_factors(node, inputs, shape);
  if (factors.size() != shape.size()) throw mistaken(node, "{} scales for {} axes", factors.size(), shape.size());
  Dims result;
  for (const double factor : factors) {
    if (!(factor >= 1 && factor <= 65536) || factor != std::trunc(factor)) {
      throw refused(node, "scale {} is not handled; only whole factors from 1 to 65536 are", factor);
    }
    result.push_back(static_cast<int64_t>(factor));
    if (!repeats_pixels(node, result.back())) {
      throw refused(node, "nearest neighbour with coordinates '{}' and rounding '{}' does not repeat each pixel {} times",
                    node.text("coordinate_transformation_mode", "half_pixel"),
                    node.text("nearest_mode", "round_prefer_floor"), factor);
    }
  }
  return result;
}

Arrays apply_reshape(const GraphNode& node, Inputs inputs) {
  return {{read_reshape(node, inputs, inputs[0]->shape), inputs[0]->data}};
}

Array read_shape(const GraphNode& node, const Dims& shape) {
  const auto rank = static_cast<int64_t>(shape.size());
  const auto place = [rank](int64_t index) { return std::clamp<int64_t>(index < 0 ? index + rank : index, 0, rank); };
  const int64_t begin = place(node.integer("start", 0));
  const int64_t end = std::max(place(node.integer("end", rank)), begin);
  return {{end - begin}, std::vector<double>(shape.begin() + begin, shape.begin() + end)};
}

Arrays apply_shape(const GraphNode& node, Inputs inputs) { return {read_shape(node, inputs[0]->shape)}; }

Arrays apply_size(const GraphNode&, Inputs inputs) { return {Array::scalar(static_cast<double>(inputs[0]->data.size()))}; }

Arrays apply_constant(const GraphNode& node, Inputs) {
  for (const auto& [name, value] : node.attributes) {
    if (const auto* array = std::get_if<Array>(&value); name == "value" && array != nullptr) return {*array};
    if (const auto* real = std::get_if<double>(&value); name == "value_float" && real != nullptr) {
      return {Array::scalar(*real)};
    }
    if (const auto* reals = std::get_if<std::vector<double>>(&value); name == "value_floats" && reals != nullptr) {
      return {{{static_cast<int64_t>(reals->size())}, *reals}};
    }
    if (const auto* whole = std::get_if<int64_t>(&value); name == "value_int" && whole != nullptr) {
      return {Array::scalar(static_cast<double>(*whole))};
    }
    if (const auto* wholes = std::get_if<Dims>(&value); name == "value_ints" && wholes != nullptr) {
      return {{{static_cast<int64_t>(wholes->size())}, std::vector<double>(wholes->begin(), wholes->end())}};
    }
  }
  throw refused(node, "has none of the attributes value, value_float, value_floats, value_int, value_ints");
}

Arrays apply_constant_of_shape(const GraphNode& node, Inputs inputs) {
  double value = 0;
  if (node.has("value")) {
    const auto* array = std::get_if<Array>(&node.attributes.at("value"));
    if (array == nullptr) throw mistaken(node, "attribute 'value' is no tensor");
    value = single_number(node, *array, "value");
  }
  Array result = zeros(node, whole_numbers(node, *inputs[0], "shape"));
  std::fill(result.data.begin(), result.data.end(), value);
  return {std::move(result)};
}

}  // namespace bitloom::lower
