// SPDX-License-Identifier: Apache-2.0
//
// The files of a BNN-PYNQ parameter folder, and the integers in them. There is no header and no geometry in these files:
// each processing element of the original accelerators has one flat file of 64-bit words a layer, so the accelerators'
// foldings have to be known.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace bitloom::frontend::bnn_pynq {

struct LayerShape {
  int32_t synapses;
  int32_t neurons;
  int32_t simd;
  int32_t elements;   ///< processing elements: the number of files
  int32_t kernel;     ///< 3 for a convolution, 0 for a fully connected layer
  bool pool = false;  ///< 2 x 2 maximum after the thresholds
};

/// What a layer's files say.
struct Layer {
  LayerShape shape;
  int32_t threshold_count;          ///< of a neuron; 0 for the last layer of a CNV
  std::vector<int8_t> weights;      ///< [neuron][synapse]
  std::vector<int32_t> thresholds;  ///< [neuron][threshold]; a neuron counts those that its accumulator is greater than
};

struct Folder {
  std::string name;  ///< "lfcW1A1", "cnvW2A2" ...
  bool is_cnv = false;
  int32_t weight_bits = 1;
  int32_t activation_bits = 1;
  std::vector<Layer> layers;
  std::vector<std::string> classes;
};

inline constexpr int32_t kLfcPixels = 784;  ///< of the synapses of an LFC's first layer; the others are padding
inline constexpr int32_t kOutputs = 64;     ///< neurons of the last layer, of which the classes are the first

/// Reads a folder. The network is known by its files, not by the folder's name. Missing words at the end of a file are 0
/// and superfluous files are passed over, as in the original loader; anything else that does not fit is an Error.
Folder read_folder(const std::filesystem::path& path);

}  // namespace bitloom::frontend::bnn_pynq
