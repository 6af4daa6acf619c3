// SPDX-License-Identifier: Apache-2.0
//
// From networks to plans and back: stages of random networks compute what the whole does, clusters are read with care.
#include <algorithm>

#include <gtest/gtest.h>

#include "bitloom/split.h"
#include "support/error_of.h"
#include "support/property.h"

namespace bitloom {
namespace {

plan::Cluster cluster(const std::string& json) { return plan::read_cluster(json, "c.json"); }

const char* const kComputers = R"({"nodes": [{"device": "cpu", "count": 4}]})";

/// The outputs of the stages run one after another.
std::vector<ir::Tensor> run(std::span<const plan::StageFiles> stages, std::vector<ir::Tensor> tensors) {
  for (const plan::StageFiles& stage : stages) {
    ir::verify(stage.network);
    tensors = ir::evaluate(stage.network, tensors);
  }
  return tensors;
}

void expect_same(const std::vector<ir::Tensor>& a, const std::vector<ir::Tensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) EXPECT_EQ(a[i].values, b[i].values);
}

TEST(SplitProperty, stages_of_random_networks_compute_what_the_whole_does) {
  int several = 0;
  for (uint64_t seed = 1; seed <= test::cases(40); ++seed) {
    SCOPED_TRACE(seed);
    const ir::Network network = ir::random_network(seed);
    const plan::Split split(network, cluster(kComputers));
    plan::Request request;
    request.objective = plan::Objective::kBytes;
    request.fewest_stages = static_cast<int32_t>(1 + seed % 4);
    std::optional<plan::Solution> found = plan::try_solve(split.problem(), request);
    if (!found) continue;  // fewer layers than stages
    several += found->plan.stages.size() > 1 ? 1 : 0;
    const std::vector<ir::Tensor> inputs = ir::random_inputs(network, 2, seed);
    expect_same(run(split.stages(found->plan), inputs), ir::evaluate(network, inputs));
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(several, 10);
}

/// conv and its shortcut meet in an addition.
ir::Network branched() {
  for (uint64_t seed = 1;; ++seed) {
    ir::Network network = ir::random_network(seed);
    const bool adds = std::ranges::any_of(network.nodes,
                                          [](const ir::Node& node) { return std::holds_alternative<ir::Add>(node.layer); });
    if (adds && network.nodes.size() > 8) return network;
  }
}

TEST(Split, every_cut_of_a_network_with_branches_is_closed_and_counts_what_crosses) {
  const plan::Split split(branched(), cluster(kComputers));
  const plan::Problem& problem = split.problem();
  plan::verify(problem);
  ASSERT_GT(problem.cuts.size(), problem.layers.size() + 1) << "branches allow more cuts than a chain has";
  for (const plan::Cut& cut : problem.cuts) EXPECT_LE(cut.exact_bytes, cut.bytes);
  EXPECT_TRUE(std::ranges::any_of(problem.cuts, [](const plan::Cut& cut) { return cut.tensors.size() > 1; }));
}

TEST(Split, a_cut_that_other_tensors_cross_is_refused_by_their_names_bad) {
  const ir::Network network = branched();
  const plan::Split split(network, cluster(kComputers));
  int refused = 0;
  for (const ir::Node& node : network.nodes) {
    const std::string error = test::error_of([&] { split.cut_after(node.name); });
    if (error.find(" would cross") == std::string::npos) continue;
    ++refused;
    EXPECT_NE(error.find("' alone: "), std::string::npos) << error;
  }
  EXPECT_GT(refused, 0);
  EXPECT_NE(test::error_of([&] { split.cut_after("nothing"); }), "no error");
}

TEST(Split, a_stage_on_an_fpga_has_a_folding_that_fits_and_keeps_up) {
  ir::RandomOptions options;
  options.branches = false;
  const plan::Split split(ir::random_network(11, options),
                          cluster(R"({"nodes": [{"device": "xc7z020", "count": 2, "link": {"mbit": 100}}]})"));
  const plan::Solution found = split.solve({});
  const std::vector<plan::StageFiles> stages = split.stages(found.plan);
  for (size_t s = 0; s < stages.size(); ++s) {
    ASSERT_TRUE(stages[s].folding && stages[s].resources);
    EXPECT_TRUE(hw::fits(*stages[s].resources, hw::find_device("xc7z020")));
    EXPECT_LE(stages[s].seconds, found.prediction.period * found.plan.stages[s].replicas * (1 + 1e-9));
  }
  const std::string text = plan::print(split, {}, found, stages);
  EXPECT_NE(text.find("\"network\": \"stage0.bloom\""), std::string::npos);
  EXPECT_NE(text.find("\"folding\": \"stage0.folding.json\""), std::string::npos);
}

TEST(Cluster, all_fields_are_read) {
  const plan::Cluster c = cluster(R"({
    // comments are allowed
    "name": "lab", "network": "point-to-point", "images_per_message": 4, "word_bits": 128, "image_bytes": 4000,
    "host": {"mbit": 80, "latency_us": 5, "overhead_us": 7, "duplex": "half"},
    "nodes": [{"name": "a", "count": 2, "device": "xc7z020", "clock_mhz": 50, "limit": {"lut": 0.5}, "reserved": 0.1,
               "watts": 2, "ports": 3},
              {"device": "cpu", "speed": 2, "memory_mb": 10},
              {"name": "b", "device": "xc7z020", "measured": [{"layers": [0, 1], "rate": 5, "percent": {"lut": 50}}]}]})");
  EXPECT_EQ(c.name, "lab");
  EXPECT_EQ(c.topology, plan::Topology::kPointToPoint);
  EXPECT_EQ(c.images_per_message, 4);
  EXPECT_EQ(c.word_bits, 128);
  EXPECT_EQ(c.image_bytes, 4000);
  EXPECT_EQ(c.host.bandwidth, 1e7);
  EXPECT_DOUBLE_EQ(c.host.latency, 5e-6);
  EXPECT_DOUBLE_EQ(c.host.overhead, 7e-6);
  EXPECT_TRUE(c.host.half_duplex);
  EXPECT_EQ(c.nodes[0].count, 2);
  EXPECT_EQ(c.nodes[0].limit, (plan::Amounts{0.5, 0.8, 1, 1, 1}));
  EXPECT_EQ(c.nodes[0].reserved, 0.1);
  EXPECT_EQ(c.nodes[1].name, "cpu");
  EXPECT_EQ(c.nodes[1].memory, 1e7);
  EXPECT_EQ(c.nodes[2].measured[0].shares[0], 0.5);
  EXPECT_EQ(c.nodes[2].measured[0].last, 1);
}

TEST(Cluster, mistakes_are_named_bad) {
  const auto error = [](const std::string& json) { return test::error_of([&] { cluster(json); }); };
  EXPECT_NE(error("{").find("c.json: is not JSON"), std::string::npos);
  EXPECT_NE(error("[1e999]").find("c.json: is not JSON"), std::string::npos);
  EXPECT_EQ(error("[]"), "c.json: must be an object with named fields; see docs/reference/cluster.md");
  EXPECT_EQ(error("{}"), "c.json: field 'nodes' must be a list of 1 to 64 types of nodes");
  EXPECT_EQ(error(R"({"nodes": [{"device": "cpu", "colour": 1}]})"),
            "c.json: node 0: field 'colour' is not known; see docs/reference/cluster.md");
  EXPECT_EQ(error(R"({"nodes": [{}]})"),
            "c.json: node 0: has no field 'device': \"cpu\", or an FPGA as `bitloom fold` knows it");
  EXPECT_NE(error(R"({"nodes": [{"device": "xc9"}]})").find("there is no device 'xc9'"), std::string::npos);
  EXPECT_EQ(error(R"({"nodes": [{"device": "cpu", "count": 0}]})"),
            "c.json: node 0: field 'count' must be a number from 1 to 256");
  EXPECT_EQ(error(R"({"nodes": [{"device": "cpu", "count": 1.5}]})"),
            "c.json: node 0: field 'count' must be a whole number");
  EXPECT_EQ(error(R"({"nodes": [{"device": "cpu", "link": {"duplex": "both"}}]})"),
            "c.json: node 0: link: field 'duplex' must be one of: full, half");
  EXPECT_EQ(error(R"({"nodes": [{"device": "cpu"}, {"device": "cpu"}]})"),
            "c.json: node 1: the name 'cpu' is taken; give each type one of its own");
  EXPECT_NE(error(R"({"nodes": [{"device": "xc7z020", "measured": [{"layers": [3, 1], "rate": 1}]}]})")
                .find("the last comes before the first"),
            std::string::npos);
  EXPECT_NE(
      error(R"({"network": "point-to-point", "switch_mbit": 5, "nodes": [{"device": "cpu"}]})").find("have no switch"),
      std::string::npos);
}

TEST(Cluster, layers_that_the_network_does_not_have_cannot_have_been_measured_bad) {
  const ir::Network network = ir::random_network(3);
  const auto split = [&] {
    plan::Split(network, cluster(R"({"nodes": [{"device": "xc7z020", "measured": [{"layers": [0, 99], "rate": 5}]}]})"));
  };
  EXPECT_NE(test::error_of(split).find("layer 99 was measured, but the network has "), std::string::npos);
}

}  // namespace
}  // namespace bitloom
