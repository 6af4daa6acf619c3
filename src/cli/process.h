// SPDX-License-Identifier: Apache-2.0
//
// Other processes.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "bitloom/process.h"

namespace bitloom::cli {

/// Starts a program, which is looked for on the path unless its name has a slash; `in`, `out` and `err` become its standard
/// streams. Throws Error if it cannot be started.
pid_t start(std::vector<std::string> command, int in, int out, int err = 2);

/// Waits for the end of a process. True if it ended with status 0.
bool succeeds(pid_t process);

/// What a program wrote, once it has ended.
struct Finished {
  bool success = false;
  std::string out;
  std::string err;
};

/// Runs a program with nothing on its standard input. Throws Error if it cannot be started.
Finished run_process(const std::vector<std::string>& command);

}  // namespace bitloom::cli
