// SPDX-License-Identifier: Apache-2.0
//
// What a Dot over planes knows ahead of time.
//
// For an input x = b + sum_p c_p x_p and a weight w = d + sum_q e_q w_q, with bits x_p and w_q, the sum over K elements is
//
//   acc = sum_pq c_p e_q |x_p & w_q|  +  d sum_p c_p |x_p|  +  b sum_q e_q |w_q|  +  K b d
//
// where |.| counts bits. With 2 |x & w| = |x| + |w| - |x ^ w| every product of planes becomes an XOR, and
//
//   2 acc =   2 K b d + (2 b + C) sum_q e_q |w_q|     known ahead: a constant a channel       (C = sum of the c_p)
//           + (2 d + E) sum_p c_p |x_p|               the row's own bits; a term a pixel      (E = sum of the e_q)
//           - sum_pq c_p e_q |x_p ^ w_q|              P Q population counts a word
//
// Balanced weights (bipolar, ternary, isometric, residual) have 2 d + E = 0, and then no input bits are counted; bipolar
// times bipolar is one count a word. 2 acc is computed modulo 2^64, so nothing overflows that matters.
//
// Outside the image lies the value 0, but zero bits there read as the value b. So a row with taps outside is too large by
// b * (sum of the weights at those taps), which goes into the constant. Rows and columns of the output that have the same
// taps inside share a pattern; there are few.
#include <algorithm>

#include "bits.h"
#include "dot_kernel.h"
#include "steps.h"

namespace bitloom::engine {
namespace {

uint64_t wrap(int64_t value) { return static_cast<uint64_t>(value); }

uint64_t sum_of(const std::vector<int32_t>& coefficients) {
  uint64_t sum = 0;
  for (const int32_t c : coefficients) sum += wrap(c);
  return sum;
}

/// The different taps among `taps`, and for each of `taps` which it is.
std::vector<Taps> number_patterns(const std::vector<Taps>& taps, std::vector<int32_t>& numbers) {
  std::vector<Taps> different;
  for (const Taps& t : taps) {
    // Taps move on in one direction, so equal ones are neighbours.
    if (different.empty() || different.back() != t) different.push_back(t);
    numbers.push_back(static_cast<int32_t>(different.size()) - 1);
  }
  return different;
}

/// Sums of one output channel's weights over rectangles of taps, by a table of the sums from the corner.
class TapSums {
 public:
  TapSums(const ir::Dot& dot, int64_t channel, int64_t group_in)
      : width_(dot.window.kernel_w + 1), sums_(static_cast<size_t>((dot.window.kernel_h + 1) * width_)) {
    for (int64_t ky = 0; ky < dot.window.kernel_h; ++ky) {
      uint64_t row = 0;
      for (int64_t kx = 0; kx < dot.window.kernel_w; ++kx) {
        row += wrap(dot.encoding.bias) * wrap(group_in);
        for (int q = 0; q < dot.encoding.planes(); ++q) {
          const uint64_t* plane = dot.weights.plane(channel, q).data();
          const int64_t ones = count_bits(plane, (ky * dot.window.kernel_w + kx) * group_in, group_in);
          row += wrap(dot.encoding.coefficients[static_cast<size_t>(q)]) * wrap(ones);
        }
        sums_[index(ky + 1, kx + 1)] = sums_[index(ky, kx + 1)] + row;
      }
    }
  }

  uint64_t all() const { return sums_.back(); }
  uint64_t inside(const Taps& y, const Taps& x) const {
    return sums_[index(y.end, x.end)] - sums_[index(y.begin, x.end)] - sums_[index(y.end, x.begin)] +
           sums_[index(y.begin, x.begin)];
  }

 private:
  size_t index(int64_t y, int64_t x) const { return static_cast<size_t>(y * width_ + x); }

  int64_t width_;
  std::vector<uint64_t> sums_;
};

/// The constant of one output channel away from borders.
uint64_t channel_constant(const ir::Dot& dot, const ir::Encoding& input, int64_t channel) {
  uint64_t weighted_ones = 0;
  for (int q = 0; q < dot.encoding.planes(); ++q) {
    const int64_t ones = count_bits(dot.weights.plane(channel, q).data(), 0, dot.weights.columns());
    weighted_ones += wrap(dot.encoding.coefficients[static_cast<size_t>(q)]) * wrap(ones);
  }
  return 2 * wrap(dot.weights.columns()) * wrap(input.bias) * wrap(dot.encoding.bias) +
         (2 * wrap(input.bias) + sum_of(input.coefficients)) * weighted_ones;
}

void make_constants(DotStep& step, const ir::Dot& dot, const ir::Encoding& input) {
  const auto y = rows_of(step.window, step.in);
  const auto x = columns_of(step.window, step.in);
  step.row_taps = all_taps(y, step.out.height);
  step.column_taps = all_taps(x, step.out.width);
  std::vector<Taps> row_patterns{{0, y.kernel}}, column_patterns{{0, x.kernel}};
  if (input.bias != 0) {
    row_patterns = number_patterns(step.row_taps, step.row_patterns);
    column_patterns = number_patterns(step.column_taps, step.column_patterns);
  } else {
    step.row_patterns.assign(step.row_taps.size(), 0);
    step.column_patterns.assign(step.column_taps.size(), 0);
  }
  step.column_pattern_count = static_cast<int64_t>(column_patterns.size());

  const int64_t lanes = step.groups * step.group_chunks() * kChunk;
  step.constants.assign(row_patterns.size() * column_patterns.size() * static_cast<size_t>(lanes), 0);
  for (int64_t channel = 0; channel < step.out.channels; ++channel) {
    const int64_t group = channel / step.group_out();
    uint64_t* lane = step.constants.data() + group * step.group_chunks() * kChunk + channel % step.group_out();
    const uint64_t constant = channel_constant(dot, input, channel);
    const TapSums sums(dot, channel, step.group_in());
    for (const Taps& rows : row_patterns) {
      for (const Taps& columns : column_patterns) {
        *lane = constant - 2 * wrap(input.bias) * (sums.all() - sums.inside(rows, columns));
        lane += lanes;
      }
    }
  }
}

void interleave_weights(DotStep& step, const ir::BitMatrix& matrix) {
  const int64_t words = step.row_words();
  const int64_t blocks = (step.group_out() + kLanes - 1) / kLanes;
  step.weights.assign(static_cast<size_t>(step.groups * blocks * step.w_planes * words * kLanes), 0);
  for (int64_t channel = 0; channel < step.out.channels; ++channel) {
    const int64_t group = channel / step.group_out(), in_group = channel % step.group_out();
    const int64_t block = group * blocks + in_group / kLanes;
    for (int q = 0; q < step.w_planes; ++q) {
      uint64_t* to = step.weights.data() + (block * step.w_planes + q) * words * kLanes + in_group % kLanes;
      for (const uint64_t word : matrix.plane(channel, q)) {
        *to = word;
        to += kLanes;
      }
    }
  }
}

}  // namespace

int64_t DotStep::row_words() const { return words_for(int64_t{window.kernel_h} * window.kernel_w * group_in()); }

DotStep make_dot(const ir::Dot& dot, const ir::Encoding& input, const ir::Shape& in, const ir::Shape& out) {
  DotStep step;
  step.in = in;
  step.out = out;
  step.window = dot.window;
  step.groups = dot.groups;
  step.x_planes = input.planes();
  step.w_planes = dot.encoding.planes();
  for (const int32_t c : input.coefficients) {
    for (const int32_t e : dot.encoding.coefficients) step.coefficients.push_back(wrap(c) * wrap(e));
  }
  const uint64_t imbalance = 2 * wrap(dot.encoding.bias) + sum_of(dot.encoding.coefficients);
  if (imbalance != 0) {
    for (const int32_t c : input.coefficients) step.row_coefficients.push_back(wrap(c) * imbalance);
  }
  interleave_weights(step, dot.weights);
  make_constants(step, dot, input);
  return step;
}

int64_t rows_bytes(const DotStep& step) {
  const ir::Window& w = step.window;
  const bool pixels_are_rows = w.kernel_h == 1 && w.kernel_w == 1 && !w.padded() && step.groups == 1;
  return pixels_are_rows ? 0 : kTile * step.x_planes * step.row_words() * 8;
}

}  // namespace bitloom::engine
