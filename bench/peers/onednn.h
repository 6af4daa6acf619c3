// SPDX-License-Identifier: Apache-2.0
//
// A layer in oneDNN's 8-bit integers: unsigned activations, signed weights.
#pragma once

#include <memory>
#include <string>

#include "topology.h"

namespace bitloom::bench {

/// Set up for one batch size, with every choice that oneDNN leaves to its caller made by measurement: the operation, the
/// implementation, and whether the result is kept as 32-bit sums or requantized to unsigned 8 bits (which is ReLU as well:
/// the conversion saturates at 0). oneDNN chooses the layouts of all tensors; random data are brought into them beforehand.
class OnednnLayer {
 public:
  /// Tries each choice for about `trial` seconds; `exact` leaves out Winograd's convolution, which rounds. Throws Error if
  /// oneDNN has no implementation of the layer.
  OnednnLayer(const Layer& layer, int64_t batch, bool exact, double trial);
  ~OnednnLayer();
  OnednnLayer(OnednnLayer&&) noexcept;
  OnednnLayer& operator=(OnednnLayer&&) noexcept;

  /// Computes the layer for the whole batch.
  void run() const;
  const std::string& implementation() const { return implementation_; }  ///< as oneDNN names it, and the result's type
  double trial_seconds() const { return trial_seconds_; }                ///< of a batch, as first measured

 private:
  struct Candidate;
  std::unique_ptr<const Candidate> chosen_;
  std::string implementation_;
  double trial_seconds_ = 0;
};

std::string onednn_version();
/// The instructions that oneDNN takes on this CPU.
std::string onednn_instructions();

}  // namespace bitloom::bench
