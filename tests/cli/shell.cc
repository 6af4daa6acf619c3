// SPDX-License-Identifier: Apache-2.0
#include "cli/shell.h"

#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <system_error>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include <gtest/gtest.h>

namespace bitloom::cli::test {
namespace {

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

// The environment of the commands: the program's own defaults, whatever the caller has set. Only what a sanitizer is told
// to overlook goes through.
std::vector<std::string> environment(const std::filesystem::path& folder) {
  const std::string home = folder.string();
  std::vector<std::string> variables{"PATH=/usr/bin:/bin", "HOME=" + home, "BITLOOM_DATA=" + home + "/data", "LC_ALL=C"};
  for (const std::string name : {"LSAN_OPTIONS", "TSAN_OPTIONS"}) {
    if (const char* value = std::getenv(name.c_str())) variables.push_back(name + "=" + value);
  }
  return variables;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> result;
  for (std::string& word : words) result.push_back(word.data());
  result.push_back(nullptr);
  return result;
}

}  // namespace

Shell::Shell() {
  std::filesystem::create_directory_symlink(std::filesystem::path(BITLOOM_SOURCE_DIR) / "models", path("models"));
}

Result Shell::run(const std::string& command) const {
  const std::string script =
      "cd '" + folder_.path().string() + "' && bitloom() { '" BITLOOM_PROGRAM "' \"$@\"; }\n" + command;
  std::vector<std::string> words{"/bin/sh", "-c", script};
  std::vector<std::string> variables = environment(folder_.path());
  const std::filesystem::path out = path(".stdout"), err = path(".stderr");
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC;
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), kFlags, 0600);
  ::posix_spawn_file_actions_addopen(&actions, 2, err.c_str(), kFlags, 0600);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, "/bin/sh", &actions, nullptr, pointers(words).data(), pointers(variables).data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::system_error(error, std::generic_category(), "posix_spawn");
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text_of(out), text_of(err)};
}

std::string Shell::output(const std::string& command) const {
  const Result result = run(command);
  EXPECT_EQ(result.status, 0) << command;
  EXPECT_EQ(result.err, "") << command;
  return result.out;
}

nlohmann::json Shell::json(const std::string& command) const {
  const std::string text = output(command);
  nlohmann::json document = nlohmann::json::parse(text, nullptr, false);
  EXPECT_FALSE(document.is_discarded()) << command << " printed no single JSON document:\n" << text;
  return document;
}

std::vector<std::string> keys(const nlohmann::json& object) {
  std::vector<std::string> result;
  for (const auto& [key, value] : object.items()) result.push_back(key);
  return result;
}

}  // namespace bitloom::cli::test
