// SPDX-License-Identifier: Apache-2.0
//
// The test bench of an emitted design, for Verilator: streams frames through bitloom_top, with pauses on both sides if
// asked for, compares every word that comes out, and prints what it measured as one JSON object.
//
//   test_bench input.hex expected.hex OUTPUT_WORDS [--input-stalls PERCENT] [--output-stalls PERCENT] [--seed N]
//              [--patience CYCLES] [--waves FILE.vcd] [--handshakes FILE] [--json FILE]
//
// Both files have a word a line, hexadecimal, most significant digit first; OUTPUT_WORDS are those of a frame. A design
// that for so many cycles (--patience) neither takes nor gives a word has stopped. --handshakes writes stream and cycle, 32
// bits each, of every word that moves. --json writes what is printed to a file as well. Exit status: 0 all words right, 1
// some wrong or the design stopped, 2 wrong arguments.
//
// Besides, it counts for every stream of the design the words, the cycles in which its taker waited for one (starved) and
// those in which one waited for its taker (blocked); and for every unit the cycles in which a word that it gives is not
// taken (blocked), in which it moves a word or computes (busy), and the rest (starved). test_bench.h, which is generated,
// says which streams a unit has.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "Vbitloom_top.h"
#include "Vbitloom_top___024root.h"
#include "test_bench.h"
#include "verilated.h"
#include "verilated_vcd_c.h"

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

std::vector<Word> read_words(const char* path) {
  std::ifstream file(path);
  if (!file) {
    std::fprintf(stderr, "%s: cannot open\n", path);
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

template <typename Port>
bool equals(const Port& port, const Word& word) {
  Port other;
  put(other, word);
  return std::memcmp(&port, &other, sizeof(Port)) == 0;
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
  for (int i = 4; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--input-stalls")
      arguments.input_stalls = std::atoi(argv[i + 1]);
    else if (name == "--output-stalls")
      arguments.output_stalls = std::atoi(argv[i + 1]);
    else if (name == "--seed")
      arguments.seed = std::strtoull(argv[i + 1], nullptr, 10);
    else if (name == "--patience")
      arguments.patience = std::strtoull(argv[i + 1], nullptr, 10);
    else if (name == "--waves")
      arguments.waves = argv[i + 1];
    else if (name == "--handshakes")
      arguments.handshakes = argv[i + 1];
    else if (name == "--json")
      arguments.json = argv[i + 1];
    else
      std::exit((std::fprintf(stderr, "%s: unknown\n", name.c_str()), 2));
  }
  return arguments;
}

// Each side draws a number a cycle from one of its own, so that whether it pauses depends on the cycle alone.
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

struct StreamCounts {
  uint64_t words = 0, starved = 0, blocked = 0;
};
struct UnitCounts {
  uint64_t busy = 0, starved = 0, blocked = 0;
};

// Watches the handshakes of all streams.
class Watch {
 public:
  explicit Watch(const char* path) : streams_(kStreams), units_(kUnits.size()) {
    if (path == nullptr) return;
    file_ = std::fopen(path, "wb");
    if (file_ == nullptr) std::exit((std::fprintf(stderr, "%s: cannot be written\n", path), 2));
  }
  ~Watch() {
    if (file_ != nullptr) std::fclose(file_);
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  void see(const Vbitloom_top& top, uint64_t cycle) {
    const auto& valid = top.rootp->bitloom_top__DOT__streams_valid;
    const auto& ready = top.rootp->bitloom_top__DOT__streams_ready;
    for (size_t s = 0; s < kStreams; ++s) {
      const bool v = bit(valid, s), r = bit(ready, s);
      streams_[s].words += v && r;
      streams_[s].starved += !v && r;
      streams_[s].blocked += v && !r;
      if (!v || !r || file_ == nullptr) continue;
      const uint32_t record[2] = {static_cast<uint32_t>(s), static_cast<uint32_t>(cycle)};
      std::fwrite(record, sizeof record, 1, file_);
    }
    for (size_t u = 0; u < units_.size(); ++u) {
      const UnitStreams& unit = kUnits[u];
      bool blocked = false, busy = false;
      for (const size_t s : unit.out) {
        blocked |= bit(valid, s) && !bit(ready, s);
        busy |= bit(valid, s);
      }
      for (const size_t s : unit.in) busy |= bit(ready, s) ? bit(valid, s) : unit.computes;
      ++(blocked ? units_[u].blocked : busy ? units_[u].busy : units_[u].starved);
    }
  }

  std::string json() const {
    const auto list = [](const auto& counts, auto&& text) {
      std::string all;
      for (const auto& count : counts) all += (all.empty() ? "" : ", ") + text(count);
      return "[" + all + "]";
    };
    const auto numbers = [](uint64_t a, uint64_t b, uint64_t c) {
      return "[" + std::to_string(a) + ", " + std::to_string(b) + ", " + std::to_string(c) + "]";
    };
    return "\"streams\": " + list(streams_, [&](const auto& c) { return numbers(c.words, c.starved, c.blocked); }) +
           ", \"units\": " + list(units_, [&](const auto& c) { return numbers(c.busy, c.starved, c.blocked); });
  }

 private:
  template <typename Bits>
  static bool bit(const Bits& bits, size_t index) {
    if constexpr (requires { bits.m_storage[0]; })
      return ((bits.m_storage[index / 32] >> (index % 32)) & 1) != 0;
    else
      return ((bits >> index) & 1) != 0;
  }

  std::vector<StreamCounts> streams_;
  std::vector<UnitCounts> units_;
  FILE* file_ = nullptr;
};

struct Result {
  uint64_t wrong = 0, cycle = 0, first_output = 0, first_frame = 0, last_frame = 0, frame_before = 0, frames = 0;
  bool stopped = false;
};

Result run(const std::vector<Word>& input, const std::vector<Word>& expected, uint64_t frame_words,
           const Arguments& arguments, Watch& watch) {
  VerilatedContext context;
  Vbitloom_top top(&context);
  std::unique_ptr<VerilatedVcdC> waves;
  if (arguments.waves != nullptr) {
    context.traceEverOn(true);
    waves = std::make_unique<VerilatedVcdC>();
    top.trace(waves.get(), 99);
    waves->open(arguments.waves);
  }
  Random pauses(arguments.seed), out_pauses(~arguments.seed);
  Result result;
  size_t given = 0, taken = 0;
  uint64_t idle = 0;
  const auto edge = [&](int level) {
    top.clk_i = static_cast<CData>(level);
    top.eval();
    if (waves) waves->dump(context.time());
    context.timeInc(1);
  };
  top.rst_ni = 0;
  top.in_valid_i = 0;
  top.out_ready_i = 0;
  for (int i = 0; i < 4; ++i) {
    edge(0);
    edge(1);
  }
  top.rst_ni = 1;
  bool offering = false;
  while (taken < expected.size() && idle < arguments.patience) {
    const bool pause = pauses.percent(arguments.input_stalls);
    offering = given < input.size() && (offering || !pause);
    top.in_valid_i = offering;
    if (offering) put(top.in_data_i, input[given]);
    top.out_ready_i = !out_pauses.percent(arguments.output_stalls);
    edge(0);
    watch.see(top, result.cycle);
    const bool in = offering && top.in_ready_o != 0, out = top.out_valid_o != 0 && top.out_ready_i != 0;
    if (out) {
      if (taken == 0) result.first_output = result.cycle;
      if (!equals(top.out_data_o, expected[taken])) ++result.wrong;
      if (++taken % frame_words == 0) {
        if (++result.frames == 1) result.first_frame = result.cycle;
        result.frame_before = result.last_frame;
        result.last_frame = result.cycle;
      }
    }
    if (in) {
      ++given;
      offering = false;
    }
    edge(1);
    ++result.cycle;
    idle = in || out ? 0 : idle + 1;
  }
  if (waves) waves->close();
  result.stopped = taken < expected.size();
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: %s input.hex expected.hex OUTPUT_WORDS [options]\n", argv[0]);
    return 2;
  }
  const Arguments arguments = parse_arguments(argc, argv);
  const std::vector<Word> input = read_words(argv[1]), expected = read_words(argv[2]);
  Watch watch(arguments.handshakes);
  const Result result = run(input, expected, std::strtoull(argv[3], nullptr, 10), arguments, watch);
  const uint64_t interval = result.frames > 1 ? result.last_frame - result.frame_before : 0;
  const std::string text =
      "{\"frames\": " + std::to_string(result.frames) + ", \"wrong_words\": " + std::to_string(result.wrong) +
      ", \"stopped\": " + (result.stopped ? "true" : "false") +
      ", \"first_output\": " + std::to_string(result.first_output) +
      ", \"latency\": " + std::to_string(result.first_frame) + ", \"interval\": " + std::to_string(interval) +
      ", \"cycles\": " + std::to_string(result.cycle) + ", " + watch.json() + "}\n";
  std::fputs(text.c_str(), stdout);
  if (arguments.json != nullptr) std::ofstream(arguments.json) << text;
  return result.wrong == 0 && !result.stopped ? 0 : 1;
}
