// SPDX-License-Identifier: Apache-2.0
//
// Trains few-bit networks with LibTorch. The only part of bitloom that needs LibTorch: a library of its own,
// libbitloom_train, which the program loads when `bitloom train` is called (see Api).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bitloom/data.h"
#include "bitloom/error.h"

namespace bitloom::train {

// ---------------------------------------------------------------------------------------------------------------------
// Quantizers

enum class Method {
  kFloat,      ///< not quantized: weights as they are, activations max(x, 0); for twins that teach
  kBipolar,    ///< sign with the straight-through estimator (Hubara et al., Binarized Neural Networks, 2016)
  kXnor,       ///< weights only: sign times the filter's mean |w| (Rastegari et al., XNOR-Net, 2016)
  kDorefa,     ///< Zhou et al., DoReFa-Net, 2016: weights by tanh, activations clipped to 0 .. 1
  kUniform,    ///< evenly spaced integers times a learned scale (Esser et al., Learned Step Size Quantization, 2020)
  kResidual,   ///< sum of sign(r_i) gamma_i, a learned gamma a level (Ghasemzadeh et al., ReBNet, 2018)
  kIsometric,  ///< the same with gamma_i = gamma / 2^(i-1) (isometric residual binarization, equations 6 to 9)
};

/// How real numbers become a few integers. As text: float, bipolar, xnor, dorefa1 .. dorefa8, ternary, signed2 .. signed8,
/// signed2n .. signed8n (narrow: without the lowest integer), unsigned1 .. unsigned8, residual1 .. residual4,
/// isometric1 .. isometric4.
struct Quantizer {
  Method method = Method::kBipolar;
  int bits = 1;            ///< of kDorefa and kUniform; levels (M) of kResidual and kIsometric
  bool is_signed = false;  ///< of kUniform
  bool narrow = false;     ///< of kUniform
  bool operator==(const Quantizer&) const = default;
};

// ---------------------------------------------------------------------------------------------------------------------
// Recipes

/// One entry of a recipe's `layers`.
struct Layer {
  enum class Kind { kDense, kConv, kMaxPool, kAveragePool, kQuantizer, kResidual };
  Kind kind = Kind::kDense;
  int64_t outputs = 0;  ///< neurons or output channels; 0 for a depthwise convolution: as many as come in
  int64_t kernel = 3;   ///< of a convolution; a pool's window and stride
  int64_t stride = 1;
  int64_t padding = 0;  ///< zeros on each side
  int64_t dilation = 1;
  int64_t groups = 1;
  bool depthwise = false;                         ///< a group for each input channel
  int64_t pool = 1;                               ///< maximum of windows of this size and stride, before the norm; 1: none
  bool norm = true;                               ///< batch normalization between the product and its quantizer
  std::optional<Quantizer> weights, activations;  ///< the recipe's own if not set
  std::vector<Layer> body, shortcut;              ///< of kResidual; an empty shortcut passes its input on
  bool operator==(const Layer&) const = default;
};

enum class Input {
  kSign,    ///< +1 for pixels of 128 and above, else -1
  kPixels,  ///< pixel - 128
};
enum class Logits {
  kNorm,   ///< the last sums, normalized with one scale and one offset for all classes
  kScale,  ///< the last sums times one learned scale: no normalization (isometric residual binarization, IV.A)
};
enum class Optimizer { kAdam, kSgd };
enum class Schedule { kOneCycle, kCosine };
enum class Loss { kCrossEntropy, kHinge };

/// A trained network whose outputs are learned besides the labels (Hinton et al., 2015).
struct Teacher {
  std::filesystem::path checkpoint;  ///< of its training; relative to the recipe's folder
  double temperature = 4;
  double weight = 0.5;  ///< of what it says; the labels have the rest
  bool operator==(const Teacher&) const = default;
};

/// What to train and how; a JSON file (docs/reference/recipe.md).
struct Recipe {
  std::string name;  ///< of the network; required
  std::string data = "mnist";
  Input input = Input::kSign;
  Quantizer weights, activations;  ///< of layers that do not say
  std::vector<Layer> layers;       ///< without the last one, which has a neuron for each class; required
  Quantizer last;                  ///< weights of the last layer
  Logits logits = Logits::kNorm;
  int64_t epochs = 20;
  int64_t batch = 100;
  Optimizer optimizer = Optimizer::kAdam;
  Schedule schedule = Schedule::kOneCycle;
  double learning_rate = 3e-3;  ///< its highest value
  double weight_decay = 0;      ///< of weights that are not clipped
  Loss loss = Loss::kCrossEntropy;
  double label_smoothing = 0;
  std::optional<Teacher> teacher;
  std::filesystem::path start;  ///< checkpoint of a trained network that this one begins as; relative to the recipe's folder
  int64_t shift = 0;       ///< random shift of the images, pixels in each direction
  bool reflect = false;    ///< what a shift uncovers mirrors the image, else it is dark
  bool flip = false;       ///< mirror half of the images
  int64_t cutout = 0;      ///< side of a square that is made grey; 0: none
  int64_t validation = 0;  ///< training images held out
  uint64_t seed = 1;
  bool operator==(const Recipe&) const = default;
};

/// Reads a recipe. Throws Error naming the field that is wrong or unknown.
Recipe read_recipe(const std::filesystem::path& path);
Recipe parse_recipe(std::string_view json, std::string_view source);

// ---------------------------------------------------------------------------------------------------------------------
// Training

struct Progress {
  int64_t epoch = 0;  ///< finished epochs
  int64_t epochs = 0;
  double loss = 0;            ///< mean over the epoch
  double train_accuracy = 0;  ///< 0 to 1, mean over the epoch
  double test_accuracy = 0;   ///< of the integer network on the test images, or on those held out for validation
  double learning_rate = 0;   ///< of the last step
  double seconds = 0;         ///< of this epoch
};

/// Within an epoch, after some of its steps.
struct Step {
  int64_t epoch = 0;  ///< finished epochs
  int64_t epochs = 0;
  int64_t step = 0;  ///< finished steps of this epoch
  int64_t steps = 0;
  double loss = 0;  ///< mean so far in this epoch, as the next two
  double train_accuracy = 0;
  double learning_rate = 0;
};

struct Options {
  std::filesystem::path output;  ///< file to write: QONNX, or .bloom if it is named so. Beside it, under its name without
                                 ///< extension, stand .ckpt, .metrics.jsonl and .html
  bool fixed_point = false;      ///< write isometric quantizers' norms in fixed point (isometric residual binarization,
                                 ///< equation 10); accuracies during the training are without
  bool resume = true;            ///< go on from the checkpoint if it is there and its recipe is the same
  int threads = 1;
  std::function<void(const Progress&)> progress;  ///< after each epoch
  std::function<void(const Step&)> step;
};

/// Trains and writes the network (atomically); returns the last progress. Interrupted and resumed training gives the same
/// file as uninterrupted training with the same number of threads. Throws Error if the recipe does not fit the data, the
/// loss is no number any more, or a file cannot be written; the last checkpoint stays.
Progress train(const Recipe& recipe, const data::DataSet& training, const data::DataSet& test, const Options& options);

/// What a program that loads libbitloom_train with dlopen calls, found as the symbol kApiSymbol of type ApiFunction. The
/// pointers stay valid as long as the library is loaded; the functions throw as those above do.
struct Api {
  uint32_t version;  ///< kApiVersion of the library; use nothing else if it is not the caller's
  Recipe (*read_recipe)(const std::filesystem::path& path);
  Progress (*train)(const Recipe& recipe, const data::DataSet& training, const data::DataSet& test, const Options& options);
};

inline constexpr uint32_t kApiVersion = 3;
inline constexpr const char* kApiSymbol = "bitloom_train_api";
using ApiFunction = const Api* (*)();

}  // namespace bitloom::train

extern "C" const bitloom::train::Api* bitloom_train_api();
