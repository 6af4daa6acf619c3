// SPDX-License-Identifier: Apache-2.0
//
// A network as units that are not folded yet.
//
// The lanes of every unit follow from one number that is chosen somewhere: the PE or SIMD of a Dot layer, or the lanes of
// an input. A Variable is such a place; everything between two Dot layers keeps the lanes of the first. So a unit costs
// what its variable says, and a link (converter and FIFO between two units) what its two variables say: what the search
// rests on.
#pragma once

#include <string>
#include <vector>

#include "bitloom/hw.h"

namespace bitloom::hw {

/// A Dot layer, or an Input.
struct Variable {
  std::string name;
  ir::NodeId node = 0;
  bool is_input = false;
  int64_t outputs = 1;      ///< that PE divides (of a group); of an input, the elements that its lanes divide
  int64_t columns = 1;      ///< that SIMD divides
  std::string columns_are;  ///< "input channels", "inputs": for messages
  std::string outputs_are;  ///< "output channels"
  bool operator==(const Variable&) const = default;
};

/// What is chosen for a variable. For an input, `pe` is its lanes.
struct Choice {
  int32_t pe = 1, simd = 1;
  MemoryStyle weights = MemoryStyle::kAuto, thresholds = MemoryStyle::kAuto;
};

/// Which number of its variable a unit's lanes follow.
enum class Lanes { kPe, kSimd };

struct Part {
  Unit unit;  ///< lanes, PE and SIMD 1; streams not set
  int32_t variable = 0;
  Lanes lanes = Lanes::kPe;
  int64_t granule = 1;  ///< that lanes divide: they are its greatest common divisor with the variable's number
  int32_t depth = 0;    ///< Dot layers between here and the inputs, at most
  bool fifo = false;    ///< one is wanted in front of it
  int64_t windows = 0;  ///< a frame, of a pool behind a window
};

struct Link {
  std::string name;
  Element element;
  int64_t elements = 1;     ///< a frame
  End from, to;             ///< units count parts
  int32_t variable = 0;     ///< of an input's link, the input's
  bool frame_fifo = false;  ///< must hold a frame, for the other input of the same unit may wait so long
};

struct Structure {
  std::string name;
  std::vector<Variable> variables;  ///< in topological order
  std::vector<Part> parts;          ///< in topological order
  std::vector<Link> links;
  std::vector<Port> inputs, outputs;  ///< stream counts links
};

/// Throws Unsupported naming the node.
Structure make_structure(const ir::Network& network);

/// The variables alone: of all Input and Dot nodes. Does not look whether the network is supported.
std::vector<Variable> variables_of(const ir::Network& network);

/// True if every channel has a group and an output of its own.
bool is_depthwise(const ir::Dot& dot);

/// True if the window needs no window unit: 1 x 1 without stride, or one position that sees the whole image in order.
bool passes_through(const ir::Dot& dot, const ir::Shape& image);

/// A choice for each variable, of a resolved folding; inputs without lanes get 0.
std::vector<Choice> choices_of(const Structure& structure, const Folding& folding);

/// Lanes of a part's input and output.
int32_t in_lanes(const Part& part, const Choice& choice);
int32_t out_lanes(const Part& part, const Choice& choice);

/// The unit with its lanes, PE and SIMD, memory styles and line buffer as chosen; kAuto becomes what is cheaper.
UnitKind folded(const Part& part, const Choice& choice, Family family);

/// Depth of the FIFO in front of a reader with these lanes; 0 for none.
int32_t default_fifo(const Structure& structure, const Link& link, int32_t lanes);

Fifo make_fifo(int64_t width, int32_t depth, Family family);

/// Name of a FIFO in Folding::fifos, and of the units on a link: that of the reader, with the port unless it is the first.
std::string reader_name(const Structure& structure, const Link& link);

/// Cycles a frame of a folded unit.
int64_t part_cycles(const Structure& structure, int32_t part, const UnitKind& kind, const Choice& choice);

/// Divisors, ascending.
std::vector<int32_t> divisors(int64_t number);

}  // namespace bitloom::hw
