// SPDX-License-Identifier: Apache-2.0
//
// Cutting: the halves composed are the whole, and exactly what is needed crosses.
#include <gtest/gtest.h>

#include "bitloom/ir.h"
#include "build.h"
#include "support/property.h"

namespace bitloom::ir {
namespace {

using Values = std::vector<int32_t>;
const Encoding kBipolar = Encoding::bipolar();

/// x -> fc1 -> act1 -> fc2 -> sum (with the skip act1) -> logits -> top; fc2 itself is an output as well.
Network branched() {
  Network n;
  n.name = "branched";
  n.classes = {"a", "b"};
  n.add("x", Input{{1, 1, 3}, kBipolar, RealQuantizer{1, {0.0F}, {0}}});
  n.add("fc1", make_dot(kBipolar, 2, {1, 1, -1, -1, 1, 1}), {0});
  n.add("act1", Threshold{kBipolar, 1, {0}, {0}}, {1});
  n.add("fc2", make_dot(kBipolar, 2, {1, -1, 1, 1}), {2});
  n.add("sum", Add{{1, 3}}, {3, 2});
  n.add("logits", Output{{0.5}, {0.0}}, {4});
  n.add("top", TopK{1}, {5});
  n.outputs = {6, 3, 5};
  return n;
}

std::vector<Tensor> all_inputs() {
  Values values;
  for (int code = 0; code < 8; ++code) {
    for (int bit = 0; bit < 3; ++bit) values.push_back((code >> bit & 1) != 0 ? 1 : -1);
  }
  return {batch({1, 1, 3}, values)};
}

std::vector<std::string> names(const Network& network, const std::vector<NodeId>& ids) {
  std::vector<std::string> result;
  for (const NodeId id : ids) result.push_back(network.nodes.at(static_cast<size_t>(id)).name);
  return result;
}

void expect_composes(const Network& network, NodeId last, const std::vector<Tensor>& inputs) {
  const Halves halves = cut(network, last);
  ASSERT_NO_THROW(verify(halves.first));
  ASSERT_NO_THROW(verify(halves.second));
  const std::vector<NodeId> entries = halves.second.inputs();
  ASSERT_EQ(names(halves.first, halves.first.outputs), names(halves.second, entries));
  int64_t bytes = 0;
  for (size_t i = 0; i < entries.size(); ++i) {
    const TensorType& type = halves.second.nodes[static_cast<size_t>(entries[i])].type;
    ASSERT_EQ(type, halves.first.nodes[static_cast<size_t>(halves.first.outputs[i])].type);
    bytes += packed_bytes(type);
  }
  ASSERT_EQ(cut_bytes(network, last), bytes);
  ASSERT_EQ(evaluate(halves.second, evaluate(halves.first, inputs)), evaluate(network, inputs));
}

TEST(CutTest, halves_compose_to_the_whole_at_every_place) {
  for (NodeId last = 1; last <= 3; ++last) expect_composes(branched(), last, all_inputs());
}

TEST(CutTest, Property_random_networks_compose_at_random_places) {
  uint64_t cuts = 0;
  for (uint64_t seed = 0; seed < test::cases(100); ++seed) {
    const Network network = random_network(seed);
    const auto last = static_cast<NodeId>(seed / 3 % network.nodes.size());
    if (error_of([&] { cut(network, last); }) != "no error") continue;  // one half would be empty
    ASSERT_NO_FATAL_FAILURE(expect_composes(network, last, random_inputs(network, 2, seed))) << "seed " << seed;
    ++cuts;
  }
  EXPECT_GE(cuts, test::cases(100) / 2);
}

TEST(CutTest, what_the_second_half_needs_crosses_in_ascending_order) {
  const Halves after_fc2 = cut(branched(), 3);
  EXPECT_EQ(names(after_fc2.first, after_fc2.first.outputs), (std::vector<std::string>{"act1", "fc2"}));
  EXPECT_EQ(names(after_fc2.second, after_fc2.second.outputs), (std::vector<std::string>{"top", "fc2", "logits"}));
  EXPECT_EQ(cut_bytes(branched(), 3), 1 + 2);
  EXPECT_EQ(cut_bytes(branched(), 1), 2);
}

TEST(CutTest, real_quantizers_stay_in_front_and_classes_go_behind) {
  const Halves halves = cut(branched(), 1);
  EXPECT_TRUE(std::get<Input>(halves.first.nodes[0].layer).real.has_value());
  EXPECT_FALSE(std::get<Input>(halves.second.nodes[0].layer).real.has_value());
  EXPECT_EQ(halves.second.nodes[0].name, "fc1");
  EXPECT_TRUE(halves.first.classes.empty());
  EXPECT_EQ(halves.second.classes, branched().classes);
}

TEST(CutTest, inputs_of_the_network_pass_through_when_needed_behind) {
  Network n;
  n.add("x", Input{{1, 1, 3}, kBipolar, std::nullopt});
  n.add("fc", make_dot(kBipolar, 3, Values(9, -1)), {0});
  n.add("unused", Input{{1, 1, 1}, kBipolar, std::nullopt});
  n.add("late", Input{{1, 1, 3}, kBipolar, std::nullopt});
  n.add("sum", Add{{1, 2, 4}}, {0, 1, 3});
  n.outputs = {4, 0};
  const Halves halves = cut(n, 1);
  EXPECT_EQ(halves.first.inputs().size(), 3U);
  EXPECT_EQ(names(halves.first, halves.first.outputs), (std::vector<std::string>{"x", "fc", "late"}));
  expect_composes(n, 1, {all_inputs()[0], Tensor{{1, 1, 1}, 8, Values(8, 1)}, all_inputs()[0]});
}

TEST(CutTest, outputs_and_what_reads_them_stay_behind) {
  Network n = branched();
  n.add("again", Threshold{kBipolar, 1, {1}, {0}}, {5});
  n.add("last", Slice{0, 1}, {2});
  n.outputs.push_back(7);
  n.outputs.push_back(8);
  const Halves halves = cut(n, 7);
  EXPECT_EQ(names(halves.first, halves.first.outputs), (std::vector<std::string>{"act1", "fc2", "sum"}));
  for (NodeId last = 1; last <= 8; ++last) expect_composes(n, last, all_inputs());
}

TEST(CutTest, empty_halves_bad) {
  EXPECT_EQ(error_of([] { cut(branched(), 0); }),
            "network 'branched': a cut after node 'x' leaves nothing to compute in the first half");
  EXPECT_EQ(error_of([] { cut(branched(), 4); }),
            "network 'branched': a cut after node 'sum' leaves nothing to compute in the second half");
  EXPECT_EQ(error_of([] { cut(branched(), 7); }),
            "network 'branched': cannot be cut after node 7; it has the nodes 0 to 6");
  EXPECT_EQ(error_of([] { cut_bytes(branched(), -1); }),
            "network 'branched': cannot be cut after node -1; it has the nodes 0 to 6");
  EXPECT_EQ(cut_bytes(branched(), 0), 1);
}

}  // namespace
}  // namespace bitloom::ir
