// SPDX-License-Identifier: Apache-2.0
//
// The FIFOs that are sized with the model of the handshakes, and what it says of a design.
#include <algorithm>
#include <cstdlib>

#include <gtest/gtest.h>

#include "bitloom/dataflow.h"
#include "random_folding.h"
#include "residual.h"

namespace bitloom {
namespace {

using test::residual_design;

int cases(int by_default) {
  const char* said = std::getenv("BITLOOM_CASES");
  return said ? std::min(std::atoi(said), 10 * by_default) : by_default;
}

/// The interval that is proven; -1 if the design stops, -2 if it does not repeat itself within the frames that are tried.
/// The sizing takes neither.
int64_t interval_of(const hw::Design& design) {
  const hw::Dataflow flow = hw::simulate_handshakes(design);
  if (flow.stopped) return -1;
  return flow.periodic ? flow.interval : -2;
}

TEST(Dataflow, SizedFifosKeepTheIntervalAndNoneCanBeSmallerProperty) {
  int sized = 0, deep = 0, windows = 0, slower = 0;
  for (uint64_t seed = 1; sized < cases(100); ++seed) {
    const ir::Network network = ir::random_network(
        seed, {.max_layers = 1 + static_cast<int>(seed % 7), .max_channels = 9, .max_image = 8, .branches = seed % 2 == 0});
    SCOPED_TRACE(fmt::format("seed {}", seed));
    hw::Design design;
    try {
      design = hw::design(network, test::random_folding(network, seed));
    } catch (const Unsupported&) {
      continue;
    }
    ++sized;
    hw::Design small = hw::size_fifos(design);
    // Rarely the branches of a network wait for each other whatever the FIFOs.
    const int64_t interval = interval_of(small);
    EXPECT_GE(interval, hw::interval(design));
    slower += interval > hw::interval(design);
    EXPECT_EQ(hw::design(network, small.folding), small) << "the folding says it all";
    for (hw::Unit& unit : small.units) {
      if (auto* fifo = std::get_if<hw::Fifo>(&unit.kind); fifo && fifo->depth > 2) {
        ++deep;
        --fifo->depth;
        EXPECT_NE(interval_of(small), interval) << unit.name << " could have " << fifo->depth << " words";
        ++fifo->depth;
      }
      if (auto* window = std::get_if<hw::Window>(&unit.kind);
          window && window->rows > (window->window.kernel_h - 1) * window->window.dilation_h + 1) {
        ++windows;
        --window->rows;
        EXPECT_NE(interval_of(small), interval) << unit.name << " could have " << window->rows << " rows";
        ++window->rows;
      }
    }
  }
  EXPECT_LE(100 * slower, sized);
  EXPECT_GT(deep, 0);
  EXPECT_GT(windows, 0);
}

TEST(Dataflow, says_that_a_branch_without_room_stops) {
  const hw::Design design = residual_design({{"sum", 4}});
  const hw::Dataflow flow = hw::simulate_handshakes(design);
  EXPECT_TRUE(flow.stopped);
  EXPECT_EQ(hw::describe_stop(design, flow),
            fmt::format("it stops in frame 1 after {} cycles, for units wait for each other; these FIFOs are full: "
                        "'sum.fifo' (4 words)",
                        flow.cycles));
  EXPECT_THROW(hw::latency(design), Error);
  EXPECT_THROW(hw::size_fifos(design), Error);
}

// All depths of both FIFOs: those that keep the interval are those that have no fewer words than some of the least ones, of
// which size_fifos finds one.
TEST(Dataflow, sized_fifos_are_least_among_all) {
  const hw::Design sized = hw::size_fifos(residual_design({}));
  const int64_t interval = hw::interval(sized);
  const std::map<std::string, int32_t>& fifos = sized.folding.fifos;
  ASSERT_GE(fifos.size(), 2u);
  ASSERT_GT(fifos.at("sum"), 2);
  for (int32_t a = 2; a <= fifos.at("sum") + 1; ++a) {
    for (int32_t b = 2; b <= fifos.at("sum:1") + 1; ++b) {
      std::map<std::string, int32_t> depths = fifos;
      depths["sum"] = a;
      depths["sum:1"] = b;
      hw::Design other = sized;
      for (hw::Unit& unit : other.units)
        if (auto* fifo = std::get_if<hw::Fifo>(&unit.kind))
          fifo->depth = depths.at(unit.name.substr(0, unit.name.size() - 5));
      const bool enough = a >= fifos.at("sum") && b >= fifos.at("sum:1");
      const bool fewer = a <= fifos.at("sum") && b <= fifos.at("sum:1");
      if (enough || fewer) {
        EXPECT_EQ(interval_of(other) == interval, enough) << a << " " << b;
      }
    }
  }
}

TEST(Dataflow, activity_and_timeline_count_every_cycle_once) {
  const hw::Design design = hw::size_fifos(residual_design({}));
  hw::DataflowOptions options;
  options.frames = 3;
  options.activity = true;
  options.bin_cycles = 10;
  const hw::Dataflow flow = hw::simulate_handshakes(design, options);
  ASSERT_EQ(flow.units.size(), design.units.size());
  for (size_t u = 0; u < design.units.size(); ++u) {
    const hw::Activity& all = flow.units[u];
    EXPECT_EQ(all.busy + all.starved + all.blocked, flow.cycles);
    hw::Activity sum;
    for (const hw::Activity& bin : flow.timeline[u]) {
      EXPECT_LE(bin.busy + bin.starved + bin.blocked, 10);
      sum.busy += bin.busy;
      sum.starved += bin.starved;
      sum.blocked += bin.blocked;
    }
    EXPECT_EQ(sum, all) << design.units[u].name;
  }
}

}  // namespace
}  // namespace bitloom
