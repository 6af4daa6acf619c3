// SPDX-License-Identifier: Apache-2.0
//
// Runs another program and waits for it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace bitloom {

struct ProcessResult {
  int status = 0;      ///< exit status; 128 + signal if one ended it
  std::string errors;  ///< the end of what it wrote to standard error
};

/// Runs arguments[0], found on PATH, in `folder`, without input; its output is dropped. Nothing if there is no such
/// program. Throws Error when it cannot be started for another reason.
std::optional<ProcessResult> run_process(const std::vector<std::string>& arguments, const std::filesystem::path& folder);

}  // namespace bitloom
