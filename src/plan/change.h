// SPDX-License-Identifier: Apache-2.0
//
// Problems that differ in one thing.
#pragma once

#include "bitloom/plan.h"

namespace bitloom::plan {

inline Problem with_more_nodes(Problem problem, size_t type, int32_t more) {
  problem.types[type].count += more;
  return problem;
}

inline Problem with_bandwidth(Problem problem, double times) {
  problem.host.bandwidth *= times;
  problem.switch_bandwidth *= times;
  for (NodeType& type : problem.types) type.link.bandwidth *= times;
  return problem;
}

inline Problem with_resources(Problem problem, size_t type, double times) {
  for (double& usable : problem.types[type].usable) usable *= times;
  return problem;
}

}  // namespace bitloom::plan
