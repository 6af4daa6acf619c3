// SPDX-License-Identifier: Apache-2.0
//
// bitloom bench: how fast a network runs here, where its time goes, and how far that is from what the CPU can do.
#include <algorithm>
#include <limits>

#include "bench_measure.h"
#include "bench_peers.h"
#include "common.h"

namespace bitloom::cli {
namespace {

struct Arguments {
  ModelArguments model;
  MeasureOptions measure;
  std::vector<std::string> peers;
  bool json = false;
};

/// The steps together.
StepTime sum_of(const std::vector<StepTime>& steps) {
  StepTime sum{{"sum", "", 0, 0}, 0};
  for (const StepTime& step : steps) {
    sum.step.operations += step.step.operations;
    sum.step.bytes += step.step.bytes;
    sum.seconds += step.seconds;
  }
  return sum;
}

double rate(const StepTime& time) { return static_cast<double>(time.step.operations) / time.seconds; }

/// Operations a second of the whole network on one thread.
double rate(const Measurements& m) { return m.speeds.front().best * static_cast<double>(m.operations); }

/// The measurement to hold a peer's against: with as many threads, else with the most.
const Speed& comparable(const Measurements& m, const PeerResult& peer) {
  const auto found = std::ranges::find(m.speeds, peer.threads, &Speed::threads);
  return found == m.speeds.end() ? m.speeds.back() : *found;
}

std::string whole(double number) { return grouped(static_cast<int64_t>(number + 0.5)); }
std::string threads_text(int threads) { return threads == 1 ? "1 thread" : fmt::format("{} threads", threads); }
std::string tera(double rate) { return fmt::format("{:.3f}", rate / 1e12); }
std::string percent(double part, double all) { return fmt::format("{:.1f}", 100 * part / all); }
std::string microseconds(double seconds) { return fmt::format("{:.2f}", 1e6 * seconds); }

void print_speeds(const Measurements& m) {
  Table table({"threads", "images/s, best", "images/s, median", "CPU time %", "one image, p50 us", "one image, p99 us"});
  for (const Speed& s : m.speeds)
    table.add({std::to_string(s.threads), whole(s.best), whole(s.median), percent(s.cpu_share, 1), microseconds(s.p50),
               microseconds(s.p99)});
  fmt::print("{}\n", table.text());
}

void print_steps(const Measurements& m) {
  const StepTime sum = sum_of(m.steps);
  const double ceiling = m.ceiling.largest();
  Table table({"layer", "what", "operations", "us/image", "time %", "TOp/s", "ceiling %", "bytes/image"});
  const auto add = [&](const StepTime& t) {
    const bool counts = t.step.operations > 0;
    table.add({t.step.name, t.step.what, counts ? grouped(t.step.operations) : "", fmt::format("{:.3f}", 1e6 * t.seconds),
               percent(t.seconds, sum.seconds), counts ? tera(rate(t)) : "", counts ? percent(rate(t), ceiling) : "",
               grouped(t.step.bytes)});
  };
  for (const StepTime& step : m.steps) add(step);
  add(sum);
  fmt::print("layers, one thread, the fastest batch\n{}\n", table.text());
}

void print_summary(const Measurements& m) {
  const double ceiling = m.ceiling.largest();
  fmt::print("network  {} operations an image, {} TOp/s on one thread, {} % of the ceiling\n", grouped(m.operations),
             tera(rate(m)), percent(rate(m), ceiling));
  fmt::print("ceiling  {} TOp/s, one-bit operations of one thread in registers ({} before, {} after)\n", tera(ceiling),
             tera(m.ceiling.before), tera(m.ceiling.after));
  std::string workspaces;
  for (const Speed& s : m.speeds)
    workspaces += fmt::format(", workspace {} bytes ({})", grouped(s.workspace_bytes), threads_text(s.threads));
  fmt::print("memory   parameters {} bytes{}, process at most {} bytes\n", grouped(m.parameter_bytes), workspaces,
             grouped(m.peak_resident_bytes));
  const double share = m.speeds.front().cpu_share;
  if (share < 0.9 || !m.ceiling.steady()) {
    fmt::print("\nOther work keeps this machine busy, so measure again: one thread got {:.0f} % of a CPU{}.\n", 100 * share,
               m.ceiling.steady() ? "" : ", and the ceiling has changed by more than 10 %");
  }
}

void print_peers(const Measurements& m, const std::vector<PeerResult>& peers) {
  for (const PeerResult& peer : peers) {
    const Speed& speed = comparable(m, peer);
    fmt::print(
        "\n{} {} runs a float32 network of these shapes (the weights' values, ReLU for thresholds) at {} images/s, {}, "
        "batch {}:\nbitloom's {} images/s with {} are {:.1f} times as many (both medians)\n",
        peer.name, peer.version, whole(peer.images_per_second), threads_text(peer.threads), peer.batch, whole(speed.median),
        threads_text(speed.threads), speed.median / peer.images_per_second);
  }
}

Json to_json(const Speed& s) {
  return {{"threads", s.threads},          {"images_per_second", s.best},   {"images_per_second_median", s.median},
          {"repeats", s.repeats},          {"cpu_share", s.cpu_share},      {"latency_us_p50", 1e6 * s.p50},
          {"latency_us_p99", 1e6 * s.p99}, {"latency_runs", s.single_runs}, {"workspace_bytes", s.workspace_bytes}};
}

Json to_json(const StepTime& t, double all_seconds, double ceiling) {
  return {{"name", t.step.name},
          {"what", t.step.what},
          {"operations", t.step.operations},
          {"bytes", t.step.bytes},
          {"us_per_image", 1e6 * t.seconds},
          {"share", t.seconds / all_seconds},
          {"operations_per_second", rate(t)},
          {"of_ceiling", rate(t) / ceiling}};
}

Json to_json(const Measurements& m, const std::string& name, const std::vector<PeerResult>& peers) {
  const double ceiling = m.ceiling.largest();
  Json speeds = Json::array(), layers = Json::array(), comparisons = Json::array();
  for (const Speed& speed : m.speeds) speeds.push_back(to_json(speed));
  const double seconds = sum_of(m.steps).seconds;
  for (const StepTime& step : m.steps) layers.push_back(to_json(step, seconds, ceiling));
  for (const PeerResult& peer : peers) {
    const Speed& speed = comparable(m, peer);
    comparisons.push_back({{"name", peer.name},
                           {"version", peer.version},
                           {"threads", peer.threads},
                           {"batch", peer.batch},
                           {"images_per_second", peer.images_per_second},
                           {"bitloom_threads", speed.threads},
                           {"times_as_fast", speed.median / peer.images_per_second}});
  }
  return {{"name", name},
          {"target", m.target},
          {"batch", m.batch},
          {"operations", m.operations},
          {"operations_per_second", rate(m)},
          {"of_ceiling", rate(m) / ceiling},
          {"speeds", speeds},
          {"layers", layers},
          {"ceiling",
           {{"operations_per_second", ceiling},
            {"before", m.ceiling.before},
            {"after", m.ceiling.after},
            {"steady", m.ceiling.steady()}}},
          {"parameter_bytes", m.parameter_bytes},
          {"peak_resident_bytes", m.peak_resident_bytes},
          {"comparisons", comparisons}};
}

void bench(const Arguments& arguments) {
  const ir::Network network = arguments.model.load();
  MeasureOptions options = arguments.measure;
  if (options.batch == 0) options.batch = default_batch(network);
  // First, because this is what may be missing.
  std::vector<PeerResult> peers;
  for (const std::string& peer : arguments.peers)
    peers.push_back(measure_peer(peer, network, options.batch, options.seconds));
  const Measurements measurements = measure(network, options);
  if (arguments.json) return print_json(to_json(measurements, network.name, peers));
  fmt::print("{}: {}, batches of {} random images\n\n", network.name, measurements.target, measurements.batch);
  print_speeds(measurements);
  if (options.layers) print_steps(measurements);
  print_summary(measurements);
  print_peers(measurements, peers);
}

std::vector<std::string> target_names() {
  const std::vector<std::string_view> names = engine::targets();
  return {names.begin(), names.end()};
}

}  // namespace

void add_bench(CLI::App& program) {
  auto* command = program.add_subcommand("bench", "images per second, time a layer, and how far from what the CPU can do");
  command->footer("Example: bitloom bench lfc-w1a1");
  auto arguments = std::make_shared<Arguments>();
  MeasureOptions& measure = arguments->measure;
  arguments->model.add_to(*command);
  command
      ->add_option("--threads", measure.engine.threads, "worker threads, measured beside one; 0 for one a hardware thread")
      ->check(CLI::Range(0, 1024));
  command->add_option("--batch", measure.batch, "images at a time; 256 unless they are large")
      ->check(CLI::Range(1, 1 << 20));
  command->add_option("--seconds", measure.seconds, "for each throughput; the rest takes less")
      ->check(CLI::Range(0.001, 3600.0))
      ->capture_default_str();
  command->add_flag("--pin", measure.engine.pin, "keep each thread on a CPU of its own");
  command->add_option("--target", measure.engine.target, "instructions to use, if not the best that there are")
      ->check(CLI::IsMember(target_names()));
  command->add_flag("--layers,!--no-layers", measure.layers, "measure the layers (the default), or leave them out");
  command->add_option("--compare", arguments->peers, "measure this runtime, too, on a float network of the same shapes")
      ->check(CLI::IsMember(peer_names()))
      ->allow_extra_args(false);
  command->add_flag("--json", arguments->json, "print one JSON document");
  command->callback([arguments] { bench(*arguments); });
}

}  // namespace bitloom::cli
