// SPDX-License-Identifier: Apache-2.0
//
// Which lines a message passes between two nodes, and for how long: the sender's port, the switch if it has a bound, the
// receiver's port; or one cable.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "bitloom/plan.h"

namespace bitloom::plan {

/// Parties: the host, then the nodes, stage by stage.
inline constexpr size_t kHost = 0;

struct Message {
  int64_t id = 0;
  double images = 0;
  double begin = 0;  ///< when its last image is there
};

struct Step {
  size_t line = 0;
  double seconds = 0;
};

/// A message on its way.
struct Transfer {
  Message message;
  size_t hop = 0;  ///< the stage that receives; behind the last one: the host
  size_t from = 0, to = 0, outlet = 0;
  double latency = 0, begin = 0;
  std::array<Step, 3> steps{};
  size_t count = 0, events = 0;  ///< steps; how many have ended, and whether it has arrived
};

class Routes {
 public:
  /// Both must outlive this.
  Routes(const Problem& problem, const Plan& plan);

  size_t stages() const { return plan_.stages.size(); }
  size_t replicas(size_t stage) const { return stage < stages() ? static_cast<size_t>(plan_.stages[stage].replicas) : 1; }
  size_t parties() const { return stage_of_.size(); }
  size_t stage_of(size_t party) const { return stage_of_[party]; }
  size_t replica_of(size_t party) const { return party - first_[stage_of_[party]]; }

  size_t lines() const { return lines_; }
  /// Where messages wait for the same line in order: one for each way out of a party. The host's come first.
  size_t outlets() const { return cables() ? cables_.back() : parties(); }
  size_t host_outlets() const { return cables() ? replicas(0) : 1; }
  size_t outlet(size_t from, size_t hop, int64_t message) const;

  Transfer transfer(size_t from, size_t hop, const Message& message) const;

 private:
  bool cables() const { return problem_.topology == Topology::kPointToPoint; }
  const Link& link(size_t party) const;
  size_t party(size_t stage, int64_t message) const {
    return stage == stages() ? kHost : first_[stage] + static_cast<size_t>(message) % replicas(stage);
  }

  const Problem& problem_;
  const Plan& plan_;
  std::vector<size_t> first_;     ///< party of each stage's first node
  std::vector<size_t> stage_of_;  ///< of each party; of the host: none
  std::vector<size_t> cables_;    ///< first outlet of each hop, and one past the last
  size_t lines_ = 0;
};

}  // namespace bitloom::plan
