// SPDX-License-Identifier: Apache-2.0
//
// Programs: a batch comes in, is checked, and its images are spread over threads. Everything that can fail does so here,
// before the first step runs.
#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <mutex>
#include <optional>

#include <tbb/blocked_range.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>

#include "bitloom/engine.h"
#include "codec.h"
#include "compile.h"
#include "workspace.h"

namespace bitloom::engine {
namespace {

using Outputs = std::span<const std::span<int32_t>>;

/// True if all are values of the type. `codec` is the type's, if it has an encoding.
bool are_values(const std::optional<Codec>& codec, const ir::Range& range, std::span<const int32_t> values) {
  if (codec) return codec->are_levels(values);
  uint32_t strange = 0;
  for (const int32_t v : values)
    strange |= static_cast<uint32_t>(v < range.lowest) | static_cast<uint32_t>(v > range.highest);
  return strange == 0;
}

template <typename T>
bool are_values(const std::optional<Codec>& codec, const ir::Range& range, std::span<const T> values) {
  const bool all_within = range.lowest <= std::numeric_limits<T>::min() && range.highest >= std::numeric_limits<T>::max();
  if (all_within && (!codec || codec->is_dense())) return true;
  std::array<int32_t, 256> wide;
  for (size_t begin = 0; begin < values.size(); begin += wide.size()) {
    const size_t count = std::min(wide.size(), values.size() - begin);
    std::copy_n(values.data() + begin, count, wide.data());
    if (!are_values(codec, range, std::span<const int32_t>(wide.data(), count))) return false;
  }
  return true;
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

void run_steps(const std::vector<Step>& steps, Frames& frames, int64_t images) {
  for (const Step& step : steps) run(step, frames, images);
}

/// Several microseconds of work for one thread, and so worth waking others.
constexpr int64_t kOperationsToShare = 8'000'000;

int64_t tiles_of(const DotStep& dot) { return (static_cast<int64_t>(dot.positions.size()) + kTile - 1) / kTile; }

/// The step as a Dot that `threads` threads share, or null.
const DotStep* shared_dot(const Compiled& compiled, size_t step, int64_t images, int64_t threads) {
  const auto* dot = std::get_if<DotStep>(&compiled.steps[step]);
  const bool worth = compiled.infos[step].operations * images >= kOperationsToShare;
  return dot != nullptr && worth && tiles_of(*dot) >= threads ? dot : nullptr;
}

/// Few images, whose large steps are shared by the threads of the arena.
void run_steps_together(const Compiled& compiled, std::vector<Frames>& frames, int64_t images) {
  const auto threads = static_cast<int64_t>(frames.size());
  for (size_t i = 0; i < compiled.steps.size(); ++i) {
    const DotStep* dot = shared_dot(compiled, i, images, threads);
    if (dot == nullptr) {
      run(compiled.steps[i], frames[0], images);
      continue;
    }
    begin(*dot, frames[0], images);
    const auto positions = static_cast<int64_t>(dot->positions.size());
    const int64_t tiles = tiles_of(*dot);
    tbb::parallel_for(int64_t{0}, threads, [&](int64_t part) {
      const auto self = static_cast<size_t>(tbb::this_task_arena::current_thread_index());
      const auto cut = [&](int64_t p) { return std::min(positions, tiles * p / threads * kTile); };
      run_part(*dot, frames[0], images, cut(part), cut(part + 1), frames[self].scratch());
    });
  }
}

}  // namespace

struct Program::Impl {
  Impl(const ir::Network& source, const Options& options)
      : network(verified(source)),
        kernels(find_kernels(options.target)),
        compiled(compile(network, kernels)),
        input_ids(network.inputs()),
        threads(thread_count(options)),
        pin(options.pin) {
    for (const ir::NodeId id : input_ids) {
      const ir::Encoding* encoding = node(id).type.encoding();
      input_codecs.push_back(encoding ? std::optional<Codec>(*encoding) : std::nullopt);
    }
  }

  const ir::Node& node(ir::NodeId id) const { return network.nodes[static_cast<size_t>(id)]; }
  size_t elements(ir::NodeId id) const { return static_cast<size_t>(node(id).type.shape.elements()); }
  std::unique_ptr<Workspace::Impl> new_workspace() const {
    return std::make_unique<Workspace::Impl>(this, compiled.buffers, compiled.images_in_flight, compiled.scratch_bytes,
                                             threads, pin);
  }
  bool is_shared(int64_t images) const;
  bool are_inputs(std::span<const InputView> inputs) const;
  void check(int64_t images, std::span<const InputView> inputs, Outputs outputs, const Workspace::Impl& workspace) const;
  void load(std::span<const InputView> inputs, int64_t first, int64_t count, Frames& frames) const;
  void store(Outputs outputs, int64_t first, int64_t count, Frames& frames) const;
  void run(int64_t images, std::span<const InputView> inputs, Outputs outputs, Workspace::Impl& workspace) const;

  ir::Network network;
  const Kernels& kernels;
  Compiled compiled;
  std::vector<ir::NodeId> input_ids;
  std::vector<std::optional<Codec>> input_codecs;
  int threads;
  bool pin;
  mutable std::mutex kept_mutex;
  mutable std::unique_ptr<Workspace::Impl> kept;  // guarded by kept_mutex; null while a run has it
};

/// True if any step of so few images is shared by threads.
bool Program::Impl::is_shared(int64_t images) const {
  for (size_t i = 0; i < compiled.steps.size(); ++i) {
    if (shared_dot(compiled, i, images, threads) != nullptr) return true;
  }
  return false;
}

bool Program::Impl::are_inputs(std::span<const InputView> inputs) const {
  for (size_t i = 0; i < inputs.size(); ++i) {
    const ir::Range range = node(input_ids[i]).type.range();
    if (!std::visit([&](auto view) { return are_values(input_codecs[i], range, view); }, inputs[i])) return false;
  }
  return true;
}

void Program::Impl::check(int64_t images, std::span<const InputView> inputs, Outputs outputs,
                          const Workspace::Impl& workspace) const {
  if (workspace.program != this) throw Error("the workspace belongs to another program; make one by Program::workspace");
  if (images < 0) throw Error("images is {}, expected 0 or more", images);
  const auto check_count = [&](std::string_view what, size_t found, size_t expected) {
    if (found != expected) throw Error("got {} {}, expected {}", found, what, expected);
  };
  const auto check_size = [&](std::string_view what, ir::NodeId id, size_t found) {
    // By division: the product may not fit.
    if (found % elements(id) != 0 || found / elements(id) != static_cast<size_t>(images))
      throw Error("{} '{}': {} numbers, expected those of {} images of {}", what, node(id).name, found, images,
                  elements(id));
  };
  check_count("inputs", inputs.size(), input_ids.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    check_size("input", input_ids[i], std::visit([](const auto& view) { return view.size(); }, inputs[i]));
  }
  check_count("outputs", outputs.size(), network.outputs.size());
  for (size_t i = 0; i < outputs.size(); ++i) check_size("output", network.outputs[i], outputs[i].size());
  if (are_inputs(inputs)) return;

  // The same rules, slower, with the words for what is wrong.
  std::vector<ir::Tensor> tensors;
  for (size_t i = 0; i < inputs.size(); ++i) {
    tensors.push_back({node(input_ids[i]).type.shape, images, {}});
    std::visit([&](const auto& view) { tensors.back().values.assign(view.begin(), view.end()); }, inputs[i]);
  }
  ir::check_inputs(network, tensors);
}

void Program::Impl::load(std::span<const InputView> inputs, int64_t first, int64_t count, Frames& frames) const {
  for (size_t i = 0; i < inputs.size(); ++i) {
    const InputBuffer& buffer = compiled.inputs[i];
    const size_t size = elements(input_ids[i]);
    for (int64_t image = 0; image < count; ++image) {
      Frame& frame = frames[image];
      frame.set_outside(buffer.to, nullptr);
      const auto load_image = [&]<typename T>(std::span<const T> view) {
        const T* from = view.data() + static_cast<size_t>(first + image) * size;
        if (!buffer.fill && std::is_same_v<T, uint8_t> == buffer.bytes && !std::is_same_v<T, int8_t>) {
          frame.set_outside(buffer.to, from);
        } else if (buffer.bytes) {
          std::transform(from, from + size, frame.bytes_to_write(buffer.to), [](T v) { return static_cast<uint8_t>(v); });
        } else {
          std::copy_n(from, size, frame.ints_to_write(buffer.to));
        }
      };
      std::visit(load_image, inputs[i]);
    }
  }
}

void Program::Impl::store(Outputs outputs, int64_t first, int64_t count, Frames& frames) const {
  for (size_t i = 0; i < outputs.size(); ++i) {
    const size_t size = elements(network.outputs[i]);
    for (int64_t image = 0; image < count; ++image) {
      std::copy_n(frames[image].ints(compiled.outputs[i]), size,
                  outputs[i].data() + static_cast<size_t>(first + image) * size);
    }
  }
}

void Program::Impl::run(int64_t images, std::span<const InputView> inputs, Outputs outputs,
                        Workspace::Impl& workspace) const {
  check(images, inputs, outputs, workspace);
  const int64_t share = (images + threads - 1) / threads;
  const int64_t group = std::clamp<int64_t>(share, 1, compiled.images_in_flight);
  const auto run_group = [&](int64_t index, Frames& frames) {
    const int64_t first = index * group, count = std::min(group, images - first);
    load(inputs, first, count, frames);
    run_steps(compiled.steps, frames, count);
    store(outputs, first, count, frames);
  };
  const int64_t groups = (images + group - 1) / group;
  if (images < threads && images <= compiled.images_in_flight && is_shared(images)) {
    load(inputs, 0, images, workspace.frames[0]);
    workspace.arena.execute([&] { run_steps_together(compiled, workspace.frames, images); });
    store(outputs, 0, images, workspace.frames[0]);
    return;
  }
  if (threads == 1 || groups < 2) {
    for (int64_t index = 0; index < groups; ++index) run_group(index, workspace.frames[0]);
    return;
  }
  const auto run_range = [&](const tbb::blocked_range<int64_t>& range) {
    Frames& frames = workspace.frames[static_cast<size_t>(tbb::this_task_arena::current_thread_index())];
    for (int64_t index = range.begin(); index != range.end(); ++index) run_group(index, frames);
  };
  workspace.arena.execute([&] { tbb::parallel_for(tbb::blocked_range<int64_t>(0, groups), run_range); });
}

Program::Program(const ir::Network& network, const Options& options)
    : impl_(std::make_unique<const Impl>(network, options)) {}
Program::~Program() = default;
Program::Program(Program&&) noexcept = default;
Program& Program::operator=(Program&&) noexcept = default;

Workspace Program::workspace() const { return Workspace(impl_->new_workspace()); }

void Program::run(int64_t images, std::span<const InputView> inputs, Outputs outputs, Workspace& workspace) const {
  impl_->run(images, inputs, outputs, *workspace.impl_);
}

std::vector<ir::Tensor> Program::run(std::span<const ir::Tensor> inputs) const {
  std::vector<InputView> views;
  for (const ir::Tensor& tensor : inputs) views.emplace_back(std::span<const int32_t>(tensor.values));
  const bool fits = inputs.size() == impl_->input_ids.size() && std::ranges::all_of(inputs, [&](const ir::Tensor& tensor) {
                      const auto i = static_cast<size_t>(&tensor - inputs.data());
                      return tensor.shape == impl_->node(impl_->input_ids[i]).type.shape && tensor.complete() &&
                             tensor.images == inputs[0].images;
                    });
  if (!fits) ir::check_inputs(impl_->network, inputs);
  const int64_t images = inputs[0].images;
  std::vector<ir::Tensor> outputs;
  for (const ir::NodeId id : impl_->network.outputs) {
    outputs.push_back(ir::Tensor::zeros(impl_->node(id).type.shape, images));
  }
  const std::vector<std::span<int32_t>> spans = [&] {
    std::vector<std::span<int32_t>> result;
    for (ir::Tensor& tensor : outputs) result.emplace_back(tensor.values);
    return result;
  }();

  std::unique_ptr<Workspace::Impl> workspace;
  {
    const std::lock_guard lock(impl_->kept_mutex);
    workspace = std::move(impl_->kept);
  }
  if (!workspace) workspace = impl_->new_workspace();
  impl_->run(images, views, spans, *workspace);
  const std::lock_guard lock(impl_->kept_mutex);
  impl_->kept = std::move(workspace);
  return outputs;
}

std::span<const StepInfo> Program::steps() const { return impl_->compiled.infos; }

void Program::profile(int64_t images, std::span<const InputView> inputs, Outputs outputs, Workspace& workspace,
                      std::span<double> seconds) const {
  using Clock = std::chrono::steady_clock;
  const Impl& impl = *impl_;
  impl.check(images, inputs, outputs, *workspace.impl_);
  if (seconds.size() != impl.compiled.steps.size())
    throw Error("got {} numbers for the times of {} steps", seconds.size(), impl.compiled.steps.size());
  Frames& frames = workspace.impl_->frames[0];
  for (int64_t first = 0; first < images; first += impl.compiled.images_in_flight) {
    const int64_t count = std::min(impl.compiled.images_in_flight, images - first);
    impl.load(inputs, first, count, frames);
    Clock::time_point before = Clock::now();
    for (size_t i = 0; i < seconds.size(); ++i) {
      engine::run(impl.compiled.steps[i], frames, count);
      const Clock::time_point after = Clock::now();
      seconds[i] += std::chrono::duration<double>(after - before).count();
      before = after;
    }
    impl.store(outputs, first, count, frames);
  }
}

const ir::Network& Program::network() const { return impl_->network; }
std::string_view Program::target() const { return impl_->kernels.target; }
int Program::threads() const { return impl_->threads; }
int64_t Program::images_in_flight() const { return impl_->compiled.images_in_flight; }
int64_t Program::workspace_bytes() const {
  const Compiled& c = impl_->compiled;
  return impl_->threads * Frames::bytes(c.buffers, c.images_in_flight, c.scratch_bytes);
}
int64_t Program::parameter_bytes() const { return impl_->compiled.parameter_bytes; }

}  // namespace bitloom::engine
