// SPDX-License-Identifier: Apache-2.0
//
// The RTL of many random networks with random foldings, in one simulation: every bit is that of the reference executor,
// without pauses and with, and where FIFOs never fill up, cycles are those of the model.
//
// Compiling a model takes far longer than running it, and mostly the same time for one network or twenty, so that many top
// levels become instances of one bench (tests/rtl/bench.h).
#include <cstdlib>

#include <gtest/gtest.h>

#include "design_case.h"
#include "random_folding.h"
#include "support/temporary_folder.h"

namespace bitloom {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kFrames = 6;
constexpr int kTogether = 25;

enum class Fifos { kDefault, kAmple };

/// None if the network is not supported.
std::optional<test::Case> random_case(uint64_t seed, Fifos fifos, const fs::path& folder) {
  const ir::Network network = ir::random_network(
      seed, {.max_layers = 1 + static_cast<int>(seed % 4), .max_channels = 9, .max_image = 7, .branches = seed % 2 == 0});
  try {
    const hw::Folding folding = test::random_folding(network, seed);
    const hw::Design design =
        hw::design(network, fifos == Fifos::kAmple ? test::with_ample_fifos(network, folding) : folding);
    test::Case one =
        test::emitted(design, network, ir::random_inputs(network, kFrames, seed), folder, fmt::format("network_{}", seed));
    // One of several outputs may run ahead of the slowest unit while FIFOs take what the others leave.
    if (fifos == Fifos::kAmple && design.outputs.size() == 1) one.interval = hw::interval(design);
    return one;
  } catch (const Unsupported&) {
    return {};
  }
}

/// Networks from this seed on, so many that are supported; the next seed. `BITLOOM_RTL_CASES`: how many, instead of
/// `usual`.
void check(uint64_t seed, int usual, Fifos fifos) {
  if (!test::have("verilator")) GTEST_SKIP() << "verilator is not installed";
  const char* asked = std::getenv("BITLOOM_RTL_CASES");
  const int count = asked ? std::atoi(asked) : usual;
  int unsupported = 0;
  for (int done = 0; done < count;) {
    const test::TemporaryFolder folder;
    std::vector<test::Case> cases;
    for (; done < count && cases.size() < kTogether; ++seed) {
      if (auto one = random_case(seed, fifos, folder.path())) {
        cases.push_back(std::move(*one));
        ++done;
      } else {
        ASSERT_LT(++unsupported, 20 + done) << "hardly any network is supported";
      }
    }
    std::string wrong;
    for (const std::string& what : test::simulate(cases, folder.path(), test::Popcounts::kSimulated)) wrong += what + "\n";
    EXPECT_EQ(wrong, "");
  }
  std::printf("%d networks simulated, %d not supported\n", count, unsupported);
}

TEST(SlowRandomNetworks, are_exact_with_and_without_stalls) { check(1, 25, Fifos::kDefault); }

TEST(SlowRandomNetworks, take_the_cycles_of_the_model_where_fifos_never_fill) { check(100001, 25, Fifos::kAmple); }

}  // namespace
}  // namespace bitloom
