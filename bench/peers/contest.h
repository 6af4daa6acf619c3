// SPDX-License-Identifier: Apache-2.0
//
// Networks in bitloom beside the same shapes in other runtimes, one thread each.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "rounds.h"
#include "topology.h"

namespace bitloom::bench {

struct Plan {
  int rounds = 9;
  double turn = 0.1;                                ///< seconds of one runtime's turn in a round
  std::vector<int64_t> batches{1, 4, 16, 64, 256};  ///< each runtime takes the one that is fastest for it
  bool exact = false;                               ///< oneDNN without Winograd's convolution, which rounds
  std::filesystem::path onnx;                       ///< folder of models for ONNX Runtime; empty: without it
};

/// Networks of one topology.
struct Case {
  std::string name;
  std::vector<ir::Network> networks;  ///< that differ in their encodings only
};

/// CNV (W1A1 and W2A2), LFC and SFC.
std::vector<Case> cases();

/// Writes FOLDER/cnv-float.onnx, cnv-int8.onnx, and so on.
void write_models(const std::vector<Case>& cases, const std::filesystem::path& folder);

/// A layer in oneDNN.
struct LayerResult {
  Layer layer;
  std::string implementation;
  Timing timing;
};

/// A whole network in one runtime.
struct NetworkResult {
  std::string runtime;  ///< "bitloom", "oneDNN", ...
  std::string version;
  std::string numbers;  ///< "W1A1", "int8", "float32"
  int64_t batch = 0;
  Timing timing;
};

struct CaseResult {
  std::string name;
  std::vector<LayerResult> layers;
  std::vector<NetworkResult> networks;  ///< oneDNN's, the sum of the layers, first
};

/// Chooses batches and implementations, then measures all cases in the same rounds.
std::vector<CaseResult> measure(const std::vector<Case>& cases, const Plan& plan);

}  // namespace bitloom::bench
