// SPDX-License-Identifier: Apache-2.0
//
// The test bench of an emitted design, for Verilator: streams the frames of input*.hex through it, all ports at once, with
// pauses on both sides if asked for, compares every word that comes out with expected*.hex, and prints what it measured as
// one JSON object.
//
//   test_bench [--input-stalls PERCENT] [--output-stalls PERCENT] [--seed N] [--patience CYCLES] [--waves FILE.vcd]
//              [--handshakes FILE] [--json FILE]
//
// The files are of the current folder, a word a line, hexadecimal, most significant digit first. A design that for so many
// cycles (--patience) neither takes nor gives a word has stopped. --handshakes writes stream and cycle, 32 bits each, of
// every word that moves. --json writes what is printed to a file as well. Exit status: 0 all words right, 1 some wrong or
// the design stopped, 2 wrong arguments.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "ports.h"
#include "verilated.h"
#include "watch.h"
#ifdef WAVES
#include "verilated_vcd_c.h"
#endif

namespace {

using Word = std::vector<uint32_t>;  // least significant first

Word parse(const std::string& hex) {
  Word word((hex.size() + 7) / 8);
  for (size_t digit = 0; digit < hex.size(); ++digit) {
    const std::string text(1, hex[hex.size() - 1 - digit]);
    word[digit / 8] |= static_cast<uint32_t>(std::strtoul(text.c_str(), nullptr, 16)) << (4 * (digit % 8));
  }
  return word;
}

std::vector<Word> read_words(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    std::fprintf(stderr, "%s: cannot open\n", path.c_str());
    std::exit(2);
  }
  std::vector<Word> words;
  for (std::string line; std::getline(file, line);)
    if (!line.empty()) words.push_back(parse(line));
  return words;
}

// A port of up to 64 bits is an unsigned integer; a wider one has 32-bit words.
template <typename Port>
void put(Port& port, const Word& word) {
  if constexpr (requires { port.m_storage[0]; }) {
    for (size_t i = 0; i < sizeof(port.m_storage) / sizeof(port.m_storage[0]); ++i)
      port.m_storage[i] = i < word.size() ? word[i] : 0;
  } else {
    uint64_t value = word.empty() ? 0 : word[0];
    if (word.size() > 1) value |= uint64_t{word[1]} << 32;
    port = static_cast<Port>(value);
  }
}

// Bits above `bits` (the TDATA of a wrapper has some) do not count.
template <typename Port>
bool equals(const Port& port, const Word& word, unsigned bits) {
  for (unsigned bit = 0; bit < bits; bit += 32) {
    uint32_t group = 0;
    if constexpr (requires { port.m_storage[0]; })
      group = port.m_storage[bit / 32];
    else
      group = static_cast<uint32_t>(uint64_t{port} >> bit);
    const uint32_t mask = bits - bit < 32 ? (uint32_t{1} << (bits - bit)) - 1 : ~uint32_t{0};
    const uint32_t expected = bit / 32 < word.size() ? word[bit / 32] : 0;
    if ((group & mask) != expected) return false;
  }
  return true;
}

struct Arguments {
  int input_stalls = 0, output_stalls = 0;
  uint64_t seed = 1;
  uint64_t patience = 20'000'000;  // no unit needs more than the work of a frame for a word
  const char* waves = nullptr;
  const char* handshakes = nullptr;
  const char* json = nullptr;
};

Arguments parse_arguments(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--input-stalls")
      arguments.input_stalls = std::atoi(argv[i + 1]);
    else if (name == "--output-stalls")
      arguments.output_stalls = std::atoi(argv[i + 1]);
    else if (name == "--seed")
      arguments.seed = std::strtoull(argv[i + 1], nullptr, 10);
    else if (name == "--patience")
      arguments.patience = std::strtoull(argv[i + 1], nullptr, 10);
    else if (name == "--handshakes")
      arguments.handshakes = argv[i + 1];
    else if (name == "--waves")
      arguments.waves = argv[i + 1];
    else if (name == "--json")
      arguments.json = argv[i + 1];
    else
      std::exit((std::fprintf(stderr, "%s: unknown\n", name.c_str()), 2));
  }
  return arguments;
}

// Each port draws a number a cycle from one of its own, so that whether it pauses depends on the cycle alone.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15 + 1) {}
  bool percent(int share) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<int>((state_ >> 33) % 100) < share;
  }

 private:
  uint64_t state_;
};

struct Result {
  uint64_t wrong = 0, cycle = 0, first_output = 0, first_frame = 0, last_frame = 0, frame_before = 0, frames = 0;
  bool stopped = false;
};

// What goes into or comes out of a port.
struct Lane {
  std::vector<Word> words;
  Random pauses;
  uint64_t done = 0;
  bool offering = false;
};

// A model of one thread has no use for workers.
VerilatedContext* single_threaded(VerilatedContext& context) {
  context.threads(1);
  return &context;
}

class Bench {
 public:
  explicit Bench(const Arguments& arguments) : arguments_(arguments), watch_(arguments.handshakes) {
    visit_inputs(top_, [&](const PortFacts& port, auto&, auto&, auto&) {
      in_.push_back({read_words(port.file), Random(arguments.seed + port.index)});
    });
    visit_outputs(top_, [&](const PortFacts& port, auto&, auto&, auto&) {
      out_.push_back({read_words(port.file), Random(~(arguments.seed + port.index))});
    });
#ifdef WAVES
    context_.traceEverOn(true);
    if (arguments.waves != nullptr) {
      top_.trace(&waves_, 99);
      waves_.open(arguments.waves);
    }
#endif
  }

  Result run() {
    reset();
    uint64_t idle = 0;
    while (!finished() && idle < arguments_.patience) idle = cycle() ? 0 : idle + 1;
    result_.stopped = !finished();
#ifdef WAVES
    if (arguments_.waves != nullptr) waves_.close();
#endif
    return result_;
  }

  const Watch& watch() const { return watch_; }

 private:
  void edge(int level) {
    clock_of(top_) = static_cast<CData>(level);
    top_.eval();
#ifdef WAVES
    if (arguments_.waves != nullptr) waves_.dump(context_.time());
#endif
    context_.timeInc(1);
  }

  void reset() {
    reset_n_of(top_) = 0;
    visit_inputs(top_, [](const PortFacts&, auto&, auto& valid, auto&) { valid = 0; });
    visit_outputs(top_, [](const PortFacts&, auto&, auto&, auto& ready) { ready = 0; });
    for (int i = 0; i < 4; ++i) {
      edge(0);
      edge(1);
    }
    reset_n_of(top_) = 1;
  }

  bool finished() const {
    for (const Lane& lane : out_)
      if (lane.done < lane.words.size()) return false;
    return true;
  }

  // True if a word moved.
  bool cycle() {
    visit_inputs(top_, [&](const PortFacts& port, auto& data, auto& valid, auto&) {
      Lane& lane = in_[port.index];
      const bool pause = lane.pauses.percent(arguments_.input_stalls);
      lane.offering = lane.done < lane.words.size() && (lane.offering || !pause);
      valid = lane.offering;
      if (lane.offering) put(data, lane.words[lane.done]);
    });
    visit_outputs(top_, [&](const PortFacts& port, auto&, auto&, auto& ready) {
      ready = !out_[port.index].pauses.percent(arguments_.output_stalls);
    });
    edge(0);
    watch_.see(top_, result_.cycle);
    const bool out = take(), in = give();
    edge(1);
    ++result_.cycle;
    return out || in;
  }

  bool give() {
    bool moved = false;
    visit_inputs(top_, [&](const PortFacts& port, auto&, auto& valid, auto& ready) {
      if (!valid || !ready) return;
      ++in_[port.index].done;
      in_[port.index].offering = false;
      moved = true;
    });
    return moved;
  }

  bool take() {
    bool moved = false;
    uint64_t frames = UINT64_MAX;
    visit_outputs(top_, [&](const PortFacts& port, auto& data, auto& valid, auto& ready) {
      Lane& lane = out_[port.index];
      if (valid && ready) {
        if (!gave_any_) result_.first_output = result_.cycle;
        gave_any_ = true;
        const bool wrong = lane.done >= lane.words.size() || !equals(data, lane.words[lane.done], port.bits);
        result_.wrong += wrong || !ends_as_it_should(port.index, (lane.done + 1) % port.words == 0);
        ++lane.done;
        moved = true;
      }
      frames = std::min(frames, lane.done / port.words);
    });
    if (frames > result_.frames) {
      result_.frames = frames;
      if (frames == 1) result_.first_frame = result_.cycle;
      result_.frame_before = result_.last_frame;
      result_.last_frame = result_.cycle;
    }
    return moved;
  }

  // TLAST, where there is one.
  bool ends_as_it_should(size_t index, bool last) {
    bool right = true;
    visit_lasts(top_, [&](size_t port, auto& tlast) { right = right && (port != index || (tlast != 0) == last); });
    return right;
  }

  const Arguments& arguments_;
  VerilatedContext context_;
  Top top_{single_threaded(context_)};
#ifdef WAVES
  VerilatedVcdC waves_;
#endif
  Watch watch_;
  std::vector<Lane> in_, out_;
  bool gave_any_ = false;
  Result result_;
};

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments = parse_arguments(argc, argv);
  Bench bench(arguments);
  const Result result = bench.run();
  const uint64_t interval = result.frames > 1 ? result.last_frame - result.frame_before : 0;
  const std::string text =
      "{\"frames\": " + std::to_string(result.frames) + ", \"wrong_words\": " + std::to_string(result.wrong) +
      ", \"stopped\": " + (result.stopped ? "true" : "false") +
      ", \"first_output\": " + std::to_string(result.first_output) +
      ", \"latency\": " + std::to_string(result.first_frame) + ", \"interval\": " + std::to_string(interval) +
      ", \"cycles\": " + std::to_string(result.cycle) + ", " + bench.watch().json() + "}\n";
  std::fputs(text.c_str(), stdout);
  if (arguments.json != nullptr) std::ofstream(arguments.json) << text;
  return result.wrong == 0 && !result.stopped ? 0 : 1;
}
