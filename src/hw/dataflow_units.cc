// SPDX-License-Identifier: Apache-2.0
#include "dataflow_units.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace bitloom::hw {
namespace {

/// Gates only: tables, and forks, whose word is done when all have it.
class Gates : public Process {
  int64_t offer(size_t port) override {
    if (out[port]->count() > in[0]->count()) return kUnknown;
    return in[0]->from->offer(in[0]->from_port);
  }
  int64_t accept(size_t, int64_t) override {
    int64_t last = 0;
    for (Channel* taker : out) {
      if (taker->count() == in[0]->count()) taker->advance();
      last = later(last, time_of(*taker, static_cast<int64_t>(in[0]->count())));
    }
    return last;
  }
};

/// Gates that pass some words of each pixel and drop the others.
class Cut : public Process {
 public:
  explicit Cut(const Crop& c) : words_(c.channels / c.lanes), first_(c.first / c.lanes), end_(first_ + c.count / c.lanes) {}
  int64_t offer(size_t) override {
    return passes() && out[0]->count() == passed_ ? in[0]->from->offer(in[0]->from_port) : kUnknown;
  }
  int64_t accept(size_t, int64_t valid) override {
    if (!passes()) return valid;
    if (out[0]->count() == passed_) out[0]->advance();
    return time_of(*out[0], static_cast<int64_t>(passed_));
  }
  void took(size_t, int64_t) override {
    if (passes()) ++passed_;
    word_ = (word_ + 1) % words_;
  }

 private:
  bool passes() const { return word_ >= first_ && word_ < end_; }
  int64_t words_, first_, end_, word_ = 0;
  size_t passed_ = 0;
};

/// Gates that pass the words of a pixel of one input, then those of the other.
class Turns : public Process {
 public:
  explicit Turns(const Concat& c) : words_{c.channels[0] / c.lanes, c.channels[1] / c.lanes} {}
  int64_t offer(size_t) override {
    const auto n = static_cast<int64_t>(out[0]->count()), pixel = words_[0] + words_[1];
    const size_t port = n % pixel < words_[0] ? 0 : 1;
    if (static_cast<int64_t>(in[port]->count()) != n / pixel * words_[port] + n % pixel - (port == 0 ? 0 : words_[0]))
      return kUnknown;  // the word before it is not noted there yet
    return later(in[port]->from->offer(in[port]->from_port), n == 0 ? 0 : out[0]->times.back() + 1);
  }
  int64_t accept(size_t port, int64_t) override {
    const auto n = static_cast<int64_t>(in[port]->count());
    const int64_t turn = n / words_[port] * (words_[0] + words_[1]) + n % words_[port] + (port == 0 ? 0 : words_[0]);
    if (static_cast<int64_t>(out[0]->count()) == turn) out[0]->advance();
    return time_of(*out[0], turn);
  }

 private:
  std::array<int64_t, 2> words_;
};

/// Two blocks, one of which is written while the other is read.
class Blocks : public Process {
 public:
  explicit Blocks(const Reorder& r)
      : in_words_(r.elements / r.lanes), out_words_(r.counts[0] * r.counts[1] * r.counts[2] * r.counts[3] / r.lanes) {}
  int64_t offer(size_t) override { return after(read(static_cast<int64_t>(out[0]->count())), 1); }
  int64_t accept(size_t, int64_t valid) override {
    const int64_t block = static_cast<int64_t>(in[0]->count()) / in_words_;
    return block < 2 ? valid : later(valid, after(read((block - 1) * out_words_ - 1), 1));
  }

 private:
  /// The cycle in which a word of output is read.
  int64_t read(int64_t word) const {
    return later(after(time_of(*in[0], (word / out_words_ + 1) * in_words_ - 1), 1), time_of(*out[0], word - 1));
  }
  int64_t in_words_, out_words_;
};

class Queue : public Process {
 public:
  explicit Queue(int64_t depth) : depth_(depth) {}
  int64_t offer(size_t) override {
    const auto n = static_cast<int64_t>(out[0]->count());
    return later(after(time_of(*in[0], n), 1), n == 0 ? 0 : out[0]->times.back() + 1);
  }
  int64_t accept(size_t, int64_t valid) override {
    const int64_t leaves = static_cast<int64_t>(in[0]->count()) - depth_;  // the word whose place it takes
    return leaves < 0 ? valid : later(valid, after(time_of(*out[0], leaves), 1));
  }

 private:
  int64_t depth_;
};

/// Two registers, each of which moves on when the next is free.
class TwoStages : public Process {
  int64_t offer(size_t) override {
    const auto n = static_cast<int64_t>(out[0]->count());
    return later(after(time_of(*in[0], n), 2), n == 0 ? 0 : out[0]->times.back() + 1);
  }
  // A word enters when the one before it leaves the first register.
  int64_t accept(size_t, int64_t valid) override {
    const auto n = static_cast<int64_t>(in[0]->count());
    return n == 0 ? valid : later(std::max(valid, in[0]->times.back() + 1), time_of(*out[0], n - 2));
  }
};

/// Takes a word of both inputs in the same cycle.
class Join : public Process {
  int64_t offer(size_t) override { return after(time_of(*in[0], static_cast<int64_t>(out[0]->count())), 1); }
  int64_t accept(size_t port, int64_t valid) override {
    const auto n = static_cast<int64_t>(in[port]->count()), others = static_cast<int64_t>(in[1 - port]->count());
    const Channel& other = *in[1 - port];
    if (others > n) return time_of(other, n);
    if (others < n) return kUnknown;  // the word before it is not noted there yet
    return later(later(valid, other.from->offer(other.from_port)), time_of(*out[0], n - 1));
  }
};

/// Some words of input complete one of output, which waits in a register.
class Gather : public Process {
 public:
  int64_t offer(size_t) override {
    const size_t n = out[0]->count();
    return n < complete_.size() ? complete_[n] + 1 : kUnknown;
  }
  int64_t accept(size_t, int64_t valid) override {
    return completes() ? later(valid, time_of(*out[0], static_cast<int64_t>(complete_.size()) - 1)) : valid;
  }
  void took(size_t, int64_t cycle) override {
    if (completes()) complete_.push_back(cycle);
    next();
  }

 private:
  virtual bool completes() const = 0;
  virtual void next() = 0;
  std::vector<int64_t> complete_;
};

/// The last word of a frame.
class LastOf : public Gather {
 public:
  explicit LastOf(int64_t words) : words_(words) {}

 private:
  bool completes() const override { return at_ + 1 == words_; }
  void next() override { at_ = (at_ + 1) % words_; }
  int64_t words_, at_ = 0;
};

/// The last word of a pool and channel.
class Pool : public Gather {
 public:
  Pool(int64_t words, int64_t in_h, int64_t in_w, int64_t kernel_h, int64_t kernel_w)
      : words_(words), in_h_(in_h), in_w_(in_w), kernel_h_(kernel_h), kernel_w_(kernel_w) {}

 private:
  bool completes() const override { return x_ % kernel_w_ == kernel_w_ - 1 && y_ % kernel_h_ == kernel_h_ - 1; }
  void next() override {
    if (++word_ < words_) return;
    word_ = 0;
    if (++x_ < in_w_) return;
    x_ = 0;
    y_ = (y_ + 1) % in_h_;
  }
  int64_t words_, in_h_, in_w_, kernel_h_, kernel_w_;
  int64_t word_ = 0, x_ = 0, y_ = 0;
};

/// A word into several.
class Narrow : public Process {
 public:
  explicit Narrow(int64_t parts) : parts_(parts) {}
  int64_t offer(size_t) override {
    const auto n = static_cast<int64_t>(out[0]->count());
    return n % parts_ == 0 ? after(time_of(*in[0], n / parts_), 1) : out[0]->times.back() + 1;
  }
  int64_t accept(size_t, int64_t valid) override {
    return later(valid, time_of(*out[0], static_cast<int64_t>(in[0]->count()) * parts_ - 1));
  }

 private:
  int64_t parts_;
};

/// Several words into one.
class Wide : public Process {
 public:
  explicit Wide(int64_t parts) : parts_(parts) {}
  int64_t offer(size_t) override {
    return after(time_of(*in[0], static_cast<int64_t>(out[0]->count() + 1) * parts_ - 1), 1);
  }
  int64_t accept(size_t, int64_t valid) override {
    const auto n = static_cast<int64_t>(in[0]->count());
    return n % parts_ == 0 ? later(valid, time_of(*out[0], n / parts_ - 1)) : valid;
  }

 private:
  int64_t parts_;
};

using Processes = std::vector<std::unique_ptr<Process>>;

struct Maker {
  Processes made;

  template <typename Kind, typename... Arguments>
  void add(Arguments... arguments) {
    made.push_back(std::make_unique<Kind>(arguments...));
  }

  void operator()(const Window& w) { made.push_back(make_window(w)); }
  void operator()(const Mvtu& m) { made.push_back(make_mvtu_pipeline(m)); }
  void operator()(const Threshold&) { add<TwoStages>(); }
  void operator()(const Table&) { add<Gates>(); }
  void operator()(const Fork&) { add<Gates>(); }
  void operator()(const MaxPool& p) { add<Pool>(p.channels / p.lanes, p.in_h, p.in_w, p.kernel_h, p.kernel_w); }
  void operator()(const SumPool& p) { add<Pool>(p.channels / p.lanes, p.in_h, p.in_w, p.kernel_h, p.kernel_w); }
  void operator()(const Width& w) {
    const int32_t middle = std::lcm(w.in_lanes, w.out_lanes);
    if (middle == w.in_lanes && middle == w.out_lanes) return add<Gates>();
    if (middle > w.in_lanes) add<Wide>(middle / w.in_lanes);
    if (middle > w.out_lanes) add<Narrow>(middle / w.out_lanes);
  }
  void operator()(const Fifo& f) { add<Queue>(f.depth); }
  void operator()(const Add&) { add<Join>(); }
  void operator()(const Crop& c) { add<Cut>(c); }
  void operator()(const Scale&) { add<TwoStages>(); }
  void operator()(const Concat& c) { add<Turns>(c); }
  void operator()(const Reorder& r) { add<Blocks>(r); }
  void operator()(const Top1& t) { add<LastOf>(t.classes / t.lanes); }
};

}  // namespace

bool Channel::advance() {
  const size_t before = times.size();
  for (;;) {
    const int64_t offered = from->offer(from_port);
    if (offered == kUnknown) break;
    const int64_t taken = to->accept(to_port, offered);
    if (taken == kUnknown) break;
    times.push_back(taken);
    if (note_valid) valid.push_back(offered);
    to->took(to_port, taken);
  }
  if (times.size() == before) return false;
  for (Channel* neighbour : neighbours) {
    if (neighbour->queued) continue;
    neighbour->queued = true;
    queue->push_back(neighbour);
  }
  return true;
}

Pauses::Pauses(uint64_t seed, int percent) : state_(seed * 0x9e3779b97f4a7c15 + 1), percent_(percent) {}

// As class Random of rtl/test_bench.cc.
int64_t Pauses::next_open(int64_t cycle) {
  if (percent_ == 0) return cycle;
  for (;; ++cycle) {
    while (open_.size() <= static_cast<size_t>(cycle)) {
      state_ ^= state_ << 13;
      state_ ^= state_ >> 7;
      state_ ^= state_ << 17;
      open_.push_back(static_cast<int>((state_ >> 33) % 100) >= percent_);
    }
    if (open_[static_cast<size_t>(cycle)]) return cycle;
  }
}

int64_t Source::offer(size_t) {
  const auto n = static_cast<int64_t>(out[0]->count());
  if (n >= words_) return kUnknown;
  int64_t from = n == 0 ? 0 : out[0]->times.back() + 1;
  if (pace_ > 0) from = std::max(from, n / frame_words_ * pace_);
  return pauses_.next_open(from);
}

std::vector<std::unique_ptr<Process>> make_processes(const UnitKind& kind) {
  Maker maker;
  std::visit(maker, kind);
  return std::move(maker.made);
}

}  // namespace bitloom::hw
