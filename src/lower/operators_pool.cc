// SPDX-License-Identifier: Apache-2.0
//
// Pooling and Im2Col: every operator that moves a window over an image without weights.
#include <algorithm>
#include <cmath>
#include <limits>

#include "operators_detail.h"

namespace bitloom::lower {
namespace {

/// Strides of image, channel, y, x in an array of three or four axes.
struct Strides {
  int64_t image = 0, channel = 0, y = 0, x = 0;
};

Strides strides_of(const Dims& shape, bool channels_last) {
  const Dims strides = row_major_strides(shape);
  const size_t spatial = channels_last ? 1 : 2;
  const size_t axes = shape.size() - 2;
  return {strides[0], channels_last ? strides.back() : strides[1], axes == 2 ? strides[spatial] : 0,
          strides[spatial + axes - 1]};
}

double finish(const PoolAttributes& pool, double folded, int64_t inside) {
  switch (pool.kind) {
    case PoolKind::kMax:
      return folded;
    case PoolKind::kAverage:
      return folded / static_cast<double>(pool.counts_padding ? pool.window.kernel[0] * pool.window.kernel[1] : inside);
    case PoolKind::kSumShift:
      return std::floor(std::ldexp(std::nearbyint(folded), -static_cast<int>(pool.shift)));
  }
  BITLOOM_CHECK(false);
  return 0;
}

double pool_one(const PoolAttributes& pool, const Array& x, int64_t base, const Strides& strides, int64_t oy, int64_t ox) {
  const bool maximum = pool.kind == PoolKind::kMax;
  double folded = maximum ? -std::numeric_limits<double>::infinity() : 0.0;
  int64_t inside = 0;
  for_each_inside(pool.window, oy, ox, [&](int64_t iy, int64_t ix, int64_t, int64_t) {
    const double value = x.data[static_cast<size_t>(base + iy * strides.y + ix * strides.x)];
    folded = maximum ? std::max(folded, value) : folded + value;
    ++inside;
  });
  return finish(pool, folded, inside);
}

}  // namespace

Arrays apply_pool(const GraphNode& node, Inputs inputs) {
  const Array& x = *inputs[0];
  const PoolAttributes pool = read_pool(node, x.shape);
  const SlidingWindow& window = pool.window;
  const size_t spatial = pool.channels_last ? 1 : 2;
  Dims shape = x.shape;
  if (pool.axes == 2) shape[spatial] = window.output[0];
  shape[spatial + static_cast<size_t>(pool.axes) - 1] = window.output[1];
  Array result = zeros(node, std::move(shape));
  check_operations(node, static_cast<int64_t>(result.data.size()), window.kernel[0] * window.kernel[1]);

  const Strides from = strides_of(x.shape, pool.channels_last);
  const Strides to = strides_of(result.shape, pool.channels_last);
  const int64_t channels = pool.channels_last ? x.shape.back() : x.shape[1];
  for (int64_t n = 0; n < x.shape[0]; ++n) {
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t oy = 0; oy < window.output[0]; ++oy) {
        for (int64_t ox = 0; ox < window.output[1]; ++ox) {
          const int64_t at = n * to.image + c * to.channel + oy * to.y + ox * to.x;
          result.data[static_cast<size_t>(at)] = pool_one(pool, x, n * from.image + c * from.channel, from, oy, ox);
        }
      }
    }
  }
  return {std::move(result)};
}

Arrays apply_im2col(const GraphNode& node, Inputs inputs) {
  const Array& x = *inputs[0];
  const Im2Col im2col = read_im2col(node, x.shape);
  const SlidingWindow& window = im2col.window;
  const int64_t channels = x.shape[3];
  const int64_t positions = checked_elements(node, window.kernel);
  const int64_t patch = checked_elements(node, std::array{positions, channels});
  Array result = zeros(node, {x.shape[0], window.output[0], window.output[1], patch});
  std::fill(result.data.begin(), result.data.end(), im2col.pad_value);

  auto row = result.data.begin();
  for (int64_t n = 0; n < x.shape[0]; ++n) {
    for (int64_t o = 0; o < window.output[0] * window.output[1]; ++o, row += patch) {
      const auto copy_position = [&](int64_t iy, int64_t ix, int64_t ky, int64_t kx) {
        const auto pixel = x.data.begin() + ((n * window.input[0] + iy) * window.input[1] + ix) * channels;
        const int64_t k = ky * window.kernel[1] + kx;
        for (int64_t c = 0; c < channels; ++c) row[im2col.depthwise ? c * positions + k : k * channels + c] = pixel[c];
      };
      for_each_inside(window, o / window.output[1], o % window.output[1], copy_position);
    }
  }
  return {std::move(result)};
}

}  // namespace bitloom::lower
