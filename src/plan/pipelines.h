// SPDX-License-Identifier: Apache-2.0
//
// The best pipeline of stages if each image may take so long: a cheapest path through the cuts.
//
// A state is a cut, the nodes of each type that the stages before it use, and what of the last stage still matters (type,
// replicas and cables where links are point to point or their latency counts; the number of stages where that is bounded).
// What can follow depends on the state alone, and objectives are sums over stages and hops, so that what
// follows adds the same whichever way the state was reached. Of two ways into a state the worse one is thus in no best
// plan, or can be replaced in it by the other: it is dropped. States are left in the order of the cuts, when all ways into
// them are known. Where all transfers share a switch the bytes so far count as well: a way is kept unless another is at
// least as good in both. A way is dropped, too, if another into the same cut is as good and uses no more nodes of any type.
//
// If any pipeline will do, the value of a way does not matter. If besides no link can be too slow, and cuts follow one
// another, only the longest stage from each cut is tried: a pipeline stays one when a stage ends later and those after it
// begin later, as they only get shorter.
#pragma once

#include <optional>

#include "stage_finder.h"

namespace bitloom::plan {

/// The best pipeline for the goal; with `any`, some pipeline that reaches it. Throws Unsupported if there are too many
/// states.
std::optional<Plan> find_pipeline(const Problem& problem, const Request& request, const Goal& goal, bool any);

}  // namespace bitloom::plan
