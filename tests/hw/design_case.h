// SPDX-License-Identifier: Apache-2.0
//
// Designs as cases of the bench of tests/rtl, which simulates many of them at once, with any number of inputs and outputs.
#pragma once

#include "bitloom/hw.h"
#include "rtl/bench.h"

namespace bitloom::test {

/// The folding with a FIFO in front of each unit that holds two frames.
hw::Folding with_ample_fifos(const ir::Network& network, const hw::Folding& folding);

/// The design in a bench that looks for modules in `folder`: its top level there as `name`.sv, its files in a folder there.
Case emitted(const hw::Design& design, const ir::Network& network, std::span<const ir::Tensor> inputs,
             const std::filesystem::path& folder, const std::string& name);

}  // namespace bitloom::test
