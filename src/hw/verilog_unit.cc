// SPDX-License-Identifier: Apache-2.0
#include "verilog_unit.h"

#include <algorithm>

namespace bitloom::hw {
namespace {

std::string text(MemoryStyle style) {
  switch (style) {
    case MemoryStyle::kAuto:
      return "\"auto\"";
    case MemoryStyle::kBlock:
      return "\"block\"";
    case MemoryStyle::kDistributed:
      return "\"distributed\"";
  }
  BITLOOM_CHECK(false);
}

std::string text(int64_t value) { return fmt::format("{}", value); }
std::string text(int32_t value) { return fmt::format("{}", value); }
std::string text(bool value) { return value ? "1" : "0"; }

/// A parameter of several fields of `bits` bits, the first one lowest.
template <typename T>
std::string vector_text(const std::vector<T>& values, int bits) {
  std::vector<bool> all;
  for (const T value : values) append_bits(all, static_cast<int64_t>(value), bits);
  return fmt::format("{}'h{}", all.size(), hex(all));
}

std::string coefficients(const std::vector<int32_t>& values) { return vector_text(values, 32); }

/// The parameters `Plain`, `Coefs` and `Bias` of an element, under a prefix.
void add_element(VerilogUnit& unit, const std::string& prefix, const Element& element) {
  unit.parameters.emplace_back(prefix + "Plain", text(element.plain()));
  if (element.plain()) return;
  unit.parameters.emplace_back(prefix + "Coefs", coefficients(element.coefficients));
  unit.parameters.emplace_back(prefix + "Bias", text(element.bias));
}

/// Rows of thresholds as words of `lanes` rows each (bitloom_levels has the layout of a row).
std::string threshold_words(const std::vector<int64_t>& thresholds, const std::vector<uint8_t>& descending,
                            bool has_descending, int64_t rows, int64_t lanes, int bits) {
  const auto count = static_cast<int64_t>(thresholds.size()) / rows;
  std::string words;
  for (int64_t row = 0; row < rows; row += lanes) {
    std::vector<bool> word;
    for (int64_t lane = row; lane < row + lanes; ++lane) {
      for (int64_t j = 0; j < count; ++j) append_bits(word, thresholds[static_cast<size_t>(lane * count + j)], bits);
      if (has_descending) word.push_back(descending[static_cast<size_t>(lane)] != 0);
    }
    words += hex(word) + '\n';
  }
  return words;
}

/// Word nf * SF + sf: rows nf * PE .., and the columns of step sf (rtl/bitloom_mvtu.sv).
std::string weight_words(const Mvtu& m) {
  const auto planes = static_cast<int>(m.weight_coefs.size());
  std::string words;
  for (int64_t fold = 0; fold < m.folds(); ++fold) {
    for (int64_t step = 0; step < m.steps(); ++step) {
      std::vector<bool> word;
      for (int64_t row = fold * m.pe; row < (fold + 1) * m.pe; ++row) {
        const int64_t column = step % m.taps * (m.inputs / m.taps) + step / m.taps * m.simd;
        for (int64_t lane = 0; lane < m.simd; ++lane) append_bits(word, m.weights.code(row, column + lane), planes);
      }
      words += hex(word) + '\n';
    }
  }
  return words;
}

struct Writer {
  const Unit& unit;

  MemoryFile file(const char* what, std::string words) const {
    return {fmt::format("mem/{}.{}.hex", identifier(unit.name), what), std::move(words)};
  }

  static std::string quoted(const MemoryFile& file) { return '"' + file.name + '"'; }

  VerilogUnit operator()(const Window& w) const {
    const ir::Window& k = w.window;
    return {{{"Channels", text(w.channels)},
             {"Lanes", text(w.lanes)},
             {"Bits", text(w.bits)},
             {"InH", text(w.in_h)},
             {"InW", text(w.in_w)},
             {"KernelH", text(k.kernel_h)},
             {"KernelW", text(k.kernel_w)},
             {"StrideH", text(k.stride_h)},
             {"StrideW", text(k.stride_w)},
             {"PadTop", text(k.pad_top)},
             {"PadLeft", text(k.pad_left)},
             {"PadBottom", text(k.pad_bottom)},
             {"PadRight", text(k.pad_right)},
             {"DilationH", text(k.dilation_h)},
             {"DilationW", text(k.dilation_w)},
             {"PadCode", fmt::format("{}'d{}", w.bits, w.pad_code)},
             {"Depthwise", text(w.depthwise)},
             {"Rows", text(w.rows)},
             {"Style", text(w.style)}},
            {}};
  }

  VerilogUnit operator()(const Mvtu& m) const {
    const MemoryFile weights = file("weights", weight_words(m));
    const MemoryFile thresholds =
        file("thresholds", threshold_words(m.thresholds, m.descending, m.has_descending, m.outputs, m.pe, m.acc_bits));
    VerilogUnit result{{{"Inputs", text(m.inputs)},
                        {"Outputs", text(m.outputs)},
                        {"Simd", text(m.simd)},
                        {"Pe", text(m.pe)},
                        {"Groups", text(m.groups)},
                        {"Depthwise", text(m.depthwise)},
                        {"InPlanes", text(static_cast<int64_t>(m.in_coefs.size()))},
                        {"WeightPlanes", text(static_cast<int64_t>(m.weight_coefs.size()))},
                        {"Xnor", text(m.xnor)},
                        {"InCoefs", coefficients(m.in_coefs)},
                        {"WeightCoefs", coefficients(m.weight_coefs)},
                        {"AccBits", text(m.acc_bits)},
                        {"Levels", text(m.levels)},
                        {"OutBits", text(m.out_bits)},
                        {"HasDescending", text(m.has_descending)},
                        {"WeightFile", quoted(weights)},
                        {"ThresholdFile", quoted(thresholds)},
                        {"WeightStyle", text(m.weight_style)},
                        {"ThresholdStyle", text(m.threshold_style)}},
                       {weights, thresholds}};
    if (m.levels > 0) result.parameters.emplace_back("Codes", vector_text(m.codes, m.out_bits));
    return result;
  }

  VerilogUnit operator()(const Threshold& t) const {
    const int64_t lanes = t.rows == 1 ? 1 : t.lanes;
    const MemoryFile thresholds =
        file("thresholds", threshold_words(t.thresholds, t.descending, t.has_descending, t.rows, lanes, t.acc_bits));
    return {{{"Channels", text(t.channels)},
             {"Lanes", text(t.lanes)},
             {"InBits", text(t.in_bits)},
             {"Signed", text(t.is_signed)},
             {"AccBits", text(t.acc_bits)},
             {"Levels", text(t.levels)},
             {"OutBits", text(t.out_bits)},
             {"HasDescending", text(t.has_descending)},
             {"Codes", vector_text(t.codes, t.out_bits)},
             {"Rows", text(t.rows)},
             {"ThresholdFile", quoted(thresholds)},
             {"ThresholdStyle", text(t.style)}},
            {thresholds}};
  }

  VerilogUnit operator()(const Table& t) const {
    return {{{"Lanes", text(t.lanes)},
             {"InBits", text(t.in_bits)},
             {"OutBits", text(t.out_bits)},
             {"Codes", vector_text(t.codes, t.out_bits)}},
            {}};
  }

  VerilogUnit operator()(const MaxPool& p) const {
    return {{{"Channels", text(p.channels)},
             {"Lanes", text(p.lanes)},
             {"Bits", text(p.bits)},
             {"InH", text(p.in_h)},
             {"InW", text(p.in_w)},
             {"KernelH", text(p.kernel_h)},
             {"KernelW", text(p.kernel_w)},
             {"Signed", text(p.is_signed)}},
            {}};
  }

  VerilogUnit operator()(const SumPool& p) const {
    VerilogUnit result{{{"Channels", text(p.channels)},
                        {"Lanes", text(p.lanes)},
                        {"Bits", text(p.in.bits)},
                        {"InH", text(p.in_h)},
                        {"InW", text(p.in_w)},
                        {"KernelH", text(p.kernel_h)},
                        {"KernelW", text(p.kernel_w)},
                        {"OutBits", text(p.out_bits)}},
                       {}};
    add_element(result, "", p.in);
    return result;
  }

  VerilogUnit operator()(const Width& w) const {
    return {{{"Bits", text(w.bits)}, {"InLanes", text(w.in_lanes)}, {"OutLanes", text(w.out_lanes)}}, {}};
  }

  VerilogUnit operator()(const Fifo& f) const {
    return {{{"Width", text(f.width)}, {"Depth", text(f.depth)}, {"Style", text(f.style)}}, {}};
  }

  VerilogUnit operator()(const Fork& f) const { return {{{"Width", text(f.width)}}, {}}; }

  VerilogUnit operator()(const Add& a) const {
    VerilogUnit result{{{"Lanes", text(a.lanes)}, {"OutBits", text(a.out_bits)}}, {}};
    for (size_t i = 0; i < 2; ++i) {
      const std::string prefix = fmt::format("In{}", i);
      result.parameters.emplace_back(prefix + "Bits", text(a.in[i].bits));
      result.parameters.emplace_back(prefix + "Scale", text(a.multipliers[i]));
      add_element(result, prefix, a.in[i]);
    }
    return result;
  }

  VerilogUnit operator()(const Crop& c) const {
    return {{{"Channels", text(c.channels)},
             {"Lanes", text(c.lanes)},
             {"Bits", text(c.bits)},
             {"First", text(c.first)},
             {"Count", text(c.count)}},
            {}};
  }

  VerilogUnit operator()(const Scale& s) const {
    std::string words;
    for (size_t channel = 0; channel < s.factors.size();) {
      std::vector<bool> word;
      for (int32_t lane = 0; lane < s.lanes; ++lane, ++channel) {
        append_bits(word, s.factors[channel], s.factor_bits);
        append_bits(word, s.offsets[channel], s.out_bits);
      }
      words += hex(word) + '\n';
    }
    const MemoryFile scales = file("scales", std::move(words));
    VerilogUnit result{{{"Channels", text(s.channels)},
                        {"Lanes", text(s.lanes)},
                        {"Bits", text(s.in.bits)},
                        {"ValueBits", text(s.value_bits)},
                        {"FactorBits", text(s.factor_bits)},
                        {"OutBits", text(s.out_bits)},
                        {"File", quoted(scales)},
                        {"Style", text(s.style)}},
                       {scales}};
    add_element(result, "", s.in);
    return result;
  }

  VerilogUnit operator()(const Concat& c) const {
    return {{{"Channels0", text(c.channels[0])},
             {"Channels1", text(c.channels[1])},
             {"Lanes", text(c.lanes)},
             {"Bits", text(c.bits)}},
            {}};
  }

  VerilogUnit operator()(const Reorder& r) const {
    VerilogUnit result{{{"Width", text(r.lanes * r.bits)}, {"Words", text(r.elements / r.lanes)}, {"Style", text(r.style)}},
                       {}};
    for (size_t loop = 0; loop < 4; ++loop) {
      const bool inner = loop == 3;
      result.parameters.emplace_back(fmt::format("Count{}", loop), text(inner ? r.counts[3] / r.lanes : r.counts[loop]));
      result.parameters.emplace_back(fmt::format("Stride{}", loop), text(inner ? r.strides[3] : r.strides[loop] / r.lanes));
    }
    return result;
  }

  VerilogUnit operator()(const Top1& t) const {
    return {{{"Classes", text(t.classes)},
             {"Lanes", text(t.lanes)},
             {"InBits", text(t.in_bits)},
             {"Signed", text(t.is_signed)},
             {"OutBits", text(t.out_bits)}},
            {}};
  }
};

}  // namespace

VerilogUnit verilog_unit(const Unit& unit) { return std::visit(Writer{unit}, unit.kind); }

std::string identifier(std::string_view name) {
  std::string result(name);
  std::ranges::replace_if(
      result, [](char c) { return !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9'); }, '_');
  return result;
}

std::string hex(const std::vector<bool>& bits) {
  std::string digits((bits.size() + 3) / 4, '0');
  for (size_t d = 0; d < digits.size(); ++d) {
    unsigned digit = 0;
    for (size_t b = 0; b < 4 && 4 * d + b < bits.size(); ++b) digit |= static_cast<unsigned>(bits[4 * d + b]) << b;
    digits[digits.size() - 1 - d] = "0123456789abcdef"[digit];
  }
  return digits;
}

void append_bits(std::vector<bool>& bits, int64_t value, int count) {
  for (int b = 0; b < count; ++b) bits.push_back(((static_cast<uint64_t>(value) >> b) & 1) != 0);
}

}  // namespace bitloom::hw
