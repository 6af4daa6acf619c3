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

// LUTs of units of 1024 x 1024 by Yosys 0.23, weights in block RAM, 6-input compressor trees.
TEST(Resources, luts_of_matrix_units_are_near_those_of_synthesis) {
  struct Measured {
    int32_t simd, pe;
    double lut;
  };
  for (const Measured& m : {Measured{8, 8, 521}, {32, 8, 663}, {32, 32, 2183}, {64, 16, 1792}, {64, 32, 3512}}) {
    hw::Mvtu unit;
    unit.inputs = unit.outputs = 1024;
    unit.simd = m.simd;
    unit.pe = m.pe;
    unit.in_coefs = unit.weight_coefs = {1};
    unit.acc_bits = 12;
    unit.levels = 1;
    unit.threshold_style = hw::MemoryStyle::kBlock;
    const double lut = static_cast<double>(hw::resources(hw::UnitKind{unit}, hw::Family::kXilinx7).lut);
    RecordProperty(fmt::format("error_{}x{}", m.simd, m.pe), fmt::format("{:.3f}", lut / m.lut - 1));
    EXPECT_NEAR(lut, m.lut, 0.25 * m.lut) << m.simd << " x " << m.pe;
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
