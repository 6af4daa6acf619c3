// SPDX-License-Identifier: Apache-2.0
//
// What can be asked of a program's inputs and outputs, and where they meet real numbers.
#include <algorithm>

#include "handles.h"

namespace {

using bitloom::Error;
using bitloom::capi::element;
using bitloom::capi::given;
using bitloom::capi::guarded;
using bitloom::capi::Model;
using bitloom::capi::model_of;
namespace ir = bitloom::ir;

const ir::Node& input_node(const bitloom_program* program, int64_t index) {
  const Model& model = model_of(program);
  return model.network().nodes[static_cast<size_t>(element(model.inputs, index, "an input"))];
}

const ir::Node& output_node(const bitloom_program* program, int64_t index) {
  const ir::Network& network = model_of(program).network();
  return network.nodes[static_cast<size_t>(element(network.outputs, index, "an output"))];
}

void tell_name(const ir::Node& node, const char** name) { given(name, "name") = node.name.c_str(); }

void tell_shape(const ir::Node& node, int32_t* height, int32_t* width, int32_t* channels) {
  given(height, "height"), given(width, "width"), given(channels, "channels");
  *height = node.type.shape.height;
  *width = node.type.shape.width;
  *channels = node.type.shape.channels;
}

void tell_range(const ir::Node& node, int32_t* lowest, int32_t* highest) {
  given(lowest, "lowest"), given(highest, "highest");
  *lowest = node.type.range().lowest;
  *highest = node.type.range().highest;
}

}  // namespace

bitloom_status bitloom_input_count(const bitloom_program* program, int64_t* count) {
  return guarded([&] { given(count, "count") = static_cast<int64_t>(model_of(program).inputs.size()); });
}

bitloom_status bitloom_input_name(const bitloom_program* program, int64_t index, const char** name) {
  return guarded([&] { tell_name(input_node(program, index), name); });
}

bitloom_status bitloom_input_shape(const bitloom_program* program, int64_t index, int32_t* height, int32_t* width,
                                   int32_t* channels) {
  return guarded([&] { tell_shape(input_node(program, index), height, width, channels); });
}

bitloom_status bitloom_input_range(const bitloom_program* program, int64_t index, int32_t* lowest, int32_t* highest) {
  return guarded([&] { tell_range(input_node(program, index), lowest, highest); });
}

bitloom_status bitloom_input_is_real(const bitloom_program* program, int64_t index, int32_t* is_real) {
  return guarded([&] { given(is_real, "is_real") = std::get<ir::Input>(input_node(program, index).layer).real ? 1 : 0; });
}

bitloom_status bitloom_output_count(const bitloom_program* program, int64_t* count) {
  return guarded([&] { given(count, "count") = static_cast<int64_t>(model_of(program).network().outputs.size()); });
}

bitloom_status bitloom_output_name(const bitloom_program* program, int64_t index, const char** name) {
  return guarded([&] { tell_name(output_node(program, index), name); });
}

bitloom_status bitloom_output_shape(const bitloom_program* program, int64_t index, int32_t* height, int32_t* width,
                                    int32_t* channels) {
  return guarded([&] { tell_shape(output_node(program, index), height, width, channels); });
}

bitloom_status bitloom_output_range(const bitloom_program* program, int64_t index, int32_t* lowest, int32_t* highest) {
  return guarded([&] { tell_range(output_node(program, index), lowest, highest); });
}

bitloom_status bitloom_output_kind(const bitloom_program* program, int64_t index, int32_t* kind) {
  return guarded([&] {
    const ir::Layer& layer = output_node(program, index).layer;
    given(kind, "kind") = std::holds_alternative<ir::Output>(layer) ? BITLOOM_OUTPUT_REALS
                          : std::holds_alternative<ir::TopK>(layer) ? BITLOOM_OUTPUT_INDICES
                                                                    : BITLOOM_OUTPUT_INTEGERS;
  });
}

bitloom_status bitloom_output_scale(const bitloom_program* program, int64_t index, double* scale, double* offset,
                                    int64_t channels) {
  return guarded([&] {
    const ir::Node& node = output_node(program, index);
    given(scale, "scale"), given(offset, "offset");
    const auto* output = std::get_if<ir::Output>(&node.layer);
    if (output == nullptr) throw Error("output '{}': its integers do not stand for real numbers", node.name);
    if (channels != node.type.shape.channels)
      throw Error("output '{}': got room for {} channels, expected {}", node.name, channels, node.type.shape.channels);
    for (size_t channel = 0; channel < static_cast<size_t>(channels); ++channel) {
      scale[channel] = output->scale[channel % output->scale.size()];
      offset[channel] = output->offset[channel % output->offset.size()];
    }
  });
}

bitloom_status bitloom_quantize(const bitloom_program* program, int64_t index, const float* reals, int64_t count,
                                int32_t* values) {
  return guarded([&] {
    const ir::Node& node = input_node(program, index);
    given(reals, "reals"), given(values, "values");
    const auto& input = std::get<ir::Input>(node.layer);
    if (!input.real) throw Error("input '{}': takes integers, not real numbers", node.name);
    const int64_t image = input.shape.elements();
    if (count < 0 || count % image != 0)
      throw Error("input '{}': got {} real numbers, expected whole images of {}", node.name, count, image);
    for (int64_t first = 0; first < count; first += image)
      std::ranges::copy(ir::quantize(input, {reals + first, static_cast<size_t>(image)}), values + first);
  });
}
