// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "bitloom/plan.h"

namespace bitloom::plan {

/// Which layer, link or number stands in the way, by how much, and what would help; for a request that has no plan.
std::string why_there_is_no_plan(const Problem& problem, const Request& request);

}  // namespace bitloom::plan
