// SPDX-License-Identifier: Apache-2.0
//
// Short ways to write small networks, tensors and expected errors.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "bitloom/ir.h"
#include "support/error_of.h"

namespace bitloom::ir {

inline Tensor batch(const Shape& shape, std::vector<int32_t> values) {
  const int64_t images = static_cast<int64_t>(values.size()) / shape.elements();
  return {shape, images, std::move(values)};
}

/// A Dot whose weights have these values, row after row.
inline Dot make_dot(const Encoding& encoding, int64_t rows, const std::vector<int32_t>& values, const Window& window = {},
                    int32_t groups = 1) {
  std::vector<uint32_t> codes;
  for (const int32_t value : values) codes.push_back(encoding.code(value));
  const int64_t columns = static_cast<int64_t>(codes.size()) / rows;
  return {window, groups, encoding, BitMatrix(rows, columns, encoding.planes(), codes)};
}

inline Window window(int32_t kernel, int32_t stride = 1, int32_t pad = 0, int32_t dilation = 1) {
  return {kernel, kernel, stride, stride, pad, pad, pad, pad, dilation, dilation};
}

/// Evaluates one layer over one input of an integer range or an encoding.
inline std::vector<int32_t> apply(const Layer& layer, const std::variant<Encoding, Range>& element, const Tensor& input) {
  Network network;
  network.add("x", Input{input.shape, element, std::nullopt});
  network.outputs = {network.add("y", layer, {0})};
  return evaluate(network, std::vector{input}).at(0).values;
}

using test::error_of;

}  // namespace bitloom::ir
