// SPDX-License-Identifier: Apache-2.0
//
// Pools. Those that lie side by side keep partial results of a row; others (overlapping, padded, dilated) read the words of
// a window, tap after tap of each channel.
#include "builder.h"

namespace bitloom::hw {

bool Builder::pools_directly(const ir::Window& w) const {
  const ir::Shape &image = source().type.shape, &out = node().type.shape;
  const bool plain = !w.padded() && w.dilation_h == 1 && w.dilation_w == 1;
  const bool apart = (out.height == 1 || w.stride_h == w.kernel_h) && (out.width == 1 || w.stride_w == w.kernel_w);
  return plain && apart && out.height == image.height / w.kernel_h && out.width == image.width / w.kernel_w;
}

template <typename Pool>
Tap Builder::pool_windows(const Tap& tap, const Element& element, const ir::Window& window, Pool unit, uint32_t pad_code) {
  const ir::Shape& out = node().type.shape;
  const Tap words = windowed(tap, element, window, source(), out, pad_code, true, Lanes::kPe, tap.variable);
  unit.kernel_h = 1;
  unit.in_w = unit.kernel_w = window.kernel_h * window.kernel_w;
  const Tap result = pass(words, element, "", unit, out.channels, out.elements());
  structure_.parts.back().windows = int64_t{out.height} * out.width;
  return result;
}

void Builder::make(const ir::MaxPool& layer) {
  const ir::Shape& s = source().type.shape;
  const ir::Window& w = layer.window;
  const ir::NodeId from = node().inputs[0];
  Element element = tensor(from).element;
  const Element out = element;
  Tap tap = take(from);
  const ir::Encoding* encoding = source().type.encoding();
  Order order = Order::kSigned;
  if (encoding) tap = with_order(tap, *encoding, element, order);
  const bool is_signed = order == Order::kSigned;
  const MaxPool unit{s.channels, 1, element.bits, s.height, s.width, w.kernel_h, w.kernel_w, is_signed};
  const int64_t all = node().type.shape.elements();
  if (pools_directly(w)) {
    tap = pass(tap, element, "", unit, s.channels, all);
  } else {
    // What lies outside is less than anything, and a window sees some of the image.
    tap = pool_windows(tap, element, w, unit, is_signed ? uint32_t{1} << (element.bits - 1) : 0);
  }
  if (encoding && order_of(*encoding) == Order::kNone) {
    Table back{1, element.bits, out.bits, encoding->level_codes()};
    back.codes.resize(size_t{1} << element.bits);
    tap = pass(tap, element, ".codes", back, s.channels, all);
  }
  put(tap, out);
}

void Builder::make(const ir::SumPool& layer) {
  const ir::Shape& s = source().type.shape;
  const ir::Window& w = layer.window;
  const ir::NodeId from = node().inputs[0];
  Element element = tensor(from).element;
  const Element out = element_of(node().type);
  Tap tap = take(from);
  const bool directly = pools_directly(w);
  uint32_t zero = 0;
  if (w.padded()) tap = with_zero_code(tap, source(), element, zero, Lanes::kPe, tap.variable);
  const SumPool unit{s.channels, 1, s.height, s.width, w.kernel_h, w.kernel_w, element, out.bits};
  tap = directly ? pass(tap, element, "", unit, s.channels, node().type.shape.elements())
                 : pool_windows(tap, element, w, unit, zero);
  put(tap, out);
}

}  // namespace bitloom::hw
