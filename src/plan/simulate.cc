// SPDX-License-Identifier: Apache-2.0
//
// The pipeline message by message. A line serves one message at a time and is free again on its own, whatever happens
// behind it, and a message only leaves when a slot is kept for it. So nothing waits in a circle: the last stage always gets
// rid of its messages, therefore the one before it does.
#include <algorithm>
#include <cmath>
#include <deque>
#include <queue>
#include <random>

#include "meter.h"

namespace bitloom::plan {
namespace {

/// A transfer that waits to pass a line as one of its steps.
struct Asked {
  size_t transfer = 0, step = 0;
};

struct Line {
  bool busy = false;
  size_t last_hop = 0;
  std::deque<Asked> waiting;
};

/// Where a party's messages wait for a line. Only the first has asked for it: a half duplex port would else serve all that
/// can be sent before all that can be received.
struct Outlet {
  std::deque<Message> ready;
  bool asked = false;
  int64_t next = 0, stride = 0;  ///< the host's: it makes its messages as they are sent
};

struct Node {
  std::deque<Message> waiting;
  int32_t before = 0, after = 0;  ///< slots taken
  int32_t most_after = 0;         ///< with what is in the layers behind the first, each of which holds its part
  double drain = 0;               ///< seconds from the end of the work until the last layer is done
  std::deque<Message> draining;
  bool working = false;
  Message message;
  double began = 0;
  std::vector<size_t> refused;  ///< lines with a message for this node that found no slot
};

enum class What { kOffer, kAsk, kPassed, kArrived, kWorked, kDone };

struct Moment {
  double time = 0;
  int64_t number = 0;  ///< what was planned first comes first
  What what = What::kOffer;
  size_t who = 0, step = 0;  ///< outlet, transfer or node
  bool operator>(const Moment& o) const { return time != o.time ? time > o.time : number > o.number; }
};

class Simulation {
 public:
  Simulation(const Problem& problem, const Plan& plan, const SimulationOptions& options);
  Simulated run();

 private:
  Node& node(size_t party) { return nodes_[party - 1]; }
  double arrival(int64_t message) const;

  void plan_for(double time, What what, size_t who, size_t step = 0) { moments_.push({time, number_++, what, who, step}); }
  void happen(const Moment& moment);
  void offer(size_t outlet, size_t from, size_t hop);
  bool can_begin(const Asked& asked);
  void serve(size_t line);
  void begin(const Asked& asked);
  Transfer after_event(size_t transfer);
  void passed(const Asked& asked);
  void arrived(size_t transfer);
  void work(size_t party);
  void worked(size_t party);
  void done(size_t party);

  const SimulationOptions& options_;
  const Routes routes_;
  const Prediction prediction_;
  const int64_t images_per_message_, messages_;

  std::vector<Node> nodes_;
  std::vector<Line> lines_;
  std::vector<Outlet> outlets_;
  std::vector<Transfer> transfers_;
  std::vector<size_t> unused_;  ///< of transfers_
  std::priority_queue<Moment, std::vector<Moment>, std::greater<>> moments_;
  int64_t number_ = 0;
  double now_ = 0;
  std::mt19937_64 random_;
  std::normal_distribution<double> normal_;

  bool all_sent_ = false;
  Meter meter_;
};

Simulation::Simulation(const Problem& problem, const Plan& plan, const SimulationOptions& options)
    : options_(options),
      routes_(problem, plan),
      prediction_(predict(problem, plan)),
      images_per_message_(problem.images_per_message),
      messages_((options.images - 1) / images_per_message_ + 1),
      nodes_(routes_.parties() - 1),
      lines_(routes_.lines()),
      outlets_(routes_.outlets()),
      random_(options.seed),
      meter_(routes_, options, messages_) {
  for (size_t at = 0; at < routes_.host_outlets(); ++at) {
    outlets_[at].next = static_cast<int64_t>(at);
    outlets_[at].stride = static_cast<int64_t>(routes_.host_outlets());
  }
  for (size_t party = 1; party < routes_.parties(); ++party) {
    const StagePrediction& stage = prediction_.stages[routes_.stage_of(party)];
    node(party).drain = std::max(0.0, stage.latency - stage.seconds);
    const double inside = node(party).drain / (static_cast<double>(images_per_message_) * stage.seconds);
    node(party).most_after = options_.buffer + static_cast<int32_t>(std::ceil(std::min(inside, 1e9)));
  }
}

double Simulation::arrival(int64_t message) const {
  if (options_.arrivals == 0) return 0;
  const int64_t last = std::min((message + 1) * images_per_message_, options_.images) - 1;
  return static_cast<double>(last) / options_.arrivals;
}

void Simulation::happen(const Moment& moment) {
  now_ = moment.time;
  switch (moment.what) {
    case What::kOffer:
      return offer(moment.who, kHost, 0);
    case What::kAsk: {
      const Asked asked{moment.who, moment.step};
      const size_t line = transfers_[asked.transfer].steps[asked.step].line;
      lines_[line].waiting.push_back(asked);
      return serve(line);
    }
    case What::kPassed:
      return passed({moment.who, moment.step});
    case What::kArrived:
      return arrived(moment.who);
    case What::kWorked:
      return worked(moment.who);
    case What::kDone:
      return done(moment.who);
  }
}

/// The outlet's next message asks for its line, if there is one and none has asked.
void Simulation::offer(size_t at, size_t from, size_t hop) {
  Outlet& outlet = outlets_[at];
  if (outlet.asked) return;
  if (from == kHost) {
    if (outlet.next >= messages_) return;
    if (arrival(outlet.next) > now_) return plan_for(arrival(outlet.next), What::kOffer, at);
    const int64_t images = std::min(images_per_message_, options_.images - outlet.next * images_per_message_);
    outlet.ready.push_back({outlet.next, static_cast<double>(images), arrival(outlet.next)});
    outlet.next += outlet.stride;
  }
  if (outlet.ready.empty()) return;
  outlet.asked = true;
  if (unused_.empty()) {
    unused_.push_back(transfers_.size());
    transfers_.emplace_back();
  }
  const size_t index = unused_.back();
  unused_.pop_back();
  transfers_[index] = routes_.transfer(from, hop, outlet.ready.front());
  outlet.ready.pop_front();
  const size_t line = transfers_[index].steps[0].line;
  lines_[line].waiting.push_back({index, 0});
  serve(line);
}

bool Simulation::can_begin(const Asked& asked) {
  const Transfer& t = transfers_[asked.transfer];
  if (asked.step > 0 || t.to == kHost || node(t.to).before < options_.buffer) return true;
  std::vector<size_t>& refused = node(t.to).refused;
  const size_t line = t.steps[0].line;
  if (std::find(refused.begin(), refused.end(), line) == refused.end()) refused.push_back(line);
  return false;
}

/// A message that finds no slot lets those behind it pass. Directions take turns where both use a line: in the order of
/// asking alone, half duplex ports fall into filling a buffer and emptying it, with a pause between.
void Simulation::serve(size_t at) {
  Line& line = lines_[at];
  if (line.busy) return;
  const auto takes_turn = [&](const Asked& asked) { return transfers_[asked.transfer].hop != line.last_hop; };
  auto found = line.waiting.end();
  for (auto asked = line.waiting.begin(); asked != line.waiting.end(); ++asked) {
    if ((found != line.waiting.end() && !takes_turn(*asked)) || !can_begin(*asked)) continue;
    found = asked;
    if (takes_turn(*asked)) break;
  }
  if (found == line.waiting.end()) return;
  const Asked asked = *found;
  line.waiting.erase(found);
  line.last_hop = transfers_[asked.transfer].hop;
  begin(asked);
}

void Simulation::begin(const Asked& asked) {
  Transfer& t = transfers_[asked.transfer];
  const Step& step = t.steps[asked.step];
  lines_[step.line].busy = true;
  if (asked.step == 0) {
    t.begin = now_;
    if (t.from == kHost) {
      if (options_.arrivals == 0) t.message.begin = now_;
      all_sent_ = all_sent_ || t.message.id == messages_ - 1;
    }
    if (t.to != kHost) meter_.holds(t.to, ++node(t.to).before);
  }
  plan_for(now_ + step.seconds, What::kPassed, asked.transfer, asked.step);
  if (asked.step + 1 == t.count) return;
  double ask = now_;
  if (asked.step + 2 == t.count) {
    // The last line passes the message in one go: late enough that all bytes are there in time.
    const double earliest_end = std::max(t.begin + t.steps[0].seconds, now_ + step.seconds);
    ask = t.latency + std::max(now_, earliest_end - t.steps[asked.step + 1].seconds);
  }
  plan_for(ask, What::kAsk, asked.transfer, asked.step + 1);
}

/// Sums round, so that of two events at one time the one that should be last need not be.
Transfer Simulation::after_event(size_t index) {
  Transfer& t = transfers_[index];
  if (++t.events > t.count) unused_.push_back(index);
  return t;
}

void Simulation::passed(const Asked& asked) {
  const Transfer t = after_event(asked.transfer);
  const size_t line = t.steps[asked.step].line;
  lines_[line].busy = false;
  if (asked.step + 1 == t.count) plan_for(now_ + (t.count == 1 ? t.latency : 0), What::kArrived, asked.transfer);
  if (asked.step == 0) {
    outlets_[t.outlet].asked = false;
    if (t.from != kHost) --node(t.from).after;
    offer(t.outlet, t.from, t.hop);
    if (t.from != kHost) work(t.from);
  }
  serve(line);
}

void Simulation::arrived(size_t index) {
  const Transfer t = after_event(index);
  meter_.event(t.to, true, t.message.id, t.begin, now_);
  if (t.to == kHost) return meter_.returned(t.message, !all_sent_, now_);
  node(t.to).waiting.push_back(t.message);
  work(t.to);
}

void Simulation::work(size_t party) {
  Node& n = node(party);
  if (!n.working && !n.waiting.empty() && n.after < n.most_after) {
    n.working = true;
    n.message = n.waiting.front();
    n.waiting.pop_front();
    n.began = now_;
    --n.before;
    ++n.after;
    const double factor = options_.jitter > 0 ? std::max(0.1, 1 + options_.jitter * normal_(random_)) : 1;
    const double seconds = n.message.images * prediction_.stages[routes_.stage_of(party)].seconds * factor;
    plan_for(now_ + seconds, What::kWorked, party);
    std::vector<size_t> refused;
    refused.swap(n.refused);
    for (const size_t line : refused) serve(line);
  }
  meter_.is(party, n.working ? State::kBusy : n.waiting.empty() ? State::kStarved : State::kBlocked, now_);
}

void Simulation::worked(size_t party) {
  Node& n = node(party);
  meter_.event(party, false, n.message.id, n.began, now_);
  n.working = false;
  n.draining.push_back(n.message);
  plan_for(now_ + n.drain, What::kDone, party);
  work(party);
}

void Simulation::done(size_t party) {
  std::deque<Message>& draining = node(party).draining;
  const size_t hop = routes_.stage_of(party) + 1;
  const size_t at = routes_.outlet(party, hop, draining.front().id);
  outlets_[at].ready.push_back(draining.front());
  draining.pop_front();
  offer(at, party, hop);
}

Simulated Simulation::run() {
  for (size_t at = 0; at < outlets_.size(); ++at)
    if (outlets_[at].stride > 0) offer(at, kHost, 0);
  while (!moments_.empty()) {
    const Moment moment = moments_.top();
    moments_.pop();
    happen(moment);
  }
  return meter_.result();
}

void verify(const SimulationOptions& options) {
  if (options.images < 1)
    throw Error("{} images to simulate: there must be one at least; some hundred show the steady rate", options.images);
  if (options.buffer < 1)
    throw Error("a buffer of {} messages: a node must hold one at least before its work and after it", options.buffer);
  if (!(options.jitter >= 0) || std::isinf(options.jitter))
    throw Error("a jitter of {}: give the standard deviation as a share of a stage's time, such as 0.05", options.jitter);
  if (!(options.arrivals >= 0) || std::isinf(options.arrivals))
    throw Error("{} images arrive a second: give a number above 0, or 0 for as fast as they are taken", options.arrivals);
  if (options.timeline < 0)
    throw Error("a timeline of {} messages: give 0 or the number of messages whose events are kept", options.timeline);
}

}  // namespace

Simulated simulate(const Problem& problem, const Plan& plan, const SimulationOptions& options) {
  verify(problem);
  verify(options);
  return Simulation(problem, plan, options).run();
}

}  // namespace bitloom::plan
