// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace bitloom::test {

/// Words of one width, as hexadecimal digits for $readmemh.
struct Words {
  int width = 0;
  std::vector<std::string> hex;
  int frame_words = 0;  // 0: as the case says
};

/// Appends the low `bits` bits of `value` to a word under construction, lowest first.
void append(std::vector<bool>& word, int64_t value, int bits);
std::string hex_of(const std::vector<bool>& word);
/// Elements of `bits` bits, `lanes` a word.
Words pack(const std::vector<int64_t>& elements, int lanes, int bits);

/// One module at one set of parameters, with streams to send and streams to expect.
struct Case {
  std::string module;
  std::vector<std::pair<std::string, std::string>> parameters;  // name, SystemVerilog text
  std::vector<std::pair<std::string, Words>> memories;          // parameter that takes the file's name, its words
  std::vector<Words> inputs;                                    // one: in_*, two: in0_* and in1_*
  std::vector<Words> outputs;
  int frame_words = 1;  // of the outputs
  int surplus = 0;      // words that may follow, though no input has come for them (padding)
  // When neither side stalls: cycles from frame to frame once it runs, and from the first word taken to the first shown.
  std::optional<int64_t> interval;
  std::optional<int64_t> latency;
  double latency_slack = 0;  // share of the latency that it may be off

  std::string text() const;  // module and parameters
};

/// What counts ones: what simulators are given for speed, or what synthesis is.
enum class Popcounts { kSimulated, kSynthesized };

/// Builds one simulation of all cases, runs it without stalls and with, and tells what was wrong; empty if nothing was.
/// Modules that the library lacks are looked for in `folder`.
std::vector<std::string> simulate(const std::vector<Case>& cases, const std::filesystem::path& folder, Popcounts popcounts);

struct Outcome {
  int status = 0;
  std::string output;  // standard output and standard error
};
Outcome shell(const std::string& command);
bool have(const std::string& program);

/// The library's files; a path for commands.
std::filesystem::path rtl();

}  // namespace bitloom::test
