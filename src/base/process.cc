// SPDX-License-Identifier: Apache-2.0
//
// posix_spawn with an argument vector: no shell reads what bitloom passes on.
#include "bitloom/process.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bitloom/error.h"

namespace bitloom {
namespace {

constexpr size_t kKeptErrors = 2000;  // enough for npm's own summary of what went wrong

class Pipe {
 public:
  Pipe() {
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0) throw Error("cannot make a pipe: {}", std::strerror(errno));
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    ::close(ends_[0]);
    close_input();
  }
  int input() const { return ends_[1]; }
  void close_input() {
    if (ends_[1] >= 0) ::close(std::exchange(ends_[1], -1));
  }

  // The end of what is written until the last writer closes.
  std::string read_tail() {
    std::string tail;
    std::array<char, 4096> buffer{};
    for (;;) {
      const ssize_t got = ::read(ends_[0], buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return tail;
      tail.append(buffer.data(), static_cast<size_t>(got));
      if (tail.size() > kKeptErrors) tail.erase(0, tail.size() - kKeptErrors);
    }
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

class SpawnActions {
 public:
  SpawnActions() { BITLOOM_CHECK(posix_spawn_file_actions_init(&actions_) == 0); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions_); }
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) throw Error("cannot wait for process {}: {}", child, std::strerror(errno));
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

std::optional<ProcessResult> run_process(const std::vector<std::string>& arguments, const std::filesystem::path& folder,
                                         ProcessOutput output) {
  Pipe errors;
  SpawnActions actions;
  const auto set_output = [&] {
    if (output == ProcessOutput::kWithErrors)
      return posix_spawn_file_actions_adddup2(actions.get(), errors.input(), STDOUT_FILENO);
    return posix_spawn_file_actions_addopen(actions.get(), STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  };
  const bool ready = posix_spawn_file_actions_addopen(actions.get(), STDIN_FILENO, "/dev/null", O_RDONLY, 0) == 0 &&
                     set_output() == 0 &&
                     posix_spawn_file_actions_adddup2(actions.get(), errors.input(), STDERR_FILENO) == 0 &&
                     posix_spawn_file_actions_addchdir_np(actions.get(), folder.c_str()) == 0;
  BITLOOM_CHECK(ready);
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, argv[0], actions.get(), nullptr, argv.data(), environ);
  if (error == ENOENT) return std::nullopt;
  if (error != 0) throw Error("cannot run {}: {}", arguments[0], std::strerror(error));
  errors.close_input();
  ProcessResult result;
  result.errors = errors.read_tail();
  result.status = wait_for(child);
  return result;
}

TemporaryFolder::TemporaryFolder(const std::filesystem::path& parent) {
  std::string name = (parent / "bitloom-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw Error("{}: cannot be made: {}", name, std::strerror(errno));
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace bitloom
