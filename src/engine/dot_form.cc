// SPDX-License-Identifier: Apache-2.0
//
// Forms of a dot product.
//
// For an input x = b + sum_p c_p x_p and a weight w = d + sum_q e_q w_q, with bits x_p and w_q, the sum over K elements is
//
//   acc = sum_pq c_p e_q |x_p & w_q|  +  d sum_p c_p |x_p|  +  b sum_q e_q |w_q|  +  K b d
//
// where |.| counts bits. Two ways to be rid of the term in |x_p|, which a pixel would have to count:
//
//   * kAnd: weights are recoded in two's complement, then d = 0 and
//       acc = b sum_q e_q |w_q|  +  sum_pq c_p e_q |x_p & w_q|
//   * kXor: with 2 |x & w| = |x| + |w| - |x ^ w| and C, E the sums of the c_p, e_q, for balanced weights (2 d + E = 0, as
//   in
//     bipolar, isometric and residual ones) and where all c_p e_q are even
//       acc = K b d  +  sum_q (b + C / 2) e_q |w_q|  -  sum_pq (c_p e_q / 2) |x_p ^ w_q|
//
// -1, 0, 1 on both sides would take four counts as planes. With bits "nonzero" and "negative" it takes two: the product is
// nonzero where both are, and negative where one of the signs is (one count if the weights are never zero).
//
// Values are multiplied once there are so many pairs of planes that counting costs more.
#include "dot_form.h"

#include <algorithm>
#include <numeric>

#include "codec.h"

namespace bitloom::engine {
namespace {

bool is_ternary(const ir::Encoding& e) { return e.levels() == std::vector<int32_t>{-1, 0, 1}; }
bool is_bipolar(const ir::Encoding& e) { return e.levels() == std::vector<int32_t>{-1, 1}; }

bool is_balanced(const ir::Encoding& w) {
  return 2 * int64_t{w.bias} + std::accumulate(w.coefficients.begin(), w.coefficients.end(), int64_t{0}) == 0;
}

bool suits_xor(const ir::Encoding& x, const ir::Encoding& w) {
  const auto even = [](int32_t v) { return v % 2 == 0; };
  return is_balanced(w) && (std::ranges::all_of(x.coefficients, even) || std::ranges::all_of(w.coefficients, even));
}

/// Two's complement, or unsigned, with the fewest planes: up to 32, more than a file may have.
ir::Encoding without_bias(const ir::Encoding& w) {
  if (w.bias == 0) return w;
  ir::Encoding planes{{}, 0, w.lowest, w.highest};
  for (int bit = 0; bit < 32; ++bit) {
    const int64_t weight = int64_t{1} << bit;
    if (w.lowest >= 0 && w.highest < weight) break;
    planes.coefficients.push_back(static_cast<int32_t>(weight));
    if (w.lowest >= 0 || w.lowest < -weight || w.highest >= weight) continue;
    planes.coefficients.back() = static_cast<int32_t>(-weight);
    break;
  }
  return planes;
}

}  // namespace

DotForm choose_form(const ir::Dot& dot, const ir::Encoding& input, const Kernels& kernels) {
  const ir::Encoding& w = dot.encoding;
  // -1, 0, 1 take two counts for two planes by two, and one for two planes by one.
  if (is_ternary(input) && (is_ternary(w) || is_bipolar(w))) {
    return is_ternary(w) ? DotForm::kTernary : DotForm::kTernaryByBipolar;
  }
  const bool by_xor = suits_xor(input, w);
  const int pairs = input.planes() * (by_xor ? w : without_bias(w)).planes();
  const int64_t row = dot.weights.columns(), values = kernels.values_per_word;
  const double count_cost = kernels.count_cost * static_cast<double>(pairs * ((row + 31) / 32));
  const double value_cost = kernels.value_cost * static_cast<double>((row + values - 1) / values);
  const bool small = fits_bytes({input.lowest, input.highest}) && w.lowest >= -128 && w.highest <= 127;
  if (small && value_cost < count_cost) return DotForm::kValues;
  return by_xor ? DotForm::kXor : DotForm::kAnd;
}

ir::Encoding weight_planes(DotForm form, const ir::Encoding& weights) {
  return form == DotForm::kXor ? weights : without_bias(weights);
}

}  // namespace bitloom::engine
