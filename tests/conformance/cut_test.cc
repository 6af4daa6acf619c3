// SPDX-License-Identifier: Apache-2.0
//
// Real networks, cut after every layer: the two halves together are the whole.
#include <gtest/gtest.h>

#include "bitloom/engine.h"
#include "bitloom/lower.h"
#include "support/shared.h"

namespace bitloom {
namespace {

std::filesystem::path model(const char* name) { return test::shared() / "models" / name; }

void check_every_cut(const ir::Network& network, int64_t images) {
  const std::vector<ir::Tensor> inputs = ir::random_inputs(network, images, 1);
  const std::vector<ir::Tensor> whole = engine::Program(network).run(inputs);
  int cuts = 0;
  for (size_t i = 0; i + 1 < network.nodes.size(); ++i) {
    std::optional<ir::Halves> halves;
    try {
      halves = ir::cut(network, static_cast<ir::NodeId>(i));
    } catch (const Error&) {
      continue;  // no layer on one side
    }
    ++cuts;
    const std::vector<ir::Tensor> between = engine::Program(halves->first).run(inputs);
    EXPECT_EQ(engine::Program(halves->second).run(between), whole) << "cut after " << network.nodes[i].name;
  }
  EXPECT_GE(cuts, 5);
}

TEST(Cut, halves_of_a_fully_connected_network_compose_to_the_whole) {
  BITLOOM_REQUIRE(model("qonnx/TFC_2W2A.onnx"));
  check_every_cut(lower::load_model(model("qonnx/TFC_2W2A.onnx")), 5);
}

TEST(Cut, halves_of_a_convolutional_network_compose_to_the_whole) {
  BITLOOM_REQUIRE(model("bnn-pynq/cifar10/cnvW2A2"));
  check_every_cut(lower::load_model(model("bnn-pynq/cifar10/cnvW2A2")), 1);
}

TEST(Cut, after_the_last_convolution_of_cnv_w2a2_an_image_is_64_bytes) {
  BITLOOM_REQUIRE(model("bnn-pynq/cifar10/cnvW2A2"));
  const ir::Network network = lower::load_model(model("bnn-pynq/cifar10/cnvW2A2"));
  EXPECT_EQ(ir::cut_bytes(network, network.find("act_5")), 64);
}

}  // namespace
}  // namespace bitloom
