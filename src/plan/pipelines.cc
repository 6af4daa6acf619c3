// SPDX-License-Identifier: Apache-2.0
#include "pipelines.h"

#include <algorithm>
#include <cmath>

#include "keys.h"
#include "ports.h"

namespace bitloom::plan {
namespace {

/// In the order of what matters; differences that rounding makes are none.
bool less(const Value& a, const Value& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::abs(a[i] - b[i]) > 1e-12 * std::max(std::abs(a[i]), std::abs(b[i]))) return a[i] < b[i];
  }
  return false;
}

struct Label {
  Value value{};
  double bytes = 0;                ///< through the switch, so far
  int32_t before = -1, next = -1;  ///< on its way; of the same state
  int32_t key = 0;
  Stage stage;  ///< that led here, without options
};

/// What a label is compared by, close together.
struct Reached {
  Keys::Packed packed;
  Value value{};
  double bytes = 0;
};

struct Extension {
  Stage stage;
  Value value;
};

class Pipelines {
 public:
  Pipelines(const Problem& problem, const Request& request, const Goal& goal, bool any)
      : problem_(problem),
        request_(request),
        goal_(goal),
        any_(any),
        finder_(problem, goal),
        keys_(problem, request, problem.topology == Topology::kPointToPoint || goal.objective == Objective::kLatency) {
    heads_.assign(problem.cuts.size() * static_cast<size_t>(keys_.count()), -1);
    at_cut_.resize(problem.cuts.size());
    reached_.resize(problem.cuts.size());
  }

  std::optional<Plan> find() {
    const auto end = static_cast<int32_t>(problem_.end());
    if (problem_.topology == Topology::kSwitch && !finder_.port_keeps_up(problem_.host, end, 0, 1)) return std::nullopt;
    const bool furthest = any_ && only_longest_matter();
    keep({}, 0);
    for (int32_t from = 0; from < end; ++from) {
      if (at_cut_[static_cast<size_t>(from)].empty()) continue;
      const std::vector<Extension> next = candidates(from, furthest);
      // `extend` makes new labels, but none at this cut.
      for (const int32_t label : at_cut_[static_cast<size_t>(from)]) {
        if (!is_kept(label, from)) continue;
        for (const Extension& candidate : next) extend(label, candidate);
      }
    }
    return best_at_end();
  }

 private:
  const Cut& cut(int32_t index) const { return problem_.cuts[static_cast<size_t>(index)]; }
  const Link& link(const Stage& stage) const { return problem_.types[static_cast<size_t>(stage.type)].link; }
  bool is_cabled() const { return problem_.topology == Topology::kPointToPoint; }

  bool only_longest_matter() const {
    if (is_cabled() || problem_.switch_bandwidth > 0 || !request_.cuts.empty() || !request_.without.empty() ||
        request_.fewest_stages > 1)
      return false;
    for (size_t t = 0; t < problem_.types.size(); ++t) {
      if (!problem_.measured[t].empty()) return false;
      for (int32_t at = 0; at < static_cast<int32_t>(problem_.cuts.size()); ++at) {
        const Link& port = problem_.types[t].link;
        const double seconds = port_seconds(port, cut(at).bytes, problem_.images_per_message);
        if (seconds * (port.half_duplex ? 2 : 1) > goal_.period) return false;
        if (at > 0 && !follows(at - 1, at)) return false;
      }
    }
    return true;
  }

  bool follows(int32_t from, int32_t to) const {
    const std::vector<bool>&before = cut(from).done, &after = cut(to).done;
    for (size_t i = 0; i < before.size(); ++i) {
      if (before[i] && !after[i]) return false;
    }
    return before != after;
  }

  bool is_wanted(const Stage& stage) const {
    const std::vector<int32_t>& cuts = request_.cuts;
    if (!cuts.empty()) {
      const auto next = std::ranges::upper_bound(cuts, stage.from);
      if (stage.to != (next == cuts.end() ? static_cast<int32_t>(problem_.end()) : *next)) return false;
    }
    return std::ranges::none_of(request_.without, [&](const Stage& other) {
      return other.from == stage.from && other.to == stage.to && other.type == stage.type &&
             other.replicas == stage.replicas;
    });
  }

  /// Stages from a cut on that fit and keep up.
  std::vector<Extension> candidates(int32_t from, bool furthest) const {
    std::vector<Extension> result;
    for (int32_t type = 0; type < static_cast<int32_t>(problem_.types.size()); ++type) {
      const int32_t count = problem_.types[static_cast<size_t>(type)].count;
      const int32_t most = request_.most_replicas > 0 ? std::min(count, request_.most_replicas) : count;
      for (int32_t replicas = 1; replicas <= most; ++replicas) {
        const size_t first = result.size();
        add_candidates(result, {from, 0, type, replicas, {}});
        if (furthest && result.size() > first + 1)
          result.erase(result.begin() + static_cast<std::ptrdiff_t>(first), result.end() - 1);
      }
    }
    return result;
  }

  void add_candidates(std::vector<Extension>& result, Stage stage) const {
    std::vector<int32_t> too_much;
    for (stage.to = stage.from + 1; stage.to < static_cast<int32_t>(problem_.cuts.size()); ++stage.to) {
      if (std::ranges::any_of(too_much, [&](int32_t smaller) { return follows(smaller, stage.to); })) continue;
      if (!follows(stage.from, stage.to) || !is_wanted(stage)) continue;
      const StageFinder::Found found = finder_.find(stage);
      if (found.verdict == StageFinder::Verdict::kTooMuch) too_much.push_back(stage.to);
      if (found.verdict == StageFinder::Verdict::kFits) result.push_back({stage, found.value});
    }
  }

  /// Seconds that an image alone takes from one to the other; none if the link cannot keep up or has not enough ports.
  std::optional<double> hop(const Label& before, const Stage* to, int32_t at) const {
    const Stage* from = before.before < 0 ? nullptr : &before.stage;
    const Link& sender = from ? link(*from) : problem_.host;
    const Link& receiver = to ? link(*to) : problem_.host;
    const double bytes = cut(at).bytes;
    const Link both = cable(sender, receiver);
    double alone = std::max(port_seconds(sender, bytes, 1), port_seconds(receiver, bytes, 1));
    if (is_cabled()) {
      if (!cables_keep_up(before, from, to, both, bytes)) return std::nullopt;
      alone = port_seconds(both, bytes, 1);
    }
    if (problem_.switch_bandwidth > 0) alone = std::max(alone, bytes / problem_.switch_bandwidth);
    return both.latency + alone;
  }

  bool cables_keep_up(const Label& before, const Stage* from, const Stage* to, const Link& both, double bytes) const {
    const int32_t senders = from ? from->replicas : 1, receivers = to ? to->replicas : 1;
    const bool only = from && !to && labels_[static_cast<size_t>(before.before)].before < 0;
    double seconds = port_seconds(both, bytes, problem_.images_per_message);
    if (only && both.half_duplex) seconds += port_seconds(both, cut(0).bytes, problem_.images_per_message);
    if (seconds > goal_.period * pairs(senders, receivers) * kHair) return false;
    const int32_t ports = from ? problem_.types[static_cast<size_t>(from->type)].ports : 0;
    const int32_t cables = only ? 1 : keys_.cables(before.key) + partners(senders, receivers);
    return ports == 0 || cables <= ports;
  }

  void extend(int32_t from, const Extension& candidate) {
    const Label before = labels_[static_cast<size_t>(from)];
    const Stage& stage = candidate.stage;
    const std::optional<int32_t> key = keys_.extended(before.key, stage, before.before < 0 ? 0 : before.stage.replicas);
    if (!key) return;
    const std::optional<double> seconds = hop(before, &stage, stage.from);
    if (!seconds) return;
    Label label{candidate.value, before.bytes + cut(stage.from).bytes, from, -1, *key, stage};
    if (any_) label.value = {};
    if (goal_.objective == Objective::kLatency) label.value[0] += *seconds;
    if (goal_.objective == Objective::kBytes && stage.from > 0) label.value[0] += cut(stage.from).bytes;
    label.value[0] += before.value[0];
    label.value[1] += before.value[1];
    label.value[2] += before.value[2];
    if (problem_.switch_bandwidth > 0) {
      if (label.bytes > goal_.period * problem_.switch_bandwidth * kHair) return;
    } else {
      label.bytes = 0;
    }
    keep(std::move(label), stage.to);
  }

  int32_t& head(int32_t at, int32_t key) {
    return heads_[static_cast<size_t>(at) * static_cast<size_t>(keys_.count()) + static_cast<size_t>(key)];
  }

  bool is_kept(int32_t label, int32_t at) {
    for (int32_t l = head(at, labels_[static_cast<size_t>(label)].key); l >= 0; l = labels_[static_cast<size_t>(l)].next) {
      if (l == label) return true;
    }
    return false;
  }

  void keep(Label label, int32_t at) {
    const std::optional<Keys::Packed> packed = keys_.packed(label.key);
    std::vector<Reached>& reached = reached_[static_cast<size_t>(at)];
    if (packed) {
      for (const Reached& other : reached) {
        if (other.packed.at_most(*packed) && !less(label.value, other.value) && other.bytes <= label.bytes) return;
      }
    }
    int32_t* place = &head(at, label.key);
    while (*place >= 0) {
      Label& other = labels_[static_cast<size_t>(*place)];
      if (!less(label.value, other.value) && other.bytes <= label.bytes) return;
      if (!less(other.value, label.value) && label.bytes <= other.bytes) {
        *place = other.next;
      } else {
        place = &other.next;
      }
    }
    if (packed) {
      std::erase_if(reached, [&](const Reached& other) {
        return packed->at_most(other.packed) && !less(other.value, label.value) && label.bytes <= other.bytes;
      });
      reached.push_back({*packed, label.value, label.bytes});
    }
    const auto index = static_cast<int32_t>(labels_.size());
    label.next = head(at, label.key);
    head(at, label.key) = index;
    labels_.push_back(std::move(label));
    at_cut_[static_cast<size_t>(at)].push_back(index);
  }

  std::optional<Plan> best_at_end() {
    const auto end = static_cast<int32_t>(problem_.end());
    int32_t best = -1;
    Value least{};
    for (const int32_t index : at_cut_[static_cast<size_t>(end)]) {
      const Label& label = labels_[static_cast<size_t>(index)];
      if (!is_kept(index, end) || !keys_.may_end(label.key)) continue;
      const std::optional<double> seconds = hop(label, nullptr, end);
      const double bytes = label.bytes + cut(end).bytes;
      if (!seconds) continue;
      if (problem_.switch_bandwidth > 0 && bytes > goal_.period * problem_.switch_bandwidth * kHair) continue;
      Value value = label.value;
      if (goal_.objective == Objective::kLatency) value[0] += *seconds;
      if (best >= 0 && !less(value, least)) continue;
      best = index;
      least = value;
    }
    if (best < 0) return std::nullopt;
    Plan plan;
    for (int32_t l = best; labels_[static_cast<size_t>(l)].before >= 0; l = labels_[static_cast<size_t>(l)].before)
      plan.stages.push_back(finder_.with_options(labels_[static_cast<size_t>(l)].stage));
    std::ranges::reverse(plan.stages);
    return plan;
  }

  const Problem& problem_;
  const Request& request_;
  Goal goal_;
  bool any_;
  StageFinder finder_;
  Keys keys_;
  std::vector<Label> labels_;
  std::vector<int32_t> heads_;                 ///< first label, by cut and key
  std::vector<std::vector<Reached>> reached_;  ///< of the labels that none at the same cut beats
  std::vector<std::vector<int32_t>> at_cut_;   ///< labels, with those that were dropped since
};

}  // namespace

std::optional<Plan> find_pipeline(const Problem& problem, const Request& request, const Goal& goal, bool any) {
  return Pipelines(problem, request, goal, any).find();
}

}  // namespace bitloom::plan
