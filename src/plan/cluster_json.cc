// SPDX-License-Identifier: Apache-2.0
//
// Descriptions of clusters as JSON files that a person writes. Comments are allowed.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "bitloom/split.h"

namespace bitloom::plan {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kReference = "see docs/reference/cluster.md";

/// An object's fields, each of which must be known.
class Fields {
 public:
  Fields(const Json& object, std::string place, std::vector<std::string_view> known)
      : object_(object), place_(std::move(place)) {
    if (!object.is_object()) throw Error("{}: must be an object with named fields; {}", place_, kReference);
    for (const auto& [name, value] : object.items()) {
      if (std::ranges::find(known, name) == known.end())
        throw Error("{}: field '{}' is not known; {}", place_, name, kReference);
    }
  }

  const Json* find(const char* name) const {
    const auto at = object_.find(name);
    return at == object_.end() ? nullptr : &*at;
  }
  double number(const char* name, double otherwise, double least, double most) const {
    const Json* value = find(name);
    if (!value) return otherwise;
    const double number = value->is_number() ? value->get<double>() : least - 1;
    if (!(number >= least && number <= most))
      throw Error("{}: field '{}' must be a number from {} to {}", place_, name, least, most);
    return number;
  }
  int32_t whole(const char* name, int32_t otherwise, int32_t least, int32_t most) const {
    const double value = number(name, otherwise, least, most);
    if (value != static_cast<int32_t>(value)) throw Error("{}: field '{}' must be a whole number", place_, name);
    return static_cast<int32_t>(value);
  }
  std::string text(const char* name, const std::string& otherwise) const {
    const Json* value = find(name);
    if (!value) return otherwise;
    if (!value->is_string()) throw Error("{}: field '{}' must be a text", place_, name);
    return value->get<std::string>();
  }
  /// One of these texts; the first where it is not said.
  size_t choice(const char* name, std::vector<std::string> texts) const {
    const std::string value = text(name, texts[0]);
    const auto found = std::ranges::find(texts, value);
    if (found == texts.end()) throw Error("{}: field '{}' must be one of: {}", place_, name, fmt::join(texts, ", "));
    return static_cast<size_t>(found - texts.begin());
  }
  const std::string& place() const { return place_; }

 private:
  const Json& object_;
  std::string place_;
};

Link read_link(const Json* json, const std::string& place) {
  if (!json) return {};
  const Fields fields(*json, place, {"mbit", "latency_us", "overhead_us", "duplex"});
  Link link;
  link.bandwidth = fields.number("mbit", 1000, 1e-3, 1e9) * 1e6 / 8;
  link.latency = fields.number("latency_us", 0, 0, 1e9) * 1e-6;
  link.overhead = fields.number("overhead_us", 0, 0, 1e9) * 1e-6;
  link.half_duplex = fields.choice("duplex", {"full", "half"}) == 1;
  return link;
}

/// Fields lut, ff, bram36 and dsp, in this unit.
Amounts read_shares(const Json* json, const std::string& place, Amounts otherwise, double unit) {
  if (!json) return otherwise;
  const Fields fields(*json, place, {"lut", "ff", "bram36", "dsp"});
  constexpr std::array<const char*, 4> kNames{"lut", "ff", "bram36", "dsp"};
  for (size_t k = 0; k < kNames.size(); ++k)
    otherwise[k] = fields.number(kNames[k], otherwise[k] / unit, 0, 1 / unit) * unit;
  return otherwise;
}

MeasuredLayers read_measured(const Json& json, const std::string& place) {
  const Fields fields(json, place, {"layers", "rate", "percent", "watts"});
  const Json* layers = fields.find("layers");
  const bool fits = layers && layers->is_array() && layers->size() == 2 &&
                    std::ranges::all_of(*layers, [](const Json& n) { return n.is_number_unsigned() && n < 100'000; });
  if (!fits) throw Error("{}: field 'layers' must be the first and the last, counted from 0, as [0, 5]", place);
  MeasuredLayers m;
  m.first = (*layers)[0].get<int32_t>();
  m.last = (*layers)[1].get<int32_t>();
  if (m.last < m.first) throw Error("{}: field 'layers': the last comes before the first", place);
  if (!fields.find("rate")) throw Error("{}: has no field 'rate', images a second", place);
  m.rate = fields.number("rate", 0, 1e-6, 1e12);
  m.shares = read_shares(fields.find("percent"), place + ": percent", {}, 0.01);
  m.watts = fields.number("watts", 0, 0, 1e6);
  return m;
}

ClusterNode read_node(const Json& json, const std::string& place) {
  const Fields fields(json, place,
                      {"name", "count", "device", "clock_mhz", "limit", "reserved", "memory_mb", "watts", "speed", "link",
                       "ports", "measured"});
  ClusterNode node;
  node.device = fields.text("device", "");
  if (node.device.empty()) throw Error("{}: has no field 'device': \"cpu\", or an FPGA as `bitloom fold` knows it", place);
  if (node.device != "cpu") hw::find_device(node.device);
  node.name = fields.text("name", node.device);
  node.count = fields.whole("count", 1, 1, 256);
  node.clock_mhz = fields.number("clock_mhz", 0, 0, 10'000);
  node.limit = read_shares(fields.find("limit"), place + ": limit", node.limit, 1);
  node.reserved = fields.number("reserved", 0, 0, 1);
  node.memory = fields.number("memory_mb", 0, 0, 1e9) * 1e6;
  node.watts = fields.number("watts", 0, 0, 1e6);
  node.speed = fields.number("speed", 1, 1e-6, 1e6);
  node.link = read_link(fields.find("link"), place + ": link");
  node.ports = fields.whole("ports", 0, 0, 10'000);
  if (const Json* measured = fields.find("measured")) {
    if (!measured->is_array()) throw Error("{}: field 'measured' must be a list of stages", place);
    for (size_t i = 0; i < measured->size(); ++i)
      node.measured.push_back(read_measured((*measured)[i], fmt::format("{}: measured {}", place, i)));
  }
  return node;
}

}  // namespace

Cluster read_cluster(std::string_view json, std::string_view name) {
  constexpr size_t kMostTypes = 64;
  const std::string place(name);
  Json document;
  try {
    document = Json::parse(json, nullptr, true, true);
  } catch (const Json::exception& error) {
    throw Error("{}: is not JSON: {}", name, error.what());
  }
  const Fields fields(
      document, place,
      {"name", "nodes", "host", "network", "switch_mbit", "images_per_message", "word_bits", "image_bytes"});
  Cluster cluster;
  cluster.name = fields.text("name", place);
  cluster.host = read_link(fields.find("host"), place + ": host");
  cluster.topology =
      fields.choice("network", {"switch", "point-to-point"}) == 0 ? Topology::kSwitch : Topology::kPointToPoint;
  cluster.switch_bandwidth = fields.number("switch_mbit", 0, 0, 1e9) * 1e6 / 8;
  if (cluster.switch_bandwidth > 0 && cluster.topology == Topology::kPointToPoint)
    throw Error("{}: field 'switch_mbit': nodes that are cabled point to point have no switch", name);
  cluster.images_per_message = fields.whole("images_per_message", 1, 1, 1'000'000);
  cluster.word_bits = fields.whole("word_bits", 64, 8, 65'536);
  cluster.image_bytes = fields.number("image_bytes", 0, 0, 1e12);
  const Json* nodes = fields.find("nodes");
  if (!nodes || !nodes->is_array() || nodes->empty() || nodes->size() > kMostTypes)
    throw Error("{}: field 'nodes' must be a list of 1 to {} types of nodes", name, kMostTypes);
  std::set<std::string> names;
  for (size_t i = 0; i < nodes->size(); ++i) {
    cluster.nodes.push_back(read_node((*nodes)[i], fmt::format("{}: node {}", name, i)));
    if (!names.insert(cluster.nodes.back().name).second)
      throw Error("{}: node {}: the name '{}' is taken; give each type one of its own", name, i, cluster.nodes.back().name);
  }
  return cluster;
}

}  // namespace bitloom::plan
