// SPDX-License-Identifier: Apache-2.0
//
// Networks and foldings that were published.
#include <gtest/gtest.h>

#include <cmath>

#include "bitloom/dataflow.h"
#include "bitloom/file.h"
#include "bitloom/hw.h"
#include "bitloom/lower.h"
#include "support/shared.h"

namespace bitloom {
namespace {

hw::Folding example(const std::string& name) {
  const auto path = std::filesystem::path(BITLOOM_SOURCE_DIR) / "examples" / "foldings" / (name + ".json");
  const std::vector<std::byte> bytes = read_file(path);
  return hw::read_folding({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, name);
}

ir::Network zoo(const std::string& name) {
  return ir::load(std::filesystem::path(BITLOOM_SOURCE_DIR) / "models" / name / (name + ".bloom"));
}

int64_t slowest_layer(const hw::Design& design) {
  int64_t most = 0;
  for (const hw::Unit& unit : design.units) {
    if (std::holds_alternative<hw::Mvtu>(unit.kind)) most = std::max(most, hw::cycles(design, unit));
  }
  return most;
}

struct Published {
  std::string folding, model;
  int64_t cycles;
  int64_t frames_per_second;  ///< at 100 MHz
};

TEST(HardwareModels, the_foldings_of_bnn_pynq_have_their_cycles) {
  const std::vector<Published> all{
      {"cnvW1A1", "cnv-w1a1", 32768, 3052}, {"cnvW2A2", "cnv-w1a2", 115200, 868}, {"lfcW1A1", "lfc-w1a1", 512, 195313}};
  for (const Published& p : all) {
    const hw::Design design = hw::design(zoo(p.model), example(p.folding));
    EXPECT_EQ(slowest_layer(design), p.cycles) << p.folding;
    EXPECT_EQ(hw::interval(design), p.cycles) << p.folding;
    EXPECT_EQ(std::llround(100e6 / static_cast<double>(hw::interval(design))), p.frames_per_second) << p.folding;
    EXPECT_TRUE(hw::fits(hw::resources(design, hw::Family::kXilinx7), hw::find_device("xc7z020"))) << p.folding;
  }
}

TEST(HardwareModels, the_foldings_of_bnn_pynq_fit_its_networks) {
  const auto models = test::shared() / "models" / "bnn-pynq";
  BITLOOM_REQUIRE(models);
  const std::vector<Published> all{{"cnvW1A1", "cifar10/cnvW1A1", 32768, 3052},
                                   {"cnvW2A2", "cifar10/cnvW2A2", 115200, 868}};
  for (const Published& p : all) {
    const hw::Design design = hw::design(lower::load_model(models / p.model), example(p.folding));
    EXPECT_EQ(slowest_layer(design), p.cycles) << p.folding;
    EXPECT_EQ(hw::interval(design), p.cycles) << p.folding;
    EXPECT_EQ(std::llround(100e6 / static_cast<double>(hw::interval(design))), p.frames_per_second) << p.folding;
  }
}

TEST(HardwareModels, sized_fifos_keep_the_rates_of_bnn_pynq) {
  const auto words = [](const hw::Design& design) {
    int64_t all = 0;
    for (const hw::Unit& unit : design.units)
      if (const auto* fifo = std::get_if<hw::Fifo>(&unit.kind)) all += fifo->depth;
    return all;
  };
  struct Case {
    std::string folding, model;
    int64_t cycles, words;
  };
  for (const Case& p : {Case{"cnvW1A1", "cnv-w1a1", 32768, 188}, Case{"lfcW1A1", "lfc-w1a1", 512, 55}}) {
    const hw::Design sized = hw::size_fifos(hw::design(zoo(p.model), example(p.folding)));
    const hw::Dataflow flow = hw::simulate_handshakes(sized);
    EXPECT_TRUE(flow.periodic) << p.folding;
    EXPECT_EQ(flow.interval, p.cycles) << p.folding;
    EXPECT_EQ(words(sized), p.words) << p.folding << ", as docs/reference/hardware.md says";
  }
}

// 135 332 is what a simulation of this network with this folding measured.
TEST(HardwareModels, latency_overlaps_units) {
  const hw::Design design = hw::design(zoo("cnv-w1a1"), example("cnvW1A1"));
  EXPECT_NEAR(static_cast<double>(hw::latency(design).last), 135332, 0.02 * 135332);
}

TEST(HardwareModels, cnv_has_a_pareto_front) {
  const ir::Network network = zoo("cnv-w1a1");
  const hw::Folds folds(network, hw::find_device("xc7z020"));
  const std::vector<hw::ParetoPoint> points = folds.pareto();
  EXPECT_GT(points.size(), 20u);
  EXPECT_TRUE(folds.fastest());
}

TEST(HardwareModels, every_network_of_the_zoo_has_a_design) {
  for (const char* name : {"sfc-w1a1", "lfc-w1a1", "cnv-w1a1", "cnv-w1a2", "cnv-isometric2", "cnv-isometric3",
                           "arch1-isometric2", "arch1-isometric3"}) {
    const ir::Network network = zoo(name);
    const hw::Device& device = hw::find_device("xczu19eg");
    const auto folding = hw::Folds(network, device).fastest();
    ASSERT_TRUE(folding) << name;
    EXPECT_TRUE(hw::fits(hw::resources(hw::design(network, *folding), device.family), device)) << name;
  }
}

TEST(HardwareModels, small_devices_hold_a_small_network) {
  const ir::Network network = ir::parse(R"(network "digits"
    %i = input "image" 28x28x1 unsigned8
    %r = reshape "flat" %i 1x1x784
    %x = threshold "pixels" %r bipolar [128]
    %a = dot "a" %x bipolar 64x784 weights=seed(1)
    %s = threshold "s" %a bipolar [0]
    %b = dot "b" %s bipolar 64x64 weights=seed(2)
    %t = threshold "t" %b bipolar [0]
    %c = dot "c" %t bipolar 10x64 weights=seed(3)
    output %c)");
  for (const char* name : {"hx8k", "up5k"}) EXPECT_TRUE(hw::Folds(network, hw::find_device(name)).fastest()) << name;
}

}  // namespace
}  // namespace bitloom
