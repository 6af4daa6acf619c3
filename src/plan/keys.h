// SPDX-License-Identifier: Apache-2.0
//
// What of the stages so far matters for those to come, as one number.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "bitloom/plan.h"

namespace bitloom::plan {

class Keys {
 public:
  /// `last`: the last stage's type, replicas and cables matter. Throws Unsupported if there are too many keys.
  Keys(const Problem& problem, const Request& request, bool last);

  int32_t count() const { return count_; }
  /// After one more stage, behind one with so many replicas (0: behind the host). None if there are not so many nodes or
  /// stages.
  std::optional<int32_t> extended(int32_t key, const Stage& stage, int32_t replicas_before) const;
  /// Cables into each node of the last stage. The first stage is told from others with one: it may be the only one.
  int32_t cables(int32_t key) const;
  /// Whether there are as many stages as were asked for.
  bool may_end(int32_t key) const;
  /// A key with a byte for each type, to compare many quickly.
  struct Packed {
    uint64_t nodes = 0;
    int32_t rest = 0;
    /// Whether this uses no more nodes of any type than `other`, and else is the same.
    bool at_most(const Packed& other) const {
      constexpr uint64_t kHigh = 0x8080808080808080;  // stays where a byte of `other` is not less
      return rest == other.rest && (((other.nodes | kHigh) - nodes) & kHigh) == kHigh;
    }
  };
  /// None if the types do not fit into bytes of seven bits.
  std::optional<Packed> packed(int32_t key) const;

 private:
  int32_t used(int32_t key, size_t type) const { return key / weights_[type] % (counts_[type] + 1); }
  int32_t stages(int32_t key) const { return key / stages_weight_ % (most_stages_ + 1); }

  std::vector<int32_t> counts_, weights_;
  int32_t most_nodes_ = 0, fewest_stages_ = 1;
  bool bounded_ = false;      ///< the number of stages, from above
  int32_t most_stages_ = 0;   ///< that are counted
  int32_t most_count_ = 0;    ///< of a type
  int32_t nodes_weight_ = 1;  ///< beyond all counts of nodes
  int32_t stages_weight_ = 1, last_weight_ = 1, count_ = 1;
  bool last_ = false;
};

}  // namespace bitloom::plan
