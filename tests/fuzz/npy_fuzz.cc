// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a .npy file; what is read is written and read again.
#include <cstddef>
#include <cstdint>
#include <span>

#include "bitloom/data.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  try {
    const bitloom::data::NpyArray array = bitloom::data::read_npy(bytes, "x");
    const auto written = bitloom::data::npy_bytes(array);
    // Compared as bytes, because not-a-number differs from itself.
    BITLOOM_CHECK(bitloom::data::npy_bytes(bitloom::data::read_npy(written, "x")) == written);
    array.as_doubles();
    array.as_integers();
  } catch (const bitloom::Error&) {
  }
  return 0;
}
