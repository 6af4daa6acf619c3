// SPDX-License-Identifier: Apache-2.0
//
// The modules of a folder of SystemVerilog, a file a module.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>

namespace bitloom::hw {

/// Text of each module by its name. Throws Error if the folder cannot be read.
using Library = std::map<std::string, std::string>;
Library read_library(const std::filesystem::path& folder);

/// These modules and all that they instantiate. Throws Error naming one that is not there.
std::set<std::string> needed_modules(const Library& library, std::set<std::string> modules);

}  // namespace bitloom::hw
