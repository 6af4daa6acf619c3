// SPDX-License-Identifier: Apache-2.0
//
// What the readers share when they put a QuantGraph together.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

/// Puts nodes behind each other: each takes the tensor that the one before made.
class Chain {
 public:
  Chain(QuantGraph& graph, std::string tensor) : graph_(graph), tensor_(std::move(tensor)) {}

  const std::string& tensor() const { return tensor_; }

  /// A node of the default domain, named like the `output` that it makes from the chain's tensor and constants, which get
  /// the names given.
  GraphNode& add(std::string op, std::string output, std::vector<std::pair<std::string, Array>> constants = {});

  /// The same in QONNX's domain.
  GraphNode& add_qonnx(std::string op, std::string output, std::vector<std::pair<std::string, Array>> constants);

  /// MultiThreshold: bias + scale * (how many of the channel's thresholds the value reaches).
  void add_thresholds(const std::string& output, Array thresholds, double scale, double bias, std::string_view type,
                      std::string_view layout);

 private:
  QuantGraph& graph_;
  std::string tensor_;
};

/// Thresholds [1, 255] that turn 8-bit pixels p into q = clamp(floor(128 (2 p / 255 - 1) + 0.5), -128, 127) = count - 128,
/// the input of BNN-PYNQ's networks.
Array fixed_point_pixel_thresholds();

}  // namespace bitloom::frontend
