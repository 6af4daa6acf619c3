// SPDX-License-Identifier: Apache-2.0
//
// What a Dot knows ahead of time: weights and thresholds where the kernels want them, and constants. dot_form.cc has the
// equations.
//
// Outside the image lies the value 0, but zero bits there read as the value b. So a row with taps outside is too large by
// b * (sum of the weights at those taps), which goes into the constant. Rows and columns of the output that have the same
// taps inside share a pattern; there are few. All sums are taken modulo 2^32; the result fits (ir::infer_type).
//
// Channels with descending thresholds are computed with the sign changed, x >= t being -x < -t + 1, so that all ascend and
// the largest of a pooling window is the largest accumulator.
#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>

#include "bits.h"
#include "codec.h"
#include "dot.h"
#include "dot_form.h"

namespace bitloom::engine {
namespace {

bool is_symmetric(const ir::Encoding& e) {
  std::vector<int32_t> negated = e.levels();
  std::ranges::reverse(negated);
  for (int32_t& v : negated) v = -v;
  return negated == e.levels();
}

constexpr int64_t kNever = std::numeric_limits<int32_t>::max();

uint32_t wrap(int64_t value) { return static_cast<uint32_t>(value); }

uint32_t two_complement(int32_t value, int bits) { return wrap(value) & ~uint32_t{0} >> (32 - bits); }

/// The weights of one output channel, one by one.
std::vector<uint32_t> codes_of(const ir::BitMatrix& matrix, int64_t channel) {
  std::vector<uint32_t> codes(static_cast<size_t>(matrix.columns()));
  for (int p = 0; p < matrix.planes(); ++p) {
    const std::span<const uint64_t> plane = matrix.plane(channel, p);
    for (size_t k = 0; k < codes.size(); ++k) codes[k] |= static_cast<uint32_t>(plane[k / 64] >> (k % 64) & 1) << p;
  }
  return codes;
}

/// Sums of one output channel's weights over rectangles of taps, by a table of the sums from the corner.
class TapSums {
 public:
  TapSums(const ir::Window& window, std::span<const int32_t> weights, int64_t group_in)
      : width_(window.kernel_w + 1), sums_(static_cast<size_t>((window.kernel_h + 1) * width_)) {
    const int32_t* weight = weights.data();
    for (int64_t ky = 0; ky < window.kernel_h; ++ky) {
      int64_t row = 0;
      for (int64_t kx = 0; kx < window.kernel_w; ++kx, weight += group_in) {
        row += std::accumulate(weight, weight + group_in, int64_t{0});
        sums_[index(ky + 1, kx + 1)] = sums_[index(ky, kx + 1)] + row;
      }
    }
  }

  int64_t all() const { return sums_.back(); }
  int64_t inside(const Taps& y, const Taps& x) const {
    return sums_[index(y.end, x.end)] - sums_[index(y.begin, x.end)] - sums_[index(y.end, x.begin)] +
           sums_[index(y.begin, x.begin)];
  }

 private:
  size_t index(int64_t y, int64_t x) const { return static_cast<size_t>(y * width_ + x); }

  int64_t width_;
  std::vector<int64_t> sums_;
};

/// The different taps among `taps`, and for each of `taps` which it is.
std::vector<Taps> number_patterns(const std::vector<Taps>& taps, std::vector<int32_t>& numbers) {
  std::vector<Taps> different;
  for (const Taps& t : taps) {
    // Taps move on in one direction, so equal ones are neighbours.
    if (different.empty() || different.back() != t) different.push_back(t);
    numbers.push_back(static_cast<int32_t>(different.size()) - 1);
  }
  return different;
}

/// Fills a DotStep, channel by channel.
class DotMaker {
 public:
  DotMaker(DotStep& step, const ir::Dot& dot, const ir::Encoding& input, const ir::Threshold* threshold,
           const Kernels& kernels)
      : step_(step), layer_(step.layer), dot_(dot), x_(input), threshold_(threshold), kernels_(kernels) {}

  void make() {
    step_.weights_by_channel = kernels_.weight_lanes == 1;
    layer_.channels = step_.group_out();
    choose_planes();
    place_rows();
    find_patterns();
    make_positions();
    allocate();
    make_tables();
    for (int64_t channel = 0; channel < step_.out.channels; ++channel) make_channel(channel);
  }

 private:
  void choose_planes() {
    layer_.x_planes = layer_.form == DotForm::kValues ? 1 : x_.planes();
    planes_ = weight_planes(layer_.form, dot_.encoding);
    layer_.w_planes = layer_.form == DotForm::kTernary                               ? 2
                      : layer_.form == DotForm::kXor || layer_.form == DotForm::kAnd ? planes_.planes()
                                                                                     : 1;
  }

  /// Where rows come from, and how long they are.
  void place_rows() {
    const ir::Window& w = step_.window;
    const int64_t row = int64_t{w.kernel_h} * w.kernel_w * step_.group_in();
    const bool one_tap = w.kernel_h == 1 && w.kernel_w == 1;
    if (layer_.form == DotForm::kValues) {
      step_.wide_values = kernels_.values_per_word == 2;
      step_.outside = static_cast<uint8_t>(-byte_offset({x_.lowest, x_.highest}));
      const bool runs = w.dilation_w == 1 || w.kernel_w == 1;
      step_.in_place = !w.padded() && step_.groups == 1 && !step_.wide_values && runs;
      // In place, each line of the window begins a word of the weights, and its last word may reach into what follows.
      layer_.segments = step_.in_place ? w.kernel_h : 1;
      run_ = row / layer_.segments;
      layer_.segment_words = (run_ + kernels_.values_per_word - 1) / kernels_.values_per_word;
      layer_.segment_stride = int64_t{step_.in.width} * step_.in.channels * w.dilation_h;
      layer_.words = layer_.segments * layer_.segment_words;
      step_.row_bytes = layer_.words * 4;
      return;
    }
    layer_.words = (row + 31) / 32;
    layer_.segment_words = layer_.words;
    layer_.x_plane_stride = words_for(row) * 8;
    step_.row_bytes = layer_.x_planes * layer_.x_plane_stride;
    const bool runs = step_.in.channels % 64 == 0 && (w.dilation_w == 1 || w.kernel_w == 1);
    step_.in_place = !w.padded() && step_.groups == 1 && (one_tap || runs);
    if (!step_.in_place) return;
    const int64_t line = step_.in.width * words_for(step_.in.channels) * 8;
    layer_.segments = w.kernel_h;
    layer_.segment_words = layer_.words / w.kernel_h;
    layer_.segment_stride = line * w.dilation_h;
    layer_.x_plane_stride = line * step_.in.height;
  }

  void find_patterns() {
    const auto y = rows_of(step_.window, step_.in);
    const auto x = columns_of(step_.window, step_.in);
    step_.row_taps = all_taps(y, step_.out.height);
    step_.column_taps = all_taps(x, step_.out.width);
    rows_ = {{0, y.kernel}};
    columns_ = {{0, x.kernel}};
    if (x_.bias != 0 && layer_.form != DotForm::kValues) {
      rows_ = number_patterns(step_.row_taps, row_patterns_);
      columns_ = number_patterns(step_.column_taps, column_patterns_);
    } else {
      row_patterns_.assign(step_.row_taps.size(), 0);
      column_patterns_.assign(step_.column_taps.size(), 0);
    }
  }

  void allocate() {
    symmetric_ = is_symmetric(dot_.encoding);
    const bool any_descending =
        threshold_ != nullptr && std::ranges::any_of(threshold_->descending, [](uint8_t d) { return d != 0; });
    const int pairs = layer_.x_planes * layer_.w_planes;
    // One count with one constant for all pixels can be compared as it is.
    folded_ = layer_.form == DotForm::kXor && pairs == 1 && threshold_ != nullptr && rows_.size() * columns_.size() == 1 &&
              factor(0, 0) < 0 && symmetric_;
    const bool counts_planes = layer_.form == DotForm::kXor || layer_.form == DotForm::kAnd;
    if (!folded_ && (counts_planes || (layer_.form == DotForm::kValues && any_descending && !symmetric_))) {
      step_.factors.resize(lanes() * static_cast<size_t>(pairs));
    }
    const size_t rows = step_.weights_by_channel ? static_cast<size_t>(step_.out.channels) : lanes();
    step_.weights.resize(rows * static_cast<size_t>(layer_.w_planes * layer_.words));
    if (!folded_) step_.constants.resize(rows_.size() * columns_.size() * lanes());
    if (threshold_ == nullptr) return;
    codes_ = threshold_->encoding.level_codes();
    for (size_t i = 1; i < codes_.size(); ++i) step_.toggles.push_back(codes_[i] ^ codes_[i - 1]);
    layer_.thresholds_count = static_cast<int>(step_.toggles.size());
    layer_.out_planes = threshold_->encoding.planes();
    const int64_t pixels = static_cast<int64_t>(step_.positions.size()) / (layer_.pooled ? kTile : 1);
    layer_.out_plane_stride = pixels * words_for(step_.out.channels) * 8;
    // Lanes without a channel have reached all, and the bits of their highest level are zeros.
    step_.thresholds.assign(lanes() * static_cast<size_t>(layer_.thresholds_count), std::numeric_limits<int32_t>::min());
    step_.highest_bits.resize(lanes() / 8 * static_cast<size_t>(layer_.out_planes));
  }

  size_t lanes() const { return static_cast<size_t>(step_.groups * layer_.blocks() * kBlock); }
  bool is_descending(int64_t channel) const {
    return threshold_ != nullptr && threshold_->descending[threshold_->rows == 1 ? 0 : static_cast<size_t>(channel)] != 0;
  }

  void make_channel(int64_t channel) {
    const int64_t group = channel / step_.group_out(),
                  lane = group * layer_.blocks() * kBlock + channel % step_.group_out();
    const bool descending = is_descending(channel);
    const std::vector<Weight>& table = tables_[descending && symmetric_ ? 1 : 0];
    std::vector<int32_t> weights;
    std::vector<uint32_t> bits;
    for (const uint32_t code : codes_of(dot_.weights, channel)) {
      weights.push_back(table[code].value);
      bits.push_back(table[code].bits);
    }
    const int64_t sign = descending && !symmetric_ ? -1 : 1;
    int64_t constant = pack_weights(channel, lane, weights, bits);
    store_factors(lane, sign);
    const TapSums sums(step_.window, weights, step_.group_in());
    const int64_t bias = layer_.form == DotForm::kValues ? 0 : x_.bias;
    const auto border = [&](const Taps& rows, const Taps& columns) {
      return bias * (sums.all() - sums.inside(rows, columns));
    };
    if (folded_) {
      constant -= border(rows_[0], columns_[0]);
    } else {
      int32_t* to = step_.constants.data() + lane;
      for (const Taps& rows : rows_) {
        for (const Taps& columns : columns_) {
          *to = static_cast<int32_t>(wrap(sign * (constant - border(rows, columns))));
          to += lanes();
        }
      }
    }
    if (threshold_ != nullptr) store_thresholds(channel, lane, constant);
  }

  /// What each code of a weight becomes: as it is, and with its sign changed.
  void make_tables() {
    for (const int64_t sign : {1, -1}) {
      std::vector<Weight>& table = tables_.emplace_back();
      for (uint32_t code = 0; code < uint32_t{1} << dot_.encoding.planes(); ++code) {
        const int64_t value = sign * dot_.encoding.value(code);
        const bool is_level = value >= dot_.encoding.lowest && value <= dot_.encoding.highest && (sign > 0 || symmetric_);
        table.push_back(is_level ? Weight{static_cast<int32_t>(value), bits_of(static_cast<int32_t>(value))} : Weight{});
      }
    }
  }

  uint32_t bits_of(int32_t w) const {
    switch (layer_.form) {
      case DotForm::kXor:
        return dot_.encoding.code(w);
      case DotForm::kAnd:
        return dot_.encoding.bias == 0 ? dot_.encoding.code(w) : two_complement(w, planes_.planes());
      case DotForm::kTernary:
        return (w != 0 ? 1U : 0U) | (w < 0 ? 2U : 0U);
      case DotForm::kTernaryByBipolar:
        return w < 0 ? 1 : 0;
      case DotForm::kValues:
        break;
    }
    return 0;
  }

  /// Stores a channel's weights and returns its constant away from borders.
  int64_t pack_weights(int64_t channel, int64_t lane, const std::vector<int32_t>& weights,
                       const std::vector<uint32_t>& bits) {
    const int64_t sum = std::accumulate(weights.begin(), weights.end(), int64_t{0});
    if (layer_.form == DotForm::kValues) {
      const int size = 32 / kernels_.values_per_word;
      for (size_t k = 0; k < weights.size(); ++k) {
        const int64_t line = static_cast<int64_t>(k) / run_, i = static_cast<int64_t>(k) % run_;
        const uint32_t value = wrap(weights[k]) & ((uint32_t{1} << size) - 1);
        word(channel, lane, 0, line * layer_.segment_words + i / kernels_.values_per_word) |=
            value << (i % kernels_.values_per_word * size);
      }
      return sum * byte_offset({x_.lowest, x_.highest});
    }
    std::vector<int64_t> ones(static_cast<size_t>(layer_.w_planes));
    for (size_t first = 0; first < bits.size(); first += 32) {
      const size_t count = std::min<size_t>(32, bits.size() - first);
      for (int q = 0; q < layer_.w_planes; ++q) {
        uint32_t packed = 0;
        for (size_t k = 0; k < count; ++k) packed |= (bits[first + k] >> q & 1) << k;
        word(channel, lane, q, static_cast<int64_t>(first) / 32) = packed;
        ones[static_cast<size_t>(q)] += std::popcount(packed);
      }
    }
    if (layer_.form != DotForm::kXor && layer_.form != DotForm::kAnd) return 0;
    int64_t constant = static_cast<int64_t>(weights.size()) * x_.bias * planes_.bias;
    const int64_t all =
        layer_.form == DotForm::kXor ? std::accumulate(x_.coefficients.begin(), x_.coefficients.end(), int64_t{0}) : 0;
    for (size_t q = 0; q < ones.size(); ++q) {
      constant += x_.bias * int64_t{planes_.coefficients[q]} * ones[q] + all * planes_.coefficients[q] / 2 * ones[q];
    }
    return constant;
  }

  uint32_t& word(int64_t channel, int64_t lane, int plane, int64_t word) {
    if (step_.weights_by_channel) {
      return step_.weights[static_cast<size_t>((channel * layer_.w_planes + plane) * layer_.words + word)];
    }
    const int64_t block = lane / kBlock * layer_.w_planes + plane;
    return step_.weights[static_cast<size_t>((block * layer_.words + word) * kBlock + lane % kBlock)];
  }

  int64_t factor(size_t p, size_t q) const {
    if (layer_.form == DotForm::kValues) return 1;
    const int64_t product = int64_t{x_.coefficients[p]} * planes_.coefficients[q];
    return layer_.form == DotForm::kXor ? -product / 2 : product;
  }

  void store_factors(int64_t lane, int64_t sign) {
    if (step_.factors.empty()) return;
    const auto w_planes = static_cast<size_t>(layer_.w_planes), pairs = static_cast<size_t>(layer_.x_planes) * w_planes;
    for (size_t pair = 0; pair < pairs; ++pair) {
      const size_t at = (static_cast<size_t>(lane / kBlock) * pairs + pair) * kBlock + static_cast<size_t>(lane % kBlock);
      step_.factors[at] = static_cast<int32_t>(wrap(sign * factor(pair / w_planes, pair % w_planes)));
    }
  }

  void store_thresholds(int64_t channel, int64_t lane, int64_t constant) {
    const auto count = static_cast<size_t>(layer_.thresholds_count);
    const int32_t* row = threshold_->thresholds.data() + (threshold_->rows == 1 ? 0 : static_cast<size_t>(channel) * count);
    for (size_t i = 0; i < count; ++i) {
      int64_t t = is_descending(channel) ? 1 - int64_t{row[count - 1 - i]} : row[i];
      if (folded_) {
        // constant - f count >= t is -count >= -floor((constant - t) / f)
        const int64_t f = -factor(0, 0), above = constant - t;
        t = -(above >= 0 ? above / f : -((-above + f - 1) / f));
      }
      const size_t at = (static_cast<size_t>(lane / kBlock) * count + i) * kBlock + static_cast<size_t>(lane % kBlock);
      step_.thresholds[at] = static_cast<int32_t>(std::clamp<int64_t>(t, std::numeric_limits<int32_t>::min(), kNever));
    }
    const uint32_t code = codes_.back();
    const int64_t group = lane / kBlock / layer_.blocks(), group_lane = lane - group * layer_.blocks() * kBlock;
    for (int p = 0; p < layer_.out_planes; ++p) {
      const int64_t at = ((group * layer_.out_planes + p) * layer_.blocks() * kBlock + group_lane) / 8;
      step_.highest_bits[static_cast<size_t>(at)] |= static_cast<uint8_t>((code >> p & 1) << (group_lane % 8));
    }
  }

  /// The pixels in the order in which they are computed.
  void make_positions() {
    const int64_t width = layer_.pooled ? step_.out.width / 2 : step_.out.width;
    const int64_t height = layer_.pooled ? step_.out.height / 2 : step_.out.height;
    for (int64_t i = 0; i < height * width; ++i) {
      if (!layer_.pooled) {
        add_position(i / width, i % width);
        continue;
      }
      for (int64_t inside = 0; inside < kTile; ++inside)
        add_position(i / width * 2 + inside / 2, i % width * 2 + inside % 2);
    }
  }

  void add_position(int64_t y, int64_t x) {
    const int64_t pixel = y * step_.window.stride_h * step_.in.width + x * step_.window.stride_w;
    const int64_t pixel_bytes = layer_.form == DotForm::kValues ? step_.in.channels : words_for(step_.in.channels) * 8;
    const int64_t pattern = row_patterns_[static_cast<size_t>(y)] * static_cast<int64_t>(columns_.size()) +
                            column_patterns_[static_cast<size_t>(x)];
    const int64_t constants = pattern * step_.groups * layer_.blocks() * kBlock;
    step_.positions.push_back(
        {static_cast<int32_t>(y), static_cast<int32_t>(x), step_.in_place ? pixel * pixel_bytes : 0, constants});
  }

  DotStep& step_;
  DotLayer& layer_;
  const ir::Dot& dot_;
  const ir::Encoding& x_;
  const ir::Threshold* threshold_;
  const Kernels& kernels_;
  struct Weight {
    int32_t value = 0;
    uint32_t bits = 0;  // of its planes
  };
  std::vector<std::vector<Weight>> tables_;  // [sign changed][code]
  ir::Encoding planes_;                      // of the weights, for kXor and kAnd
  bool symmetric_ = false;
  bool folded_ = false;
  int64_t run_ = 0;                                      // kValues: numbers of a row that lie side by side
  std::vector<Taps> rows_, columns_;                     // the different ones among the taps of all rows, of all columns
  std::vector<int32_t> row_patterns_, column_patterns_;  // and which of them each row and column has
  std::vector<uint32_t> codes_;                          // of the threshold's levels
};

}  // namespace

DotStep make_dot(const ir::Dot& dot, const ir::Encoding& input, const ir::Shape& in, const ir::Shape& out,
                 const ir::Threshold* threshold, bool pooled, const Kernels& kernels) {
  DotStep step;
  step.in = in;
  step.out = out;
  step.window = dot.window;
  step.groups = dot.groups;
  step.layer.form = choose_form(dot, input, kernels);
  step.layer.pooled = pooled;
  step.kernel = kernels.dot[static_cast<int>(step.layer.form)];
  step.count_ones = kernels.count_ones;
  DotMaker(step, dot, input, threshold, kernels).make();
  return step;
}

}  // namespace bitloom::engine
