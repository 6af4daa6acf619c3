// SPDX-License-Identifier: Apache-2.0
#include "element.h"

#include <algorithm>

namespace bitloom::hw {

int32_t signed_bits(int64_t lowest, int64_t highest) {
  int32_t bits = 1;
  while (lowest < -(int64_t{1} << (bits - 1)) || highest >= int64_t{1} << (bits - 1)) ++bits;
  return bits;
}

Element element_of(const ir::TensorType& type) {
  if (const ir::Encoding* e = type.encoding()) return {e->planes(), e->coefficients, e->bias};
  const ir::Range range = type.range();
  return {signed_bits(range.lowest, range.highest), {}, 0};
}

std::vector<int64_t> ordered_codes(const ir::Encoding& encoding, Order order) {
  std::vector<int64_t> numbers;
  const int64_t half = int64_t{1} << (encoding.planes() - 1);
  for (const uint32_t code : encoding.level_codes()) {
    numbers.push_back(order == Order::kSigned && code >= half ? code - 2 * half : code);
  }
  return numbers;
}

Order order_of(const ir::Encoding& encoding) {
  for (const Order order : {Order::kUnsigned, Order::kSigned}) {
    if (std::ranges::is_sorted(ordered_codes(encoding, order))) return order;
  }
  return Order::kNone;
}

ZeroCodes with_zero(const ir::Encoding& encoding) {
  ZeroCodes result{{encoding.planes() + 1, encoding.coefficients, encoding.bias}, 0, {}};
  if (encoding == ir::Encoding::bipolar()) {
    result.element.coefficients = {1, 1};
    result.zero = 1;
    result.codes = {0, 3};
    return result;
  }
  result.element.coefficients.push_back(-encoding.bias);
  result.zero = uint32_t{1} << encoding.planes();
  for (uint32_t code = 0; code < result.zero; ++code) result.codes.push_back(code);
  return result;
}

}  // namespace bitloom::hw
