// SPDX-License-Identifier: Apache-2.0
//
// The test bench of an emitted design, for Verilator: streams frames through bitloom_top, with pauses on both sides if
// asked for, compares every word that comes out, and prints what it measured as one JSON object.
//
//   test_bench input.hex expected.hex OUTPUT_WORDS [--input-stalls PERCENT] [--output-stalls PERCENT] [--seed N]
//              [--waves FILE.vcd] [--json FILE]
//
// Both files have a word a line, hexadecimal, most significant digit first; OUTPUT_WORDS are those of a frame. --json
// writes what is printed to a file as well. Exit status: 0 all words right, 1 some wrong or the design stopped, 2 wrong
// arguments.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "Vbitloom_top.h"
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
  const char* waves = nullptr;
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
    else if (name == "--waves")
      arguments.waves = argv[i + 1];
    else if (name == "--json")
      arguments.json = argv[i + 1];
    else
      std::exit((std::fprintf(stderr, "%s: unknown\n", name.c_str()), 2));
  }
  return arguments;
}

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

// A design that neither takes nor gives a word for so long never will: no unit needs more than the work of a frame for a
// word.
constexpr uint64_t kPatience = 20'000'000;

Result run(const std::vector<Word>& input, const std::vector<Word>& expected, uint64_t frame_words,
           const Arguments& arguments) {
  VerilatedContext context;
  Vbitloom_top top(&context);
  std::unique_ptr<VerilatedVcdC> waves;
  if (arguments.waves != nullptr) {
    context.traceEverOn(true);
    waves = std::make_unique<VerilatedVcdC>();
    top.trace(waves.get(), 99);
    waves->open(arguments.waves);
  }
  Random random(arguments.seed);
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
  while (taken < expected.size() && idle < kPatience) {
    offering = given < input.size() && (offering || !random.percent(arguments.input_stalls));
    top.in_valid_i = offering;
    if (offering) put(top.in_data_i, input[given]);
    top.out_ready_i = !random.percent(arguments.output_stalls);
    edge(0);
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
  const Result result = run(input, expected, std::strtoull(argv[3], nullptr, 10), arguments);
  const uint64_t interval = result.frames > 1 ? result.last_frame - result.frame_before : 0;
  const std::string text =
      "{\"frames\": " + std::to_string(result.frames) + ", \"wrong_words\": " + std::to_string(result.wrong) +
      ", \"stopped\": " + (result.stopped ? "true" : "false") +
      ", \"first_output\": " + std::to_string(result.first_output) +
      ", \"latency\": " + std::to_string(result.first_frame) + ", \"interval\": " + std::to_string(interval) +
      ", \"cycles\": " + std::to_string(result.cycle) + "}\n";
  std::fputs(text.c_str(), stdout);
  if (arguments.json != nullptr) std::ofstream(arguments.json) << text;
  return result.wrong == 0 && !result.stopped ? 0 : 1;
}
