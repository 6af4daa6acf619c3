// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a PNG or JPEG file, and its grey form.
#include <cstddef>
#include <cstdint>
#include <span>

#include "bitloom/data.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  try {
    const bitloom::data::Images image = bitloom::data::decode_image(bytes, "x");
    const int64_t pixels = int64_t{image.height} * image.width;
    BITLOOM_CHECK(static_cast<int64_t>(image.pixels.size()) == pixels * image.channels);
    BITLOOM_CHECK(static_cast<int64_t>(bitloom::data::decode_image(bytes, "x", 1).pixels.size()) == pixels);
  } catch (const bitloom::Error&) {
  }
  return 0;
}
