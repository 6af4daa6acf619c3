// SPDX-License-Identifier: Apache-2.0
//
// How long ports and cables are busy.
#pragma once

#include <algorithm>
#include <numeric>

#include "bitloom/plan.h"

namespace bitloom::plan {

/// Of a port, with a message's overhead shared by its images.
inline double port_seconds(const Link& link, double bytes, int32_t images) {
  return link.overhead / images + bytes / link.bandwidth;
}

/// A cable is as good as the worse of the ports at its ends.
inline Link cable(const Link& a, const Link& b) {
  return {std::min(a.bandwidth, b.bandwidth), std::max(a.latency, b.latency), std::max(a.overhead, b.overhead),
          a.half_duplex || b.half_duplex};
}

/// Cables that each of `replicas` nodes needs to `others` nodes, when both take images in turn: image n goes from n %
/// replicas to n % others.
inline int32_t partners(int32_t replicas, int32_t others) { return others / std::gcd(replicas, others); }

/// Which share of the images is at the ends of a hop the same pair of nodes: one of so many.
inline int32_t pairs(int32_t replicas, int32_t others) { return std::lcm(replicas, others); }

}  // namespace bitloom::plan
