// SPDX-License-Identifier: Apache-2.0
//
// The simulation against what predict counts: equal where nothing gets in a message's way, slower where something does.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "bitloom/plan.h"
#include "support/error_of.h"
#include "support/property.h"

namespace bitloom {
namespace {

using plan::Topology;
using test::error_of;

/// A chain of layers that each take `seconds` on the only type of node; its links carry 1000 bytes a second, and a cut 1
/// byte.
plan::Problem chain(const std::vector<double>& seconds) {
  plan::Problem problem;
  problem.name = "chain";
  plan::NodeType node;
  node.name = "board";
  node.count = 100;
  node.usable = node.total = {1, 1, 1, 1, 1};
  node.link.bandwidth = problem.host.bandwidth = 1000;
  problem.types = {node};
  problem.options.resize(1);
  problem.measured.resize(1);
  for (size_t layer = 0; layer <= seconds.size(); ++layer) {
    std::vector<bool> done(seconds.size());
    std::fill_n(done.begin(), layer, true);
    problem.cuts.push_back({fmt::format("layer{}", layer), done, 1, 1, {}});
    if (layer == seconds.size()) break;
    problem.layers.push_back(fmt::format("layer{}", layer));
    problem.options[0].push_back({{seconds[layer], {}}});
  }
  return problem;
}

/// A stage for each layer.
plan::Plan one_by_one(const std::vector<int32_t>& replicas) {
  plan::Plan plan;
  for (int32_t i = 0; i < static_cast<int32_t>(replicas.size()); ++i)
    plan.stages.push_back({i, i + 1, 0, replicas[static_cast<size_t>(i)], {0}});
  return plan;
}

double rate(const plan::Problem& problem, const plan::Plan& plan, const plan::SimulationOptions& options = {}) {
  return plan::simulate(problem, plan, options).rate;
}

TEST(Simulate, the_slowest_stage_sets_the_rate) {
  const plan::Problem problem = chain({0.010, 0.020, 0.005});
  EXPECT_NEAR(rate(problem, one_by_one({1, 1, 1})), 50, 1e-6);
  EXPECT_NEAR(rate(problem, one_by_one({1, 2, 1})), 100, 1e-6);
  EXPECT_NEAR(rate(problem, one_by_one({2, 4, 1})), 200, 1e-6);
}

TEST(Simulate, bursts_of_replicas_count_as_a_whole) {
  plan::SimulationOptions options;
  options.buffer = 2;
  for (options.images = 100; options.images < 107; ++options.images)
    EXPECT_NEAR(rate(chain({1}), one_by_one({7}), options), 7, 1e-6);
}

TEST(Simulate, nodes_say_what_they_do) {
  const auto found = plan::simulate(chain({0.010, 0.020, 0.005}), one_by_one({1, 1, 2}), {});
  ASSERT_EQ(found.nodes.size(), 4U);
  EXPECT_NEAR(found.nodes[0].busy, 0.5, 1e-6);
  EXPECT_NEAR(found.nodes[0].blocked, 0.5, 1e-6);
  EXPECT_NEAR(found.nodes[1].busy, 1, 1e-6);
  EXPECT_NEAR(found.nodes[2].busy, 0.125, 1e-6);
  EXPECT_NEAR(found.nodes[3].starved, 0.875, 1e-6);
  EXPECT_EQ(found.nodes[3].stage, 2);
  EXPECT_EQ(found.nodes[3].replica, 1);
  EXPECT_EQ(found.nodes[1].high_water, 8) << "a full buffer before the slowest";
  EXPECT_EQ(found.nodes[2].high_water, 1);
}

TEST(Simulate, a_half_duplex_port_does_one_thing_at_a_time) {
  plan::Problem problem = chain({0.001, 0.001});
  for (plan::Cut& cut : problem.cuts) cut.bytes = 10;
  EXPECT_NEAR(rate(problem, one_by_one({1, 1})), 100, 0.5);
  problem.types[0].link.half_duplex = true;
  EXPECT_NEAR(rate(problem, one_by_one({1, 1})), 50, 0.5);
  EXPECT_NEAR(rate(problem, one_by_one({2, 2})), 100, 0.5);
  problem.host.half_duplex = true;
  EXPECT_NEAR(rate(problem, one_by_one({3, 3})), 50, 0.5);
}

TEST(Simulate, directions_of_a_half_duplex_port_take_turns) {
  plan::Problem problem = chain({0.034});
  problem.cuts[0].bytes = 1.4;
  problem.cuts[1].bytes = 8.6;
  problem.host.half_duplex = true;
  for (const int32_t buffer : {2, 8, 64}) {
    plan::SimulationOptions options;
    options.buffer = buffer;
    EXPECT_NEAR(rate(problem, one_by_one({4}), options), 100, 0.5) << "buffers of " << buffer;
  }
}

TEST(Simulate, a_switch_carries_one_message_at_a_time) {
  plan::Problem problem = chain({0.001, 0.001});
  for (plan::Cut& cut : problem.cuts) cut.bytes = 10;
  problem.switch_bandwidth = 1500;  // 30 bytes an image cross it
  EXPECT_NEAR(rate(problem, one_by_one({1, 1})), 50, 0.5);
}

TEST(Simulate, cables_are_not_shared) {
  plan::Problem problem = chain({0.001});
  for (plan::Cut& cut : problem.cuts) cut.bytes = 10;
  EXPECT_NEAR(rate(problem, one_by_one({4})), 100, 0.5) << "the host's port";
  problem.topology = Topology::kPointToPoint;
  EXPECT_NEAR(rate(problem, one_by_one({4})), 400, 2);
  problem.host.half_duplex = true;
  EXPECT_NEAR(rate(problem, one_by_one({4})), 200, 1) << "one cable there and back";
  problem.host.overhead = 0.01;
  EXPECT_NEAR(rate(problem, one_by_one({4})), 100, 0.5) << "the larger of both ends' overheads";
}

TEST(Simulate, images_of_a_message_share_its_overhead) {
  plan::Problem problem = chain({0.001});
  problem.types[0].link.overhead = 0.016;
  EXPECT_NEAR(rate(problem, one_by_one({1})), 1 / 0.017, 0.1);
  problem.images_per_message = 8;
  EXPECT_NEAR(rate(problem, one_by_one({1})), 1 / 0.003, 1);
}

TEST(Simulate, an_image_alone_takes_the_sum_of_its_way) {
  plan::Problem problem = chain({0.010, 0.020});
  problem.cuts[1].bytes = 5;
  problem.types[0].link.latency = 0.003;
  problem.types[0].link.overhead = 0.002;
  plan::SimulationOptions options;
  options.images = 5;
  options.arrivals = 0.1;
  const auto found = plan::simulate(problem, one_by_one({1, 2}), options);
  EXPECT_NEAR(found.mean_latency, 0.030 + 3 * 0.003 + (0.003 + 0.007 + 0.003), 1e-12);
  EXPECT_NEAR(found.most_latency, found.mean_latency, 1e-9);
  EXPECT_NEAR(found.rate, 0.1, 1e-9);
}

TEST(Simulate, layers_that_work_at_once_delay_the_first_image_only) {
  plan::Problem problem = chain({0.010, 0.020, 0.010, 0.010});
  plan::Plan plan;
  plan.stages.push_back({0, 4, 0, 1, {0, 0, 0, 0}});
  plan::SimulationOptions options;
  options.buffer = 1;
  EXPECT_NEAR(rate(problem, plan, options), 50, 1e-6);
  options.images = 1;
  EXPECT_NEAR(plan::simulate(problem, plan, options).mean_latency, 0.050 + 2 * 0.001, 1e-12);
  problem.images_per_message = 3;
  options.images = 3;
  EXPECT_NEAR(plan::simulate(problem, plan, options).mean_latency, 0.060 + 0.030 + 2 * 0.003, 1e-12);
  problem.types[0].pipelined = false;
  EXPECT_NEAR(plan::simulate(problem, plan, options).mean_latency, 3 * 0.050 + 2 * 0.003, 1e-12);
}

TEST(Simulate, the_first_image_of_a_message_waits_for_the_last) {
  plan::Problem problem = chain({0.010});
  problem.images_per_message = 4;
  plan::SimulationOptions options;
  options.images = 8;
  options.arrivals = 1;
  const auto found = plan::simulate(problem, one_by_one({1}), options);
  EXPECT_NEAR(found.most_latency, 3 + 4 * 0.012, 1e-9);
  EXPECT_NEAR(found.mean_latency, 1.5 + 4 * 0.012, 1e-9);
}

TEST(Simulate, small_buffers_lose_rate_where_times_vary) {
  const plan::Problem problem = chain({0.010, 0.010, 0.010});
  plan::SimulationOptions options;
  options.jitter = 0.5;
  std::map<int32_t, double> rates;
  for (const int32_t buffer : {1, 4, 64}) {
    options.buffer = buffer;
    rates[buffer] = rate(problem, one_by_one({1, 1, 1}), options);
  }
  EXPECT_LT(rates[1], 0.95 * rates[4]);
  EXPECT_LT(rates[4], rates[64]);
  EXPECT_GT(rates[64], 93);
  EXPECT_LT(rates[64], 101);
}

/// What events must be whatever the plan is: every message is at every stage once, on the replica whose turn it is, after
/// it got there; no node works on two.
void expect_conserved(const plan::Plan& plan, const plan::Simulated& found, int64_t messages) {
  const auto stages = static_cast<int32_t>(plan.stages.size());
  std::map<std::tuple<int64_t, int32_t, bool>, plan::Event> events;
  std::map<std::pair<int32_t, int32_t>, std::vector<plan::Event>> of_node;
  for (const plan::Event& event : found.timeline) {
    EXPECT_TRUE(events.insert({{event.message, event.stage, event.hop}, event}).second);
    EXPECT_LE(event.begin, event.end);
    if (event.stage == stages) continue;
    EXPECT_EQ(event.replica, event.message % plan.stages[static_cast<size_t>(event.stage)].replicas);
    if (!event.hop) of_node[{event.stage, event.replica}].push_back(event);
  }
  ASSERT_EQ(events.size(), static_cast<size_t>(messages * (2 * stages + 1)));
  for (const auto& [key, event] : events) {
    const auto& [message, stage, hop] = key;
    if (hop && stage == 0) continue;
    EXPECT_GE(event.begin, events.at({message, hop ? stage - 1 : stage, !hop}).end);
  }
  for (auto& [node, work] : of_node) {
    std::ranges::sort(work, {}, &plan::Event::begin);
    for (size_t i = 1; i < work.size(); ++i) EXPECT_GE(work[i].begin, work[i - 1].end);
  }
}

TEST(Simulate, keeps_the_events_of_the_first_messages) {
  plan::Problem problem = chain({0.01, 0.02});
  problem.images_per_message = 3;
  plan::SimulationOptions options;
  options.images = 100;
  options.timeline = 20;
  const plan::Plan plan = one_by_one({2, 3});
  expect_conserved(plan, plan::simulate(problem, plan, options), 20);
  options.timeline = 1000;
  expect_conserved(plan, plan::simulate(problem, plan, options), 34);
  options.timeline = 0;
  EXPECT_TRUE(plan::simulate(problem, plan, options).timeline.empty());
}

TEST(Simulate, one_image_has_a_rate) {
  plan::SimulationOptions options;
  options.images = 1;
  const auto found = plan::simulate(chain({0.010}), one_by_one({1}), options);
  EXPECT_NEAR(found.rate, 1 / 0.012, 1e-9);
  EXPECT_NEAR(found.mean_latency, 0.012, 1e-12);
}

TEST(Simulate, refuses_options_that_mean_nothing_bad) {
  const plan::Problem problem = chain({0.01});
  const auto refusal = [&](auto plan::SimulationOptions::*field, auto value) {
    plan::SimulationOptions options;
    options.*field = value;
    return error_of([&] { plan::simulate(problem, one_by_one({1}), options); });
  };
  using Options = plan::SimulationOptions;
  EXPECT_EQ(refusal(&Options::images, 0),
            "0 images to simulate: there must be one at least; some hundred show the steady rate");
  EXPECT_EQ(refusal(&Options::buffer, 0),
            "a buffer of 0 messages: a node must hold one at least before its work and after it");
  EXPECT_EQ(refusal(&Options::jitter, -0.1),
            "a jitter of -0.1: give the standard deviation as a share of a stage's time, such as 0.05");
  EXPECT_NE(refusal(&Options::jitter, std::nan("")), "no error");
  EXPECT_EQ(refusal(&Options::arrivals, -1.0),
            "-1 images arrive a second: give a number above 0, or 0 for as fast as they are taken");
  EXPECT_NE(refusal(&Options::arrivals, std::numeric_limits<double>::infinity()), "no error");
  EXPECT_EQ(refusal(&Options::timeline, -1),
            "a timeline of -1 messages: give 0 or the number of messages whose events are kept");
  EXPECT_NE(error_of([&] { plan::simulate(problem, one_by_one({1, 1}), {}); }), "no error");
}

struct Case {
  plan::Problem problem;
  plan::Plan plan;
};

/// Links of up to twice the period of the work, stages that are replicated, all topologies.
Case random_case(std::mt19937_64& random) {
  const auto below = [&](int32_t n) { return std::uniform_int_distribution<int32_t>(0, n - 1)(random); };
  const auto real = [&](double least, double most) { return std::uniform_real_distribution<double>(least, most)(random); };
  std::vector<double> seconds(static_cast<size_t>(1 + below(6)));
  for (double& s : seconds) s = real(0.001, 0.01);
  Case c{chain(seconds), {}};
  plan::Problem& problem = c.problem;
  problem.types.resize(static_cast<size_t>(1 + below(3)), problem.types[0]);
  problem.options.resize(problem.types.size(), problem.options[0]);
  problem.measured.resize(problem.types.size());
  for (plan::Cut& cut : problem.cuts) cut.bytes = real(0, 2000);
  const auto link = [&] { return plan::Link{real(2e5, 2e6), real(0, 0.01), below(2) * real(0, 0.002), below(3) == 0}; };
  problem.host = link();
  for (plan::NodeType& type : problem.types) {
    type.link = link();
    type.pipelined = below(2) == 0;
  }
  problem.topology = below(3) == 0 ? Topology::kPointToPoint : Topology::kSwitch;
  if (problem.topology == Topology::kSwitch && below(2) == 0) problem.switch_bandwidth = real(2e5, 4e6);
  problem.images_per_message = 1 + below(3) * below(3);
  for (int32_t from = 0, end = static_cast<int32_t>(seconds.size()); from < end;) {
    const int32_t to = from + 1 + below(end - from);
    c.plan.stages.push_back({from, to, below(static_cast<int32_t>(problem.types.size())), 1 + below(4),
                             std::vector<int32_t>(static_cast<size_t>(to - from), 0)});
    from = to;
  }
  return c;
}

TEST(SimulateProperty, keeps_the_predicted_rate_with_large_buffers) {
  for (uint64_t seed = 0; seed < test::cases(100); ++seed) {
    std::mt19937_64 random(seed);
    const Case c = random_case(random);
    plan::SimulationOptions options;
    options.buffer = 12;
    options.images = 2500 * c.problem.images_per_message;
    const plan::Prediction predicted = plan::predict(c.problem, c.plan);
    const double found = rate(c.problem, c.plan, options);
    EXPECT_NEAR(found / predicted.rate, 1, 0.02) << "seed " << seed << ", " << predicted.loads[predicted.binding].what;
  }
}

TEST(SimulateProperty, an_image_alone_is_as_fast_as_predicted) {
  for (uint64_t seed = 0; seed < test::cases(300); ++seed) {
    std::mt19937_64 random(seed);
    Case c = random_case(random);
    c.problem.images_per_message = 1;
    plan::SimulationOptions options;
    options.images = 8;
    options.arrivals = 1e-3;
    options.buffer = 1;
    const auto found = plan::simulate(c.problem, c.plan, options);
    const double expected = plan::predict(c.problem, c.plan).latency;
    EXPECT_NEAR(found.mean_latency, expected, 1e-9) << "seed " << seed;
    EXPECT_NEAR(found.most_latency, expected, 1e-9) << "seed " << seed;
  }
}

TEST(SimulateProperty, no_message_is_lost_and_none_is_early) {
  for (uint64_t seed = 0; seed < test::cases(300); ++seed) {
    std::mt19937_64 random(seed);
    const Case c = random_case(random);
    plan::SimulationOptions options;
    options.buffer = 1 + static_cast<int32_t>(seed % 3);
    options.jitter = 0.2 * static_cast<double>(seed % 4);
    options.images = 1 + static_cast<int64_t>(seed % 100);
    options.seed = seed;
    const auto found = plan::simulate(c.problem, c.plan, options);
    const int32_t share = c.problem.images_per_message;
    expect_conserved(c.plan, found, std::min<int64_t>((options.images + share - 1) / share, options.timeline));
    for (const plan::NodeActivity& node : found.nodes) {
      EXPECT_NEAR(node.busy + node.starved + node.blocked, 1, 1e-9) << "seed " << seed;
      EXPECT_LE(node.high_water, options.buffer);
    }
    EXPECT_LE(found.mean_latency, found.most_latency * (1 + 1e-12));
    EXPECT_FALSE(HasFailure()) << "seed " << seed;
  }
}

TEST(SimulateProperty, is_the_same_for_the_same_seed) {
  const uint64_t cases = test::cases(30);
  uint64_t differ = 0;
  for (uint64_t seed = 0; seed < cases; ++seed) {
    std::mt19937_64 random(seed);
    const Case c = random_case(random);
    plan::SimulationOptions options;
    options.images = 200;
    options.jitter = 0.3;
    options.seed = seed;
    const auto first = plan::simulate(c.problem, c.plan, options), again = plan::simulate(c.problem, c.plan, options);
    EXPECT_EQ(first.rate, again.rate);
    EXPECT_EQ(first.mean_latency, again.mean_latency);
    EXPECT_EQ(first.timeline.back().end, again.timeline.back().end);
    options.seed = seed + 1;
    differ += first.timeline.back().end != plan::simulate(c.problem, c.plan, options).timeline.back().end;
  }
  EXPECT_GT(differ, cases / 2) << "where links set the pace, work may take as long as it likes";
}

}  // namespace
}  // namespace bitloom
