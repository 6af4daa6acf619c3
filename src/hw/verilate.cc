// SPDX-License-Identifier: Apache-2.0
//
// The Makefile of an emitted folder does the work; this says where, and keeps what comes out.
#include "verilate.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <sys/utsname.h>

#include "bitloom/error.h"
#include "bitloom/file.h"
#include "bitloom/process.h"
#include "cache.h"

namespace bitloom::hw {
namespace {

namespace fs = std::filesystem;

// A model has 1 to 5 MB.
constexpr int64_t kMostBytes = int64_t{1} << 30;

std::string file_of(Model model) {
  switch (model) {
    case Model::kTestBench:
      return "bench/test_bench";
    case Model::kWaves:
      return "waves/test_bench";
    case Model::kBoard:
      return "board/board.so";
  }
  BITLOOM_CHECK(false);
  return "";
}

std::string verilator_version(const fs::path& folder) {
  const auto found = run_process({"verilator", "--version"}, folder, ProcessOutput::kWithErrors);
  if (!found) throw Error("Verilator is missing; install it (Debian, Ubuntu: apt-get install verilator)");
  return found->errors;
}

/// The sources by name, and what else a model depends on.
std::string key_of(const fs::path& folder, Model model) {
  utsname machine{};
  ::uname(&machine);
  std::vector<std::string> names, texts{verilator_version(folder), machine.machine, file_of(model)};
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string extension = entry.path().extension();
    const std::string name = entry.path().filename();
    if (extension == ".sv" || extension == ".v" || extension == ".cc" || extension == ".h" || name == "Makefile")
      names.push_back(name);
  }
  std::ranges::sort(names);
  for (const std::string& name : names) {
    texts.push_back(name);
    texts.push_back(read_text(folder / name));
  }
  return hash_of(texts);
}

std::optional<Cache> open_cache() {
  const auto folder = cache_folder("rtl");
  if (!folder) return std::nullopt;
  try {
    return Cache(*folder, kMostBytes);
  } catch (const Error&) {  // a home that cannot be written is no reason not to simulate
    return std::nullopt;
  }
}

fs::path make(const fs::path& folder, const fs::path& build, Model model) {
  const fs::path file = build / file_of(model);
  const auto made = run_process({"make", file.string(), "BUILD=" + build.string()}, folder);
  if (!made) throw Error("make is missing; install it (Debian, Ubuntu: apt-get install make g++)");
  if (made->status == 0) return file;
  if (!run_process({"g++", "--version"}, folder))
    throw Error("g++ is missing; Verilator needs it (Debian, Ubuntu: apt-get install g++)");
  throw Error("{}: the simulation could not be built: {}", folder.string(), made->errors);
}

}  // namespace

fs::path verilated(const fs::path& folder, Model model) {
  const std::string key = key_of(folder, model);
  const std::optional<Cache> cache = open_cache();
  if (!cache) return make(folder, fs::absolute(folder) / "obj_dir", model);
  if (const auto known = cache->find(key)) return *known;
  const TemporaryFolder build(cache->folder());
  return cache->store(key, make(folder, build.path(), model));
}

}  // namespace bitloom::hw
