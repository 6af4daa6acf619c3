// SPDX-License-Identifier: Apache-2.0
//
// Steps that go between integers, bytes and planes.
#include <algorithm>
#include <array>

#include "bits.h"
#include "steps.h"

namespace bitloom::engine {

void run(const PackStep& step, Frame& frame) {
  const auto channels = static_cast<size_t>(step.shape.channels);
  const int64_t pixels = int64_t{step.shape.height} * step.shape.width, words = words_for(step.shape.channels);
  const int32_t* from = frame.ints(step.from);
  uint64_t* to = frame.planes_to_write(step.to);
  for (int64_t i = 0; i < pixels; ++i) {
    step.codec.pack({from + i * step.shape.channels, channels}, to + i * words, pixels * words);
  }
}

void run(const UnpackStep& step, Frame& frame) {
  const auto channels = static_cast<size_t>(step.shape.channels);
  const int64_t pixels = int64_t{step.shape.height} * step.shape.width, words = words_for(step.shape.channels);
  const uint64_t* from = frame.planes(step.from);
  int32_t* to = frame.ints_to_write(step.to);
  for (int64_t i = 0; i < pixels; ++i) {
    step.codec.unpack(from + i * words, pixels * words, {to + i * step.shape.channels, channels});
  }
}

void run(const NarrowStep& step, Frame& frame) {
  const int32_t* from = frame.ints(step.from);
  uint8_t* to = frame.bytes_to_write(step.to);
  for (int64_t e = 0; e < step.elements; ++e) to[e] = static_cast<uint8_t>(from[e] - step.offset);
}

void run(const WidenStep& step, Frame& frame) {
  const uint8_t* from = frame.bytes(step.from);
  int32_t* to = frame.ints_to_write(step.to);
  for (int64_t e = 0; e < step.elements; ++e) to[e] = from[e] + step.offset;
}

void run(const ThresholdStep& step, Frame& frame) {
  const int64_t channels = step.shape.channels, words = words_for(channels);
  const int64_t pixels = int64_t{step.shape.height} * step.shape.width, plane_stride = pixels * words;
  const int32_t* from = frame.ints(step.from);
  uint64_t* to = frame.planes_to_write(step.to);
  std::fill_n(to, step.threshold.planes() * plane_stride, uint64_t{0});
  std::array<int32_t, kChunk> last{};  // a chunk must have all its entries, even where the tensor ends
  for (int64_t i = 0; i < pixels; ++i, from += channels, to += words) {
    for (int64_t begin = 0; begin < channels; begin += kChunk) {
      const int64_t count = std::min<int64_t>(kChunk, channels - begin);
      if (count < kChunk) std::copy_n(from + begin, count, last.begin());
      step.threshold.apply(count < kChunk ? last.data() : from + begin, begin / kChunk, begin, count, to, plane_stride);
    }
  }
}

void run(const ByteThresholdStep& step, Frame& frame) {
  const int64_t channels = step.shape.channels, words = words_for(channels);
  const int64_t pixels = int64_t{step.shape.height} * step.shape.width;
  const uint8_t* from = frame.bytes(step.from);
  uint64_t* to = frame.planes_to_write(step.to);
  for (int64_t i = 0; i < pixels; ++i, from += channels, to += words) {
    to[words - 1] = 0;
    if (step.threshold > 0 && step.threshold <= 255) {
      step.reached(from, channels, static_cast<uint8_t>(step.threshold), reinterpret_cast<uint8_t*>(to));
    } else {
      std::fill_n(to, words, step.threshold > 255 ? 0 : ~uint64_t{0});
    }
    if (step.inverted) {
      for (int64_t w = 0; w < words; ++w) to[w] = ~to[w];
    }
    to[words - 1] &= low_bits(channels - (words - 1) * 64);
  }
}

void run(const LookupStep& step, Frame& frame) {
  const uint8_t* from = frame.bytes(step.from);
  uint8_t* to = frame.bytes_to_write(step.to);
  for (int64_t e = 0; e < step.elements; ++e) to[e] = step.table[from[e]];
}

void run(const Step& step, Frames& frames, int64_t images) {
  const auto run_images = [&]<typename T>(const T& s) {
    if constexpr (std::is_same_v<T, DotStep>) {
      run(s, frames, images);
    } else {
      for (int64_t i = 0; i < images; ++i) run(s, frames[i]);
    }
  };
  std::visit(run_images, step);
}

}  // namespace bitloom::engine
