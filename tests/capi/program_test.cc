// SPDX-License-Identifier: Apache-2.0
//
// What a program tells about itself through the C interface.
#include "capi/handles.h"

#include "bitloom/engine.h"

extern "C" const char* version_from_c(void);

namespace bitloom {
namespace {

using test::Options;
using test::Program;

/// What a function tells about a program, or about one of its tensors.
template <typename T>
T told(bitloom_status (*function)(const bitloom_program*, T*), const Program& program) {
  T result{};
  EXPECT_EQ(function(program.get(), &result), BITLOOM_OK) << bitloom_error_message();
  return result;
}

template <typename T>
T told(bitloom_status (*function)(const bitloom_program*, int64_t, T*), const Program& program, int64_t index) {
  T result{};
  EXPECT_EQ(function(program.get(), index, &result), BITLOOM_OK) << bitloom_error_message();
  return result;
}

TEST(CProgram, tells_the_version_of_the_project) {
  EXPECT_STREQ(bitloom_version(), BITLOOM_PROJECT_VERSION);
  EXPECT_EQ(version_from_c(), bitloom_version());
}

TEST(CProgram, tells_names_and_classes) {
  const Program program = test::program_of(test::small_classifier());
  EXPECT_STREQ(told(bitloom_program_name, program), "small");
  ASSERT_EQ(told(bitloom_program_class_count, program), 3);
  EXPECT_STREQ(told(bitloom_program_class_name, program, 0), "ant");
  EXPECT_STREQ(told(bitloom_program_class_name, program, 2), "cow");
  EXPECT_EQ(told(bitloom_program_class_count, test::program_of(test::real_network())), 0);
}

TEST(CProgram, tells_its_inputs) {
  const Program program = test::program_of(test::small_classifier());
  ASSERT_EQ(told(bitloom_input_count, program), 1);
  EXPECT_STREQ(told(bitloom_input_name, program, 0), "pixels");
  int32_t height = 0, width = 0, channels = 0, lowest = -1, highest = -1;
  ASSERT_EQ(bitloom_input_shape(program.get(), 0, &height, &width, &channels), BITLOOM_OK);
  EXPECT_EQ(std::vector({height, width, channels}), std::vector({1, 1, 2}));
  ASSERT_EQ(bitloom_input_range(program.get(), 0, &lowest, &highest), BITLOOM_OK);
  EXPECT_EQ(std::vector({lowest, highest}), std::vector({0, 255}));
  EXPECT_EQ(told(bitloom_input_is_real, program, 0), 0);
  EXPECT_EQ(told(bitloom_input_is_real, test::program_of(test::real_network()), 0), 1);
}

TEST(CProgram, tells_its_outputs) {
  const Program program = test::program_of(test::small_classifier());
  ASSERT_EQ(told(bitloom_output_count, program), 2);
  EXPECT_STREQ(told(bitloom_output_name, program, 0), "logits");
  EXPECT_STREQ(told(bitloom_output_name, program, 1), "best");
  int32_t height = 0, width = 0, channels = 0, lowest = 0, highest = 0;
  ASSERT_EQ(bitloom_output_shape(program.get(), 1, &height, &width, &channels), BITLOOM_OK);
  EXPECT_EQ(std::vector({height, width, channels}), std::vector({1, 1, 2}));
  ASSERT_EQ(bitloom_output_range(program.get(), 0, &lowest, &highest), BITLOOM_OK);
  EXPECT_EQ(std::vector({lowest, highest}), std::vector({-255, 510}));
  EXPECT_EQ(told(bitloom_output_kind, program, 0), BITLOOM_OUTPUT_REALS);
  EXPECT_EQ(told(bitloom_output_kind, program, 1), BITLOOM_OUTPUT_INDICES);
  EXPECT_EQ(told(bitloom_output_kind, test::program_of(test::real_network()), 0), BITLOOM_OUTPUT_INTEGERS);
}

TEST(CProgram, tells_a_scale_and_an_offset_of_every_channel) {
  const Program program = test::program_of(test::small_classifier());
  std::vector<double> scale(3), offset(3);
  ASSERT_EQ(bitloom_output_scale(program.get(), 0, scale.data(), offset.data(), 3), BITLOOM_OK);
  EXPECT_EQ(scale, (std::vector{0.5, 0.5, 0.5}));
  EXPECT_EQ(offset, (std::vector{-1.0, 0.0, 1.5}));
}

TEST(CProgram, is_compiled_as_the_options_say) {
  const ir::Network network = test::small_classifier();
  const Options options = test::one_thread();
  EXPECT_EQ(bitloom_options_set_target(options.get(), "portable"), BITLOOM_OK);
  EXPECT_EQ(bitloom_options_set_pin(options.get(), 1), BITLOOM_OK);
  const Program program = test::program_of(network, options.get());
  EXPECT_EQ(told(bitloom_program_threads, program), 1);
  EXPECT_STREQ(told(bitloom_program_target, program), "portable");

  const engine::Program same(network);
  const Program defaults = test::program_of(network);
  EXPECT_EQ(told(bitloom_program_threads, defaults), same.threads());
  EXPECT_EQ(told(bitloom_program_target, defaults), same.target());
  EXPECT_EQ(told(bitloom_program_images_in_flight, defaults), same.images_in_flight());
}

TEST(CProgram, reads_a_float_input_as_the_options_say) {
  const std::filesystem::path onnx =
      std::filesystem::path(BITLOOM_SOURCE_DIR) / "tests" / "fuzz" / "corpus" / "onnx" / "residual.onnx";
  const auto is_real = [&](int32_t kind) {
    const Options options = test::make_options();
    EXPECT_EQ(bitloom_options_set_input(options.get(), kind), BITLOOM_OK);
    return told(bitloom_input_is_real, test::load(onnx, options.get()), 0);
  };
  EXPECT_EQ(is_real(BITLOOM_INPUT_AUTO), 1);
  EXPECT_EQ(is_real(BITLOOM_INPUT_REAL), 1);
  EXPECT_EQ(is_real(BITLOOM_INPUT_PIXELS), 0);
  EXPECT_EQ(is_real(BITLOOM_INPUT_UINT8), 0);
}

}  // namespace
}  // namespace bitloom
