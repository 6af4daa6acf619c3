// SPDX-License-Identifier: Apache-2.0
//
// A plan as one page to look at: the stages on their devices, what sets the rate and what would raise it, the bytes at
// every cut, and the simulated messages.
#pragma once

#include <string>
#include <vector>

#include "bitloom/split.h"

namespace bitloom::plan {

/// A way to use more nodes.
struct Strategy {
  std::string name;
  std::vector<double> rates;  ///< rates[n - 1]: images a second with n nodes; 0: no plan
};
/// The whole network on each node; a pipeline without replicas; a pipeline of two or more stages with them; the best. For
/// up to 16 nodes: one more than there are, and at least 6, of a cluster with one type; else of those that are there.
std::vector<Strategy> strategies(const Problem& problem);

/// A plan that no other plan beats in rate and power at once.
struct Point {
  double rate = 0, watts = 0;
  double area = 0;  ///< sum of the nodes' shares of their scarcest resource
  std::string label;
  int32_t nodes = 0;
};
/// From the least power to the highest rate.
std::vector<Point> rate_against_power(const Problem& problem);

struct PlanReport {
  std::string title;  ///< network on cluster
  Problem problem;
  Request request;
  Solution solution;
  Explanation explanation;
  Simulated simulated;
  SimulationOptions options;

  std::vector<Strategy> strategies;
  std::vector<Point> pareto;
  std::vector<FirstNode> first_node;
  std::string first_node_device;
};

/// All that there is to show of a plan.
PlanReport plan_report(const Split& split, const Request& request, const Solution& solution,
                       const SimulationOptions& options);

/// The page, complete in itself. A section without data is left out.
std::string html(const PlanReport& report);

}  // namespace bitloom::plan
