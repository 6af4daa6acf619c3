// SPDX-License-Identifier: Apache-2.0
//
// Units as they shake hands: when a unit offers its next word, and when it takes one.
//
// A word moves in the first cycle in which the unit before it holds it valid and the unit behind it is ready. Valid, once
// up, stays up; so a unit says from which cycle on it offers its next word, the unit behind it says in which cycle it takes
// it then, and both answers depend only on words that moved before. As long as one of these is not known yet, neither is
// the answer. Since no unit chooses between streams, the order in which words are settled does not matter.
//
// The rules are those of the modules in rtl/, register by register. T(n) is the cycle in which word n moves.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "bitloom/hw.h"

namespace bitloom::hw {

constexpr int64_t kUnknown = -1;

class Process;

/// A stream, or a wire inside of a unit.
struct Channel {
  std::vector<int64_t> times;  ///< T of the words so far
  std::vector<int64_t> valid;  ///< if `note_valid`: from which cycle on each was offered
  bool note_valid = false;
  Process *from = nullptr, *to = nullptr;
  size_t from_port = 0, to_port = 0;
  std::vector<Channel*> neighbours;  ///< whose words may wait for one of this
  std::vector<Channel*>* queue = nullptr;
  bool queued = false;

  size_t count() const { return times.size(); }
  /// Settles as many words as are known; true if there was one. Queues the neighbours then.
  bool advance();
};

/// T of a word, of one before the first (0), or unknown.
inline int64_t time_of(const Channel& channel, int64_t word) {
  if (word < 0) return 0;
  return word < static_cast<int64_t>(channel.count()) ? channel.times[static_cast<size_t>(word)] : kUnknown;
}

/// The later of two cycles, if both are known.
inline int64_t later(int64_t a, int64_t b) { return a == kUnknown || b == kUnknown ? kUnknown : std::max(a, b); }
inline int64_t after(int64_t cycle, int64_t cycles) { return cycle == kUnknown ? kUnknown : cycle + cycles; }

class Process {
 public:
  virtual ~Process() = default;
  /// The cycle from which the next word of an output is valid.
  virtual int64_t offer(size_t port) = 0;
  /// The cycle in which the next word of an input moves that is valid from cycle `valid` on.
  virtual int64_t accept(size_t port, int64_t valid) = 0;
  /// It moved.
  virtual void took(size_t, int64_t) {}
  /// Appends [begin, end) of the cycles in which it takes no input because it computes.
  virtual void computing(std::vector<std::pair<int64_t, int64_t>>&) const {}

  std::vector<Channel*> in, out;
};

/// Cycles that pass without a pause, as the test bench draws them.
class Pauses {
 public:
  Pauses(uint64_t seed, int percent);
  int64_t next_open(int64_t cycle);  ///< the first from this one on

 private:
  uint64_t state_;
  int percent_;
  std::vector<bool> open_;
};

/// An input of the design.
class Source : public Process {
 public:
  Source(int64_t frame_words, int64_t pace, uint64_t seed, int stalls)
      : frame_words_(frame_words), pace_(pace), pauses_(seed, stalls) {}
  int64_t offer(size_t port) override;
  int64_t accept(size_t, int64_t) override { return kUnknown; }
  void allow(int64_t frames) { words_ = frames * frame_words_; }

 private:
  int64_t frame_words_, pace_, words_ = 0;
  Pauses pauses_;
};

/// An output of the design.
class Sink : public Process {
 public:
  Sink(uint64_t seed, int stalls) : pauses_(~seed, stalls) {}
  int64_t offer(size_t) override { return kUnknown; }
  int64_t accept(size_t, int64_t valid) override { return pauses_.next_open(valid); }

 private:
  Pauses pauses_;
};

std::unique_ptr<Process> make_window(const Window& window);
std::unique_ptr<Process> make_mvtu_pipeline(const Mvtu& mvtu);

/// A unit as one process, or as two with a channel between them.
std::vector<std::unique_ptr<Process>> make_processes(const UnitKind& kind);

}  // namespace bitloom::hw
