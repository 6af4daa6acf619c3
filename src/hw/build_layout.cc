// SPDX-License-Identifier: Apache-2.0
//
// Layers that join tensors, or leave elements out, or move them.
#include <algorithm>
#include <numeric>

#include "builder.h"

namespace bitloom::hw {

void Builder::make(const ir::Add& layer) {
  const std::vector<ir::NodeId>& in = node().inputs;
  if (in.size() < 2) throw Unsupported("adds a single tensor; two or more would work");
  const int64_t all = node().type.shape.elements();
  Element sum = tensor(in[0]).element;
  Tap tap = take(in[0]);
  int64_t lowest = 0, highest = 0;
  const auto include = [&](size_t i) {
    const ir::Range r = source(i).type.range();
    const int64_t m = layer.multipliers[i];
    lowest += std::min(m * r.lowest, m * r.highest);
    highest += std::max(m * r.lowest, m * r.highest);
  };
  include(0);
  for (size_t i = 1; i < in.size(); ++i) {
    include(i);
    const bool last = i + 1 == in.size();
    const Element other = tensor(in[i]).element;
    const Element out = last ? element_of(node().type) : Element{signed_bits(lowest, highest), {}, 0};
    const Tap second = take(in[i]);
    const Add unit{1, {sum, other}, {i == 1 ? layer.multipliers[0] : 1, layer.multipliers[i]}, out.bits};
    const int64_t by = std::gcd(granule(tap.from), all);
    tap = join(tap, sum, second, other, last ? "" : fmt::format(".sum{}", i), unit, by, all);
    sum = out;
  }
  put(tap, sum);
}

void Builder::make(const ir::Concat&) {
  const std::vector<ir::NodeId>& in = node().inputs;
  const ir::Shape& shape = node().type.shape;
  const Element element = tensor(in[0]).element;
  Tap tap = take(in[0]);
  int32_t channels = source(0).type.shape.channels;
  for (size_t i = 1; i < in.size(); ++i) {
    const int32_t more = source(i).type.shape.channels;
    const bool last = i + 1 == in.size();
    const Tap second = take(in[i]);
    const Concat unit{{channels, more}, 1, element.bits};
    const int64_t by = std::gcd(channels, more);
    channels += more;
    tap = join(tap, element, second, element, last ? "" : fmt::format(".part{}", i), unit, by,
               int64_t{shape.height} * shape.width * channels);
  }
  put(tap, element);
}

void Builder::make(const ir::Slice& layer) {
  const ir::NodeId from = node().inputs[0];
  const Element element = tensor(from).element;
  const int32_t count = layer.end - layer.begin;
  const Crop unit{source().type.shape.channels, 1, element.bits, layer.begin, count};
  const int64_t by = std::gcd(std::gcd(unit.channels, layer.begin), count);
  put(pass(take(from), element, "", unit, by, node().type.shape.elements()), element);
}

Tap Builder::reorder(const Tap& tap, const Element& element, const std::string& suffix, Reorder unit, int64_t granule) {
  unit.bits = element.bits;
  const int64_t read = unit.counts[0] * unit.counts[1] * unit.counts[2] * unit.counts[3];
  Tap result = pass(tap, element, suffix, unit, granule, elements(tap.from) / unit.elements * read);
  result.late = true;
  return result;
}

// [y][x][channel] to [channel][y][x] and from there to [y][x][channel] of the other shape, each where it changes anything.
void Builder::make(const ir::Reshape& layer) {
  const ir::Shape &from = source().type.shape, &to = layer.shape;
  const Element element = tensor(node().inputs[0]).element;
  Tap tap = take(node().inputs[0]);
  const auto ordered = [](const ir::Shape& s) { return s.channels == 1 || s.height * s.width == 1; };
  const int64_t all = from.elements();
  if (layer.channels_first && from != to) {
    if (!ordered(from)) {
      const int64_t positions = all / from.channels;
      tap = reorder(tap, element, "",
                    {.elements = all, .counts = {1, 1, from.channels, positions}, .strides = {0, 0, 1, from.channels}}, 1);
    }
    if (!ordered(to)) {
      const int64_t positions = all / to.channels;
      tap = reorder(tap, element, ".to",
                    {.elements = all, .counts = {1, 1, positions, to.channels}, .strides = {0, 0, 1, positions}}, 1);
    }
  }
  put(tap, element);
}

void Builder::make(const ir::DepthToSpace& layer) {
  const ir::Shape& s = source().type.shape;
  const int64_t block = layer.block, channels = s.channels / (block * block);
  const Element element = tensor(node().inputs[0]).element;
  Reorder unit{.elements = int64_t{s.width} * s.channels};  // loops: row and column in the block around the others
  int64_t by = 1;
  if (channels == 1) {
    unit.counts = {1, block, s.width, block};
    unit.strides = {0, block, s.channels, 1};
    by = block;
  } else if (layer.column_row_depth) {
    unit.counts = {block, s.width, block, channels};
    unit.strides = {block, s.channels, 1, block * block};
  } else {
    unit.counts = {block, s.width, block, channels};
    unit.strides = {block * channels, s.channels, channels, 1};
    by = channels;
  }
  put(reorder(take(node().inputs[0]), element, "", unit, by), element);
}

void Builder::make(const ir::Upsample& layer) {
  const ir::Shape& s = source().type.shape;
  const Element element = tensor(node().inputs[0]).element;
  const Reorder unit{.elements = int64_t{s.width} * s.channels,
                     .counts = {layer.factor_h, s.width, layer.factor_w, s.channels},
                     .strides = {0, s.channels, 0, 1}};
  put(reorder(take(node().inputs[0]), element, "", unit, s.channels), element);
}

}  // namespace bitloom::hw
