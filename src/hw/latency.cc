// SPDX-License-Identifier: Apache-2.0
//
// When each word of the first frame passes each stream, if nothing ever has to wait for room.
//
// A word goes out a cycle after the one before it at the earliest, and a unit's latency after the last word of input that
// it needs. The latencies are those that the headers of rtl/ state.
#include <algorithm>
#include <numeric>

#include "bitloom/hw.h"

namespace bitloom::hw {
namespace {

using Times = std::vector<int64_t>;  ///< cycle in which each word of a stream moves

class Follower {
 public:
  explicit Follower(const Design& design) : design_(design), times_(design.streams.size()) {}

  Latency follow() {
    for (const Port& port : design_.inputs) {
      Times& times = times_[static_cast<size_t>(port.stream)];
      times.resize(static_cast<size_t>(design_.streams[static_cast<size_t>(port.stream)].words));
      std::iota(times.begin(), times.end(), 0);
    }
    for (const Unit& unit : design_.units) {
      unit_ = &unit;
      std::visit([&](const auto& kind) { pass(kind); }, unit.kind);
    }
    Latency latency{INT64_MAX, 0};
    for (const Port& port : design_.outputs) {
      const Times& times = times_[static_cast<size_t>(port.stream)];
      latency.first = std::min(latency.first, times.front());
      latency.last = std::max(latency.last, times.back());
    }
    return latency;
  }

 private:
  const Times& in(size_t port = 0) const { return times_[static_cast<size_t>(unit_->in[port])]; }
  Times& out(size_t port = 0) { return times_[static_cast<size_t>(unit_->out[port])]; }
  int64_t words_out(size_t port = 0) const { return design_.streams[static_cast<size_t>(unit_->out[port])].words; }

  void put(int64_t ready, size_t port = 0) {
    Times& times = out(port);
    times.push_back(times.empty() ? ready : std::max(ready, times.back() + 1));
  }
  void delay(int64_t cycles, size_t port = 0) {
    for (const int64_t t : in()) put(t + cycles, port);
  }

  void pass(const Threshold&) { delay(2); }
  void pass(const Scale&) { delay(2); }
  void pass(const Table&) { delay(0); }
  void pass(const Fifo&) { delay(1); }
  void pass(const Fork&) {
    delay(0, 0);
    delay(0, 1);
  }
  void pass(const Add&) {
    for (size_t i = 0; i < in().size(); ++i) put(std::max(in(0)[i], in(1)[i]) + 1);
  }
  void pass(const Top1&) { put(in().back() + 1); }

  void pass(const Width& w) {
    const bool through_multiple = w.in_lanes % w.out_lanes != 0 && w.out_lanes % w.in_lanes != 0;
    for (int64_t j = 0; j < words_out(); ++j) {
      const int64_t needed = ((j + 1) * w.out_lanes + w.in_lanes - 1) / w.in_lanes - 1;
      put(in()[static_cast<size_t>(needed)] + (through_multiple ? 2 : 1));
    }
  }

  void pass(const Crop& c) {
    const int64_t words = c.channels / c.lanes, first = c.first / c.lanes, end = first + c.count / c.lanes;
    for (size_t i = 0; i < in().size(); ++i) {
      const int64_t word = static_cast<int64_t>(i) % words;
      if (word >= first && word < end) put(in()[i]);
    }
  }

  void pass(const Concat& c) {
    const int64_t words0 = c.channels[0] / c.lanes, words = words0 + c.channels[1] / c.lanes;
    std::array<size_t, 2> next{};
    for (int64_t i = 0; i < words_out(); ++i) {
      const size_t port = i % words < words0 ? 0 : 1;
      put(in(port)[next[port]++]);
    }
  }

  void pass(const Reorder& r) {
    const int64_t in_words = r.elements / r.lanes;
    const int64_t out_words = r.counts[0] * r.counts[1] * r.counts[2] * r.counts[3] / r.lanes;
    for (int64_t i = 0; i < words_out(); ++i) put(in()[static_cast<size_t>((i / out_words + 1) * in_words - 1)] + 2);
  }

  template <typename Pool>
  void pool(const Pool& p) {
    const int64_t words = p.channels / p.lanes;
    for (int64_t oy = 0; oy < p.in_h / p.kernel_h; ++oy) {
      for (int64_t ox = 0; ox < p.in_w / p.kernel_w; ++ox) {
        const int64_t last = ((oy + 1) * p.kernel_h - 1) * p.in_w + (ox + 1) * p.kernel_w - 1;
        for (int64_t c = 0; c < words; ++c) put(in()[static_cast<size_t>(last * words + c)] + 1);
      }
    }
  }
  void pass(const MaxPool& p) { pool(p); }
  void pass(const SumPool& p) { pool(p); }

  void pass(const Mvtu& m) {
    const int64_t steps = m.steps(), uses = m.uses();
    const bool kept = steps > 1 && uses > 1;
    const int64_t behind = 3 + (kept ? 1 : 0) + (m.levels > 1 ? 1 : 0);  // from a row's last step to its output
    int64_t issue = -1;
    size_t word = 0;
    for (int64_t v = 0; v < m.vectors; ++v) {
      for (int64_t f = 0; f < m.folds(); ++f) {
        if (f % uses != 0) {  // finds its input kept
          issue += steps;
        } else {
          for (int64_t s = 0; s < steps; ++s) issue = std::max(issue + 1, in()[word++]);
        }
        put(issue + behind);
      }
    }
  }

  void pass(const Window& u) {
    const ir::Window& w = u.window;
    const int64_t words = u.channels / u.lanes;
    const int64_t outer = u.depthwise ? words : 1, inner = u.depthwise ? 1 : words;
    const auto tap = [&](int64_t y, int64_t x, int64_t c) {
      const bool inside = y >= 0 && y < u.in_h && x >= 0 && x < u.in_w;
      put(inside ? in()[static_cast<size_t>((y * u.in_w + x) * words + c)] + 2 : 0);
    };
    for (int64_t oy = 0; oy < u.out_h(); ++oy) {
      for (int64_t ox = 0; ox < u.out_w(); ++ox) {
        for (int64_t o = 0; o < outer; ++o) {
          for (int64_t ky = 0; ky < w.kernel_h; ++ky) {
            for (int64_t kx = 0; kx < w.kernel_w; ++kx) {
              const int64_t y = oy * w.stride_h - w.pad_top + ky * w.dilation_h;
              const int64_t x = ox * w.stride_w - w.pad_left + kx * w.dilation_w;
              for (int64_t c = 0; c < inner; ++c) tap(y, x, u.depthwise ? o : c);
            }
          }
        }
      }
    }
  }

  const Design& design_;
  std::vector<Times> times_;
  const Unit* unit_ = nullptr;
};

}  // namespace

Latency latency(const Design& design) { return Follower(design).follow(); }

}  // namespace bitloom::hw
