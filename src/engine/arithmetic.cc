// SPDX-License-Identifier: Apache-2.0
//
// Add and TopK: element by element over integers.
#include <algorithm>
#include <numeric>

#include "steps.h"

namespace bitloom::engine {
namespace {

double real_at(const ir::Output& output, int32_t value, size_t channel) {
  const double scale = output.scale[output.scale.size() == 1 ? 0 : channel];
  const double offset = output.offset[output.offset.size() == 1 ? 0 : channel];
  const double product = scale * value;
  return product + offset;
}

}  // namespace

void run(const AddStep& step, Frame& frame) {
  int32_t* to = frame.ints_to_write(step.to);
  std::fill_n(to, step.elements, 0);
  for (size_t i = 0; i < step.from.size(); ++i) {
    const int32_t* from = frame.ints(step.from[i]);
    const auto multiplier = static_cast<uint32_t>(step.multipliers[i]);
    // Modulo 2^32: the sum fits, a part of it may not.
    for (int64_t e = 0; e < step.elements; ++e) {
      to[e] = static_cast<int32_t>(static_cast<uint32_t>(to[e]) + multiplier * static_cast<uint32_t>(from[e]));
    }
  }
}

void run(const TopKStep& step, Frame& frame) {
  const int32_t* values = frame.ints(step.from);
  double* keys = frame.reals_to_write(step.keys);
  for (int32_t c = 0; c < step.channels; ++c) {
    keys[c] = step.reals ? real_at(*step.reals, values[c], static_cast<size_t>(c)) : values[c];
  }
  int32_t* order = frame.ints_to_write(step.order);
  std::iota(order, order + step.channels, 0);
  std::partial_sort(order, order + step.k, order + step.channels,
                    [keys](int32_t a, int32_t b) { return keys[a] > keys[b] || (keys[a] == keys[b] && a < b); });
  std::copy_n(order, step.k, frame.ints_to_write(step.to));
}

}  // namespace bitloom::engine
