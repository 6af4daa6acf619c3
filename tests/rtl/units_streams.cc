// SPDX-License-Identifier: Apache-2.0
//
// Units that change the order, the number or the words of elements, and leave their values as they are.
#include "units.h"

#include <algorithm>
#include <numeric>

namespace bitloom::test {

Case Units::window() {
  for (;;) {
    std::optional<Case> one = window_or_none();
    if (one) return *one;
  }
}

// None if every window sees padding only, which is not legal.
std::optional<Case> Units::window_or_none() {
  const int lanes = pick(1, 4), words = pick(1, 3), channels = lanes * words, bits = pick(1, 3);
  const int kernel_h = pick(1, 3), kernel_w = pick(1, 3), dilation_h = pick(0, 3) ? 1 : 2, dilation_w = pick(0, 3) ? 1 : 2;
  const int stride_h = pick(1, 3), stride_w = pick(1, 3);
  const int span_h = (kernel_h - 1) * dilation_h + 1, span_w = (kernel_w - 1) * dilation_w + 1;
  const int pads[4] = {int(pick(0, std::min(2, span_h - 1))), int(pick(0, 2)), int(pick(0, std::min(2, span_h - 1))),
                       int(pick(0, 2))};
  const int in_h = std::max(1, span_h - pads[0] - pads[2]) + pick(0, 4),
            in_w = std::max(1, span_w - pads[1] - pads[3]) + pick(0, 4);
  const bool depthwise = pick(0, 1), enough_rows = pick(0, 1);
  const int64_t pad_code = pick(0, (1 << bits) - 1);
  const int out_h = (in_h + pads[0] + pads[2] - span_h) / stride_h + 1,
            out_w = (in_w + pads[1] + pads[3] - span_w) / stride_w + 1;
  const int frames = 8;
  const int enough = std::max(span_h + stride_h, in_h - (out_h - 1) * stride_h + span_h);
  const int rows = enough_rows ? enough : span_h + pick(0, stride_h);

  const std::vector<int64_t> input = codes(size_t(frames) * in_h * in_w * channels, bits);
  std::vector<int64_t> output;
  bool meets = false;
  auto emit = [&](int frame, int oy, int ox, int ky, int kx, int word) {
    const int y = oy * stride_h - pads[0] + ky * dilation_h, x = ox * stride_w - pads[1] + kx * dilation_w;
    const bool inside = y >= 0 && y < in_h && x >= 0 && x < in_w;
    meets |= inside;
    for (int lane = 0; lane < lanes; ++lane)
      output.push_back(inside ? input[((frame * in_h + y) * in_w + x) * channels + word * lanes + lane] : pad_code);
  };
  for (int frame = 0; frame < frames; ++frame) {
    for (int oy = 0; oy < out_h; ++oy) {
      for (int ox = 0; ox < out_w; ++ox) {
        for (int outer = 0; outer < (depthwise ? words : 1); ++outer) {
          for (int ky = 0; ky < kernel_h; ++ky) {
            for (int kx = 0; kx < kernel_w; ++kx) {
              for (int inner = 0; inner < (depthwise ? 1 : words); ++inner) emit(frame, oy, ox, ky, kx, outer + inner);
            }
          }
        }
      }
    }
  }
  if (!meets) return {};
  Case one{"bitloom_window",
           {{"Channels", number(channels)},
            {"Lanes", number(lanes)},
            {"Bits", number(bits)},
            {"InH", number(in_h)},
            {"InW", number(in_w)},
            {"KernelH", number(kernel_h)},
            {"KernelW", number(kernel_w)},
            {"StrideH", number(stride_h)},
            {"StrideW", number(stride_w)},
            {"PadTop", number(pads[0])},
            {"PadLeft", number(pads[1])},
            {"PadBottom", number(pads[2])},
            {"PadRight", number(pads[3])},
            {"DilationH", number(dilation_h)},
            {"DilationW", number(dilation_w)},
            {"PadCode", literal({pad_code}, bits)},
            {"Depthwise", number(depthwise)},
            {"Rows", number(rows)},
            {"Style", kStyles[style()]}},
           {},
           {pack(input, lanes, bits)},
           {pack(output, lanes, bits)},
           out_h * out_w * kernel_h * kernel_w * words,
           0,
           {},
           {}};
  one.surplus = one.frame_words;
  if (enough_rows) one.interval = std::max(in_h * in_w * words, one.frame_words);
  return one;
}

Case Units::width() {
  const int bits = pick(1, 3), in_lanes = pick(1, 8), out_lanes = pick(0, 1) ? pick(1, 8) : in_lanes * pick(1, 3);
  const int middle = std::lcm(in_lanes, out_lanes), frames = 8;
  const std::vector<int64_t> elements = codes(size_t(frames) * middle, bits);
  Case one{"bitloom_width",
           {{"Bits", number(bits)}, {"InLanes", number(in_lanes)}, {"OutLanes", number(out_lanes)}},
           {},
           {pack(elements, in_lanes, bits)},
           {pack(elements, out_lanes, bits)},
           middle / out_lanes,
           0,
           {},
           {}};
  one.interval = std::max(middle / in_lanes, middle / out_lanes);
  const int gathered = middle / in_lanes;
  one.latency = in_lanes == out_lanes ? 0 : gathered + (gathered > 1 && middle > out_lanes);
  return one;
}

Case Units::fifo() {
  const int bits = pick(1, 40), depth = pick(2, 9), count = 40;
  const Words words = random_words(bits, count);
  Case one{"bitloom_fifo",
           {{"Width", number(bits)}, {"Depth", number(depth)}, {"Style", kStyles[style()]}},
           {},
           {words},
           {words},
           1,
           0,
           {},
           {}};
  one.interval = 1;
  one.latency = 1;
  return one;
}

Case Units::fork() {
  const Words words = random_words(pick(1, 9), 40);
  Case one{"bitloom_fork", {{"Width", number(words.width)}}, {}, {words}, {words, words}, 1, 0, {}, {}};
  one.interval = 1;
  one.latency = 0;
  return one;
}

Case Units::crop() {
  const int lanes = pick(1, 4), words = pick(1, 6), first = pick(0, words - 1), count = pick(1, words - first), pixels = 12;
  const int bits = pick(1, 5), channels = lanes * words;
  const std::vector<int64_t> input = codes(size_t(pixels) * channels, bits);
  std::vector<int64_t> output;
  for (int i = 0; i < pixels * channels; ++i) {
    if (i % channels >= first * lanes && i % channels < (first + count) * lanes) output.push_back(input[i]);
  }
  Case one{"bitloom_crop",
           {{"Channels", number(channels)},
            {"Lanes", number(lanes)},
            {"Bits", number(bits)},
            {"First", number(first * lanes)},
            {"Count", number(count * lanes)}},
           {},
           {pack(input, lanes, bits)},
           {pack(output, lanes, bits)},
           count,
           0,
           {},
           {}};
  one.interval = words;
  one.latency = first;
  return one;
}

Case Units::concat() {
  const int lanes = pick(1, 4), words[2] = {int(pick(1, 4)), int(pick(1, 4))}, bits = pick(1, 5), pixels = 12;
  std::vector<int64_t> in[2], output;
  for (int i : {0, 1}) in[i] = codes(size_t(pixels) * words[i] * lanes, bits);
  for (int pixel = 0; pixel < pixels; ++pixel) {
    for (int i : {0, 1}) {
      for (int c = 0; c < words[i] * lanes; ++c) output.push_back(in[i][pixel * words[i] * lanes + c]);
    }
  }
  Case one{"bitloom_concat",
           {{"Channels0", number(words[0] * lanes)},
            {"Channels1", number(words[1] * lanes)},
            {"Lanes", number(lanes)},
            {"Bits", number(bits)}},
           {},
           {pack(in[0], lanes, bits), pack(in[1], lanes, bits)},
           {pack(output, lanes, bits)},
           words[0] + words[1],
           0,
           {},
           {}};
  one.interval = words[0] + words[1];
  return one;
}

Case Units::reorder() {
  int counts[4], strides[4], words = pick(1, 3), out = 1;
  const int bits = pick(1, 9), blocks = 8;
  for (int loop = 0; loop < 4; ++loop) {
    counts[loop] = pick(1, 4);
    strides[loop] = pick(0, 5);
    words += (counts[loop] - 1) * strides[loop];
    out *= counts[loop];
  }
  const std::vector<int64_t> input = codes(size_t(blocks) * words, bits);
  std::vector<int64_t> output;
  for (int block = 0; block < blocks; ++block) {
    for (int i = 0; i < out; ++i) {
      int at = 0, rest = i;
      for (int loop = 4; loop-- > 0; rest /= counts[loop]) at += rest % counts[loop] * strides[loop];
      output.push_back(input[block * words + at]);
    }
  }
  Case one{"bitloom_reorder",
           {{"Width", number(bits)}, {"Words", number(words)}, {"Style", kStyles[style()]}},
           {},
           {pack(input, 1, bits)},
           {pack(output, 1, bits)},
           out,
           0,
           {},
           {}};
  for (int loop = 0; loop < 4; ++loop) {
    one.parameters.emplace_back("Count" + number(loop), number(counts[loop]));
    one.parameters.emplace_back("Stride" + number(loop), number(strides[loop]));
  }
  one.interval = std::max(words, out);
  one.latency = words + 1;
  return one;
}

Case Units::probe() {
  const int frame_words = pick(1, 7), count = 50;
  std::vector<int64_t> output;
  for (int i = 0; i < count; ++i) output.push_back(int64_t(1) << 16 | i / frame_words << 8 | i);
  return {"probed_stream",
          {{"FrameWords", number(frame_words)}},
          {},
          {random_words(1, count)},
          {pack(output, 1, 17)},
          1,
          0,
          1,
          0};
}

}  // namespace bitloom::test
