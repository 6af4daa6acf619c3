// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "bitloom/frames.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::span<const std::byte> rest = std::as_bytes(std::span(data, size));
  const auto source = [&](std::span<std::byte> part) {
    const size_t count = std::min(part.size(), rest.size());
    std::copy_n(rest.begin(), count, part.begin());
    rest = rest.subspan(count);
    return count;
  };
  try {
    bitloom::ir::FrameReader reader(source, "fuzz");
    std::vector<std::vector<int32_t>> images;
    while (reader.read(images)) {
    }
  } catch (const bitloom::Error&) {
  }
  return 0;
}
