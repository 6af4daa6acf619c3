// SPDX-License-Identifier: Apache-2.0
//
// The graph as it stands, in float64, one operator after the other. Nothing is folded and nothing is simplified: this is
// what the lowering is compared with.
//
// Many files fix the batch in their shapes (a Reshape to [1, -1]), so callers evaluate one image at a time, in arrays whose
// batch is 1; a larger batch works only where the graph leaves it open.
#include <map>
#include <string>
#include <vector>

#include "bitloom/lower.h"
#include "operators.h"

namespace bitloom::lower {
namespace {

using frontend::Array;
using frontend::GraphNode;
using frontend::QuantGraph;
using Tensors = std::map<std::string, Array>;

void check_input(const QuantGraph& graph, const frontend::GraphInput& input, const Tensors& given) {
  const auto found = given.find(input.name);
  if (found == given.end()) throw Error("{}: input '{}' is not given", graph.source, input.name);
  const Dims& shape = found->second.shape;
  bool fits = shape.size() == input.shape.size();
  for (size_t axis = 0; fits && axis < shape.size(); ++axis) {
    fits = axis == 0 || input.shape[axis] < 0 || input.shape[axis] == shape[axis];
  }
  if (!fits) {
    throw Error("{}: input '{}' is given with shape [{}], the graph wants [{}]", graph.source, input.name,
                fmt::join(shape, ", "), fmt::join(input.shape, ", "));
  }
}

const Array& find_tensor(const QuantGraph& graph, const Tensors& made, const std::string& name) {
  if (const auto found = made.find(name); found != made.end()) return found->second;
  if (const auto found = graph.constants.find(name); found != graph.constants.end()) return found->second;
  throw Error("{}: tensor '{}' is read before anything makes it", graph.source, name);
}

std::vector<Array> run_node(const QuantGraph& graph, const GraphNode& node, const Tensors& made) {
  std::vector<const Array*> inputs;
  for (const std::string& name : node.inputs) inputs.push_back(name.empty() ? nullptr : &find_tensor(graph, made, name));
  try {
    return lower::apply(node, inputs);
  } catch (const Unsupported& error) {
    throw Unsupported("{}: {}", graph.source, error.what());
  } catch (const Error& error) {
    throw Error("{}: {}", graph.source, error.what());
  }
}

}  // namespace

Tensors evaluate(const QuantGraph& graph, const Tensors& inputs) {
  Tensors made;
  for (const frontend::GraphInput& input : graph.inputs) {
    check_input(graph, input, inputs);
    made.emplace(input.name, inputs.at(input.name));
  }
  int64_t elements = 0;
  for (const GraphNode& node : graph.nodes) {
    std::vector<Array> results = run_node(graph, node, made);
    for (size_t i = 0; i < results.size(); ++i) {
      if (node.outputs[i].empty()) continue;
      elements += static_cast<int64_t>(results[i].data.size());
      if (elements > frontend::kMaxElements) {
        throw Error("{}: the tensors of the graph have more than {} elements together", graph.source,
                    frontend::kMaxElements);
      }
      made.insert_or_assign(node.outputs[i], std::move(results[i]));
    }
  }
  return made;
}

}  // namespace bitloom::lower
