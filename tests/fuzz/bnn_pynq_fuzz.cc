// SPDX-License-Identifier: Apache-2.0
//
// A parameter folder in which one file is replaced: the first byte of the input chooses the file, the rest is its contents.
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <span>
#include <vector>

#include "bitloom/frontend.h"
#include "support/temporary_folder.h"

namespace {

namespace fs = std::filesystem;

void write(const fs::path& path, std::span<const char> bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

/// An LFC whose files are as short as the format allows, so that reading it is quick.
class Folder {
 public:
  Folder() {
    constexpr int kElements[] = {32, 64, 32, 16};
    for (int layer = 0; layer < 4; ++layer) {
      for (int element = 0; element < kElements[layer]; ++element) {
        for (const char* kind : {"weights", "thres"}) {
          files_.push_back(path() / (std::to_string(layer) + "-" + std::to_string(element) + "-" + kind + ".bin"));
          write(files_.back(), std::vector<char>(8));
        }
      }
    }
    files_.push_back(path() / "classes.txt");
    write(files_.back(), std::vector<char>{'0', '\n', '1'});
  }
  const fs::path& path() const { return folder_.path(); }
  const fs::path& file(size_t index) const { return files_[index * 7 % files_.size()]; }

 private:
  bitloom::test::TemporaryFolder folder_;
  std::vector<fs::path> files_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Folder folder;
  if (size == 0) return 0;
  const fs::path& file = folder.file(data[0]);
  std::ifstream in(file, std::ios::binary);
  const std::vector<char> before((std::istreambuf_iterator<char>(in)), {});
  write(file, std::span(reinterpret_cast<const char*>(data + 1), size - 1));
  try {
    bitloom::frontend::read_bnn_pynq(folder.path());
  } catch (const bitloom::Error&) {
  }
  write(file, before);
  return 0;
}
