// SPDX-License-Identifier: Apache-2.0
#include "quantizer.h"

#include <array>
#include <charconv>

namespace bitloom::train {
namespace {

struct Family {
  std::string_view name;
  Method method;
  int least, most;  ///< bits that may follow the name; 0, 0: none
  bool is_signed;
};

constexpr std::array<Family, 8> kFamilies = {{{"float", Method::kFloat, 0, 0, false},
                                              {"bipolar", Method::kBipolar, 0, 0, false},
                                              {"xnor", Method::kXnor, 0, 0, false},
                                              {"dorefa", Method::kDorefa, 1, 8, false},
                                              {"signed", Method::kUniform, 2, 8, true},
                                              {"unsigned", Method::kUniform, 1, 8, false},
                                              {"residual", Method::kResidual, 1, 4, false},
                                              {"isometric", Method::kIsometric, 1, 4, false}}};
constexpr std::string_view kTernary = "ternary";  // another name of signed2n

bool is_for(Operand operand, const Quantizer& quantizer) {
  const bool levels = quantizer.method == Method::kResidual || quantizer.method == Method::kIsometric;
  const bool is_unsigned = quantizer.method == Method::kUniform && !quantizer.is_signed;
  return operand == Operand::kWeights ? !levels && !is_unsigned : quantizer.method != Method::kXnor;
}

Quantizer of_family(const Family& family, int bits, bool narrow) { return {family.method, bits, family.is_signed, narrow}; }

/// The quantizer of a name, if there is one.
std::optional<Quantizer> find(std::string_view text) {
  if (text == kTernary) return Quantizer{Method::kUniform, 2, true, true};
  for (const Family& family : kFamilies) {
    if (!text.starts_with(family.name)) continue;
    std::string_view rest = text.substr(family.name.size());
    if (family.most == 0) return rest.empty() ? std::optional(of_family(family, 1, false)) : std::nullopt;
    const bool narrow = family.is_signed && rest.ends_with('n');
    if (narrow) rest.remove_suffix(1);
    int bits = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), bits);
    if (error != std::errc() || end != rest.data() + rest.size() || bits < family.least || bits > family.most)
      return std::nullopt;
    return of_family(family, bits, narrow);
  }
  return std::nullopt;
}

}  // namespace

std::string print(const Quantizer& quantizer) {
  for (const Family& family : kFamilies) {
    if (family.method != quantizer.method || family.is_signed != quantizer.is_signed) continue;
    if (family.most == 0) return std::string(family.name);
    return fmt::format("{}{}{}", family.name, quantizer.bits, quantizer.narrow ? "n" : "");
  }
  BITLOOM_CHECK(false);
}

Quantizer parse_quantizer(std::string_view text, Operand operand) {
  const std::optional<Quantizer> quantizer = find(text);
  if (!quantizer || !is_for(operand, *quantizer)) {
    throw Error(
        "'{}' is no quantizer for {}; those are {}", text, operand == Operand::kWeights ? "weights" : "activations",
        operand == Operand::kWeights
            ? "bipolar, xnor, ternary, signed2 to signed8 (signed2n to signed8n: narrow), dorefa1 to dorefa8, float"
            : "bipolar, ternary, signed2 to signed8 (signed2n to signed8n: narrow), unsigned1 to unsigned8, dorefa1 "
              "to dorefa8, residual1 to residual4, isometric1 to isometric4, float");
  }
  return *quantizer;
}

IntegerRange integers(const Quantizer& quantizer, Operand operand) {
  const int64_t count = int64_t{1} << quantizer.bits;
  switch (quantizer.method) {
    case Method::kFloat:
      break;
    case Method::kBipolar:
    case Method::kXnor:
      return {-1, 1};
    case Method::kDorefa:
      // Weights are (2 q - (2^k - 1)) / (2^k - 1), activations q / (2^k - 1), with q from 0 to 2^k - 1.
      return operand == Operand::kWeights ? IntegerRange{1 - count, count - 1} : IntegerRange{0, count - 1};
    case Method::kUniform:
      if (!quantizer.is_signed) return {0, count - 1};
      return {-count / 2 + (quantizer.narrow ? 1 : 0), count / 2 - 1};
    case Method::kResidual:
      return {-2 * kResidualLargest, 2 * kResidualLargest};
    case Method::kIsometric:
      return {1 - count, count - 1};
  }
  BITLOOM_CHECK(false);
}

}  // namespace bitloom::train
