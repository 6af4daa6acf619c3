// SPDX-License-Identifier: Apache-2.0
//
// What a simulation is read for: the rate and what each node does in the steady part of it, latencies, events.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "routes.h"

namespace bitloom::plan {

enum class State { kBusy, kStarved, kBlocked };

class Meter {
 public:
  /// Both must outlive this.
  Meter(const Routes& routes, const SimulationOptions& options, int64_t messages);

  void is(size_t party, State state, double now);
  void holds(size_t party, int32_t messages);
  void event(size_t party, bool hop, int64_t message, double begin, double end);
  /// `is_fed`: the host still has messages to send.
  void returned(const Message& message, bool is_fed, double now);

  /// When all messages have returned.
  Simulated result();

 private:
  using Spent = std::array<double, 3>;

  struct Node {
    State state = State::kStarved;
    double since = 0;
    Spent spent{};
    int32_t high_water = 0;
  };

  /// What had come back at a moment, and how each node had spent its time until then.
  struct Reading {
    double time = 0, images = 0;
    std::vector<Spent> spent;
  };

  Reading reading(double now);

  const Routes& routes_;
  const SimulationOptions& options_;
  const int64_t messages_;
  int64_t round_ = 1;  ///< messages after which all replicas are in turn as before
  std::vector<Node> nodes_;
  int64_t results_ = 0;
  double images_ = 0;
  Reading start_, from_, to_;  ///< the last two bound the steady part; all is, if the pipeline holds most of the messages
  Simulated found_;
};

}  // namespace bitloom::plan
