// SPDX-License-Identifier: Apache-2.0
//
// Drawings of the hardware report.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "bitloom/hw.h"

namespace bitloom::hw {

/// Operations a second against operations a byte that enters or leaves, both logarithmic.
struct Roofline {
  double intensity = 0;  ///< of the design: operations a byte of its inputs and outputs
  double reached = 0;    ///< operations a second
  double peak = 0;       ///< if every PE and lane worked in every cycle
  double filled = 0;     ///< if the device were full of such PEs
  double bandwidth = 0;  ///< bytes a second that its ports carry at a word a cycle
};
std::string roofline_chart(const Roofline& r);

/// From the first word that enters a unit to the last one that leaves it, frame by frame.
struct Span {
  int64_t begin = 0, end = 0;  ///< cycles, the last one included
};
struct TimelineRow {
  std::string name;
  std::vector<Span> frames;
};
std::string timeline_chart(std::span<const TimelineRow> rows);

}  // namespace bitloom::hw
