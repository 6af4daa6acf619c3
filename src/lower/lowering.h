// SPDX-License-Identifier: Apache-2.0
//
// The state of one lowering: what each tensor of the graph is by now, and the network so far. The handlers of the operators
// (lower_*.cc) are free functions over it, found by operator name in one table.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "bitloom/lower.h"
#include "chain.h"
#include "encodings.h"

namespace bitloom::lower {

struct SlidingWindow;

/// What an axis of a graph tensor is. Networks keep [y][x][channel]; graphs come in NCHW, NHWC, NC, with unit axes between.
enum class Axis { kBatch, kChannel, kHeight, kWidth, kUnit };

/// A constant, and where a quantizer made it, the size of one integer step at each element (same shape).
struct Constant {
  frontend::Array array;
  std::optional<frontend::Array> scale;
};

/// Where Im2Col left its geometry for the MatMul that makes a convolution of it.
struct PendingPatch {
  ir::Window window;
};

/// A tensor that depends on the input: the integers of a network node, seen through a chain.
struct Activation {
  ir::NodeId node = -1;  ///< -1: real numbers from outside that no quantizer has seen yet
  std::vector<Axis> axes;
  Chain chain;
  ir::Shape shape;         ///< of this tensor, pending pools applied
  ir::Window pending_pad;  ///< zeros around it from a Pad operator; only the pads are used
  std::optional<PendingPatch> pending_patch;
  std::vector<ir::Reshape> deferred;  ///< for node -1: reshapes to apply once the input is quantized
  bool order_only = false;            ///< a Softmax was dropped: only the order of the values is kept
};

using Value = std::variant<Constant, Activation>;

/// What `on_grid` is asked for by the network's outputs and TopK, which may follow a Softmax.
inline constexpr std::string_view kOutput = "output";

class Lowering {
 public:
  Lowering(const frontend::QuantGraph& graph, const Options& options, Report* report);
  ir::Network run();

  // --- what the handlers use ---

  /// Unsupported("source: node 'name' (op): reason"), to be thrown.
  template <typename... Args>
  Unsupported refusal(const frontend::GraphNode& node, fmt::format_string<Args...> format, Args&&... args) const {
    return Unsupported(place(node) + fmt::format(format, std::forward<Args>(args)...));
  }
  /// Error of the same form, for a graph that breaks the operator's own rules.
  template <typename... Args>
  Error mistake(const frontend::GraphNode& node, fmt::format_string<Args...> format, Args&&... args) const {
    return Error(place(node) + fmt::format(format, std::forward<Args>(args)...));
  }

  /// The node's inputs in order: constants, and nullptr for those that depend on the input or are left out.
  std::vector<const frontend::Array*> operands(const frontend::GraphNode& node) const;
  /// The same for an operator whose inputs behind the first are parameters. Refuses one that depends on the input.
  std::vector<const frontend::Array*> parameters(const frontend::GraphNode& node) const;
  /// Refuses a value with a pending pad or patch, which only a convolution can take.
  void check_nothing_pending(const frontend::GraphNode& node, const Activation& value) const;
  bool has_input(const frontend::GraphNode& node, size_t index) const;
  bool is_constant(const frontend::GraphNode& node, size_t index) const;
  const Constant& constant(const frontend::GraphNode& node, size_t index) const;      ///< refuses an activation
  const Activation& activation(const frontend::GraphNode& node, size_t index) const;  ///< refuses a constant

  /// The tensor's sizes as the graph sees them, pending pads included, batch 1.
  std::vector<int64_t> sizes(const Activation& value) const;
  /// A constant that broadcasts against the activation, as one number or one a channel. Refuses constants that vary
  /// along another axis.
  PerChannel per_channel(const frontend::GraphNode& node, const frontend::Array& constant, const Activation& value) const;

  /// The activation as integers of a node on a grid, pending pools emitted. Refuses a chain that is no grid, real inputs,
  /// pending pads and patches.
  struct OnGrid {
    ir::NodeId node;
    Grid grid;
  };
  OnGrid on_grid(const frontend::GraphNode& node, const Activation& value, std::string_view why);

  /// The same as codes: sums and pooled sums, which are plain integers, get the encoding with the fewest planes.
  OnGrid coded_on_grid(const frontend::GraphNode& node, const Activation& value, std::string_view why);

  /// A coded tensor as integers that are 0 where the real numbers are, for a layer that pads with zeros: values become
  /// v + n or 2 v + n, codes stay. Refuses an offset that is no multiple of half the scale.
  OnGrid with_zero(const frontend::GraphNode& node, const OnGrid& tensor);

  /// Appends a layer under the node's name (made unique).
  ir::NodeId emit(const frontend::GraphNode& node, ir::Layer layer, std::vector<ir::NodeId> inputs,
                  std::string_view suffix = "");
  /// Ends the value's chain: makes it codes.
  Activation quantize(const frontend::GraphNode& node, const Activation& value, const Quantizer& quantizer);
  /// The tensor in this encoding, by a Threshold that maps each value to itself.
  ir::NodeId recode(const frontend::GraphNode& node, ir::NodeId source, const ir::Encoding& encoding);

  const ir::Node& node(ir::NodeId id) const { return network_.nodes[static_cast<size_t>(id)]; }
  const ir::TensorType& type(ir::NodeId id) const { return node(id).type; }
  /// Bounds of a node's values, one for all channels or one a channel.
  std::vector<ir::Range> ranges(ir::NodeId id) const;
  void define(const frontend::GraphNode& node, size_t output, Value value);
  void report(const frontend::GraphNode& node, std::string became);

 private:
  std::string place(const frontend::GraphNode& node) const;
  void define_inputs();
  void define_outputs();
  void lower_node(const frontend::GraphNode& node);
  bool fold_constants(const frontend::GraphNode& node);
  void propagate_scale(const frontend::GraphNode& node, Constant& result) const;
  ir::NodeId make_real_input(const frontend::GraphNode& node, const Activation& value, const Quantizer& quantizer);
  ir::NodeId emit_pools(ir::NodeId node, const Chain& chain);
  std::optional<UnitEncoding> encoding_of_values(ir::NodeId id);
  const Value& value(const frontend::GraphNode& node, size_t index) const;
  std::string unique_name(const std::string& name);

  const frontend::QuantGraph& graph_;
  Options options_;
  Report* report_;
  ir::Network network_;
  std::map<std::string, Value> values_;
  std::unordered_set<std::string> names_;  ///< of the network's nodes
  std::unordered_map<std::string, int> suffixes_;
  std::vector<int64_t> value_steps_;  ///< of the network's first nodes, as far as they were asked for
  int64_t constant_elements_ = 0;     ///< made by folding
  std::string real_input_;            ///< the graph input that is real numbers, "" if none
  ir::Shape real_input_shape_;
};

/// The network's form of a window.
ir::Window to_window(const SlidingWindow& window);

using Handler = void (*)(Lowering&, const frontend::GraphNode&);

/// The handlers by operator, one table a file.
const std::map<std::string_view, Handler>& linear_handlers();       // Conv, Gemm, MatMul, XnorPopcountMatMul, Im2Col
const std::map<std::string_view, Handler>& elementwise_handlers();  // Add, Mul, BatchNormalization, Relu, Clip ...
const std::map<std::string_view, Handler>& quantizer_handlers();    // Quant, BipolarQuant, MultiThreshold, Trunc ...
const std::map<std::string_view, Handler>& pool_handlers();         // MaxPool, AveragePool, GlobalAveragePool ...
const std::map<std::string_view, Handler>& layout_handlers();       // Reshape, Transpose, Concat, Slice, Resize ...

/// Moves the [channel][y][x] order of a Reshape into the weights of the fully connected layers behind it, so that tensors
/// keep their own order. True if anything changed.
bool absorb_channels_first(ir::Network& network);

/// Drops nodes that no output needs. Inputs stay.
void drop_unused(ir::Network& network);

}  // namespace bitloom::lower
