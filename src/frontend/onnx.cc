// SPDX-License-Identifier: Apache-2.0
//
// ONNX files: plain ONNX, QONNX, and the dialects of Brevitas and FINN. Only form is checked here, and leniently where real
// files are: custom domains without an opset import, initializers repeated among the inputs, nodes without names or out of
// order. ONNX's own checker is not used, because it refuses all of these.
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/stubs/logging.h>

#include <climits>
#include <set>
#include <unordered_map>

#include "onnx_tensor.h"
#include "text.h"

namespace bitloom::frontend {
namespace {

using onnx::AttributeProto;

// Deeper than any model without subgraphs, shallow enough for every stack.
constexpr int kMaxNesting = 100;

bool is_default_domain(std::string_view domain) { return domain.empty() || domain == "ai.onnx"; }

onnx::ModelProto parse(std::span<const std::byte> bytes, std::string_view source) {
  if (bytes.size() > INT_MAX) throw Unsupported("{}: ONNX files of 2 GiB and more are not read", source);
  const google::protobuf::LogSilencer quiet;  // the Error says it
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t*>(bytes.data()),
                                                static_cast<int>(bytes.size()));
  stream.SetTotalBytesLimit(INT_MAX);
  stream.SetRecursionLimit(kMaxNesting);
  onnx::ModelProto model;
  const bool whole = model.ParseFromCodedStream(&stream) && stream.ConsumedEntireMessage();
  if (!whole || !model.has_graph()) {
    throw Error(
        "{}: not a model that bitloom reads: neither ONNX ({}) nor a FINN topology in JSON, nor a folder of BNN-PYNQ "
        "parameters",
        source, whole ? "there is no graph in it" : "the protocol buffer is damaged or ends too early");
  }
  return model;
}

class Reader {
 public:
  Reader(const onnx::ModelProto& model, std::string_view source) : model_(model), source_(source), budget_(source_) {}

  QuantGraph read() {
    const onnx::GraphProto& proto = model_.graph();
    graph_.name = checked(proto.name());
    graph_.source = source_;
    graph_.format = "QONNX";
    if (proto.sparse_initializer_size() > 0) {
      throw Unsupported("{}: has sparse initializers; export the weights as dense tensors", source_);
    }
    read_imports();
    read_annotations();
    for (const onnx::TensorProto& tensor : proto.initializer()) {
      add_constant(tensor.name(), read_tensor(tensor, source_, fmt::format("initializer '{}'", tensor.name()), budget_));
    }
    for (const onnx::ValueInfoProto& input : proto.input()) read_input(input);
    for (const onnx::ValueInfoProto& output : proto.output()) graph_.outputs.push_back(checked(output.name()));
    for (const onnx::NodeProto& node : proto.node()) read_node(node);
    if (graph_.inputs.empty()) throw Error("{}: has no inputs other than constants", source_);
    if (graph_.outputs.empty()) throw Error("{}: has no outputs", source_);
    name_nodes(graph_);
    sort_nodes(graph_);
    verify(graph_);
    return std::move(graph_);
  }

 private:
  const std::string& checked(const std::string& name) const {
    if (!is_utf8(name)) throw Error("{}: holds a name that is not UTF-8 text", source_);
    return name;
  }

  void read_imports() {
    for (const onnx::OperatorSetIdProto& import : model_.opset_import()) {
      opsets_[is_default_domain(import.domain()) ? "" : checked(import.domain())] = import.version();
    }
    for (const onnx::FunctionProto& function : model_.functions()) functions_.emplace(function.domain(), function.name());
  }

  void read_annotations() {
    for (const onnx::TensorAnnotation& annotation : model_.graph().quantization_annotation()) {
      const std::string& tensor = checked(annotation.tensor_name());
      for (const onnx::StringStringEntryProto& entry : annotation.quant_parameter_tensor_names()) {
        if (entry.key() == "finn_datatype") graph_.datatypes[tensor] = checked(entry.value());
        if (entry.key() != "tensor_layout") continue;
        std::string& letters = layouts_[tensor];  // from a Python list: "['N', 'C', 'H', 'W']"
        letters.clear();
        for (const char c : entry.value()) {
          if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) letters += c;
        }
      }
    }
  }

  void add_constant(const std::string& name, Array array) {
    if (name.empty()) throw Error("{}: has a constant without a name", source_);
    if (!graph_.constants.emplace(checked(name), std::move(array)).second) {
      throw Error("{}: tensor '{}' is defined twice", source_, name);
    }
  }

  void read_input(const onnx::ValueInfoProto& proto) {
    if (graph_.constants.contains(proto.name())) return;  // files of IR versions before 4 list initializers here again
    GraphInput input{.name = checked(proto.name()), .shape = {}, .datatype = {}, .layout = {}};
    if (input.name.empty()) throw Error("{}: has an input without a name", source_);
    if (!proto.type().has_tensor_type()) throw Unsupported("{}: input '{}' is not a tensor", source_, input.name);
    if (!proto.type().tensor_type().has_shape()) {
      throw Unsupported("{}: input '{}' does not say its shape; export the model with an example input", source_,
                        input.name);
    }
    for (const auto& size : proto.type().tensor_type().shape().dim()) {
      // Exporters leave a size open by a name, by nothing at all, by 0 and by -1.
      const int64_t value = size.has_dim_value() && size.dim_value() != 0 ? size.dim_value() : -1;
      if (value < -1 || value > kMaxElements) throw Error("{}: input '{}' has a size of {}", source_, input.name, value);
      input.shape.push_back(value);
    }
    if (const auto at = graph_.datatypes.find(input.name); at != graph_.datatypes.end()) input.datatype = at->second;
    if (const auto at = layouts_.find(input.name); at != layouts_.end()) input.layout = at->second;
    graph_.inputs.push_back(std::move(input));
  }

  void read_node(const onnx::NodeProto& proto) {
    GraphNode node;
    node.name = checked(proto.name());
    node.op = checked(proto.op_type());
    node.domain = checked(proto.domain());
    if (node.op.empty()) throw Error("{}: node '{}' does not say its operator", source_, node.name);
    if (functions_.contains({proto.domain(), proto.op_type()})) {
      throw Unsupported("{}: node '{}' calls the function '{}' that the file defines; inline functions before export",
                        source_, label(proto), node.op);
    }
    if (const auto at = opsets_.find(is_default_domain(node.domain) ? "" : node.domain); at != opsets_.end()) {
      node.opset = at->second;
    }
    for (const std::string& tensor : proto.input()) node.inputs.push_back(checked(tensor));
    for (const std::string& tensor : proto.output()) node.outputs.push_back(checked(tensor));
    for (const AttributeProto& attribute : proto.attribute()) {
      if (!node.attributes.emplace(checked(attribute.name()), read_attribute(attribute, label(proto))).second) {
        throw Error("{}: node '{}' has attribute '{}' twice", source_, label(proto), attribute.name());
      }
    }
    if (node.op == "Constant" && is_default_domain(node.domain)) return read_constant(node, label(proto));
    graph_.nodes.push_back(std::move(node));
  }

  // What to call a node in messages: exporters that name nothing else still name tensors.
  static std::string label(const onnx::NodeProto& proto) {
    if (!proto.name().empty()) return proto.name();
    return fmt::format("{} -> {}", proto.op_type(), proto.output_size() > 0 ? proto.output(0) : "nothing");
  }

  Attribute read_attribute(const AttributeProto& proto, const std::string& node) {
    if (!proto.ref_attr_name().empty()) {
      throw Unsupported("{}: node '{}': attribute '{}' refers to a function's attribute; inline functions before export",
                        source_, node, proto.name());
    }
    switch (kind_of(proto)) {
      case AttributeProto::INT:
        return proto.i();
      case AttributeProto::FLOAT:
        return static_cast<double>(proto.f());
      case AttributeProto::STRING:
        return checked(proto.s());
      case AttributeProto::INTS:
        return std::vector<int64_t>(proto.ints().begin(), proto.ints().end());
      case AttributeProto::FLOATS:
        return std::vector<double>(proto.floats().begin(), proto.floats().end());
      case AttributeProto::STRINGS: {
        for (const std::string& text : proto.strings()) checked(text);
        return std::vector<std::string>(proto.strings().begin(), proto.strings().end());
      }
      case AttributeProto::TENSOR:
        return read_tensor(proto.t(), source_, fmt::format("node '{}': attribute '{}'", node, proto.name()), budget_);
      case AttributeProto::GRAPH:
      case AttributeProto::GRAPHS:
        throw Unsupported("{}: node '{}': attribute '{}' is a graph (If, Loop, Scan); export a model without control flow",
                          source_, node, proto.name());
      case AttributeProto::UNDEFINED:
      case AttributeProto::SPARSE_TENSOR:
      case AttributeProto::TYPE_PROTO:
      case AttributeProto::TENSORS:
      case AttributeProto::SPARSE_TENSORS:
      case AttributeProto::TYPE_PROTOS:
        break;
    }
    throw Unsupported("{}: node '{}': attribute '{}' is of a kind that bitloom does not read ({})", source_, node,
                      proto.name(), AttributeProto::AttributeType_Name(kind_of(proto)));
  }

  // Files of the first IR version do not say an attribute's kind.
  static AttributeProto::AttributeType kind_of(const AttributeProto& proto) {
    if (proto.type() != AttributeProto::UNDEFINED) return proto.type();
    if (proto.has_i()) return AttributeProto::INT;
    if (proto.has_f()) return AttributeProto::FLOAT;
    if (proto.has_s()) return AttributeProto::STRING;
    if (proto.has_t()) return AttributeProto::TENSOR;
    if (proto.has_g()) return AttributeProto::GRAPH;
    if (proto.ints_size() > 0) return AttributeProto::INTS;
    if (proto.floats_size() > 0) return AttributeProto::FLOATS;
    if (proto.strings_size() > 0) return AttributeProto::STRINGS;
    return AttributeProto::UNDEFINED;
  }

  void read_constant(GraphNode& node, const std::string& name) {
    if (node.outputs.size() != 1 || node.attributes.size() != 1 || !node.inputs.empty()) {
      throw Error("{}: node '{}': Constant must have one attribute, one output and no input", source_, name);
    }
    Attribute& value = node.attributes.begin()->second;
    const std::string what = fmt::format("node '{}'", name);
    Array array;
    if (auto* tensor = std::get_if<Array>(&value)) {
      array = std::move(*tensor);
    } else if (const auto* integer = std::get_if<int64_t>(&value)) {
      array = Array::scalar(exact_integer(*integer, source_, what));
    } else if (const auto* real = std::get_if<double>(&value)) {
      array = Array::scalar(*real);
    } else if (const auto* integers = std::get_if<std::vector<int64_t>>(&value)) {
      array.shape = {static_cast<int64_t>(integers->size())};
      for (const int64_t v : *integers) array.data.push_back(exact_integer(v, source_, what));
    } else if (const auto* reals = std::get_if<std::vector<double>>(&value)) {
      array = {{static_cast<int64_t>(reals->size())}, *reals};
    } else {
      throw Unsupported("{}: node '{}': the constant is text; bitloom reads numbers", source_, name);
    }
    add_constant(node.outputs[0], std::move(array));
  }

  const onnx::ModelProto& model_;
  std::string source_;
  ElementBudget budget_;
  QuantGraph graph_;
  std::map<std::string, int64_t> opsets_;
  std::map<std::string, std::string> layouts_;
  std::set<std::pair<std::string, std::string>> functions_;
};

}  // namespace

QuantGraph read_onnx(std::span<const std::byte> bytes, std::string_view source) {
  const onnx::ModelProto model = parse(bytes, source);
  return Reader(model, source).read();
}

}  // namespace bitloom::frontend
