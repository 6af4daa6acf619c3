// SPDX-License-Identifier: Apache-2.0
//
// The reference executor and the engine agree on the networks that bitloom ships. What their cards say of whole test sets
// is tested in tests/cli/zoo_test.cc.
#include <filesystem>

#include <gtest/gtest.h>

#include "bitloom/data.h"
#include "bitloom/engine.h"
#include "bitloom/ir.h"

namespace bitloom {
namespace {

struct Shipped {
  const char* name;
  int64_t right;  ///< of the 100 in models/digits
};

constexpr Shipped kShipped[] = {{"arch1-isometric2", 99}, {"arch1-isometric3", 100}, {"lfc-w1a1", 100}, {"sfc-w1a1", 100}};

const std::filesystem::path kModels = std::filesystem::path(BITLOOM_SOURCE_DIR) / "models";

ir::Network load(const Shipped& model) { return ir::load(kModels / model.name / (std::string(model.name) + ".bloom")); }

ir::Tensor tensor_of(const ir::Network& network, const data::DataSet& set) {
  const auto& input = std::get<ir::Input>(network.nodes[static_cast<size_t>(network.inputs().at(0))].layer);
  return data::to_tensor(input, set.images, set.name);
}

int64_t right(const ir::Network& network, const std::vector<ir::Tensor>& outputs, const data::DataSet& set) {
  const std::vector<int32_t> classes = ir::predicted_classes(network, outputs);
  int64_t count = 0;
  for (size_t i = 0; i < classes.size(); ++i) count += classes[i] == set.labels[i];
  return count;
}

TEST(SlowShippedModels, reference_equals_engine_on_the_shipped_digits) {
  const data::DataSet digits = data::read_images(kModels / "digits");
  ASSERT_EQ(digits.images.count, 100);
  for (const Shipped& model : kShipped) {
    const ir::Network network = load(model);
    const ir::Tensor tensor = tensor_of(network, digits);
    const std::vector<ir::Tensor> expected = ir::evaluate(network, std::span(&tensor, 1));
    const engine::Program program(network, engine::Options{});
    EXPECT_EQ(program.run(std::span(&tensor, 1)), expected) << model.name;
    EXPECT_EQ(right(network, expected, digits), model.right) << model.name;
  }
}

}  // namespace
}  // namespace bitloom
