// SPDX-License-Identifier: Apache-2.0
//
// Layers that only move elements. Each is a list of runs: some neighbouring channels of an input pixel go to neighbouring
// channels of an output pixel. The list is walked and never stored, and one walk serves integers and planes.
#include <algorithm>

#include "bits.h"
#include "steps.h"

namespace bitloom::engine {
namespace {

/// A channel of a pixel.
struct Spot {
  int64_t pixel = 0;
  int64_t channel = 0;
};

int64_t pixels_of(const ir::Shape& shape) { return int64_t{shape.height} * shape.width; }

/// `copy(input, from, to, count)` for every run of a layer.
template <typename Copy>
struct Walk {
  const LayoutStep& step;
  Copy copy;

  int64_t pixels() const { return int64_t{step.out.height} * step.out.width; }

  void operator()(const ir::Concat&) const {
    for (int64_t pixel = 0; pixel < pixels(); ++pixel) {
      int64_t channel = 0;
      for (size_t i = 0; i < step.in.size(); ++i) {
        copy(i, Spot{pixel, 0}, Spot{pixel, channel}, step.in[i].channels);
        channel += step.in[i].channels;
      }
    }
  }

  void operator()(const ir::Slice& slice) const {
    for (int64_t pixel = 0; pixel < pixels(); ++pixel)
      copy(0, Spot{pixel, slice.begin}, Spot{pixel, 0}, slice.end - slice.begin);
  }

  void operator()(const ir::Reshape& reshape) const {
    const ir::Shape& in = step.in[0];
    const ir::Shape& out = step.out;
    if (!reshape.channels_first) {
      for (int64_t e = 0, count = 0; e < in.elements(); e += count) {
        const Spot from{e / in.channels, e % in.channels}, to{e / out.channels, e % out.channels};
        count = std::min(in.channels - from.channel, out.channels - to.channel);
        copy(0, from, to, count);
      }
      return;
    }
    const int64_t in_pixels = in.elements() / in.channels;
    for (int64_t e = 0; e < in.elements(); ++e) {
      copy(0, Spot{e % in_pixels, e / in_pixels}, Spot{e % pixels(), e / pixels()}, 1);
    }
  }

  void operator()(const ir::DepthToSpace& layer) const {
    const int64_t block = layer.block, channels = step.out.channels;
    for (int64_t y = 0; y < step.out.height; ++y) {
      for (int64_t x = 0; x < step.out.width; ++x) {
        const Spot to{y * step.out.width + x, 0};
        const int64_t from = y / block * step.in[0].width + x / block, inside = y % block * block + x % block;
        if (!layer.column_row_depth) {
          copy(0, Spot{from, inside * channels}, to, channels);
          continue;
        }
        for (int64_t c = 0; c < channels; ++c) copy(0, Spot{from, c * block * block + inside}, Spot{to.pixel, c}, 1);
      }
    }
  }

  void operator()(const ir::Upsample& layer) const {
    for (int64_t y = 0; y < step.out.height; ++y) {
      for (int64_t x = 0; x < step.out.width; ++x) {
        const int64_t from = y / layer.factor_h * step.in[0].width + x / layer.factor_w;
        copy(0, Spot{from, 0}, Spot{y * step.out.width + x, 0}, step.out.channels);
      }
    }
  }

  template <typename Other>
  void operator()(const Other&) const {
    BITLOOM_CHECK(!"a layer that only moves elements");
  }
};

template <typename Copy>
void walk(const LayoutStep& step, Copy copy) {
  std::visit(Walk<Copy>{step, copy}, step.layer);
}

}  // namespace

void run(const LayoutStep& step, Frame& frame) {
  if (step.planes == 0) {
    int32_t* to = frame.ints_to_write(step.to);
    walk(step, [&](size_t i, const Spot& a, const Spot& b, int64_t count) {
      const int32_t* from = frame.ints(step.from[i]) + a.pixel * step.in[i].channels + a.channel;
      std::copy_n(from, count, to + b.pixel * step.out.channels + b.channel);
    });
    return;
  }
  const int64_t planes = step.planes, to_words = words_for(step.out.channels);
  const int64_t to_stride = pixels_of(step.out) * to_words;
  uint64_t* to = frame.planes_to_write(step.to);
  std::fill_n(to, planes * to_stride, uint64_t{0});
  walk(step, [&](size_t i, const Spot& a, const Spot& b, int64_t count) {
    const int64_t from_words = words_for(step.in[i].channels);
    const uint64_t* from = frame.planes(step.from[i]) + a.pixel * from_words;
    for (int64_t p = 0; p < planes; ++p, from += pixels_of(step.in[i]) * from_words) {
      copy_bits(to + p * to_stride + b.pixel * to_words, b.channel, from, a.channel, count);
    }
  });
}

}  // namespace bitloom::engine
