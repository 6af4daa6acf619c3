// SPDX-License-Identifier: Apache-2.0
//
// Runs the real program in a folder of its own, by the shell, so that tests read like what users type.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "bitloom/data.h"
#include "support/temporary_folder.h"

namespace bitloom::cli::test {

struct Result {
  int status = -1;  ///< of the last command of a pipe
  std::string out;
  std::string err;  ///< of all commands
};

/// A temporary folder with the source tree's models/ in it. `bitloom` is the program that was built; it finds no data sets.
class Shell {
 public:
  Shell();
  /// What a shell does with the command line in this folder.
  Result run(const std::string& command) const;
  /// Standard output of a command that must succeed and say nothing on standard error.
  std::string output(const std::string& command) const;
  /// The one JSON document that a command with --json must print, and nothing else.
  nlohmann::json json(const std::string& command) const;
  std::filesystem::path path(const std::string& file) const { return folder_.path() / file; }
  data::NpyArray array(const std::string& file) const { return data::read_npy(path(file)); }

 private:
  bitloom::test::TemporaryFolder folder_;
};

/// The keys of an object in the order of the alphabet.
std::vector<std::string> keys(const nlohmann::json& object);

inline constexpr const char* kLfc = "models/lfc-w1a1/lfc-w1a1.bloom";
inline constexpr const char* kSfc = "models/sfc-w1a1/sfc-w1a1.bloom";

}  // namespace bitloom::cli::test
