// SPDX-License-Identifier: Apache-2.0
//
// Runs the test bench of an emitted folder and reads what it measured.
#include <array>
#include <cstring>

#include <nlohmann/json.hpp>

#include "bitloom/file.h"
#include "bitloom/process.h"
#include "bitloom/rtl.h"
#include "verilate.h"

namespace bitloom::hw {
namespace {

constexpr const char *kResult = "simulation.json", *kHandshakes = "handshakes.bin";

std::vector<std::string> command_of(const std::filesystem::path& test_bench, const SimulationOptions& options) {
  std::vector<std::string> command{test_bench.string()};
  const auto add = [&](const char* name, std::string value) {
    command.emplace_back(name);
    command.push_back(std::move(value));
  };
  add("--input-stalls", std::to_string(options.input_stalls));
  add("--output-stalls", std::to_string(options.output_stalls));
  add("--seed", std::to_string(options.seed));
  add("--json", kResult);
  if (!options.waves.empty()) add("--waves", std::filesystem::absolute(options.waves).string());
  if (options.handshakes) add("--handshakes", kHandshakes);
  if (options.patience > 0) add("--patience", std::to_string(options.patience));
  return command;
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
  if (!std::filesystem::exists(folder / "Makefile") || !std::filesystem::exists(folder / "ports.h"))
    throw Error("{}: is no folder that `bitloom emit rtl` wrote", folder.string());
  const auto command = command_of(verilated(folder, options.waves.empty() ? Model::kTestBench : Model::kWaves), options);
  std::error_code ignored;
  std::filesystem::remove(folder / kResult, ignored);
  const auto finished = run_process(command, folder);
  if (!finished || !std::filesystem::exists(folder / kResult))
    throw Error("{}: the simulation could not be run: {}", folder.string(), finished ? finished->errors : command[0]);
  const nlohmann::json found = nlohmann::json::parse(read_text(folder / kResult));
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
