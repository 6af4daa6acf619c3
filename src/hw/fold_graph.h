// SPDX-License-Identifier: Apache-2.0
//
// The choices of all variables of a structure, and what they cost together, as a graph whose paths are the foldings.
//
// A choice costs what its units cost, and what the links to the variables before it cost (converters and FIFOs). Links know
// PE alone of the earlier variable, so a state of the path is the PE of those variables that a later link needs.
#pragma once

#include <array>
#include <vector>

#include "structure.h"

namespace bitloom::hw {

/// Resources that a device bounds: LUT, FF, half blocks, DSP.
using Amounts = std::array<double, 4>;

Amounts amounts_of(const Resources& r);
bool at_most(const Amounts& a, const Amounts& b);  ///< of each

struct Option {
  Choice choice;
  int64_t cycles = 0;
  Resources resources;
  Amounts amounts{};
};

/// From a state by an option to a state of the next variable.
struct Step {
  int32_t option = 0;
  int32_t next = 0;
  int64_t cycles = 0;
  Resources resources;
  Amounts amounts{};
};

using State = std::vector<Step>;
using Graph = std::vector<std::vector<State>>;  ///< by variable, by state

struct FoldGraph {
  std::vector<std::vector<Option>> options;  ///< by variable
  Graph graph;
};
FoldGraph fold_graph(const Structure& structure, Family family);

}  // namespace bitloom::hw
