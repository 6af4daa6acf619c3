// SPDX-License-Identifier: Apache-2.0
//
// Dot over plain integers (sums that were never quantized), which no planes can hold. Products and partial sums are taken
// modulo 2^32: the result fits int32, what leads to it may not.
#include <algorithm>

#include "steps.h"

namespace bitloom::engine {
namespace {

/// Adds one input pixel's part to the accumulators of one group.
void add_pixel(const int32_t* pixel, int64_t channels, const uint32_t* weights, uint32_t* accumulators, int64_t outputs) {
  for (int64_t c = 0; c < channels; ++c, weights += outputs) {
    const auto x = static_cast<uint32_t>(pixel[c]);
    for (int64_t n = 0; n < outputs; ++n) accumulators[n] += x * weights[n];
  }
}

}  // namespace

IntegerDotStep make_integer_dot(const ir::Dot& dot, const ir::Shape& in, const ir::Shape& out) {
  IntegerDotStep step;
  step.in = in;
  step.out = out;
  step.window = dot.window;
  step.groups = dot.groups;
  const int64_t columns = dot.weights.columns(), outputs = out.channels / dot.groups;
  step.weights.resize(static_cast<size_t>(columns * out.channels));
  for (int64_t n = 0; n < out.channels; ++n) {
    uint32_t* to = step.weights.data() + n / outputs * columns * outputs + n % outputs;
    for (int64_t k = 0; k < columns; ++k)
      to[k * outputs] = static_cast<uint32_t>(dot.encoding.value(dot.weights.code(n, k)));
  }
  return step;
}

void run(const IntegerDotStep& step, Frame& frame) {
  const Axis y = rows_of(step.window, step.in), x = columns_of(step.window, step.in);
  const int64_t channels = step.in.channels / step.groups, outputs = step.out.channels / step.groups;
  const int32_t* image = frame.ints(step.from);
  // Signed and unsigned versions of one type may share memory.
  auto* to = reinterpret_cast<uint32_t*>(frame.ints_to_write(step.to));
  std::fill_n(to, step.out.elements(), 0U);
  for (int64_t oy = 0; oy < step.out.height; ++oy) {
    const Taps rows = taps_inside(y, oy);
    for (int64_t ox = 0; ox < step.out.width; ++ox, to += step.out.channels) {
      const Taps columns = taps_inside(x, ox);
      for (int64_t ky = rows.begin; ky < rows.end; ++ky) {
        for (int64_t kx = columns.begin; kx < columns.end; ++kx) {
          const int32_t* pixel = image + (y.position(oy, ky) * step.in.width + x.position(ox, kx)) * step.in.channels;
          const uint32_t* weights = step.weights.data() + (ky * x.kernel + kx) * channels * outputs;
          for (int64_t group = 0; group < step.groups; ++group) {
            const int64_t group_weights = group * y.kernel * x.kernel * channels * outputs;
            add_pixel(pixel + group * channels, channels, weights + group_weights, to + group * outputs, outputs);
          }
        }
      }
    }
  }
}

}  // namespace bitloom::engine
