// SPDX-License-Identifier: Apache-2.0
//
// What the readers of images share.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "bitloom/data.h"

namespace bitloom::data {

bool is_png(std::span<const std::byte> bytes);
bool is_jpeg(std::span<const std::byte> bytes);

/// Throws Error unless width and height are at least 1 and their product at most kMaxPixels.
void check_size(int64_t width, int64_t height, std::string_view source);

/// The images with this number of channels (1 or 3). Grey is copied into all three; colour becomes
/// (19595 R + 38470 G + 7471 B + 32768) / 65536, the luma of ITU-R BT.601 in the fixed point that most tools use.
Images with_channels(Images images, int32_t channels);

}  // namespace bitloom::data
