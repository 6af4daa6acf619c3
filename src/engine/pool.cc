// SPDX-License-Identifier: Apache-2.0
//
// MaxPool and SumPool. On one plane the larger value wins by OR (or AND, when 0 is the larger one); on several planes
// values are compared.
#include <algorithm>
#include <span>

#include "bits.h"
#include "steps.h"

namespace bitloom::engine {
namespace {

/// Calls visit(output pixel, input pixel, whether it is the first of its window) for every tap inside the image, and
/// finish(output pixel) after each window.
template <typename Visit, typename Finish>
void for_each_window(const ir::Window& window, const ir::Shape& in, const ir::Shape& out, Visit visit, Finish finish) {
  const Axis y = rows_of(window, in), x = columns_of(window, in);
  for (int64_t oy = 0; oy < out.height; ++oy) {
    const Taps rows = taps_inside(y, oy);
    for (int64_t ox = 0; ox < out.width; ++ox) {
      const Taps columns = taps_inside(x, ox);
      const int64_t to = oy * out.width + ox;
      for (int64_t ky = rows.begin; ky < rows.end; ++ky) {
        for (int64_t kx = columns.begin; kx < columns.end; ++kx) {
          const bool first = ky == rows.begin && kx == columns.begin;
          visit(to, y.position(oy, ky) * in.width + x.position(ox, kx), first);
        }
      }
      finish(to);
    }
  }
}

constexpr auto kNothing = [](int64_t) {};

void pool_one_plane(const PlanePoolStep& step, Frame& frame) {
  const int64_t words = words_for(step.in.channels);
  const uint64_t* from = frame.planes(step.from);
  uint64_t* to = frame.planes_to_write(step.to);
  const auto visit = [&](int64_t output, int64_t input, bool first) {
    const uint64_t* x = from + input * words;
    uint64_t* best = to + output * words;
    if (first) {
      std::copy_n(x, words, best);
    } else if (step.one_is_larger) {
      for (int64_t w = 0; w < words; ++w) best[w] |= x[w];
    } else {
      for (int64_t w = 0; w < words; ++w) best[w] &= x[w];
    }
  };
  for_each_window(step.window, step.in, step.out, visit, kNothing);
}

void pool_values(const PlanePoolStep& step, Frame& frame) {
  const auto channels = static_cast<size_t>(step.in.channels);
  const int64_t words = words_for(step.in.channels);
  const int64_t from_stride = step.in.height * step.in.width * words, to_stride = step.out.height * step.out.width * words;
  const uint64_t* from = frame.planes(step.from);
  uint64_t* to = frame.planes_to_write(step.to);
  int32_t* space = frame.ints_to_write(step.values);
  const std::span best(space, channels), other(space + channels, channels);
  const auto visit = [&](int64_t, int64_t input, bool first) {
    step.codec.unpack(from + input * words, from_stride, first ? best : other);
    if (first) return;
    for (size_t c = 0; c < channels; ++c) best[c] = std::max(best[c], other[c]);
  };
  const auto finish = [&](int64_t output) { step.codec.pack(best, to + output * words, to_stride); };
  for_each_window(step.window, step.in, step.out, visit, finish);
}

}  // namespace

void run(const PlanePoolStep& step, Frame& frame) {
  if (step.codec.planes() == 1) {
    pool_one_plane(step, frame);
  } else {
    pool_values(step, frame);
  }
}

void run(const IntegerPoolStep& step, Frame& frame) {
  const int64_t channels = step.in.channels;
  const int32_t* from = frame.ints(step.from);
  int32_t* to = frame.ints_to_write(step.to);
  std::fill_n(to, step.out.elements(), 0);  // a sum over no pixels is 0
  const auto visit = [&](int64_t output, int64_t input, bool first) {
    const int32_t* x = from + input * channels;
    int32_t* result = to + output * channels;
    if (first) {
      std::copy_n(x, channels, result);
    } else if (step.kind == IntegerPoolStep::Kind::kMax) {
      for (int64_t c = 0; c < channels; ++c) result[c] = std::max(result[c], x[c]);
    } else {
      // Modulo 2^32: the sum of the window fits, a part of it may not.
      for (int64_t c = 0; c < channels; ++c) {
        result[c] = static_cast<int32_t>(static_cast<uint32_t>(result[c]) + static_cast<uint32_t>(x[c]));
      }
    }
  };
  for_each_window(step.window, step.in, step.out, visit, kNothing);
}

}  // namespace bitloom::engine
