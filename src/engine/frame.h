// SPDX-License-Identifier: Apache-2.0
//
// Where the buffers of one image are while its steps run. A frame belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

namespace bitloom::engine {

/// A tensor, or working space of one step, while an image is computed. Buffers that are never needed at the same time may
/// lie at the same place.
using BufferId = int32_t;

/// Offset of a buffer that lies outside the frame: the image of an input tensor.
inline constexpr int64_t kOutside = -1;

class Frame {
 public:
  /// A frame of `bytes` with a buffer at each offset, those that are kOutside to be set before the steps run.
  Frame(const std::vector<int64_t>& offsets, int64_t bytes);

  /// Plain integers of a tensor, [y][x][channel].
  const int32_t* ints(BufferId id) const { return static_cast<const int32_t*>(at_[static_cast<size_t>(id)]); }
  /// Planes of a tensor, as codec.h says.
  const uint64_t* planes(BufferId id) const { return static_cast<const uint64_t*>(at_[static_cast<size_t>(id)]); }

  int32_t* ints_to_write(BufferId id) { return reinterpret_cast<int32_t*>(to_write(id)); }
  uint64_t* planes_to_write(BufferId id) { return reinterpret_cast<uint64_t*>(to_write(id)); }
  double* reals_to_write(BufferId id) { return reinterpret_cast<double*>(to_write(id)); }

  void set_outside(BufferId id, const int32_t* image) { at_[static_cast<size_t>(id)] = image; }

 private:
  struct Free {
    void operator()(std::byte* memory) const { ::operator delete[](memory, kAlignment); }
  };
  static constexpr std::align_val_t kAlignment{64};

  std::byte* to_write(BufferId id) { return memory_.get() + offsets_[static_cast<size_t>(id)]; }

  std::unique_ptr<std::byte[], Free> memory_;
  std::vector<int64_t> offsets_;
  std::vector<const void*> at_;
};

/// Gives each buffer its offset. Times are positions in the list of steps; a buffer is in use from the step that writes it
/// first to the step that reads it last, both included.
struct BufferUse {
  int64_t bytes = 0;
  int32_t first = 0;
  int32_t last = 0;
  bool outside = false;
};
struct Offsets {
  std::vector<int64_t> offsets;
  int64_t bytes = 0;  ///< of the frame
};
Offsets place_buffers(const std::vector<BufferUse>& uses);

}  // namespace bitloom::engine
