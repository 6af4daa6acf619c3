// SPDX-License-Identifier: Apache-2.0
//
// CIFAR-10's binary version: records of a label byte and three planes of 32 x 32 pixels.
#include "cifar10.h"

namespace bitloom::data {

std::vector<std::string> cifar10_classes() {
  return {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};
}

DataSet read_cifar10(std::span<const std::byte> bytes, std::string_view source) {
  if (bytes.empty() || bytes.size() % kCifarRecord != 0) {
    throw Error("{}: is {} bytes long; expected a multiple of {}, the size of a CIFAR-10 record", source, bytes.size(),
                kCifarRecord);
  }
  const size_t count = bytes.size() / kCifarRecord;
  DataSet set{"cifar10", {static_cast<int64_t>(count), 32, 32, 3, {}}, {}, cifar10_classes()};
  set.labels.reserve(count);
  set.images.pixels.reserve(count * 3 * kCifarPlane);
  for (size_t i = 0; i < count; ++i) {
    const auto record = bytes.subspan(i * kCifarRecord, kCifarRecord);
    const auto label = std::to_integer<int32_t>(record[0]);
    if (label > 9) throw Error("{}: record {} has label {}; CIFAR-10 has 0 to 9", source, i, label);
    set.labels.push_back(label);
    for (size_t pixel = 0; pixel < kCifarPlane; ++pixel) {
      for (size_t channel = 0; channel < 3; ++channel) {
        set.images.pixels.push_back(std::to_integer<uint8_t>(record[1 + channel * kCifarPlane + pixel]));
      }
    }
  }
  return set;
}

}  // namespace bitloom::data
