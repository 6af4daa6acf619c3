// SPDX-License-Identifier: Apache-2.0
//
// The handshakes of the units of a Dot layer: its window, and its products.
#include "dataflow_units.h"

namespace bitloom::hw {
namespace {

/// The ring of rows: a word is read (offered a cycle later) when it was taken in an earlier cycle and the output register
/// is free; with the last word of an output row, rows are given up, which makes room a cycle later.
class Ring : public Process {
 public:
  explicit Ring(const Window& w)
      : w_(w),
        words_(w.channels / w.lanes),
        row_(w.in_w * words_),
        depth_(w.rows * row_),
        above_(w.window.pad_top * row_),
        out_h_(w.out_h()),
        out_w_(w.out_w()) {}

  int64_t offer(size_t) override {
    if (read_ == out[0]->count()) read();
    return read_ > out[0]->count() ? valid_ : kUnknown;
  }
  int64_t accept(size_t, int64_t valid) override {
    const auto word = static_cast<int64_t>(in[0]->count());
    while (above_ + word - given_up_ >= depth_) {
      if (rows_seen_ == rows_.size() && read_ == out[0]->count()) read();
      if (rows_seen_ == rows_.size()) return kUnknown;
      room_ = rows_[rows_seen_++] + 1;
      const bool picture_ends = static_cast<int64_t>(rows_seen_) % out_h_ == 0;
      const int64_t ahead = w_.in_h - (out_h_ - 1) * w_.window.stride_h;
      given_up_ += (picture_ends ? ahead : w_.window.stride_h) * row_;
    }
    return std::max(valid, room_);
  }

 private:
  void read() {
    const int64_t y = oy_ * w_.window.stride_h - w_.window.pad_top + ky_ * w_.window.dilation_h;
    const int64_t x = ox_ * w_.window.stride_w - w_.window.pad_left + kx_ * w_.window.dilation_w;
    int64_t cycle = read_ == 0 ? 0 : out[0]->times.back();
    if (y >= 0 && y < w_.in_h && x >= 0 && x < w_.in_w) {
      const int64_t word = picture_ * w_.in_h * row_ + y * row_ + x * words_ + c_;
      if (word >= static_cast<int64_t>(in[0]->count())) return;
      cycle = std::max(cycle, in[0]->times[static_cast<size_t>(word)] + 1);
    }
    valid_ = cycle + 1;
    ++read_;
    if (step()) rows_.push_back(cycle);
  }
  /// True at the end of an output row.
  bool step() {
    const auto ends = [](int64_t& at, int64_t count) {
      at = at + 1 == count ? 0 : at + 1;
      return at == 0;
    };
    if (!w_.depthwise && !ends(c_, words_)) return false;
    if (!ends(kx_, w_.window.kernel_w) || !ends(ky_, w_.window.kernel_h)) return false;
    if (w_.depthwise && !ends(c_, words_)) return false;
    if (!ends(ox_, out_w_)) return false;
    if (ends(oy_, out_h_)) ++picture_;
    return true;
  }

  Window w_;
  int64_t words_, row_, depth_, above_, out_h_, out_w_;
  int64_t picture_ = 0, oy_ = 0, ox_ = 0, ky_ = 0, kx_ = 0, c_ = 0;  // of the next word to read
  size_t read_ = 0;                                                  // words
  int64_t valid_ = 0;                                                // of the last one read
  std::vector<int64_t> rows_;                                        // cycles of the last words of output rows
  size_t rows_seen_ = 0;
  int64_t given_up_ = 0, room_ = 0;
};

/// A matrix-vector unit. A step is issued each cycle; the last of a fold becomes a finished word `stages` cycles later. The
/// pipeline moves as a whole: a finished word that meets one that is not taken stalls all of it, issue included, so that
/// gaps stay where they are.
class Pipeline : public Process {
 public:
  explicit Pipeline(const Mvtu& m)
      : steps_(m.steps()), uses_(m.uses()), stages_(2 + (steps_ > 1 && uses_ > 1 ? 1 : 0) + (m.levels > 1 ? 1 : 0)) {}

  int64_t offer(size_t) override {
    const size_t n = out[0]->count();
    if (finished_.size() == n) {
      compute();
      for (Word& word : words_) {
        if (!word.resolved) {
          resolve(word);
          break;
        }
      }
    }
    return finished_.size() > n ? finished_[n] + 1 : kUnknown;
  }

  int64_t accept(size_t, int64_t valid) override {
    if (!compute()) return kUnknown;
    int64_t cycle = std::max(valid, issued_ + 1);
    for (Word& word : words_) {
      if (!word.resolved && word.arrives > cycle) break;
      if (!resolve(word)) return kUnknown;
      if (cycle >= word.arrives && cycle < word.leaves) cycle = word.leaves;
    }
    return cycle;
  }

  void took(size_t, int64_t cycle) override {
    issued_ = cycle;
    if (++step_ < steps_) return;
    step_ = 0;
    filled_ = cycle;
    end_fold();
  }

  void computing(std::vector<std::pair<int64_t, int64_t>>& spans) const override {
    spans.insert(spans.end(), spans_.begin(), spans_.end());
    if (use_ > 0) spans.emplace_back(filled_ + 1, INT64_MAX);
  }

 private:
  /// A word between its last step and the output register.
  struct Word {
    int64_t arrives = 0;  ///< at the end of the pipeline
    int64_t leaves = 0;   ///< it; the cycles between are stalls
    bool resolved = false;
  };

  /// Issues the folds that find their input kept; false as long as one may meet a stall that is not known.
  bool compute() {
    while (use_ > 0) {
      int64_t end = issued_ + steps_;
      for (Word& word : words_) {
        if (word.arrives > end) break;
        if (!resolve(word)) return false;
        if (word.arrives > issued_) end += word.leaves - word.arrives;
      }
      issued_ = end;
      end_fold();
    }
    return true;
  }

  void end_fold() {
    Word word{issued_ + stages_, 0, false};
    std::erase_if(words_, [&](const Word& w) { return w.resolved && w.leaves <= issued_ + 1; });
    for (const Word& w : words_)
      if (w.resolved && w.arrives > issued_) word.arrives += w.leaves - w.arrives;
    words_.push_back(word);
    if (++use_ < uses_) return;
    use_ = 0;
    if (uses_ > 1) spans_.emplace_back(filled_ + 1, issued_ + 1);
  }

  /// Only if those before it are: the first that is not.
  bool resolve(Word& word) {
    if (word.resolved) return true;
    const int64_t free = time_of(*out[0], static_cast<int64_t>(finished_.size()) - 1);
    if (free == kUnknown) return false;
    word.leaves = std::max(word.arrives, free);
    word.resolved = true;
    finished_.push_back(word.leaves);
    for (Word& w : words_)
      if (!w.resolved) w.arrives += word.leaves - word.arrives;
    return true;
  }

  int64_t steps_, uses_, stages_;
  int64_t step_ = 0, use_ = 0;  // of the fold, of the vector
  int64_t issued_ = -1;         // cycle of the last step
  int64_t filled_ = 0;          // cycle of the vector's last word
  std::vector<Word> words_;     // a handful; resolved ones as long as a step may meet their stall
  std::vector<int64_t> finished_;
  std::vector<std::pair<int64_t, int64_t>> spans_;
};

}  // namespace

std::unique_ptr<Process> make_window(const Window& window) { return std::make_unique<Ring>(window); }
std::unique_ptr<Process> make_mvtu_pipeline(const Mvtu& mvtu) { return std::make_unique<Pipeline>(mvtu); }

}  // namespace bitloom::hw
