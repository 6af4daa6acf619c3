// SPDX-License-Identifier: Apache-2.0
#include "random_units.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

namespace bitloom::test {
namespace {

int32_t bits_for(int64_t number) { return number < 2 ? 1 : std::bit_width(static_cast<uint64_t>(number - 1)); }

hw::Element element(int32_t bits) {
  hw::Element result{bits, {}, 0};
  for (int32_t b = 0; b < bits; ++b) result.coefficients.push_back(1 << b);
  return result;
}

}  // namespace

std::vector<uint32_t> RandomUnits::codes(int32_t levels) const {
  std::vector<uint32_t> result(static_cast<size_t>(levels) + 1);
  std::iota(result.begin(), result.end(), 0u);
  return result;
}

std::vector<int64_t> RandomUnits::thresholds(int64_t rows, int32_t levels, double deviation, int64_t bound) {
  std::normal_distribution<double> normal(0, deviation);
  std::vector<int64_t> result;
  for (int64_t row = 0; row < rows; ++row) {
    std::vector<int64_t> one(static_cast<size_t>(levels));
    for (int64_t& t : one) t = std::clamp<int64_t>(std::llround(normal(random_)), -bound, bound);
    std::ranges::sort(one);
    result.insert(result.end(), one.begin(), one.end());
  }
  return result;
}

hw::Mvtu RandomUnits::mvtu() {
  hw::Mvtu u;
  u.in_coefs = element(one_of({1, 1, 1, 2, 2, 8})).coefficients;
  u.weight_coefs = element(one_of({1, 1, 1, 2})).coefficients;
  u.xnor = u.in_coefs.size() < 8;
  const auto pairs = static_cast<int32_t>(u.in_coefs.size() * u.weight_coefs.size());
  u.simd = pairs >= 8 ? one_of({1, 3}) : one_of({1, 2, 4, 8, 9, 16, 32, 64});
  do {
    u.pe = one_of({1, 2, 4, 8, 16});
  } while (u.pe * u.simd * pairs > 256);
  u.inputs = int64_t{u.simd} * (often() ? pick(2, 48) : 1);
  u.outputs = int64_t{u.pe} * (often() ? one_of({2, 4, 8, 16, 32, 64, 100}) : 1);
  u.levels = one_of({0, 1, 1, 1, 1, 3, 3, 7});
  const auto most = static_cast<int64_t>(((1 << u.in_coefs.size()) - 1) * ((1 << u.weight_coefs.size()) - 1)) * u.inputs;
  u.acc_bits = bits_for(most + 2) + 1;
  u.out_bits = u.levels == 0 ? u.acc_bits : bits_for(u.levels + 1);
  if (u.levels > 0) u.codes = codes(u.levels);
  const size_t cells = static_cast<size_t>(u.outputs * u.inputs);
  std::vector<uint32_t> weights(cells);
  for (uint32_t& w : weights) w = static_cast<uint32_t>(pick(0, (1 << u.weight_coefs.size()) - 1));
  u.weights = ir::BitMatrix(u.outputs, u.inputs, static_cast<int>(u.weight_coefs.size()), weights);
  u.thresholds = thresholds(u.outputs, std::max(u.levels, 1), std::sqrt(static_cast<double>(most)) + 1, most / 2);
  for (int64_t& t : u.thresholds) t += most / 2;
  u.descending.assign(static_cast<size_t>(u.outputs), 0);
  u.weight_style = style(u.weight_depth() * u.weight_width() > 3000 || (u.weight_depth() > 16 && often()));
  u.threshold_style = style(u.threshold_depth() > 64 || !often());
  if (u.threshold_depth() == 1) u.threshold_style = hw::MemoryStyle::kDistributed;
  return u;
}

hw::Window RandomUnits::window() {
  hw::Window u;
  u.lanes = one_of({1, 2, 3, 4, 8, 16, 32, 64});
  u.channels = u.lanes * one_of({1, 1, 2, 3, 4, 8});
  u.bits = one_of({1, 1, 1, 2, 8});
  const int32_t kernel = one_of({3, 3, 3, 5, 1});
  u.in_h = u.in_w = static_cast<int32_t>(pick(kernel + 1, 34));
  u.window.kernel_h = u.window.kernel_w = kernel;
  u.window.stride_h = u.window.stride_w = kernel == 1 ? 2 : one_of({1, 1, 2});
  if (kernel > 1 && !often()) u.window.pad_top = u.window.pad_left = u.window.pad_bottom = u.window.pad_right = kernel / 2;
  u.rows = kernel + static_cast<int32_t>(pick(0, 1));
  const int64_t bits = int64_t{u.rows} * u.in_w * u.channels * u.bits;
  u.style = style(bits > 8000 || (bits > 4000 && often()));
  return u;
}

hw::Threshold RandomUnits::threshold() {
  hw::Threshold u;
  u.lanes = one_of({1, 2, 4, 8});
  u.channels = u.lanes * one_of({1, 2, 4, 8, 16});
  u.in_bits = static_cast<int32_t>(pick(4, 14));
  u.acc_bits = u.in_bits;
  u.levels = one_of({1, 1, 3, 7});
  u.out_bits = bits_for(u.levels + 1);
  u.codes = codes(u.levels);
  u.rows = often() ? u.channels : 1;
  const int64_t most = int64_t{1} << (u.in_bits - 1);
  u.thresholds = thresholds(u.rows, u.levels, static_cast<double>(most) / 3, most - 1);
  u.descending.assign(static_cast<size_t>(u.rows), 0);
  return u;
}

hw::Table RandomUnits::table() {
  hw::Table u{one_of({1, 2, 4, 8}), static_cast<int32_t>(pick(2, 8)), one_of({1, 2, 4}), {}};
  for (int64_t i = 0; i < int64_t{1} << u.in_bits; ++i)
    u.codes.push_back(static_cast<uint32_t>(pick(0, (1 << u.out_bits) - 1)));
  return u;
}

hw::MaxPool RandomUnits::max_pool() {
  hw::MaxPool u;
  u.lanes = one_of({1, 2, 4, 8, 16, 32});
  u.channels = u.lanes * one_of({1, 2, 4, 16});
  u.bits = one_of({1, 1, 2, 3});
  u.kernel_h = u.kernel_w = one_of({2, 2, 3});
  u.in_h = u.in_w = static_cast<int32_t>(pick(4, 28));
  return u;
}

hw::SumPool RandomUnits::sum_pool() {
  hw::SumPool u;
  u.lanes = one_of({1, 2, 4, 8});
  u.channels = u.lanes * one_of({1, 2, 4, 16});
  u.in = element(one_of({1, 2, 4}));
  u.kernel_h = u.kernel_w = one_of({2, 4});
  u.in_h = u.in_w = u.kernel_h * static_cast<int32_t>(pick(1, 4));
  u.out_bits = bits_for(((1 << u.in.bits) - 1) * u.kernel_h * u.kernel_w + 1) + 1;
  return u;
}

hw::Width RandomUnits::width() {
  hw::Width u{one_of({1, 1, 2, 8}), one_of({1, 2, 3, 4, 8, 16, 64}), 1};
  do {
    u.out_lanes = one_of({1, 2, 4, 6, 8, 10, 16, 32});
  } while (u.out_lanes == u.in_lanes);
  return u;
}

hw::Fifo RandomUnits::fifo() {
  hw::Fifo u{static_cast<int32_t>(pick(1, 64)), one_of({2, 2, 2, 4, 9, 16, 32, 64, 128, 200}),
             hw::MemoryStyle::kDistributed};
  if (!often()) u = {u.width, static_cast<int32_t>(pick(200, 3000)), hw::MemoryStyle::kBlock};
  return u;
}

hw::Add RandomUnits::add() {
  hw::Add u{one_of({1, 2, 4, 8}), {element(one_of({1, 2, 4})), hw::Element{8, {}, 0}}, {1, one_of({1, 1, -1, 3})}, 11};
  return u;
}

hw::Top1 RandomUnits::top1() {
  const int32_t lanes = one_of({1, 1, 2, 5});
  return {10, lanes, static_cast<int32_t>(pick(6, 14)), true, 4};
}

std::vector<hw::Unit> RandomUnits::units(int each, int mvtus) {
  std::vector<hw::Unit> list;
  const auto add = [&](hw::UnitKind kind) {
    const std::string name = fmt::format("{}{}", hw::kind_name(kind), list.size());
    list.push_back({name, 0, std::move(kind), {}, {}});
  };
  for (int i = 0; i < mvtus; ++i) add(mvtu());
  for (int i = 0; i < each; ++i) {
    add(window());
    add(threshold());
    add(table());
    add(max_pool());
    add(sum_pool());
    add(width());
    add(fifo());
    add(this->add());
    add(top1());
  }
  return list;
}

}  // namespace bitloom::test
