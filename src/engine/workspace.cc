// SPDX-License-Identifier: Apache-2.0
#include "workspace.h"

#include <utility>

namespace bitloom::engine {
namespace {

/// The n-th CPU of a set, beginning again where the set ends.
int nth_cpu(const cpu_set_t& set, int n) {
  n %= CPU_COUNT(&set);
  int cpu = 0;
  while (!CPU_ISSET(cpu, &set) || n-- > 0) ++cpu;
  return cpu;
}

}  // namespace

Pinning::Pinning(tbb::task_arena& arena) : tbb::task_scheduler_observer(arena) {
  CPU_ZERO(&allowed_);
  if (sched_getaffinity(0, sizeof allowed_, &allowed_) != 0 || CPU_COUNT(&allowed_) == 0)
    throw Error("cannot pin threads: the system does not say which CPUs the process may use; leave the option pin off");
  observe(true);
}

Pinning::~Pinning() { observe(false); }

void Pinning::on_scheduler_entry(bool) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(nth_cpu(allowed_, tbb::this_task_arena::current_thread_index()), &one);
  sched_setaffinity(0, sizeof one, &one);  // a thread that cannot be pinned computes the same
}

void Pinning::on_scheduler_exit(bool) { sched_setaffinity(0, sizeof allowed_, &allowed_); }

Workspace::Impl::Impl(const void* made_for, const Offsets& buffers, int64_t images, int64_t scratch_bytes, int threads,
                      bool pin)
    : program(made_for), arena(threads) {
  for (int t = 0; t < threads; ++t) frames.emplace_back(buffers, images, scratch_bytes);
  if (pin) pinning = std::make_unique<Pinning>(arena);
}

Workspace::Workspace(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Workspace::~Workspace() = default;
Workspace::Workspace(Workspace&&) noexcept = default;
Workspace& Workspace::operator=(Workspace&&) noexcept = default;

}  // namespace bitloom::engine
