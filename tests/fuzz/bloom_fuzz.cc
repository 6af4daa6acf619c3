// SPDX-License-Identifier: Apache-2.0
//
// The reader of .bloom files: any bytes give a network that keeps every rule, or Error.
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "bitloom/ir.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = std::make_shared<std::vector<std::byte>>(size);
  if (size != 0) std::memcpy(bytes->data(), data, size);
  try {
    const bitloom::ir::Network network = bitloom::ir::load(*bytes, bytes, "fuzz");
    bitloom::ir::verify(network);
  } catch (const bitloom::Error&) {
  }
  return 0;
}
