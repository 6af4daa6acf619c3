// SPDX-License-Identifier: Apache-2.0
//
// The C interface with owners, for tests.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bitloom.h"
#include "bitloom/ir.h"
#include "support/temporary_folder.h"

namespace bitloom::test {

template <auto free>
struct Free {
  template <typename T>
  void operator()(T* handle) const {
    free(handle);
  }
};
using Options = std::unique_ptr<bitloom_options, Free<bitloom_options_free>>;
using Program = std::unique_ptr<bitloom_program, Free<bitloom_program_free>>;
using Workspace = std::unique_ptr<bitloom_workspace, Free<bitloom_workspace_free>>;

inline Options make_options() {
  bitloom_options* options = nullptr;
  EXPECT_EQ(bitloom_options_create(&options), BITLOOM_OK);
  return Options(options);
}

inline Options one_thread() {
  Options options = make_options();
  EXPECT_EQ(bitloom_options_set_threads(options.get(), 1), BITLOOM_OK);
  return options;
}

inline Program load(const std::filesystem::path& path, const bitloom_options* options = nullptr) {
  bitloom_program* program = nullptr;
  EXPECT_EQ(bitloom_program_load(path.c_str(), options, &program), BITLOOM_OK) << bitloom_error_message();
  return Program(program);
}

/// The program of a network, by way of a file.
inline Program program_of(const ir::Network& network, const bitloom_options* options = nullptr) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "network.bloom";
  ir::save(network, path);
  return load(path, options);
}

inline Workspace workspace_of(const Program& program) {
  bitloom_workspace* workspace = nullptr;
  EXPECT_EQ(bitloom_workspace_create(program.get(), &workspace), BITLOOM_OK) << bitloom_error_message();
  return Workspace(workspace);
}

inline bitloom_input input_of(const std::vector<int32_t>& values) {
  return {values.data(), static_cast<int64_t>(values.size()), BITLOOM_INT32, 0};
}
inline bitloom_input input_of(const std::vector<uint8_t>& values) {
  return {values.data(), static_cast<int64_t>(values.size()), BITLOOM_UINT8, 0};
}
inline bitloom_input input_of(const std::vector<int8_t>& values) {
  return {values.data(), static_cast<int64_t>(values.size()), BITLOOM_INT8, 0};
}
inline bitloom_output output_of(std::vector<int32_t>& values) {
  return {values.data(), static_cast<int64_t>(values.size())};
}

/// The outputs of a run over tensors; no tensors if it fails.
inline std::vector<ir::Tensor> run(const ir::Network& network, const Program& program, const Workspace& workspace,
                                   const std::vector<ir::Tensor>& tensors) {
  std::vector<bitloom_input> inputs;
  for (const ir::Tensor& tensor : tensors) inputs.push_back(input_of(tensor.values));
  std::vector<ir::Tensor> results;
  for (const ir::NodeId id : network.outputs)
    results.push_back(ir::Tensor::zeros(network.nodes[static_cast<size_t>(id)].type.shape, tensors.at(0).images));
  std::vector<bitloom_output> outputs;
  for (ir::Tensor& result : results) outputs.push_back(output_of(result.values));
  const bitloom_status status =
      bitloom_run(program.get(), workspace.get(), tensors[0].images, inputs.data(), static_cast<int64_t>(inputs.size()),
                  outputs.data(), static_cast<int64_t>(outputs.size()));
  return status == BITLOOM_OK ? results : std::vector<ir::Tensor>{};
}

/// Two pixels a and b; the sums a - b, b - a and a + b with a meaning; the best two of them.
inline ir::Network small_classifier() {
  return ir::parse(R"(network "small"
%0 = input "pixels" 1x1x2 unsigned8
%1 = dot "sums" %0 bipolar 3x2 weights=hex:0000000000000001,0000000000000002,0000000000000003
%2 = output "logits" %1 scale=0.5 offset=-1,0,1.5
%3 = top_k "best" %2 k=2
output %2 %3
classes "ant" "bee" "cow"
)");
}

/// A flat input of four numbers -1 or 1, given as real numbers; what comes out is coded.
inline ir::Network real_network() {
  return ir::parse(R"(network "real"
%0 = input "x" 1x1x4 bipolar real [0.5]
%1 = dot "sums" %0 bipolar 2x4 weights=hex:000000000000000f,0000000000000001
%2 = threshold "signs" %1 bipolar [0]
output %2
)");
}

}  // namespace bitloom::test
