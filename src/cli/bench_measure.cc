// SPDX-License-Identifier: Apache-2.0
#include "bench_measure.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <limits>
#include <numeric>

#include <sys/resource.h>

#include "common.h"

namespace bitloom::cli {
namespace {

constexpr uint64_t kSeed = 1;

using Values = std::variant<std::vector<int32_t>, std::vector<uint8_t>, std::vector<int8_t>>;

template <typename T>
bool holds(const ir::Range& range) {
  return range.lowest >= std::numeric_limits<T>::min() && range.highest <= std::numeric_limits<T>::max();
}

/// In the smallest type that holds every value of the input, as a caller who cares for speed hands them over.
Values narrowed(const ir::Range& range, const std::vector<int32_t>& values) {
  if (holds<uint8_t>(range)) return std::vector<uint8_t>(values.begin(), values.end());
  if (holds<int8_t>(range)) return std::vector<int8_t>(values.begin(), values.end());
  return values;
}

/// A batch of random images, and room for the results.
class Batch {
 public:
  Batch(const ir::Network& network, int64_t images) : images_(images) {
    const std::vector<ir::NodeId> ids = network.inputs();
    const std::vector<ir::Tensor> tensors = ir::random_inputs(network, images, kSeed);
    for (size_t i = 0; i < ids.size(); ++i)
      inputs_.push_back(narrowed(network.nodes[static_cast<size_t>(ids[i])].type.range(), tensors[i].values));
    for (const ir::NodeId id : network.outputs) {
      const int64_t elements = network.nodes[static_cast<size_t>(id)].type.shape.elements();
      outputs_.emplace_back(static_cast<size_t>(images * elements));
    }
  }

  int64_t images() const { return images_; }

  std::vector<engine::InputView> inputs(int64_t first, int64_t count) const {
    std::vector<engine::InputView> views;
    for (const Values& values : inputs_) {
      std::visit(
          [&]<typename T>(const std::vector<T>& v) {
            const size_t size = v.size() / static_cast<size_t>(images_);
            views.emplace_back(
                std::span<const T>(v).subspan(static_cast<size_t>(first) * size, static_cast<size_t>(count) * size));
          },
          values);
    }
    return views;
  }

  /// Each run writes to the same place.
  std::vector<std::span<int32_t>> outputs(int64_t count) {
    std::vector<std::span<int32_t>> spans;
    for (std::vector<int32_t>& values : outputs_)
      spans.push_back(std::span(values).first(values.size() / static_cast<size_t>(images_) * static_cast<size_t>(count)));
    return spans;
  }

 private:
  int64_t images_;
  std::vector<Values> inputs_;
  std::vector<std::vector<int32_t>> outputs_;
};

double seconds_of(const std::function<void()>& work) {
  const double begin = now();
  work();
  return now() - begin;
}

/// That all threads of this process have computed.
double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// Seconds of each repeat, until they sum to `seconds`, but at least `least` of them.
std::vector<double> repeat(double seconds, size_t least, const std::function<void(size_t)>& work) {
  std::vector<double> times;
  for (const double begin = now(); times.size() < least || now() - begin < seconds;)
    times.push_back(seconds_of([&] { work(times.size()); }));
  return times;
}

/// The smallest number that at least this share of them does not exceed.
double quantile(std::vector<double> numbers, double share) {
  const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(numbers.size())));
  const auto place = numbers.begin() + static_cast<std::ptrdiff_t>(std::max<size_t>(rank, 1) - 1);
  std::nth_element(numbers.begin(), place, numbers.end());
  return *place;
}

// Short batches are run several times a repeat, so that a repeat is long beside what the clock takes, and yet short enough
// for some to be undisturbed by other work.
void measure_throughput(const engine::Program& program, Batch& batch, double seconds, engine::Workspace& workspace,
                        Speed& speed) {
  const auto inputs = batch.inputs(0, batch.images());
  const auto outputs = batch.outputs(batch.images());
  const auto run = [&] { program.run(batch.images(), inputs, outputs, workspace); };
  double once = seconds_of(run);  // touches the memory
  if (once < seconds / 10) once = seconds_of(run);
  const auto batches = static_cast<int64_t>(std::clamp(seconds / 400 / std::max(once, 1e-9), 1.0, 1e6));
  const double begin = now(), cpu_begin = cpu_seconds();
  const std::vector<double> times = repeat(seconds, 3, [&](size_t) {
    for (int64_t i = 0; i < batches; ++i) run();
  });
  speed.cpu_share = (cpu_seconds() - cpu_begin) / (now() - begin) / speed.threads;
  const auto images = static_cast<double>(batches * batch.images());
  speed.repeats = static_cast<int64_t>(times.size());
  speed.best = images / *std::ranges::min_element(times);
  speed.median = images / quantile(times, 0.5);
}

void measure_latency(const engine::Program& program, Batch& batch, double seconds, engine::Workspace& workspace,
                     Speed& speed) {
  std::vector<std::vector<engine::InputView>> images;
  for (int64_t i = 0; i < batch.images(); ++i) images.push_back(batch.inputs(i, 1));
  const auto outputs = batch.outputs(1);
  const auto run = [&](size_t i) { program.run(1, images[i % images.size()], outputs, workspace); };
  repeat(0, 3, run);
  const std::vector<double> times = repeat(seconds, 10, run);
  speed.single_runs = static_cast<int64_t>(times.size());
  speed.p50 = quantile(times, 0.5);
  speed.p99 = quantile(times, 0.99);
}

// Of the fastest batch, so that the steps' times belong together.
std::vector<StepTime> measure_steps(const engine::Program& program, Batch& batch, double seconds) {
  engine::Workspace workspace = program.workspace();
  const auto inputs = batch.inputs(0, batch.images());
  const auto outputs = batch.outputs(batch.images());
  std::vector<double> fastest;
  double least = std::numeric_limits<double>::infinity();
  repeat(seconds, 3, [&](size_t) {
    std::vector<double> times(program.steps().size(), 0.0);
    program.profile(batch.images(), inputs, outputs, workspace, times);
    const double sum = std::accumulate(times.begin(), times.end(), 0.0);
    if (sum < least) {
      least = sum;
      fastest = std::move(times);
    }
  });
  std::vector<StepTime> steps;
  for (size_t i = 0; i < fastest.size(); ++i)
    steps.push_back({program.steps()[i], fastest[i] / static_cast<double>(batch.images())});
  return steps;
}

int64_t peak_resident_bytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} * 1024;
}

Speed measure_speed(const engine::Program& program, Batch& batch, double seconds, const std::function<void()>& done) {
  Speed speed;
  speed.threads = program.threads();
  speed.workspace_bytes = program.workspace_bytes();
  engine::Workspace workspace = program.workspace();
  measure_throughput(program, batch, seconds, workspace, speed);
  done();
  measure_latency(program, batch, seconds / 4, workspace, speed);
  done();
  return speed;
}

}  // namespace

double Ceiling::largest() const { return std::max(before, after); }

bool Ceiling::steady() const { return std::min(before, after) >= 0.9 * largest(); }

int64_t default_batch(const ir::Network& network) {
  int64_t elements = 0;
  for (const std::vector<ir::NodeId>& ids : {network.inputs(), network.outputs}) {
    for (const ir::NodeId id : ids) elements += network.nodes[static_cast<size_t>(id)].type.shape.elements();
  }
  const int64_t operations = std::max<int64_t>(2 * ir::multiply_accumulates(network), 1);
  const int64_t by_size = (int64_t{1} << 21) / std::max<int64_t>(elements, 1), by_work = (int64_t{1} << 36) / operations;
  return std::clamp<int64_t>(std::min(by_size, by_work), 1, 256);
}

Measurements measure(const ir::Network& network, const MeasureOptions& options) {
  engine::Options one = options.engine;
  one.threads = 1;
  const engine::Program program(network, one);
  std::optional<engine::Program> threaded;
  if (options.engine.threads != 1) threaded.emplace(network, options.engine);
  if (threaded && threaded->threads() == 1) threaded.reset();
  Batch batch(network, options.batch > 0 ? options.batch : default_batch(network));
  ProgressBar bar("measuring", threaded ? 7 : 5);
  const std::function<void()> next = [&, phase = int64_t{0}]() mutable { bar.set(++phase); };

  Measurements result;
  result.target = program.target();
  result.batch = batch.images();
  result.operations = 2 * ir::multiply_accumulates(network);
  result.parameter_bytes = program.parameter_bytes();
  result.ceiling.before = engine::ceiling(program.target(), options.seconds / 10);
  next();
  result.speeds.push_back(measure_speed(program, batch, options.seconds, next));
  if (threaded) result.speeds.push_back(measure_speed(*threaded, batch, options.seconds, next));
  if (options.layers) result.steps = measure_steps(program, batch, options.seconds / 4);
  next();
  result.ceiling.after = engine::ceiling(program.target(), options.seconds / 10);
  result.peak_resident_bytes = peak_resident_bytes();
  return result;
}

}  // namespace bitloom::cli
