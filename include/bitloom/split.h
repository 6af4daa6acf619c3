// SPDX-License-Identifier: Apache-2.0
//
// From a network and a description of a cluster to a plan, its stage networks and their foldings.
//
//   const plan::Cluster cluster = plan::read_cluster(text, "cluster.json");
//   const plan::Split split(network, cluster);
//   const plan::Solution best = split.solve({plan::Objective::kThroughput});
//   const plan::Application application = split.application(best.plan);
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bitloom/hw.h"
#include "bitloom/ir.h"
#include "bitloom/plan.h"

namespace bitloom::plan {

/// A stage that somebody measured: the Dot layers first .. last, counted from 0, and what follows each.
struct MeasuredLayers {
  int32_t first = 0, last = 0;
  double rate = 0;   ///< images a second
  Amounts shares{};  ///< of the device, 0 to 1
  double watts = 0;
  bool operator==(const MeasuredLayers&) const = default;
};

struct ClusterNode {
  std::string name;
  int32_t count = 1;
  std::string device;                ///< of hw::devices(), or "cpu"
  double clock_mhz = 0;              ///< 0: the device's
  Amounts limit{0.8, 0.8, 1, 1, 1};  ///< share of each resource that can be routed
  double reserved = 0;               ///< share of the device that is for others
  double memory = 0;                 ///< bytes of a cpu; 0: no bound
  double watts = 0;                  ///< of a cpu at work; of an FPGA board beside its logic
  double speed = 1;                  ///< of a cpu, against the one that measures the layers
  Link link;
  int32_t ports = 0;
  std::vector<MeasuredLayers> measured;  ///< if any, the only stages that it can run
  bool operator==(const ClusterNode&) const = default;
};

/// docs/reference/cluster.md has the JSON form.
struct Cluster {
  std::string name;
  std::vector<ClusterNode> nodes;
  Link host;
  Topology topology = Topology::kSwitch;
  double switch_bandwidth = 0;
  int32_t images_per_message = 1;
  int32_t word_bits = 64;  ///< of the streams between nodes: tensors are padded to whole words
  double image_bytes = 0;  ///< as the host sends an image; 0: the network's input tensor
  bool operator==(const Cluster&) const = default;
};

/// Throws Error naming field and node. `name` stands for the file.
Cluster read_cluster(std::string_view json, std::string_view name);

/// A stage as it is run: what `bitloom split` writes.
struct StageFiles {
  std::string name;  ///< "stage0"
  ir::Network network;
  std::optional<hw::Folding> folding;      ///< on FPGAs
  std::optional<hw::Resources> resources;  ///< of that folding
  double seconds = 0;                      ///< between images on one node
};

class Split {
 public:
  /// Finds the cuts, and what each layer costs on each type of node: FPGAs by the models of hw, CPUs by measuring. Throws
  /// Error, or Unsupported naming a layer that runs on no node and why.
  Split(ir::Network network, Cluster cluster);
  ~Split();
  Split(Split&&) noexcept;
  Split& operator=(Split&&) noexcept;

  const ir::Network& network() const;
  const Cluster& cluster() const;
  const Problem& problem() const;
  /// The problem with other numbers of nodes, of each type.
  Problem with_counts(std::span<const int32_t> counts) const;

  /// As plan::solve; then stages on FPGAs are folded as a whole, and where one does not fit after all, the next best plan
  /// is taken.
  Solution solve(const Request& request) const;
  /// Of a plan that `solve` found. Throws Error if a stage has no folding.
  std::vector<StageFiles> stages(const Plan& plan) const;

  /// The cut after a node of the network. Throws Error naming the tensors that cross besides, where there is no such cut.
  int32_t cut_after(std::string_view node) const;
  /// The cut after the Dot layer of this number, counted from 0, and all that follows it before the next one.
  int32_t cut_after_dot(int32_t dot) const;
  int32_t dots() const;

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

/// The resources of the first node, as shares of the device, if its stage ends after each Dot layer: what a table needs
/// that shows them as the cut moves. Layers are folded for `rate` images a second on the first FPGA of the cluster; none if
/// there is none.
struct FirstNode {
  std::string after;
  Amounts shares{};
  double bytes = 0;  ///< an image, at this cut
};
std::vector<FirstNode> first_node(const Split& split, double rate);

/// The plan file: docs/reference/cluster.md.
std::string print(const Split& split, const Request& request, const Solution& solution, std::span<const StageFiles> stages);

}  // namespace bitloom::plan
