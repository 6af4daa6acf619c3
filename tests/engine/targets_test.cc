// SPDX-License-Identifier: Apache-2.0
//
// Which kernels there are, and how one is chosen.
#include <cstdlib>
#include <optional>
#include <set>
#include <string>

#include <fmt/ranges.h>

#include "agree.h"
#include "dot.h"
#include "support/error_of.h"

namespace bitloom {
namespace {

TEST(Targets, end_with_the_portable_one) { EXPECT_EQ(engine::targets().back(), "portable"); }

#if defined(__ARM_NEON)
TEST(Targets, begin_with_the_vectors_of_arm) { EXPECT_EQ(engine::targets().front(), "neon"); }
#endif

/// Sets an environment variable for as long as it lives.
class Environment {
 public:
  explicit Environment(const char* value) {
    const char* before = std::getenv("BITLOOM_TARGET");
    if (before != nullptr) before_ = before;
    setenv("BITLOOM_TARGET", value, 1);
  }
  ~Environment() {
    if (before_) {
      setenv("BITLOOM_TARGET", before_->c_str(), 1);
    } else {
      unsetenv("BITLOOM_TARGET");
    }
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  std::optional<std::string> before_;
};

ir::Network small_network() {
  return test::chain({1, 1, 70}, ir::Encoding::bipolar(), {test::random_dot(ir::Encoding::bipolar(), 70, 20)});
}

engine::DotStep dot_step(const engine::Kernels& kernels) {
  const ir::Network network = small_network();
  const auto& dot = std::get<ir::Dot>(network.nodes[1].layer);
  return engine::make_dot(dot, ir::Encoding::bipolar(), {1, 1, 70}, {1, 1, 20}, nullptr, false, kernels);
}

// The kernels differ in nothing that a user sees but speed, so what was forced is read off the functions themselves.
TEST(Targets, the_environment_variable_forces_the_kernels) {
  std::set<engine::DotFunction> different;
  for (const std::string_view target : engine::targets()) {
    const Environment environment(std::string(target).c_str());
    const engine::Kernels& kernels = engine::find_kernels("");
    EXPECT_EQ(kernels.target, target);
    EXPECT_EQ(engine::Program(small_network()).target(), target);
    EXPECT_EQ(dot_step(kernels).kernel, kernels.dot[static_cast<int>(engine::DotForm::kXor)]);
    different.insert(dot_step(kernels).kernel);
  }
  EXPECT_EQ(different.size(), engine::targets().size());
}

TEST(Targets, an_option_goes_before_the_environment_variable) {
  const Environment environment("no such thing");
  EXPECT_EQ(engine::Program(small_network(), {.target = "portable"}).target(), "portable");
}

TEST(Targets, refuse_what_the_cpu_cannot_run_bad) {
  const std::string known = fmt::format("{}", fmt::join(engine::targets(), ", "));
  EXPECT_EQ(test::error_of([] { engine::Program(small_network(), {.target = "mmx"}); }),
            "target 'mmx' is not one of the targets of this build and CPU: " + known);
  const Environment environment("mmx");
  EXPECT_EQ(test::error_of([] { engine::Program program(small_network()); }),
            "environment variable BITLOOM_TARGET: 'mmx' is not one of the targets of this build and CPU: " + known);
}

TEST(Targets, have_a_ceiling) {
  for (const std::string_view target : engine::targets()) EXPECT_GT(engine::ceiling(target, 0.01), 1e6) << target;
}

}  // namespace
}  // namespace bitloom
