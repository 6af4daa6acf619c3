// SPDX-License-Identifier: Apache-2.0
#include "run_design.h"

#include <algorithm>

namespace bitloom::test {
namespace {

using Elements = std::vector<int64_t>;  ///< as unsigned bits

int64_t bit(int64_t code, size_t p) { return code >> p & 1; }

int64_t as_signed(int64_t code, int32_t bits) {
  return bit(code, static_cast<size_t>(bits) - 1) != 0 ? code - (int64_t{1} << bits) : code;
}

int64_t to_bits(int64_t number, int32_t bits) {
  BITLOOM_CHECK(number >= -(int64_t{1} << (bits - 1)) && number < int64_t{1} << (bits - 1));
  return number & ((int64_t{1} << bits) - 1);
}

int64_t value_of(const hw::Element& e, int64_t code) {
  if (e.plain()) return as_signed(code, e.bits);
  int64_t value = e.bias;
  for (size_t p = 0; p < e.coefficients.size(); ++p) value += e.coefficients[p] * bit(code, p);
  return value;
}

class Runner {
 public:
  Runner(const hw::Design& design, const std::vector<ir::Tensor>& inputs, int64_t image)
      : design_(design), elements_(design.streams.size()) {
    for (size_t i = 0; i < inputs.size(); ++i) {
      const hw::Port& port = design.inputs[i];
      const hw::Stream& s = stream(port.stream);
      BITLOOM_CHECK((s.from == hw::End{-1, static_cast<int32_t>(i)}));
      for (const int32_t v : inputs[i].image(image)) {
        const ir::Encoding* e = port.type.encoding();
        put(port.stream, e ? static_cast<int64_t>(e->code(v)) : to_bits(v, s.element.bits));
      }
    }
    for (size_t u = 0; u < design.units.size(); ++u) {
      unit_ = &design.units[u];
      check_ends(static_cast<int32_t>(u));
      std::visit([&](const auto& kind) { run(kind); }, unit_->kind);
      for (const int32_t out : unit_->out) check_count(out);
    }
  }

  std::vector<int32_t> output(const hw::Port& port) const {
    std::vector<int32_t> values;
    for (const int64_t code : elements_[static_cast<size_t>(port.stream)]) {
      values.push_back(static_cast<int32_t>(value_of(stream(port.stream).element, code)));
    }
    return values;
  }

 private:
  const hw::Stream& stream(int32_t index) const { return design_.streams[static_cast<size_t>(index)]; }
  const hw::Stream& in_stream(size_t port = 0) const { return stream(unit_->in[port]); }
  const hw::Stream& out_stream(size_t port = 0) const { return stream(unit_->out[port]); }
  const Elements& in(size_t port = 0) const { return elements_[static_cast<size_t>(unit_->in[port])]; }

  void put(int32_t index, int64_t code) {
    BITLOOM_CHECK(code >= 0 && code < int64_t{1} << stream(index).element.bits);
    elements_[static_cast<size_t>(index)].push_back(code);
  }
  void put(int64_t code) { put(unit_->out[0], code); }

  void check_count(int32_t index) const {
    const hw::Stream& s = stream(index);
    BITLOOM_CHECK(static_cast<int64_t>(elements_[static_cast<size_t>(index)].size()) == s.words * s.lanes);
  }
  void check_ends(int32_t self) const {
    for (size_t p = 0; p < unit_->in.size(); ++p) {
      BITLOOM_CHECK((in_stream(p).to == hw::End{self, static_cast<int32_t>(p)}));
      BITLOOM_CHECK(in_stream(p).from.unit < self);
      check_count(unit_->in[p]);
    }
    for (size_t p = 0; p < unit_->out.size(); ++p)
      BITLOOM_CHECK((out_stream(p).from == hw::End{self, static_cast<int32_t>(p)}));
  }
  void check_lanes(int32_t in_bits, int32_t in_lanes, int32_t out_bits, int32_t out_lanes) const {
    BITLOOM_CHECK(in_stream().element.bits == in_bits && in_stream().lanes == in_lanes);
    BITLOOM_CHECK(out_stream().element.bits == out_bits && out_stream().lanes == out_lanes);
  }

  void run(const hw::Fifo& f) {
    BITLOOM_CHECK(f.width == in_stream().width() && f.width == out_stream().width() && f.depth >= 2);
    for (const int64_t code : in()) put(code);
  }
  void run(const hw::Width& w) {
    check_lanes(w.bits, w.in_lanes, w.bits, w.out_lanes);
    BITLOOM_CHECK(w.in_lanes != w.out_lanes);
    for (const int64_t code : in()) put(code);
  }
  void run(const hw::Fork& f) {
    BITLOOM_CHECK(f.width == in_stream().width());
    for (size_t p = 0; p < 2; ++p) {
      BITLOOM_CHECK(f.width == out_stream(p).width());
      for (const int64_t code : in()) put(unit_->out[p], code);
    }
  }
  void run(const hw::Table& t) {
    check_lanes(t.in_bits, t.lanes, t.out_bits, t.lanes);
    BITLOOM_CHECK(t.codes.size() == size_t{1} << t.in_bits);
    for (const int64_t code : in()) put(t.codes[static_cast<size_t>(code)]);
  }
  void run(const hw::Threshold& t) {
    check_lanes(t.in_bits, t.lanes, t.out_bits, t.lanes);
    BITLOOM_CHECK(t.channels % t.lanes == 0 || t.rows == 1);
    BITLOOM_CHECK(t.acc_bits >= t.in_bits + (t.is_signed ? 0 : 1));
    for (size_t i = 0; i < in().size(); ++i) {
      const size_t row = t.rows == 1 ? 0 : i % static_cast<size_t>(t.channels);
      const int64_t acc = t.is_signed ? as_signed(in()[i], t.in_bits) : in()[i];
      put(level_code(acc, row, t.levels, t.acc_bits, t.thresholds, t.descending, t.codes));
    }
  }
  static int64_t level_code(int64_t acc, size_t row, int32_t levels, int32_t acc_bits,
                            const std::vector<int64_t>& thresholds, const std::vector<uint8_t>& descending,
                            const std::vector<uint32_t>& codes) {
    size_t reached = 0;
    const auto count = static_cast<size_t>(levels);
    BITLOOM_CHECK(codes.size() == count + 1);
    for (size_t j = 0; j < count; ++j) {
      const int64_t t = thresholds[row * count + j];
      to_bits(t, acc_bits);
      reached += acc >= t ? 1 : 0;
    }
    return codes[descending[row] != 0 ? count - reached : reached];
  }

  void run(const hw::Window& w) {
    check_lanes(w.bits, w.lanes, w.bits, w.lanes);
    BITLOOM_CHECK(w.channels % w.lanes == 0);
    const int32_t words = w.channels / w.lanes;
    for (int32_t oy = 0; oy < w.out_h(); ++oy) {
      for (int32_t ox = 0; ox < w.out_w(); ++ox) {
        for (int32_t outer = 0; outer < (w.depthwise ? words : 1); ++outer) {
          for (int32_t ky = 0; ky < w.window.kernel_h; ++ky) {
            for (int32_t kx = 0; kx < w.window.kernel_w; ++kx) {
              const int32_t y = oy * w.window.stride_h - w.window.pad_top + ky * w.window.dilation_h;
              const int32_t x = ox * w.window.stride_w - w.window.pad_left + kx * w.window.dilation_w;
              const bool inside = y >= 0 && x >= 0 && y < w.in_h && x < w.in_w;
              const int32_t first = w.depthwise ? outer * w.lanes : 0, count = w.depthwise ? w.lanes : w.channels;
              for (int32_t c = first; c < first + count; ++c) {
                put(inside ? in()[static_cast<size_t>((y * w.in_w + x) * w.channels + c)] : w.pad_code);
              }
            }
          }
        }
      }
    }
  }

  /// The place of column k's element for row n of vector v.
  static int64_t input_of(const hw::Mvtu& m, int64_t v, int64_t n, int64_t k) {
    if (m.depthwise) return (v * m.outputs + n / m.pe * m.pe) * m.inputs + k * m.pe + n % m.pe;
    const int64_t group = v * m.groups + n / (m.outputs / m.groups);
    const int64_t channels = m.inputs / m.taps, tap = k / channels, channel = k % channels;
    return group * m.inputs + (channel / m.simd * m.taps + tap) * m.simd + channel % m.simd;
  }
  void run(const hw::Mvtu& m) {
    check_lanes(static_cast<int32_t>(m.in_coefs.size()), m.depthwise ? m.pe : m.simd, m.out_bits, m.pe);
    BITLOOM_CHECK(m.inputs / m.taps % m.simd == 0 && m.outputs / m.groups % m.pe == 0);
    BITLOOM_CHECK(m.weights.planes() == static_cast<int>(m.weight_coefs.size()));
    for (int64_t v = 0; v < m.vectors; ++v) {
      for (int64_t n = 0; n < m.outputs; ++n) {
        int64_t acc = 0;
        for (int64_t k = 0; k < m.inputs; ++k) {
          const int64_t x = in()[static_cast<size_t>(input_of(m, v, n, k))], w = m.weights.code(n, k);
          for (size_t p = 0; p < m.in_coefs.size(); ++p) {
            for (size_t q = 0; q < m.weight_coefs.size(); ++q) {
              const bool counts = m.xnor ? bit(x, p) == bit(w, q) : (bit(x, p) & bit(w, q)) != 0;
              acc += counts ? int64_t{m.in_coefs[p]} * m.weight_coefs[q] : 0;
            }
          }
          to_bits(acc, m.acc_bits);
        }
        const auto row = static_cast<size_t>(n);
        if (m.levels == 0) {
          to_bits(m.thresholds[row], m.acc_bits);
          put(to_bits(acc + m.thresholds[row], m.out_bits));
        } else {
          put(level_code(acc, row, m.levels, m.acc_bits, m.thresholds, m.descending, m.codes));
        }
      }
    }
  }

  template <typename Pool, typename Join>
  void pool(const Pool& p, int64_t begin, Join join) {
    for (int32_t oy = 0; oy < p.in_h / p.kernel_h; ++oy) {
      for (int32_t ox = 0; ox < p.in_w / p.kernel_w; ++ox) {
        for (int32_t c = 0; c < p.channels; ++c) {
          int64_t all = begin;
          for (int32_t ky = 0; ky < p.kernel_h; ++ky) {
            for (int32_t kx = 0; kx < p.kernel_w; ++kx) {
              const int32_t y = oy * p.kernel_h + ky, x = ox * p.kernel_w + kx;
              all = join(all, in()[static_cast<size_t>((y * p.in_w + x) * p.channels + c)]);
            }
          }
          put(all);
        }
      }
    }
  }
  void run(const hw::MaxPool& p) {
    check_lanes(p.bits, p.lanes, p.bits, p.lanes);
    pool(p, -1, [&](int64_t a, int64_t b) {
      if (a < 0) return b;
      return p.is_signed ? (as_signed(a, p.bits) > as_signed(b, p.bits) ? a : b) : std::max(a, b);
    });
  }
  void run(const hw::SumPool& p) {
    check_lanes(p.in.bits, p.lanes, p.out_bits, p.lanes);
    pool(p, 0, [&](int64_t a, int64_t b) { return to_bits(as_signed(a, p.out_bits) + value_of(p.in, b), p.out_bits); });
  }
  void run(const hw::Add& a) {
    check_lanes(a.in[0].bits, a.lanes, a.out_bits, a.lanes);
    BITLOOM_CHECK(in_stream(1).lanes == a.lanes && in_stream(1).element == a.in[1]);
    for (size_t i = 0; i < in().size(); ++i) {
      put(to_bits(a.multipliers[0] * value_of(a.in[0], in(0)[i]) + a.multipliers[1] * value_of(a.in[1], in(1)[i]),
                  a.out_bits));
    }
  }
  void run(const hw::Crop& c) {
    check_lanes(c.bits, c.lanes, c.bits, c.lanes);
    BITLOOM_CHECK(c.channels % c.lanes == 0 && c.first % c.lanes == 0 && c.count % c.lanes == 0);
    for (size_t i = 0; i < in().size(); ++i) {
      const auto channel = static_cast<int32_t>(i % static_cast<size_t>(c.channels));
      if (channel >= c.first && channel < c.first + c.count) put(in()[i]);
    }
  }
  void run(const hw::Scale& s) {
    check_lanes(s.in.bits, s.lanes, s.out_bits, s.lanes);
    BITLOOM_CHECK(s.channels % s.lanes == 0 && in_stream().element == s.in);
    for (size_t i = 0; i < in().size(); ++i) {
      const size_t channel = i % static_cast<size_t>(s.channels);
      const int64_t value = value_of(s.in, in()[i]);
      to_bits(value, s.value_bits);
      to_bits(s.factors[channel], s.factor_bits);
      put(to_bits(s.factors[channel] * value + s.offsets[channel], s.out_bits));
    }
  }
  void run(const hw::Concat& c) {
    check_lanes(c.bits, c.lanes, c.bits, c.lanes);
    BITLOOM_CHECK(in_stream(1).lanes == c.lanes && in_stream(1).element == in_stream().element);
    BITLOOM_CHECK(c.channels[0] % c.lanes == 0 && c.channels[1] % c.lanes == 0);
    std::array<size_t, 2> next{};
    while (next[0] < in(0).size()) {
      for (size_t port = 0; port < 2; ++port) {
        for (int32_t i = 0; i < c.channels[port]; ++i) put(in(port)[next[port]++]);
      }
    }
  }
  void run(const hw::Reorder& r) {
    check_lanes(r.bits, r.lanes, r.bits, r.lanes);
    BITLOOM_CHECK(r.elements % r.lanes == 0 && r.counts[3] % r.lanes == 0 && (r.lanes == 1 || r.strides[3] == 1));
    for (const int64_t stride : {r.strides[0], r.strides[1], r.strides[2]}) BITLOOM_CHECK(stride % r.lanes == 0);
    for (size_t block = 0; block < in().size(); block += static_cast<size_t>(r.elements)) {
      for (int64_t i = 0; i < r.counts[0] * r.counts[1] * r.counts[2] * r.counts[3]; ++i) {
        int64_t rest = i, at = 0;
        for (size_t loop = 4; loop-- > 0; rest /= r.counts[loop]) at += rest % r.counts[loop] * r.strides[loop];
        BITLOOM_CHECK(at < r.elements);
        put(in()[block + static_cast<size_t>(at)]);
      }
    }
  }
  void run(const hw::Top1& t) {
    check_lanes(t.in_bits, t.lanes, t.out_bits, 1);
    const auto number = [&](size_t i) { return t.is_signed ? as_signed(in()[i], t.in_bits) : in()[i]; };
    size_t best = 0;
    for (size_t i = 1; i < in().size(); ++i) best = number(i) > number(best) ? i : best;
    put(to_bits(static_cast<int64_t>(best), t.out_bits));
  }

  const hw::Design& design_;
  std::vector<Elements> elements_;
  const hw::Unit* unit_ = nullptr;
};

}  // namespace

std::vector<ir::Tensor> run_design(const hw::Design& design, const std::vector<ir::Tensor>& inputs) {
  std::vector<ir::Tensor> outputs;
  const int64_t images = inputs.at(0).images;
  for (const hw::Port& port : design.outputs) outputs.push_back({port.type.shape, images, {}});
  for (int64_t image = 0; image < images; ++image) {
    const Runner runner(design, inputs, image);
    for (size_t i = 0; i < design.outputs.size(); ++i) {
      const std::vector<int32_t> values = runner.output(design.outputs[i]);
      outputs[i].values.insert(outputs[i].values.end(), values.begin(), values.end());
    }
  }
  return outputs;
}

}  // namespace bitloom::test
