// SPDX-License-Identifier: Apache-2.0
//
// Operators that look along axes: ReduceMean, ReduceSum, TopK, ArgMax, Softmax, LogSoftmax.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "operators_detail.h"

namespace bitloom::lower {
namespace {

/// A line of an array along one axis.
struct Line {
  size_t first = 0, step = 1, count = 0;
  size_t at(size_t i) const { return first + i * step; }
};

/// The lines along an axis, in the order of their first elements.
std::vector<Line> lines_along(const Dims& shape, size_t axis) {
  const auto count = static_cast<size_t>(shape[axis]);
  size_t outer = 1, inner = 1;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (i != axis) (i < axis ? outer : inner) *= static_cast<size_t>(shape[i]);
  }
  std::vector<Line> lines;
  for (size_t o = 0; o < outer; ++o) {
    for (size_t i = 0; i < inner; ++i) lines.push_back({o * count * inner + i, inner, count});
  }
  return lines;
}

/// Indices of the line's k best numbers, best first.
std::vector<size_t> best_of(const Array& x, const Line& line, const TopKAttributes& top) {
  std::vector<size_t> order(line.count);
  std::iota(order.begin(), order.end(), size_t{0});
  const auto better = [&](size_t a, size_t b) {
    const double left = x.data[line.at(a)], right = x.data[line.at(b)];
    if (left != right) return top.largest ? left > right : left < right;
    return top.last ? a > b : a < b;
  };
  const auto middle = order.begin() + top.k;
  std::partial_sort(order.begin(), middle, order.end(), better);
  order.erase(middle, order.end());
  return order;
}

void soften(std::vector<double>& data, const Line& line, bool logarithm) {
  double largest = data[line.first];
  for (size_t i = 1; i < line.count; ++i) largest = std::max(largest, data[line.at(i)]);
  double sum = 0;
  for (size_t i = 0; i < line.count; ++i) sum += std::exp(data[line.at(i)] - largest);
  for (size_t i = 0; i < line.count; ++i) {
    const double shifted = data[line.at(i)] - largest;
    data[line.at(i)] = logarithm ? shifted - std::log(sum) : std::exp(shifted) / sum;
  }
}

}  // namespace

ReduceAttributes read_reduce(const GraphNode& node, Inputs inputs, size_t rank) {
  ReduceAttributes result;
  result.keep = node.integer("keepdims", 1) != 0;
  const Array* stated = optional_input(inputs, 1);
  Dims axes = stated ? whole_numbers(node, *stated, "axes") : node.integers("axes", {});
  if (axes.empty()) {
    if (node.integer("noop_with_empty_axes", 0) != 0) return result;
    axes.resize(rank);
    std::iota(axes.begin(), axes.end(), int64_t{0});
  }
  for (const int64_t axis : axes) result.axes.push_back(checked_axis(node, axis, rank));
  std::sort(result.axes.begin(), result.axes.end());
  if (std::adjacent_find(result.axes.begin(), result.axes.end()) != result.axes.end()) {
    throw mistaken(node, "axes {} name an axis twice", shape_text(axes));
  }
  return result;
}

TopKAttributes read_top_k(const GraphNode& node, Inputs inputs, const Dims& shape) {
  TopKAttributes top;
  if (node.op == "ArgMax") {
    top.axis = checked_axis(node, node.integer("axis", 0), shape.size());
    top.keep = node.integer("keepdims", 1) != 0;
    top.last = node.integer("select_last_index", 0) != 0;
  } else {
    top.axis = checked_axis(node, node.integer("axis", -1), shape.size());
    top.largest = node.integer("largest", 1) != 0;
    const Array* k = optional_input(inputs, 1);
    if (k == nullptr && !node.has("k")) throw mistaken(node, "k is missing");
    if (k != nullptr) single_number(node, *k, "k");
    top.k = k ? whole_numbers(node, *k, "k")[0] : node.integer("k", 1);
  }
  const int64_t size = shape[static_cast<size_t>(top.axis)];
  if (top.k < 1 || top.k > size) throw mistaken(node, "the {} largest of {} do not exist", top.k, size);
  return top;
}

Arrays apply_reduce(const GraphNode& node, Inputs inputs) {
  const Array& x = *inputs[0];
  const ReduceAttributes reduce = read_reduce(node, inputs, x.shape.size());
  Dims kept = x.shape;
  double count = 1;
  for (const int64_t axis : reduce.axes) count *= static_cast<double>(std::exchange(kept[static_cast<size_t>(axis)], 1));
  if (count == 0 && node.op == "ReduceMean") throw mistaken(node, "the mean of no numbers does not exist");
  Array result = zeros(node, kept);
  walk<1>(x.shape, {broadcast_strides(kept, x.shape)}, [&](size_t element, const std::array<int64_t, 1>& at) {
    result.data[static_cast<size_t>(at[0])] += x.data[element];
  });
  if (node.op == "ReduceMean") {
    for (double& value : result.data) value /= count;
  }
  if (reduce.keep) return {std::move(result)};
  for (size_t i = reduce.axes.size(); i-- > 0;) result.shape.erase(result.shape.begin() + reduce.axes[i]);
  return {std::move(result)};
}

Arrays apply_top_k(const GraphNode& node, Inputs inputs) {
  const Array& x = *inputs[0];
  const TopKAttributes top = read_top_k(node, inputs, x.shape);
  if (std::any_of(x.data.begin(), x.data.end(), [](double value) { return std::isnan(value); })) {
    throw mistaken(node, "the input holds something that is not a number, which has no order");
  }
  const auto axis = static_cast<size_t>(top.axis);
  Dims shape = x.shape;
  shape[axis] = top.k;
  Array values = zeros(node, shape);
  Array indices = zeros(node, shape);
  const std::vector<Line> from = lines_along(x.shape, axis);
  const std::vector<Line> to = lines_along(shape, axis);
  for (size_t line = 0; line < from.size(); ++line) {
    const std::vector<size_t> best = best_of(x, from[line], top);
    for (size_t i = 0; i < best.size(); ++i) {
      values.data[to[line].at(i)] = x.data[from[line].at(best[i])];
      indices.data[to[line].at(i)] = static_cast<double>(best[i]);
    }
  }
  if (!top.keep) indices.shape.erase(indices.shape.begin() + top.axis);
  if (node.op == "ArgMax") return {std::move(indices)};
  return {std::move(values), std::move(indices)};
}

Arrays apply_softmax(const GraphNode& node, Inputs inputs) {
  Array result = *inputs[0];
  const Dims shape = result.shape;
  const auto axis = static_cast<size_t>(read_axis(node, shape.size()));
  if (result.data.empty()) return {std::move(result)};
  Dims lines = shape;
  size_t along = axis;
  if (node.opset < 13) {
    // Then the axis only said where the array is cut into a matrix, whose rows are softened.
    const auto cut = shape.begin() + static_cast<int64_t>(axis);
    const auto product = [](auto begin, auto end) { return std::accumulate(begin, end, int64_t{1}, std::multiplies<>()); };
    lines = {product(shape.begin(), cut), product(cut, shape.end())};
    along = 1;
  }
  for (const Line& line : lines_along(lines, along)) soften(result.data, line, node.op == "LogSoftmax");
  return {std::move(result)};
}

}  // namespace bitloom::lower
