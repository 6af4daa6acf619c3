// SPDX-License-Identifier: Apache-2.0
//
// Runs a network on this CPU: packed bit planes, XOR and population count, fused thresholds, batches over threads.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "bitloom/ir.h"

namespace bitloom::engine {

struct Options {
  int threads = 0;  ///< 0: one a hardware thread; more than these are never used
};

/// A network compiled for a CPU. Immutable once made; `run` may be called from several threads at once.
class Program {
 public:
  /// Compiles the network. Throws Error if `ir::verify` refuses it.
  explicit Program(const ir::Network& network, const Options& options = {});
  ~Program();
  Program(Program&&) noexcept;
  Program& operator=(Program&&) noexcept;

  /// The network's outputs for a batch: equal to ir::evaluate bit for bit. One tensor an Input node, in order, all with the
  /// same number of images. Throws Error if an input has the wrong shape or a value that its type does not have.
  std::vector<ir::Tensor> run(std::span<const ir::Tensor> inputs) const;

  const ir::Network& network() const;

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

}  // namespace bitloom::engine
