// SPDX-License-Identifier: Apache-2.0
//
// Fair timing: everything that is compared takes a short turn in every round, so that a slower minute of the machine is a
// slower minute for all.
#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

namespace bitloom::bench {

/// Seconds of each call, made again and again for about `budget` seconds, at least once.
template <typename Call>
std::vector<double> seconds_of_calls(const Call& call, double budget) {
  using Clock = std::chrono::steady_clock;
  const auto since = [](Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); };
  const Clock::time_point begin = Clock::now();
  std::vector<double> seconds;
  do {
    const Clock::time_point start = Clock::now();
    call();
    seconds.push_back(since(start));
  } while (since(begin) < budget);
  return seconds;
}

/// The shortest call, to choose between alternatives: least disturbed by others on the machine.
template <typename Call>
double best_seconds(const Call& call, double budget) {
  return std::ranges::min(seconds_of_calls(call, budget));
}

inline double median(std::vector<double> values) {
  std::ranges::sort(values);
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

/// The median call, for results.
template <typename Call>
double median_seconds(const Call& call, double budget) {
  return median(seconds_of_calls(call, budget));
}

/// Seconds an image, one number a round.
struct Timing {
  std::vector<double> rounds;

  double best() const { return std::ranges::min(rounds); }
  double median() const { return bench::median(rounds); }
};

}  // namespace bitloom::bench
