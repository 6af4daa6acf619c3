// SPDX-License-Identifier: Apache-2.0
//
// Folders of images: the names in them, their order, and the labels that they give.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bitloom/data.h"

namespace bitloom::data {

/// The image files of a folder, and what their names say that they show (see read_images).
struct ImageFiles {
  std::vector<std::filesystem::path> paths;
  std::vector<int32_t> labels;  ///< empty when unknown, else one a file
  std::vector<std::string> classes;
};

/// Throws Error naming the folder, or the one of a class, that holds no images.
ImageFiles list_images(const std::filesystem::path& folder);

/// Decodes files in their order; as read_images, they have the size and channels of the first or those of `format`.
Images read_image_files(const std::vector<std::filesystem::path>& paths, const ImageFormat& format);

/// The last part of a folder's path, which names the data set.
std::string folder_name(const std::filesystem::path& folder);

/// Reads a data set from `folder`/train or `folder`/test (see read_data_set).
DataSet read_split_folder(const std::filesystem::path& folder, Split split);

/// Order by which img2 comes before img10: runs of digits compare as numbers, everything else as bytes.
bool natural_less(std::string_view a, std::string_view b);

/// The number of a name like "000_7.png": decimal, below 10000, without leading zeros, after the last underscore. A name
/// like "frame_0007.png" counts frames and has none.
std::optional<int> label_in_name(std::string_view file_name);

}  // namespace bitloom::data
