// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as an ONNX file: read into a graph that verifies, or refused.
#include <cstddef>
#include <cstdint>
#include <span>

#include "bitloom/frontend.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    bitloom::frontend::verify(bitloom::frontend::read_onnx(std::as_bytes(std::span(data, size)), "fuzz"));
  } catch (const bitloom::Error&) {
  }
  return 0;
}
