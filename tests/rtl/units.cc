// SPDX-License-Identifier: Apache-2.0
//
// Units that compute, and what all draw from.
#include "units.h"

#include <algorithm>
#include <bit>

namespace bitloom::test {
namespace {

int64_t sign_extend(int64_t value, int bits) { return int64_t(uint64_t(value) << (64 - bits)) >> (64 - bits); }

/// The thresholds of a row, and what the hardware should make of an accumulator.
struct Row {
  std::vector<int64_t> thresholds;
  bool descending = false;

  int64_t code(int64_t acc, const std::vector<int64_t>& codes) const {
    int64_t index = 0;
    for (int64_t t : thresholds) index += acc >= t;
    return codes.at(descending ? thresholds.size() - index : index);
  }
  void append_to(std::vector<bool>& word, int acc_bits, bool has_descending) const {
    for (int64_t t : thresholds) append(word, t, acc_bits);
    if (has_descending) append(word, descending, 1);
  }
};

}  // namespace

std::string number(int64_t value) { return std::to_string(value); }

std::string literal(const std::vector<int64_t>& fields, int bits) {
  std::vector<bool> word;
  for (int64_t field : fields) append(word, field, bits);
  return number(word.size()) + "'h" + hex_of(word);
}

int Units::divisor(int number) {
  std::vector<int> all;
  for (int i = 1; i <= number; ++i) {
    if (number % i == 0) all.push_back(i);
  }
  return all[pick(0, all.size() - 1)];
}

std::vector<int64_t> Units::codes(size_t count, int bits) {
  std::vector<int64_t> result(count);
  for (int64_t& code : result) code = int64_t(random_() & ((uint64_t(1) << bits) - 1));
  return result;
}

Words Units::random_words(int width, size_t count) { return pack(codes(count * width, 1), width, 1); }

Case Units::mvtu() {
  const int kind = pick(0, 3);  // one group mostly, several, or a channel a row
  const bool depthwise = kind == 2;
  const int simd = depthwise ? 1 : pick(1, 12), pe = pick(1, 4), steps = pick(0, 3) ? pick(1, 6) : 1;
  const int groups = kind == 3 ? pick(2, 4) : 1, folds = groups * (pick(0, 3) ? pick(1, 5) : 1);
  const int inputs = simd * steps, outputs = pe * folds, rounds = 6;
  const int vectors = rounds * (depthwise ? outputs : groups);  // a row's, or a group's
  const int in_planes = pick(1, 3), weight_planes = pick(1, 2);
  const bool with_xnor = pick(0, 1);
  std::vector<int64_t> in_coefs(in_planes), weight_coefs(weight_planes);
  const int form = pick(0, 2);  // powers of two, two's complement, or anything
  for (int p = 0; p < in_planes; ++p) in_coefs[p] = form == 2 ? pick(1, 9) : int64_t(1) << p;
  for (int q = 0; q < weight_planes; ++q) weight_coefs[q] = form == 2 ? pick(-3, 5) | 1 : int64_t(1) << q;
  if (form == 1) weight_coefs.back() *= -1;

  int64_t reach = 0;  // of the accumulator, either side
  for (int64_t a : in_coefs) {
    for (int64_t c : weight_coefs) reach += std::abs(a * c) * inputs;
  }
  const int acc_bits = std::bit_width(uint64_t(reach + 1)) + 1;
  const int levels = pick(0, 4), out_bits = levels == 0 ? acc_bits + 1 : pick(std::bit_width(unsigned(levels)), 4);
  const bool has_descending = levels > 0 && pick(0, 1);
  const std::vector<int64_t> out_codes = codes(levels + 1, std::min(out_bits, 8));

  const std::vector<int64_t> weights = codes(size_t(outputs) * inputs, weight_planes);
  Words weight_words{pe * simd * weight_planes, {}};
  for (int fold = 0; fold < folds; ++fold) {
    for (int step = 0; step < steps; ++step) {
      std::vector<bool> word;
      for (int i = 0; i < pe; ++i) {
        for (int s = 0; s < simd; ++s) append(word, weights[(fold * pe + i) * inputs + step * simd + s], weight_planes);
      }
      weight_words.hex.push_back(hex_of(word));
    }
  }
  std::vector<Row> rows(outputs);
  for (Row& row : rows) {
    const int64_t low = form == 0 ? 0 : -reach / 2;
    for (int j = 0; j < std::max(levels, 1); ++j) row.thresholds.push_back(pick(low, reach + 1));
    row.descending = has_descending && pick(0, 1);
  }
  Words row_words{pe * (has_descending + std::max(levels, 1) * acc_bits), {}};
  for (int fold = 0; fold < folds; ++fold) {
    std::vector<bool> word;
    for (int i = 0; i < pe; ++i) rows[fold * pe + i].append_to(word, acc_bits, has_descending);
    row_words.hex.push_back(hex_of(word));
  }

  const std::vector<int64_t> input = codes(size_t(vectors) * inputs, in_planes);
  std::vector<int64_t> output;
  for (int v = 0; v < rounds; ++v) {
    for (int n = 0; n < outputs; ++n) {
      int64_t acc = 0;
      for (int k = 0; k < inputs; ++k) {
        const int at = depthwise ? ((v * folds + n / pe) * inputs + k) * pe + n % pe
                                 : (v * groups + n / (outputs / groups)) * inputs + k;
        for (int p = 0; p < in_planes; ++p) {
          for (int q = 0; q < weight_planes; ++q) {
            const int64_t x = input[at] >> p & 1, w = weights[n * inputs + k] >> q & 1;
            acc += in_coefs[p] * weight_coefs[q] * (with_xnor ? x == w : x && w);
          }
        }
      }
      output.push_back(levels == 0 ? acc + rows[n].thresholds[0] : rows[n].code(acc, out_codes));
    }
  }
  Case one{"bitloom_mvtu",
           {{"Inputs", number(inputs)},
            {"Outputs", number(outputs)},
            {"Simd", number(simd)},
            {"Pe", number(pe)},
            {"Groups", number(groups)},
            {"Depthwise", number(depthwise)},
            {"InPlanes", number(in_planes)},
            {"WeightPlanes", number(weight_planes)},
            {"Xnor", number(with_xnor)},
            {"InCoefs", literal(in_coefs, 32)},
            {"WeightCoefs", literal(weight_coefs, 32)},
            {"AccBits", number(acc_bits)},
            {"Levels", number(levels)},
            {"OutBits", number(out_bits)},
            {"HasDescending", number(has_descending)},
            {"Codes", literal(out_codes, out_bits)},
            {"WeightStyle", kStyles[style()]}},
           {{"WeightFile", weight_words}, {"ThresholdFile", row_words}},
           {pack(input, depthwise ? pe : simd, in_planes)},
           {pack(output, pe, out_bits)},
           folds,
           0,
           {},
           {}};
  one.interval = steps * folds;
  one.latency = steps + 2 + (steps > 1 && !depthwise && folds > groups) + (levels > 1);
  return one;
}

Case Units::max_pool() {
  const int lanes = pick(1, 4), channels = lanes * pick(1, 3), bits = pick(1, 3), kernel_h = pick(1, 3),
            kernel_w = pick(1, 3);
  const int in_h = kernel_h + pick(0, 4), in_w = kernel_w + pick(0, 4), frames = 6;
  const int out_h = in_h / kernel_h, out_w = in_w / kernel_w;
  const bool is_signed = bits > 1 && pick(0, 1);
  const std::vector<int64_t> input = codes(size_t(frames) * in_h * in_w * channels, bits);
  auto value = [&](int64_t code) { return is_signed ? sign_extend(code, bits) : code; };
  std::vector<int64_t> output;
  for (int frame = 0; frame < frames; ++frame) {
    for (int oy = 0; oy < out_h; ++oy) {
      for (int ox = 0; ox < out_w; ++ox) {
        for (int c = 0; c < channels; ++c) {
          int64_t best = INT64_MIN;
          for (int y = oy * kernel_h; y < (oy + 1) * kernel_h; ++y) {
            for (int x = ox * kernel_w; x < (ox + 1) * kernel_w; ++x)
              best = std::max(best, value(input[((frame * in_h + y) * in_w + x) * channels + c]));
          }
          output.push_back(best);
        }
      }
    }
  }
  Case one{"bitloom_max_pool",
           {{"Channels", number(channels)},
            {"Lanes", number(lanes)},
            {"Bits", number(bits)},
            {"InH", number(in_h)},
            {"InW", number(in_w)},
            {"KernelH", number(kernel_h)},
            {"KernelW", number(kernel_w)},
            {"Signed", number(is_signed)}},
           {},
           {pack(input, lanes, bits)},
           {pack(output, lanes, bits)},
           out_h * out_w * channels / lanes,
           0,
           {},
           {}};
  one.interval = in_h * in_w * channels / lanes;
  one.latency = ((kernel_h - 1) * in_w + kernel_w - 1) * (channels / lanes) + 1;
  return one;
}

Case Units::threshold() {
  const int lanes = pick(1, 4), channels = lanes * pick(1, 3), in_bits = pick(1, 6), frames = 8;
  const bool is_signed = pick(0, 1), has_descending = pick(0, 1), shared = pick(0, 2) == 0;
  const int acc_bits = in_bits + 2, levels = pick(1, 5), out_bits = pick(std::bit_width(unsigned(levels)), 4);
  const std::vector<int64_t> out_codes = codes(levels + 1, out_bits);
  std::vector<Row> rows(shared ? 1 : channels);
  for (Row& row : rows) {
    for (int j = 0; j < levels; ++j)
      row.thresholds.push_back(is_signed ? pick(-(1 << (in_bits - 1)), 1 << (in_bits - 1)) : pick(0, 1 << in_bits));
    row.descending = has_descending && pick(0, 1);
  }
  const int together = shared ? 1 : lanes;
  Words row_words{together * (has_descending + levels * acc_bits), {}};
  for (size_t from = 0; from < rows.size(); from += together) {
    std::vector<bool> word;
    for (int i = 0; i < together; ++i) rows[from + i].append_to(word, acc_bits, has_descending);
    row_words.hex.push_back(hex_of(word));
  }
  const std::vector<int64_t> input = codes(size_t(frames) * channels, in_bits);
  std::vector<int64_t> output;
  for (size_t i = 0; i < input.size(); ++i)
    output.push_back(
        rows[shared ? 0 : i % channels].code(is_signed ? sign_extend(input[i], in_bits) : input[i], out_codes));
  Case one{"bitloom_threshold",
           {{"Channels", number(channels)},
            {"Lanes", number(lanes)},
            {"InBits", number(in_bits)},
            {"Signed", number(is_signed)},
            {"AccBits", number(acc_bits)},
            {"Levels", number(levels)},
            {"OutBits", number(out_bits)},
            {"HasDescending", number(has_descending)},
            {"Codes", literal(out_codes, out_bits)},
            {"Rows", number(rows.size())}},
           {{"ThresholdFile", row_words}},
           {pack(input, lanes, in_bits)},
           {pack(output, lanes, out_bits)},
           channels / lanes,
           0,
           {},
           {}};
  one.interval = channels / lanes;
  one.latency = 2;
  return one;
}

int64_t Units::Decoding::value(int64_t code) const {
  if (plain) return sign_extend(code, bits);
  int64_t result = bias;
  for (int p = 0; p < bits; ++p) result += (code >> p & 1) * coefs[p];
  return result;
}

int64_t Units::Decoding::reach() const {
  int64_t result = std::abs(bias) + (int64_t(1) << bits);
  for (int64_t coef : coefs) result += std::abs(coef);
  return result;
}

Units::Decoding Units::decoding() {
  Decoding result;
  result.bits = pick(1, 4);
  result.plain = pick(0, 2) == 0;
  result.bias = pick(-9, 9);
  const bool binary = pick(0, 1);
  const int64_t first = pick(-5, 5);
  for (int p = 0; p < result.bits; ++p) result.coefs.push_back(binary ? first * (1 << p) : pick(-9, 9));
  return result;
}

Case Units::add() {
  const int lanes = pick(1, 4), count = lanes * 30;
  const Decoding a = decoding(), b = decoding();
  const int64_t scale_a = pick(-3, 3), scale_b = pick(-3, 3);
  const int out_bits = std::bit_width(uint64_t(3 * a.reach() + 3 * b.reach())) + 1;
  const std::vector<int64_t> in_a = codes(count, a.bits), in_b = codes(count, b.bits);
  std::vector<int64_t> output;
  for (int i = 0; i < count; ++i) output.push_back(scale_a * a.value(in_a[i]) + scale_b * b.value(in_b[i]));
  Case one{"bitloom_add",
           {{"Lanes", number(lanes)},
            {"In0Bits", number(a.bits)},
            {"In1Bits", number(b.bits)},
            {"In0Plain", number(a.plain)},
            {"In1Plain", number(b.plain)},
            {"In0Coefs", literal(a.coefs, 32)},
            {"In1Coefs", literal(b.coefs, 32)},
            {"In0Bias", number(a.bias)},
            {"In1Bias", number(b.bias)},
            {"In0Scale", number(scale_a)},
            {"In1Scale", number(scale_b)},
            {"OutBits", number(out_bits)}},
           {},
           {pack(in_a, lanes, a.bits), pack(in_b, lanes, b.bits)},
           {pack(output, lanes, out_bits)},
           1,
           0,
           {},
           {}};
  one.interval = 1;
  one.latency = 1;
  return one;
}

Case Units::sum_pool() {
  const int lanes = pick(1, 4), channels = lanes * pick(1, 3), kernel_h = pick(1, 3), kernel_w = pick(1, 3);
  const int in_h = kernel_h + pick(0, 4), in_w = kernel_w + pick(0, 4), frames = 6;
  const int out_h = in_h / kernel_h, out_w = in_w / kernel_w;
  const Decoding element = decoding();
  const int out_bits = std::bit_width(uint64_t(element.reach() * kernel_h * kernel_w)) + 1;
  const std::vector<int64_t> input = codes(size_t(frames) * in_h * in_w * channels, element.bits);
  std::vector<int64_t> output;
  for (int frame = 0; frame < frames; ++frame) {
    for (int oy = 0; oy < out_h; ++oy) {
      for (int ox = 0; ox < out_w; ++ox) {
        for (int c = 0; c < channels; ++c) {
          int64_t sum = 0;
          for (int y = oy * kernel_h; y < (oy + 1) * kernel_h; ++y) {
            for (int x = ox * kernel_w; x < (ox + 1) * kernel_w; ++x)
              sum += element.value(input[((frame * in_h + y) * in_w + x) * channels + c]);
          }
          output.push_back(sum);
        }
      }
    }
  }
  Case one{"bitloom_sum_pool",
           {{"Channels", number(channels)},
            {"Lanes", number(lanes)},
            {"Bits", number(element.bits)},
            {"Plain", number(element.plain)},
            {"Coefs", literal(element.coefs, 32)},
            {"Bias", number(element.bias)},
            {"InH", number(in_h)},
            {"InW", number(in_w)},
            {"KernelH", number(kernel_h)},
            {"KernelW", number(kernel_w)},
            {"OutBits", number(out_bits)}},
           {},
           {pack(input, lanes, element.bits)},
           {pack(output, lanes, out_bits)},
           out_h * out_w * channels / lanes,
           0,
           {},
           {}};
  one.interval = in_h * in_w * channels / lanes;
  one.latency = ((kernel_h - 1) * in_w + kernel_w - 1) * (channels / lanes) + 1;
  return one;
}

Case Units::top1() {
  const int lanes = pick(1, 4), classes = lanes * pick(1, 5), bits = pick(1, 6), frames = 12;
  const bool is_signed = pick(0, 1);
  const std::vector<int64_t> input = codes(size_t(frames) * classes, bits);
  auto value = [&](int64_t code) { return is_signed ? sign_extend(code, bits) : code; };
  std::vector<int64_t> output;
  for (int frame = 0; frame < frames; ++frame) {
    int best = 0;
    for (int i = 1; i < classes; ++i) {
      if (value(input[frame * classes + i]) > value(input[frame * classes + best])) best = i;
    }
    output.push_back(best);
  }
  const int out_bits = std::max(1, int(std::bit_width(unsigned(classes - 1))));
  Case one{
      "bitloom_top1",
      {{"Classes", number(classes)}, {"Lanes", number(lanes)}, {"InBits", number(bits)}, {"Signed", number(is_signed)}},
      {},
      {pack(input, lanes, bits)},
      {pack(output, 1, out_bits)},
      1,
      0,
      {},
      {}};
  one.interval = classes / lanes;
  one.latency = classes / lanes;
  return one;
}

Case Units::scale() {
  const int lanes = pick(1, 3), channels = lanes * pick(1, 4), frames = 8, factor_bits = pick(1, 20);
  const Decoding element = decoding();
  const int value_bits = std::bit_width(uint64_t(element.reach())) + 1, out_bits = value_bits + factor_bits + 3;
  std::vector<int64_t> factors, offsets, output;
  Words rows{lanes * (factor_bits + out_bits), {}};
  for (int c = 0; c < channels; ++c) {
    factors.push_back(sign_extend(codes(1, factor_bits)[0], factor_bits));
    offsets.push_back(sign_extend(codes(1, out_bits - 2)[0], out_bits - 2));
  }
  for (int from = 0; from < channels; from += lanes) {
    std::vector<bool> word;
    for (int c = from; c < from + lanes; ++c) {
      append(word, factors[c], factor_bits);
      append(word, offsets[c], out_bits);
    }
    rows.hex.push_back(hex_of(word));
  }
  const std::vector<int64_t> input = codes(size_t(frames) * channels, element.bits);
  for (size_t i = 0; i < input.size(); ++i)
    output.push_back(factors[i % channels] * element.value(input[i]) + offsets[i % channels]);
  Case one{"bitloom_scale",
           {{"Channels", number(channels)},
            {"Lanes", number(lanes)},
            {"Bits", number(element.bits)},
            {"Plain", number(element.plain)},
            {"Coefs", literal(element.coefs, 32)},
            {"Bias", number(element.bias)},
            {"ValueBits", number(value_bits)},
            {"FactorBits", number(factor_bits)},
            {"OutBits", number(out_bits)}},
           {{"File", rows}},
           {pack(input, lanes, element.bits)},
           {pack(output, lanes, out_bits)},
           channels / lanes,
           0,
           {},
           {}};
  one.interval = channels / lanes;
  one.latency = 2;
  return one;
}

}  // namespace bitloom::test
