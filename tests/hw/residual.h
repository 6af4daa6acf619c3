// SPDX-License-Identifier: Apache-2.0
//
// A network that stops if its FIFOs are too small.
#pragma once

#include <map>
#include <string>

#include "bitloom/hw.h"

namespace bitloom::test {

/// An image whose convolution is added to the image itself.
inline ir::Network residual() {
  return ir::parse(R"(network "residual"
    %i = input "image" 6x6x2 unsigned4
    %c = dot "conv" %i bipolar 2x18 kernel=3x3 pads=1,1,1,1 weights=seed(1)
    %s = add "sum" %i %c
    output %s)");
}

inline hw::Design residual_design(std::map<std::string, int32_t> fifos) {
  hw::Folding folding;
  folding.layers = {{"conv", 1, 2, {}, {}}};
  folding.fifos = std::move(fifos);
  return hw::design(residual(), folding);
}

}  // namespace bitloom::test
