// SPDX-License-Identifier: Apache-2.0
//
// Short forms for tests of single operators.
#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bitloom/frontend.h"
#include "lower/operators.h"

namespace bitloom::lower::test {

using frontend::Array;
using frontend::Attribute;
using frontend::GraphNode;

using Attributes = std::map<std::string, Attribute>;
using Ints = std::vector<int64_t>;

inline GraphNode node(std::string op, Attributes attributes = {}, size_t outputs = 1, int64_t opset = 13) {
  GraphNode result;
  result.name = "n";
  result.op = std::move(op);
  result.opset = opset;
  result.attributes = std::move(attributes);
  for (size_t i = 0; i < outputs; ++i) result.outputs.push_back("y" + std::to_string(i));
  return result;
}

inline Array vec(std::vector<double> data) { return {{static_cast<int64_t>(data.size())}, std::move(data)}; }

/// 0, 1, 2 ... in this shape.
inline Array iota(Dims shape) {
  Array result{std::move(shape), {}};
  int64_t count = 1;
  for (const int64_t size : result.shape) count *= size;
  for (int64_t i = 0; i < count; ++i) result.data.push_back(static_cast<double>(i));
  return result;
}

inline std::vector<Array> run_all(const GraphNode& node, const std::vector<Array>& inputs) {
  std::vector<const Array*> pointers;
  for (const Array& input : inputs) pointers.push_back(&input);
  return lower::apply(node, pointers);
}

inline Array run(const GraphNode& node, const std::vector<Array>& inputs) { return run_all(node, inputs).at(0); }

/// The message of the Error that the call throws, "" if it throws none.
template <typename Call>
std::string message(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

inline std::string message_of(const GraphNode& node, const std::vector<Array>& inputs) {
  return message([&] { run_all(node, inputs); });
}

}  // namespace bitloom::lower::test
