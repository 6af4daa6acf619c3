// SPDX-License-Identifier: Apache-2.0
//
// Whether a folding fits a network, said so that whoever wrote it knows what to change.
#include <algorithm>

#include "structure.h"

namespace bitloom::hw {
namespace {

/// "1, 2, 4 or 8"; of many the first ones.
std::string listed(const std::vector<int32_t>& numbers) {
  constexpr size_t kMost = 12, kFirst = 8;
  std::string text;
  const size_t shown = numbers.size() > kMost ? kFirst : numbers.size();
  for (size_t i = 0; i < shown; ++i) {
    const bool last = i + 1 == numbers.size();
    text += (i == 0 ? "" : last ? " or " : ", ") + std::to_string(numbers[i]);
  }
  return shown < numbers.size() ? text + " ..." : text;
}

/// The number, if it divides `of`; else what to do about it.
int32_t divisor(const std::string& layer, const char* what, int32_t number, int64_t of, const std::string& are,
                bool round_down, std::vector<std::string>* notes) {
  if (number >= 1 && of % number == 0) return number;
  const std::vector<int32_t> all = divisors(of);
  if (!round_down || number < 1) {
    throw Error("{}: {} {} does not divide {} {}; {} would", layer, what, number, of, are, listed(all));
  }
  const int32_t lower = *(std::ranges::upper_bound(all, number) - 1);
  if (notes)
    notes->push_back(fmt::format("{}: {} {} does not divide {} {}; taken as {}", layer, what, number, of, are, lower));
  return lower;
}

std::string names_of(const std::vector<const Variable*>& layers) {
  std::string text;
  for (const Variable* v : layers) text += (text.empty() ? "" : ", ") + v->name;
  return text;
}

/// The entry for each layer, in the order of the network.
std::vector<LayerFolding> in_order(const Folding& folding, const std::vector<const Variable*>& layers) {
  if (folding.by_position) {
    if (folding.layers.size() == layers.size()) return folding.layers;
    throw Error("the folding has {} layers by position, the network {}: {}", folding.layers.size(), layers.size(),
                names_of(layers));
  }
  std::vector<LayerFolding> result;
  for (const Variable* v : layers) {
    const auto found = std::ranges::find(folding.layers, v->name, &LayerFolding::name);
    if (found == folding.layers.end()) throw Error("{}: the folding does not say its PE and SIMD", v->name);
    result.push_back(*found);
  }
  for (const LayerFolding& layer : folding.layers) {
    if (std::ranges::find(layers, layer.name, &Variable::name) == layers.end()) {
      throw Error("the folding has a layer '{}', which the network does not; it has {}", layer.name, names_of(layers));
    }
  }
  if (result.size() != folding.layers.size()) throw Error("the folding has a layer twice");
  return result;
}

void check_inputs(const Folding& folding, const std::vector<Variable>& variables) {
  for (const auto& input : folding.inputs) {
    const std::string& name = input.first;
    const auto found = std::ranges::find_if(variables, [&](const Variable& v) { return v.is_input && v.name == name; });
    if (found == variables.end()) throw Error("the folding has an input '{}', which the network does not", name);
    divisor(name, "a stream of", input.second, found->outputs, "elements", false, nullptr);
  }
}

}  // namespace

Folding resolve(const ir::Network& network, const Folding& folding, std::vector<std::string>* notes) {
  const std::vector<Variable> variables = variables_of(network);
  std::vector<const Variable*> layers;
  for (const Variable& v : variables) {
    if (!v.is_input) layers.push_back(&v);
  }
  Folding result = folding;
  result.layers = in_order(folding, layers);
  for (size_t i = 0; i < layers.size(); ++i) {
    const Variable& v = *layers[i];
    LayerFolding& f = result.layers[i];
    f.name = v.name;
    f.pe = divisor(v.name, "PE", f.pe, v.outputs, v.outputs_are, folding.round_down, notes);
    f.simd = divisor(v.name, "SIMD", f.simd, v.columns, v.columns_are, folding.round_down, notes);
  }
  result.by_position = false;
  result.round_down = false;
  if (!folding.device.empty()) find_device(folding.device);
  check_inputs(folding, variables);
  return result;
}

}  // namespace bitloom::hw
