// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a MATLAB file with SVHN's digits. matio reads files only, so the bytes become one that is in memory.
#include <cstddef>
#include <cstdint>
#include <string>

#include <sys/mman.h>
#include <unistd.h>

#include "bitloom/data.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const int file = ::memfd_create("svhn", 0);
  BITLOOM_CHECK(::ftruncate(file, 0) == 0 && ::pwrite(file, data, size, 0) == static_cast<ssize_t>(size));
  try {
    const bitloom::data::DataSet set = bitloom::data::read_svhn("/proc/self/fd/" + std::to_string(file));
    BITLOOM_CHECK(static_cast<int64_t>(set.images.pixels.size()) == set.images.count * 3072);
    BITLOOM_CHECK(static_cast<int64_t>(set.labels.size()) == set.images.count);
  } catch (const bitloom::Error&) {
  }
  return 0;
}
