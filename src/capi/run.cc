// SPDX-License-Identifier: Apache-2.0
//
// Runs. What a pointer can get wrong is checked here, sizes and values by the engine.
#include <algorithm>

#include "handles.h"

namespace {

using bitloom::Error;
using bitloom::capi::given;
using bitloom::capi::guarded;
using bitloom::capi::Model;
using bitloom::capi::model_of;
namespace engine = bitloom::engine;
namespace ir = bitloom::ir;

/// A tensor of so many images of 2^28 elements (ir::kMaxElements) has a size that an int64_t can say.
constexpr int64_t kMaxImages = int64_t{1} << 32;

void check_images(int64_t images) {
  if (images < 0 || images > kMaxImages) throw Error("images is {}, expected 0 to {}", images, kMaxImages);
}

template <typename T>
void check_list(const T* list, int64_t found, size_t expected, const char* what) {
  if (found != static_cast<int64_t>(expected)) throw Error("got {} {}, expected {}", found, what, expected);
  given(list, what);
}

template <typename T>
std::span<T> elements(T* data, int64_t count, const char* what, size_t index) {
  if (count < 0) throw Error("{} {}: count is {}, expected 0 or more", what, index, count);
  if (data == nullptr && count > 0) throw Error("{} {}: data is NULL", what, index);
  if (reinterpret_cast<uintptr_t>(data) % alignof(T) != 0)
    throw Error("{} {}: data is not aligned to {} bytes", what, index, alignof(T));
  return {data, static_cast<size_t>(count)};
}

engine::InputView input_view(const bitloom_input& input, size_t index) {
  if (input.reserved != 0) throw Error("input {}: reserved is {}, expected 0", index, input.reserved);
  switch (input.type) {
    case BITLOOM_INT32:
      return elements(static_cast<const int32_t*>(input.data), input.count, "input", index);
    case BITLOOM_UINT8:
      return elements(static_cast<const uint8_t*>(input.data), input.count, "input", index);
    case BITLOOM_INT8:
      return elements(static_cast<const int8_t*>(input.data), input.count, "input", index);
  }
  throw Error("input {}: type is {}, expected BITLOOM_INT32 (1), BITLOOM_UINT8 (2) or BITLOOM_INT8 (3)", index, input.type);
}

/// Has a workspace for one run.
class Claim {
 public:
  explicit Claim(bitloom_workspace& workspace) : workspace_(workspace) {
    if (workspace_.busy.test_and_set(std::memory_order_acquire))
      throw Error("the workspace is in use by another thread; make one a thread by bitloom_workspace_create");
  }
  ~Claim() { workspace_.busy.clear(std::memory_order_release); }
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;

 private:
  bitloom_workspace& workspace_;
};

void run(const Model& model, bitloom_workspace& workspace, int64_t images, const bitloom_input* inputs, int64_t input_count,
         const bitloom_output* outputs, int64_t output_count) {
  if (workspace.model.get() != &model)
    throw Error("the workspace belongs to another program; make one by bitloom_workspace_create");
  check_images(images);
  check_list(inputs, input_count, model.inputs.size(), "inputs");
  check_list(outputs, output_count, model.network().outputs.size(), "outputs");
  const Claim claim(workspace);
  for (size_t i = 0; i < workspace.inputs.size(); ++i) workspace.inputs[i] = input_view(inputs[i], i);
  for (size_t i = 0; i < workspace.outputs.size(); ++i)
    workspace.outputs[i] = elements(outputs[i].data, outputs[i].count, "output", i);
  model.program.run(images, workspace.inputs, workspace.outputs, workspace.workspace);
}

std::vector<ir::Tensor> tensors(const ir::Network& network, int64_t images, const bitloom_output* outputs) {
  std::vector<ir::Tensor> result;
  for (size_t i = 0; i < network.outputs.size(); ++i) {
    const ir::Node& node = network.nodes[static_cast<size_t>(network.outputs[i])];
    const std::span<const int32_t> values = elements(outputs[i].data, outputs[i].count, "output", i);
    const int64_t expected = images * node.type.shape.elements();
    if (outputs[i].count != expected)
      throw Error("output '{}': {} numbers, expected those of {} images of {}", node.name, outputs[i].count, images,
                  node.type.shape.elements());
    result.push_back({node.type.shape, images, {values.begin(), values.end()}});
  }
  return result;
}

}  // namespace

bitloom_status bitloom_workspace_create(const bitloom_program* program, bitloom_workspace** workspace) {
  return guarded([&] {
    given(workspace, "workspace") = nullptr;
    *workspace = new bitloom_workspace(given(program, "program").model);
  });
}

void bitloom_workspace_free(bitloom_workspace* workspace) { delete workspace; }

bitloom_status bitloom_run(const bitloom_program* program, bitloom_workspace* workspace, int64_t images,
                           const bitloom_input* inputs, int64_t input_count, const bitloom_output* outputs,
                           int64_t output_count) {
  return guarded([&] {
    const Model& model = model_of(program);
    run(model, given(workspace, "workspace"), images, inputs, input_count, outputs, output_count);
  });
}

bitloom_status bitloom_predicted_classes(const bitloom_program* program, int64_t images, const bitloom_output* outputs,
                                         int64_t output_count, int32_t* classes) {
  return guarded([&] {
    const ir::Network& network = model_of(program).network();
    check_images(images);
    check_list(outputs, output_count, network.outputs.size(), "outputs");
    given(classes, "classes");
    std::ranges::copy(ir::predicted_classes(network, tensors(network, images, outputs)), classes);
  });
}
