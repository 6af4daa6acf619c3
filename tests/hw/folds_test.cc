// SPDX-License-Identifier: Apache-2.0
//
// The search against brute force: every folding of small networks, each judged by its design.
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <set>

#include "bitloom/hw.h"

namespace bitloom {
namespace {

struct Judged {
  int64_t interval = 0;
  hw::Resources resources;
};

double price_of(const hw::Resources& r, const hw::Prices& p) {
  return p.lut * static_cast<double>(r.lut) + p.ff * static_cast<double>(r.ff) + p.bram36 * r.blocks() +
         p.dsp * static_cast<double>(r.dsp);
}

Judged judge(const ir::Network& network, const hw::Folding& folding) {
  const hw::Design design = hw::design(network, folding);
  return {hw::interval(design), hw::resources(design, hw::Family::kXilinx7)};
}

std::vector<int32_t> divisors(int64_t number) {
  std::vector<int32_t> result;
  for (int32_t d = 1; d <= number; ++d) {
    if (number % d == 0) result.push_back(d);
  }
  return result;
}

/// Every folding of a network whose Dot layers have so many rows and columns to divide.
struct Sizes {
  int64_t rows, columns;
};

std::vector<Judged> all(const ir::Network& network, const std::vector<Sizes>& layers) {
  std::vector<Judged> result;
  hw::Folding folding;
  folding.by_position = true;
  folding.layers.resize(layers.size());
  const std::function<void(size_t)> choose = [&](size_t layer) {
    if (layer == layers.size()) {
      result.push_back(judge(network, folding));
      return;
    }
    for (const int32_t pe : divisors(layers[layer].rows)) {
      for (const int32_t simd : divisors(layers[layer].columns)) {
        for (const hw::MemoryStyle style : {hw::MemoryStyle::kBlock, hw::MemoryStyle::kDistributed}) {
          folding.layers[layer] = {"", pe, simd, style, hw::MemoryStyle::kAuto};
          choose(layer + 1);
        }
      }
    }
  };
  for (const int32_t lanes : divisors(network.nodes[0].type.shape.elements())) {
    folding.inputs[network.nodes[0].name] = lanes;
    choose(0);
  }
  return result;
}

const ir::Network& chain() {
  static const ir::Network network = ir::parse(R"(network "chain"
    %x = input "x" 1x1x6 unsigned2
    %a = dot "a" %x bipolar 4x6 weights=seed(1)
    %s = threshold "s" %a bipolar [0]
    %b = dot "b" %s bipolar 6x4 weights=seed(2)
    %t = threshold "t" %b ternary seed(4)
    %c = dot "c" %t signed2 2x6 weights=seed(3)
    output %c)");
  return network;
}

const ir::Network& residual() {
  static const ir::Network network = ir::parse(R"(network "residual"
    %x = input "x" 3x3x2 unsigned1
    %a = dot "a" %x bipolar 4x2 weights=seed(1)
    %s = threshold "s" %a bipolar [0]
    %b = dot "b" %s bipolar 4x36 kernel=3x3 pads=1,1,1,1 weights=seed(2)
    %p = add "p" %b %s
    output %p)");
  return network;
}

double cheapest_of(const std::vector<Judged>& foldings, const hw::Prices& prices, int64_t most_cycles,
                   const hw::Device* device) {
  double best = std::numeric_limits<double>::infinity();
  for (const Judged& f : foldings) {
    if (f.interval <= most_cycles && (!device || hw::fits(f.resources, *device)))
      best = std::min(best, price_of(f.resources, prices));
  }
  return best;
}

/// Counts in `bound` how often the device left only a dearer folding than there would be without it.
void compare(const ir::Network& network, const std::vector<Judged>& foldings, const hw::Device& device,
             const hw::Prices& prices, int& bound) {
  const hw::Folds folds(network, device, prices);
  std::set<int64_t> intervals;
  for (const Judged& f : foldings) intervals.insert(f.interval);
  EXPECT_EQ(folds.fewest_cycles(), *intervals.begin());
  int64_t fastest = 0;
  for (const int64_t most : intervals) {
    for (const bool fit : {false, true}) {
      const double expected = cheapest_of(foldings, prices, most, fit ? &device : nullptr);
      const auto found = folds.cheapest(most, fit);
      ASSERT_EQ(found.has_value(), expected < std::numeric_limits<double>::infinity()) << most;
      if (!found) continue;
      bound += fit && expected > cheapest_of(foldings, prices, most, nullptr) ? 1 : 0;
      if (fit && fastest == 0) fastest = most;
      const Judged judged = judge(network, *found);
      EXPECT_LE(judged.interval, most);
      EXPECT_NEAR(price_of(judged.resources, prices), expected, 1e-6) << most;
      EXPECT_TRUE(!fit || hw::fits(judged.resources, device));
    }
  }
  EXPECT_FALSE(folds.cheapest(*intervals.begin() - 1, false));
  const auto best = folds.fastest();
  ASSERT_EQ(best.has_value(), fastest != 0);
  EXPECT_EQ(best ? judge(network, *best).interval : 0, fastest);
  double last = std::numeric_limits<double>::infinity();
  for (const hw::ParetoPoint& point : folds.pareto()) {
    const Judged judged = judge(network, point.folding);
    EXPECT_EQ(judged.interval, point.interval);
    EXPECT_EQ(judged.resources, point.resources);
    EXPECT_NEAR(price_of(judged.resources, prices), cheapest_of(foldings, prices, point.interval, nullptr), 1e-6);
    EXPECT_LT(price_of(judged.resources, prices), last);
    last = price_of(judged.resources, prices);
  }
}

/// A device of which the network takes nearly all.
hw::Device tight(int64_t lut, int64_t ff, int64_t bram36) {
  hw::Device device = hw::find_device("xc7z020");
  device.lut = lut;
  device.ff = ff;
  device.bram36 = bram36;
  return device;
}

TEST(Folds, are_exact_for_a_chain) {
  const std::vector<Judged> foldings = all(chain(), {{4, 6}, {6, 4}, {2, 6}});
  int bound = 0;
  for (const hw::Prices& prices : {hw::Prices{}, hw::Prices{1, 0.5, 20, 10}}) {
    compare(chain(), foldings, hw::find_device("xc7z020"), prices, bound);
    // Weights in blocks take no registers.
    for (int64_t ff = 120; ff <= 480; ff += 40) compare(chain(), foldings, tight(1000, ff, 3), prices, bound);
  }
  EXPECT_GT(bound, 0);
}

TEST(Folds, are_exact_where_branches_meet) {
  const std::vector<Judged> foldings = all(residual(), {{4, 2}, {4, 4}});
  int bound = 0;
  for (const int64_t bram36 : {0, 1, 2}) {
    for (int64_t lut = 240; lut <= 840; lut += 60)
      compare(residual(), foldings, tight(lut, lut, bram36), {1, 0, 20, 0}, bound);
  }
  EXPECT_GT(bound, 0);
}

TEST(Folds, are_none_where_nothing_fits) { EXPECT_FALSE(hw::Folds(chain(), tight(10, 10, 0)).fastest()); }

}  // namespace
}  // namespace bitloom
