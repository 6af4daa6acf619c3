// SPDX-License-Identifier: Apache-2.0
//
// POSIX files: reading with a size check first, mapping, and writing by rename.
#include "bitloom/file.h"

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bitloom/error.h"

namespace bitloom {
namespace {

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool close() { return ::close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

int64_t checked_size(int fd, const std::filesystem::path& path, int64_t limit) {
  if (fd < 0) throw Error("{}: cannot open: {}", path.string(), std::strerror(errno));
  struct stat status {};
  if (::fstat(fd, &status) != 0) throw Error("{}: cannot read: {}", path.string(), std::strerror(errno));
  if (!S_ISREG(status.st_mode)) throw Error("{}: is not a file", path.string());
  if (status.st_size > limit) {
    throw Error("{}: is {} bytes long, more than the {} that are read", path.string(), status.st_size, limit);
  }
  return status.st_size;
}

bool write_all(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return true;
}

}  // namespace

std::vector<std::byte> read_file(const std::filesystem::path& path, int64_t limit) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::vector<std::byte> bytes(static_cast<size_t>(checked_size(file.get(), path, limit)));
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::read(file.get(), bytes.data() + done, bytes.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw Error("{}: cannot read: {}", path.string(), std::strerror(errno));
    if (got == 0) throw Error("{}: became shorter while it was read", path.string());
    done += static_cast<size_t>(got);
  }
  return bytes;
}

std::string read_text(const std::filesystem::path& path, int64_t limit) {
  const std::vector<std::byte> bytes = read_file(path, limit);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

MappedFile map_file(const std::filesystem::path& path, int64_t limit) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const auto size = static_cast<size_t>(checked_size(file.get(), path, limit));
  if (size == 0) return {};
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (address == MAP_FAILED) throw Error("{}: cannot map: {}", path.string(), std::strerror(errno));
  std::shared_ptr<const void> owner(address, [size](const void* p) { ::munmap(const_cast<void*>(p), size); });
  return {{static_cast<const std::byte*>(address), size}, std::move(owner)};
}

void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  std::string temporary = path.string() + ".XXXXXX";
  FileDescriptor file(::mkstemp(temporary.data()));
  if (file.get() < 0) throw Error("{}: cannot write: {}", path.string(), std::strerror(errno));
  // mkstemp makes a private file; the result gets the permissions that any new file would have.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  const bool written = ::fchmod(file.get(), 0666 & ~mask) == 0 && write_all(file.get(), bytes) &&
                       ::fsync(file.get()) == 0 && file.close() && ::rename(temporary.c_str(), path.c_str()) == 0;
  if (!written) {
    const int error = errno;
    ::unlink(temporary.c_str());
    throw Error("{}: cannot write: {}", path.string(), std::strerror(error));
  }
}

void write_file(const std::filesystem::path& path, std::string_view text) {
  write_file(path, std::as_bytes(std::span(text)));
}

}  // namespace bitloom
