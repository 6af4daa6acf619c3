// SPDX-License-Identifier: Apache-2.0
//
// Yosys as a process: what a run of it needs, and what it said.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "bitloom/synth.h"

namespace bitloom::hw {

/// "Yosys 0.23 (git sha1 ...)". Throws Error saying how to install it if there is none.
std::string yosys_version(const std::filesystem::path& folder);

/// The commands that synthesize `top` once all sources are read: part of what a result depends on.
std::string synth_commands(Family family, const std::string& top);

/// Synthesizes `top` of these Verilog files, in `folder`, where it writes stat.json; returns what is in it. Throws Error, with
/// Yosys' words, if it fails.
std::string run_yosys(const std::filesystem::path& folder, const std::vector<std::string>& sources, const std::string& top,
                      Family family);

}  // namespace bitloom::hw
