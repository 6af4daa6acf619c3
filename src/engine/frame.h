// SPDX-License-Identifier: Apache-2.0
//
// Where the buffers of the images in flight are while their steps run. A frame belongs to one thread. Every image has all
// buffers once, at the same offsets from its own beginning.
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

/// Gives each buffer its offset. Times are positions in the list of steps; a buffer is in use from the step that writes it
/// first to the step that reads it last, both included.
struct BufferUse {
  int64_t bytes = 0;
  int32_t first = 0;
  int32_t last = 0;
};
struct Offsets {
  std::vector<int64_t> offsets;
  int64_t bytes = 0;  ///< of one image
};
Offsets place_buffers(const std::vector<BufferUse>& uses);

/// The buffers of one image.
class Frame {
 public:
  /// Plain integers of a tensor, [y][x][channel].
  const int32_t* ints(BufferId id) const { return static_cast<const int32_t*>(at(id)); }
  /// Planes of a tensor, as codec.h says.
  const uint64_t* planes(BufferId id) const { return static_cast<const uint64_t*>(at(id)); }
  /// Bytes of a tensor, as codec.h says.
  const uint8_t* bytes(BufferId id) const { return static_cast<const uint8_t*>(at(id)); }

  int32_t* ints_to_write(BufferId id) { return reinterpret_cast<int32_t*>(to_write(id)); }
  uint64_t* planes_to_write(BufferId id) { return reinterpret_cast<uint64_t*>(to_write(id)); }
  uint8_t* bytes_to_write(BufferId id) { return reinterpret_cast<uint8_t*>(to_write(id)); }
  double* reals_to_write(BufferId id) { return reinterpret_cast<double*>(to_write(id)); }

  /// The caller's own image in place of a buffer, until the next call; null for the buffer itself.
  void set_outside(BufferId id, const void* image) { outside_[static_cast<size_t>(id)] = image; }

 private:
  friend class Frames;
  const void* at(BufferId id) const {
    const void* outside = outside_[static_cast<size_t>(id)];
    return outside != nullptr ? outside : memory_ + (*offsets_)[static_cast<size_t>(id)];
  }
  std::byte* to_write(BufferId id) { return memory_ + (*offsets_)[static_cast<size_t>(id)]; }

  std::byte* memory_ = nullptr;
  const std::vector<int64_t>* offsets_ = nullptr;
  std::vector<const void*> outside_;
};

/// The images that a thread computes together, step by step, and the space that a step may use for all of them.
class Frames {
 public:
  /// `offsets` must outlive the frames.
  Frames(const Offsets& offsets, int64_t images, int64_t scratch_bytes);

  Frame& operator[](int64_t image) { return frames_[static_cast<size_t>(image)]; }
  int64_t capacity() const { return static_cast<int64_t>(frames_.size()); }
  std::byte* scratch() { return scratch_; }

  /// Bytes that such frames take.
  static int64_t bytes(const Offsets& offsets, int64_t images, int64_t scratch_bytes);

 private:
  struct Free {
    void operator()(std::byte* memory) const { ::operator delete[](memory, kAlignment); }
  };
  static constexpr std::align_val_t kAlignment{64};

  std::unique_ptr<std::byte[], Free> memory_;
  std::vector<Frame> frames_;
  std::byte* scratch_ = nullptr;
};

}  // namespace bitloom::engine
