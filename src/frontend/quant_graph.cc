// SPDX-License-Identifier: Apache-2.0
//
// The quant graph as a value: its attributes, its order, and what must hold of every graph that a reader returns.
#include <algorithm>
#include <functional>
#include <numeric>
#include <queue>
#include <set>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>

#include "graph_building.h"

namespace bitloom::frontend {
namespace {

std::string_view kind_name(const Attribute& attribute) {
  return std::visit(
      [](const auto& value) -> std::string_view {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, int64_t>) return "an integer";
        if constexpr (std::is_same_v<T, double>) return "a real number";
        if constexpr (std::is_same_v<T, std::string>) return "a text";
        if constexpr (std::is_same_v<T, std::vector<int64_t>>) return "a list of integers";
        if constexpr (std::is_same_v<T, std::vector<double>>) return "a list of real numbers";
        if constexpr (std::is_same_v<T, std::vector<std::string>>) return "a list of texts";
        if constexpr (std::is_same_v<T, Array>) return "a tensor";
      },
      attribute);
}

const Attribute* find(const GraphNode& node, std::string_view name) {
  const auto at = node.attributes.find(std::string(name));
  return at == node.attributes.end() ? nullptr : &at->second;
}

[[noreturn]] void fail_kind(const GraphNode& node, std::string_view name, std::string_view expected) {
  throw Error("node '{}': attribute '{}' of {} is {}; expected {}", node.name, name, node.op, kind_name(*find(node, name)),
              expected);
}

template <typename T>
T value_or(const GraphNode& node, std::string_view name, T fallback, std::string_view expected) {
  const Attribute* attribute = find(node, name);
  if (!attribute) return fallback;
  if (const T* value = std::get_if<T>(attribute)) return *value;
  fail_kind(node, name, expected);
}

// Which node makes a tensor.
std::unordered_map<std::string_view, size_t> producers(const QuantGraph& graph) {
  std::unordered_map<std::string_view, size_t> result;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    for (const std::string& output : graph.nodes[i].outputs) {
      if (!output.empty()) result.emplace(output, i);
    }
  }
  return result;
}

// Follows unordered producers until one repeats: that one lies on the cycle.
[[noreturn]] void fail_cycle(const QuantGraph& graph, const std::vector<size_t>& missing,
                             const std::unordered_map<std::string_view, size_t>& producer) {
  const auto first = std::find_if(missing.begin(), missing.end(), [](size_t n) { return n > 0; });
  auto node = static_cast<size_t>(first - missing.begin());
  std::unordered_set<size_t> seen;
  while (seen.insert(node).second) {
    for (const std::string& input : graph.nodes[node].inputs) {
      const auto made = producer.find(input);
      if (made == producer.end() || missing[made->second] == 0) continue;
      node = made->second;
      break;
    }
  }
  throw Error("{}: node '{}' depends on its own output; a model's graph must not have cycles", graph.source,
              graph.nodes[node].name);
}

}  // namespace

int64_t Array::elements() const { return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>()); }

int64_t GraphNode::integer(std::string_view attribute, int64_t fallback) const {
  return value_or(*this, attribute, fallback, "an integer");
}

double GraphNode::real(std::string_view attribute, double fallback) const {
  // Some exporters write a whole number as an integer.
  if (const Attribute* value = find(*this, attribute)) {
    if (const auto* whole = std::get_if<int64_t>(value)) return static_cast<double>(*whole);
  }
  return value_or(*this, attribute, fallback, "a real number");
}

std::string GraphNode::text(std::string_view attribute, std::string_view fallback) const {
  return value_or(*this, attribute, std::string(fallback), "a text");
}

std::vector<int64_t> GraphNode::integers(std::string_view attribute, std::vector<int64_t> fallback) const {
  return value_or(*this, attribute, std::move(fallback), "a list of integers");
}

bool GraphNode::has(std::string_view attribute) const { return find(*this, attribute) != nullptr; }

int64_t ElementBudget::take(std::span<const int64_t> shape, std::string_view what) {
  int64_t count = 1;
  for (const int64_t size : shape) {
    if (size < 0) throw Error("{}: {} has a size of {}; sizes cannot be negative", source_, what, size);
    if (size == 0) return 0;
  }
  for (const int64_t size : shape) {
    if (size > (kMaxElements - taken_) / count) {
      throw Error("{}: {} is too large: one model's constants may have {} elements together", source_, what, kMaxElements);
    }
    count *= size;
  }
  taken_ += count;
  return count;
}

void name_nodes(QuantGraph& graph) {
  std::unordered_set<std::string> given;
  for (const GraphNode& node : graph.nodes) given.insert(node.name);
  std::unordered_set<std::string> used;
  std::unordered_map<std::string, size_t> next_suffix;  // so that many equal names do not take quadratic time
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    std::string& name = graph.nodes[i].name;
    if (!name.empty() && used.insert(name).second) continue;
    const std::string stem = name.empty() ? fmt::format("{}_{}", graph.nodes[i].op, i) : name;
    std::string candidate = name.empty() ? stem : "";
    size_t& suffix = next_suffix.try_emplace(stem, 2).first->second;
    while (candidate.empty() || given.contains(candidate) || used.contains(candidate)) {
      candidate = fmt::format("{}_{}", stem, suffix++);
    }
    used.insert(candidate);
    name = std::move(candidate);
  }
}

void sort_nodes(QuantGraph& graph) {
  const auto producer = producers(graph);
  const size_t count = graph.nodes.size();
  std::vector<std::vector<size_t>> readers(count);
  std::vector<size_t> missing(count, 0);
  for (size_t i = 0; i < count; ++i) {
    for (const std::string& input : graph.nodes[i].inputs) {
      const auto made = producer.find(input);
      if (made == producer.end()) continue;
      readers[made->second].push_back(i);
      ++missing[i];
    }
  }
  std::priority_queue<size_t, std::vector<size_t>, std::greater<>> ready;  // the earliest in the file first
  for (size_t i = 0; i < count; ++i) {
    if (missing[i] == 0) ready.push(i);
  }
  std::vector<size_t> order;
  while (!ready.empty()) {
    order.push_back(ready.top());
    ready.pop();
    for (const size_t reader : readers[order.back()]) {
      if (--missing[reader] == 0) ready.push(reader);
    }
  }
  if (order.size() < count) fail_cycle(graph, missing, producer);
  std::vector<GraphNode> sorted;
  sorted.reserve(count);
  for (const size_t i : order) sorted.push_back(std::move(graph.nodes[i]));
  graph.nodes = std::move(sorted);
}

void verify(const QuantGraph& graph) {
  std::unordered_set<std::string_view> defined;
  const auto define = [&](std::string_view tensor) {
    if (!defined.insert(tensor).second) throw Error("{}: tensor '{}' is defined twice", graph.source, tensor);
  };
  for (const GraphInput& input : graph.inputs) define(input.name);
  for (const auto& [tensor, array] : graph.constants) define(tensor);
  std::unordered_set<std::string_view> later;
  for (const GraphNode& node : graph.nodes) later.insert(node.outputs.begin(), node.outputs.end());
  std::unordered_set<std::string_view> names;
  for (const GraphNode& node : graph.nodes) {
    if (node.name.empty() || !names.insert(node.name).second) {
      throw Error("{}: two nodes are named '{}'; names must be unique", graph.source, node.name);
    }
    for (const std::string& input : node.inputs) {
      if (input.empty() || defined.contains(input)) continue;
      throw Error("{}: node '{}' reads tensor '{}', which {}", graph.source, node.name, input,
                  later.contains(input) ? "is defined only later" : "nothing defines");
    }
    for (const std::string& output : node.outputs) {
      if (!output.empty()) define(output);
    }
  }
  for (const std::string& output : graph.outputs) {
    if (!defined.contains(output)) throw Error("{}: output '{}' is not defined by any node", graph.source, output);
  }
}

}  // namespace bitloom::frontend
