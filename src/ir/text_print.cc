// SPDX-License-Identifier: Apache-2.0
//
// Networks and encodings as text (docs/reference/text-form.md). What has its default value is left out, so that a line
// shows what is particular about a layer. Numbers are printed with the fewest digits that read back exactly.
#include <algorithm>
#include <iterator>
#include <string>

#include <fmt/format.h>

#include "bitloom/ir.h"
#include "describe.h"

namespace bitloom::ir {
namespace {

class Printer {
 public:
  explicit Printer(WeightText weights) : weights_(weights) {}

  std::string network(const Network& network) {
    add("network {}\n", quoted(network.name));
    for (size_t id = 0; id < network.nodes.size(); ++id) node(id, network.nodes[id]);
    if (!network.outputs.empty()) {
      add("output");
      for (const NodeId id : network.outputs) add(" %{}", id);
      add("\n");
    }
    if (!network.classes.empty()) {
      add("classes");
      for (const std::string& name : network.classes) add(" {}", quoted(name));
      add("\n");
    }
    return std::move(text_);
  }

  void operator()(const Input& input) {
    add(" {} {}", describe(input.shape), element(input.element));
    if (!input.real) return;
    add(" real");
    rows(input.real->rows, input.real->thresholds, input.real->descending);
  }

  void operator()(const Dot& dot) {
    add(" {} {}x{}", print(dot.encoding), dot.weights.rows(), dot.weights.columns());
    window(dot.window);
    if (dot.groups != 1) add(" groups={}", dot.groups);
    add(" weights=");
    if (weights_ == WeightText::kOmitted) {
      add("-");
    } else {
      hex(dot.weights);
    }
  }

  void operator()(const Threshold& threshold) {
    add(" {}", print(threshold.encoding));
    rows(threshold.rows, threshold.thresholds, threshold.descending);
  }

  void operator()(const MaxPool& pool) { window(pool.window); }
  void operator()(const SumPool& pool) { window(pool.window); }

  void operator()(const Add& sum) {
    const auto is_one = [](int32_t multiplier) { return multiplier == 1; };
    if (!std::all_of(sum.multipliers.begin(), sum.multipliers.end(), is_one)) list("multipliers", sum.multipliers);
  }

  void operator()(const Concat&) {}
  void operator()(const Slice& slice) { add(" begin={} end={}", slice.begin, slice.end); }

  void operator()(const Reshape& reshape) {
    add(" {}", describe(reshape.shape));
    if (reshape.channels_first) add(" channels_first");
  }

  void operator()(const DepthToSpace& layer) {
    add(" block={}", layer.block);
    if (layer.column_row_depth) add(" column_row_depth");
  }

  void operator()(const Upsample& upsample) { add(" factor={}x{}", upsample.factor_h, upsample.factor_w); }

  void operator()(const Output& output) {
    const Output usual;
    if (output.scale != usual.scale) list("scale", output.scale);
    if (output.offset != usual.offset) list("offset", output.offset);
  }

  void operator()(const TopK& top_k) { add(" k={}", top_k.k); }

 private:
  template <typename... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
  }

  static std::string quoted(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (c == '"' || c == '\\') {
        result += '\\';
        result += c;
      } else if (c == '\n') {
        result += "\\n";
      } else if (byte < 0x20 || byte == 0x7f) {
        result += fmt::format("\\x{:02x}", byte);
      } else {
        result += c;
      }
    }
    return result + '"';
  }

  static std::string element(const std::variant<Encoding, Range>& element) {
    if (const auto* encoding = std::get_if<Encoding>(&element)) return print(*encoding);
    const Range& range = std::get<Range>(element);
    return fmt::format("range({}..{})", range.lowest, range.highest);
  }

  void node(size_t id, const Node& node) {
    add("%{} = {} {}", id, layer_name(node.layer), quoted(node.name));
    for (const NodeId input : node.inputs) add(" %{}", input);
    std::visit(*this, node.layer);
    add("\n");
  }

  void pair(std::string_view name, int32_t h, int32_t w) {
    if (h != 1 || w != 1) add(" {}={}x{}", name, h, w);
  }

  void window(const Window& window) {
    pair("kernel", window.kernel_h, window.kernel_w);
    pair("stride", window.stride_h, window.stride_w);
    if (window.padded()) {
      add(" pads={},{},{},{}", window.pad_top, window.pad_left, window.pad_bottom, window.pad_right);
    }
    pair("dilation", window.dilation_h, window.dilation_w);
  }

  template <typename T>
  void list(std::string_view name, const std::vector<T>& values) {
    add(" {}=", name);
    for (size_t i = 0; i < values.size(); ++i) {
      if (i != 0) text_ += ',';
      add("{}", values[i]);
    }
  }

  template <typename T>
  void rows(int32_t count, const std::vector<T>& thresholds, const std::vector<uint8_t>& descending) {
    if (count != 1) add(" rows={}", count);
    const size_t row_count = descending.size();
    const size_t levels = row_count == 0 ? 0 : thresholds.size() / row_count;
    for (size_t row = 0; row < row_count; ++row) {
      add("{}[", descending[row] ? " desc" : " ");
      for (size_t i = 0; i < levels; ++i) {
        if (i != 0) text_ += ' ';
        add("{}", thresholds[row * levels + i]);
      }
      text_ += ']';
    }
  }

  // Row after row, each the words of its planes, most significant digit first.
  void hex(const BitMatrix& weights) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    text_ += "hex:";
    const int64_t words_a_row = weights.words_per_row() * weights.planes();
    int64_t index = 0;
    for (const uint64_t word : weights.words()) {
      if (index != 0 && index % words_a_row == 0) text_ += ',';
      ++index;
      for (int shift = 60; shift >= 0; shift -= 4) text_ += kDigits[(word >> shift) & 15];
    }
  }

  WeightText weights_;
  std::string text_;
};

}  // namespace

std::string print(const Network& network, WeightText weights) { return Printer(weights).network(network); }

}  // namespace bitloom::ir
