// SPDX-License-Identifier: Apache-2.0
//
// Small quant graphs, a line an operator, and the comparison that nearly every test of the lowering makes: the network's
// numbers are those of the graph, evaluated in float64.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bitloom/lower.h"
#include "lower/operators_support.h"

namespace bitloom::lower::test {

/// A graph under construction. `x()` is the tensor that the last operator made; node i is named "n<i>", the graph's source
/// is "m.onnx".
class Graph {
 public:
  explicit Graph(Ints shape, std::string datatype = "", std::string layout = "");

  std::string input(std::string name, Ints shape, std::string datatype = "", std::string layout = "");
  std::string constant(Array array);
  std::string scalar(double value) { return constant(Array::scalar(value)); }

  /// Appends op(inputs), which becomes x(); returns the name of its first output. Further ones have "_1", "_2" appended.
  std::string add(const std::string& op, std::vector<std::string> inputs, Attributes attributes = {}, int64_t opset = 13,
                  size_t outputs = 1);
  /// Appends op(x(), more...).
  Graph& then(const std::string& op, std::vector<std::string> more = {}, Attributes attributes = {}, int64_t opset = 13);
  /// Goes on from another tensor.
  Graph& from(std::string tensor);

  struct QuantFlags {
    bool is_signed = true;
    bool narrow = false;
    double zero_point = 0;
    std::string mode = "ROUND";
  };
  Graph& quant(int bits, double scale = 1) { return quant(bits, scale, QuantFlags{}); }
  Graph& quant(int bits, double scale, const QuantFlags& flags);
  Graph& bipolar(double scale = 1) { return then("BipolarQuant", {scalar(scale)}); }
  Graph& batch_norm(std::vector<double> gamma, std::vector<double> beta, std::vector<double> mean,
                    std::vector<double> variance);
  /// MatMul by a constant [in][out].
  Graph& matmul(Array weights) { return then("MatMul", {constant(std::move(weights))}); }
  Graph& conv(Array weights, Ints pads = {0, 0, 0, 0}, Ints strides = {1, 1}, int64_t groups = 1);
  Graph& max_pool(int64_t kernel, int64_t stride);

  const std::string& x() const { return x_; }
  /// The graph with x() as its output, or with these.
  frontend::QuantGraph done() const { return done({x_}); }
  frontend::QuantGraph done(std::vector<std::string> outputs) const;

 private:
  frontend::QuantGraph graph_;
  std::string x_;
};

/// Whole numbers from lowest to highest in a fixed mixed-up order.
Array numbers(Dims shape, int64_t lowest, int64_t highest, uint64_t seed = 1);
/// -1 and +1.
Array signs(Dims shape, uint64_t seed = 1);

struct Check {
  Options options = {};
  int64_t images = 6;          ///< random ones; a flat input of few values gets all of them besides
  bool channels_last = false;  ///< the graph's outputs of 4 dimensions are NHWC
  double tolerance = 0;        ///< relative to the largest number; 0 for graphs whose every step is exact in float64
};

/// Lowers the graph and expects the same numbers from the network as from the graph. Inputs of real numbers get random
/// ones around 0. Returns the network.
ir::Network expect_same(const frontend::QuantGraph& graph, const Check& check = {});

/// The same for these real numbers, one image each, for a graph whose only input is real.
void expect_same_reals(const frontend::QuantGraph& graph, const std::vector<std::vector<float>>& images);

/// How many layers of a kind the network has, by ir::layer_name.
int64_t count(const ir::Network& network, std::string_view kind);

/// The message that lowering the graph gives, "" if it succeeds.
std::string lowering_message(const frontend::QuantGraph& graph, const Options& options = {});

/// What became of each node: "n0 Conv: dot product ..." a line.
std::string report_text(const frontend::QuantGraph& graph, const Options& options = {});

}  // namespace bitloom::lower::test
