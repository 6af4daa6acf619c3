// SPDX-License-Identifier: Apache-2.0
//
// Plain loops over channels, which the compiler turns into vectors: Highway compiles this file once for each instruction
// set and picks the best at run time.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "norm_kernels.cc"
#include <hwy/foreach_target.h>

#include <hwy/highway.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "norm_kernels.h"

HWY_BEFORE_NAMESPACE();
namespace bitloom::train::HWY_NAMESPACE {

inline float to_float(float x) { return x; }
inline float to_float(Half x) {
  const uint32_t bits = uint32_t{x.bits} << 16;
  float result;
  std::memcpy(&result, &bits, sizeof result);
  return result;
}
inline void store(float x, float& target) { target = x; }
inline void store(float x, Half& target) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  target.bits = static_cast<uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);  // to nearest, ties to even
}

inline float within(float x, float limit) { return x <= limit && x >= -limit ? 1.0F : 0.0F; }
inline float clip(float x, float lowest, float highest) { return std::min(std::max(x, lowest), highest); }

struct Relu {
  static constexpr int kParameters = 0;
  explicit Relu(const Activation&) {}
  float value(float y) const { return y > 0 ? y : 0.0F; }
  float gradient(float y, float dv, float*) const { return y > 0 ? dv : 0.0F; }
};

struct Sign {
  static constexpr int kParameters = 0;
  explicit Sign(const Activation&) {}
  float value(float y) const { return y >= 0 ? 1.0F : -1.0F; }
  float gradient(float y, float dv, float*) const { return dv * within(y, 1); }
};

/// To the nearest whole number, ties to the even one; |x| < 2^22.
inline float rounded(float x) {
  constexpr float kToInteger = 0x1.8p23F;  // adding it leaves no bits for a fraction
  return x + kToInteger - kToInteger;
}

struct Uniform {
  static constexpr int kParameters = 1;
  explicit Uniform(const Activation& a) : lowest(a.lowest), highest(a.highest), inverse(1 / a.step) {}
  float value(float y) const { return rounded(clip(y * inverse, lowest, highest)); }
  float gradient(float y, float dv, float* parameters) const {
    const float t = y * inverse;
    const float inside = t >= lowest && t <= highest ? dv * inverse : 0.0F;
    parameters[0] -= inside * t;
    return inside;
  }
  float lowest, highest, inverse;
};

template <int levels>
struct Residual {
  static constexpr int kParameters = levels;
  explicit Residual(const Activation& a) : inverse(1 / a.unit) { std::copy_n(a.gamma, levels, gamma); }
  float value(float y) const {
    float sum = 0;
    for (int i = 0; i < levels; ++i) sum += y - sum >= 0 ? gamma[i] : -gamma[i];
    return rounded(sum * inverse);
  }
  float gradient(float y, float dv, float* parameters) const {
    const float de = dv * inverse;
    float rest = y, slope = 0;
    for (int i = 0; i < levels; ++i) {
      slope += gamma[i] * within(rest, 1);
      parameters[i] += de * clip(rest, -1, 1);
      rest -= rest >= 0 ? gamma[i] : -gamma[i];
    }
    return de * slope;
  }
  float inverse, gamma[levels];
};

constexpr int64_t kBlock = 64;  // rows whose sums are kept in floats before they are added to doubles

template <typename T>
void moments(const T* x, int64_t rows, int64_t channels, double* sums, double* squares) {
  std::vector<float> partial(static_cast<size_t>(2 * channels));
  float* HWY_RESTRICT s = partial.data();
  float* HWY_RESTRICT q = s + channels;
  for (int64_t begin = 0; begin < rows; begin += kBlock) {
    std::fill(partial.begin(), partial.end(), 0.0F);
    for (int64_t r = begin; r < std::min(rows, begin + kBlock); ++r) {
      const T* row = x + r * channels;
      for (int64_t c = 0; c < channels; ++c) {
        const float value = to_float(row[c]);
        s[c] += value;
        q[c] += value * value;
      }
    }
    for (int64_t c = 0; c < channels; ++c) {
      sums[c] += static_cast<double>(s[c]);
      squares[c] += static_cast<double>(q[c]);
    }
  }
}

template <typename T, typename Q>
void forward_as(const T* x, int64_t rows, int64_t channels, Affine affine, const Q quantizer, T* HWY_RESTRICT v) {
  for (int64_t r = 0; r < rows; ++r) {
    const T* row = x + r * channels;
    T* HWY_RESTRICT target = v + r * channels;
    for (int64_t c = 0; c < channels; ++c)
      store(quantizer.value(affine.scale[c] * to_float(row[c]) + affine.offset[c]), target[c]);
  }
}

template <typename T, typename Q>
void gradients_as(const T* x, const T* dv, int64_t rows, int64_t channels, Affine affine, const Q quantizer, double* sums,
                  double* products, ParameterGradients& parameters) {
  constexpr int kParameters = std::max(Q::kParameters, 1);
  std::vector<float> partial(static_cast<size_t>((2 + kParameters) * channels));
  float* HWY_RESTRICT s = partial.data();
  float* HWY_RESTRICT p = s + channels;
  float* HWY_RESTRICT g = p + channels;
  for (int64_t begin = 0; begin < rows; begin += kBlock) {
    std::fill(partial.begin(), partial.end(), 0.0F);
    for (int64_t r = begin; r < std::min(rows, begin + kBlock); ++r) {
      const T* row = x + r * channels;
      const T* incoming = dv + r * channels;
      for (int64_t c = 0; c < channels; ++c) {
        const float value = to_float(row[c]);
        float own[kParameters] = {};
        const float dy = quantizer.gradient(affine.scale[c] * value + affine.offset[c], to_float(incoming[c]), own);
        s[c] += dy;
        p[c] += dy * value;
        for (int i = 0; i < Q::kParameters; ++i) g[i * channels + c] += own[i];
      }
    }
    for (int64_t c = 0; c < channels; ++c) {
      sums[c] += static_cast<double>(s[c]);
      products[c] += static_cast<double>(p[c]);
      for (int i = 0; i < Q::kParameters; ++i) parameters.values[i] += static_cast<double>(g[i * channels + c]);
    }
  }
}

template <typename T, typename Q>
void backward_as(const T* x, const T* dv, int64_t rows, int64_t channels, Affine affine, const Q quantizer,
                 NormGradient gradient, T* HWY_RESTRICT dx) {
  for (int64_t r = 0; r < rows; ++r) {
    const T* row = x + r * channels;
    const T* incoming = dv + r * channels;
    T* HWY_RESTRICT target = dx + r * channels;
    for (int64_t c = 0; c < channels; ++c) {
      const float value = to_float(row[c]);
      float unused[4] = {};
      const float dy = quantizer.gradient(affine.scale[c] * value + affine.offset[c], to_float(incoming[c]), unused);
      store(gradient.a[c] * dy + gradient.b[c] * value + gradient.c[c], target[c]);
    }
  }
}

/// Calls `work` with the quantizer as a type of its own, so that the loops are compiled for it.
template <typename Work>
void dispatch(const Activation& activation, const Work& work) {
  switch (activation.kind) {
    case Activation::Kind::kRelu:
      return work(Relu(activation));
    case Activation::Kind::kSign:
      return work(Sign(activation));
    case Activation::Kind::kUniform:
      return work(Uniform(activation));
    case Activation::Kind::kResidual:
      break;
  }
  switch (activation.levels) {
    case 1:
      return work(Residual<1>(activation));
    case 2:
      return work(Residual<2>(activation));
    case 3:
      return work(Residual<3>(activation));
    default:
      return work(Residual<4>(activation));
  }
}

template <typename T>
void forward(const T* x, int64_t rows, int64_t channels, Affine affine, const Activation& activation, T* v) {
  dispatch(activation, [&](const auto quantizer) { forward_as(x, rows, channels, affine, quantizer, v); });
}

template <typename T>
void gradients(const T* x, const T* dv, int64_t rows, int64_t channels, Affine affine, const Activation& activation,
               double* sums, double* products, ParameterGradients& parameters) {
  dispatch(activation, [&](const auto quantizer) {
    gradients_as(x, dv, rows, channels, affine, quantizer, sums, products, parameters);
  });
}

template <typename T>
void backward(const T* x, const T* dv, int64_t rows, int64_t channels, Affine affine, const Activation& activation,
              NormGradient gradient, T* dx) {
  dispatch(activation, [&](const auto quantizer) { backward_as(x, dv, rows, channels, affine, quantizer, gradient, dx); });
}

NormKernels<float> float_kernels() { return {&moments<float>, &forward<float>, &gradients<float>, &backward<float>}; }
NormKernels<Half> half_kernels() { return {&moments<Half>, &forward<Half>, &gradients<Half>, &backward<Half>}; }

}  // namespace bitloom::train::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bitloom::train {

HWY_EXPORT(float_kernels);
HWY_EXPORT(half_kernels);

template <>
NormKernels<float> norm_kernels<float>() {
  return HWY_DYNAMIC_DISPATCH(float_kernels)();
}
template <>
NormKernels<Half> norm_kernels<Half>() {
  return HWY_DYNAMIC_DISPATCH(half_kernels)();
}

}  // namespace bitloom::train
#endif
