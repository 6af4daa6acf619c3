// SPDX-License-Identifier: Apache-2.0
//
// The channels of a design, settled until no word is left that can be.
#include "bitloom/dataflow.h"

#include <algorithm>
#include <utility>

#include "dataflow_units.h"

namespace bitloom::hw {
namespace {

constexpr int64_t kMostFrames = 100;
constexpr int64_t kPatience = 3;  ///< frames slower than the pace

class Flow {
 public:
  Flow(const Design& design, const DataflowOptions& options) : design_(design), options_(options) {
    channels_.resize(design.streams.size());
    for (auto& channel : channels_) channel = std::make_unique<Channel>();
    for (const Unit& unit : design.units) add_unit(unit);
    for (const Port& port : design.inputs) {
      const uint64_t seed = options.seed + sources_.size();
      auto source = std::make_unique<Source>(stream(port).words, options.pace, seed, options.input_stalls);
      sources_.push_back(source.get());
      lead_out(*source, 0, *channels_[static_cast<size_t>(port.stream)]);
      processes_.push_back(std::move(source));
    }
    uint64_t seed = options.seed;
    for (const Port& port : design.outputs) {
      processes_.push_back(std::make_unique<Sink>(seed++, options.output_stalls));
      lead_in(*processes_.back(), 0, *channels_[static_cast<size_t>(port.stream)]);
    }
    for (auto& channel : channels_) {
      channel->note_valid = options.activity || options.bin_cycles > 0;
      channel->queue = &queue_;
      for (const Process* process : {channel->from, channel->to}) {
        for (const auto* side : {&process->in, &process->out})
          for (Channel* other : *side)
            if (other != channel.get()) channel->neighbours.push_back(other);
      }
    }
  }

  Dataflow run() {
    Dataflow result;
    const bool given = options_.frames > 0;
    for (int64_t frame = given ? options_.frames : 1;; ++frame) {
      for (Source* source : sources_) source->allow(frame);
      settle();
      result.frames = frames_out();
      result.stopped = result.frames < frame;
      if (given || result.stopped || frame == kMostFrames + start_up()) break;
      result.periodic = repeats(frame);
      if (result.periodic || falls_behind(frame)) break;
    }
    measure(result);
    return result;
  }

 private:
  using Spans = std::vector<std::pair<int64_t, int64_t>>;  ///< [begin, end) of cycles

  const Stream& stream(const Port& port) const { return design_.streams[static_cast<size_t>(port.stream)]; }

  static void lead_in(Process& process, size_t port, Channel& channel) {
    channel.to = &process;
    channel.to_port = port;
    process.in.push_back(&channel);
  }
  static void lead_out(Process& process, size_t port, Channel& channel) {
    channel.from = &process;
    channel.from_port = port;
    process.out.push_back(&channel);
  }

  void add_unit(const Unit& unit) {
    std::vector<std::unique_ptr<Process>> made = make_processes(unit.kind);
    for (size_t i = 0; i < unit.in.size(); ++i) lead_in(*made.front(), i, *channels_[static_cast<size_t>(unit.in[i])]);
    for (size_t i = 0; i < unit.out.size(); ++i) lead_out(*made.back(), i, *channels_[static_cast<size_t>(unit.out[i])]);
    for (size_t i = 0; i + 1 < made.size(); ++i) {
      channels_.push_back(std::make_unique<Channel>());
      lead_out(*made[i], 0, *channels_.back());
      lead_in(*made[i + 1], 0, *channels_.back());
    }
    units_.push_back(made.back().get());
    for (auto& process : made) processes_.push_back(std::move(process));
  }

  void settle() {
    for (bool moved = true; moved;) {
      moved = false;
      for (auto& channel : channels_) moved |= channel->advance();
      while (!queue_.empty()) {
        Channel* channel = queue_.back();
        queue_.pop_back();
        channel->queued = false;
        channel->advance();
      }
    }
  }

  /// Whole frames at every output.
  int64_t frames_out() const {
    int64_t least = INT64_MAX;
    for (const Port& port : design_.outputs)
      least = std::min(least, static_cast<int64_t>(times(port.stream).size()) / stream(port).words);
    return least;
  }
  const std::vector<int64_t>& times(int64_t stream) const { return channels_[static_cast<size_t>(stream)]->times; }

  /// Frames that the time of a word may depend on: a FIFO or line buffer asks when a word left that came so many before,
  /// and all else about the words right before it. A FIFO that was never full asks nothing.
  int64_t reach() const {
    int64_t most = 0;
    for (const Unit& unit : design_.units) {
      if (unit.in.empty()) continue;
      const int64_t words = design_.streams[static_cast<size_t>(unit.in[0])].words;
      int64_t depth = 0;
      if (const auto* fifo = std::get_if<Fifo>(&unit.kind)) depth = std::min<int64_t>(fifo->depth, high_water(unit));
      if (const auto* window = std::get_if<Window>(&unit.kind))
        depth = int64_t{window->rows + window->window.pad_top} * (words / window->in_h);
      most = std::max(most, (depth + words - 1) / words);
    }
    return most + 1;
  }

  /// True if the latest frames follow one another at the same distance on every stream.
  bool repeats(int64_t frames) const {
    if (frames < 3 || distance(frames) != distance(frames - 1)) return false;
    const int64_t reached = reach();
    if (frames <= reached) return false;
    for (size_t s = 0; s < design_.streams.size(); ++s) {
      const std::vector<int64_t>& all = times(static_cast<int64_t>(s));
      const int64_t words = design_.streams[s].words;
      const auto begin = static_cast<size_t>((frames - reached) * words), end = static_cast<size_t>(frames * words);
      if (all.size() < end) return false;
      for (size_t i = end; i-- > begin;)
        if (all[i] - all[i - static_cast<size_t>(words)] != distance(frames)) return false;
    }
    return true;
  }

  /// Frames that are underway before the first is out: until then those that come out may well be slower.
  int64_t start_up() const { return options_.pace == 0 ? 0 : end_of(1) / options_.pace + 2; }

  /// True if it will not keep the pace: the latest frames were all slower.
  bool falls_behind(int64_t frames) const {
    if (options_.pace == 0 || frames < start_up() + kPatience) return false;
    for (int64_t f = frames - kPatience; f <= frames; ++f)
      if (distance(f) <= options_.pace) return false;
    return true;
  }

  /// Cycles from the end of the frame before to that of the last of so many frames.
  int64_t distance(int64_t frames) const { return end_of(frames) - end_of(frames - 1); }

  /// Cycle of the last word of the first `frames` frames, at whichever output it comes last.
  int64_t end_of(int64_t frames) const {
    int64_t last = 0;
    for (const Port& port : design_.outputs)
      last = std::max(last, times(port.stream)[static_cast<size_t>(frames * stream(port).words) - 1]);
    return last;
  }

  void measure(Dataflow& result) {
    const int64_t frames = result.frames;
    if (frames > 0) {
      result.latency = {INT64_MAX, end_of(1)};
      for (const Port& port : design_.outputs)
        result.latency.first = std::min(result.latency.first, times(port.stream).front());
      result.cycles = end_of(frames) + 1;
    }
    if (frames > 1) result.interval = end_of(frames) - end_of(frames - 1);
    if (result.stopped) {
      result.cycles = last_word() + 1;
      for (size_t u = 0; u < design_.units.size(); ++u)
        if (is_full(design_.units[u])) result.full.push_back(static_cast<int32_t>(u));
    }
    for (const Unit& unit : design_.units)
      result.high_water.push_back(std::holds_alternative<Fifo>(unit.kind) ? high_water(unit) : 0);
    if (options_.handshakes) {
      for (size_t s = 0; s < design_.streams.size(); ++s) {
        const std::vector<int64_t>& all = channels_[s]->times;
        result.handshakes.emplace_back(all.begin(), std::ranges::lower_bound(all, result.cycles));
      }
    }
    if (result.cycles == 0) return;
    for (size_t u = 0; u < design_.units.size(); ++u) {
      if (options_.activity) result.units.push_back(activity(u, result.cycles, result.cycles).front());
      if (options_.bin_cycles > 0) result.timeline.push_back(activity(u, result.cycles, options_.bin_cycles));
    }
  }

  int64_t last_word() const {
    int64_t last = -1;
    for (size_t s = 0; s < design_.streams.size(); ++s)
      if (!channels_[s]->times.empty()) last = std::max(last, channels_[s]->times.back());
    return last;
  }

  bool is_full(const Unit& unit) const {
    const auto* fifo = std::get_if<Fifo>(&unit.kind);
    return fifo != nullptr && times(unit.in[0]).size() - times(unit.out[0]).size() == static_cast<size_t>(fifo->depth);
  }

  /// The depth with which every word would have moved as it did.
  int64_t high_water(const Unit& unit) const {
    const std::vector<int64_t>&in = times(unit.in[0]), &out = times(unit.out[0]);
    size_t gone = 0;
    int64_t most = 0;
    for (size_t i = 0; i < in.size(); ++i) {
      while (gone < out.size() && out[gone] < in[i]) ++gone;
      most = std::max(most, static_cast<int64_t>(i + 1 - gone));
    }
    return most;
  }

  /// What a unit did in each bin.
  std::vector<Activity> activity(size_t index, int64_t cycles, int64_t bin_cycles) {
    const Unit& unit = design_.units[index];
    Spans blocked, busy;
    for (const int32_t s : unit.out) {
      Channel& channel = *channels_[static_cast<size_t>(s)];
      for (size_t i = 0; i < channel.count(); ++i) {
        blocked.emplace_back(channel.valid[i], channel.times[i]);
        busy.emplace_back(channel.times[i], channel.times[i] + 1);
      }
      const int64_t pending = channel.from->offer(channel.from_port);
      if (pending != kUnknown) blocked.emplace_back(pending, cycles);
    }
    for (const int32_t s : unit.in)
      for (const int64_t t : times(s)) busy.emplace_back(t, t + 1);
    units_[index]->computing(busy);
    std::vector<Activity> bins(static_cast<size_t>((cycles + bin_cycles - 1) / bin_cycles));
    const auto add = [&](int64_t begin, int64_t end, int64_t Activity::*what) {
      end = std::min(end, cycles);
      while (begin < end) {
        const int64_t bin = begin / bin_cycles, stop = std::min(end, (bin + 1) * bin_cycles);
        bins[static_cast<size_t>(bin)].*what += stop - begin;
        begin = stop;
      }
    };
    blocked = merged(std::move(blocked));
    for (const auto& [begin, end] : blocked) add(begin, end, &Activity::blocked);
    for (const auto& [begin, end] : without(merged(std::move(busy)), blocked)) add(begin, end, &Activity::busy);
    for (size_t b = 0; b < bins.size(); ++b) {
      const int64_t length = std::min(cycles - static_cast<int64_t>(b) * bin_cycles, bin_cycles);
      bins[b].starved = length - bins[b].busy - bins[b].blocked;
    }
    return bins;
  }

  /// In order, and apart.
  static Spans merged(Spans spans) {
    std::ranges::sort(spans);
    Spans result;
    for (const auto& span : spans) {
      if (span.first >= span.second) continue;
      if (result.empty() || span.first > result.back().second)
        result.push_back(span);
      else
        result.back().second = std::max(result.back().second, span.second);
    }
    return result;
  }

  /// What of `spans` is not in `others`; both in order and apart.
  static Spans without(const Spans& spans, const Spans& others) {
    Spans result;
    size_t other = 0;
    for (auto [at, end] : spans) {
      while (other < others.size() && others[other].second <= at) ++other;
      for (size_t o = other; o < others.size() && others[o].first < end; ++o) {
        if (others[o].first > at) result.emplace_back(at, others[o].first);
        at = others[o].second;
      }
      if (at < end) result.emplace_back(at, end);
    }
    return result;
  }

  const Design& design_;
  DataflowOptions options_;
  std::vector<std::unique_ptr<Channel>> channels_;  ///< streams first
  std::vector<std::unique_ptr<Process>> processes_;
  std::vector<const Process*> units_;
  std::vector<Source*> sources_;
  std::vector<Channel*> queue_;
};

}  // namespace

Dataflow simulate_handshakes(const Design& design, const DataflowOptions& options) {
  BITLOOM_CHECK(options.frames > 0 || (options.input_stalls == 0 && options.output_stalls == 0));
  if (options.frames > 0 || options.pace > 0) return Flow(design, options).run();
  // Offered as fast as the first units take them, frames would pile up in front of the slowest one, too slowly to wait for.
  DataflowOptions paced = options;
  for (paced.pace = interval(design);;) {
    Dataflow flow = Flow(design, paced).run();
    if (flow.stopped || (flow.periodic && flow.interval == paced.pace)) return flow;
    if (!flow.periodic && flow.interval <= paced.pace) return flow;
    paced.pace = std::max(flow.interval, paced.pace + 1);
  }
}

std::string describe_stop(const Design& design, const Dataflow& flow) {
  std::string full;
  for (const int32_t u : flow.full) {
    const Unit& unit = design.units[static_cast<size_t>(u)];
    full += fmt::format("{}'{}' ({} words)", full.empty() ? "" : ", ", unit.name, std::get<Fifo>(unit.kind).depth);
  }
  return fmt::format("it stops in frame {} after {} cycles, for units wait for each other{}{}", flow.frames + 1,
                     flow.cycles, full.empty() ? "" : "; these FIFOs are full: ", full);
}

Latency latency(const Design& design) {
  const Dataflow flow = simulate_handshakes(design, {.frames = 1});
  if (flow.stopped) throw Error("the design does not work: {}", describe_stop(design, flow));
  return flow.latency;
}

}  // namespace bitloom::hw
