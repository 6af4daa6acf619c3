// SPDX-License-Identifier: Apache-2.0
//
// Adam for networks whose parameters have a range to stay in, and the schedule of its learning rate.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "tensor.h"

namespace bitloom::train {

/// A tensor of 32-bit floats that is learned. After each step it is clipped to lowest .. highest.
struct Parameter {
  std::string name;
  at::Tensor value;
  double rate = 1;  ///< multiplies the learning rate
  float lowest = -std::numeric_limits<float>::infinity();
  float highest = std::numeric_limits<float>::infinity();
};

/// A tensor that a checkpoint keeps.
struct NamedTensor {
  std::string name;
  at::Tensor value;
};

/// The learning rate of `step` of `steps`: rises linearly to `peak` over the first tenth, then falls as half a cosine to a
/// thousandth of it.
double one_cycle(double peak, int64_t step, int64_t steps);

class Adam {
 public:
  explicit Adam(std::vector<Parameter> parameters);

  /// Moves each parameter against its gradient and forgets the gradient. `step` counts from 0.
  void step(double rate, int64_t step);

  /// The running moments.
  std::vector<NamedTensor> state() const;

 private:
  struct Slot {
    Parameter parameter;
    at::Tensor mean, square;
  };
  std::vector<Slot> slots_;
};

}  // namespace bitloom::train
