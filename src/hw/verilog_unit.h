// SPDX-License-Identifier: Apache-2.0
//
// One unit as an instance of its module: parameters as text, and the memory files they name.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "bitloom/hw.h"

namespace bitloom::hw {

struct MemoryFile {
  std::string name;   ///< "mem/conv1.weights.hex"
  std::string words;  ///< as $readmemh reads them, a word a line
};

struct VerilogUnit {
  std::vector<std::pair<std::string, std::string>> parameters;
  std::vector<MemoryFile> files;
};

/// Throws Unsupported, naming the unit, where the library has no such module.
VerilogUnit verilog_unit(const Unit& unit);

/// A name of the design as an identifier of Verilog: letters, digits and underscores.
std::string identifier(std::string_view name);

/// Bits, least significant first, as one hexadecimal number of ceil(size / 4) digits.
std::string hex(const std::vector<bool>& bits);

/// Appends the lowest `count` bits of a number in two's complement.
void append_bits(std::vector<bool>& bits, int64_t value, int count);

}  // namespace bitloom::hw
