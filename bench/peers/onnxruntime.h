// SPDX-License-Identifier: Apache-2.0
//
// A model in ONNX Runtime, which is measured by a script for Node.js (onnxruntime.mjs).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace bitloom::bench {

struct OnnxRuntimeTurn {
  std::string version;
  double seconds_per_image = 0;  ///< of the median call
};

/// Loads the model on one thread and runs it for about `seconds`. Throws Error with what the script says if it fails.
OnnxRuntimeTurn run_in_onnxruntime(const std::filesystem::path& model, int64_t batch, double seconds);

}  // namespace bitloom::bench
