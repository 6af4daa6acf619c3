// SPDX-License-Identifier: Apache-2.0
#include "diagnose.h"

#include <algorithm>
#include <cmath>

#include "change.h"
#include "ports.h"

namespace bitloom::plan {
namespace {

class Diagnosis {
 public:
  Diagnosis(const Problem& problem, const Request& request) : problem_(problem), request_(request) {}

  std::string text() const {
    std::string found = layer_too_large();
    if (found.empty()) found = stage_too_large();
    if (found.empty()) found = host_too_slow();
    if (found.empty()) found = layer_too_slow();
    if (found.empty()) found = rate_too_high();
    if (found.empty()) found = "there is no plan for these nodes, links and bounds";
    return found + remedy();
  }

 private:
  bool is_measured(size_t type) const { return !problem_.measured[type].empty(); }

  /// The resource that the options of these layers lack most on a node, at their least; a share of at most 1 if none.
  struct Lack {
    double share = 0, needs = 0, has = 0;
    size_t resource = 0;
  };
  Lack lack(size_t type, const std::vector<bool>& layers) const {
    Lack most;
    for (size_t k = 0; k < kResources; ++k) {
      double needs = 0;
      for (size_t layer = 0; layer < layers.size(); ++layer) {
        const auto& options = problem_.options[type][layer];
        if (!layers[layer] || options.empty()) continue;
        needs += std::ranges::min(options, {}, [k](const LayerOption& o) { return o.amounts[k]; }).amounts[k];
      }
      const double has = problem_.types[type].usable[k];
      const double share = needs == 0 ? 0 : has == 0 ? HUGE_VAL : needs / has;
      if (share > most.share) most = {share, needs, has, k};
    }
    return most;
  }

  /// The type on which these layers lack least, if they lack on all of them; else "".
  std::string too_large_everywhere(const std::vector<bool>& layers, const std::string& name) const {
    Lack least{HUGE_VAL, 0, 0, 0};
    std::string where;
    for (size_t t = 0; t < problem_.types.size(); ++t) {
      if (is_measured(t)) return "";
      const Lack here = lack(t, layers);
      if (here.share <= 1) return "";
      if (here.share < least.share || where.empty()) {
        least = here;
        where = problem_.types[t].name;
      }
    }
    return fmt::format("{} fits no node: even on '{}' it needs {:.0f} {} at least, and {:.0f} may be used", name, where,
                       least.needs, kResourceNames[least.resource], least.has);
  }

  std::string layer_too_large() const {
    for (size_t layer = 0; layer < problem_.layers.size(); ++layer) {
      std::vector<bool> one(problem_.layers.size());
      one[layer] = true;
      const bool possible = std::ranges::any_of(problem_.options, [&](const auto& of_type) {
        return of_type.size() == problem_.layers.size() && !of_type[layer].empty();
      });
      const bool measured = std::ranges::any_of(problem_.measured, [](const auto& list) { return !list.empty(); });
      if (!possible && !measured) return fmt::format("layer '{}' runs on no node", problem_.layers[layer]);
      const std::string found = too_large_everywhere(one, fmt::format("layer '{}'", problem_.layers[layer]));
      if (!found.empty()) return found;
    }
    return "";
  }

  /// Where the cuts are given, or there may be one stage only.
  std::string stage_too_large() const {
    std::vector<int32_t> cuts = request_.cuts;
    const int64_t nodes = [&] {
      int64_t sum = 0;
      for (const NodeType& type : problem_.types) sum += type.count;
      return request_.most_nodes > 0 ? std::min<int64_t>(request_.most_nodes, sum) : sum;
    }();
    if (cuts.empty() && nodes > 1 && request_.most_stages != 1) return "";
    cuts.push_back(static_cast<int32_t>(problem_.end()));
    int32_t from = 0;
    for (const int32_t to : cuts) {
      std::vector<bool> layers = problem_.cuts[static_cast<size_t>(to)].done;
      for (size_t i = 0; i < layers.size(); ++i) layers[i] = layers[i] && !problem_.cuts[static_cast<size_t>(from)].done[i];
      const Stage stage{from, to, 0, 1, {}};
      const std::string name = plan::text(problem_, stage);
      const std::string found = too_large_everywhere(layers, "the stage " + name.substr(0, name.rfind(" on ")));
      if (!found.empty()) return found;
      from = to;
    }
    return "";
  }

  std::string host_too_slow() const {
    if (request_.rate == 0 || problem_.topology == Topology::kPointToPoint) return "";
    const Link& host = problem_.host;
    const double send = port_seconds(host, problem_.cuts.front().bytes, problem_.images_per_message);
    const double receive = port_seconds(host, problem_.cuts.back().bytes, problem_.images_per_message);
    const double rate = 1 / (host.half_duplex ? send + receive : std::max(send, receive));
    if (rate * (1 + 1e-9) >= request_.rate) return "";
    return fmt::format("the host's link carries {:.4g} images/s of {:.0f} bytes ({:.4g} MB/s), and {:.4g} are asked for",
                       rate, std::max(problem_.cuts.front().bytes, problem_.cuts.back().bytes), host.bandwidth / 1e6,
                       request_.rate);
  }

  std::string layer_too_slow() const {
    if (request_.rate == 0) return "";
    for (size_t layer = 0; layer < problem_.layers.size(); ++layer) {
      double most = 0;
      std::string where;
      for (size_t t = 0; t < problem_.types.size(); ++t) {
        if (is_measured(t)) return "";
        int32_t replicas = problem_.types[t].count;
        if (request_.most_replicas > 0) replicas = std::min(replicas, request_.most_replicas);
        for (const LayerOption& option : problem_.options[t][layer]) {
          if (replicas / option.seconds > most) {
            most = replicas / option.seconds;
            where = problem_.types[t].name;
          }
        }
      }
      if (most * (1 + 1e-9) < request_.rate)
        return fmt::format("layer '{}' reaches {:.4g} images/s at most, on all '{}' together, and {:.4g} are asked for",
                           problem_.layers[layer], most, where, request_.rate);
    }
    return "";
  }

  std::string rate_too_high() const {
    if (request_.rate == 0) return "";
    Request any = request_;
    any.rate = 0;
    any.objective = Objective::kThroughput;
    const std::optional<Solution> best = try_solve(problem_, any);
    if (!best) return "";
    const Prediction& p = best->prediction;
    return fmt::format(
        "{:.4g} images/s are asked for, and these nodes reach {:.4g} at most ({:.1f} % less), held back by {}",
        request_.rate, p.rate, 100 * (1 - p.rate / request_.rate), p.loads[p.binding].what);
  }

  /// The smallest change that makes a plan possible.
  std::string remedy() const {
    constexpr int32_t kMost = 8;
    for (int32_t more = 1; more <= kMost; more *= 2) {
      for (size_t t = 0; t < problem_.types.size(); ++t) {
        Request larger = request_;
        if (larger.most_nodes > 0) larger.most_nodes += more;
        if (is_possible(with_more_nodes(problem_, t, more), larger))
          return fmt::format("; with {} more '{}' there is a plan", more, problem_.types[t].name);
      }
      if (is_possible(with_bandwidth(problem_, 2 * more), request_))
        return fmt::format("; with links {} times as fast there is a plan", 2 * more);
      for (size_t t = 0; t < problem_.types.size(); ++t) {
        if (is_possible(with_resources(problem_, t, 2 * more), request_))
          return fmt::format("; if '{}' had {} times its resources there were a plan", problem_.types[t].name, 2 * more);
      }
    }
    return request_.rate > 0 ? "; ask for a lower rate, or for more and larger nodes" : "; larger nodes are needed";
  }

  /// Whether some pipeline is there, whatever the objective.
  static bool is_possible(const Problem& problem, Request request) {
    request.objective = Objective::kDevices;
    try {
      return try_solve(problem, request).has_value();
    } catch (const Unsupported&) {
      return false;
    }
  }

  const Problem& problem_;
  const Request& request_;
};

}  // namespace

std::string why_there_is_no_plan(const Problem& problem, const Request& request) {
  return Diagnosis(problem, request).text();
}

}  // namespace bitloom::plan
