// SPDX-License-Identifier: Apache-2.0
//
// Operators that only move numbers: each is a walk over strides, or a copy of blocks.
#include <algorithm>
#include <cmath>

#include "operators_detail.h"

namespace bitloom::lower {
namespace {

/// Elements before, at and after an axis.
struct Blocks {
  int64_t outer = 1, size = 1, inner = 1;
};

Blocks blocks_at(const Dims& shape, int64_t axis) {
  Blocks blocks;
  for (size_t i = 0; i < shape.size(); ++i) {
    int64_t& part = static_cast<int64_t>(i) < axis   ? blocks.outer
                    : static_cast<int64_t>(i) > axis ? blocks.inner
                                                     : blocks.size;
    part *= shape[i];
  }
  return blocks;
}

/// Integers from an input if it is there, else from the attribute, else empty.
std::optional<Dims> input_or_attribute(const GraphNode& node, Inputs inputs, size_t index, std::string_view name) {
  if (const Array* array = optional_input(inputs, index)) return whole_numbers(node, *array, name);
  if (node.has(name)) return node.integers(name, {});
  return std::nullopt;
}

}  // namespace

Dims read_permutation(const GraphNode& node, size_t rank) {
  Dims reversed(rank);
  for (size_t i = 0; i < rank; ++i) reversed[i] = static_cast<int64_t>(rank - 1 - i);
  const Dims permutation = node.integers("perm", reversed);
  if (!std::is_permutation(permutation.begin(), permutation.end(), reversed.begin(), reversed.end())) {
    throw mistaken(node, "perm {} is not a permutation of {} axes", shape_text(permutation), rank);
  }
  return permutation;
}

int64_t read_axis(const GraphNode& node, size_t rank) {
  const bool softmax = node.op == "Softmax" || node.op == "LogSoftmax";
  const bool older = node.opset < 13;
  int64_t fallback = 0;
  if (softmax) fallback = older ? 1 : -1;
  if (node.op == "Concat") fallback = 1;
  if (node.op == "Concat" && !node.has("axis") && node.opset >= 4) throw mistaken(node, "attribute 'axis' is missing");
  return checked_axis(node, node.integer("axis", fallback), rank);
}

std::vector<SliceAxis> read_slice(const GraphNode& node, Inputs inputs, const Dims& shape) {
  std::vector<SliceAxis> result;
  for (const int64_t size : shape) result.push_back({0, 1, size});
  const auto starts = input_or_attribute(node, inputs, 1, "starts");
  const auto ends = input_or_attribute(node, inputs, 2, "ends");
  if (!starts || !ends) throw mistaken(node, "starts or ends are missing");
  Dims every(starts->size());
  for (size_t i = 0; i < every.size(); ++i) every[i] = static_cast<int64_t>(i);
  const Dims axes = input_or_attribute(node, inputs, 3, "axes").value_or(every);
  const Dims steps = input_or_attribute(node, inputs, 4, "steps").value_or(Dims(starts->size(), 1));
  if (ends->size() != starts->size() || axes.size() != starts->size() || steps.size() != starts->size()) {
    throw mistaken(node, "starts, ends, axes and steps have {}, {}, {} and {} entries, expected the same number",
                   starts->size(), ends->size(), axes.size(), steps.size());
  }
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<size_t>(checked_axis(node, axes[i], shape.size()));
    const int64_t size = shape[axis];
    const int64_t step = std::clamp<int64_t>(steps[i], -frontend::kMaxElements, frontend::kMaxElements);
    if (step == 0) throw mistaken(node, "the step of axis {} is 0", axis);
    const int64_t lowest = step > 0 ? 0 : -1;
    const int64_t highest = step > 0 ? size : size - 1;
    const auto place = [&](int64_t index, int64_t least) {
      return std::clamp(index < 0 ? index + size : index, least, std::max(highest, least));
    };
    const int64_t start = place((*starts)[i], 0);
    const int64_t distance = step > 0 ? place((*ends)[i], lowest) - start : start - place((*ends)[i], lowest);
    const int64_t stride = std::abs(step);
    result[axis] = {start, step, size == 0 || distance <= 0 ? 0 : (distance - 1) / stride + 1};
  }
  return result;
}

Dims read_split(const GraphNode& node, Inputs inputs, const Dims& shape) {
  const int64_t size = shape[static_cast<size_t>(read_axis(node, shape.size()))];
  if (const auto stated = input_or_attribute(node, inputs, 1, "split")) {
    int64_t left = size;
    for (const int64_t part : *stated) {
      if (part < 0 || part > left) left = -1;
      if (left < 0) break;
      left -= part;
    }
    if (left != 0) throw mistaken(node, "parts {} do not add up to the {} of the axis", shape_text(*stated), size);
    return *stated;
  }
  const auto parts = static_cast<int64_t>(node.outputs.size());
  if (parts == 0) throw mistaken(node, "has no outputs");
  if (node.integer("num_outputs", parts) != parts) throw mistaken(node, "num_outputs is not the {} outputs", parts);
  if (size % parts != 0 && !node.has("num_outputs")) {
    throw mistaken(node, "an axis of {} does not split into {} equal parts", size, parts);
  }
  const int64_t chunk = (size + parts - 1) / parts;
  Dims result(node.outputs.size(), chunk);
  result.back() = size - chunk * (parts - 1);
  if (result.back() < 0) throw mistaken(node, "an axis of {} does not split into {} parts", size, parts);
  return result;
}

PadAmounts read_pad(const GraphNode& node, Inputs inputs, const Dims& shape) {
  if (const std::string mode = node.text("mode", "constant"); mode != "constant") {
    throw refused(node, "mode '{}' is not handled; only 'constant' is", mode);
  }
  const auto pads = input_or_attribute(node, inputs, 1, "pads");
  if (!pads) throw mistaken(node, "pads are missing");
  Dims axes(shape.size());
  for (size_t i = 0; i < axes.size(); ++i) axes[i] = static_cast<int64_t>(i);
  if (const Array* stated = optional_input(inputs, 3)) axes = whole_numbers(node, *stated, "axes");
  if (pads->size() != 2 * axes.size()) {
    throw mistaken(node, "pads {} have {} entries for {} axes", shape_text(*pads), pads->size(), axes.size());
  }
  PadAmounts result{Dims(shape.size(), 0), Dims(shape.size(), 0), node.real("value", 0)};
  if (const Array* value = optional_input(inputs, 2); value && !value->data.empty()) {
    result.value = single_number(node, *value, "value");
  }
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<size_t>(checked_axis(node, axes[i], shape.size()));
    result.begin[axis] = (*pads)[i];
    result.end[axis] = (*pads)[axes.size() + i];
    for (const int64_t pad : {result.begin[axis], result.end[axis]}) {
      if (pad < 0) throw refused(node, "negative pads {} are not handled; use Slice", shape_text(*pads));
      if (pad > frontend::kMaxElements) throw mistaken(node, "pads {} are too large", shape_text(*pads));
    }
  }
  return result;
}

DepthToSpace read_depth_to_space(const GraphNode& node, const Dims& shape) {
  const std::string mode = node.text("mode", "DCR");
  if (mode != "DCR" && mode != "CRD") throw mistaken(node, "mode is '{}', expected DCR or CRD", mode);
  if (shape.size() != 4) throw mistaken(node, "input has shape {}, expected [N, C, H, W]", shape_text(shape));
  const DepthToSpace result{node.integer("blocksize", 0), mode == "CRD"};
  if (result.block < 1 || result.block > 32768 || shape[1] % (result.block * result.block) != 0) {
    throw mistaken(node, "{} channels are no multiple of the square of blocksize {}", shape[1], result.block);
  }
  return result;
}

Arrays apply_transpose(const GraphNode& node, Inputs inputs) {
  const Array& x = *inputs[0];
  const Dims own = row_major_strides(x.shape);
  Dims shape, strides;
  for (const int64_t axis : read_permutation(node, x.shape.size())) {
    shape.push_back(x.shape[static_cast<size_t>(axis)]);
    strides.push_back(own[static_cast<size_t>(axis)]);
  }
  return {strided(node, x, std::move(shape), strides)};
}

Arrays apply_concat(const GraphNode& node, Inputs inputs) {
  Dims shape = inputs[0]->shape;
  const auto axis = static_cast<size_t>(read_axis(node, shape.size()));
  shape[axis] = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Dims& other = required_input(node, inputs, i, "part").shape;
    bool fits = other.size() == shape.size();
    for (size_t k = 0; fits && k < shape.size(); ++k) fits = k == axis || other[k] == shape[k];
    if (!fits) {
      throw mistaken(node, "input {} has shape {}, which does not continue {} along axis {}", i, shape_text(other),
                     shape_text(inputs[0]->shape), axis);
    }
    shape[axis] += other[axis];
  }
  Array result = zeros(node, shape);
  const Blocks blocks = blocks_at(shape, static_cast<int64_t>(axis));
  int64_t done = 0;
  for (const Array* part : inputs) {
    const int64_t chunk = part->shape[axis] * blocks.inner;
    for (int64_t o = 0; o < blocks.outer; ++o) {
      std::copy_n(part->data.begin() + o * chunk, chunk, result.data.begin() + o * blocks.size * blocks.inner + done);
    }
    done += chunk;
  }
  return {std::move(result)};
}

Arrays apply_slice(const GraphNode& node, Inputs inputs) {
  const Array& x = *inputs[0];
  Dims strides = row_major_strides(x.shape);
  Dims shape;
  int64_t offset = 0;
  const std::vector<SliceAxis> slices = read_slice(node, inputs, x.shape);
  for (size_t axis = 0; axis < slices.size(); ++axis) {
    shape.push_back(slices[axis].count);
    offset += slices[axis].start * strides[axis];
    strides[axis] *= slices[axis].count > 1 ? slices[axis].step : 1;
  }
  return {strided(node, x, std::move(shape), strides, offset)};
}

Arrays apply_split(const GraphNode& node, Inputs inputs) {
  const Array& x = *inputs[0];
  const auto axis = static_cast<size_t>(read_axis(node, x.shape.size()));
  const Dims strides = row_major_strides(x.shape);
  Arrays results;
  int64_t start = 0;
  for (const int64_t part : read_split(node, inputs, x.shape)) {
    Dims shape = x.shape;
    shape[axis] = part;
    results.push_back(strided(node, x, std::move(shape), strides, start * strides[axis]));
    start += part;
  }
  return results;
}

Arrays apply_gather(const GraphNode& node, Inputs inputs) {
  const Array& x = *inputs[0];
  const auto axis = static_cast<size_t>(read_axis(node, x.shape.size()));
  const Blocks blocks = blocks_at(x.shape, static_cast<int64_t>(axis));
  Dims indices = whole_numbers(node, *inputs[1], "indices");
  for (int64_t& index : indices) {
    if (index < -blocks.size || index >= blocks.size) {
      throw mistaken(node, "index {} is outside an axis of {}", index, blocks.size);
    }
    if (index < 0) index += blocks.size;
  }
  Dims shape = x.shape;
  shape.erase(shape.begin() + static_cast<int64_t>(axis));
  shape.insert(shape.begin() + static_cast<int64_t>(axis), inputs[1]->shape.begin(), inputs[1]->shape.end());
  Array result = zeros(node, std::move(shape));
  auto to = result.data.begin();
  for (int64_t o = 0; o < blocks.outer; ++o) {
    for (const int64_t index : indices) {
      to = std::copy_n(x.data.begin() + (o * blocks.size + index) * blocks.inner, blocks.inner, to);
    }
  }
  return {std::move(result)};
}

Arrays apply_expand(const GraphNode& node, Inputs inputs) {
  const Dims wanted = whole_numbers(node, *inputs[1], "shape");
  checked_elements(node, wanted);
  const Dims shape = broadcast_shape(node, inputs[0]->shape, wanted);
  return {strided(node, *inputs[0], shape, broadcast_strides(inputs[0]->shape, shape))};
}

Arrays apply_pad(const GraphNode& node, Inputs inputs) {
  const Array& x = *inputs[0];
  const PadAmounts pads = read_pad(node, inputs, x.shape);
  Dims shape = x.shape;
  for (size_t axis = 0; axis < shape.size(); ++axis) shape[axis] += pads.begin[axis] + pads.end[axis];
  Array result = zeros(node, std::move(shape));
  std::fill(result.data.begin(), result.data.end(), pads.value);
  const Dims strides = row_major_strides(result.shape);
  int64_t offset = 0;
  for (size_t axis = 0; axis < strides.size(); ++axis) offset += pads.begin[axis] * strides[axis];
  walk<1>(x.shape, {strides}, [&](size_t element, const std::array<int64_t, 1>& at) {
    result.data[static_cast<size_t>(offset + at[0])] = x.data[element];
  });
  return {std::move(result)};
}

Arrays apply_upsample(const GraphNode& node, Inputs inputs) {
  const Array& x = *inputs[0];
  const Dims factors = read_upsample(node, inputs, x.shape);
  const Dims own = row_major_strides(x.shape);
  Dims shape, split, strides;
  for (size_t axis = 0; axis < factors.size(); ++axis) {
    shape.push_back(x.shape[axis] * factors[axis]);
    split.insert(split.end(), {x.shape[axis], factors[axis]});
    strides.insert(strides.end(), {own[axis], 0});
  }
  Array result = strided(node, x, std::move(split), strides);
  result.shape = std::move(shape);
  return {std::move(result)};
}

Arrays apply_depth_to_space(const GraphNode& node, Inputs inputs) {
  const Array& x = *inputs[0];
  const auto [block, column_row_depth] = read_depth_to_space(node, x.shape);
  const int64_t depth = x.shape[1] / (block * block);
  const Dims own = row_major_strides(x.shape);
  const int64_t y = own[1] * (column_row_depth ? block : block * depth);
  const int64_t x_step = own[1] * (column_row_depth ? 1 : depth);
  const int64_t channel = own[1] * (column_row_depth ? block * block : 1);
  Array result = strided(node, x, {x.shape[0], depth, x.shape[2], block, x.shape[3], block},
                         {own[0], channel, own[2], y, own[3], x_step});
  result.shape = {x.shape[0], depth, x.shape[2] * block, x.shape[3] * block};
  return {std::move(result)};
}

}  // namespace bitloom::lower
