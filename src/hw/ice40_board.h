// SPDX-License-Identifier: Apache-2.0
//
// The files of an iCE40's board beside a design (bitloom/ice40.h lists them).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "bitloom/hw.h"

namespace bitloom::hw {

/// Whether the serial line of a board can carry the design's frames.
bool has_board(const Design& design);

/// Name and content of each file but the library's. Throws Error if the board has no clock as slow as the folding's.
std::vector<std::pair<std::string, std::string>> board_files(const Design& design, const ir::Tensor& input,
                                                             const ir::Tensor& expected);

}  // namespace bitloom::hw
