// SPDX-License-Identifier: Apache-2.0
//
// Images at another size, by area: exact in integers, so that the same photo gives the same pixels everywhere.
#include <algorithm>

#include "bitloom/data.h"

namespace bitloom::data {
namespace {

struct Part {
  int64_t top, left, height, width;
};

/// The largest part around the centre that has the proportions of height x width, to the nearest pixel.
Part centre(const Images& images, int64_t height, int64_t width) {
  const int64_t h = images.height, w = images.width;
  const auto fitting = [](int64_t side, int64_t to, int64_t of, int64_t limit) {
    return std::clamp((2 * side * to + of) / (2 * of), int64_t{1}, limit);
  };
  Part part{0, 0, h, w};
  if (w * height > h * width) {
    part.width = fitting(h, width, height, w);
  } else {
    part.height = fitting(w, height, width, h);
  }
  part.top = (h - part.height) / 2;
  part.left = (w - part.width) / 2;
  return part;
}

/// Which old pixels a new one covers along one axis, and how much of each, in units of which an old pixel has `to` and a
/// new one `from`.
struct Cover {
  int64_t first;
  std::vector<int64_t> lengths;
};

std::vector<Cover> covers(int64_t from, int64_t to) {
  std::vector<Cover> result;
  for (int64_t i = 0; i < to; ++i) {
    const int64_t begin = i * from, end = begin + from;
    Cover cover{begin / to, {}};
    for (int64_t at = cover.first * to; at < end; at += to) {
      cover.lengths.push_back(std::min(end, at + to) - std::max(begin, at));
    }
    result.push_back(std::move(cover));
  }
  return result;
}

}  // namespace

Images resized(const Images& images, int32_t height, int32_t width) {
  BITLOOM_CHECK(images.height > 0 && images.width > 0 && height > 0 && width > 0);
  const Part part = centre(images, height, width);
  const std::vector<Cover> rows = covers(part.height, height), columns = covers(part.width, width);
  const int64_t area = part.height * part.width;
  Images result{images.count, height, width, images.channels, {}};
  result.pixels.reserve(static_cast<size_t>(images.count * height * width * images.channels));
  const auto average = [&](std::span<const uint8_t> image, const Cover& row, const Cover& column, int32_t channel) {
    int64_t sum = 0;
    for (size_t y = 0; y < row.lengths.size(); ++y) {
      const int64_t line = (part.top + row.first + static_cast<int64_t>(y)) * images.width + part.left + column.first;
      for (size_t x = 0; x < column.lengths.size(); ++x) {
        const int64_t pixel = (line + static_cast<int64_t>(x)) * images.channels + channel;
        sum += row.lengths[y] * column.lengths[x] * image[static_cast<size_t>(pixel)];
      }
    }
    return static_cast<uint8_t>((2 * sum + area) / (2 * area));
  };
  for (int64_t i = 0; i < images.count; ++i) {
    for (const Cover& row : rows) {
      for (const Cover& column : columns) {
        for (int32_t c = 0; c < images.channels; ++c) result.pixels.push_back(average(images.image(i), row, column, c));
      }
    }
  }
  return result;
}

}  // namespace bitloom::data
