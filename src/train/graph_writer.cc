// SPDX-License-Identifier: Apache-2.0
#include "graph_writer.h"

namespace bitloom::train {
namespace {

constexpr int64_t kIrVersion = 7;  // the one that belongs to operator set 13
constexpr int64_t kOpset = 13;

void describe(onnx::ValueInfoProto& value, const std::string& name, const Dims& shape) {
  value.set_name(name);
  onnx::TypeProto_Tensor& type = *value.mutable_type()->mutable_tensor_type();
  type.set_elem_type(onnx::TensorProto::FLOAT);
  for (const int64_t size : shape) type.mutable_shape()->add_dim()->set_dim_value(size);
}

}  // namespace

GraphWriter::GraphWriter(std::string name) : graph_(*model_.mutable_graph()) {
  model_.set_ir_version(kIrVersion);
  model_.set_producer_name("bitloom");
  for (const auto& [domain, version] : {std::pair{"", kOpset}, std::pair{kQuantDomain, int64_t{1}}}) {
    onnx::OperatorSetIdProto& import = *model_.add_opset_import();
    import.set_domain(domain);
    import.set_version(version);
  }
  graph_.set_name(std::move(name));
}

void GraphWriter::input(const std::string& name, const Dims& shape) { describe(*graph_.add_input(), name, shape); }

void GraphWriter::output(const std::string& name, const Dims& shape) {
  graph_.mutable_value_info()->RemoveLast();
  describe(*graph_.add_output(), name, shape);
}

std::string GraphWriter::add(const char* op, std::initializer_list<std::string> inputs, const std::string& output,
                             const Dims& shape) {
  onnx::NodeProto& node = *graph_.add_node();
  node.set_op_type(op);
  node.set_name(output);
  for (const std::string& input : inputs) node.add_input(input);
  node.add_output(output);
  describe(*graph_.add_value_info(), output, shape);
  return output;
}

onnx::AttributeProto& GraphWriter::attribute(const char* name, onnx::AttributeProto::AttributeType type) {
  onnx::AttributeProto& attribute = *graph_.mutable_node(graph_.node_size() - 1)->add_attribute();
  attribute.set_name(name);
  attribute.set_type(type);
  return attribute;
}

void GraphWriter::attribute(const char* name, int64_t value) { attribute(name, onnx::AttributeProto::INT).set_i(value); }
void GraphWriter::attribute(const char* name, float value) { attribute(name, onnx::AttributeProto::FLOAT).set_f(value); }
void GraphWriter::attribute(const char* name, const char* value) {
  attribute(name, onnx::AttributeProto::STRING).set_s(value);
}
void GraphWriter::attribute(const char* name, const Dims& values) {
  onnx::AttributeProto& target = attribute(name, onnx::AttributeProto::INTS);
  for (const int64_t value : values) target.add_ints(value);
}

void GraphWriter::domain(const char* name) { graph_.mutable_node(graph_.node_size() - 1)->set_domain(name); }

onnx::TensorProto& GraphWriter::tensor(const std::string& name, onnx::TensorProto::DataType type, const Dims& shape) {
  onnx::TensorProto& tensor = *graph_.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(type);
  for (const int64_t size : shape) tensor.add_dims(size);
  return tensor;
}

std::string GraphWriter::constant(const std::string& name, std::span<const float> values, const Dims& shape) {
  tensor(name, onnx::TensorProto::FLOAT, shape).set_raw_data(values.data(), values.size_bytes());
  return name;
}

std::string GraphWriter::constant(const std::string& name, float value) { return constant(name, std::span(&value, 1), {}); }

std::string GraphWriter::constant(const std::string& name, std::span<const int8_t> values, const Dims& shape) {
  tensor(name, onnx::TensorProto::INT8, shape).set_raw_data(values.data(), values.size_bytes());
  return name;
}

std::string GraphWriter::bytes() const { return model_.SerializeAsString(); }

}  // namespace bitloom::train
