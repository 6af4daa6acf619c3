// SPDX-License-Identifier: Apache-2.0
//
// Designs compute what networks do.
#include <algorithm>

#include <gtest/gtest.h>

#include "random_folding.h"
#include "run_design.h"
#include "support/error_of.h"
#include "support/property.h"

namespace bitloom {
namespace {

using test::error_of;
using test::random_folding;
using test::run_design;

hw::Folding plain_folding(const ir::Network& network) {
  hw::Folding folding = random_folding(network, 0);
  for (hw::LayerFolding& layer : folding.layers) layer.pe = layer.simd = 1;
  return folding;
}

/// True if the network is supported; the design then computes what `evaluate` does.
bool agrees(const ir::Network& network, uint64_t seed) {
  try {
    const hw::Design design = hw::design(network, random_folding(network, seed));
    const std::vector<ir::Tensor> inputs = ir::random_inputs(network, 2, seed);
    EXPECT_EQ(run_design(design, inputs), ir::evaluate(network, inputs)) << "seed " << seed;
    EXPECT_LE(hw::latency(design).first, hw::latency(design).last);
    EXPECT_EQ(hw::design(network, design.folding), design) << "seed " << seed;
    return true;
  } catch (const Unsupported&) {
    return false;
  }
}

TEST(Design, Property_random_networks_compute_what_evaluate_does) {
  uint64_t supported = 0;
  const uint64_t count = test::cases(400);
  for (uint64_t seed = 1; seed <= count; ++seed) {
    ir::RandomOptions options;
    options.branches = seed % 2 == 0;
    options.max_layers = 1 + static_cast<int>(seed % 4);
    supported += agrees(ir::random_network(seed, options), seed) ? 1 : 0;
  }
  EXPECT_GT(supported, count / 2);
}

TEST(Design, padding_pools_forks_sums_and_slices_compute_what_evaluate_does) {
  for (const char* encoding : {"bipolar", "ternary", "isometric2", "unsigned2", "signed2", "planes(4,2;-3;-3..3)"}) {
    for (const char* weights : {"bipolar", "ternary", "signed3", "unsigned1", "isometric2", "planes(1,2;-2;-2..1)"}) {
      const std::string text = fmt::format(R"(
        network "mixed"
        %x = input "image" 6x6x4 unsigned8
        %a = threshold "a" %x {0} seed(1)
        %b = dot "b" %a {1} 8x36 kernel=3x3 pads=1,1,1,1 weights=seed(2)
        %c = threshold "c" %b {0} rows=8 {2}
        %p = max_pool "p" %c kernel=2x2 stride=2x2
        %d = dot "d" %p {1} 8x8 weights=seed(4)
        %s = add "s" %d %p multipliers=1,-2
        %e = threshold "e" %s {0} seed(5)
        %v = dot "v" %e {1} 8x9 kernel=3x3 pads=1,1,1,1 groups=8 weights=seed(9)
        %w = threshold "w" %v {0} seed(5)
        %q = sum_pool "q" %w kernel=3x3 stride=3x3
        %u = threshold "u" %q {0} seed(6)
        %f = dot "f" %u {1} 12x8 weights=seed(7)
        %l = slice "l" %f begin=0 end=10
        %o = output "o" %l
        %t = top_k "t" %o k=1
        output %o %t %e)",
                                           encoding, weights, "seed(3)");
      const ir::Network network = ir::parse(text);
      for (uint64_t seed = 1; seed <= 3; ++seed) EXPECT_TRUE(agrees(network, seed)) << encoding << ", " << weights;
    }
  }
}

/// How many designs of the network with random foldings hold a unit of this kind; all compute what `evaluate` does.
template <typename Kind>
int with_unit(const std::string& lines) {
  const ir::Network network = ir::parse("network \"small\"\n" + lines);
  int count = 0;
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    EXPECT_TRUE(agrees(network, seed)) << lines;
    const hw::Design design = hw::design(network, random_folding(network, seed));
    count += std::ranges::any_of(design.units, [](const hw::Unit& u) { return std::holds_alternative<Kind>(u.kind); });
  }
  return count;
}

TEST(Design, what_moves_elements_computes_what_evaluate_does) {
  for (const char* layer : {"upsample \"m\" %d factor=2x3", "depth_to_space \"m\" %d block=2",
                            "depth_to_space \"m\" %d block=2 column_row_depth", "reshape \"m\" %d 1x1x96 channels_first",
                            "reshape \"m\" %d 8x3x4 channels_first"}) {
    EXPECT_EQ(with_unit<hw::Reorder>(fmt::format(R"(
      %x = input 3x4x4 ternary
      %d = dot %x bipolar 8x4 weights=seed(1)
      %m = {}
      output %m)",
                                                 layer)),
              8);
  }
}

TEST(Design, joined_tensors_and_groups_compute_what_evaluate_does) {
  EXPECT_EQ(with_unit<hw::Concat>(R"(
    %x = input 3x4x4 ternary
    %a = dot "a" %x bipolar 6x4 weights=seed(1)
    %s = threshold "s" %a ternary seed(2)
    %u = upsample "u" %x factor=1x1
    %m = concat "m" %s %x %u
    %d = dot "d" %m bipolar 4x126 kernel=3x3 pads=1,1,1,1 weights=seed(3)
    output %d)"),
            8);
  EXPECT_EQ(with_unit<hw::Mvtu>(R"(
    %x = input 5x4x12 isometric2
    %a = dot "a" %x ternary 6x36 kernel=3x3 pads=1,1,1,1 groups=3 weights=seed(1)
    %s = threshold "s" %a isometric2 seed(2)
    %d = dot "d" %s bipolar 12x4 kernel=2x2 groups=6 weights=seed(3)
    output %d)"),
            8);
}

TEST(Design, pools_that_overlap_or_reach_out_read_windows) {
  for (const char* encoding : {"bipolar", "ternary", "signed3", "planes(4,2;-3;-3..3)"}) {
    for (const char* pool : {"max_pool", "sum_pool"}) {
      EXPECT_EQ(with_unit<hw::Window>(fmt::format(R"(
        %x = input 5x6x4 {0}
        %m = {1} "m" %x kernel=3x2 stride=2x1 pads=1,1,0,1
        %n = {1} "n" %m kernel=2x2 dilation=1x2
        output %n)",
                                                  encoding, pool)),
                8);
    }
  }
}

TEST(Design, real_numbers_of_channels_are_compared_by_integers_in_their_order) {
  EXPECT_EQ(with_unit<hw::Scale>(R"(
    %x = input 1x1x20 ternary
    %d = dot "d" %x bipolar 6x20 weights=seed(1)
    %o = output "o" %d scale=0.75,-1.5,3,0.1875,2,0 offset=1,-2,0.5,3,0,1.25
    %m = top_k "m" %o k=1
    output %o %m)"),
            8);
  const hw::Design design = hw::design(ir::parse(R"(network "highest bit"
    %x = input 1x1x4 unsigned1
    %o = output %x scale=1,2,3,4
    %m = top_k %o k=1
    output %m)"),
                                       {});
  const auto& scale = std::get<hw::Scale>(design.units[0].kind);
  EXPECT_EQ(scale.factors, (std::vector<int64_t>{1, 2, 3, 4}));
  EXPECT_EQ(scale.out_bits, 4);
}

TEST(Design, a_padded_bipolar_input_becomes_ternary_in_front_of_its_window) {
  const ir::Network network = ir::parse(R"(network "small"
    %x = input 4x4x2 bipolar
    %d = dot %x bipolar 2x18 kernel=3x3 pads=1,1,1,1 weights=seed(1)
    output %d)");
  const hw::Design design = hw::design(network, plain_folding(network));
  const auto* window = std::get_if<hw::Window>(&design.units[2].kind);
  ASSERT_TRUE(window);
  EXPECT_EQ(window->bits, 2);
  EXPECT_EQ(window->pad_code, 1u);
  EXPECT_EQ(std::get<hw::Table>(design.units[1].kind).codes, (std::vector<uint32_t>{0, 3}));
  const auto& mvtu = std::get<hw::Mvtu>(design.units[3].kind);
  EXPECT_TRUE(mvtu.xnor);
  EXPECT_EQ(mvtu.in_coefs, (std::vector<int32_t>{1, 1}));
  EXPECT_EQ(mvtu.weight_coefs, (std::vector<int32_t>{1}));
}

TEST(Design, one_bit_weights_and_inputs_are_one_population_count) {
  const ir::Network network = ir::parse(R"(network "small"
    %x = input 1x1x64 bipolar
    %d = dot "fc" %x bipolar 4x64 weights=seed(1)
    %t = threshold %d bipolar [0]
    output %t)");
  const hw::Design design = hw::design(network, plain_folding(network));
  const auto& mvtu = std::get<hw::Mvtu>(design.units[1].kind);
  EXPECT_TRUE(mvtu.xnor);
  EXPECT_EQ(mvtu.in_coefs, std::vector<int32_t>{1});
  EXPECT_EQ(mvtu.weight_coefs, std::vector<int32_t>{1});
  EXPECT_EQ(mvtu.acc_bits, 8);  // 0 to 64, signed
  EXPECT_EQ(mvtu.thresholds, std::vector<int64_t>(4, 32));
}

std::string refusal(const std::string& lines) {
  const ir::Network network = ir::parse("network \"small\"\n%x = input 4x4x4 bipolar\n" + lines);
  return error_of([&] { hw::design(network, plain_folding(network)); });
}

TEST(Design, what_is_not_supported_is_named_with_a_way_out_bad) {
  EXPECT_EQ(refusal("%y = dot \"far\" %x bipolar 4x4 pads=1,1,1,1 weights=seed(1)\noutput %y"),
            "node 'far' (dot): some position of the window sees nothing but padding; pad less");
  EXPECT_EQ(refusal("%r = reshape %x 1x1x64\n%y = top_k \"best\" %r k=3\noutput %y"),
            "node 'best' (top_k): the 3 largest are asked for; 1 would work");
  // In float64 3 times 0.1 is more than 0.3, by less than any integers of a hardware's size tell apart.
  EXPECT_EQ(
      refusal("%r = reshape %x 1x1x64\n%d = dot %r bipolar 2x64 weights=seed(1)\n%o = output %d scale=0.1,0.3\n"
              "%y = top_k \"best\" %o k=1\noutput %y"),
      "node 'best' (top_k): compares real numbers of channels with different scales or offsets, and no integers of 62 "
      "bits keep their order; one scale and offset for all, or simpler ones, would work");
}

}  // namespace
}  // namespace bitloom
