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
  for (const int threads : {0, 1, 2, 5})
    EXPECT_EQ(engine::Program(network, {.threads = threads}).run(inputs), expected) << threads;
}

TEST(Program, runs_called_from_several_threads_do_not_disturb_each_other) {
  const ir::Network network = small_network();
  for (const int threads : {1, 2}) {
    const engine::Program program(network, {.threads = threads});
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
  EXPECT_EQ(error_of([&] { engine::Program program(small_network(), {.threads = -1}); }),
            "threads is -1, expected 1 or more, or 0 for one a hardware thread");
}

/// A network over pixels, and its batch as each type of number.
struct Pixels {
  ir::Network network = test::chain({3, 3, 5}, ir::Encoding::unsigned_bits(7),
                                    {test::random_dot(ir::Encoding::bipolar(), 5, 20, test::square(3, 1, 1)),
                                     test::spread_threshold(ir::Encoding::bipolar(), 20, 60)});
  std::vector<ir::Tensor> inputs = ir::random_inputs(network, 9, 4);
  std::vector<uint8_t> unsigned_bytes{inputs[0].values.begin(), inputs[0].values.end()};
  std::vector<int8_t> signed_bytes{inputs[0].values.begin(), inputs[0].values.end()};
  std::vector<engine::InputView> views{std::span<const int32_t>(inputs[0].values), std::span<const uint8_t>(unsigned_bytes),
                                       std::span<const int8_t>(signed_bytes)};
  std::vector<int32_t> found = std::vector<int32_t>(9 * 180);
  std::vector<std::span<int32_t>> outputs{found};
};

TEST(Program, takes_inputs_of_any_type_that_holds_them) {
  Pixels p;
  const std::vector<int32_t> expected = ir::evaluate(p.network, p.inputs)[0].values;
  const engine::Program program(p.network);
  engine::Workspace workspace = program.workspace();
  for (const engine::InputView& view : p.views) {
    std::ranges::fill(p.found, 0);
    program.run(9, std::span(&view, 1), p.outputs, workspace);
    EXPECT_EQ(p.found, expected) << view.index();
  }
}

TEST(Program, checks_the_values_of_every_type_bad) {
  Pixels p;
  const engine::Program program(p.network);
  engine::Workspace workspace = program.workspace();
  p.inputs[0].values[50] = 128;
  p.unsigned_bytes[50] = 128;
  p.signed_bytes[50] = -1;
  for (const engine::InputView& view : p.views) {
    EXPECT_EQ(error_of([&] { program.run(9, std::span(&view, 1), p.outputs, workspace); }),
              fmt::format("input 'x': element 5 of image 1 is {}, which is not a value of its type (0 to 127)",
                          view.index() == 2 ? -1 : 128));
  }
}

TEST(Program, checks_sizes_and_workspaces_bad) {
  Pixels p;
  const engine::Program program(p.network), other(p.network);
  engine::Workspace workspace = program.workspace();
  const std::span views(p.views.data(), 1);
  const auto error = [&](int64_t images, std::span<const engine::InputView> inputs,
                         std::span<const std::span<int32_t>> outputs) {
    return error_of([&] { program.run(images, inputs, outputs, workspace); });
  };
  EXPECT_EQ(error(-1, views, p.outputs), "images is -1, expected 0 or more");
  EXPECT_EQ(error(9, {}, p.outputs), "got 0 inputs, expected 1");
  EXPECT_EQ(error(9, views, {}), "got 0 outputs, expected 1");
  EXPECT_EQ(error(8, views, p.outputs), "input 'x': 405 numbers, expected those of 8 images of 45");
  EXPECT_EQ(error(int64_t{1} << 62, views, p.outputs),
            "input 'x': 405 numbers, expected those of 4611686018427387904 images of 45");
  p.outputs[0] = p.outputs[0].first(5);
  EXPECT_EQ(error(9, views, p.outputs), "output 'threshold1': 5 numbers, expected those of 9 images of 180");
  EXPECT_EQ(error_of([&] { other.run(9, views, p.outputs, workspace); }),
            "the workspace belongs to another program; make one by Program::workspace");
}

TEST(Program, threads_share_an_image_that_is_worth_it) {
  const ir::Network network =
      test::chain({16, 16, 64}, ir::Encoding::bipolar(),
                  {test::random_dot(ir::Encoding::bipolar(), 64, 64, test::square(3)),
                   test::spread_threshold(ir::Encoding::bipolar(), 64, 60), ir::MaxPool{test::square(2, 2)},
                   test::random_dot(ir::Encoding::bipolar(), 64, 20, test::square(3, 1, 1))});
  for (const int64_t images : {1, 2, 3}) {
    const std::vector<ir::Tensor> inputs = ir::random_inputs(network, images, 1);
    for (const int threads : {1, 2, 5}) {
      const engine::Program program(network, {.threads = threads, .pin = threads == 2});
      EXPECT_EQ(program.run(inputs), ir::evaluate(network, inputs)) << images << " images, " << threads << " threads";
    }
  }
}

TEST(Program, tells_its_steps) {
  const Pixels p;
  const engine::Program program(p.network);
  int64_t operations = 0;
  for (const engine::StepInfo& step : program.steps()) {
    operations += step.operations;
    EXPECT_GT(step.bytes, 0) << step.name;
    EXPECT_FALSE(step.what.empty()) << step.name;
  }
  EXPECT_EQ(operations, 2 * ir::multiply_accumulates(p.network));
  EXPECT_GE(program.workspace_bytes(), program.images_in_flight() * 45);
  EXPECT_GT(program.parameter_bytes(), 20 * 45 / 8);
}

}  // namespace
}  // namespace bitloom
