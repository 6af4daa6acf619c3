// SPDX-License-Identifier: Apache-2.0
//
// Runs another program and waits for it; and a place for what it writes.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace bitloom {

struct ProcessResult {
  int status = 0;      ///< exit status; 128 + signal if one ended it
  std::string errors;  ///< the end of what it wrote to standard error, or to both if so asked
};

/// What becomes of a program's standard output.
enum class ProcessOutput { kDropped, kWithErrors };

/// Runs arguments[0], found on PATH, in `folder`, without input. Nothing if there is no such program. Throws Error when it
/// cannot be started for another reason.
std::optional<ProcessResult> run_process(const std::vector<std::string>& arguments, const std::filesystem::path& folder,
                                         ProcessOutput output = ProcessOutput::kDropped);

/// A new folder that goes away with the object.
class TemporaryFolder {
 public:
  /// In the folder `parent`. Throws Error if it cannot be made.
  explicit TemporaryFolder(const std::filesystem::path& parent = std::filesystem::temp_directory_path());
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace bitloom
