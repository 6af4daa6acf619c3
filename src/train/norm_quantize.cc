// SPDX-License-Identifier: Apache-2.0
//
// Batch normalization and quantizer as one node of the gradient graph.
#include <cmath>
#include <vector>

#include "tensor.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "bitloom/error.h"
#include "estimators.h"

namespace bitloom::train {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

template <typename T>
const T* data(const at::Tensor& x) {
  return static_cast<const T*>(x.data_ptr());
}

/// Channels fastest, without gaps.
at::Tensor rows_of(const at::Tensor& x) {
  return x.dim() == 4 ? x.contiguous(at::MemoryFormat::ChannelsLast) : x.contiguous();
}

std::vector<double> doubles(const at::Tensor& x) { return {data<double>(x), data<double>(x) + x.numel()}; }

/// Calls `work` with a null pointer of the type that the kernels know the tensor's elements by.
template <typename Work>
void with_type(const at::Tensor& x, const Work& work) {
  if (x.scalar_type() == at::kBFloat16) return work(static_cast<const Half*>(nullptr));
  BITLOOM_CHECK(x.scalar_type() == at::kFloat);
  work(static_cast<const float*>(nullptr));
}

/// One channel's y = scale * x + offset, from its mean and deviation.
struct Channels {
  std::vector<float> scale, offset;
  Affine affine() const { return {scale.data(), offset.data()}; }
};

struct Moments {
  std::vector<double> mean, variance;
};

Moments moments_of(const at::Tensor& x, int64_t rows, int64_t channels) {
  Moments result{std::vector<double>(static_cast<size_t>(channels)), std::vector<double>(static_cast<size_t>(channels))};
  with_type(x, [&]<typename T>(const T*) {
    norm_kernels<T>().moments(data<T>(x), rows, channels, result.mean.data(), result.variance.data());
  });
  for (size_t c = 0; c < result.mean.size(); ++c) {
    result.mean[c] /= static_cast<double>(rows);
    const double square = result.variance[c] / static_cast<double>(rows) - result.mean[c] * result.mean[c];
    result.variance[c] = std::max(square, 0.0);
  }
  return result;
}

Channels channels_of(const Moments& moments, const at::Tensor& scale, const at::Tensor& offset) {
  Channels result;
  for (size_t c = 0; c < moments.mean.size(); ++c) {
    const double factor = static_cast<double>(scale.data_ptr<float>()[c]) / std::sqrt(moments.variance[c] + kNormEpsilon);
    result.scale.push_back(static_cast<float>(factor));
    result.offset.push_back(
        static_cast<float>(static_cast<double>(offset.data_ptr<float>()[c]) - moments.mean[c] * factor));
  }
  return result;
}

void update(const Statistics& running, const Moments& moments, int64_t rows) {
  const double unbiased = static_cast<double>(rows) / static_cast<double>(std::max<int64_t>(rows - 1, 1));
  float* mean = running.mean.data_ptr<float>();
  float* variance = running.variance.data_ptr<float>();
  for (size_t c = 0; c < moments.mean.size(); ++c) {
    mean[c] = static_cast<float>((1 - kMomentum) * static_cast<double>(mean[c]) + kMomentum * moments.mean[c]);
    variance[c] =
        static_cast<float>((1 - kMomentum) * static_cast<double>(variance[c]) + kMomentum * unbiased * moments.variance[c]);
  }
}

struct NormQuantize : torch::autograd::Function<NormQuantize> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input, const at::Tensor& scale,
                            const at::Tensor& offset, const at::Tensor& parameter, const Statistics& running,
                            const Quantizer& quantizer) {
    const at::Tensor x = rows_of(input);
    const int64_t channels = x.size(1), rows = x.numel() / channels;
    const Activation activation = activation_of(quantizer, parameter);
    const Moments moments = moments_of(x, rows, channels);
    const Channels norm = channels_of(moments, scale, offset);
    update(running, moments, rows);
    at::Tensor v = at::empty_like(x);
    with_type(x, [&]<typename T>(const T*) {
      norm_kernels<T>().forward(data<T>(x), rows, channels, norm.affine(), activation, static_cast<T*>(v.data_ptr()));
    });
    context->save_for_backward({x, scale, offset, parameter, at::tensor(moments.mean), at::tensor(moments.variance)});
    context->saved_data["bits"] = int64_t{quantizer.bits};
    context->saved_data["method"] = static_cast<int64_t>(quantizer.method);
    context->saved_data["signed"] = quantizer.is_signed;
    context->saved_data["narrow"] = quantizer.narrow;
    return v;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto tensors = context->get_saved_variables();
    const at::Tensor &x = tensors[0], &scale = tensors[1], &parameter = tensors[3];
    const at::Tensor dv = rows_of(gradients[0].to(x.scalar_type()));
    const Quantizer quantizer = quantizer_of(context);
    const Activation activation = activation_of(quantizer, parameter);
    const Moments moments{doubles(tensors[4]), doubles(tensors[5])};
    const Channels norm = channels_of(moments, scale, tensors[2]);
    const int64_t channels = x.size(1), rows = x.numel() / channels;
    std::vector<double> sums(static_cast<size_t>(channels)), products(sums.size());
    ParameterGradients parameters;
    with_type(x, [&]<typename T>(const T*) {
      norm_kernels<T>().gradients(data<T>(x), data<T>(dv), rows, channels, norm.affine(), activation, sums.data(),
                                  products.data(), parameters);
    });
    at::Tensor dscale = at::empty_like(scale), doffset = at::empty_like(scale), dx = at::empty_like(x);
    const std::vector<float> factors = input_gradient(moments, sums, products, rows, scale, dscale, doffset);
    const auto count = static_cast<size_t>(channels);
    with_type(x, [&]<typename T>(const T*) {
      norm_kernels<T>().backward(data<T>(x), data<T>(dv), rows, channels, norm.affine(), activation,
                                 {factors.data(), factors.data() + count, factors.data() + 2 * count},
                                 static_cast<T*>(dx.data_ptr()));
    });
    return {dx, dscale, doffset, parameter_gradient(quantizer, parameters, parameter), {}, {}};
  }

 private:
  static Quantizer quantizer_of(AutogradContext* context) {
    return {static_cast<Method>(context->saved_data["method"].toInt()),
            static_cast<int>(context->saved_data["bits"].toInt()), context->saved_data["signed"].toBool(),
            context->saved_data["narrow"].toBool()};
  }

  // With x^ = (x - mean) / deviation and means over the rows: dx = scale / deviation (dy - mean(dy) - x^ mean(dy x^)).
  static std::vector<float> input_gradient(const Moments& moments, const std::vector<double>& sums,
                                           const std::vector<double>& products, int64_t rows, const at::Tensor& scale,
                                           at::Tensor& dscale, at::Tensor& doffset) {
    const size_t count = sums.size();
    const auto n = static_cast<double>(rows);
    std::vector<float> factors(3 * count);
    for (size_t c = 0; c < count; ++c) {
      const double mean = moments.mean[c], deviation = std::sqrt(moments.variance[c] + kNormEpsilon);
      const double product = (products[c] - mean * sums[c]) / deviation;
      const double a = static_cast<double>(scale.data_ptr<float>()[c]) / deviation;
      dscale.data_ptr<float>()[c] = static_cast<float>(product);
      doffset.data_ptr<float>()[c] = static_cast<float>(sums[c]);
      const double b = -a * product / n / deviation;
      factors[c] = static_cast<float>(a);
      factors[count + c] = static_cast<float>(b);
      factors[2 * count + c] = static_cast<float>(-a * sums[c] / n - b * mean);
    }
    return factors;
  }

  static at::Tensor parameter_gradient(const Quantizer& quantizer, const ParameterGradients& gradients,
                                       const at::Tensor& parameter) {
    if (parameter.numel() == 0) return {};
    at::Tensor result = at::zeros_like(parameter);
    float* values = result.data_ptr<float>();
    if (quantizer.method == Method::kIsometric) {
      double sum = 0;
      for (int i = 0; i < 4; ++i) sum += gradients.values[i] / (1 << i);
      values[0] = static_cast<float>(sum);
    } else {
      for (int64_t i = 0; i < parameter.numel(); ++i) values[i] = static_cast<float>(gradients.values[i]);
    }
    return result;
  }
};

}  // namespace

at::Tensor norm_quantize(const Quantizer& quantizer, const at::Tensor& x, const at::Tensor& scale, const at::Tensor& offset,
                         const at::Tensor& parameter, const Statistics& running) {
  if (!x.is_cpu()) return norm_quantize_plainly(quantizer, x, scale, offset, parameter, running);
  // A node of the gradient graph takes no undefined tensors.
  return NormQuantize::apply(x, scale, offset, parameter.defined() ? parameter : at::empty({0}), running, quantizer);
}

}  // namespace bitloom::train
