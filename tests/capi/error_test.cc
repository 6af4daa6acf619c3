// SPDX-License-Identifier: Apache-2.0
//
// What the C interface refuses, and how it says so.
#include "capi/handles.h"

#include <array>
#include <cstdint>
#include <thread>

#include "guard.h"

namespace bitloom {
namespace {

using test::input_of;
using test::output_of;
using test::Program;
using test::Workspace;

/// The status and the message of a call that fails.
void expect_failure(bitloom_status found, bitloom_status status, const std::string& message) {
  EXPECT_EQ(found, status) << message;
  EXPECT_EQ(bitloom_error_message(), message);
}

void expect_error(bitloom_status found, const std::string& message) { expect_failure(found, BITLOOM_ERROR, message); }

void expect_null(bitloom_status found, const std::string& argument) {
  expect_error(found, "argument '" + argument + "' is NULL");
}

TEST(CError, every_exception_has_a_status_bad) {
  const auto status_of = [](auto exception) { return capi::guarded([&] { throw exception; }); };
  expect_failure(status_of(Error("e")), BITLOOM_ERROR, "e");
  expect_failure(status_of(Unsupported("u")), BITLOOM_UNSUPPORTED, "u");
  expect_failure(status_of(InternalError("i")), BITLOOM_INTERNAL_ERROR, "i");
  expect_failure(status_of(std::runtime_error("r")), BITLOOM_INTERNAL_ERROR, "r");
  expect_failure(status_of(std::bad_alloc()), BITLOOM_OUT_OF_MEMORY, "out of memory");
  expect_failure(status_of(1), BITLOOM_INTERNAL_ERROR, "an exception of an unknown type");
}

TEST(CError, a_message_belongs_to_its_thread_and_stays_while_calls_succeed_bad) {
  std::thread([] { EXPECT_STREQ(bitloom_error_message(), ""); }).join();
  bitloom_options_create(nullptr);
  std::thread([] { bitloom_options_set_threads(nullptr, 1); }).join();
  test::make_options();
  EXPECT_STREQ(bitloom_error_message(), "argument 'options' is NULL");
  bitloom_options_free(nullptr);
  bitloom_program_free(nullptr);
  bitloom_workspace_free(nullptr);
}

TEST(CError, options_are_checked_bad) {
  const test::Options options = test::make_options();
  expect_error(bitloom_options_set_threads(options.get(), -1),
               "threads is -1, expected 1 or more, or 0 for one a hardware thread");
  expect_error(bitloom_options_set_input(options.get(), 4),
               "input is 4, expected one of BITLOOM_INPUT_AUTO (0) to BITLOOM_INPUT_REAL (3)");
  expect_null(bitloom_options_set_target(options.get(), nullptr), "target");
  expect_null(bitloom_options_set_threads(nullptr, 1), "options");
  expect_null(bitloom_options_set_pin(nullptr, 1), "options");
  expect_null(bitloom_options_set_target(nullptr, ""), "options");
  expect_null(bitloom_options_set_input(nullptr, 1), "options");
}

TEST(CError, models_are_refused_as_elsewhere_bad) {
  const std::filesystem::path corpus = std::filesystem::path(BITLOOM_SOURCE_DIR) / "tests" / "fuzz" / "corpus" / "onnx";
  const auto load = [](const char* path, const bitloom_options* options = nullptr) {
    auto* program = reinterpret_cast<bitloom_program*>(1);
    const bitloom_status status = bitloom_program_load(path, options, &program);
    EXPECT_EQ(program, nullptr);
    return status;
  };
  expect_error(load("/not/there"), "/not/there: cannot open: No such file or directory");
  const std::string unsupported = corpus / "constants.onnx";
  expect_failure(load(unsupported.c_str()), BITLOOM_UNSUPPORTED,
                 unsupported + ": inputs 'x' and 'i' are both real numbers; one such input is supported");
  EXPECT_EQ(load(std::string(5000, 'x').c_str()), BITLOOM_ERROR);
  expect_null(load(nullptr), "path");
  expect_null(bitloom_program_load("/not/there", nullptr, nullptr), "program");

  const test::Options options = test::make_options();
  EXPECT_EQ(bitloom_options_set_target(options.get(), "z80"), BITLOOM_OK);
  EXPECT_EQ(load((corpus / "residual.onnx").c_str(), options.get()), BITLOOM_ERROR);
  EXPECT_TRUE(std::string(bitloom_error_message()).starts_with("target 'z80' is not one of the targets of this build"))
      << bitloom_error_message();
}

TEST(CError, questions_without_a_program_or_an_answer_are_refused_bad) {
  const Program program = test::program_of(test::small_classifier());
  const bitloom_program* none = nullptr;
  const bitloom_program* some = program.get();
  const char* text = nullptr;
  int32_t number = 0;
  int64_t count = 0;
  for (const auto function : {bitloom_program_name, bitloom_program_target}) expect_null(function(none, &text), "program");
  for (const auto function :
       {bitloom_program_images_in_flight, bitloom_program_class_count, bitloom_input_count, bitloom_output_count}) {
    expect_null(function(none, &count), "program");
    EXPECT_EQ(function(some, nullptr), BITLOOM_ERROR);
  }
  expect_null(bitloom_program_threads(none, &number), "program");
  expect_null(bitloom_program_threads(some, nullptr), "threads");
  expect_null(bitloom_program_name(some, nullptr), "name");
  expect_null(bitloom_program_target(some, nullptr), "target");
  for (const auto function : {bitloom_program_class_name, bitloom_input_name, bitloom_output_name}) {
    expect_null(function(none, 0, &text), "program");
    expect_null(function(some, 0, nullptr), "name");
  }
  for (const auto function : {bitloom_input_shape, bitloom_output_shape}) {
    expect_null(function(none, 0, &number, &number, &number), "program");
    expect_null(function(some, 0, nullptr, &number, &number), "height");
    expect_null(function(some, 0, &number, nullptr, &number), "width");
    expect_null(function(some, 0, &number, &number, nullptr), "channels");
  }
  for (const auto function : {bitloom_input_range, bitloom_output_range}) {
    expect_null(function(none, 0, &number, &number), "program");
    expect_null(function(some, 0, nullptr, &number), "lowest");
    expect_null(function(some, 0, &number, nullptr), "highest");
  }
  expect_null(bitloom_input_is_real(some, 0, nullptr), "is_real");
  expect_null(bitloom_output_kind(some, 0, nullptr), "kind");
}

TEST(CError, an_index_must_exist_bad) {
  const Program program = test::program_of(test::small_classifier());
  const char* name = nullptr;
  int32_t number = 0;
  expect_error(bitloom_input_name(program.get(), 1, &name), "index 1 is not that of an input, of which there are 1");
  expect_error(bitloom_input_is_real(program.get(), -1, &number), "index -1 is not that of an input, of which there are 1");
  expect_error(bitloom_output_kind(program.get(), INT64_MAX, &number),
               "index 9223372036854775807 is not that of an output, of which there are 2");
  expect_error(bitloom_program_class_name(program.get(), 3, &name),
               "index 3 is not that of a class name, of which there are 3");
}

TEST(CError, only_real_outputs_have_scales_bad) {
  const Program program = test::program_of(test::small_classifier());
  std::array<double, 3> scale, offset;
  expect_error(bitloom_output_scale(program.get(), 1, scale.data(), offset.data(), 2),
               "output 'best': its integers do not stand for real numbers");
  expect_error(bitloom_output_scale(program.get(), 0, scale.data(), offset.data(), 2),
               "output 'logits': got room for 2 channels, expected 3");
  expect_null(bitloom_output_scale(program.get(), 0, nullptr, offset.data(), 3), "scale");
  expect_null(bitloom_output_scale(program.get(), 0, scale.data(), nullptr, 3), "offset");
}

TEST(CError, only_real_inputs_are_quantized_bad) {
  const Program integers = test::program_of(test::small_classifier());
  const Program reals = test::program_of(test::real_network());
  const std::array<float, 4> numbers{};
  std::array<int32_t, 4> values{};
  expect_error(bitloom_quantize(integers.get(), 0, numbers.data(), 2, values.data()),
               "input 'pixels': takes integers, not real numbers");
  expect_error(bitloom_quantize(reals.get(), 0, numbers.data(), 3, values.data()),
               "input 'x': got 3 real numbers, expected whole images of 4");
  expect_error(bitloom_quantize(reals.get(), 0, numbers.data(), -4, values.data()),
               "input 'x': got -4 real numbers, expected whole images of 4");
  expect_null(bitloom_quantize(reals.get(), 0, nullptr, 4, values.data()), "reals");
  expect_null(bitloom_quantize(reals.get(), 0, numbers.data(), 4, nullptr), "values");
}

/// A run of two images that works, for each test to break.
struct CRunError : testing::Test {
  bitloom_status run() {
    return bitloom_run(program.get(), workspace.get(), images, &input, input_count, outputs.data(), output_count);
  }
  bitloom_status predict() {
    return bitloom_predicted_classes(program.get(), images, outputs.data(), output_count, classes.data());
  }

  Program program = test::program_of(test::small_classifier());
  Workspace workspace = test::workspace_of(program);
  std::vector<uint8_t> pixels{1, 2, 3, 4};
  std::vector<int32_t> logits = std::vector<int32_t>(6, 77), best = std::vector<int32_t>(4, 77), classes{77, 77};
  int64_t images = 2, input_count = 1, output_count = 2;
  bitloom_input input = input_of(pixels);
  std::array<bitloom_output, 2> outputs{output_of(logits), output_of(best)};
};

TEST_F(CRunError, counts_and_sizes_must_fit_bad) {
  ASSERT_EQ(run(), BITLOOM_OK) << bitloom_error_message();
  logits.assign(6, 77);
  input_count = 2;
  expect_error(run(), "got 2 inputs, expected 1");
  input_count = 1, output_count = -1;
  expect_error(run(), "got -1 outputs, expected 2");
  expect_error(predict(), "got -1 outputs, expected 2");
  output_count = 2, images = 3;
  expect_error(run(), "input 'pixels': 4 numbers, expected those of 3 images of 2");
  expect_error(predict(), "output 'logits': 6 numbers, expected those of 3 images of 3");
  images = 2, outputs[1].count = 3;
  expect_error(run(), "output 'best': 3 numbers, expected those of 2 images of 2");
  expect_error(predict(), "output 'best': 3 numbers, expected those of 2 images of 2");
  for (const int64_t number : {int64_t{-1}, int64_t{1} << 62}) {
    images = number;
    const std::string message = "images is " + std::to_string(number) + ", expected 0 to 4294967296";
    expect_error(run(), message);
    expect_error(predict(), message);
  }
  EXPECT_EQ(logits, std::vector<int32_t>(6, 77));
  EXPECT_EQ(classes, std::vector<int32_t>(2, 77));
}

TEST_F(CRunError, data_must_be_what_it_is_said_to_be_bad) {
  input.count = -4;
  expect_error(run(), "input 0: count is -4, expected 0 or more");
  input = input_of(pixels), input.data = nullptr;
  expect_error(run(), "input 0: data is NULL");
  input = input_of(pixels), input.type = 0;
  expect_error(run(), "input 0: type is 0, expected BITLOOM_INT32 (1), BITLOOM_UINT8 (2) or BITLOOM_INT8 (3)");
  input = input_of(pixels), input.reserved = 1;
  expect_error(run(), "input 0: reserved is 1, expected 0");
  std::vector<int32_t> wide(5);
  input = {reinterpret_cast<const char*>(wide.data()) + 2, 4, BITLOOM_INT32, 0};
  expect_error(run(), "input 0: data is not aligned to 4 bytes");
  wide = {1, 2, 3, 256};
  input = input_of(wide);
  expect_error(run(), "input 'pixels': element 1 of image 1 is 256, which is not a value of its type (0 to 255)");
  input = input_of(pixels), outputs[1].data = nullptr;
  expect_error(run(), "output 1: data is NULL");
  expect_error(predict(), "output 1: data is NULL");
  outputs[1] = output_of(best), outputs[0].count = -1;
  expect_error(run(), "output 0: count is -1, expected 0 or more");
  EXPECT_EQ(logits, std::vector<int32_t>(6, 77));
}

TEST_F(CRunError, a_workspace_serves_its_own_program_only_bad) {
  workspace = test::workspace_of(test::program_of(test::small_classifier()));
  expect_error(run(), "the workspace belongs to another program; make one by bitloom_workspace_create");
}

TEST_F(CRunError, null_is_refused_bad) {
  expect_null(bitloom_run(nullptr, workspace.get(), 2, &input, 1, outputs.data(), 2), "program");
  expect_null(bitloom_run(program.get(), nullptr, 2, &input, 1, outputs.data(), 2), "workspace");
  expect_null(bitloom_run(program.get(), workspace.get(), 2, nullptr, 1, outputs.data(), 2), "inputs");
  expect_null(bitloom_run(program.get(), workspace.get(), 2, &input, 1, nullptr, 2), "outputs");
  expect_null(bitloom_predicted_classes(nullptr, 2, outputs.data(), 2, classes.data()), "program");
  expect_null(bitloom_predicted_classes(program.get(), 2, nullptr, 2, classes.data()), "outputs");
  expect_null(bitloom_predicted_classes(program.get(), 2, outputs.data(), 2, nullptr), "classes");
  auto* made = reinterpret_cast<bitloom_workspace*>(1);
  expect_null(bitloom_workspace_create(nullptr, &made), "program");
  EXPECT_EQ(made, nullptr);
  expect_null(bitloom_workspace_create(program.get(), nullptr), "workspace");
}

TEST(CError, a_network_that_predicts_no_class_is_refused_bad) {
  const Program program = test::program_of(test::real_network());
  std::vector<int32_t> signs(2), classes(1);
  const bitloom_output output = output_of(signs);
  expect_error(bitloom_predicted_classes(program.get(), 1, &output, 1, classes.data()),
               "network 'real': predicts no class; none of its outputs is a top_k or a 1x1xC output");
}

}  // namespace
}  // namespace bitloom
