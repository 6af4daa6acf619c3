// SPDX-License-Identifier: Apache-2.0
//
// What happened to an integer tensor since its layer made it: the chain of per-channel functions that leads from its
// integers to the real numbers of the graph. A quantizer turns the whole chain into thresholds; nothing else survives
// lowering.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "bitloom/ir.h"

namespace bitloom::lower {

/// One number for all channels, or one a channel.
class PerChannel {
 public:
  PerChannel(double value) : values_{value} {}
  explicit PerChannel(std::vector<double> values);
  double operator[](int64_t channel) const { return values_[values_.size() == 1 ? 0 : static_cast<size_t>(channel)]; }
  int64_t rows() const { return static_cast<int64_t>(values_.size()); }
  bool uniform() const;
  const std::vector<double>& values() const { return values_; }

 private:
  std::vector<double> values_;
};

/// Applies `function` channel by channel; the result has one entry if both arguments have.
PerChannel combine(const PerChannel& a, const PerChannel& b, const std::function<double(double, double)>& function);

/// Real numbers that lie on an integer grid: real = scale * v + offset. For quantization the functions themselves are
/// evaluated; a grid is what layers that mix values (dot products, sums) need.
struct Grid {
  PerChannel scale{1.0};
  PerChannel offset{0.0};
};

/// Channel of the old tensor that channel `c` of the new one comes from.
using ChannelMap = std::function<int64_t(int64_t)>;

PerChannel remap(const PerChannel& values, int64_t channels, const ChannelMap& map);

/// One per-channel function of the graph, non-decreasing or, where `affine` has a negative factor, decreasing.
struct Step {
  std::string node;
  int64_t rows = 1;                              ///< 1 if it is the same function for all channels
  std::function<double(double, int64_t)> apply;  ///< of a real number and its channel, as float64 evaluates the graph
  std::optional<Grid> affine;                    ///< set if it is x * scale + offset up to rounding
  int slope(int64_t channel) const;              ///< sign of the function's slope: -1, 0 (constant), 1
};

/// A max-pool that waits in the chain until it is known whether codes or accumulators are pooled.
struct PendingPool {
  std::string node;
  ir::Window window;
};

struct Chain {
  Grid grid;  ///< from integers to the first real numbers
  std::vector<std::variant<Step, PendingPool>> links;

  /// The real number at the end of the chain for an integer (or real, when the tensor comes from outside) at its start;
  /// pools are passed over.
  double evaluate(double v, int64_t channel) const;
  /// Product of the slopes from link `begin` on; the grid's own is included when begin is 0.
  int slope(int64_t channel, size_t begin = 0) const;
  int64_t rows() const;  ///< 1 if all channels have the same chain
  bool has_pools() const;
  /// True if no channel falls before the last pool, so that its integers can be pooled.
  bool pools_integers(int64_t channels) const;
  /// The whole chain as a grid, if every link is affine.
  std::optional<Grid> as_grid() const;
  /// The same chain for a tensor whose channels were rearranged.
  Chain remapped(int64_t channels, const ChannelMap& map) const;
};

/// The end of a chain: real numbers to a few integers.
struct Quantizer {
  std::string node;
  int64_t rows = 1;
  std::function<double(double, int64_t)> level;  ///< the integer that the code stands for
  std::function<int(int64_t)> slope;             ///< -1 or 1
  std::optional<ir::Encoding> encoding;          ///< of the integers; absent if only evaluation can tell their bounds
  Grid grid;                                     ///< what the integers mean
};

}  // namespace bitloom::lower
