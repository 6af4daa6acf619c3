// SPDX-License-Identifier: Apache-2.0
//
// Random problems for planners: chains and graphs with branches, nodes that work layer by layer or all at once, measured
// stages, links of all kinds.
#pragma once

#include <algorithm>
#include <limits>
#include <random>

#include "bitloom/plan.h"

namespace bitloom::test {

struct ProblemSize {
  int32_t layers = 5, types = 2, count = 2, options = 2;
  bool branches = true, measured = true;
};

class RandomProblem {
 public:
  explicit RandomProblem(uint64_t seed) : random_(seed) {}

  int32_t whole(int32_t least, int32_t most) { return std::uniform_int_distribution<int32_t>(least, most)(random_); }
  double real(double least, double most) { return std::uniform_real_distribution<double>(least, most)(random_); }
  bool chance(double share) { return real(0, 1) < share; }

  plan::Problem problem(const ProblemSize& size) {
    plan::Problem p;
    p.name = "random";
    for (int32_t i = 0; i < size.layers; ++i) p.layers.push_back("layer" + std::to_string(i));
    add_cuts(p, size.branches && chance(0.4));
    p.host = link(chance(0.2) ? 2e3 : 1e5);
    p.topology = chance(0.3) ? plan::Topology::kPointToPoint : plan::Topology::kSwitch;
    if (chance(0.2)) p.switch_bandwidth = real(5e3, 1e5);
    p.images_per_message = whole(1, 4);
    for (int32_t t = 0; t < size.types; ++t) add_type(p, size);
    return p;
  }

  plan::Request request(const plan::Problem& problem, plan::Objective objective) {
    plan::Request r;
    r.objective = objective;
    if (chance(0.5)) r.rate = real(1, 60);
    if (chance(0.2)) r.most_stages = whole(1, 3);
    if (chance(0.2)) r.fewest_stages = whole(1, r.most_stages > 0 ? r.most_stages : 3);
    if (chance(0.2)) r.most_replicas = whole(1, 2);
    if (chance(0.2)) r.most_nodes = whole(1, 3);
    if (chance(0.1)) {
      const auto at = whole(1, static_cast<int32_t>(problem.cuts.size()) - 1);
      if (at < static_cast<int32_t>(problem.end())) r.cuts = {at};
    }
    return r;
  }

 private:
  plan::Link link(double bandwidth) {
    return {bandwidth * real(0.5, 2), chance(0.5) ? real(0, 1e-3) : 0, chance(0.5) ? real(0, 1e-3) : 0, chance(0.3)};
  }

  void add_cut(plan::Problem& p, std::vector<bool> done) {
    const double bytes = real(10, 1000);
    p.cuts.push_back({"cut" + std::to_string(p.cuts.size()), std::move(done), bytes, bytes, {}});
  }

  /// A chain; or two chains side by side, of which each cut takes any part.
  void add_cuts(plan::Problem& p, bool branches) {
    const size_t layers = p.layers.size(), left = branches ? layers / 2 : layers;
    std::vector<std::vector<bool>> all;
    for (size_t a = 0; a <= left; ++a) {
      for (size_t b = 0; b <= layers - left; ++b) {
        std::vector<bool> done(layers);
        std::fill_n(done.begin(), a, true);
        std::fill_n(done.begin() + static_cast<std::ptrdiff_t>(left), b, true);
        all.push_back(std::move(done));
      }
    }
    std::ranges::stable_sort(all, {}, [](const auto& done) { return std::ranges::count(done, true); });
    for (auto& done : all) add_cut(p, std::move(done));
  }

  plan::Amounts amounts() {
    plan::Amounts a{};
    for (size_t k = 0; k < plan::kResources; ++k) a[k] = chance(0.7) ? whole(0, 50) : 0;
    return a;
  }

  void add_type(plan::Problem& p, const ProblemSize& size) {
    plan::NodeType type;
    type.name = "type" + std::to_string(p.types.size());
    type.count = whole(1, size.count);
    type.pipelined = chance(0.6);
    for (size_t k = 0; k < plan::kResources; ++k)
      type.total[k] = type.usable[k] = chance(0.1) ? std::numeric_limits<double>::infinity() : whole(40, 160);
    type.watts = real(0, 3);
    for (double& watts : type.watts_of) watts = real(0, 0.05);
    type.link = link(2e4);
    type.ports = chance(0.3) ? whole(1, 4) : 0;
    p.types.push_back(type);
    p.options.emplace_back();
    p.measured.emplace_back();
    if (size.measured && chance(0.15)) return add_measured(p);
    for (size_t layer = 0; layer < p.layers.size(); ++layer) {
      p.options.back().emplace_back();
      const int32_t options = chance(0.05) ? 0 : whole(1, size.options);
      for (int32_t i = 0; i < options; ++i) p.options.back().back().push_back({real(0.01, 0.2), amounts()});
    }
  }

  void add_measured(plan::Problem& p) {
    for (int32_t from = 0; from < static_cast<int32_t>(p.end()); ++from) {
      for (int32_t to = from + 1; to < static_cast<int32_t>(p.cuts.size()); ++to) {
        const auto& before = p.cuts[static_cast<size_t>(from)].done;
        const auto& after = p.cuts[static_cast<size_t>(to)].done;
        bool follows = true;
        for (size_t i = 0; i < before.size(); ++i) follows = follows && (!before[i] || after[i]);
        if (follows && chance(0.6)) p.measured.back().push_back({from, to, real(0.02, 0.3), amounts(), real(1, 4)});
      }
    }
    if (p.measured.back().empty()) p.measured.back().push_back({0, static_cast<int32_t>(p.end()), 0.1, {}, 1});
  }

  std::mt19937_64 random_;
};

}  // namespace bitloom::test
