// SPDX-License-Identifier: Apache-2.0
//
// Runs through the C interface give what ir::evaluate gives, from any thread.
#include "capi/handles.h"

#include <atomic>
#include <thread>

#include "support/property.h"

namespace bitloom {
namespace {

using test::input_of;
using test::output_of;
using test::Program;
using test::Workspace;

TEST(CRun, equals_evaluate_Property) {
  const test::Options options = test::one_thread();
  for (uint64_t seed = 0; seed < test::cases(60); ++seed) {
    SCOPED_TRACE(seed);
    const ir::Network network = ir::random_network(seed);
    const std::vector<ir::Tensor> inputs = ir::random_inputs(network, 3, seed);
    const Program program = test::program_of(network, options.get());
    ASSERT_EQ(test::run(network, program, test::workspace_of(program), inputs), ir::evaluate(network, inputs))
        << bitloom_error_message();
  }
}

TEST(CRun, takes_every_type_of_element) {
  const Program program = test::program_of(test::small_classifier());
  const Workspace workspace = test::workspace_of(program);
  const auto logits = [&]<typename T>(std::vector<T> pixels) {
    std::vector<int32_t> sums(6), best(4);
    const bitloom_input input = input_of(pixels);
    const bitloom_output outputs[] = {output_of(sums), output_of(best)};
    EXPECT_EQ(bitloom_run(program.get(), workspace.get(), 2, &input, 1, outputs, 2), BITLOOM_OK) << bitloom_error_message();
    EXPECT_EQ(best, (std::vector{2, 1, 2, 0}));
    return sums;
  };
  const std::vector expected{-90, 90, 110, 127, -127, 127};
  EXPECT_EQ(logits(std::vector<int32_t>{10, 100, 127, 0}), expected);
  EXPECT_EQ(logits(std::vector<uint8_t>{10, 100, 127, 0}), expected);
  EXPECT_EQ(logits(std::vector<int8_t>{10, 100, 127, 0}), expected);
}

TEST(CRun, accepts_a_batch_of_no_images_and_no_memory) {
  const Program program = test::program_of(test::small_classifier());
  const bitloom_input input{nullptr, 0, BITLOOM_UINT8, 0};
  const bitloom_output outputs[2] = {};
  EXPECT_EQ(bitloom_run(program.get(), test::workspace_of(program).get(), 0, &input, 1, outputs, 2), BITLOOM_OK)
      << bitloom_error_message();
}

TEST(CRun, threads_with_a_workspace_each_do_not_disturb_each_other) {
  const ir::Network network = test::small_classifier();
  const Program program = test::program_of(network);
  std::vector<std::thread> callers;
  std::vector<int> wrong(4);
  for (size_t caller = 0; caller < wrong.size(); ++caller) {
    callers.emplace_back([&, caller] {
      const Workspace workspace = test::workspace_of(program);
      const std::vector<ir::Tensor> inputs = ir::random_inputs(network, 50, caller);
      const std::vector<ir::Tensor> expected = ir::evaluate(network, inputs);
      for (int i = 0; i < 20; ++i) wrong[caller] += test::run(network, program, workspace, inputs) != expected;
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong, std::vector<int>(4));
}

TEST(CRun, threads_that_share_a_workspace_get_an_error_or_the_right_result) {
  const ir::Network network = test::small_classifier();
  const Program program = test::program_of(network, test::one_thread().get());
  const Workspace workspace = test::workspace_of(program);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> callers;
  for (uint64_t caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&, caller] {
      const std::vector<ir::Tensor> inputs = ir::random_inputs(network, 500, caller);
      const std::vector<ir::Tensor> expected = ir::evaluate(network, inputs);
      for (int i = 0; i < 100; ++i) {
        const std::vector<ir::Tensor> found = test::run(network, program, workspace, inputs);
        const bool refused =
            found.empty() && bitloom_error_message() == std::string(
                                                            "the workspace is in use by another thread; make one a "
                                                            "thread by bitloom_workspace_create");
        wrong += !refused && found != expected;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
}

TEST(CRun, a_workspace_outlives_its_program_and_still_knows_it) {
  const ir::Network network = test::small_classifier();
  Program first = test::program_of(network);
  const Workspace workspace = test::workspace_of(first);
  first.reset();
  const Program second = test::program_of(network);
  EXPECT_TRUE(test::run(network, second, workspace, ir::random_inputs(network, 1, 1)).empty());
}

TEST(CRun, predicts_classes_as_ir_does) {
  const ir::Network best = test::small_classifier();
  ir::Network logits = best;
  logits.outputs = {2};
  logits.nodes.pop_back();
  for (const ir::Network& network : {best, logits}) {
    const Program program = test::program_of(network);
    std::vector<ir::Tensor> results =
        test::run(network, program, test::workspace_of(program), ir::random_inputs(network, 40, 7));
    ASSERT_FALSE(results.empty()) << bitloom_error_message();
    std::vector<bitloom_output> outputs;
    for (ir::Tensor& result : results) outputs.push_back(output_of(result.values));
    std::vector<int32_t> classes(40, -1);
    ASSERT_EQ(
        bitloom_predicted_classes(program.get(), 40, outputs.data(), static_cast<int64_t>(outputs.size()), classes.data()),
        BITLOOM_OK)
        << bitloom_error_message();
    EXPECT_EQ(classes, ir::predicted_classes(network, results));
  }
}

TEST(CRun, quantizes_real_numbers) {
  const Program program = test::program_of(test::real_network());
  const std::vector<float> reals{0.5F, 0.49F, -3, 7, 1, 1, 0, 0};
  std::vector<int32_t> values(8);
  ASSERT_EQ(bitloom_quantize(program.get(), 0, reals.data(), 8, values.data()), BITLOOM_OK) << bitloom_error_message();
  EXPECT_EQ(values, (std::vector{1, -1, -1, 1, 1, 1, -1, -1}));
}

}  // namespace
}  // namespace bitloom
