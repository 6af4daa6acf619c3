// SPDX-License-Identifier: Apache-2.0
//
// Times networks in bitloom and in other runtimes side by side, or writes them as ONNX files.
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "bitloom/error.h"
#include "contest.h"

namespace {

using Json = nlohmann::ordered_json;
using namespace bitloom::bench;

double microseconds(double seconds) { return seconds * 1e6; }

/// Images a second, divided by oneDNN's.
double ratio(const CaseResult& result, const NetworkResult& network) {
  return result.networks.front().timing.median() / network.timing.median();
}

/// oneDNN's threads are OpenMP's, whose number is read from the environment before main begins; hence the second start.
void keep_to_one_thread(char** arguments) {
  const char* threads = std::getenv("OMP_NUM_THREADS");
  if (threads != nullptr && std::string(threads) == "1") return;
  setenv("OMP_NUM_THREADS", "1", 1);
  execv("/proc/self/exe", arguments);
  throw bitloom::Error("cannot start again with OMP_NUM_THREADS=1; set it in the environment");
}

void print_layers(const CaseResult& result) {
  const NetworkResult& sum = result.networks.front();
  fmt::print("{} in oneDNN, {}, batch {}\n", result.name, sum.numbers, sum.batch);
  fmt::print("{:<26}{:>12}{:>12}{:>9}  {}\n", "layer", "us an image", "best", "GOPS", "implementation, result");
  for (const LayerResult& layer : result.layers) {
    const double operations = 2 * static_cast<double>(layer.layer.multiply_accumulates());
    fmt::print("{:<26}{:>12.3f}{:>12.3f}{:>9.0f}  {}\n", layer.layer.name, microseconds(layer.timing.median()),
               microseconds(layer.timing.best()), operations / layer.timing.median() * 1e-9, layer.implementation);
  }
  fmt::print("{:<26}{:>12.3f}{:>12.3f}\n\n", "sum", microseconds(sum.timing.median()), microseconds(sum.timing.best()));
}

void print_tables(const std::vector<CaseResult>& results) {
  for (const CaseResult& result : results) print_layers(result);
  fmt::print("{:<6}{:<14}{:<11}{:>6}{:>12}{:>12}{:>12}  {}\n", "", "one thread", "numbers", "batch", "images/s", "best",
             "to oneDNN", "version");
  for (const CaseResult& result : results) {
    for (const NetworkResult& network : result.networks) {
      fmt::print("{:<6}{:<14}{:<11}{:>6}{:>12.0f}{:>12.0f}{:>12.2f}  {}\n", result.name, network.runtime, network.numbers,
                 network.batch, 1 / network.timing.median(), 1 / network.timing.best(), ratio(result, network),
                 network.version);
    }
  }
}

void print_json(const std::vector<CaseResult>& results, const Plan& plan) {
  Json networks = Json::array(), layers = Json::array();
  for (const CaseResult& result : results) {
    for (const NetworkResult& network : result.networks) {
      networks.push_back({{"network", result.name},
                          {"runtime", network.runtime},
                          {"version", network.version},
                          {"numbers", network.numbers},
                          {"threads", 1},
                          {"batch", network.batch},
                          {"images_per_second", 1 / network.timing.median()},
                          {"best_images_per_second", 1 / network.timing.best()},
                          {"ratio_to_onednn", ratio(result, network)}});
    }
    for (const LayerResult& layer : result.layers) {
      layers.push_back({{"network", result.name},
                        {"layer", layer.layer.name},
                        {"multiply_accumulates", layer.layer.multiply_accumulates()},
                        {"microseconds", microseconds(layer.timing.median())},
                        {"best_microseconds", microseconds(layer.timing.best())},
                        {"implementation", layer.implementation}});
    }
  }
  const Json document = {
      {"rounds", plan.rounds}, {"turn_seconds", plan.turn}, {"networks", networks}, {"onednn_layers", layers}};
  std::cout << document.dump(2) << "\n";
}

int run(int count, char** arguments) {
  Plan plan;
  bool json = false;
  std::filesystem::path written;
  CLI::App program("Times CNV, LFC and SFC in bitloom, in oneDNN's 8-bit integers, and in ONNX Runtime, one thread each.");
  program.add_option("--rounds", plan.rounds, "in each of which every network has a turn")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  program.add_option("--turn", plan.turn, "seconds of a turn")->capture_default_str()->check(CLI::Range(0.0, 60.0));
  program.add_option("--batches", plan.batches, "batch sizes to choose from")
      ->delimiter(',')
      ->capture_default_str()
      ->check(CLI::Range(1, 65536));
  program.add_flag("--exact", plan.exact, "oneDNN without Winograd's convolution, whose 8-bit results are rounded");
  program.add_flag("--json", json, "print one JSON document");
  program.add_option("--write-onnx", written, "write float and int8 models of the same shapes to this folder, and end");
  program
      .add_option("--onnxruntime", plan.onnx,
                  "the folder that --write-onnx wrote: time ONNX Runtime as well (npm install onnxruntime-node)")
      ->check(CLI::ExistingDirectory);
  CLI11_PARSE(program, count, arguments);
  if (!written.empty()) {
    write_models(cases(), written);
    return 0;
  }
  keep_to_one_thread(arguments);
  const std::vector<CaseResult> results = measure(cases(), plan);
  if (json) {
    print_json(results, plan);
  } else {
    print_tables(results);
  }
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    return run(count, arguments);
  } catch (const std::exception& error) {
    std::cerr << "bitloom_bench_peers: " << error.what() << "\n";
    return 1;
  }
}
