// SPDX-License-Identifier: Apache-2.0
//
// Blocks by the shapes of memories.
#include <gtest/gtest.h>

#include "bitloom/hw.h"

namespace bitloom {
namespace {

hw::Resources weights(int64_t depth, int32_t width, hw::Family family = hw::Family::kXilinx7) {
  hw::Mvtu unit;  // one fold, so that nothing else is memory
  unit.inputs = depth;
  unit.outputs = unit.pe = width;
  unit.in_coefs = unit.weight_coefs = {1};
  unit.acc_bits = 8;
  unit.levels = 1;
  unit.weight_style = hw::MemoryStyle::kBlock;
  return hw::resources(hw::UnitKind{unit}, family);
}

// What Yosys 0.23 took: docs/reference/hardware.md.
TEST(Resources, blocks_follow_the_shape_of_the_memory) {
  EXPECT_EQ(weights(416, 2048).blocks(), 28.5);
  EXPECT_EQ(weights(128, 64).blocks(), 1);
  EXPECT_NEAR(weights(16384, 64).blocks(), 29, 0.5);
  EXPECT_EQ(weights(512, 36).bram18, 1);
  EXPECT_EQ(weights(513, 36).blocks(), 1);
  EXPECT_EQ(weights(16384, 1).bram18, 1);
  EXPECT_EQ(weights(256, 16, hw::Family::kIce40).bram36, 1);
  EXPECT_EQ(weights(256, 17, hw::Family::kIce40).bram36, 2);
}

TEST(Resources, one_word_is_a_constant) { EXPECT_EQ(weights(1, 64).blocks(), 0); }

double luts_of_element(int32_t simd) {
  const auto luts = [&](int32_t pe) {
    hw::Mvtu unit;
    unit.simd = simd;
    unit.pe = pe;
    unit.inputs = 8 * simd;
    unit.outputs = 4 * pe;
    unit.in_coefs = unit.weight_coefs = {1};
    unit.acc_bits = 11;
    unit.levels = 1;
    unit.weight_style = unit.threshold_style = hw::MemoryStyle::kBlock;
    return static_cast<double>(hw::resources(hw::UnitKind{unit}, hw::Family::kXilinx7).lut);
  };
  return (luts(8) - luts(4)) / 4;
}

// What Yosys 0.23 took: docs/hardware.md.
TEST(Resources, elements_take_the_luts_of_their_counters) {
  EXPECT_NEAR(luts_of_element(16), 29, 2);
  EXPECT_NEAR(luts_of_element(64), 82, 3);
}

hw::Window window(int32_t channels, int32_t lanes, int32_t bits, int32_t size, int32_t pad, hw::MemoryStyle style) {
  hw::Window unit{channels, lanes, bits, size, size, {}, 0, false, 4, style};
  unit.window.kernel_h = unit.window.kernel_w = 3;
  unit.window.pad_top = unit.window.pad_left = unit.window.pad_bottom = unit.window.pad_right = pad;
  return unit;
}

/// What Yosys 0.23 counted for a unit alone, with random weights and thresholds.
struct Counted {
  hw::UnitKind unit;
  hw::Resources yosys;
};

std::vector<Counted> counted() {
  constexpr auto kBlock = hw::MemoryStyle::kBlock, kLuts = hw::MemoryStyle::kDistributed;
  return {{hw::Fifo{8, 16, kLuts}, {31, 8, 17, 0, 0, 0}},
          {hw::Fifo{40, 100, kLuts}, {191, 112, 28, 0, 0, 0}},
          {hw::Fifo{24, 1000, kBlock}, {95, 0, 55, 1, 0, 0}},
          {hw::Width{1, 64, 8}, {73, 0, 68, 0, 0, 0}},
          {hw::Width{1, 16, 24}, {57, 0, 100, 0, 0, 0}},
          {hw::Width{1, 4, 64}, {9, 0, 69, 0, 0, 0}},
          {window(3, 3, 8, 32, 0, kLuts), {181, 64, 77, 0, 0, 0}},
          {window(64, 16, 1, 30, 0, kBlock), {136, 0, 64, 0, 1, 0}},
          {window(64, 64, 1, 14, 1, kLuts), {254, 88, 122, 0, 0, 0}},
          {hw::MaxPool{64, 16, 1, 28, 28, 2, 2, false}, {76, 16, 41, 0, 0, 0}},
          {hw::MaxPool{128, 4, 2, 10, 10, 2, 2, false}, {93, 24, 33, 0, 0, 0}}};
}

TEST(Resources, are_near_what_synthesis_counted) {
  for (const Counted& c : counted()) {
    const hw::Resources r = hw::resources(c.unit, hw::Family::kXilinx7);
    const double luts = static_cast<double>(c.yosys.lut), ff = static_cast<double>(c.yosys.ff);
    SCOPED_TRACE(
        fmt::format("{}: LUT {} for {}, FF {} for {}", hw::kind_name(c.unit), r.lut, c.yosys.lut, r.ff, c.yosys.ff));
    fmt::print("{}: LUT {:+.1f} %, FF {:+.1f} %\n", hw::kind_name(c.unit), 100 * (static_cast<double>(r.lut) / luts - 1),
               100 * (static_cast<double>(r.ff) / ff - 1));
    EXPECT_NEAR(static_cast<double>(r.lut), luts, 0.15 * luts + 5);
    EXPECT_NEAR(static_cast<double>(r.ff), ff, 0.03 * ff + 1);
    EXPECT_EQ(r.lut_ram, c.yosys.lut_ram);
    EXPECT_EQ(r.bram36, c.yosys.bram36);
    EXPECT_EQ(r.bram18, c.yosys.bram18);
    EXPECT_EQ(r.dsp, c.yosys.dsp);
  }
}

TEST(Resources, power_grows_with_resources_and_clock) {
  const hw::Device& device = hw::find_device("xc7z020");
  const hw::Resources some{10000, 0, 8000, 50, 0, 0};
  EXPECT_GT(hw::power(some, device, 100), hw::power({}, device, 100));
  EXPECT_GT(hw::power(some, device, 200), hw::power(some, device, 100));
  EXPECT_EQ(hw::power({}, device, 100), device.static_watts);
}

}  // namespace
}  // namespace bitloom
