// SPDX-License-Identifier: Apache-2.0
#include "runner.h"

#include <algorithm>
#include <string>

namespace bitloom::bench {
namespace {

constexpr uint64_t kSeed = 1;

bool are_bytes(const ir::Range& range) { return range.lowest >= 0 && range.highest <= 255; }

}  // namespace

Runner::Runner(const ir::Network& network, std::string_view target, int64_t images)
    : program_(network, {.threads = 1, .target = std::string(target)}),
      workspace_(program_.workspace()),
      images_(images > 0 ? images : program_.images_in_flight()),
      values_(ir::random_inputs(network, images_, kSeed)),
      seconds_(program_.steps().size()) {
  const auto type_of = [&](ir::NodeId id) -> const ir::TensorType& { return network.nodes[static_cast<size_t>(id)].type; };
  const std::vector<ir::NodeId> input_ids = network.inputs();
  for (size_t i = 0; i < input_ids.size(); ++i) {
    const std::vector<int32_t>& values = values_[i].values;
    if (are_bytes(type_of(input_ids[i]).range())) {
      inputs_.emplace_back(std::span<const uint8_t>(bytes_.emplace_back(values.begin(), values.end())));
    } else {
      inputs_.emplace_back(std::span<const int32_t>(values));
    }
  }
  for (const ir::NodeId id : network.outputs) {
    outputs_.emplace_back(results_.emplace_back(static_cast<size_t>(images_ * type_of(id).shape.elements())));
  }
}

double Runner::time_step(size_t step) {
  std::ranges::fill(seconds_, 0.0);
  program_.profile(images_, inputs_, outputs_, workspace_, seconds_);
  return seconds_[step];
}

}  // namespace bitloom::bench
