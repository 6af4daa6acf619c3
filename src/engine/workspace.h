// SPDX-License-Identifier: Apache-2.0
//
// The memory and the threads of a caller.
#pragma once

#include <memory>
#include <vector>

#include <sched.h>
#include <tbb/task_arena.h>
#include <tbb/task_scheduler_observer.h>

#include "bitloom/engine.h"
#include "frame.h"

namespace bitloom::engine {

/// Keeps the n-th thread of an arena on the n-th CPU that the process may use, for as long as it works there.
class Pinning : public tbb::task_scheduler_observer {
 public:
  explicit Pinning(tbb::task_arena& arena);
  ~Pinning() override;
  void on_scheduler_entry(bool worker) override;
  void on_scheduler_exit(bool worker) override;

 private:
  cpu_set_t allowed_;
};

struct Workspace::Impl {
  Impl(const void* program, const Offsets& buffers, int64_t images, int64_t scratch_bytes, int threads, bool pin);

  const void* program;         ///< that it was made for
  std::vector<Frames> frames;  ///< one a thread
  tbb::task_arena arena;
  std::unique_ptr<Pinning> pinning;
};

}  // namespace bitloom::engine
