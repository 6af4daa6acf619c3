// SPDX-License-Identifier: Apache-2.0
#include "onednn.h"

#include <cmath>
#include <functional>
#include <random>
#include <unordered_map>
#include <vector>

#include <dnnl.hpp>

#include "rounds.h"

namespace bitloom::bench {
namespace {

using dnnl::memory;
using Dims = memory::dims;

const dnnl::engine& cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

memory::desc any(const Dims& dims, memory::data_type type) { return {dims, type, memory::format_tag::any}; }

/// Row-major order: NCHW, OIHW, ...
memory::desc plain(const Dims& dims, memory::data_type type) {
  Dims strides(dims.size(), 1);
  for (size_t i = dims.size() - 1; i > 0; --i) strides[i - 1] = strides[i] * dims[i];
  return {dims, type, strides};
}

/// Random numbers of 8 bits in the layout that a primitive wants. They go through plain floats, from which oneDNN reorders
/// to each of its layouts, Winograd's included.
memory random_memory(const memory::desc& wanted, uint64_t seed) {
  memory source(plain(wanted.dims(), memory::data_type::f32), cpu());
  std::mt19937_64 random(seed);
  const bool is_signed = static_cast<memory::data_type>(wanted.data.data_type) == memory::data_type::s8;
  std::vector<float> block(65521);  // repeated; a prime, so that rows differ
  for (float& value : block) value = static_cast<float>(static_cast<int>(random() & 255) - (is_signed ? 128 : 0));
  auto* values = static_cast<float*>(source.get_data_handle());
  for (size_t i = 0; i < source.get_desc().get_size() / sizeof(float); ++i) values[i] = block[i % block.size()];
  memory result(wanted, cpu());
  dnnl::stream stream(cpu());
  dnnl::reorder(source, result).execute(stream, source, result);
  stream.wait();
  return result;
}

/// For 8 bits: brings a sum of `fan_in` products of random bytes to their scale.
dnnl::primitive_attr attributes_of(const Layer& layer, memory::data_type result) {
  constexpr double kProductDeviation = 148.0 * 74.0;  // root mean square of 0..255 times that of -128..127
  dnnl::primitive_attr attributes;
  if (result != memory::data_type::u8 || layer.kind == LayerKind::kMaxPool) return attributes;
  const double deviation = kProductDeviation * std::sqrt(static_cast<double>(layer.fan_in()));
  attributes.set_output_scales(0, {static_cast<float>(128.0 / deviation)});
  return attributes;
}

Dims dims_of(const ir::Shape& shape, int64_t batch) { return {batch, shape.channels, shape.height, shape.width}; }

struct Padding {
  Dims strides, before, after;
};

Padding padding_of(const ir::Window& w) {
  return {{w.stride_h, w.stride_w}, {w.pad_top, w.pad_left}, {w.pad_bottom, w.pad_right}};
}

dnnl::convolution_forward::desc convolution(const Layer& layer, int64_t batch, memory::data_type result) {
  const ir::Window& w = layer.window;
  const Padding p = padding_of(w);
  return dnnl::convolution_forward::desc(
      dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_auto,
      any(dims_of(layer.input, batch), memory::data_type::u8),
      any({layer.output.channels, layer.input.channels, w.kernel_h, w.kernel_w}, memory::data_type::s8),
      any(dims_of(layer.output, batch), result), p.strides, {w.dilation_h - 1, w.dilation_w - 1}, p.before, p.after);
}

dnnl::inner_product_forward::desc inner_product(const Layer& layer, int64_t batch, memory::data_type result) {
  return dnnl::inner_product_forward::desc(dnnl::prop_kind::forward_inference,
                                           any({batch, layer.input.channels}, memory::data_type::u8),
                                           any({layer.output.channels, layer.input.channels}, memory::data_type::s8),
                                           any({batch, layer.output.channels}, result));
}

dnnl::matmul::desc matmul(const Layer& layer, int64_t batch, memory::data_type result) {
  return dnnl::matmul::desc(any({batch, layer.input.channels}, memory::data_type::u8),
                            any({layer.input.channels, layer.output.channels}, memory::data_type::s8),
                            any({batch, layer.output.channels}, result));
}

dnnl::pooling_v2_forward::desc max_pool(const Layer& layer, int64_t batch, memory::format_tag source) {
  const ir::Window& w = layer.window;
  const Padding p = padding_of(w);
  const memory::desc from(dims_of(layer.input, batch), memory::data_type::u8, source);
  return dnnl::pooling_v2_forward::desc(dnnl::prop_kind::forward_inference, dnnl::algorithm::pooling_max, from,
                                        any(dims_of(layer.output, batch), memory::data_type::u8), p.strides,
                                        {w.kernel_h, w.kernel_w}, {w.dilation_h - 1, w.dilation_w - 1}, p.before, p.after);
}

}  // namespace

struct OnednnLayer::Candidate {
  dnnl::primitive primitive;
  std::unordered_map<int, memory> arguments;
  std::string implementation;
  mutable dnnl::stream stream{cpu()};

  void run() const {
    primitive.execute(stream, arguments);
    stream.wait();
  }
};

namespace {

/// Keeps the faster of what it is shown.
template <typename Candidate>
class Contest {
 public:
  Contest(bool exact, double trial) : exact_(exact), trial_(trial) {}

  /// Tries every implementation that oneDNN has for a description, but for those that only define the meaning.
  template <typename Primitive>
  void try_all(const typename Primitive::desc& operation, const dnnl::primitive_attr& attributes,
               const std::string& suffix) {
    // It iterates by pointer over `operation`, which therefore has to live as long.
    typename Primitive::primitive_desc description(operation, attributes, cpu(), true);
    if (!description) return;
    do {
      const std::string implementation = description.impl_info_str();
      if (implementation.find("ref") != std::string::npos) continue;
      if (exact_ && implementation.find("wino") != std::string::npos) continue;
      auto candidate = std::make_unique<Candidate>();
      candidate->primitive = Primitive(description);
      candidate->implementation = implementation + suffix;
      candidate->arguments.emplace(DNNL_ARG_SRC, random_memory(description.src_desc(), 1));
      if (const memory::desc weights = description.query_md(dnnl::query::weights_md); weights.get_size() > 0) {
        candidate->arguments.emplace(DNNL_ARG_WEIGHTS, random_memory(weights, 2));
      }
      candidate->arguments.emplace(DNNL_ARG_DST, memory(description.dst_desc(), cpu()));
      consider(std::move(candidate));
    } while (description.next_impl());
  }

  std::unique_ptr<const Candidate> winner;
  double seconds = 0;

 private:
  void consider(std::unique_ptr<const Candidate> candidate) {
    const auto call = [&] { candidate->run(); };
    constexpr double kHopeless = 8;  // times slower, even for a first call
    if (winner && best_seconds(call, 0) > kHopeless * seconds) return;
    const double mine = best_seconds(call, trial_);
    if (winner && seconds <= mine) return;
    winner = std::move(candidate);
    seconds = mine;
  }

  bool exact_;
  double trial_;
};

}  // namespace

OnednnLayer::OnednnLayer(const Layer& layer, int64_t batch, bool exact, double trial) {
  Contest<Candidate> contest(exact, trial);
  for (const auto& [result, name] : {std::pair(memory::data_type::u8, " u8"), {memory::data_type::s32, " s32"}}) {
    const dnnl::primitive_attr attributes = attributes_of(layer, result);
    switch (layer.kind) {
      case LayerKind::kConvolution:
        contest.try_all<dnnl::convolution_forward>(convolution(layer, batch, result), attributes, name);
        break;
      case LayerKind::kFullyConnected:
        contest.try_all<dnnl::inner_product_forward>(inner_product(layer, batch, result), attributes, name);
        contest.try_all<dnnl::matmul>(matmul(layer, batch, result), attributes, name);
        break;
      case LayerKind::kMaxPool:  // of codes, so always 8 bits; channels last is what the convolutions leave
        if (result == memory::data_type::u8) {
          contest.try_all<dnnl::pooling_v2_forward>(max_pool(layer, batch, memory::format_tag::nhwc), attributes, name);
        }
        break;
    }
  }
  if (!contest.winner) throw Error("oneDNN {} has no fast implementation of {}", onednn_version(), layer.name);
  implementation_ = contest.winner->implementation;
  trial_seconds_ = contest.seconds;
  chosen_ = std::move(contest.winner);
}

OnednnLayer::~OnednnLayer() = default;
OnednnLayer::OnednnLayer(OnednnLayer&&) noexcept = default;
OnednnLayer& OnednnLayer::operator=(OnednnLayer&&) noexcept = default;

void OnednnLayer::run() const { chosen_->run(); }

std::string onednn_version() {
  const dnnl_version_t& version = *dnnl_version();
  return fmt::format("{}.{}.{}", version.major, version.minor, version.patch);
}

std::string onednn_instructions() {
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::sse41:
      return "SSE4.1";
    case dnnl::cpu_isa::avx:
      return "AVX";
    case dnnl::cpu_isa::avx2:
      return "AVX2";
    case dnnl::cpu_isa::avx2_vnni:
      return "AVX2 with VNNI";
    case dnnl::cpu_isa::avx512_core:
      return "AVX-512";
    case dnnl::cpu_isa::avx512_core_vnni:
      return "AVX-512 with VNNI";
    case dnnl::cpu_isa::avx512_core_bf16:
      return "AVX-512 with VNNI and bfloat16";
    case dnnl::cpu_isa::avx512_core_amx:
      return "AVX-512 with AMX";
    default:
      return "others";
  }
}

}  // namespace bitloom::bench
