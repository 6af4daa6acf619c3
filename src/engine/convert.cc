// SPDX-License-Identifier: Apache-2.0
//
// Steps that go between integers and planes: Pack, Unpack, Threshold.
#include <algorithm>
#include <array>

#include "bits.h"
#include "steps.h"

namespace bitloom::engine {

void run(const PackStep& step, Frame& frame) {
  const auto channels = static_cast<size_t>(step.shape.channels);
  const int64_t pixels = int64_t{step.shape.height} * step.shape.width;
  const int64_t pixel_words = step.codec.planes() * words_for(step.shape.channels);
  const int32_t* from = frame.ints(step.from);
  uint64_t* to = frame.planes_to_write(step.to);
  for (int64_t i = 0; i < pixels; ++i) step.codec.pack({from + i * step.shape.channels, channels}, to + i * pixel_words);
}

void run(const UnpackStep& step, Frame& frame) {
  const auto channels = static_cast<size_t>(step.shape.channels);
  const int64_t pixels = int64_t{step.shape.height} * step.shape.width;
  const int64_t pixel_words = step.codec.planes() * words_for(step.shape.channels);
  const uint64_t* from = frame.planes(step.from);
  int32_t* to = frame.ints_to_write(step.to);
  for (int64_t i = 0; i < pixels; ++i) step.codec.unpack(from + i * pixel_words, {to + i * step.shape.channels, channels});
}

void run(const ThresholdStep& step, Frame& frame) {
  const int64_t channels = step.shape.channels, plane_words = words_for(channels);
  const int64_t pixels = int64_t{step.shape.height} * step.shape.width;
  const int64_t pixel_words = step.threshold.planes() * plane_words;
  const int32_t* from = frame.ints(step.from);
  uint64_t* to = frame.planes_to_write(step.to);
  std::fill_n(to, pixels * pixel_words, uint64_t{0});
  std::array<int32_t, kChunk> last{};  // a chunk must have all its entries, even where the tensor ends
  for (int64_t i = 0; i < pixels; ++i, from += channels, to += pixel_words) {
    for (int64_t begin = 0; begin < channels; begin += kChunk) {
      const int64_t count = std::min<int64_t>(kChunk, channels - begin);
      if (count < kChunk) std::copy_n(from + begin, count, last.begin());
      step.threshold.apply(count < kChunk ? last.data() : from + begin, begin / kChunk, begin, count, to, plane_words);
    }
  }
}

}  // namespace bitloom::engine
