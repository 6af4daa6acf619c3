// SPDX-License-Identifier: Apache-2.0
//
// A run allocates nothing. Counted by this program's own operator new, which the library uses as well.
#include <atomic>
#include <cstdlib>
#include <new>

#include "agree.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define BITLOOM_SANITIZED
#endif
#endif

namespace {

std::atomic<int64_t> allocations{0};

#ifndef BITLOOM_SANITIZED

void* allocate(size_t bytes, size_t alignment) {
  ++allocations;
  void* memory = nullptr;
  if (posix_memalign(&memory, alignment, bytes == 0 ? 1 : bytes) != 0) throw std::bad_alloc();
  return memory;
}

#endif

}  // namespace

#ifndef BITLOOM_SANITIZED
void* operator new(size_t bytes) { return allocate(bytes, alignof(std::max_align_t)); }
void* operator new(size_t bytes, std::align_val_t alignment) { return allocate(bytes, static_cast<size_t>(alignment)); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
#endif

namespace bitloom {
namespace {

TEST(Allocation, none_after_the_workspace_is_made) {
#ifdef BITLOOM_SANITIZED
  GTEST_SKIP() << "the sanitizer has its own operator new";
#endif
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const ir::Network network = ir::random_network(seed);
    const int64_t images = 5;
    const std::vector<ir::Tensor> inputs = ir::random_inputs(network, images, seed);
    std::vector<engine::InputView> views;
    for (const ir::Tensor& input : inputs) views.emplace_back(std::span<const int32_t>(input.values));
    std::vector<std::vector<int32_t>> values;
    for (const ir::NodeId id : network.outputs) {
      values.emplace_back(static_cast<size_t>(images * network.nodes[static_cast<size_t>(id)].type.shape.elements()));
    }
    const std::vector<std::span<int32_t>> outputs(values.begin(), values.end());

    const int64_t before_compiling = allocations;
    const engine::Program program(network, {.threads = 1});
    engine::Workspace workspace = program.workspace();
    ASSERT_GT(allocations, before_compiling) << "allocations are not counted";
    const int64_t before = allocations;
    program.run(images, views, outputs, workspace);
    EXPECT_EQ(allocations - before, 0) << "seed " << seed;
  }
}

}  // namespace
}  // namespace bitloom
