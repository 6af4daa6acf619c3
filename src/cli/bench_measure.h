// SPDX-License-Identifier: Apache-2.0
//
// What `bitloom bench` measures of a network on this machine: speed, latency, the time of each step, and the ceiling that
// it is held against.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bitloom/engine.h"

namespace bitloom::cli {

struct MeasureOptions {
  engine::Options engine;
  int64_t batch = 0;   ///< images; 0: default_batch
  double seconds = 2;  ///< of each throughput; of the other measurements a quarter
  bool layers = true;  ///< measure the steps, too
};

/// A network on a number of threads. Every measurement takes random images, the same each time.
struct Speed {
  int threads = 1;
  int64_t repeats = 0;      ///< of the throughput; each some batches
  double best = 0;          ///< images a second in the fastest repeat
  double median = 0;        ///< of the repeats
  int64_t single_runs = 0;  ///< of one image each
  double p50 = 0, p99 = 0;  ///< seconds of a run of one image
  double cpu_share = 0;     ///< of the time of its CPUs that the throughput's threads got or took
  int64_t workspace_bytes = 0;
};

/// A step in the fastest of the profiled batches.
struct StepTime {
  engine::StepInfo step;
  double seconds = 0;  ///< an image, on one thread
};

/// engine::ceiling before and after everything else.
struct Ceiling {
  double before = 0, after = 0;
  double largest() const;
  /// False if the two differ by more than a tenth: other work has kept the machine busy.
  bool steady() const;
};

struct Measurements {
  std::string target;
  int64_t batch = 0;
  std::vector<Speed> speeds;    ///< of one thread, then of all that were asked for unless that is one
  std::vector<StepTime> steps;  ///< none unless asked for
  Ceiling ceiling;
  int64_t operations = 0;  ///< of one image: 2 a multiply-accumulate
  int64_t parameter_bytes = 0;
  int64_t peak_resident_bytes = 0;  ///< of the process, until now
};

Measurements measure(const ir::Network& network, const MeasureOptions& options);

/// 256 images, fewer if so many would take 8 MiB as integers or 2^36 operations, but at least one.
int64_t default_batch(const ir::Network& network);

}  // namespace bitloom::cli
