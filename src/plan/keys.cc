// SPDX-License-Identifier: Apache-2.0
#include "keys.h"

#include <algorithm>

#include "ports.h"

namespace bitloom::plan {

Keys::Keys(const Problem& problem, const Request& request, bool last) : last_(last) {
  constexpr int64_t kMost = 16'000'000;  ///< states
  int64_t all = 1;
  const auto multiply = [&](int64_t by) {
    all *= by;
    if (all * static_cast<int64_t>(problem.cuts.size()) > kMost)
      throw Unsupported(
          "{} cuts and so many nodes make more than {} states, too many for an exact plan; name fewer nodes, or put those "
          "that always work together into one type",
          problem.cuts.size(), kMost);
    return static_cast<int32_t>(all);
  };
  int32_t weight = 1, sum = 0;
  for (const NodeType& type : problem.types) {
    counts_.push_back(request.most_nodes > 0 ? std::min(type.count, request.most_nodes) : type.count);
    weights_.push_back(weight);
    weight = multiply(counts_.back() + 1);
    sum += counts_.back();
    most_count_ = std::max(most_count_, counts_.back());
  }
  nodes_weight_ = weight;
  most_nodes_ = request.most_nodes > 0 ? request.most_nodes : sum;
  bounded_ = request.most_stages > 0;
  fewest_stages_ = request.fewest_stages;
  if (bounded_ || fewest_stages_ > 1) most_stages_ = bounded_ ? request.most_stages : fewest_stages_;
  stages_weight_ = weight;
  last_weight_ = multiply(most_stages_ + 1);
  count_ = last_ ? multiply(static_cast<int64_t>(counts_.size()) * most_count_ * (most_count_ + 1) + 1) : last_weight_;
}

std::optional<int32_t> Keys::extended(int32_t key, const Stage& stage, int32_t replicas_before) const {
  const auto type = static_cast<size_t>(stage.type);
  if (used(key, type) + stage.replicas > counts_[type]) return std::nullopt;
  int32_t nodes = stage.replicas;
  for (size_t t = 0; t < counts_.size(); ++t) nodes += used(key, t);
  if (nodes > most_nodes_) return std::nullopt;
  int32_t next = key % last_weight_ + stage.replicas * weights_[type];
  if (most_stages_ > 0) {
    if (stages(key) < most_stages_) {
      next += stages_weight_;
    } else if (bounded_) {
      return std::nullopt;
    }
  }
  if (!last_) return next;
  const int32_t cables = replicas_before == 0 ? 0 : partners(stage.replicas, replicas_before);
  return next + last_weight_ * (1 + (stage.type * most_count_ + stage.replicas - 1) * (most_count_ + 1) + cables);
}

int32_t Keys::cables(int32_t key) const { return last_ ? std::max(1, (key / last_weight_ - 1) % (most_count_ + 1)) : 0; }

bool Keys::may_end(int32_t key) const { return most_stages_ == 0 || stages(key) >= fewest_stages_; }

std::optional<Keys::Packed> Keys::packed(int32_t key) const {
  if (counts_.size() > 8 || most_count_ > 127) return std::nullopt;
  Packed result{0, key / nodes_weight_};
  for (size_t t = 0; t < counts_.size(); ++t) result.nodes |= static_cast<uint64_t>(used(key, t)) << (8 * t);
  return result;
}

}  // namespace bitloom::plan
