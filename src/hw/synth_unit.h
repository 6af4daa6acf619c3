// SPDX-License-Identifier: Apache-2.0
//
// One unit as synthesis sees it: an instance of a module, known by its content.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bitloom/hw.h"
#include "verilog_unit.h"

namespace bitloom::hw {

struct SynthPort {
  std::string name;
  int64_t width = 1;
  bool input = true;
  bool operator==(const SynthPort&) const = default;
};

struct SynthUnit {
  std::string name;  ///< of the unit
  std::string kind;  ///< its module is bitloom_KIND
  std::vector<std::pair<std::string, std::string>> parameters;
  std::vector<SynthPort> ports;
  std::vector<std::string> files;  ///< memory files that parameters name, relative to the design's folder
  std::map<Family, Resources> estimates;
};

/// Throws Unsupported, naming the unit, where the library has no module for it.
SynthUnit synth_unit(const Unit& unit);

/// As an object of design.json.
std::string print_unit(const SynthUnit& unit);

struct SynthDesign {
  std::string name;
  std::vector<SynthUnit> units;
};
/// Reads design.json; `place` stands for the file in errors. Names and files are checked to be such that they can be
/// written into Verilog and lie in the folder.
SynthDesign read_design(std::string_view json, const std::string& place);

/// A module `name` without parameters that holds the unit; memory files are called as `files` says.
std::string wrapper(const SynthUnit& unit, const std::string& name, const std::map<std::string, std::string>& files);

std::string_view family_name(Family family);

}  // namespace bitloom::hw
