// SPDX-License-Identifier: Apache-2.0
//
// Images within the text of a page.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace bitloom::train {

/// A data URI of a PNG file. Pixels are [y][x][channel], of 1 (grey) or 3 (red, green, blue) channels.
std::string png_uri(std::span<const uint8_t> pixels, int64_t height, int64_t width, int64_t channels);

}  // namespace bitloom::train
