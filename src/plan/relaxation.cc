// SPDX-License-Identifier: Apache-2.0
#include "relaxation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace bitloom::plan {
namespace {

constexpr int kRounds = 40;

double dot(const Costs& a, const Costs& b) {
  double sum = 0;
  for (size_t k = 0; k < kCosts; ++k) sum += a[k] * b[k];
  return sum;
}

}  // namespace

Costs shares(const Costs& costs, const Costs& bounds) {
  constexpr double kFarTooMuch = 1e9;  // of what the node does not have
  Costs result{};
  for (size_t k = 0; k < kCosts; ++k) result[k] = costs[k] == 0 ? 0 : bounds[k] > 0 ? costs[k] / bounds[k] : kFarTooMuch;
  return result;
}

Relaxation::Relaxation(Layers layers, const Costs& bounds, bool by_share, bool by_watts)
    : layers_(layers), bounds_(bounds), by_share_(by_share), by_watts_(by_watts), rest_(layers.size() + 1) {
  by_share_ ? find_mean() : find_prices();
  for (size_t i = layers.size(); i-- > 0;) rest_[i] = rest_[i + 1] + reduced(best(i));
}

const Candidate& Relaxation::best(size_t layer) const {
  return *std::ranges::min_element(*layers_[layer], {}, [&](const Candidate& c) { return reduced(c); });
}

double Relaxation::bound(const Label& label) const {
  const double chosen = by_share_ ? 0 : by_watts_ ? label.watts : label.primary;
  double weight = 0;
  for (const double w : weights_) weight += w;
  const double sum = chosen + dot(weights_, shares(label.costs, bounds_)) + rest_[label.layers];
  return by_share_ ? sum : sum - weight;
}

double Relaxation::reduced(const Candidate& c) const {
  return (by_share_ ? 0 : by_watts_ ? c.watts : c.primary) + dot(weights_, shares(c.costs, bounds_));
}

/// Shares of the combination that is best at these weights.
Costs Relaxation::used() const {
  Costs sum{};
  for (size_t layer = 0; layer < layers_.size(); ++layer) {
    const Costs s = shares(best(layer).costs, bounds_);
    for (size_t k = 0; k < kCosts; ++k) sum[k] += s[k];
  }
  return sum;
}

double Relaxation::value() const {
  double sum = 0;
  for (size_t layer = 0; layer < layers_.size(); ++layer) sum += reduced(best(layer));
  if (!by_share_) {
    for (const double w : weights_) sum -= w;
  }
  return sum;
}

/// The value at these weights.
double Relaxation::take_if_better(double& best, Costs& kept) const {
  const double now = value();
  if (now > best) {
    best = now;
    kept = weights_;
  }
  return now;
}

/// The objective of the combination that takes least of the node: no bound needs to be above it if it fits.
double Relaxation::leanest() const {
  double sum = 0;
  for (const auto* candidates : layers_) {
    const auto taken = [&](const Candidate& c) {
      const Costs s = shares(c.costs, bounds_);
      return std::accumulate(s.begin(), s.end(), 0.0);
    };
    const Candidate& least = *std::ranges::min_element(*candidates, {}, taken);
    sum += by_watts_ ? least.watts : least.primary;
  }
  return sum;
}

/// Subgradient ascent with steps of Polyak's length: what is used too much becomes dearer.
void Relaxation::find_prices() {
  double now = value(), best = now, target = std::max(leanest(), best);
  Costs kept = weights_;
  for (int round = 0; round < kRounds; ++round) {
    Costs slope = used();
    double length = 0;
    for (size_t k = 0; k < kCosts; ++k) {
      slope[k] -= 1;
      if (slope[k] < 0 && weights_[k] == 0) slope[k] = 0;
      length += slope[k] * slope[k];
    }
    if (length == 0) break;
    const double step = (target - now) / length;
    for (size_t k = 0; k < kCosts; ++k) weights_[k] = std::max(0.0, weights_[k] + step * slope[k]);
    now = take_if_better(best, kept);
    target = best + (target - best) * 0.93;  // it is above what can be reached
  }
  weights_ = kept;
}

/// Multiplicative weights: what is used most counts more.
void Relaxation::find_mean() {
  std::fill_n(weights_.begin(), kResources, 1.0 / kResources);
  double best = value();
  Costs kept = weights_;
  for (int round = 0; round < kRounds; ++round) {
    const Costs sum = used();
    const double most = *std::max_element(sum.begin(), sum.begin() + kResources);
    if (most == 0) break;
    double all = 0;
    for (size_t k = 0; k < kResources; ++k) all += weights_[k] *= std::exp(2 * sum[k] / most / std::sqrt(1.0 + round));
    for (size_t k = 0; k < kResources; ++k) weights_[k] /= all;
    take_if_better(best, kept);
  }
  weights_ = kept;
}

}  // namespace bitloom::plan
