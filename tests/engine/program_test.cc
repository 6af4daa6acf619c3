// SPDX-License-Identifier: Apache-2.0
//
// Programs from outside: batches, threads, and what is refused.
#include <thread>

#include "agree.h"
#include "support/error_of.h"

namespace bitloom {
namespace {

using test::chain;
using test::random_dot;
using test::spread_threshold;

ir::Network small_network() {
  const ir::Encoding bipolar = ir::Encoding::bipolar();
  return chain({2, 3, 70}, bipolar,
               {random_dot(bipolar, 70, 80, test::square(2, 1, 1)), spread_threshold(bipolar, 80, 12),
                ir::SumPool{test::square(2)}});
}

using test::error_of;

TEST(Program, gives_the_same_with_any_number_of_threads) {
  const ir::Network network = small_network();
  const std::vector<ir::Tensor> inputs = ir::random_inputs(network, 40, 3);
  const std::vector<ir::Tensor> expected = ir::evaluate(network, inputs);
  for (const int threads : {0, 1, 2, 5}) EXPECT_EQ(engine::Program(network, {threads}).run(inputs), expected) << threads;
}

TEST(Program, runs_called_from_several_threads_do_not_disturb_each_other) {
  const ir::Network network = small_network();
  for (const int threads : {1, 2}) {
    const engine::Program program(network, {threads});
    std::vector<std::thread> callers;
    std::vector<int> wrong(4);
    for (size_t caller = 0; caller < wrong.size(); ++caller) {
      callers.emplace_back([&, caller] {
        const std::vector<ir::Tensor> inputs = ir::random_inputs(network, 7, caller);
        const std::vector<ir::Tensor> expected = ir::evaluate(network, inputs);
        for (int i = 0; i < 10; ++i) wrong[caller] += program.run(inputs) != expected;
      });
    }
    for (std::thread& caller : callers) caller.join();
    EXPECT_EQ(wrong, std::vector<int>(4)) << threads;
  }
}

TEST(Program, accepts_a_batch_of_no_images) {
  const ir::Network network = small_network();
  const std::vector<ir::Tensor> outputs = engine::Program(network).run(std::vector{ir::Tensor::zeros({2, 3, 70}, 0)});
  ASSERT_EQ(outputs.size(), 1);
  EXPECT_EQ(outputs[0].images, 0);
  EXPECT_TRUE(outputs[0].values.empty());
}

TEST(Program, outlives_the_network_and_can_be_moved) {
  auto network = std::make_unique<ir::Network>(small_network());
  const std::vector<ir::Tensor> inputs = ir::random_inputs(*network, 2, 3), expected = ir::evaluate(*network, inputs);
  engine::Program first(*network);
  network.reset();
  engine::Program second = std::move(first);
  EXPECT_EQ(second.run(inputs), expected);
  EXPECT_EQ(second.network(), small_network());
}

TEST(Program, refuses_inputs_as_evaluate_does_bad) {
  const ir::Network network = small_network();
  const engine::Program program(network);
  const ir::Tensor good = ir::random_inputs(network, 2, 1)[0];
  ir::Tensor flat = good, zero = good, large = good, few = good;
  flat.shape = {1, 1, 420};
  zero.values[421] = 0;
  large.values[0] = 2147483647;
  few.values.pop_back();
  for (const std::vector<ir::Tensor>& inputs :
       std::vector<std::vector<ir::Tensor>>{{}, {good, good}, {flat}, {zero}, {large}, {few}}) {
    const std::string found = error_of([&] { program.run(inputs); });
    EXPECT_NE(found, "no error");
    EXPECT_EQ(found, error_of([&] { ir::evaluate(network, inputs); }));
  }
  EXPECT_EQ(error_of([&] { program.run(std::vector{zero}); }),
            "input 'x': element 1 of image 1 is 0, which is not a value of its type (-1 to 1)");
}

TEST(Program, refuses_a_network_that_does_not_verify_bad) {
  ir::Network network = small_network();
  network.outputs.clear();
  EXPECT_EQ(error_of([&] { engine::Program program(network); }), "network 'chain': has no outputs");
}

TEST(Program, refuses_a_negative_number_of_threads_bad) {
  EXPECT_EQ(error_of([&] { engine::Program program(small_network(), {-1}); }),
            "threads is -1, expected 1 or more, or 0 for one a hardware thread");
}

}  // namespace
}  // namespace bitloom
