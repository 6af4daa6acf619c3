// SPDX-License-Identifier: Apache-2.0
#include "bitloom/split.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "layer_costs.h"
#include "layers.h"

namespace bitloom::plan {
namespace {

constexpr double kUnbounded = std::numeric_limits<double>::infinity();

double clock_of(const ClusterNode& node, const hw::Device& device) {
  return node.clock_mhz > 0 ? node.clock_mhz : device.clock_mhz;
}

NodeType type_of(const ClusterNode& node) {
  NodeType type;
  type.name = node.name;
  type.count = node.count;
  type.link = node.link;
  type.ports = node.ports;
  type.watts = node.watts;
  if (node.device == "cpu") {
    type.pipelined = false;
    type.total[kResources - 1] = node.memory;
    type.usable[kResources - 1] = node.memory > 0 ? node.memory * (1 - node.reserved) : kUnbounded;
    return type;
  }
  const hw::Device& device = hw::find_device(node.device);
  const double clock = clock_of(node, device);
  type.watts += device.static_watts;
  type.total = amounts_of({device.lut, 0, device.ff, device.bram36, 0, device.dsp});
  const std::array<hw::Resources, 4> one{
      {{1000, 0, 0, 0, 0, 0}, {0, 0, 1000, 0, 0, 0}, {0, 0, 0, 1000, 0, 0}, {0, 0, 0, 0, 0, 1000}}};
  for (size_t k = 0; k < one.size(); ++k) {
    type.usable[k] = type.total[k] * node.limit[k] * (1 - node.reserved);
    type.watts_of[k] = (hw::power(one[k], device, clock) - device.static_watts) / 1000;
  }
  type.usable[kResources - 1] = kUnbounded;
  return type;
}

}  // namespace

struct Split::Impl {
  ir::Network network;
  Cluster cluster;
  std::vector<Layer> layers;
  Problem problem;

  Impl(ir::Network n, Cluster c) : network(std::move(n)), cluster(std::move(c)), layers(layers_of(network)) {
    if (layers.empty()) throw Error("network '{}': there is nothing to compute, so nothing to split", network.name);
    problem.name = fmt::format("{} on {}", network.name, cluster.name);
    for (const Layer& layer : layers) problem.layers.push_back(layer.name);
    for (std::vector<bool>& done : closed_sets(network, layers)) add_cut(std::move(done));
    problem.cuts.front().after = "the input";
    if (cluster.image_bytes > 0) problem.cuts.front().bytes = problem.cuts.front().exact_bytes = cluster.image_bytes;
    problem.host = cluster.host;
    problem.topology = cluster.topology;
    problem.switch_bandwidth = cluster.switch_bandwidth;
    problem.images_per_message = cluster.images_per_message;
    for (const ClusterNode& node : cluster.nodes) add_type(node);
    verify_layers();
  }

  void add_cut(std::vector<bool> done) {
    Cut cut;
    std::vector<ir::NodeId> tensors = ir::cut_tensors(network, nodes_of(network, layers, done));
    if (std::ranges::find(done, false) == done.end()) tensors = network.outputs;
    for (const ir::NodeId id : tensors) {
      const ir::Node& node = network.nodes[static_cast<size_t>(id)];
      const auto bytes = static_cast<double>(ir::packed_bytes(node.type));
      const double word = cluster.word_bits / 8.0;
      cut.tensors.push_back(node.name);
      cut.exact_bytes += bytes;
      cut.bytes += std::ceil(bytes / word) * word;
    }
    cut.after = fmt::format("{}", fmt::join(cut.tensors, " + "));
    cut.done = std::move(done);
    problem.cuts.push_back(std::move(cut));
  }

  void add_type(const ClusterNode& node) {
    problem.types.push_back(type_of(node));
    problem.options.emplace_back();
    problem.measured.emplace_back();
    if (!node.measured.empty()) {
      for (const MeasuredLayers& m : node.measured) add_measured(node, m);
      return;
    }
    for (const Layer& layer : layers) problem.options.back().push_back(options_of(node, layer));
  }

  std::vector<LayerOption> options_of(const ClusterNode& node, const Layer& layer) {
    const ir::Network one = alone(network, layer);
    if (node.device == "cpu") {
      LayerOption option = measured_on_cpu(one);
      option.seconds /= node.speed;
      return {option};
    }
    const hw::Device& device = hw::find_device(node.device);
    try {
      return foldings_of(one, device, clock_of(node, device));
    } catch (const Unsupported& error) {
      refusals[layer.name] = error.what();
      return {};
    }
  }

  void add_measured(const ClusterNode& node, const MeasuredLayers& m) {
    if (m.last >= dots())
      throw Error("node '{}': layer {} was measured, but the network has {}", node.name, m.last, dots());
    MeasuredStage stage{m.first == 0 ? 0 : cut_after_dot(m.first - 1), cut_after_dot(m.last), 1 / m.rate, {}, m.watts};
    for (size_t k = 0; k < kResources; ++k) stage.amounts[k] = m.shares[k] * problem.types.back().total[k];
    // What somebody measured fits, whatever share can be routed as a rule.
    for (size_t k = 0; k < kResources; ++k)
      problem.types.back().usable[k] = std::max(problem.types.back().usable[k], stage.amounts[k]);
    problem.measured.back().push_back(stage);
  }

  void verify_layers() const {
    for (size_t layer = 0; layer < layers.size(); ++layer) {
      bool runs = false;
      for (size_t t = 0; t < problem.types.size(); ++t)
        runs = runs || !problem.measured[t].empty() || !problem.options[t][layer].empty();
      if (!runs) throw Unsupported("{}; a node with device \"cpu\" would run it", refusals.at(layers[layer].name));
    }
  }

  int32_t dots() const { return static_cast<int32_t>(std::ranges::count(layers, true, &Layer::is_dot)); }

  int32_t cut_after_dot(int32_t dot) const {
    std::vector<bool> done(layers.size());
    int32_t seen = -1;
    for (size_t layer = 0; layer < layers.size(); ++layer) {
      seen += layers[layer].is_dot ? 1 : 0;
      done[layer] = seen <= dot;
    }
    return static_cast<int32_t>(std::ranges::find(problem.cuts, done, &Cut::done) - problem.cuts.begin());
  }

  ir::Network network_of(const Stage& stage) const {
    return part(network, layers, problem.cuts[static_cast<size_t>(stage.from)].done,
                problem.cuts[static_cast<size_t>(stage.to)].done);
  }

  /// The stage as it is run, with at most so many seconds between images. None if it has no folding that fits.
  std::optional<StageFiles> files_of(const Stage& stage, const StagePrediction& expected, double most_seconds) const {
    const ClusterNode& node = cluster.nodes[static_cast<size_t>(stage.type)];
    StageFiles files{"", network_of(stage), {}, {}, expected.seconds};
    if (node.device == "cpu" || !node.measured.empty()) return files;
    hw::Device device = hw::find_device(node.device);
    const double clock = clock_of(node, device);
    const Amounts& usable = problem.types[static_cast<size_t>(stage.type)].usable;
    device.lut = static_cast<int64_t>(usable[0]);
    device.ff = static_cast<int64_t>(usable[1]);
    device.bram36 = static_cast<int64_t>(usable[2]);
    device.dsp = static_cast<int64_t>(usable[3]);
    try {
      const auto cycles = static_cast<int64_t>(std::floor(most_seconds * clock * 1e6 * (1 + 1e-9)));
      files.folding = hw::Folds(files.network, device).cheapest(cycles);
    } catch (const Unsupported&) {
      return std::nullopt;
    }
    if (!files.folding) return std::nullopt;
    files.folding->clock_mhz = clock;
    const hw::Design design = hw::design(files.network, *files.folding);
    files.resources = hw::resources(design, device.family);
    files.seconds = static_cast<double>(hw::interval(design)) / (clock * 1e6);
    return files;
  }

  /// How long a stage of this plan may take at most: as long as it does not slow the pipeline.
  static double most_seconds(const Stage& stage, const Prediction& p) { return p.period * stage.replicas; }

  std::map<std::string, std::string> refusals;  ///< of layers, by hardware
};

Split::Split(ir::Network network, Cluster cluster)
    : impl_(std::make_unique<const Impl>(std::move(network), std::move(cluster))) {}
Split::~Split() = default;
Split::Split(Split&&) noexcept = default;
Split& Split::operator=(Split&&) noexcept = default;

const ir::Network& Split::network() const { return impl_->network; }
const Cluster& Split::cluster() const { return impl_->cluster; }
const Problem& Split::problem() const { return impl_->problem; }
int32_t Split::dots() const { return impl_->dots(); }

Problem Split::with_counts(std::span<const int32_t> counts) const {
  Problem problem = impl_->problem;
  for (size_t t = 0; t < counts.size(); ++t) problem.types.at(t).count = counts[t];
  return problem;
}

Solution Split::solve(const Request& request) const {
  constexpr int kMostTries = 40;
  Request without = request;
  for (int tries = 0; tries < kMostTries; ++tries) {
    Solution found = plan::solve(impl_->problem, without);
    const size_t refused = without.without.size();
    for (size_t s = 0; s < found.plan.stages.size(); ++s) {
      const Stage& stage = found.plan.stages[s];
      if (!impl_->files_of(stage, found.prediction.stages[s], Impl::most_seconds(stage, found.prediction)))
        without.without.push_back(stage);
    }
    if (without.without.size() == refused) return found;
  }
  throw Error("'{}': {} plans that should fit did not when their stages were folded as a whole; lower 'limit' of the nodes",
              impl_->problem.name, kMostTries);
}

std::vector<StageFiles> Split::stages(const Plan& plan) const {
  const Prediction p = predict(impl_->problem, plan);
  std::vector<StageFiles> result;
  for (size_t s = 0; s < plan.stages.size(); ++s) {
    const Stage& stage = plan.stages[s];
    auto files = impl_->files_of(stage, p.stages[s], Impl::most_seconds(stage, p));
    if (!files) throw Error("{}: has no folding that fits", text(impl_->problem, stage));
    files->name = fmt::format("stage{}", s);
    if (plan.stages.size() > 1) files->network.name += "-" + files->name;
    result.push_back(std::move(*files));
  }
  return result;
}

int32_t Split::cut_after_dot(int32_t dot) const {
  if (dot < 0 || dot >= dots()) throw Error("there is no layer {}; there are {}", dot, dots());
  return impl_->cut_after_dot(dot);
}

int32_t Split::cut_after(std::string_view node) const {
  const ir::NodeId id = impl_->network.find(node);
  for (size_t layer = 0; layer < impl_->layers.size(); ++layer) {
    if (impl_->layers[layer].nodes.back() != id) continue;
    std::vector<bool> done(impl_->layers.size());
    std::fill_n(done.begin(), layer + 1, true);
    const auto cut = std::ranges::find(impl_->problem.cuts, done, &Cut::done);
    BITLOOM_CHECK(cut != impl_->problem.cuts.end());
    if (layer + 1 == impl_->layers.size())
      throw Error("network '{}' cannot be cut after '{}': nothing would be left behind it", impl_->network.name, node);
    if (cut->tensors != std::vector<std::string>{std::string(node)})
      throw Error("network '{}' cannot be cut after '{}' alone: {} would cross; name another node", impl_->network.name,
                  node, fmt::join(cut->tensors, " and "));
    return static_cast<int32_t>(cut - impl_->problem.cuts.begin());
  }
  throw Error(
      "network '{}' cannot be cut after '{}': it stays with the node that reads it; `bitloom split --explore` lists "
      "the cuts",
      impl_->network.name, node);
}

std::vector<FirstNode> first_node(const Split& split, double rate) {
  std::vector<FirstNode> result;
  const Problem& problem = split.problem();
  for (size_t t = 0; t < problem.types.size(); ++t) {
    const NodeType& type = problem.types[t];
    if (!type.pipelined || !problem.measured[t].empty()) continue;
    for (int32_t dot = 0; dot < split.dots(); ++dot) {
      const Cut& cut = problem.cuts[static_cast<size_t>(split.cut_after_dot(dot))];
      FirstNode row{cut.after, {}, cut.bytes};
      for (size_t layer = 0; layer < problem.layers.size(); ++layer) {
        if (!cut.done[layer]) continue;
        const LayerOption* cheapest = nullptr;
        for (const LayerOption& o : problem.options[t][layer]) {
          if (o.seconds * rate <= 1 + 1e-9 && (!cheapest || o.amounts[0] < cheapest->amounts[0])) cheapest = &o;
        }
        if (!cheapest) return {};
        for (size_t k = 0; k < kResources; ++k) {
          if (type.total[k] > 0) row.shares[k] += cheapest->amounts[k] / type.total[k];
        }
      }
      result.push_back(row);
    }
    return result;
  }
  return result;
}

}  // namespace bitloom::plan
