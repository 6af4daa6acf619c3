// SPDX-License-Identifier: Apache-2.0
//
// Thresholds that no matrix-vector unit takes in, and codes that become others.
#include <algorithm>
#include <numeric>

#include "builder.h"

namespace bitloom::hw {
namespace {

constexpr int32_t kTableBits = 10;   ///< elements that a table is made for
constexpr int32_t kTableLevels = 4;  ///< from which on it is smaller than comparators

/// Codes of each code of `from`, by the threshold (of one row).
std::vector<uint32_t> table_of(const ir::Threshold& layer, const ir::Encoding& from) {
  std::vector<uint32_t> table(size_t{1} << from.planes());
  const std::vector<uint32_t> codes = layer.encoding.level_codes();
  for (uint32_t code = 0; code < table.size(); ++code) {
    const int32_t value = from.value(code);
    if (value < from.lowest || value > from.highest) continue;
    const auto reached =
        static_cast<size_t>(std::ranges::count_if(layer.thresholds, [&](int32_t t) { return value >= t; }));
    table[code] = codes[layer.descending[0] != 0 ? codes.size() - 1 - reached : reached];
  }
  return table;
}

}  // namespace

Tap Builder::with_order(const Tap& tap, const ir::Encoding& encoding, Element& element, Order& order) {
  order = order_of(encoding);
  if (order != Order::kNone) return tap;
  order = Order::kUnsigned;
  const std::vector<uint32_t> codes = encoding.level_codes();
  Table table{1, encoding.planes(), encoding.planes(), std::vector<uint32_t>(size_t{1} << encoding.planes())};
  for (size_t i = 0; i < codes.size(); ++i) table.codes[codes[i]] = static_cast<uint32_t>(i);
  const int64_t elements_here = elements(tap.from);
  const int64_t by = granule(tap.from);
  const Tap result = pass(tap, element, ".order", table, by, elements_here);
  element = element_of({{}, ir::Encoding::unsigned_bits(encoding.planes())});
  return result;
}

void Builder::make(const ir::Threshold& layer) {
  const ir::NodeId from = node().inputs[0];
  if (const auto* dot = std::get_if<ir::Dot>(&source().layer); dot && fuses(from)) return dot_with(*dot, from, &layer);
  const ir::TensorType& in = source().type;
  const int64_t all = node().type.shape.elements();
  Element element = tensor(from).element;
  Tap tap = take(from);
  const Element out = element_of(node().type);
  const ir::Encoding* encoding = in.encoding();
  const auto codes = layer.encoding.level_codes();
  Order order = Order::kSigned;
  if (encoding && layer.rows == 1 && element.bits <= kTableBits &&
      (codes.size() > kTableLevels || order_of(*encoding) == Order::kNone)) {
    return put(pass(tap, element, "", Table{1, element.bits, out.bits, table_of(layer, *encoding)}, all, all), out);
  }
  std::vector<int64_t> numbers;  // of the levels
  if (encoding) {
    tap = with_order(tap, *encoding, element, order);
    numbers = ordered_codes(*encoding, order_of(*encoding));
    if (order_of(*encoding) == Order::kNone) std::iota(numbers.begin(), numbers.end(), 0);
  }
  Threshold unit;
  // With one row for all, lanes need not divide the channels.
  unit.channels = static_cast<int32_t>(layer.rows == 1 ? all : node().type.shape.channels);
  unit.in_bits = element.bits;
  unit.is_signed = order == Order::kSigned;
  unit.levels = static_cast<int32_t>(codes.size()) - 1;
  unit.out_bits = out.bits;
  unit.codes = codes;
  unit.rows = layer.rows;
  unit.descending = layer.descending;
  unit.has_descending = std::ranges::find(layer.descending, 1) != layer.descending.end();
  const ir::Range range = in.range();
  const std::vector<int32_t> levels = encoding ? encoding->levels() : std::vector<int32_t>{};
  for (const int64_t t : layer.thresholds) {
    if (!encoding) {
      unit.thresholds.push_back(std::clamp<int64_t>(t, range.lowest, int64_t{range.highest} + 1));
      continue;
    }
    const auto at = static_cast<size_t>(std::ranges::lower_bound(levels, t) - levels.begin());
    unit.thresholds.push_back(at < numbers.size() ? numbers[at] : numbers.back() + 1);
  }
  const auto [lowest, highest] = std::ranges::minmax(unit.thresholds);
  unit.acc_bits = std::max(signed_bits(lowest, highest), element.bits + (unit.is_signed ? 0 : 1));
  put(pass(tap, element, "", unit, unit.channels, all), out);
}

}  // namespace bitloom::hw
