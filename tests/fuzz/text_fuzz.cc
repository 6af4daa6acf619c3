// SPDX-License-Identifier: Apache-2.0
//
// The parser of the text form: any text gives a network that prints and reads back the same, or Error.
#include <cstdint>
#include <string_view>

#include "bitloom/ir.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const bitloom::ir::Network network = bitloom::ir::parse(text);
    BITLOOM_CHECK(bitloom::ir::parse(bitloom::ir::print(network)) == network);
  } catch (const bitloom::Error&) {
  }
  return 0;
}
