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
  set.images.pixels.resize(count * 3 * kCifarPlane);
  uint8_t* to = set.images.pixels.data();
  for (size_t i = 0; i < count; ++i) {
    const auto* record = reinterpret_cast<const uint8_t*>(bytes.subspan(i * kCifarRecord, kCifarRecord).data());
    if (record[0] > 9) throw Error("{}: record {} has label {}; CIFAR-10 has 0 to 9", source, i, record[0]);
    set.labels.push_back(record[0]);
    for (size_t pixel = 1; pixel <= kCifarPlane; ++pixel) {
      for (size_t channel = 0; channel < 3; ++channel) *to++ = record[pixel + channel * kCifarPlane];
    }
  }
  return set;
}

}  // namespace bitloom::data
