// SPDX-License-Identifier: Apache-2.0
//
// Any text as a description of a cluster.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "bitloom/error.h"
#include "bitloom/split.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bitloom;
  try {
    const plan::Cluster cluster = plan::read_cluster({reinterpret_cast<const char*>(data), size}, "fuzz");
    BITLOOM_CHECK(!cluster.nodes.empty());
  } catch (const Error&) {
  }
  return 0;
}
