// SPDX-License-Identifier: Apache-2.0
//
// Cutting a network into stages for a set of devices: the best way, exactly.
//
//   const plan::Solution best = plan::solve(problem, {plan::Objective::kThroughput});
//   best.plan.stages, best.prediction.rate, plan::explain(problem, request, best) ...
//
// Here are numbers only: what each layer can cost on each type of node, and how many bytes cross each cut. `split.h` gets
// them from a network and a description of a cluster. All times are seconds, all sizes bytes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bitloom/error.h"

namespace bitloom::plan {

// ---------------------------------------------------------------------------------------------------------------------
// What is given

/// LUT, FF, BRAM36 (halves count), DSP, bytes of memory.
inline constexpr size_t kResources = 5;
using Amounts = std::array<double, kResources>;
inline constexpr std::array<std::string_view, kResources> kResourceNames{"LUT", "FF", "BRAM36", "DSP", "bytes of memory"};

/// A port of a node, or of the host. Sending a message keeps it busy for overhead + bytes / bandwidth.
struct Link {
  double bandwidth = 125e6;  ///< bytes a second, in each direction; half duplex: of both together
  double latency = 0;        ///< seconds until the first byte arrives
  double overhead = 0;       ///< seconds a message
  bool half_duplex = false;
  bool operator==(const Link&) const = default;
};

/// Nodes that are all alike.
struct NodeType {
  std::string name;
  int32_t count = 1;
  Amounts total{};        ///< of the device; 0: it has none
  Amounts usable{};       ///< what a stage may take of it
  double watts = 0;       ///< of a node in use, whatever it does
  Amounts watts_of{};     ///< more for each resource in use
  bool pipelined = true;  ///< all layers of a stage work at once (FPGA), so that the slowest sets the pace; else one after
                          ///< another (CPU)
  Link link;
  int32_t ports = 0;  ///< most other nodes that it can be cabled to, where links are point to point; 0: any number
  bool operator==(const NodeType&) const = default;
};

/// One way to do a layer on a type of node.
struct LayerOption {
  double seconds = 0;  ///< an image
  Amounts amounts{};
  bool operator==(const LayerOption&) const = default;
};

/// A stage that was measured as a whole, on a type of node that has no layer options.
struct MeasuredStage {
  int32_t from = 0, to = 0;  ///< cuts
  double seconds = 0;        ///< an image
  Amounts amounts{};
  double watts = 0;  ///< of a node that runs it, all in all
  bool operator==(const MeasuredStage&) const = default;
};

/// A place where one stage may end and the next begin.
struct Cut {
  std::string after;       ///< the layer, or the layers, that end before it
  std::vector<bool> done;  ///< one a layer: whether it lies before the cut
  double bytes = 0;        ///< an image, as they cross a link
  double exact_bytes = 0;  ///< without padding to words of the stream
  std::vector<std::string> tensors;
  bool operator==(const Cut&) const = default;
};

enum class Topology {
  kSwitch,       ///< each node has one port, to a switch
  kPointToPoint  ///< a cable for each pair of nodes that talk to each other
};

struct Problem {
  std::string name;
  std::vector<std::string> layers;
  std::vector<Cut> cuts;  ///< the first before all layers (bytes: of the input), the last behind all (of the results);
                          ///< a cut comes after those whose layers are among its own
  std::vector<NodeType> types;
  std::vector<std::vector<std::vector<LayerOption>>> options;  ///< [type][layer]; a type may have none for any layer
  std::vector<std::vector<MeasuredStage>> measured;            ///< [type]
  Link host;                                                   ///< where images come from and results go to
  Topology topology = Topology::kSwitch;
  double switch_bandwidth = 0;     ///< bytes a second that all transfers share; 0: no bound
  int32_t images_per_message = 1;  ///< share a message's overhead
  bool operator==(const Problem&) const = default;

  size_t end() const { return cuts.size() - 1; }
};

/// Throws Error if the problem contradicts itself: sizes, order of cuts, negative or infinite numbers.
void verify(const Problem& problem);

// ---------------------------------------------------------------------------------------------------------------------
// What is asked for

/// Layers between two cuts, on `replicas` nodes of a type, which take images in turn.
struct Stage {
  int32_t from = 0, to = 0;  ///< cuts
  int32_t type = 0;
  int32_t replicas = 1;
  std::vector<int32_t> options;  ///< of each layer in it, ascending; empty for a measured stage
  bool operator==(const Stage&) const = default;
};

enum class Objective {
  kThroughput,  ///< most images a second
  kDevices,     ///< fewest nodes
  kPower,       ///< least watts of the nodes in use
  kLatency,     ///< shortest way of one image through an idle pipeline
  kBytes,       ///< fewest bytes between nodes
  kEven,        ///< lowest share of its scarcest resource that any node in use gives
  kArea         ///< most left free: least sum of those shares
};
inline constexpr std::array<std::string_view, 7> kObjectiveNames{"throughput", "devices", "power", "latency",
                                                                 "bytes",      "even",    "area"};

/// Where the objective does not decide, fewer watts are better, then fewer nodes.
struct Request {
  Objective objective = Objective::kThroughput;
  double rate = 0;          ///< images a second that must be reached; 0: any
  int32_t most_stages = 0;  ///< 0: any number
  int32_t fewest_stages = 1;
  int32_t most_replicas = 0;   ///< of a stage; 0: any number
  int32_t most_nodes = 0;      ///< 0: all
  std::vector<int32_t> cuts;   ///< if not empty, exactly these cuts, ascending
  std::vector<Stage> without;  ///< stages of these cuts, type and replicas may not occur
};

// ---------------------------------------------------------------------------------------------------------------------
// What is found

struct Plan {
  std::vector<Stage> stages;
  bool operator==(const Plan&) const = default;
};

/// What takes its share of the time between two images: a stage's nodes, the ports at either end of a hop, the switch.
struct Load {
  std::string what;
  double seconds = 0;  ///< an image: the pipeline is never faster
};

struct StagePrediction {
  double seconds = 0;  ///< between images on one node
  double latency = 0;  ///< of an image on one node: all its layers one after another
  Amounts amounts{};   ///< of one node
  int32_t replicas = 1;
  double watts = 0;  ///< of all its nodes
  double share = 0;  ///< of what is usable of a node's scarcest resource
  int32_t scarcest = 0;
  double rate = 0;  ///< of all its nodes
};

struct Prediction {
  double period = 0;  ///< seconds between images: the most of `loads`
  double rate = 0;
  double latency = 0;  ///< of an image alone, upper bound: layers one after another, and each hop
  double watts = 0;
  double bytes = 0;  ///< an image, between nodes
  int32_t nodes = 0;
  std::vector<StagePrediction> stages;
  std::vector<Load> loads;  ///< stages, hops, switch
  size_t binding = 0;       ///< the load that sets the period
};

/// What the models say about a plan. Throws Error if the plan is not one of this problem.
Prediction predict(const Problem& problem, const Plan& plan);

/// What the objective counts, to be made small.
double cost(Objective objective, const Prediction& prediction);

/// Everything that is wrong with a plan, in sentences: none if it is legal and does what the request asks for. Looks at
/// the problem alone and shares nothing with `solve`.
std::vector<std::string> check(const Problem& problem, const Request& request, const Plan& plan);

struct Solution {
  Plan plan;
  Prediction prediction;
};

/// The best plan. Throws Error saying which layer, link or number is in the way, by how much, and what would help, if there
/// is none; Unsupported if there are too many states to be exact (millions).
Solution solve(const Problem& problem, const Request& request);

/// None where `solve` throws Error.
std::optional<Solution> try_solve(const Problem& problem, const Request& request);

/// The same by trying everything: for tests, and for few layers and nodes.
std::optional<Solution> solve_by_brute_force(const Problem& problem, const Request& request);

/// What a change of the cluster would give.
struct Change {
  std::string what;                  ///< "one more pynq"
  std::optional<Solution> solution;  ///< none if there is still no plan
};

struct Explanation {
  std::string binding;           ///< what sets the rate, in a sentence
  std::optional<Solution> next;  ///< the best of all plans that differ in a stage's cuts, type or replicas
  std::vector<Change> changes;   ///< one more of each type, twice the bandwidth, twice the resources of each type
};
Explanation explain(const Problem& problem, const Request& request, const Solution& best);

/// "conv0 .. conv5 on 2 x pynq"
std::string text(const Problem& problem, const Stage& stage);

// ---------------------------------------------------------------------------------------------------------------------
// Events

struct SimulationOptions {
  int64_t images = 2000;
  int32_t buffer = 8;  ///< messages that a node holds before its work, and after it
  double jitter = 0;   ///< standard deviation of a stage's time, as a share of it
  uint64_t seed = 1;
  double arrivals = 0;    ///< images a second from the host; 0: as fast as they are taken
  int64_t timeline = 64;  ///< messages of which the events are kept
};

/// A message at a node or on the way to it.
struct Event {
  int32_t stage = 0;    ///< of the node; for a hop of the one that receives (one past the last: the host)
  int32_t replica = 0;  ///< of that stage
  bool hop = false;     ///< moves; else is worked on
  int64_t message = 0;
  double begin = 0, end = 0;
};

struct NodeActivity {
  int32_t stage = 0, replica = 0;
  double busy = 0, starved = 0, blocked = 0;  ///< shares of the time
  int32_t high_water = 0;                     ///< messages before its work
};

struct Simulated {
  double rate = 0;          ///< images a second, without the time in which the pipeline fills and drains
  double mean_latency = 0;  ///< of an image, from the host and back
  double most_latency = 0;
  std::vector<NodeActivity> nodes;
  std::vector<Event> timeline;
};

/// The pipeline message by message: ports and the switch are held while a message passes them, replicas take turns, a full
/// buffer stops the sender. A node works on a message of n images for n times its `seconds`; the message leaves as much
/// later as its `latency` is longer than that of one image. With large buffers and no jitter the rate is that of `predict`.
Simulated simulate(const Problem& problem, const Plan& plan, const SimulationOptions& options = {});

}  // namespace bitloom::plan
