// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as IDX files of images and of labels.
#include <cstddef>
#include <cstdint>
#include <span>

#include "bitloom/data.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  try {
    const bitloom::data::Images images = bitloom::data::read_idx_images(bytes, "x");
    BITLOOM_CHECK(static_cast<int64_t>(images.pixels.size()) == images.count * images.height * images.width);
  } catch (const bitloom::Error&) {
  }
  try {
    bitloom::data::read_idx_labels(bytes, "x");
  } catch (const bitloom::Error&) {
  }
  return 0;
}
