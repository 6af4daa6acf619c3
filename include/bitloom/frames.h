// SPDX-License-Identifier: Apache-2.0
//
// Framed tensors: how stages of a cut network hand images to each other over a pipe or in a file
// (docs/reference/frames.md). Part of module ir. Owns no file and no socket: bytes in, messages out.
//
//   stream  = header, frame ..., end
//   header  = "BLMF", version, the name and type of each tensor
//   frame   = length of the payload, index of the image, the tensors packed as ir::pack does
//   end     = a frame of length 0 whose index is the number of images; a stream without it was cut off
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "bitloom/ir.h"

namespace bitloom::ir {

struct NamedType {
  std::string name;
  TensorType type;
  bool operator==(const NamedType&) const = default;
};

/// Where bytes go to, and come from. A Source fills the whole span or, at the end of the stream, returns how many bytes
/// there were.
using Sink = std::function<void(std::span<const std::byte>)>;
using Source = std::function<size_t(std::span<std::byte>)>;

/// Writes a stream. `finish` must be called after the last image.
class FrameWriter {
 public:
  FrameWriter(Sink sink, std::vector<NamedType> tensors);
  /// One image of each tensor, in order. Throws Error if a value does not belong to its type.
  void write(std::span<const std::span<const int32_t>> images);
  void finish();
  int64_t payload_bytes() const { return payload_bytes_; }  ///< of one image

 private:
  Sink sink_;
  std::vector<NamedType> tensors_;
  int64_t payload_bytes_ = 0;
  uint64_t images_ = 0;
};

/// Reads a stream. Every length is checked against the header before anything is allocated.
class FrameReader {
 public:
  /// Reads the header. Throws Error for anything that is no framed stream, `name` standing for its place.
  FrameReader(Source source, std::string name);
  const std::vector<NamedType>& tensors() const { return tensors_; }
  /// The next image of each tensor; false at the end, however often it is asked. Throws Error for a stream that is malformed or cut off.
  bool read(std::vector<std::vector<int32_t>>& images);

 private:
  void read_exactly(std::span<std::byte> bytes);
  Source source_;
  std::string name_;
  std::vector<NamedType> tensors_;
  uint64_t payload_bytes_ = 0;
  uint64_t images_ = 0;
  bool ended_ = false;
};

}  // namespace bitloom::ir
