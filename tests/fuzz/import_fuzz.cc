// SPDX-License-Identifier: Apache-2.0
//
// A hostile model all the way: read, lowered, saved and loaded in memory, and, when it is small, run.
#include <cstddef>
#include <cstdint>
#include <span>

#include "bitloom/engine.h"
#include "bitloom/lower.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bitloom;
  try {
    const frontend::QuantGraph graph = frontend::read_onnx(std::as_bytes(std::span(data, size)), "fuzz.onnx");
    const ir::Network network = lower::lower(graph);
    int64_t elements = 0;
    for (const ir::Node& node : network.nodes) elements += node.type.shape.elements();
    if (elements > 4096 || ir::multiply_accumulates(network) > 1 << 20) return 0;
    const std::vector<ir::Tensor> inputs = ir::random_inputs(network, 1, 1);
    if (engine::Program(network, {.threads = 1}).run(inputs) != ir::evaluate(network, inputs)) __builtin_trap();
  } catch (const Error&) {
  }
  return 0;
}
