// SPDX-License-Identifier: Apache-2.0
//
// The state of a training between two epochs, as a file in the safetensors format (8 bytes of header length, a JSON header,
// raw little-endian floats): any tool can look into it, and reading it runs no code, which torch::load would.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bitloom/train.h"

namespace bitloom::train {

struct SavedTensor {
  std::vector<int64_t> shape;
  std::vector<float> data;
  bool operator==(const SavedTensor&) const = default;
};

struct Checkpoint {
  std::string recipe;      ///< as print() gives it
  std::string data;        ///< fingerprint of the images and labels
  std::string arithmetic;  ///< "bf16" or "f32": a resumed training goes on with it
  Progress progress;       ///< of the last finished epoch
  std::map<std::string, SavedTensor> tensors;
};

std::string checkpoint_bytes(const Checkpoint& checkpoint);

/// Throws Error naming `source` and the fault.
Checkpoint parse_checkpoint(std::span<const std::byte> bytes, std::string_view source);

/// Throws Error if the checkpoint in `source` is of another recipe or other data than these, saying what differs.
void check_same_training(const Checkpoint& checkpoint, const std::string& recipe, const std::string& data,
                         std::string_view source);

}  // namespace bitloom::train
