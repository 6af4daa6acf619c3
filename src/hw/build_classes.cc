// SPDX-License-Identifier: Apache-2.0
//
// The class: which channel has the greatest number, or stands for the greatest real number.
//
// Real numbers of channels with scales and offsets of their own are compared by integers that are ordered as they are: each
// channel's value times a factor, plus an offset. Scales and offsets are multiplied with 2^e and rounded, for e from few
// bits on, until all values that all channels may have are in the order of their real numbers, equal only where those are.
#include <algorithm>
#include <cmath>
#include <ranges>

#include "builder.h"

namespace bitloom::hw {
namespace {

constexpr int64_t kMostValues = int64_t{1} << 22;  ///< of all channels together, for which the order is looked at
constexpr int32_t kMostBits = 62;

/// True if real numbers are in the order of the integers that stand for them, equal only where these are.
bool keeps_order(const ir::Output& output) {
  const auto same = [](const std::vector<double>& v) {
    return std::ranges::all_of(v, [&](double d) { return d == v[0]; });
  };
  constexpr double kExact = 1 << 20;  // integers of 32 bits and 20 bits more are exact in float64
  return same(output.scale) && same(output.offset) && output.scale[0] > 0 &&
         std::abs(output.offset[0]) < output.scale[0] * kExact;
}

struct Point {
  double real = 0;
  int32_t channel = 0, value = 0;
};

std::vector<int32_t> values_of(const ir::TensorType& type) {
  if (const ir::Encoding* encoding = type.encoding()) return encoding->levels();
  const ir::Range range = type.range();
  if ((int64_t{range.highest} - range.lowest + 1) * type.shape.channels > kMostValues) return {};
  std::vector<int32_t> values;
  for (int32_t v = range.lowest; v <= range.highest; ++v) values.push_back(v);
  return values;
}

/// All values of all channels in the order of their real numbers; none if there are too many or one is not finite.
std::vector<Point> in_order(const ir::Output& output, const ir::TensorType& type) {
  std::vector<Point> points;
  for (const int32_t value : values_of(type)) {
    const std::vector<int32_t> all(static_cast<size_t>(type.shape.channels), value);
    const std::vector<double> reals = ir::reals(output, all);
    for (size_t c = 0; c < reals.size(); ++c) {
      if (!std::isfinite(reals[c])) return {};
      points.push_back({reals[c], static_cast<int32_t>(c), value});
    }
  }
  std::ranges::sort(points, {}, &Point::real);
  return points;
}

/// factors[c] * value + offsets[c], of scales and offsets times 2^exponent.
Scale scale_by(const ir::Output& output, int32_t channels, int exponent) {
  Scale scale;
  for (size_t c = 0; c < static_cast<size_t>(channels); ++c) {
    scale.factors.push_back(std::llround(std::ldexp(output.scale[c % output.scale.size()], exponent)));
    scale.offsets.push_back(std::llround(std::ldexp(output.offset[c % output.offset.size()], exponent)));
  }
  return scale;
}

int64_t number(const Scale& scale, const Point& p) {
  const auto c = static_cast<size_t>(p.channel);
  return scale.factors[c] * p.value + scale.offsets[c];
}

bool keeps_order(const Scale& scale, const std::vector<Point>& points) {
  for (size_t i = 1; i < points.size(); ++i) {
    const int64_t before = number(scale, points[i - 1]), after = number(scale, points[i]);
    const bool same = points[i - 1].real == points[i].real;
    if (same ? before != after : before >= after) return false;
  }
  return true;
}

void set_bits(Scale& scale, const std::vector<Point>& points, const ir::Range& values) {
  const auto [least, most] = std::ranges::minmax(scale.factors);
  scale.factor_bits = signed_bits(least, most);
  scale.value_bits = signed_bits(values.lowest, values.highest);
  int64_t lowest = 0, highest = 0;
  for (const Point& p : points) {
    lowest = std::min(lowest, number(scale, p));
    highest = std::max(highest, number(scale, p));
  }
  for (const int64_t offset : scale.offsets) {
    lowest = std::min(lowest, offset);
    highest = std::max(highest, offset);
  }
  scale.out_bits = std::max({signed_bits(lowest, highest), scale.factor_bits, scale.value_bits});
}

}  // namespace

Tap Builder::scaled(const Tap& tap, Element& element, const ir::Output& output, const ir::TensorType& type) {
  const std::vector<Point> points = in_order(output, type);
  const auto size = [](double v) { return std::abs(v); };
  const double scale_size = size(std::ranges::max(output.scale, {}, size));
  const double offset_size = size(std::ranges::max(output.offset, {}, size));
  const ir::Range range = type.range();
  const double value_size = std::max(std::abs(double{1.0} * range.lowest), std::abs(double{1.0} * range.highest));
  const double most = scale_size * value_size + offset_size;  // of all numbers
  const int first = most == 0 || points.empty() ? kMostBits : -std::ilogb(std::max(scale_size, offset_size)) - 1;
  for (int exponent = first; !points.empty() && std::ldexp(most, exponent) < std::ldexp(1.0, kMostBits - 1); ++exponent) {
    Scale unit = scale_by(output, type.shape.channels, exponent);
    if (!keeps_order(unit, points)) continue;
    set_bits(unit, points, range);
    unit.channels = type.shape.channels;
    unit.in = element;
    const Tap result = pass(tap, element, ".scale", unit, unit.channels, elements(tap.from));
    element = {unit.out_bits, {}, 0};
    return result;
  }
  throw Unsupported(
      "compares real numbers of channels with different scales or offsets, and no integers of {} bits keep their order; "
      "one "
      "scale and offset for all, or simpler ones, would work",
      kMostBits);
}

void Builder::make(const ir::TopK& layer) {
  if (layer.k != 1) throw Unsupported("the {} largest are asked for; 1 would work", layer.k);
  const ir::NodeId from = node().inputs[0];
  Element element = tensor(from).element;
  Tap tap = take(from);
  Order order = Order::kSigned;
  const auto* output = std::get_if<ir::Output>(&source().layer);
  if (output && !keeps_order(*output)) {
    tap = scaled(tap, element, *output, source().type);
  } else if (const ir::Encoding* encoding = source().type.encoding()) {
    tap = with_order(tap, *encoding, element, order);
  }
  const Element out = element_of(node().type);
  const Top1 unit{source().type.shape.channels, 1, element.bits, order == Order::kSigned, out.bits};
  put(pass(tap, element, "", unit, unit.classes, 1), out);
}

}  // namespace bitloom::hw
