// SPDX-License-Identifier: Apache-2.0
//
// Adam and stochastic gradient descent for networks whose parameters have a range to stay in, and the schedule of their
// learning rate.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "bitloom/train.h"
#include "tensor.h"

namespace bitloom::train {

/// A tensor of 32-bit floats that is learned. After each step it is clipped to lowest .. highest.
struct Parameter {
  std::string name;
  at::Tensor value;
  double rate = 1;  ///< multiplies the learning rate
  float lowest = -std::numeric_limits<float>::infinity();
  float highest = std::numeric_limits<float>::infinity();
  bool decays = false;  ///< weight decay applies
};

/// A tensor that a checkpoint keeps.
struct NamedTensor {
  std::string name;
  at::Tensor value;
};

/// The learning rate of `step` of `steps`. kOneCycle rises linearly to `peak` over the first tenth, then falls as half a
/// cosine to a thousandth of it; kCosine falls from the first step on.
double learning_rate(Schedule schedule, double peak, int64_t step, int64_t steps);

class Updater {
 public:
  Updater(Optimizer kind, double weight_decay, std::vector<Parameter> parameters);

  /// Moves each parameter against its gradient and forgets the gradient. `step` counts from 0. kAdam: Kingma and Ba, 2015,
  /// with decays 0.9 and 0.999; kSgd: momentum 0.9. Weight decay is decoupled (Loshchilov and Hutter, 2019).
  void step(double rate, int64_t step);

  /// The running moments.
  std::vector<NamedTensor> state() const;

 private:
  struct Slot {
    Parameter parameter;
    at::Tensor mean, square;  ///< square: kAdam only
  };
  Optimizer kind_;
  double weight_decay_;
  std::vector<Slot> slots_;
};

}  // namespace bitloom::train
