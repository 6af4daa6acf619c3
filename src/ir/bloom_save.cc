// SPDX-License-Identifier: Apache-2.0
//
// Writes .bloom files. Every part is made in a statement of its own: the bytes follow the order of the calls, C++ leaves
// the order of a call's arguments open, and the same network must give the same bytes with every compiler.
#include <variant>
#include <vector>

#include "bitloom/file.h"
#include "bitloom/ir.h"
#include "bloom_format.h"

namespace bitloom::ir {
namespace {

using flatbuffers::Offset;

// An upper bound but for names; the writer has no means to stop half-way.
int64_t estimated_bytes(const Network& network) {
  int64_t bytes = 1024;
  for (const Node& node : network.nodes) {
    bytes += 512 + static_cast<int64_t>(node.name.size() + node.inputs.size() * 4);
    if (const auto* dot = std::get_if<Dot>(&node.layer)) bytes += static_cast<int64_t>(dot->weights.words().size()) * 8;
    if (const auto* threshold = std::get_if<Threshold>(&node.layer)) {
      bytes += static_cast<int64_t>(threshold->thresholds.size()) * 4 + threshold->rows;
    }
    if (const auto* output = std::get_if<Output>(&node.layer)) {
      bytes += static_cast<int64_t>(output->scale.size() + output->offset.size()) * 8;
    }
    if (const auto* input = std::get_if<Input>(&node.layer); input != nullptr && input->real) {
      bytes += static_cast<int64_t>(input->real->thresholds.size()) * 4 + input->real->rows;
    }
  }
  return bytes;
}

class Writer {
 public:
  explicit Writer(int64_t bytes) : builder_(static_cast<size_t>(bytes)) {}

  flatbuffers::DetachedBuffer write(const Network& network) {
    const auto name = builder_.CreateString(network.name);
    std::vector<Offset<schema::Node>> nodes;
    for (const Node& n : network.nodes) nodes.push_back(node(n));
    const auto node_vector = builder_.CreateVector(nodes);
    const auto outputs = builder_.CreateVector(network.outputs);
    std::vector<Offset<flatbuffers::String>> classes;
    for (const std::string& c : network.classes) classes.push_back(builder_.CreateString(c));
    const auto class_vector = builder_.CreateVector(classes);
    const auto root = schema::CreateNetwork(builder_, kBloomVersion, name, node_vector, outputs, class_vector);
    schema::FinishNetworkBuffer(builder_, root);
    return builder_.Release();
  }

 private:
  Offset<schema::Node> node(const Node& node) {
    const auto name = builder_.CreateString(node.name);
    const auto inputs = builder_.CreateVector(node.inputs);
    schema::Layer kind = schema::Layer::NONE;
    const auto set_layer = [&](const auto& layer) {
      const auto offset = write_layer(layer);
      kind = kind_of(offset);
      return offset.Union();
    };
    const Offset<void> layer = std::visit(set_layer, node.layer);
    return schema::CreateNode(builder_, name, kind, layer, inputs);
  }

  template <typename T>
  static schema::Layer kind_of(Offset<T>) {
    return schema::LayerTraits<T>::enum_value;
  }

  static schema::Shape shape(const Shape& s) { return {s.height, s.width, s.channels}; }

  static schema::Window window(const Window& w) {
    return {w.kernel_h, w.kernel_w,   w.stride_h,  w.stride_w,   w.pad_top,
            w.pad_left, w.pad_bottom, w.pad_right, w.dilation_h, w.dilation_w};
  }

  Offset<schema::Encoding> encoding(const Encoding& encoding) {
    const auto coefficients = builder_.CreateVector(encoding.coefficients);
    return schema::CreateEncoding(builder_, coefficients, encoding.bias, encoding.lowest, encoding.highest);
  }

  Offset<schema::RealQuantizer> quantizer(const RealQuantizer& real) {
    const auto thresholds = builder_.CreateVector(real.thresholds);
    const auto descending = builder_.CreateVector(real.descending);
    return schema::CreateRealQuantizer(builder_, real.rows, thresholds, descending);
  }

  Offset<schema::Input> write_layer(const Input& input) {
    const schema::Shape size = shape(input.shape);
    Offset<schema::RealQuantizer> real;
    if (input.real) real = quantizer(*input.real);
    if (const auto* codes = std::get_if<Encoding>(&input.element)) {
      return schema::CreateInput(builder_, &size, encoding(*codes), nullptr, real);
    }
    const Range& bounds = std::get<Range>(input.element);
    const schema::Range range(bounds.lowest, bounds.highest);
    return schema::CreateInput(builder_, &size, 0, &range, real);
  }

  Offset<schema::Dot> write_layer(const Dot& dot) {
    const schema::Window size = window(dot.window);
    const auto codes = encoding(dot.encoding);
    const auto words = builder_.CreateVector(dot.weights.words().data(), dot.weights.words().size());
    return schema::CreateDot(builder_, &size, dot.groups, codes, dot.weights.rows(), dot.weights.columns(), words);
  }

  Offset<schema::Threshold> write_layer(const Threshold& threshold) {
    const auto codes = encoding(threshold.encoding);
    const auto thresholds = builder_.CreateVector(threshold.thresholds);
    const auto descending = builder_.CreateVector(threshold.descending);
    return schema::CreateThreshold(builder_, codes, threshold.rows, thresholds, descending);
  }

  Offset<schema::MaxPool> write_layer(const MaxPool& pool) {
    const schema::Window size = window(pool.window);
    return schema::CreateMaxPool(builder_, &size);
  }

  Offset<schema::SumPool> write_layer(const SumPool& pool) {
    const schema::Window size = window(pool.window);
    return schema::CreateSumPool(builder_, &size);
  }

  Offset<schema::Add> write_layer(const Add& add) {
    return schema::CreateAdd(builder_, builder_.CreateVector(add.multipliers));
  }

  Offset<schema::Concat> write_layer(const Concat&) { return schema::CreateConcat(builder_); }

  Offset<schema::Slice> write_layer(const Slice& slice) { return schema::CreateSlice(builder_, slice.begin, slice.end); }

  Offset<schema::Reshape> write_layer(const Reshape& reshape) {
    const schema::Shape size = shape(reshape.shape);
    return schema::CreateReshape(builder_, &size, reshape.channels_first);
  }

  Offset<schema::DepthToSpace> write_layer(const DepthToSpace& layer) {
    return schema::CreateDepthToSpace(builder_, layer.block, layer.column_row_depth);
  }

  Offset<schema::Upsample> write_layer(const Upsample& upsample) {
    return schema::CreateUpsample(builder_, upsample.factor_h, upsample.factor_w);
  }

  Offset<schema::Output> write_layer(const Output& output) {
    const auto scale = builder_.CreateVector(output.scale);
    const auto offset = builder_.CreateVector(output.offset);
    return schema::CreateOutput(builder_, scale, offset);
  }

  Offset<schema::TopK> write_layer(const TopK& top_k) { return schema::CreateTopK(builder_, top_k.k); }

  flatbuffers::FlatBufferBuilder builder_;
};

}  // namespace

void save(const Network& network, const std::filesystem::path& path) {
  verify(network);
  const int64_t bytes = estimated_bytes(network);
  if (bytes > kMaxBloomBytes) {
    throw Unsupported("{}: network '{}' takes about {} bytes; a .bloom file holds at most {}", path.string(), network.name,
                      bytes, kMaxBloomBytes);
  }
  const flatbuffers::DetachedBuffer buffer = Writer(bytes).write(network);
  write_file(path, std::as_bytes(std::span(buffer.data(), buffer.size())));
}

}  // namespace bitloom::ir
