// SPDX-License-Identifier: Apache-2.0
//
// Runs a network on this CPU: packed bit planes, population counts, fused thresholds, batches over threads.
//
//   const engine::Program program(ir::load("model.bloom"));       // once
//   engine::Workspace workspace = program.workspace();             // once a thread that calls run
//   program.run(images, inputs, outputs, workspace);               // as often as you like; allocates nothing
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bitloom/ir.h"

namespace bitloom::engine {

struct Options {
  int threads = 0;  ///< that share a batch (or, if there are fewer images than threads, an image); 0: one a hardware
                    ///< thread; more than those are never used
  bool pin = false;      ///< keep each thread on a CPU of its own, the n-th of those that the process may use
  std::string target{};  ///< instructions to use, one of targets(); empty: what the environment variable BITLOOM_TARGET
                         ///< says, else the best
};

/// The instruction sets that this build has kernels for and this CPU can run, best first; "portable" is always the last.
/// Of: avx512vpopcnt (AVX-512 with VPOPCNTDQ and VNNI), avx512, avx2, sse4, neon, portable.
std::vector<std::string_view> targets();

/// One input tensor of a batch: images * shape.elements() numbers, [image][y][x][channel], without gaps. Any of the three
/// types may hold any input, as long as the input's values fit. No alignment is asked for.
using InputView = std::variant<std::span<const int32_t>, std::span<const uint8_t>, std::span<const int8_t>>;

/// The memory that a caller's runs need, and its threads. Made by Program::workspace, for that program only. One call of
/// `run` at a time may use it.
class Workspace {
 public:
  ~Workspace();
  Workspace(Workspace&&) noexcept;
  Workspace& operator=(Workspace&&) noexcept;

 private:
  friend class Program;
  struct Impl;
  explicit Workspace(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// One step of a program, for tables.
struct StepInfo {
  std::string name;        ///< of the last node that the step computes
  std::string what;        ///< what the step does, as "dot + threshold + max_pool, xor 1 x 1"
  int64_t operations = 0;  ///< of one image: 2 a multiply-accumulate, Dot only
  int64_t bytes = 0;       ///< of one image: what the step reads and writes, parameters included
};

/// A network compiled for a CPU. Immutable once made; may be used from several threads at once.
class Program {
 public:
  /// Compiles the network. Throws Error if `ir::verify` refuses it, threads are negative, or the target is not one of
  /// targets().
  explicit Program(const ir::Network& network, const Options& options = {});
  ~Program();
  Program(Program&&) noexcept;
  Program& operator=(Program&&) noexcept;

  /// Memory for runs. Allocates all of it.
  Workspace workspace() const;

  /// The network's outputs for a batch: equal to ir::evaluate bit for bit. One view an Input node, in order, each of
  /// `images` images; one span an output, in order, each of images * shape.elements() numbers, [image][y][x][channel].
  /// Throws Error if a view or a span has the wrong size or an input a value that its type does not have; nothing is
  /// written then.
  void run(int64_t images, std::span<const InputView> inputs, std::span<const std::span<int32_t>> outputs,
           Workspace& workspace) const;

  /// The same for tensors, in a workspace that the program keeps; one call at a time has it, others make their own.
  std::vector<ir::Tensor> run(std::span<const ir::Tensor> inputs) const;

  /// The steps in the order in which they run.
  std::span<const StepInfo> steps() const;

  /// Runs a batch on one thread and adds to `seconds`, one number a step, the time that each step took. Inputs and outputs
  /// as for `run`.
  void profile(int64_t images, std::span<const InputView> inputs, std::span<const std::span<int32_t>> outputs,
               Workspace& workspace, std::span<double> seconds) const;

  const ir::Network& network() const;
  std::string_view target() const;   ///< of targets()
  int threads() const;               ///< that a workspace has
  int64_t images_in_flight() const;  ///< that a thread computes together, step by step; batches best hold a multiple
  int64_t workspace_bytes() const;   ///< of the buffers in one workspace, all threads together: the peak memory of a run
  int64_t parameter_bytes() const;   ///< of weights and thresholds as the kernels want them

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

/// Binary operations a second (an XOR and a count of one bit are two) that one thread of this CPU reaches now, with the
/// fastest loop known for the target over operands that lie in registers and the first cache. Measures for about `seconds`.
/// Throws Error if the target is not one of targets(). The bound that `bitloom bench` compares with.
double ceiling(std::string_view target, double seconds = 0.2);

}  // namespace bitloom::engine
