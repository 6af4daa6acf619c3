// SPDX-License-Identifier: Apache-2.0
//
// Programs: a batch comes in, is checked, and its images are spread over threads. Everything that can fail does so here,
// before the first step runs.
#include <algorithm>
#include <optional>

#include <tbb/blocked_range.h>
#include <tbb/enumerable_thread_specific.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include "bitloom/engine.h"
#include "codec.h"
#include "compile.h"

namespace bitloom::engine {
namespace {

/// True if all are values of the type. `codec` is the type's, if it has an encoding.
bool are_values(const std::optional<Codec>& codec, const ir::Range& range, std::span<const int32_t> values) {
  if (codec) return codec->are_levels(values);
  uint32_t strange = 0;
  for (const int32_t v : values)
    strange |= static_cast<uint32_t>(v < range.lowest) | static_cast<uint32_t>(v > range.highest);
  return strange == 0;
}

int thread_count(const Options& options) {
  if (options.threads < 0)
    throw Error("threads is {}, expected 1 or more, or 0 for one a hardware thread", options.threads);
  // More threads than the machine runs at once gain nothing, and TBB would print a warning.
  const int most = std::max(1, tbb::info::default_concurrency());
  return options.threads == 0 ? most : std::min(options.threads, most);
}

const ir::Network& verified(const ir::Network& network) {
  ir::verify(network);
  return network;
}

}  // namespace

struct Program::Impl {
  Impl(const ir::Network& source, const Options& options)
      : network(verified(source)),
        compiled(compile(network)),
        input_ids(network.inputs()),
        threads(thread_count(options)),
        arena(threads) {
    for (const ir::NodeId id : input_ids) {
      const ir::Encoding* encoding = node(id).type.encoding();
      input_codecs.push_back(encoding ? std::optional<Codec>(*encoding) : std::nullopt);
    }
  }

  const ir::Node& node(ir::NodeId id) const { return network.nodes[static_cast<size_t>(id)]; }
  bool accepts(std::span<const ir::Tensor> inputs) const;
  void run_image(std::span<const ir::Tensor> inputs, int64_t image, std::vector<ir::Tensor>& outputs) const;
  std::vector<ir::Tensor> run(std::span<const ir::Tensor> inputs) const;

  ir::Network network;
  Compiled compiled;
  std::vector<ir::NodeId> input_ids;
  std::vector<std::optional<Codec>> input_codecs;
  int threads;
  mutable tbb::task_arena arena;
  // One frame for each thread that ever ran an image. A thread runs one image at a time and waits for nothing meanwhile, so
  // no two images share a frame.
  mutable tbb::enumerable_thread_specific<Frame> frames{
      [this] { return Frame(compiled.buffers.offsets, compiled.buffers.bytes); }};
};

bool Program::Impl::accepts(std::span<const ir::Tensor> inputs) const {
  if (inputs.size() != input_ids.size()) return false;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const ir::TensorType& type = node(input_ids[i]).type;
    const ir::Tensor& tensor = inputs[i];
    if (tensor.shape != type.shape || tensor.images != inputs[0].images || !tensor.complete()) return false;
    if (!are_values(input_codecs[i], type.range(), tensor.values)) return false;
  }
  return true;
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
  // The same rules, slower, with the words for what is wrong.
  if (!accepts(inputs)) ir::check_inputs(network, inputs);
  const int64_t images = inputs[0].images;
  std::vector<ir::Tensor> outputs;
  for (const ir::NodeId id : network.outputs) {
    outputs.push_back(ir::Tensor::zeros(node(id).type.shape, images));
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
