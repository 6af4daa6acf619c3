// SPDX-License-Identifier: Apache-2.0
//
// Dot layers: a window where the kernel needs one, and the matrix-vector unit.
#include <algorithm>
#include <utility>

#include "builder.h"
#include "mvtu.h"

namespace bitloom::hw {
namespace {

/// Some position of a window along one axis that sees nothing of the image.
bool sees_nothing(int64_t size, int64_t kernel, int64_t stride, int64_t before, int64_t after, int64_t dilation) {
  const int64_t span = (kernel - 1) * dilation + 1;
  for (int64_t at = -before; at + span <= size + after; at += stride) {
    bool inside = false;
    for (int64_t k = 0; k < kernel; ++k) inside |= at + k * dilation >= 0 && at + k * dilation < size;
    if (!inside) return true;
  }
  return false;
}

}  // namespace

bool Builder::fuses(ir::NodeId dot) const {
  if (uses_[static_cast<size_t>(dot)] != 1) return false;
  for (size_t i = 0; i < network_.nodes.size(); ++i) {
    const ir::Node& reader = network_.nodes[i];
    if (uses_[i] == 0 || std::ranges::find(reader.inputs, dot) == reader.inputs.end()) continue;
    return std::holds_alternative<ir::Threshold>(reader.layer);
  }
  return false;  // an output of the network
}

void Builder::make(const ir::Dot& dot) {
  if (!fuses(id_)) dot_with(dot, id_, nullptr);
}

Tap Builder::with_zero_code(const Tap& tap, const ir::Node& image, Element& element, uint32_t& zero, Lanes by, int32_t of) {
  const ir::Encoding* encoding = image.type.encoding();
  zero = 0;
  if (encoding == nullptr) return tap;
  if (encoding->has_zero()) {
    zero = encoding->code(0);
    return tap;
  }
  const ZeroCodes codes = with_zero(*encoding);
  const Table table{1, element.bits, codes.element.bits, codes.codes};
  const Tap result = pass(tap, element, ".pad", table, image.type.shape.channels, image.type.shape.elements(), by, of);
  element = codes.element;
  zero = codes.zero;
  return result;
}

Tap Builder::windowed(const Tap& tap, const Element& element, const ir::Window& w, const ir::Node& image,
                      const ir::Shape& result, uint32_t pad_code, bool channels_first, Lanes by, int32_t of) {
  const ir::Shape& s = image.type.shape;
  if (sees_nothing(s.height, w.kernel_h, w.stride_h, w.pad_top, w.pad_bottom, w.dilation_h) ||
      sees_nothing(s.width, w.kernel_w, w.stride_w, w.pad_left, w.pad_right, w.dilation_w)) {
    throw Unsupported("some position of the window sees nothing but padding; pad less");
  }
  const Window unit{s.channels, 1,        element.bits,   s.height, s.width,
                    w,          pad_code, channels_first, 1,        MemoryStyle::kDistributed};
  const int64_t positions = int64_t{result.height} * result.width;
  return pass(tap, element, ".window", unit, s.channels, positions * w.kernel_h * w.kernel_w * s.channels, by, of);
}

void Builder::dot_with(const ir::Dot& dot, ir::NodeId dot_id, const ir::Threshold* threshold) {
  const ir::NodeId result = std::exchange(id_, dot_id);  // units are named after the Dot
  const ir::Node& image = source();
  const int32_t of = variable();
  Element element = tensor(node().inputs[0]).element;
  Tap tap = take(node().inputs[0]);
  const size_t first_part = structure_.parts.size();
  const ir::Node& last = node(result);
  const bool depthwise = is_depthwise(dot);
  if (!passes_through(dot, image.type.shape)) {
    const Lanes by = depthwise ? Lanes::kPe : Lanes::kSimd;
    uint32_t zero = 0;
    if (dot.window.padded()) tap = with_zero_code(tap, image, element, zero, by, of);
    tap = windowed(tap, element, dot.window, image, last.type.shape, zero, dot.groups > 1, by, of);
    // SIMD divides the channels of a group, so a group's words come together.
    if (!depthwise) structure_.parts.back().granule = image.type.shape.channels / dot.groups;
  }
  Mvtu unit = make_mvtu(dot, element, image.type.range(), threshold, last.type);
  const int32_t part = add("", std::move(unit), of, Lanes::kSimd, 1, tap.depth + 1);
  connect(tap, {part, 0}, element);
  elements_.push_back(last.type.shape.elements());
  structure_.parts[first_part].fifo = true;
  id_ = result;
  structure_.parts.back().unit.node = result;
  put({{part, 0}, of, tap.depth + 1, tap.late}, element_of(last.type));
}

}  // namespace bitloom::hw
