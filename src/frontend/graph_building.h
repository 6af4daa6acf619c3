// SPDX-License-Identifier: Apache-2.0
//
// What the readers share when they put a QuantGraph together.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "bitloom/frontend.h"

namespace bitloom::frontend {

/// Counts the elements of a file's constants against kMaxElements, before they are allocated.
class ElementBudget {
 public:
  explicit ElementBudget(std::string_view source) : source_(source) {}

  /// Elements of an array of this shape. Throws Error, saying `what` it is, for a negative size or when the array, or all
  /// constants together, are more than kMaxElements.
  int64_t take(std::span<const int64_t> shape, std::string_view what);

 private:
  std::string_view source_;
  int64_t taken_ = 0;
};

/// Gives every node a name of its own: op and position where the file has none, a suffix where two are the same.
void name_nodes(QuantGraph& graph);

/// Puts the nodes in topological order and keeps the file's order where it can. Throws Error for a cycle.
void sort_nodes(QuantGraph& graph);

}  // namespace bitloom::frontend
