// SPDX-License-Identifier: Apache-2.0
//
// The arithmetic of the matrix-vector-threshold unit.
//
// Let x = b + sum_p a_p x_p be an input and w = d + sum_q c_q w_q a weight, A and C the sums of the a_p and c_q, |.| a
// count of ones over the K columns of a row, and X_pq = |x_p xnor w_q| = K - |x_p| - |w_q| + 2 |x_p & w_q|. Then
//
//   dot = sum_pq a_p c_q |x_p & w_q| + d sum_p a_p |x_p| + b sum_q c_q |w_q| + K b d
//
//   * AND: with weights in two's complement d = 0, so            dot = sum_pq a_p c_q |x_p & w_q| + b sum_q c_q |w_q|.
//   * XNOR: balanced weights (2 d + C = 0) leave no |x_p|, and   2 dot = sum_pq a_p c_q X_pq + (A + 2 b) sum_q c_q |w_q| -
//   K C (A + b).
//
// So `scale` times dot (1 or 2) is a factor P, common to all a_p c_q, times what the unit accumulates, plus a number of the
// row. That number and P go into the thresholds: scale * dot >= scale * t exactly if acc >= ceil((scale * t - row) / P).
// Without thresholds the unit puts out acc + row, so P is multiplied back; where XNOR would then give twice the dot product
// (all a_p c_q are not even) AND is taken.
#include "mvtu.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "element.h"
#include "structure.h"

namespace bitloom::hw {
namespace {

using Coefficients = std::vector<int32_t>;

int64_t sum(const Coefficients& c) { return std::accumulate(c.begin(), c.end(), int64_t{0}); }
int32_t common(const Coefficients& c) {
  return std::accumulate(c.begin(), c.end(), 0, [](int32_t a, int32_t b) { return std::gcd(a, b); });
}

Coefficients divided(Coefficients c, int32_t divisor) {
  for (int32_t& v : c) v /= divisor;
  return c;
}

int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0); }
int64_t ceil_div(int64_t a, int64_t b) { return -floor_div(-a, b); }

struct Weights {
  Coefficients coefficients;
  int64_t bias = 0;
  ir::BitMatrix bits;
};

/// The weights in two's complement, or unsigned, with the fewest planes.
Weights without_bias(const ir::Dot& dot) {
  const ir::Encoding& e = dot.encoding;
  if (e.bias == 0) return {e.coefficients, 0, dot.weights};
  const bool negative = e.lowest < 0;
  const int32_t planes = std::max(1, signed_bits(e.lowest, e.highest) - (negative ? 0 : 1));
  if (planes > ir::kMaxPlanes) {
    throw Unsupported("weights from {} to {} take more than {} bit planes; scale them down", e.lowest, e.highest,
                      ir::kMaxPlanes);
  }
  Weights result;
  for (int32_t p = 0; p < planes; ++p) result.coefficients.push_back(int32_t{1} << p);
  if (negative) result.coefficients.back() = -result.coefficients.back();
  std::vector<uint32_t> codes;
  const uint32_t mask = (uint32_t{1} << planes) - 1;
  for (int64_t row = 0; row < dot.weights.rows(); ++row) {
    for (int64_t k = 0; k < dot.weights.columns(); ++k) {
      codes.push_back(static_cast<uint32_t>(e.value(dot.weights.code(row, k))) & mask);
    }
  }
  result.bits = ir::BitMatrix(dot.weights.rows(), dot.weights.columns(), planes, codes);
  return result;
}

/// sum_q c_q |w_q| of a row.
int64_t weighted_ones(const Weights& w, int64_t row) {
  int64_t total = 0;
  for (size_t q = 0; q < w.coefficients.size(); ++q) {
    int64_t ones = 0;
    for (const uint64_t word : w.bits.plane(row, static_cast<int>(q))) ones += std::popcount(word);
    total += w.coefficients[q] * ones;
  }
  return total;
}

/// scale * dot = factor * acc + row(r)
struct Form {
  bool xnor = false;
  int64_t scale = 1, factor = 1;
  Weights weights;
};

Form choose_form(const ir::Dot& dot, const Element& in, bool thresholds) {
  const ir::Encoding& e = dot.encoding;
  const bool balanced = 2 * int64_t{e.bias} + sum(e.coefficients) == 0;
  const int64_t factor = int64_t{common(in.coefficients)} * common(e.coefficients);
  if (balanced && (thresholds || factor % 2 == 0)) return {true, 2, factor, {e.coefficients, e.bias, dot.weights}};
  Form form{false, 1, 1, without_bias(dot)};
  form.factor = int64_t{common(in.coefficients)} * common(form.weights.coefficients);
  return form;
}

int64_t row_constant(const Form& form, const Element& in, int64_t row) {
  const int64_t ones = weighted_ones(form.weights, row);
  if (!form.xnor) return in.bias * ones;
  const int64_t a = sum(in.coefficients), c = sum(form.weights.coefficients);
  return (a + 2 * int64_t{in.bias}) * ones - form.weights.bits.columns() * c * (a + in.bias);
}

/// Widens the accumulator until it holds both.
struct Bounds {
  int64_t lowest = 0, highest = 0;
  void include(int64_t value) {
    lowest = std::min(lowest, value);
    highest = std::max(highest, value);
  }
};

/// What a column with this weight can add to acc, at least and at most.
Bounds column_range(const Mvtu& unit, uint32_t weight) {
  int64_t lowest = 0, highest = 0;
  for (const int64_t a : unit.in_coefs) {
    int64_t by_zero = 0, by_one = 0;  // of this plane of the input
    for (size_t q = 0; q < unit.weight_coefs.size(); ++q) {
      const bool bit = (weight >> q & 1) != 0;
      by_one += bit ? unit.weight_coefs[q] : 0;
      by_zero += unit.xnor && !bit ? unit.weight_coefs[q] : 0;
    }
    lowest += std::min(a * by_zero, a * by_one);
    highest += std::max(a * by_zero, a * by_one);
  }
  return {lowest, highest};
}

/// The sums of some columns of a row, which are in the accumulator before the others come, may lie beyond those of all.
void include_parts(const Mvtu& unit, Bounds& bounds) {
  const auto positive = [](const Coefficients& c) { return std::ranges::all_of(c, [](int32_t v) { return v > 0; }); };
  if (positive(unit.in_coefs) && positive(unit.weight_coefs)) return;  // all columns add to the sum
  std::vector<Bounds> ranges;
  for (uint32_t code = 0; code < uint32_t{1} << unit.weight_coefs.size(); ++code) {
    ranges.push_back(column_range(unit, code));
  }
  for (int64_t row = 0; row < unit.outputs; ++row) {
    int64_t lowest = 0, highest = 0;
    for (int64_t k = 0; k < unit.inputs; ++k) {
      const Bounds& range = ranges[unit.weights.code(row, k)];
      lowest += std::min<int64_t>(range.lowest, 0);
      highest += std::max<int64_t>(range.highest, 0);
    }
    bounds.include(lowest);
    bounds.include(highest);
  }
}

void set_thresholds(Mvtu& unit, const Form& form, const Element& in, std::span<const ir::Range> ranges,
                    const ir::Threshold& threshold, Bounds& bounds) {
  unit.codes = threshold.encoding.level_codes();
  unit.levels = static_cast<int32_t>(unit.codes.size()) - 1;
  const auto levels = static_cast<size_t>(unit.levels);
  for (size_t r = 0; r < ranges.size(); ++r) {
    const int64_t constant = row_constant(form, in, static_cast<int64_t>(r));
    const int64_t lowest = floor_div(form.scale * ranges[r].lowest - constant, form.factor);
    const int64_t highest = ceil_div(form.scale * ranges[r].highest - constant, form.factor);
    bounds.include(lowest);
    bounds.include(highest);
    const size_t row = threshold.rows == 1 ? 0 : r;
    for (size_t j = 0; j < levels; ++j) {
      const int64_t t = ceil_div(form.scale * threshold.thresholds[row * levels + j] - constant, form.factor);
      unit.thresholds.push_back(std::clamp(t, lowest, highest + 1));
      bounds.include(unit.thresholds.back());
    }
    unit.descending.push_back(threshold.descending[row]);
    unit.has_descending |= threshold.descending[row] != 0;
  }
}

void set_biases(Mvtu& unit, const Form& form, const Element& in, std::span<const ir::Range> ranges, Bounds& bounds) {
  for (size_t r = 0; r < ranges.size(); ++r) {
    const int64_t bias = row_constant(form, in, static_cast<int64_t>(r)) / form.scale;
    unit.thresholds.push_back(bias);
    unit.descending.push_back(0);
    for (const int64_t number : {bias, ranges[r].lowest - bias, ranges[r].highest - bias}) bounds.include(number);
  }
}

}  // namespace

int32_t step_bits(const Mvtu& unit) {
  int64_t most = 0, least = 0;  // of an element
  for (const int64_t a : unit.in_coefs) {
    for (const int64_t c : unit.weight_coefs) (a * c < 0 ? least : most) += a * c;
  }
  const int32_t bits = signed_bits(unit.simd * least, unit.simd * most);
  return least < 0 ? bits : std::max(1, bits - 1);
}

Mvtu make_mvtu(const ir::Dot& dot, const Element& in, const ir::Range& values, const ir::Threshold* threshold,
               const ir::TensorType& result) {
  Form form = choose_form(dot, in, threshold != nullptr);
  Mvtu unit;
  unit.inputs = dot.weights.columns();
  unit.outputs = dot.weights.rows();
  unit.vectors = int64_t{result.shape.height} * result.shape.width;
  unit.depthwise = is_depthwise(dot);
  if (dot.groups > 1 && !unit.depthwise) {
    unit.groups = dot.groups;
    unit.taps = dot.window.kernel_h * dot.window.kernel_w;
  }
  unit.xnor = form.xnor;
  unit.in_coefs = in.coefficients;
  unit.weight_coefs = form.weights.coefficients;
  unit.weights = form.weights.bits;
  unit.out_bits = element_of(result).bits;
  Bounds bounds;
  const std::vector<ir::Range> ranges = ir::channel_ranges(dot, values);
  if (threshold) {
    unit.in_coefs = divided(unit.in_coefs, common(unit.in_coefs));
    unit.weight_coefs = divided(unit.weight_coefs, common(unit.weight_coefs));
    set_thresholds(unit, form, in, ranges, *threshold, bounds);
  } else {
    const bool half_weights = form.xnor && common(unit.weight_coefs) % 2 == 0;
    if (half_weights) unit.weight_coefs = divided(unit.weight_coefs, 2);
    if (form.xnor && !half_weights) unit.in_coefs = divided(unit.in_coefs, 2);
    set_biases(unit, form, in, ranges, bounds);
  }
  include_parts(unit, bounds);
  unit.acc_bits = signed_bits(bounds.lowest, bounds.highest);
  return unit;
}

}  // namespace bitloom::hw
