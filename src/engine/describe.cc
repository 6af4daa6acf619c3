// SPDX-License-Identifier: Apache-2.0
//
// Steps in words, for tables.
#include <fmt/format.h>

#include "steps.h"

namespace bitloom::engine {
namespace {

std::string_view form_text(DotForm form) {
  switch (form) {
    case DotForm::kXor:
      return "xor";
    case DotForm::kAnd:
      return "and";
    case DotForm::kTernary:
      return "ternary";
    case DotForm::kTernaryByBipolar:
      return "ternary by bipolar";
    case DotForm::kValues:
      return "multiply";
  }
  return "";
}

struct Text {
  std::string operator()(const PackStep&) const { return "integers to planes"; }
  std::string operator()(const UnpackStep&) const { return "planes to integers"; }
  std::string operator()(const NarrowStep&) const { return "integers to bytes"; }
  std::string operator()(const WidenStep&) const { return "bytes to integers"; }
  std::string operator()(const DotStep& step) const {
    const DotLayer& layer = step.layer;
    const bool planes = layer.form == DotForm::kXor || layer.form == DotForm::kAnd;
    return fmt::format("dot{}{}, {}{}{}", layer.thresholds_count > 0 ? " + threshold" : "",
                       layer.pooled ? " + max_pool" : "", form_text(layer.form),
                       planes ? fmt::format(" {} x {}", layer.x_planes, layer.w_planes) : "",
                       step.in_place ? "" : ", rows gathered");
  }
  std::string operator()(const ThresholdStep&) const { return "threshold"; }
  std::string operator()(const ByteThresholdStep&) const { return "threshold of bytes"; }
  std::string operator()(const LookupStep&) const { return "lookup of bytes"; }
  std::string operator()(const PlanePoolStep&) const { return "max_pool of planes"; }
  std::string operator()(const IntegerPoolStep& step) const {
    return step.kind == IntegerPoolStep::Kind::kMax ? "max_pool of integers" : "sum_pool";
  }
  std::string operator()(const AddStep&) const { return "add"; }
  std::string operator()(const LayoutStep& step) const { return std::string(ir::layer_name(step.layer)); }
  std::string operator()(const TopKStep&) const { return "top_k"; }
};

}  // namespace

std::string describe(const Step& step) { return std::visit(Text{}, step); }

}  // namespace bitloom::engine
