// SPDX-License-Identifier: Apache-2.0
//
// The planner against trying everything.
#include <gtest/gtest.h>

#include "random_problem.h"
#include "support/error_of.h"
#include "support/property.h"

namespace bitloom {
namespace {

using plan::Objective;

constexpr std::array kObjectives{Objective::kThroughput, Objective::kDevices, Objective::kPower, Objective::kLatency,
                                 Objective::kBytes,      Objective::kEven,    Objective::kArea};

/// Whether there is a plan.
bool compare(uint64_t seed, const test::ProblemSize& size) {
  test::RandomProblem random(seed);
  const plan::Problem problem = random.problem(size);
  const plan::Request request = random.request(problem, kObjectives[seed % kObjectives.size()]);
  const std::optional<plan::Solution> expected = plan::solve_by_brute_force(problem, request);
  const std::optional<plan::Solution> found = plan::try_solve(problem, request);
  EXPECT_EQ(found.has_value(), expected.has_value());
  if (!found || !expected) return false;
  EXPECT_EQ(plan::check(problem, request, found->plan), std::vector<std::string>());
  const double least = plan::cost(request.objective, expected->prediction);
  EXPECT_NEAR(plan::cost(request.objective, found->prediction), least, 1e-6 * least);
  const double watts = expected->prediction.watts;
  EXPECT_NEAR(found->prediction.watts, watts, 1e-6 * watts);
  return true;
}

void compare_many(uint64_t cases, const test::ProblemSize& size) {
  uint64_t plans = 0;
  for (uint64_t seed = 1; seed <= cases && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    plans += compare(seed, size) ? 1 : 0;
  }
  EXPECT_GT(plans, cases / 8) << "hardly any of the problems had a plan";
}

TEST(SolveProperty, finds_what_trying_everything_finds) { compare_many(test::cases(300), {}); }

// With one way to do a layer, as trying everything takes too long with more.
TEST(SolveProperty, finds_what_trying_everything_finds_for_eight_layers_and_four_types) {
  test::ProblemSize size{8, 4, 2, 1};
  size.branches = false;
  compare_many(test::cases(300) / 25, size);
}

// Many ways to do each layer, on nodes that hardly hold them: the search within a stage.
TEST(SolveProperty, finds_the_best_foldings_where_nodes_are_nearly_full) {
  compare_many(2 * test::cases(300), {4, 1, 2, 6, false, false});
}

/// A legal plan with one thing changed.
plan::Plan mutated(test::RandomProblem& random, const plan::Problem& problem, plan::Plan plan) {
  plan::Stage& stage = plan.stages[static_cast<size_t>(random.whole(0, static_cast<int32_t>(plan.stages.size()) - 1))];
  switch (random.whole(0, 4)) {
    case 0:
      stage.replicas += problem.types[static_cast<size_t>(stage.type)].count;
      break;
    case 1:
      ++stage.to;
      break;
    case 2:
      stage.type = static_cast<int32_t>(problem.types.size());
      break;
    case 3:
      plan.stages.pop_back();
      break;
    default:
      stage.options.push_back(0);
      if (!problem.measured[static_cast<size_t>(stage.type)].empty()) stage.replicas = 0;
  }
  return plan;
}

TEST(SolveProperty, check_refuses_plans_that_were_changed) {
  for (uint64_t seed = 1; seed <= test::cases(300); ++seed) {
    SCOPED_TRACE(seed);
    test::RandomProblem random(seed);
    const plan::Problem problem = random.problem({});
    const std::optional<plan::Solution> found = plan::try_solve(problem, {});
    if (!found) continue;
    ASSERT_EQ(plan::check(problem, {}, found->plan), std::vector<std::string>());
    EXPECT_NE(plan::check(problem, {}, mutated(random, problem, found->plan)), std::vector<std::string>());
  }
}

// Nothing better is left once the next best plan is ruled out, too.
TEST(SolveProperty, the_next_best_plan_is_the_best_of_the_others) {
  for (uint64_t seed = 1; seed <= test::cases(100); ++seed) {
    SCOPED_TRACE(seed);
    test::RandomProblem random(seed);
    const plan::Problem problem = random.problem({4, 2, 2, 1, true, true});
    plan::Request request;
    request.objective = kObjectives[seed % kObjectives.size()];
    const std::optional<plan::Solution> best = plan::try_solve(problem, request);
    if (!best) continue;
    const plan::Explanation why = plan::explain(problem, request, *best);
    EXPECT_FALSE(why.binding.empty());
    if (!why.next) continue;
    EXPECT_NE(why.next->plan, best->plan);
    EXPECT_GE(plan::cost(request.objective, why.next->prediction),
              plan::cost(request.objective, best->prediction) * (1 - 1e-6));
  }
}

/// Two layers of 100 LUT and 10 ms, on nodes of 150 LUT behind links of 1 kB/s.
plan::Problem small() {
  plan::Problem p;
  p.name = "small";
  p.layers = {"a", "b"};
  p.cuts = {{"the input", {false, false}, 1, 1, {}}, {"a", {true, false}, 5, 5, {}}, {"b", {true, true}, 1, 1, {}}};
  plan::NodeType type;
  type.name = "board";
  type.count = 2;
  type.total = type.usable = {150, 0, 0, 0, 0};
  type.link.bandwidth = 1000;
  p.types = {type};
  const plan::LayerOption option{0.01, {100, 0, 0, 0, 0}};
  p.options = {{{option}, {option}}};
  p.measured = {{}};
  p.host.bandwidth = 1000;
  return p;
}

std::string why_not(const plan::Problem& problem, const plan::Request& request) {
  return test::error_of([&] { plan::solve(problem, request); });
}

TEST(Solve, a_layer_that_fits_no_node_is_named_bad) {
  plan::Problem problem = small();
  problem.options[0][1][0].amounts[0] = 200;
  EXPECT_EQ(
      why_not(problem, {}),
      "layer 'b' fits no node: even on 'board' it needs 200 LUT at least, and 150 may be used; if 'board' had 2 times "
      "its resources there were a plan");
}

TEST(Solve, a_rate_that_cannot_be_reached_says_what_holds_it_back_and_what_would_help_bad) {
  plan::Request request;
  request.rate = 150;
  EXPECT_EQ(
      why_not(small(), request),
      "150 images/s are asked for, and these nodes reach 100 at most (33.3 % less), held back by a on board; if 'board' "
      "had 2 times its resources there were a plan");
  request.rate = 300;
  EXPECT_EQ(
      why_not(small(), request),
      "layer 'a' reaches 200 images/s at most, on all 'board' together, and 300 are asked for; with 4 more 'board' there "
      "is a plan");
}

TEST(Solve, a_host_link_that_is_too_slow_is_named_bad) {
  plan::Problem problem = small();
  problem.host.bandwidth = 50;
  plan::Request request;
  request.rate = 80;
  EXPECT_EQ(why_not(problem, request),
            "the host's link carries 50 images/s of 1 bytes (5e-05 MB/s), and 80 are asked for; with links 2 times as fast "
            "there is a plan");
}

TEST(Solve, a_stage_that_is_asked_for_and_does_not_fit_is_named_bad) {
  plan::Request request;
  request.most_stages = 1;
  EXPECT_EQ(
      why_not(small(), request),
      "the stage a .. b fits no node: even on 'board' it needs 200 LUT at least, and 150 may be used; if 'board' had 2 "
      "times its resources there were a plan");
}

TEST(Solve, problems_that_contradict_themselves_are_refused_bad) {
  plan::Problem problem = small();
  problem.cuts[1].done = {true};
  EXPECT_EQ(why_not(problem, {}), "cut 1 does not say of each layer on which side it is");
  problem = small();
  problem.types[0].link.bandwidth = 0;
  EXPECT_EQ(why_not(problem, {}), "'board': the bandwidth of its link must be more than 0 bytes a second");
  problem = small();
  problem.options[0][0][0].seconds = 0;
  EXPECT_EQ(why_not(problem, {}), "'board': a layer takes more than no time");
}

TEST(Solve, too_many_nodes_for_an_exact_plan_are_refused_bad) {
  plan::Problem problem = small();
  for (int i = 0; i < 5; ++i) {
    problem.types.push_back(problem.types[0]);
    problem.types.back().count = 100;
    problem.options.push_back(problem.options[0]);
    problem.measured.emplace_back();
  }
  EXPECT_NE(why_not(problem, {}).find("too many for an exact plan"), std::string::npos);
}

}  // namespace
}  // namespace bitloom
