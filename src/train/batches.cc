// SPDX-License-Identifier: Apache-2.0
#include "batches.h"

#include <ATen/ATen.h>

namespace bitloom::train {

at::Tensor load_images(const data::Images& images, std::span<const int32_t> indices, std::span<const Change> changes,
                       Input input) {
  const auto count = static_cast<int64_t>(indices.size());
  const int64_t elements = int64_t{images.height} * images.width * images.channels;
  at::Tensor batch = at::empty({count, images.height, images.width, images.channels}, at::kChar);
  int8_t* values = batch.data_ptr<int8_t>();
  for (size_t i = 0; i < indices.size(); ++i, values += elements) {
    write_image(images, indices[i], changes.empty() ? Change{} : changes[i], input,
                {values, static_cast<size_t>(elements)});
  }
  return batch.permute({0, 3, 1, 2});
}

at::Tensor load_labels(const std::vector<int32_t>& labels, std::span<const int32_t> indices) {
  at::Tensor batch = at::empty({static_cast<int64_t>(indices.size())}, at::kLong);
  int64_t* label = batch.data_ptr<int64_t>();
  for (const int32_t index : indices) *label++ = labels[static_cast<size_t>(index)];
  return batch;
}

}  // namespace bitloom::train
