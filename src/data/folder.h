// SPDX-License-Identifier: Apache-2.0
//
// Names of files: their order and the labels in them.
#pragma once

#include <optional>
#include <string_view>

namespace bitloom::data {

/// Order by which img2 comes before img10: runs of digits compare as numbers, everything else as bytes.
bool natural_less(std::string_view a, std::string_view b);

/// The number of a name like "000_7.png": decimal, below 10000, without leading zeros, after the last underscore. A name
/// like "frame_0007.png" counts frames and has none.
std::optional<int> label_in_name(std::string_view file_name);

}  // namespace bitloom::data
