// SPDX-License-Identifier: Apache-2.0
//
// What a benchmark of the engine repeats: a program on one thread, random images, and room for its results.
#pragma once

#include <string_view>
#include <vector>

#include "bitloom/engine.h"

namespace bitloom::bench {

class Runner {
 public:
  /// `target` as in engine::Options. `images` 0: those that a thread computes together. Pixels are handed over as bytes.
  explicit Runner(const ir::Network& network, std::string_view target = {}, int64_t images = 0);
  Runner(const Runner&) = delete;  // the views are of its own values
  Runner& operator=(const Runner&) = delete;

  const engine::Program& program() const { return program_; }
  int64_t images() const { return images_; }

  void run() { program_.run(images_, inputs_, outputs_, workspace_); }

  /// Runs and returns the seconds of one of the program's steps, all images together.
  double time_step(size_t step);

 private:
  engine::Program program_;
  engine::Workspace workspace_;
  int64_t images_;
  std::vector<ir::Tensor> values_;
  std::vector<std::vector<uint8_t>> bytes_;
  std::vector<std::vector<int32_t>> results_;
  std::vector<engine::InputView> inputs_;
  std::vector<std::span<int32_t>> outputs_;
  std::vector<double> seconds_;
};

}  // namespace bitloom::bench
