// SPDX-License-Identifier: Apache-2.0
//
// Any text as a folding file for a small network. What is read is printed and read back; what fits is a design.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "bitloom/error.h"
#include "bitloom/hw.h"

namespace {

const bitloom::ir::Network& network() {
  static const bitloom::ir::Network small = bitloom::ir::parse(R"(network "small"
%0 = input "pixels" 6x6x2 unsigned8
%1 = dot "conv0" %0 bipolar 4x18 kernel=3x3 weights=seed(1)
%2 = threshold "act" %1 bipolar [0]
%3 = dot "conv1" %2 bipolar 6x36 kernel=3x3 pads=1,1,1,1 weights=seed(2)
%4 = threshold "flat" %3 bipolar [0]
%5 = dot "dense" %4 bipolar 3x96 kernel=4x4 weights=seed(3)
%6 = output "logits" %5
output %6
)");
  return small;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bitloom;
  try {
    const hw::Folding folding = hw::read_folding({reinterpret_cast<const char*>(data), size}, "fuzz");
    BITLOOM_CHECK(hw::read_folding(hw::print(folding), "printed") == folding);
    hw::interval(hw::design(network(), hw::resolve(network(), folding)));
  } catch (const Error&) {
  }
  return 0;
}
