// SPDX-License-Identifier: Apache-2.0
//
// Normalization and quantization of activations in one pass over memory, forward and backward: memory is what limits them,
// and separate tensor operations would take a dozen passes. Rows of channels without gaps, as channels-last tensors have
// them. Compiled once for each instruction set. Needs no LibTorch.
#pragma once

#include <cstdint>

namespace bitloom::train {

/// Bits of a bfloat16.
struct Half {
  uint16_t bits;
};

/// A quantizer with its parameters at this moment; estimators.h has the formulas.
struct Activation {
  enum class Kind { kRelu, kSign, kUniform, kResidual } kind = Kind::kSign;
  float lowest = 0, highest = 0;  ///< integers of kUniform
  float step = 1;                 ///< of kUniform
  int levels = 1;                 ///< of kResidual, 1 to 4
  float gamma[4] = {};
  float unit = 1;  ///< what 1 stands for in a result of kResidual
};

/// Gradients of the parameters: of `step`, or of each gamma.
struct ParameterGradients {
  double values[4] = {};
};

/// A channel's y = scale * x + offset.
struct Affine {
  const float* scale;
  const float* offset;
};

/// dx = a * dy + b * x + c.
struct NormGradient {
  const float *a, *b, *c;
};

template <typename T>
struct NormKernels {
  /// Adds each channel's sum and sum of squares.
  void (*moments)(const T* x, int64_t rows, int64_t channels, double* sums, double* squares);
  /// v = quantized(y).
  void (*forward)(const T* x, int64_t rows, int64_t channels, Affine affine, const Activation& activation, T* v);
  /// Adds each channel's sums of dy and dy * x, where dy is the gradient `dv` behind the quantizer's estimator, and the
  /// gradients of the quantizer's parameters.
  void (*gradients)(const T* x, const T* dv, int64_t rows, int64_t channels, Affine affine, const Activation& activation,
                    double* sums, double* products, ParameterGradients& parameters);
  void (*backward)(const T* x, const T* dv, int64_t rows, int64_t channels, Affine affine, const Activation& activation,
                   NormGradient gradient, T* dx);
};

/// The best for this CPU.
template <typename T>
NormKernels<T> norm_kernels();
template <>
NormKernels<float> norm_kernels<float>();
template <>
NormKernels<Half> norm_kernels<Half>();

}  // namespace bitloom::train
