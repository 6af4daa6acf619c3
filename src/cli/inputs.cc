// SPDX-License-Identifier: Apache-2.0
#include "inputs.h"

#include <algorithm>

#include "bitloom/file.h"
#include "common.h"

namespace bitloom::cli {
namespace {

bool is_npy(std::span<const std::byte> bytes) {
  constexpr std::string_view kMagic = "\x93NUMPY";
  return bytes.size() >= kMagic.size() && std::equal(kMagic.begin(), kMagic.end(), bytes.begin(),
                                                     [](char a, std::byte b) { return static_cast<std::byte>(a) == b; });
}

// What pictures must be like; a flat input leaves their height and width open.
data::ImageFormat picture_format(const ir::Network& network, bool resize) {
  const ir::Shape& shape = image_input(network).shape;
  const bool flat = shape.height == 1 && shape.width == 1;
  if (resize && flat) {
    throw Error("network '{}': takes {} numbers, not images of a height and a width; --resize cannot know them",
                network.name, shape.channels);
  }
  const int32_t channels = shape.channels == 1 || shape.channels == 3 ? shape.channels : 0;
  return {flat ? 0 : shape.height, flat ? 0 : shape.width, channels, resize};
}

}  // namespace

ir::Tensor join(std::vector<ir::Tensor> parts) {
  ir::Tensor whole = std::move(parts.front());
  for (size_t i = 1; i < parts.size(); ++i) {
    whole.images += parts[i].images;
    whole.values.insert(whole.values.end(), parts[i].values.begin(), parts[i].values.end());
  }
  return whole;
}

Inputs read_inputs(const ir::Network& network, const std::vector<std::string>& paths, bool resize) {
  const ir::Input& input = image_input(network);
  const data::ImageFormat format = picture_format(network, resize);
  Inputs result;
  std::vector<ir::Tensor> parts;
  for (const std::string& path : paths) {
    const MappedFile file = std::filesystem::is_regular_file(path) ? map_file(path) : MappedFile{};
    if (is_npy(file.bytes)) {
      parts.push_back(data::to_tensor(input, data::read_npy(file.bytes, path), path));
      continue;
    }
    const data::DataSet set = data::read_images(path, format);
    parts.push_back(data::to_tensor(input, set.images, path));
    const std::vector<int32_t> labels = labels_for(network, set);
    result.labels.insert(result.labels.end(), labels.begin(), labels.end());
  }
  result.tensor = join(std::move(parts));
  if (static_cast<int64_t>(result.labels.size()) != result.tensor.images) result.labels.clear();
  return result;
}

}  // namespace bitloom::cli
