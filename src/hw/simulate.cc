// SPDX-License-Identifier: Apache-2.0
//
// The Makefile of an emitted folder does the work; this runs it and reads what the test bench measured.
#include <array>
#include <cstring>

#include <nlohmann/json.hpp>

#include "bitloom/file.h"
#include "bitloom/process.h"
#include "bitloom/rtl.h"

namespace bitloom::hw {
namespace {

constexpr const char *kResult = "simulation.json", *kHandshakes = "handshakes.bin";

std::string bench_options(const SimulationOptions& options) {
  std::string text = fmt::format("--input-stalls {} --output-stalls {} --seed {} --json {}", options.input_stalls,
                                 options.output_stalls, options.seed, kResult);
  if (!options.waves.empty()) text += fmt::format(" --waves {}", options.waves.string());
  if (options.handshakes) text += fmt::format(" --handshakes {}", kHandshakes);
  if (options.patience > 0) text += fmt::format(" --patience {}", options.patience);
  return text;
}

/// Counts that the test bench prints as lists of three numbers.
template <typename Counts>
std::vector<Counts> counts_of(const nlohmann::json& lists) {
  std::vector<Counts> result;
  for (const auto& list : lists) result.push_back({list.at(0), list.at(1), list.at(2)});
  return result;
}

std::vector<std::vector<int64_t>> read_handshakes(const std::filesystem::path& path, size_t streams) {
  const std::vector<std::byte> bytes = read_file(path);
  std::vector<std::vector<int64_t>> result(streams);
  for (size_t at = 0; at + 8 <= bytes.size(); at += 8) {
    std::array<uint32_t, 2> record{};  // stream, cycle
    std::memcpy(record.data(), &bytes[at], sizeof record);
    result.at(record[0]).push_back(record[1]);
  }
  return result;
}

}  // namespace

Simulation simulate(const std::filesystem::path& folder, const SimulationOptions& options) {
  if (!std::filesystem::exists(folder / "Makefile") || !std::filesystem::exists(folder / "expected.hex"))
    throw Error("{}: is no folder that `bitloom emit rtl` wrote for a network of one input and one output",
                folder.string());
  if (!run_process({"verilator", "--version"}, folder))
    throw Error("Verilator is missing; install it (Debian, Ubuntu: apt-get install verilator)");
  std::error_code ignored;
  std::filesystem::remove(folder / kResult, ignored);
  const auto finished = run_process({"make", "run", "BENCH_OPTIONS=" + bench_options(options)}, folder);
  if (!finished) throw Error("make is missing; install it (Debian, Ubuntu: apt-get install make g++)");
  if (!std::filesystem::exists(folder / kResult))
    throw Error("{}: the simulation could not be built or run: {}", folder.string(), finished->errors);
  const std::vector<std::byte> bytes = read_file(folder / kResult);
  const auto* text = reinterpret_cast<const char*>(bytes.data());
  const nlohmann::json found = nlohmann::json::parse(text, text + bytes.size());
  if (found.at("stopped").get<bool>())
    throw Error("{}: the design stopped in frame {} without giving a word any more", folder.string(),
                found.at("frames").get<int64_t>() + 1);
  Simulation result{found.at("frames"),
                    found.at("wrong_words"),
                    found.at("first_output"),
                    found.at("latency"),
                    found.at("interval"),
                    found.at("cycles"),
                    counts_of<StreamCounts>(found.at("streams")),
                    counts_of<Activity>(found.at("units")),
                    {}};
  if (options.handshakes) result.handshakes = read_handshakes(folder / kHandshakes, result.streams.size());
  return result;
}

}  // namespace bitloom::hw
