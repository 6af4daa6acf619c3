// SPDX-License-Identifier: Apache-2.0
//
// A simulation of many small modules at once: compiling a model costs seconds, however small it is, so all cases become
// instances of one top level, each between sources and sinks that read their words from files (stream_source.sv,
// stream_sink.sv).
#include "bench.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

#include <sys/wait.h>

namespace bitloom::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMain = R"(#include "Vbench.h"
#include "verilated.h"
#include <cstdio>
#include <cstdlib>
// Argument: 0 without stalls, 1 with. Ends some cycles after the last word, or long after any word has moved.
int main(int, char** arguments) {
  VerilatedContext context;
  Vbench bench(&context);
  bench.stalls_i = std::atoi(arguments[1]);
  long after = 100, idle = 0;  // words too many would come
  for (long cycle = 0; after > 0 && idle < 1000000; ++cycle) {
    bench.rst_ni = cycle >= 4;
    bench.clk_i = 0;
    bench.eval();
    idle = bench.moved_o ? 0 : idle + 1;
    bench.clk_i = 1;
    bench.eval();
    if (bench.done_o) --after;
  }
  std::puts(after ? "late" : "finished");
  bench.final();
}
)";

void write(const fs::path& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

void write(const fs::path& path, const Words& words) {
  std::string text;
  for (const std::string& word : words.hex) text += word + "\n";
  write(path, text);
}

int frame_words(const Case& one, size_t output) {
  const int own = one.outputs[output].frame_words;
  return own != 0 ? own : one.frame_words;
}

/// The streams of a simulation by their numbers.
struct Streams {
  std::map<int, size_t> inputs;                      // case
  std::map<int, std::pair<size_t, size_t>> outputs;  // case and port
  int count = 0;
};

/// Writes the files of a case, and gives the text of its instances.
std::string instances(const Case& one, size_t index, const fs::path& folder, Streams& streams) {
  std::ostringstream text;
  const std::string name = "c" + std::to_string(index);
  std::ostringstream ports;
  auto connect = [&](const std::string& port, const std::string& signal, int width, const char* ready_side) {
    text << "  logic [" << width - 1 << ":0] " << name << signal << "_data;\n  logic " << name << signal << "_valid, "
         << name << signal << "_ready;\n";
    const bool input = *ready_side == 'i';
    for (const char* part : {"data", "valid", "ready"}) {
      const bool is_ready = std::string(part) == "ready";
      ports << ",\n    ." << port << "_" << part << (input != is_ready ? "_i" : "_o") << "(" << name << signal << "_"
            << part << ")";
    }
  };
  auto stream = [&](const Words& words, size_t i, bool input) {
    const std::string prefix = input ? "in" : "out";
    const size_t count = input ? one.inputs.size() : one.outputs.size();
    const std::string port = prefix + (count > 1 ? std::to_string(i) : "");
    const std::string signal = "_" + port;
    const fs::path file = folder / ("c" + std::to_string(index) + signal + ".hex");
    write(file, words);
    connect(port, signal, words.width, input ? "i" : "o");
    const int id = streams.count++;
    if (input)
      streams.inputs[id] = index;
    else
      streams.outputs[id] = {index, i};
    text << "  " << (input ? "stream_source" : "stream_sink") << " #(.Id(" << id << "), .Width(" << words.width
         << "), .Words(" << words.hex.size() << "), .File(\"" << file.string() << "\")";
    if (!input) text << ", .FrameWords(" << frame_words(one, i) << "), .Surplus(" << one.surplus << ")";
    text << ") " << name << "u" << signal << " (.clk_i, .rst_ni, .stalls_i, .cycle_i(cycle_q), ."
         << (input ? "data_o(" : "data_i(") << name << signal << "_data), ." << (input ? "valid_o(" : "valid_i(") << name
         << signal << "_valid), ." << (input ? "ready_i(" : "ready_o(") << name << signal << "_ready)";
    text << ", .moved_o(moved[" << id << "])";
    if (!input) text << ", .done_o(done[" << streams.outputs.size() - 1 << "])";
    text << ");\n";
  };
  for (size_t i = 0; i < one.inputs.size(); ++i) stream(one.inputs[i], i, true);
  for (size_t i = 0; i < one.outputs.size(); ++i) stream(one.outputs[i], i, false);

  text << "  " << one.module << " #(";
  const char* comma = "";
  for (const auto& [parameter, value] : one.parameters) {
    text << comma << "." << parameter << "(" << value << ")";
    comma = ", ";
  }
  for (const auto& [parameter, words] : one.memories) {
    const fs::path file = folder / ("c" + std::to_string(index) + "_" + parameter + ".hex");
    write(file, words);
    text << comma << "." << parameter << "(\"" << file.string() << "\")";
    comma = ", ";
  }
  text << ") " << name << " (\n    .clk_i,\n    .rst_ni" << ports.str() << "\n  );\n";
  return text.str();
}

/// What the words and cycles that a run told of say about the cases.
std::vector<std::string> judge(const std::vector<Case>& cases, const Streams& streams, const std::string& output,
                               bool stalls) {
  std::vector<std::string> wrong;
  std::map<int, std::vector<int64_t>> frames;
  std::map<int, int64_t> first;
  std::map<size_t, int64_t> taken;
  bool finished = false;
  auto complain = [&](int id, const std::string& what) {
    const size_t index = streams.inputs.contains(id) ? streams.inputs.at(id) : streams.outputs.at(id).first;
    wrong.push_back(cases[index].text() + (stalls ? " with stalls: " : ": ") + what);
  };
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string kind;
    int id = 0;
    int64_t cycle = 0;
    words >> kind;
    if (kind == "finished") finished = true;
    if (!(words >> id)) continue;
    if (kind == "wrong") {
      complain(id, line.substr(line.find(' ', 6) + 1));
      continue;
    }
    words >> cycle;
    if (kind == "first") first[id] = cycle;
    if (kind == "frame") frames[id].push_back(cycle);
    if (kind == "taken") taken.emplace(streams.inputs.at(id), cycle);
  }
  for (const auto& [id, place] : streams.outputs) {
    const auto& [index, port] = place;
    const Case& one = cases[index];
    const size_t expected = one.outputs[port].hex.size() / frame_words(one, port);
    if (frames[id].size() < expected)
      complain(id, "only " + std::to_string(frames[id].size()) + " of " + std::to_string(expected) + " frames came");
    if (stalls || frames[id].size() < 3) continue;
    // The second half of the frames: by then the pipeline is full.
    const size_t half = frames[id].size() / 2;
    for (size_t i = half; one.interval && i < frames[id].size(); ++i) {
      const int64_t found = frames[id][i] - frames[id][i - 1];
      if (found == *one.interval) continue;
      complain(id, "frame " + std::to_string(i) + " took " + std::to_string(found) + " cycles, not " +
                       std::to_string(*one.interval));
      break;
    }
    const int64_t latency = first[id] - taken[index];
    if (one.latency && std::abs(latency - *one.latency) > one.latency_slack * double(*one.latency))
      complain(id, "the first word took " + std::to_string(latency) + " cycles, not " + std::to_string(*one.latency));
  }
  if (!finished && wrong.empty()) wrong.push_back("the simulation did not end: " + output);
  return wrong;
}

}  // namespace

void append(std::vector<bool>& word, int64_t value, int bits) {
  for (int i = 0; i < bits; ++i) word.push_back(((i < 64 ? value >> i : value >> 63) & 1) != 0);
}

std::string hex_of(const std::vector<bool>& word) {
  std::string digits;
  for (size_t from = 0; from < word.size(); from += 4) {
    int digit = 0;
    for (size_t i = from; i < from + 4 && i < word.size(); ++i) digit |= int(word[i]) << (i - from);
    digits.insert(digits.begin(), "0123456789abcdef"[digit]);
  }
  return digits;
}

Words pack(const std::vector<int64_t>& elements, int lanes, int bits) {
  Words words{lanes * bits, {}};
  for (size_t from = 0; from < elements.size(); from += lanes) {
    std::vector<bool> word;
    for (int lane = 0; lane < lanes; ++lane) append(word, elements.at(from + lane), bits);
    words.hex.push_back(hex_of(word));
  }
  return words;
}

std::string Case::text() const {
  std::string text = module;
  for (const auto& [name, value] : parameters) text += " " + name + "=" + value;
  return text;
}

std::vector<std::string> simulate(const std::vector<Case>& cases, const fs::path& folder, Popcounts popcounts) {
  std::ostringstream body;
  Streams streams;
  for (size_t i = 0; i < cases.size(); ++i) body << instances(cases[i], i, folder, streams);
  std::ostringstream top;
  top << "module bench (input logic clk_i, input logic rst_ni, input logic stalls_i, output logic done_o,\n"
      << "              output logic moved_o);\n  logic [" << streams.outputs.size() - 1 << ":0] done;\n  logic ["
      << streams.count - 1 << ":0] moved;\n  logic [31:0] cycle_q;\n  assign done_o = &done;\n"
      << "  assign moved_o = |moved;\n  always_ff @(posedge clk_i) cycle_q <= rst_ni ? cycle_q + 1 : 0;\n"
      << body.str() << "endmodule\n";
  write(folder / "bench.sv", top.str());
  write(folder / "main.cpp", kMain);
  const std::string tests = BITLOOM_SOURCE_DIR "/tests/rtl";
  const std::string trees = popcounts == Popcounts::kSynthesized ? " -UVERILATOR" : "";
  const Outcome build =
      shell("cd " + folder.string() + " && verilator --cc --exe --build -Wno-lint -Wno-style -O3 -y . -y " +
            rtl().string() + " -y " + tests + trees +
            " --top-module bench --Mdir model bench.sv main.cpp -CFLAGS -O0 -MAKEFLAGS OPT_FAST=-O0"
            " -MAKEFLAGS OPT_GLOBAL=-O0");
  if (build.status != 0) return {"the build failed: " + build.output};
  std::vector<std::string> wrong;
  for (const bool stalls : {false, true}) {
    const Outcome run = shell(folder.string() + "/model/Vbench " + (stalls ? "1" : "0"));
    for (const std::string& what : judge(cases, streams, run.output, stalls)) wrong.push_back(what);
  }
  return wrong;
}

Outcome shell(const std::string& command) {
  Outcome outcome;
  FILE* pipe = popen(("( " + command + " ) 2>&1").c_str(), "r");
  if (!pipe) throw std::runtime_error("cannot run " + command);
  std::array<char, 4096> buffer;
  while (size_t size = std::fread(buffer.data(), 1, buffer.size(), pipe)) outcome.output.append(buffer.data(), size);
  const int status = pclose(pipe);
  outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  return outcome;
}

bool have(const std::string& program) { return shell("command -v " + program).status == 0; }

fs::path rtl() { return fs::path(BITLOOM_SOURCE_DIR) / "rtl"; }

}  // namespace bitloom::test
