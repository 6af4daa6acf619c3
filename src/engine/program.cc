// SPDX-License-Identifier: Apache-2.0
//
// Programs: a batch comes in, is checked, and its images are spread over threads. Everything that can fail does so here,
// before the first step runs.
#include <algorithm>
#include <string>
#include <thread>

#include <tbb/blocked_range.h>
#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include "bitloom/engine.h"
#include "codec.h"
#include "compile.h"

namespace bitloom::engine {
namespace {

/// Position of the first value that the type does not have, or -1.
int64_t find_stranger(const ir::TensorType& type, std::span<const int32_t> values) {
  if (const ir::Encoding* encoding = type.encoding()) return Codec(*encoding).find_stranger(values);
  const ir::Range range = type.range();
  uint32_t strange = 0;
  for (const int32_t v : values)
    strange |= static_cast<uint32_t>(v < range.lowest) | static_cast<uint32_t>(v > range.highest);
  if (strange == 0) return -1;
  return std::find_if(values.begin(), values.end(), [&](int32_t v) { return v < range.lowest || v > range.highest; }) -
         values.begin();
}

std::string describe(const ir::Shape& shape) {
  return fmt::format("{} x {} x {}", shape.height, shape.width, shape.channels);
}

std::string describe_values(const ir::TensorType& type) {
  if (const ir::Encoding* encoding = type.encoding()) {
    const std::vector<int32_t> levels = encoding->levels();
    if (levels.size() <= 4) return fmt::format("one of {}", fmt::join(levels, ", "));
    const int64_t step = int64_t{levels[1]} - levels[0];
    for (size_t i = 1; i < levels.size(); ++i) {
      if (int64_t{levels[i]} - levels[i - 1] != step) {
        return fmt::format("one of the encoding's {} values from {} to {}", levels.size(), levels.front(), levels.back());
      }
    }
    return step == 1 ? fmt::format("{} to {}", levels.front(), levels.back())
                     : fmt::format("{} to {} in steps of {}", levels.front(), levels.back(), step);
  }
  return fmt::format("{} to {}", type.range().lowest, type.range().highest);
}

void check_input(const ir::Node& node, const ir::Tensor& tensor, int64_t images) {
  const ir::Shape& shape = node.type.shape;
  if (tensor.shape != shape) {
    throw Error("input '{}': has shape {} (height x width x channels), expected {}", node.name, describe(tensor.shape),
                describe(shape));
  }
  if (tensor.images != images) {
    throw Error("input '{}': has {} images, but the first input has {}", node.name, tensor.images, images);
  }
  const int64_t elements = shape.elements();
  if (images < 0 || static_cast<int64_t>(tensor.values.size()) / elements != images ||
      static_cast<int64_t>(tensor.values.size()) % elements != 0) {
    throw Error("input '{}': has {} values, expected {} images of {}", node.name, tensor.values.size(), images, elements);
  }
  const int64_t at = find_stranger(node.type, tensor.values);
  if (at < 0) return;
  const int64_t pixel = at % elements / shape.channels;
  throw Error("input '{}': image {}, y {}, x {}, channel {} is {}, expected {}", node.name, at / elements,
              pixel / shape.width, pixel % shape.width, at % shape.channels, tensor.values[static_cast<size_t>(at)],
              describe_values(node.type));
}

int thread_count(const Options& options) {
  if (options.threads < 0)
    throw Error("threads is {}, expected 1 or more, or 0 for one a hardware thread", options.threads);
  return options.threads == 0 ? std::max(1, static_cast<int>(std::thread::hardware_concurrency())) : options.threads;
}

Compiled verify_and_compile(const ir::Network& network) {
  ir::verify(network);
  return compile(network);
}

}  // namespace

struct Program::Impl {
  Impl(const ir::Network& source, const Options& options)
      : network(source), compiled(verify_and_compile(network)), threads(thread_count(options)), arena(threads) {}

  void check(std::span<const ir::Tensor> inputs) const;
  void run_image(std::span<const ir::Tensor> inputs, int64_t image, std::vector<ir::Tensor>& outputs) const;
  std::vector<ir::Tensor> run(std::span<const ir::Tensor> inputs) const;

  ir::Network network;
  Compiled compiled;
  int threads;
  mutable tbb::task_arena arena;
  // One frame for each thread that ever ran an image. A thread runs one image at a time and waits for nothing meanwhile, so
  // no two images share a frame.
  mutable tbb::enumerable_thread_specific<Frame> frames{
      [this] { return Frame(compiled.buffers.offsets, compiled.buffers.bytes); }};
};

void Program::Impl::check(std::span<const ir::Tensor> inputs) const {
  const std::vector<ir::NodeId> ids = network.inputs();
  if (inputs.size() != ids.size())
    throw Error("network '{}': got {} inputs, expected {}", network.name, inputs.size(), ids.size());
  for (size_t i = 0; i < ids.size(); ++i)
    check_input(network.nodes[static_cast<size_t>(ids[i])], inputs[i], inputs[0].images);
}

void Program::Impl::run_image(std::span<const ir::Tensor> inputs, int64_t image, std::vector<ir::Tensor>& outputs) const {
  Frame& frame = frames.local();
  for (size_t i = 0; i < inputs.size(); ++i) frame.set_outside(compiled.inputs[i], inputs[i].image(image).data());
  for (const Step& step : compiled.steps) std::visit([&](const auto& s) { engine::run(s, frame); }, step);
  for (size_t i = 0; i < outputs.size(); ++i) {
    const std::span<int32_t> to = outputs[i].image(image);
    std::copy_n(frame.ints(compiled.outputs[i]), to.size(), to.begin());
  }
}

std::vector<ir::Tensor> Program::Impl::run(std::span<const ir::Tensor> inputs) const {
  check(inputs);
  const int64_t images = inputs.empty() ? 0 : inputs[0].images;
  std::vector<ir::Tensor> outputs;
  for (const ir::NodeId id : network.outputs) {
    outputs.push_back(ir::Tensor::zeros(network.nodes[static_cast<size_t>(id)].type.shape, images));
  }
  const auto run_range = [&](const tbb::blocked_range<int64_t>& range) {
    for (int64_t image = range.begin(); image != range.end(); ++image) run_image(inputs, image, outputs);
  };
  if (threads == 1 || images < 2) {
    run_range({0, images});
  } else {
    arena.execute([&] { tbb::parallel_for(tbb::blocked_range<int64_t>(0, images), run_range); });
  }
  return outputs;
}

Program::Program(const ir::Network& network, const Options& options)
    : impl_(std::make_unique<const Impl>(network, options)) {}
Program::~Program() = default;
Program::Program(Program&&) noexcept = default;
Program& Program::operator=(Program&&) noexcept = default;

std::vector<ir::Tensor> Program::run(std::span<const ir::Tensor> inputs) const { return impl_->run(inputs); }

const ir::Network& Program::network() const { return impl_->network; }

}  // namespace bitloom::engine
