// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a batch of CIFAR-10.
#include <cstddef>
#include <cstdint>
#include <span>

#include "bitloom/data.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  try {
    const bitloom::data::DataSet set = bitloom::data::read_cifar10(bytes, "x");
    BITLOOM_CHECK(set.labels.size() == static_cast<size_t>(set.images.count));
    BITLOOM_CHECK(set.images.image(set.images.count - 1).size() == 3072);
  } catch (const bitloom::Error&) {
  }
  return 0;
}
