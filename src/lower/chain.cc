// SPDX-License-Identifier: Apache-2.0
#include "chain.h"

#include <algorithm>

namespace bitloom::lower {
namespace {

int sign(double x) { return (x > 0) - (x < 0); }

}  // namespace

PerChannel::PerChannel(std::vector<double> values) : values_(std::move(values)) {
  BITLOOM_CHECK(!values_.empty());
  if (uniform()) values_.resize(1);
}

bool PerChannel::uniform() const {
  return std::all_of(values_.begin(), values_.end(), [&](double value) { return value == values_.front(); });
}

PerChannel combine(const PerChannel& a, const PerChannel& b, const std::function<double(double, double)>& function) {
  std::vector<double> values(static_cast<size_t>(std::max(a.rows(), b.rows())));
  for (size_t c = 0; c < values.size(); ++c) {
    values[c] = function(a[static_cast<int64_t>(c)], b[static_cast<int64_t>(c)]);
  }
  return PerChannel(std::move(values));
}

PerChannel remap(const PerChannel& values, int64_t channels, const ChannelMap& map) {
  if (values.rows() == 1) return values;
  std::vector<double> mapped(static_cast<size_t>(channels));
  for (int64_t c = 0; c < channels; ++c) mapped[static_cast<size_t>(c)] = values[map(c)];
  return PerChannel(std::move(mapped));
}

int Step::slope(int64_t channel) const { return affine ? sign(affine->scale[channel]) : 1; }

double Chain::evaluate(double v, int64_t channel) const {
  double real = v * grid.scale[channel] + grid.offset[channel];
  for (const auto& link : links) {
    if (const auto* step = std::get_if<Step>(&link)) real = step->apply(real, channel);
  }
  return real;
}

int Chain::slope(int64_t channel, size_t begin) const {
  int slope = begin == 0 ? sign(grid.scale[channel]) : 1;
  for (size_t i = begin; i < links.size(); ++i) {
    if (const auto* step = std::get_if<Step>(&links[i])) slope *= step->slope(channel);
  }
  return slope;
}

int64_t Chain::rows() const {
  int64_t rows = std::max(grid.scale.rows(), grid.offset.rows());
  for (const auto& link : links) {
    if (const auto* step = std::get_if<Step>(&link)) rows = std::max(rows, step->rows);
  }
  return rows;
}

bool Chain::has_pools() const {
  return std::any_of(links.begin(), links.end(),
                     [](const auto& link) { return std::holds_alternative<PendingPool>(link); });
}

bool Chain::pools_integers(int64_t channels) const {
  Chain before = *this;
  while (!before.links.empty() && !std::holds_alternative<PendingPool>(before.links.back())) before.links.pop_back();
  for (int64_t c = 0; c < std::min(channels, rows()); ++c) {
    if (before.slope(c) < 0) return false;
  }
  return true;
}

std::optional<Grid> Chain::as_grid() const {
  Grid result = grid;
  for (const auto& link : links) {
    const auto* step = std::get_if<Step>(&link);
    if (step == nullptr) continue;
    if (!step->affine) return std::nullopt;
    result.scale = combine(result.scale, step->affine->scale, [](double a, double b) { return a * b; });
    result.offset = combine(result.offset, step->affine->scale, [](double a, double b) { return a * b; });
    result.offset = combine(result.offset, step->affine->offset, [](double a, double b) { return a + b; });
  }
  return result;
}

Chain Chain::remapped(int64_t channels, const ChannelMap& map) const {
  Chain result{{remap(grid.scale, channels, map), remap(grid.offset, channels, map)}, links};
  for (auto& link : result.links) {
    auto* step = std::get_if<Step>(&link);
    if (step == nullptr || step->rows == 1) continue;
    step->rows = channels;
    step->apply = [apply = step->apply, map](double x, int64_t channel) { return apply(x, map(channel)); };
    if (step->affine) {
      step->affine = Grid{remap(step->affine->scale, channels, map), remap(step->affine->offset, channels, map)};
    }
  }
  return result;
}

}  // namespace bitloom::lower
