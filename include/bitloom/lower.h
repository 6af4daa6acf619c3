// SPDX-License-Identifier: Apache-2.0
//
// Turns a quant graph (real numbers) into a network (integers), exactly.
//
// Between an integer accumulator and the next quantizer lies a chain of per-channel functions. Each is monotone, so the
// chain's thresholds are found by bisection over the exact accumulator range, evaluating the chain itself in float64. No
// algebraic rule is needed for any rounding mode, zero point, scale or slope.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "bitloom/frontend.h"
#include "bitloom/ir.h"

namespace bitloom::lower {

/// What the graph's input stands for.
enum class InputKind {
  kAutomatic,  ///< an integer annotation as it says; else kPixels for an image of 1 or 3 channels; else kReal
  kPixels,     ///< 8-bit pixels p, and the graph's real number is p / 255
  kUint8,      ///< 8-bit integers, and the graph's real number is that integer
  kReal,       ///< real numbers, quantized by the graph's first quantizer
};

struct Options {
  InputKind input = InputKind::kAutomatic;
};

/// What became of one operator of the graph.
struct ReportLine {
  std::string node;
  std::string op;
  std::string became;  ///< "constant", "dot 'conv0'", "into the thresholds of 'act0'" ...
};

struct Report {
  std::vector<ReportLine> lines;  ///< one a graph node, in order
  std::string input;              ///< how the input is read, and how to choose otherwise
};

/// Lowers the graph. Throws Unsupported naming the node, the reason and what would help, or Error for a graph that breaks
/// the operators' own rules (shapes, parameters).
ir::Network lower(const frontend::QuantGraph& graph, const Options& options = {}, Report* report = nullptr);

/// The graph evaluated in float64, operator by operator as ONNX and QONNX define them: the meaning that `lower` keeps.
/// Inputs and results have a leading batch dimension where the graph has one. Returns every tensor that a node made, and
/// the inputs, by name.
std::map<std::string, frontend::Array> evaluate(const frontend::QuantGraph& graph,
                                                const std::map<std::string, frontend::Array>& inputs);

/// Reads any model that bitloom can: a .bloom file as it is, everything else through `frontend::read` and `lower`.
ir::Network load_model(const std::filesystem::path& path, const Options& options = {}, Report* report = nullptr);

}  // namespace bitloom::lower
