// SPDX-License-Identifier: Apache-2.0
//
// One walk over the quant graph, in order: constants are folded, everything else goes to the handler of its operator.
#include "bitloom/lower.h"

#include <algorithm>

#include "bitloom/file.h"
#include "lowering.h"
#include "operators.h"

namespace bitloom::lower {
namespace {

std::vector<Axis> input_axes(const frontend::GraphInput& input, const std::string& source) {
  std::string layout = input.layout;
  if (layout.size() != input.shape.size()) {
    constexpr std::string_view kDefault[] = {"", "C", "NC", "NCW", "NCHW"};
    if (input.shape.empty() || input.shape.size() >= std::size(kDefault)) {
      throw Unsupported("{}: input '{}' has {} dimensions; inputs of 1 to 4 are supported", source, input.name,
                        input.shape.size());
    }
    layout = kDefault[input.shape.size()];
  }
  std::vector<Axis> axes;
  for (const char letter : layout) {
    constexpr std::string_view kLetters = "NCHW";
    const size_t index = kLetters.find(letter);
    if (index == std::string_view::npos) {
      throw Unsupported("{}: input '{}' has the layout {}; letters N, C, H, W are supported", source, input.name, layout);
    }
    axes.push_back(static_cast<Axis>(index));
  }
  return axes;
}

int32_t checked_size(const frontend::GraphInput& input, size_t axis, const std::string& source) {
  const int64_t size = input.shape[axis];
  if (size < 0) {
    throw Error("{}: input '{}': dimension {} has no fixed size; export the model for inputs of one size", source,
                input.name, axis);
  }
  if (size < 1 || size > ir::kMaxElements) {
    throw Error("{}: input '{}': dimension {} is {}, expected 1 to {}", source, input.name, axis, size, ir::kMaxElements);
  }
  return static_cast<int32_t>(size);
}

ir::Shape input_shape(const frontend::GraphInput& input, const std::vector<Axis>& axes, const std::string& source) {
  ir::Shape shape;
  for (size_t i = 0; i < axes.size(); ++i) {
    switch (axes[i]) {
      case Axis::kBatch:
        if (input.shape[i] > 1) {
          throw Unsupported(
              "{}: input '{}' has a fixed batch of {}; export the model with a batch of 1 (bitloom runs any "
              "number of images)",
              source, input.name, input.shape[i]);
        }
        break;
      case Axis::kChannel:
        shape.channels = checked_size(input, i, source);
        break;
      case Axis::kHeight:
        shape.height = checked_size(input, i, source);
        break;
      case Axis::kWidth:
        shape.width = checked_size(input, i, source);
        break;
      case Axis::kUnit:
        break;
    }
  }
  return shape;
}

// The encoding of FINN's integer annotations; empty for float and none.
std::optional<ir::Encoding> annotated_encoding(const frontend::GraphInput& input, const std::string& source) {
  const std::string& type = input.datatype;
  if (type.empty() || type.starts_with("FLOAT")) return std::nullopt;
  if (type == "BIPOLAR") return ir::Encoding::bipolar();
  if (type == "BINARY") return ir::Encoding::unsigned_bits(1);
  if (type == "TERNARY") return ir::Encoding::ternary();
  const bool is_unsigned = type.starts_with("UINT");
  if (is_unsigned || type.starts_with("INT")) {
    const std::string digits = type.substr(is_unsigned ? 4 : 3);
    const bool number = !digits.empty() && digits.size() <= 2 && std::all_of(digits.begin(), digits.end(), ::isdigit);
    const int bits = number ? std::stoi(digits) : 0;
    if (bits >= 1 && bits <= ir::kMaxPlanes) {
      return is_unsigned ? ir::Encoding::unsigned_bits(bits) : ir::Encoding::signed_bits(bits);
    }
  }
  throw Unsupported("{}: input '{}' is annotated {}; BIPOLAR, BINARY, TERNARY and (U)INT1 to 16 are supported", source,
                    input.name, type);
}

// Small or many-channelled tensors are features, not pictures.
bool looks_like_image(const ir::Shape& shape) {
  return (shape.channels == 1 || shape.channels == 3) && shape.height >= 16 && shape.width >= 16;
}

Step divide_by_255(const std::string& input) {
  return {input, 1, [](double x, int64_t) { return x / 255.0; }, Grid{1.0 / 255.0, 0.0}};
}

}  // namespace

Lowering::Lowering(const frontend::QuantGraph& graph, const Options& options, Report* report)
    : graph_(graph), options_(options), report_(report) {
  network_.name = graph.name;
  network_.classes = graph.classes;
  for (const auto& [name, array] : graph.constants) values_.emplace(name, Constant{array, std::nullopt});
}

void Lowering::define_inputs() {
  for (const frontend::GraphInput& input : graph_.inputs) {
    Activation value;
    value.axes = input_axes(input, graph_.source);
    value.shape = input_shape(input, value.axes, graph_.source);
    std::optional<ir::Encoding> encoding = annotated_encoding(input, graph_.source);
    InputKind kind = options_.input;
    if (kind == InputKind::kAutomatic && !encoding) {
      kind = looks_like_image(value.shape) ? InputKind::kPixels : InputKind::kReal;
    }
    std::string how = "the integers that the model's annotation names";
    switch (kind) {
      case InputKind::kAutomatic:
        break;
      case InputKind::kPixels:
        encoding = ir::Encoding::unsigned_bits(8);
        value.chain.links.emplace_back(divide_by_255(input.name));
        how = "8-bit pixels, the model's number being pixel / 255";
        break;
      case InputKind::kUint8:
        encoding = ir::Encoding::unsigned_bits(8);
        how = "8-bit integers, used as they are";
        break;
      case InputKind::kReal:
        if (!real_input_.empty()) {
          throw Unsupported("{}: inputs '{}' and '{}' are both real numbers; one such input is supported", graph_.source,
                            real_input_, input.name);
        }
        encoding.reset();
        real_input_ = input.name;
        real_input_shape_ = value.shape;
        how = "real numbers, quantized by the model's first quantizer";
        break;
    }
    if (encoding) value.node = network_.add(unique_name(input.name), ir::Input{value.shape, *encoding, std::nullopt});
    if (report_)
      report_->input += fmt::format("input '{}': {} (--input pixels, uint8 or real chooses otherwise)\n", input.name, how);
    values_.insert_or_assign(input.name, std::move(value));
  }
}

void Lowering::define_outputs() {
  for (const std::string& name : graph_.outputs) {
    const frontend::GraphNode place{name, "graph output", "", 1, {name}, {}, {}};
    const auto* result = std::get_if<Activation>(&value(place, 0));
    if (result == nullptr) throw refusal(place, "does not depend on the network's input");
    const bool untouched = result->node >= 0 && result->chain.links.empty();
    if (untouched && std::holds_alternative<ir::TopK>(network_.nodes[static_cast<size_t>(result->node)].layer)) {
      network_.outputs.push_back(result->node);
      continue;
    }
    const OnGrid source = on_grid(place, *result, kOutput);
    network_.outputs.push_back(
        emit(place, ir::Output{source.grid.scale.values(), source.grid.offset.values()}, {source.node}));
  }
}

// Reordering a constant reorders its scale as well; other operators leave a plain constant behind.
void Lowering::propagate_scale(const frontend::GraphNode& node, Constant& result) const {
  const auto* source = node.inputs.empty() || node.inputs[0].empty() ? nullptr : std::get_if<Constant>(&value(node, 0));
  if (node.op == "Quant" || node.op == "IntQuant" || node.op == "BipolarQuant") {
    const std::vector<const frontend::Array*> inputs = operands(node);
    const QuantInputs quant = read_quant(node, inputs);
    frontend::Array scale{result.array.shape, std::vector<double>(result.array.data.size())};
    for (size_t i = 0; i < scale.data.size(); ++i) {
      scale.data[i] = std::abs(
          quant.scale
              .data[static_cast<size_t>(broadcast_index(quant.scale.shape, result.array.shape, static_cast<int64_t>(i)))]);
    }
    result.scale = std::move(scale);
    return;
  }
  constexpr std::string_view kReorders[] = {"Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze",
                                            "Identity",  "Dropout", "Cast",    "Slice",   "Gather"};
  if (source == nullptr || !source->scale ||
      std::find(std::begin(kReorders), std::end(kReorders), node.op) == std::end(kReorders)) {
    return;
  }
  std::vector<const frontend::Array*> inputs = operands(node);
  inputs[0] = &*source->scale;
  frontend::GraphNode reorder = node;
  if (node.op == "Cast") reorder.op = "Identity";
  result.scale = lower::apply(reorder, inputs).front();
}

bool Lowering::fold_constants(const frontend::GraphNode& node) {
  if (node.op == "Shape" && has_input(node, 0) && !is_constant(node, 0)) {
    define(node, 0, Constant{read_shape(node, sizes(activation(node, 0))), std::nullopt});
    return true;
  }
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    if (has_input(node, i) && !is_constant(node, i)) return false;
  }
  if (!known_operator(node.op)) return false;
  const std::vector<const frontend::Array*> inputs = operands(node);
  std::vector<frontend::Array> results = lower::apply(node, inputs);
  for (size_t i = 0; i < results.size(); ++i) {
    constant_elements_ += results[i].elements();
    if (constant_elements_ > frontend::kMaxElements) {
      throw refusal(node, "the constants computed so far have more than {} elements", frontend::kMaxElements);
    }
    Constant constant{std::move(results[i]), std::nullopt};
    if (i == 0) propagate_scale(node, constant);
    define(node, i, std::move(constant));
  }
  return true;
}

void Lowering::lower_node(const frontend::GraphNode& node) {
  report(node, "nothing (no result of it is used)");
  if (fold_constants(node)) {
    report(node, "constant");
    return;
  }
  for (const auto* table :
       {&linear_handlers(), &elementwise_handlers(), &quantizer_handlers(), &pool_handlers(), &layout_handlers()}) {
    const auto handler = table->find(node.op);
    if (handler == table->end()) continue;
    report(node, "part of the next thresholds or output");
    handler->second(*this, node);
    return;
  }
  throw refusal(node,
                "this operator is not supported; `bitloom convert --report` lists what became of the others, and "
                "docs/user/models.md what is supported");
}

ir::Network Lowering::run() {
  define_inputs();
  for (const frontend::GraphNode& node : graph_.nodes) {
    try {
      lower_node(node);
    } catch (const Unsupported& error) {
      if (std::string_view(error.what()).starts_with(graph_.source)) throw;
      throw Unsupported(graph_.source + ": " + error.what());
    } catch (const Error& error) {
      if (std::string_view(error.what()).starts_with(graph_.source)) throw;
      throw Error(graph_.source + ": " + error.what());
    }
  }
  define_outputs();
  while (absorb_channels_first(network_)) {
  }
  drop_unused(network_);
  ir::verify(network_);
  return std::move(network_);
}

ir::Network lower(const frontend::QuantGraph& graph, const Options& options, Report* report) {
  return Lowering(graph, options, report).run();
}

ir::Network load_model(const std::filesystem::path& path, const Options& options, Report* report) {
  if (std::filesystem::is_regular_file(path)) {
    const MappedFile file = map_file(path);
    if (ir::is_bloom(file.bytes)) return ir::load(file.bytes, file.owner, path.string());
  }
  return lower(frontend::read(path), options, report);
}

}  // namespace bitloom::lower
