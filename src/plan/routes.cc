// SPDX-License-Identifier: Apache-2.0
#include "routes.h"

#include "ports.h"

namespace bitloom::plan {
namespace {

/// A half duplex port is one line for both directions.
size_t out_line(size_t party) { return 2 * party; }
size_t in_line(size_t party, const Link& link) { return 2 * party + (link.half_duplex ? 0 : 1); }

}  // namespace

Routes::Routes(const Problem& problem, const Plan& plan) : problem_(problem), plan_(plan), stage_of_{stages()} {
  for (size_t stage = 0; stage < stages(); ++stage) {
    first_.push_back(stage_of_.size());
    stage_of_.insert(stage_of_.end(), replicas(stage), stage);
  }
  first_.push_back(kHost);
  cables_.push_back(0);
  size_t senders = 1;
  for (size_t hop = 0; hop <= stages(); ++hop) {
    cables_.push_back(cables_.back() + senders * replicas(hop));
    senders = replicas(hop);
  }
  lines_ = (cables() ? cables_.back() : 2 * parties()) + 1;  // the last one: the switch
}

const Link& Routes::link(size_t party) const {
  if (party == kHost) return problem_.host;
  return problem_.types[static_cast<size_t>(plan_.stages[stage_of_[party]].type)].link;
}

size_t Routes::outlet(size_t from, size_t hop, int64_t message) const {
  if (!cables()) return from;
  const size_t sender = hop == 0 ? 0 : replica_of(from);
  return cables_[hop] + sender * replicas(hop) + static_cast<size_t>(message) % replicas(hop);
}

Transfer Routes::transfer(size_t from, size_t hop, const Message& message) const {
  const size_t to = party(hop, message.id);
  const Link &sender = link(from), &receiver = link(to), both = cable(sender, receiver);
  const auto cut = static_cast<size_t>(hop < stages() ? plan_.stages[hop].from : plan_.stages.back().to);
  const double bytes = message.images * problem_.cuts[cut].bytes;
  Transfer t{message, hop, from, to, outlet(from, hop, message.id), both.latency};
  const auto add = [&](size_t line, double seconds) { t.steps[t.count++] = {line, seconds}; };
  if (cables()) {
    // A single stage has one cable to the host, for both directions.
    const bool back = stages() == 1 && hop == 1 && both.half_duplex;
    add(back ? replica_of(from) : t.outlet, port_seconds(both, bytes, 1));
  } else {
    add(out_line(from), port_seconds(sender, bytes, 1));
  }
  if (problem_.switch_bandwidth > 0) add(lines_ - 1, bytes / problem_.switch_bandwidth);
  if (!cables()) add(in_line(to, receiver), port_seconds(receiver, bytes, 1));
  return t;
}

}  // namespace bitloom::plan
