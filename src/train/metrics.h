// SPDX-License-Identifier: Apache-2.0
//
// What a training measured after each epoch, kept beside its result as metrics.jsonl: one JSON object a line, in the order
// of the epochs. Needs no LibTorch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace bitloom::train {

/// Each real number may be NaN (a training that diverged); the file then has null.
struct EpochRecord {
  int64_t epoch = 0;          ///< from 1
  double loss = 0;            ///< mean over the epoch
  double train_accuracy = 0;  ///< 0 to 1
  double test_accuracy = 0;   ///< 0 to 1
  double learning_rate = 0;   ///< at the end of the epoch
  double seconds = 0;         ///< that the epoch took
  bool operator==(const EpochRecord&) const = default;
};

/// Throws Error naming the line of what is not a record: not JSON, a field that is missing, unknown or out of its range, or
/// an epoch that does not come after the one before.
std::vector<EpochRecord> read_metrics(const std::filesystem::path& path);

/// Writes the file whole or not at all; what was written reads back the same (infinities as NaN).
void write_metrics(const std::filesystem::path& path, std::span<const EpochRecord> records);

}  // namespace bitloom::train
