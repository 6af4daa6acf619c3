// SPDX-License-Identifier: Apache-2.0
//
// The SystemVerilog library against plain models: every word that a module gives at random parameters, with random stalls
// and without, and how many cycles it takes.
#include <gtest/gtest.h>

#include "support/temporary_folder.h"
#include "units.h"

namespace bitloom::test {
namespace {

using Draw = Case (Units::*)();
// The window has the most to get wrong.
constexpr Draw kDraws[] = {&Units::mvtu,   &Units::mvtu,     &Units::mvtu,      &Units::window, &Units::window,
                           &Units::window, &Units::max_pool, &Units::width,     &Units::fifo,   &Units::fork,
                           &Units::add,    &Units::sum_pool, &Units::threshold, &Units::top1,   &Units::crop,
                           &Units::concat, &Units::scale,    &Units::reorder,   &Units::probe};

void check(uint64_t seed, int rounds, Popcounts popcounts) {
  if (!have("verilator")) GTEST_SKIP() << "verilator is not installed";
  Units units(seed);
  std::vector<Case> cases;
  for (int round = 0; round < rounds; ++round) {
    for (Draw draw : kDraws) cases.push_back((units.*draw)());
  }
  TemporaryFolder folder;
  std::string all;
  for (const std::string& wrong : simulate(cases, folder.path(), popcounts)) all += wrong + "\n";
  EXPECT_EQ(all, "") << "seed " << seed;
}

TEST(Rtl, units_agree_with_plain_models_with_and_without_stalls) { check(1, 3, Popcounts::kSimulated); }

TEST(SlowRtl, units_agree_at_many_more_parameters) {
  for (uint64_t seed = 2; seed < 6; ++seed) check(seed, 5, Popcounts::kSimulated);
}

TEST(SlowRtl, units_agree_with_the_compressor_trees_of_synthesis) { check(6, 2, Popcounts::kSynthesized); }

}  // namespace
}  // namespace bitloom::test
