// SPDX-License-Identifier: Apache-2.0
//
// Random layers. Where a draw could break a rule of ir.h, the range of the draw is cut down beforehand, so nothing is ever
// drawn and thrown away.
#include "random_layer.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <utility>

namespace bitloom::ir {
namespace {

constexpr int64_t kMaxWork = int64_t{1} << 21;        // multiplications of one Dot: the reference executor is slow
constexpr int64_t kMaxThresholds = int64_t{1} << 13;  // of one layer

Encoding residual(Random& random) {
  std::vector<int32_t> factors(static_cast<size_t>(random.between(2, 3)));
  for (int32_t& factor : factors) factor = random.number(1, 9);
  return Encoding::residual(factors);
}

Encoding affine(Random& random) {
  const int32_t step = random.number(1, 5);
  const int32_t bias = random.number(-12, 12);
  return Encoding::affine(step, bias, random.number(1, 9));
}

// Coefficients that no named encoding has, and a range that leaves some codes out.
Encoding planes(Random& random) {
  Encoding encoding;
  encoding.coefficients.resize(static_cast<size_t>(random.between(2, 3)));
  for (int32_t& coefficient : encoding.coefficients) {
    coefficient = random.number(1, 6);
    if (random.chance(1, 3)) coefficient = -coefficient;
  }
  encoding.bias = random.number(-4, 4);
  std::vector<int32_t> values;
  for (uint32_t code = 0; code < (1U << encoding.planes()); ++code) values.push_back(encoding.value(code));
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  const size_t first = random.chance(1, 3) && values.size() > 2 ? 1 : 0;
  encoding.lowest = values[first];
  encoding.highest = values.back();
  return encoding;
}

int32_t kernel_size(Random& random, int32_t image) {
  constexpr std::array<int32_t, 8> kSizes = {1, 1, 2, 3, 3, 3, 4, 5};
  const int32_t size = random.pick(std::span<const int32_t>(kSizes));
  // On a 1 x 1 image only padding leaves room for a larger kernel; mostly it is a fully connected layer.
  return image == 1 && !random.chance(1, 8) ? 1 : size;
}

// One direction of a window.
struct Span {
  int32_t kernel = 1, stride = 1, before = 0, after = 0, dilation = 1;

  int32_t reach() const { return (kernel - 1) * dilation + 1; }
  int32_t positions(int32_t image) const { return (image + before + after - reach()) / stride + 1; }
  bool fits(int32_t image) const { return image + before + after >= reach(); }

  // False if some position sees padding only, which has no largest value.
  bool always_sees(int32_t image) const {
    for (int32_t position = 0; position < positions(image); ++position) {
      bool seen = false;
      for (int32_t k = 0; k < kernel; ++k) {
        const int32_t at = position * stride - before + k * dilation;
        seen = seen || (at >= 0 && at < image);
      }
      if (!seen) return false;
    }
    return true;
  }
};

Span random_span(Random& random, int32_t image, WindowUse use, bool padded) {
  Span span;
  span.kernel = kernel_size(random, image);
  if (span.kernel > 1 && random.chance(1, 6)) span.dilation = 2;
  const int32_t max_pad = padded ? std::min(span.reach() - 1, 3) : 0;
  span.before = random.number(0, max_pad);
  span.after = random.chance(1, 2) ? span.before : random.number(0, max_pad);
  if (use != WindowUse::kDot && random.chance(1, 2)) {
    span.stride = span.kernel;
  } else if (random.chance(1, 4)) {
    span.stride = random.number(2, 3);
  }
  if (!span.fits(image)) return {};
  if (use == WindowUse::kMaxPool && !span.always_sees(image)) return {};
  return span;
}

BitMatrix random_weights(Random& random, const Encoding& encoding, int64_t rows, int64_t columns) {
  const std::vector<uint32_t> all = codes_in_use(encoding);
  const uint32_t lowest = encoding.code(encoding.lowest);
  const uint32_t highest = encoding.code(encoding.highest);
  std::vector<uint32_t> codes;
  codes.reserve(static_cast<size_t>(rows * columns));
  for (int64_t row = 0; row < rows; ++row) {
    // Constant rows reach the ends of the accumulator's range.
    const auto kind = random.between(0, 15);
    for (int64_t column = 0; column < columns; ++column) {
      codes.push_back(kind == 0 ? lowest : kind == 1 ? highest : random.pick(all));
    }
  }
  return BitMatrix(rows, columns, encoding.planes(), codes);
}

int32_t clamp_to_int32(int64_t value) {
  return static_cast<int32_t>(
      std::clamp<int64_t>(value, std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()));
}

std::vector<int32_t> random_row(Random& random, const Range& range, size_t count) {
  const int64_t width = int64_t{range.highest} - range.lowest;
  int64_t low = range.lowest;
  int64_t high = range.highest;
  switch (random.between(0, 9)) {
    case 0:  // the last level always
      return std::vector<int32_t>(count, random.chance(1, 2) ? range.lowest : std::numeric_limits<int32_t>::min());
    case 1:  // the first level always
      return std::vector<int32_t>(count, random.chance(1, 2) ? range.highest + 1 : std::numeric_limits<int32_t>::max());
    case 2:  // some levels never, some always
      low -= width / 4 + 1;
      high += width / 4 + 1;
      break;
    case 3: {  // few values, many levels: repeats
      const int64_t middle = random.between(low, high);
      low = std::max(low, middle - 1);
      high = std::min(high, middle + 1);
      break;
    }
    case 4:
    case 5:
      break;
    default: {  // accumulators crowd at the middle of what they could be
      const int64_t middle = low + width / 2;
      const int64_t half = std::max<int64_t>(2, width >> random.between(2, 5));
      low = std::max(low, middle - half);
      high = std::min(high, middle + half);
      break;
    }
  }
  return ascending_thresholds(random, {clamp_to_int32(low), clamp_to_int32(high)}, count);
}

RealQuantizer random_quantizer(Random& random, int32_t channels, size_t count) {
  RealQuantizer real;
  real.rows = random.chance(1, 2) ? 1 : channels;
  for (int32_t row = 0; row < real.rows; ++row) {
    std::vector<int32_t> sixteenths = ascending_thresholds(random, {-64, 64}, count);
    const bool descending = random.chance(1, 4);
    if (descending) std::reverse(sixteenths.begin(), sixteenths.end());
    for (const int32_t t : sixteenths) real.thresholds.push_back(static_cast<float>(t) / 16);
    if (random.chance(1, 8)) {
      const float infinity = std::numeric_limits<float>::infinity();
      real.thresholds.back() = descending ? -infinity : infinity;
    }
    real.descending.push_back(descending);
  }
  return real;
}

}  // namespace

int64_t magnitude(const Range& range) {
  return std::max(std::abs(int64_t{range.lowest}), std::abs(int64_t{range.highest}));
}

Encoding random_encoding(Random& random) {
  switch (random.between(0, 19)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
      return Encoding::bipolar();
    case 5:
    case 6:
    case 7:
      return Encoding::unsigned_bits(random.number(1, 4));
    case 8:
      return Encoding::unsigned_bits(random.number(5, 8));
    case 9:
      return Encoding::signed_bits(random.number(2, 4));
    case 10:
      return Encoding::signed_bits(random.number(5, 8));
    case 11:
      return Encoding::signed_bits(random.number(2, 5), true);
    case 12:
    case 13:
      return Encoding::ternary();
    case 14:
    case 15:
      return Encoding::isometric(random.number(1, 3));
    case 16:
    case 17:
      return residual(random);
    case 18:
      return affine(random);
    default:
      return planes(random);
  }
}

Input random_input(Random& random, const Shape& shape) {
  if (random.chance(1, 6)) {
    constexpr std::array<Range, 4> kRanges = {Range{0, 255}, Range{-7, 90}, Range{-30000, 30000}, Range{-100000, 70000}};
    return {shape, random.pick(std::span<const Range>(kRanges)), std::nullopt};
  }
  if (random.chance(1, 3)) return {shape, Encoding::unsigned_bits(8), std::nullopt};
  const Encoding encoding = random_encoding(random);
  const size_t thresholds = encoding.levels().size() - 1;
  if (random.chance(1, 4) && thresholds <= 16) {
    return {shape, encoding, random_quantizer(random, shape.channels, thresholds)};
  }
  return {shape, encoding, std::nullopt};
}

Window random_window(Random& random, const Shape& shape, WindowUse use) {
  const bool padded = random.chance(1, 2);
  const Span y = random_span(random, shape.height, use, padded);
  Span x = random_span(random, shape.width, use, padded);
  // Square windows are what most networks have.
  if (random.chance(1, 2) && y.fits(shape.width) && (use != WindowUse::kMaxPool || y.always_sees(shape.width))) x = y;
  return {.kernel_h = y.kernel,
          .kernel_w = x.kernel,
          .stride_h = y.stride,
          .stride_w = x.stride,
          .pad_top = y.before,
          .pad_left = x.before,
          .pad_bottom = y.after,
          .pad_right = x.after,
          .dilation_h = y.dilation,
          .dilation_w = x.dilation};
}

Dot random_dot(Random& random, const TensorType& input, int32_t channels) {
  const Shape& shape = input.shape;
  Dot dot;
  dot.window = random_window(random, shape, WindowUse::kDot);
  if (random.chance(1, 4)) {
    std::vector<int32_t> divisors;
    for (int32_t d = 1; d <= shape.channels; ++d) {
      if (shape.channels % d == 0) divisors.push_back(d);
    }
    dot.groups = random.chance(1, 2) ? shape.channels : random.pick(divisors);
  }
  dot.encoding = random_encoding(random);

  // Far within int32, so that sums of several such layers are as well.
  const int64_t inputs = int64_t{dot.window.kernel_h} * dot.window.kernel_w * (shape.channels / dot.groups);
  if (inputs * magnitude(input.range()) * magnitude({dot.encoding.lowest, dot.encoding.highest}) > kMaxSum) {
    dot.encoding = Encoding::bipolar();
    dot.window = Window{};
  }

  const int64_t columns = int64_t{dot.window.kernel_h} * dot.window.kernel_w * (shape.channels / dot.groups);
  const int64_t grown = (shape.height + 6) * int64_t{shape.width + 6};  // no output image is larger
  const int64_t rows = std::min<int64_t>(channels, kMaxWork / (columns * grown));
  const int64_t rows_a_group = std::max<int64_t>(1, rows / dot.groups);
  dot.weights = random_weights(random, dot.encoding, rows_a_group * dot.groups, columns);
  return dot;
}

Dot with_random_weights(Random& random, const Dot& dot) {
  Dot other = dot;
  other.encoding = random_encoding(random);
  other.weights = random_weights(random, other.encoding, dot.weights.rows(), dot.weights.columns());
  return other;
}

Threshold random_threshold(Random& random, const TensorType& input, const Encoding& encoding) {
  const size_t count = encoding.levels().size() - 1;
  Threshold threshold;
  threshold.encoding = encoding;
  const bool one_row = random.chance(1, 3) || static_cast<int64_t>(count) * input.shape.channels > kMaxThresholds;
  threshold.rows = one_row ? 1 : input.shape.channels;
  for (int32_t row = 0; row < threshold.rows; ++row) {
    const std::vector<int32_t> values = random_row(random, input.range(), count);
    threshold.thresholds.insert(threshold.thresholds.end(), values.begin(), values.end());
    threshold.descending.push_back(random.chance(1, 4));
  }
  return threshold;
}

}  // namespace bitloom::ir
