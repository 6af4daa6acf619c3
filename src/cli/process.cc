// SPDX-License-Identifier: Apache-2.0
#include "process.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bitloom/error.h"

extern char** environ;

namespace bitloom::cli {
namespace {

int open_or_throw(const std::filesystem::path& path, int flags) {
  const int file = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  if (file < 0) throw Error("{}: cannot open: {}", path.string(), std::strerror(errno));
  return file;
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

pid_t start(std::vector<std::string> command, int in, int out, int err) {
  std::vector<char*> argv;
  for (std::string& argument : command) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  pid_t pid = -1;
  const int error = ::posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw Error("cannot start {}: {}", argv[0], std::strerror(error));
  return pid;
}

bool succeeds(pid_t process) {
  int status = 0;
  while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

Finished run_process(const std::vector<std::string>& command) {
  // Files, not pipes: two pipes would have to be read at the same time.
  const TemporaryFolder folder;
  const int in = open_or_throw("/dev/null", O_RDONLY);
  const int out = open_or_throw(folder.path() / "out", O_WRONLY | O_CREAT);
  const int err = open_or_throw(folder.path() / "err", O_WRONLY | O_CREAT);
  const auto close_all = [&] {
    for (const int file : {in, out, err}) ::close(file);
  };
  pid_t process = -1;
  try {
    process = start(command, in, out, err);
  } catch (...) {
    close_all();
    throw;
  }
  close_all();
  const bool success = succeeds(process);
  return {success, text_of(folder.path() / "out"), text_of(folder.path() / "err")};
}

}  // namespace bitloom::cli
