// SPDX-License-Identifier: Apache-2.0
//
// The Makefile of an emitted folder does the work; this runs it and reads what the test bench measured.
#include <nlohmann/json.hpp>

#include "bitloom/file.h"
#include "bitloom/process.h"
#include "bitloom/rtl.h"

namespace bitloom::hw {
namespace {

constexpr const char* kResult = "simulation.json";

}  // namespace

Simulation simulate(const std::filesystem::path& folder, const SimulationOptions& options) {
  if (!std::filesystem::exists(folder / "Makefile") || !std::filesystem::exists(folder / "expected.hex"))
    throw Error("{}: is no folder that `bitloom emit rtl` wrote for a network of one input and one output",
                folder.string());
  if (!run_process({"verilator", "--version"}, folder))
    throw Error("Verilator is missing; install it (Debian, Ubuntu: apt-get install verilator)");
  std::string arguments = fmt::format("--input-stalls {} --output-stalls {} --seed {} --json {}", options.input_stalls,
                                      options.output_stalls, options.seed, kResult);
  if (!options.waves.empty()) arguments += fmt::format(" --waves {}", options.waves.string());
  std::error_code ignored;
  std::filesystem::remove(folder / kResult, ignored);
  const auto finished = run_process({"make", "run", "BENCH_OPTIONS=" + arguments}, folder);
  if (!finished) throw Error("make is missing; install it (Debian, Ubuntu: apt-get install make g++)");
  if (!std::filesystem::exists(folder / kResult))
    throw Error("{}: the simulation could not be built or run: {}", folder.string(), finished->errors);
  const std::vector<std::byte> bytes = read_file(folder / kResult);
  const auto* text = reinterpret_cast<const char*>(bytes.data());
  const nlohmann::json found = nlohmann::json::parse(text, text + bytes.size());
  if (found.at("stopped").get<bool>())
    throw Error("{}: the design stopped in frame {} without giving a word any more", folder.string(),
                found.at("frames").get<int64_t>() + 1);
  return {found.at("frames"),  found.at("wrong_words"), found.at("first_output"),
          found.at("latency"), found.at("interval"),    found.at("cycles")};
}

}  // namespace bitloom::hw
