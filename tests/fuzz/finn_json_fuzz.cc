// SPDX-License-Identifier: Apache-2.0
//
// Any text as a FINN topology and any bytes as its archive; the first zero byte parts them.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "bitloom/frontend.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const uint8_t* end = std::find(data, data + size, uint8_t{0});
  const std::string_view json(reinterpret_cast<const char*>(data), static_cast<size_t>(end - data));
  const auto npz = std::as_bytes(std::span(data, size)).subspan(std::min(json.size() + 1, size));
  try {
    bitloom::frontend::verify(bitloom::frontend::read_finn_json(json, npz, "fuzz"));
  } catch (const bitloom::Error&) {
  }
  return 0;
}
