// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <limits>

#include <fmt/ranges.h>

#include "bitloom/engine.h"
#include "kernels.h"

namespace bitloom::engine {

std::vector<std::string_view> targets() {
  std::vector<std::string_view> names;
  for (const Kernels& kernels : all_kernels()) names.push_back(kernels.target);
  return names;
}

const Kernels& find_kernels(std::string_view target) {
  const char* variable = std::getenv("BITLOOM_TARGET");
  const bool by_variable = target.empty() && variable != nullptr && *variable != '\0';
  if (by_variable) target = variable;
  const std::vector<Kernels>& all = all_kernels();
  if (target.empty()) return all.front();
  const auto found = std::ranges::find(all, target, &Kernels::target);
  if (found == all.end())
    throw Error("{} '{}' is not one of the targets of this build and CPU: {}",
                by_variable ? "environment variable BITLOOM_TARGET:" : "target", target, fmt::join(targets(), ", "));
  return *found;
}

double ceiling(std::string_view target, double seconds) {
  using Clock = std::chrono::steady_clock;
  const Kernels& kernels = find_kernels(target);
  const auto time = [&](int64_t rounds) {
    const Clock::time_point begin = Clock::now();
    [[maybe_unused]] volatile uint32_t bits = kernels.count_bits(rounds);
    return std::chrono::duration<double>(Clock::now() - begin).count();
  };
  // Long enough for the clock, short enough for some to be undisturbed.
  int64_t rounds = 1000;
  while (time(rounds) < 1e-3) rounds *= 2;
  double best = std::numeric_limits<double>::infinity();
  const Clock::time_point begin = Clock::now();
  do {
    best = std::min(best, time(rounds));
  } while (std::chrono::duration<double>(Clock::now() - begin).count() < seconds);
  return 2.0 * static_cast<double>(rounds * kernels.ceiling_bits) / best;
}

}  // namespace bitloom::engine
