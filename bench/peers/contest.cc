// SPDX-License-Identifier: Apache-2.0
#include "contest.h"

#include <functional>
#include <memory>
#include <random>

#include "bitloom/engine.h"
#include "networks.h"
#include "onednn.h"
#include "onnx_models.h"
#include "onnxruntime.h"

namespace bitloom::bench {
namespace {

constexpr double kTrial = 0.02;        // seconds for each choice before the rounds
constexpr double kNetworkTrial = 0.1;  // the same, where a call is a whole network

std::filesystem::path model_path(const std::filesystem::path& folder, std::string name, const char* numbers) {
  for (char& letter : name) letter = static_cast<char>(std::tolower(letter));
  return folder / fmt::format("{}-{}.onnx", name, numbers);
}

/// A network compiled for one thread, with a batch of random pixels.
class BitloomNetwork {
 public:
  BitloomNetwork(const ir::Network& network, int64_t batch)
      : program_(network, {.threads = 1}), workspace_(program_.workspace()), batch_(batch) {
    const auto elements = [&](ir::NodeId id) {
      return static_cast<size_t>(batch * network.nodes[static_cast<size_t>(id)].type.shape.elements());
    };
    pixels_.resize(elements(network.inputs().front()));
    std::mt19937_64 random(1);
    for (uint8_t& pixel : pixels_) pixel = static_cast<uint8_t>(random());
    results_.resize(elements(network.outputs.front()));
  }

  int64_t batch() const { return batch_; }
  std::string_view target() const { return program_.target(); }

  void run() {
    const engine::InputView input = std::span<const uint8_t>(pixels_);
    const std::span<int32_t> output = results_;
    program_.run(batch_, {&input, 1}, {&output, 1}, workspace_);
  }

 private:
  engine::Program program_;
  engine::Workspace workspace_;
  int64_t batch_;
  std::vector<uint8_t> pixels_;
  std::vector<int32_t> results_;
};

/// A network's layers, set up for one batch size.
struct OnednnNetwork {
  int64_t batch = 0;
  std::vector<OnednnLayer> layers;

  double trial_seconds_per_image() const {
    double sum = 0;
    for (const OnednnLayer& layer : layers) sum += layer.trial_seconds();
    return sum / static_cast<double>(batch);
  }
};

OnednnNetwork fastest_onednn(const std::vector<Layer>& layers, const Plan& plan) {
  OnednnNetwork fastest;
  for (const int64_t batch : plan.batches) {
    OnednnNetwork candidate{batch, {}};
    for (const Layer& layer : layers) candidate.layers.emplace_back(layer, batch, plan.exact, kTrial);
    const bool better = fastest.layers.empty() || candidate.trial_seconds_per_image() < fastest.trial_seconds_per_image();
    if (better) fastest = std::move(candidate);
  }
  return fastest;
}

std::shared_ptr<BitloomNetwork> fastest_bitloom(const ir::Network& network, const Plan& plan) {
  std::shared_ptr<BitloomNetwork> fastest;
  double seconds = 0;
  for (const int64_t batch : plan.batches) {
    const auto candidate = std::make_shared<BitloomNetwork>(network, batch);
    const double mine = best_seconds([&] { candidate->run(); }, kNetworkTrial) / static_cast<double>(batch);
    if (fastest && seconds <= mine) continue;
    seconds = mine;
    fastest = candidate;
  }
  return fastest;
}

/// One case while it is measured.
class Contest {
 public:
  Contest(const Case& contested, const Plan& plan) : plan_(plan) {
    result_.name = contested.name;
    add_onednn(topology(contested.networks.front()));
    for (const char* numbers : {"int8", "float"}) {
      if (!plan.onnx.empty()) add_onnxruntime(numbers);
    }
    for (const ir::Network& network : contested.networks) add_bitloom(network);
  }

  void take_turns() {
    NetworkResult& sum = result_.networks.front();
    sum.timing.rounds.push_back(0);
    for (size_t i = 0; i < onednn_.layers.size(); ++i) {
      const double share = plan_.turn / static_cast<double>(onednn_.layers.size());
      const double seconds = median_seconds([&] { onednn_.layers[i].run(); }, share) / static_cast<double>(sum.batch);
      result_.layers[i].timing.rounds.push_back(seconds);
      sum.timing.rounds.back() += seconds;
    }
    for (size_t i = 0; i < turns_.size(); ++i) result_.networks[i + 1].timing.rounds.push_back(turns_[i]());
  }

  const CaseResult& result() const { return result_; }

 private:
  void add_onednn(const std::vector<Layer>& layers) {
    onednn_ = fastest_onednn(layers, plan_);
    for (size_t i = 0; i < layers.size(); ++i) {
      result_.layers.push_back({layers[i], onednn_.layers[i].implementation(), {}});
    }
    result_.networks.push_back({"oneDNN",
                                fmt::format("{}, {}", onednn_version(), onednn_instructions()),
                                plan_.exact ? "int8 exact" : "int8",
                                onednn_.batch,
                                {}});
  }

  void add_onnxruntime(const std::string& numbers) {
    const std::filesystem::path model = model_path(plan_.onnx, result_.name, numbers.c_str());
    NetworkResult result{"ONNX Runtime", "", numbers, 0, {}};
    double seconds = 0;
    for (const int64_t batch : plan_.batches) {
      const OnnxRuntimeTurn trial = run_in_onnxruntime(model, batch, kNetworkTrial);
      if (result.batch != 0 && seconds <= trial.seconds_per_image) continue;
      seconds = trial.seconds_per_image;
      result.version = trial.version;
      result.batch = batch;
    }
    turns_.push_back(
        [this, model, batch = result.batch] { return run_in_onnxruntime(model, batch, plan_.turn).seconds_per_image; });
    result_.networks.push_back(std::move(result));
  }

  void add_bitloom(const ir::Network& network) {
    const std::shared_ptr<BitloomNetwork> fastest = fastest_bitloom(network, plan_);
    turns_.push_back([this, fastest] {
      return median_seconds([&] { fastest->run(); }, plan_.turn) / static_cast<double>(fastest->batch());
    });
    result_.networks.push_back(
        {"bitloom", fmt::format("{}, {}", BITLOOM_VERSION, fastest->target()), network.name, fastest->batch(), {}});
  }

  const Plan& plan_;
  OnednnNetwork onednn_;
  std::vector<std::function<double()>> turns_;  // of the networks after oneDNN's; each returns seconds an image
  CaseResult result_;
};

}  // namespace

std::vector<Case> cases() {
  const auto named = [](ir::Network network, const char* name) {
    network.name = name;
    return network;
  };
  return {{"CNV", {named(cnv(1, 1), "W1A1"), named(cnv(2, 2), "W2A2")}},
          {"LFC", {named(fully_connected({784, 1024, 1024, 1024, 10}), "W1A1")}},
          {"SFC", {named(fully_connected({784, 256, 256, 256, 10}), "W1A1")}}};
}

void write_models(const std::vector<Case>& cases, const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  for (const Case& written : cases) {
    const std::vector<Layer> layers = topology(written.networks.front());
    write_onnx(layers, written.name, Arithmetic::kInt8, model_path(folder, written.name, "int8"));
    write_onnx(layers, written.name, Arithmetic::kFloat, model_path(folder, written.name, "float"));
  }
}

std::vector<CaseResult> measure(const std::vector<Case>& cases, const Plan& plan) {
  std::vector<std::unique_ptr<Contest>> contests;
  for (const Case& contested : cases) contests.push_back(std::make_unique<Contest>(contested, plan));
  for (int round = 0; round < plan.rounds; ++round) {
    for (const auto& contest : contests) contest->take_turns();
  }
  std::vector<CaseResult> results;
  for (const auto& contest : contests) results.push_back(contest->result());
  return results;
}

}  // namespace bitloom::bench
