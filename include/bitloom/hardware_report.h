// SPDX-License-Identifier: Apache-2.0
//
// A design as one page to look at: layers with their folding, cycles and resources, the device's utilisation, a roofline,
// and when which unit works on which frame.
#pragma once

#include <optional>
#include <string>

#include "bitloom/dataflow.h"
#include "bitloom/hw.h"
#include "bitloom/synth.h"

namespace bitloom::hw {

struct HardwareReport {
  Design design;
  Device device;
  double clock_mhz = 100;
  Dataflow flow;                       ///< of a few frames, with handshakes and activity
  std::optional<Synthesis> synthesis;  ///< of this design, units in its order
};

/// The page, complete in itself.
std::string html(const HardwareReport& report);

}  // namespace bitloom::hw
