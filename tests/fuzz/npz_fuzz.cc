// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a .npz file.
#include <cstddef>
#include <cstdint>
#include <span>

#include "bitloom/data.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  try {
    bitloom::data::read_npz(bytes, "x");
  } catch (const bitloom::Error&) {
  }
  return 0;
}
