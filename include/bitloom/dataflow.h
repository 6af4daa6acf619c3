// SPDX-License-Identifier: Apache-2.0
//
// When each word of a design moves: the handshakes of its units cycle by cycle, without the arithmetic.
//
//   const hw::Design sized = hw::size_fifos(hw::design(network, folding));
//   const hw::Dataflow flow = hw::simulate_handshakes(sized);   // flow.interval == hw::interval(sized)
//
// The model is exact: a test holds every handshake of every stream against the RTL. It does not go from cycle to cycle but
// from word to word: the cycle in which a word moves follows from those of words before it (src/hw/dataflow_units.h), so a
// frame costs as much as it has words, however many cycles it takes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bitloom/hw.h"

namespace bitloom::hw {

struct DataflowOptions {
  int64_t frames = 0;     ///< at each input, one right after another; 0: until the design repeats itself
  int64_t pace = 0;       ///< frame k is offered from cycle k * pace on; 0: as soon as it is taken, or, without a number of
                          ///< frames, at the fastest pace that the design keeps
  int input_stalls = 0;   ///< per cent of the cycles in which no word is offered, drawn as rtl/test_bench.cc draws them
  int output_stalls = 0;  ///< per cent of the cycles in which none is taken; with stalls, `frames` must be given
  uint64_t seed = 1;      ///< of the stalls
  bool handshakes = false;
  bool activity = false;
  int64_t bin_cycles = 0;  ///< length of the bins of `timeline`; 0: no timeline
};

struct Dataflow {
  bool stopped = false;             ///< no word can move any more, but some are missing at the outputs: a deadlock
  bool periodic = false;            ///< it repeats itself, so `interval` holds for ever
  int64_t frames = 0;               ///< whole ones that came out
  int64_t interval = 0;             ///< cycles between the ends of the last two frames; 0 for a single one
  Latency latency;                  ///< of the first frame
  int64_t cycles = 0;               ///< until the last word came out (if stopped: moved), inclusive
  std::vector<int32_t> full;        ///< if stopped: the FIFO units that are full
  std::vector<int64_t> high_water;  ///< by unit: most words that a FIFO held; 0 for others
  std::vector<std::vector<int64_t>> handshakes;  ///< if asked for, by stream: cycles in which its words moved
  std::vector<Activity> units;                   ///< if asked for, by unit: of all cycles
  std::vector<std::vector<Activity>> timeline;   ///< if asked for, by unit and bin
};

/// Streams frames through a design.
///
/// Without a number of frames it goes on until the design repeats itself: the words of the latest frames move, on every
/// stream, a constant number of cycles after those of the frame before. As many frames are compared as any word's time can
/// depend on, so by induction all later ones repeat as well: that proves the interval, and that the design never stops. It
/// gives up after 100 frames (periodic = false), or when it is clear that a given pace is too fast.
Dataflow simulate_handshakes(const Design& design, const DataflowOptions& options = {});

/// "it stops in frame 1 after 63 cycles, for units wait for each other; these FIFOs are full: 'sum:1.fifo' (4 words)".
std::string describe_stop(const Design& design, const Dataflow& flow);

/// The design with FIFOs and line buffers as small as its interval allows: each FIFO has the fewest words (2 at least,
/// which cut the paths of `ready`), each window the fewest rows with which simulate_handshakes finds the interval that
/// ample ones give; a word or row less anywhere, with the others as they are, would make it slower or stop it. What the
/// folding says of a FIFO or window stays as it is. Design::folding says what was chosen. Throws Error if the design stops
/// even with ample FIFOs, which only fixed ones can cause.
Design size_fifos(Design design);

}  // namespace bitloom::hw
