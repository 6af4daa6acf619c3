// SPDX-License-Identifier: Apache-2.0
#include "meter.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace bitloom::plan {

Meter::Meter(const Routes& routes, const SimulationOptions& options, int64_t messages)
    : routes_(routes), options_(options), messages_(messages), nodes_(routes.parties() - 1) {
  // A round that is long beside the run would leave nothing to measure.
  for (size_t stage = 0; stage < routes.stages() && round_ <= messages / 4; ++stage)
    round_ = std::lcm(round_, static_cast<int64_t>(routes.replicas(stage)));
  if (round_ > messages / 4) round_ = 1;
  start_ = from_ = reading(0);
}

void Meter::is(size_t party, State state, double now) {
  Node& node = nodes_[party - 1];
  node.spent[static_cast<size_t>(node.state)] += now - node.since;
  node.since = now;
  node.state = state;
}

void Meter::holds(size_t party, int32_t messages) {
  int32_t& most = nodes_[party - 1].high_water;
  most = std::max(most, messages);
}

void Meter::event(size_t party, bool hop, int64_t message, double begin, double end) {
  if (message >= options_.timeline) return;
  const auto stage = static_cast<int32_t>(routes_.stage_of(party));
  found_.timeline.push_back({stage, static_cast<int32_t>(routes_.replica_of(party)), hop, message, begin, end});
}

void Meter::returned(const Message& message, bool is_fed, double now) {
  const double latency = now - message.begin;
  // Images arrive one after another, and the first of a message waits for the last.
  const double wait = options_.arrivals > 0 ? (message.images - 1) / options_.arrivals : 0;
  found_.mean_latency += message.images * (latency + wait / 2);
  found_.most_latency = std::max(found_.most_latency, latency + wait);
  images_ += message.images;
  ++results_;
  const int64_t warm = messages_ / 3;
  if (results_ == warm) from_ = reading(now);
  // While the pipeline drains, half duplex ports have less to do.
  if (results_ > warm && is_fed && (results_ - warm) % round_ == 0) to_ = reading(now);
  if (results_ < messages_ || to_.images - from_.images > images_ / 6) return;
  from_ = start_;
  to_ = reading(now);
}

Meter::Reading Meter::reading(double now) {
  Reading reading{now, images_, {}};
  for (size_t party = 1; party <= nodes_.size(); ++party) {
    is(party, nodes_[party - 1].state, now);
    reading.spent.push_back(nodes_[party - 1].spent);
  }
  return reading;
}

Simulated Meter::result() {
  BITLOOM_CHECK(results_ == messages_);
  found_.mean_latency /= static_cast<double>(options_.images);
  const double span = to_.time - from_.time;
  found_.rate = span > 0 ? (to_.images - from_.images) / span : std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const auto share = [&](State state) {
      const auto s = static_cast<size_t>(state);
      return span > 0 ? (to_.spent[i][s] - from_.spent[i][s]) / span : 0;
    };
    const auto stage = static_cast<int32_t>(routes_.stage_of(i + 1));
    found_.nodes.push_back({stage, static_cast<int32_t>(routes_.replica_of(i + 1)), share(State::kBusy),
                            share(State::kStarved), share(State::kBlocked), nodes_[i].high_water});
  }
  return std::move(found_);
}

}  // namespace bitloom::plan
