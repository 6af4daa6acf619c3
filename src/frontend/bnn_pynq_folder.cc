// SPDX-License-Identifier: Apache-2.0
//
// Weight words are bit fields: 1 bit is 0 for -1 and 1 for +1, 2 bits are two's complement. Neuron n of a layer is in the
// file of element n mod PE at fold n div PE; synapse s is in lane s mod SIMD of word s div SIMD of that fold.
#include "bnn_pynq_folder.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "bitloom/error.h"
#include "bitloom/file.h"
#include "text.h"

namespace bitloom::frontend::bnn_pynq {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kWordBytes = 8;
constexpr int64_t kMaxClassesBytes = 1 << 16;

struct Network {
  std::string_view family;  ///< "lfcW1", to which the activations are added
  bool is_cnv;
  int32_t weight_bits;
  std::vector<LayerShape> layers;
};

const std::vector<Network>& networks() {
  static const std::vector<Network> known = {
      {"lfcW1",
       false,
       1,
       {{832, 1024, 64, 32, 0}, {1024, 1024, 32, 64, 0}, {1024, 1024, 64, 32, 0}, {1024, kOutputs, 8, 16, 0}}},
      {"cnvW1",
       true,
       1,
       {{27, 64, 3, 16, 3},
        {576, 64, 32, 32, 3, true},
        {576, 128, 32, 16, 3},
        {1152, 128, 32, 16, 3, true},
        {1152, 256, 32, 4, 3},
        {2304, 256, 32, 1, 3},
        {256, 512, 4, 1, 0},
        {512, 512, 8, 1, 0},
        {512, kOutputs, 1, 4, 0}}},
      {"cnvW2",
       true,
       2,
       {{27, 64, 3, 8, 3},
        {576, 64, 16, 16, 3, true},
        {576, 128, 16, 8, 3},
        {1152, 128, 16, 8, 3, true},
        {1152, 256, 8, 4, 3},
        {2304, 256, 8, 1, 3},
        {256, 512, 2, 1, 0},
        {512, 512, 2, 2, 0},
        {512, kOutputs, 1, 4, 0}}},
  };
  return known;
}

std::string file_name(size_t layer, int32_t element, std::string_view kind) {
  return fmt::format("{}-{}-{}.bin", layer, element, kind);
}

bool has_thresholds(const Network& network, size_t layer) { return !network.is_cnv || layer + 1 < network.layers.size(); }

// Sizes of the folder's files by name.
std::map<std::string, uintmax_t> list(const fs::path& path) {
  std::map<std::string, uintmax_t> sizes;
  std::error_code error;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code unknown;  // of things that are not files, which have no size
    const uintmax_t size = entry->file_size(unknown);
    if (!unknown) sizes.emplace(entry->path().filename().string(), size);
  }
  if (error) throw Error("{}: cannot read the folder: {}", path.string(), error.message());
  return sizes;
}

std::vector<std::string> missing_files(const Network& network, const std::map<std::string, uintmax_t>& sizes) {
  std::vector<std::string> missing;
  for (size_t layer = 0; layer < network.layers.size(); ++layer) {
    for (int32_t element = 0; element < network.layers[layer].elements; ++element) {
      for (const std::string_view kind : {"weights", "thres"}) {
        if (kind == "thres" && !has_thresholds(network, layer)) continue;
        std::string name = file_name(layer, element, kind);
        if (!sizes.contains(name)) missing.push_back(std::move(name));
      }
    }
  }
  return missing;
}

const Network& recognize(const fs::path& path, const std::map<std::string, uintmax_t>& sizes) {
  if (!sizes.contains(file_name(0, 0, "weights"))) {
    throw Error("{}: not a model that bitloom reads: a folder must hold BNN-PYNQ parameters (0-0-weights.bin and so on)",
                path.string());
  }
  const Network* nearest = nullptr;
  std::vector<std::string> nearest_missing;
  for (const Network& network : networks()) {
    std::vector<std::string> missing = missing_files(network, sizes);
    if (missing.empty()) return network;
    if (nearest && missing.size() >= nearest_missing.size()) continue;
    nearest = &network;
    nearest_missing = std::move(missing);
  }
  throw Error(
      "{}: is not a whole BNN-PYNQ parameter folder: of the files of {}, the nearest of lfcW1, cnvW1 and cnvW2, {} "
      "are missing, the first is {}",
      path.string(), nearest->family, nearest_missing.size(), nearest_missing.front());
}

int32_t folds(const LayerShape& shape) { return shape.neurons / shape.elements; }

// One threshold a neuron is a 1-bit activation, two are a 2-bit one (-1, 0, +1). Files may be short but not long, so one
// file with more words than neurons decides.
int32_t find_activation_bits(const Network& network, const std::map<std::string, uintmax_t>& sizes) {
  if (network.weight_bits == 2) return 2;
  for (size_t layer = 0; layer + 1 < network.layers.size(); ++layer) {
    const auto words = static_cast<uintmax_t>(folds(network.layers[layer]));
    for (int32_t element = 0; element < network.layers[layer].elements; ++element) {
      if (sizes.at(file_name(layer, element, "thres")) > words * kWordBytes) return 2;
    }
  }
  return 1;
}

std::vector<uint64_t> read_words(const fs::path& path, int64_t count) {
  std::error_code error;
  const uintmax_t size = fs::file_size(path, error);
  if (error) throw Error("{}: cannot read: {}", path.string(), error.message());
  if (size % kWordBytes != 0) throw Error("{}: is {} bytes long; it must hold whole 8-byte words", path.string(), size);
  if (size / kWordBytes > static_cast<uintmax_t>(count)) {
    throw Error("{}: holds {} words; this layer has {}", path.string(), size / kWordBytes, count);
  }
  const std::vector<std::byte> bytes = read_file(path, count * kWordBytes);
  std::vector<uint64_t> words(static_cast<size_t>(count), 0);
  for (size_t i = 0; i < bytes.size(); ++i) {
    words[i / kWordBytes] |= std::to_integer<uint64_t>(bytes[i]) << (i % kWordBytes * 8);
  }
  return words;
}

int8_t decode(uint64_t field, int32_t bits) {
  if (bits == 1) return field ? 1 : -1;
  return static_cast<int8_t>(field < 2 ? static_cast<int>(field) : static_cast<int>(field) - 4);
}

// The original thresholds are 16 bits wide, 24 behind the fixed-point pixels of a CNV; wider words were cut on loading.
int32_t wrap(uint64_t word, int32_t bits) {
  const uint64_t kept = word & ((uint64_t{1} << bits) - 1);
  return static_cast<int32_t>(kept) - static_cast<int32_t>(kept >> (bits - 1) << bits);
}

void read_weights(const fs::path& path, size_t index, int32_t bits, Layer& layer) {
  const LayerShape& shape = layer.shape;
  const int32_t synapse_folds = shape.synapses / shape.simd;
  layer.weights.resize(static_cast<size_t>(shape.neurons) * static_cast<size_t>(shape.synapses));
  for (int32_t element = 0; element < shape.elements; ++element) {
    const auto words = read_words(path / file_name(index, element, "weights"), int64_t{synapse_folds} * folds(shape));
    const uint64_t* word = words.data();
    for (int32_t neuron = element; neuron < shape.neurons; neuron += shape.elements) {
      int8_t* weight = layer.weights.data() + int64_t{neuron} * shape.synapses;
      for (int32_t fold = 0; fold < synapse_folds; ++fold, ++word) {
        for (int32_t lane = 0; lane < shape.simd; ++lane) {
          *weight++ = decode(*word >> (lane * bits) & ((uint64_t{1} << bits) - 1), bits);
        }
      }
    }
  }
}

void read_thresholds(const fs::path& path, size_t index, int32_t bits, Layer& layer) {
  if (layer.threshold_count == 0) return;
  const LayerShape& shape = layer.shape;
  layer.thresholds.resize(static_cast<size_t>(int64_t{shape.neurons} * layer.threshold_count));
  for (int32_t element = 0; element < shape.elements; ++element) {
    const auto words = read_words(path / file_name(index, element, "thres"), int64_t{layer.threshold_count} * folds(shape));
    const uint64_t* word = words.data();
    for (int32_t neuron = element; neuron < shape.neurons; neuron += shape.elements) {
      for (int32_t j = 0; j < layer.threshold_count; ++j) {
        layer.thresholds[static_cast<size_t>(int64_t{neuron} * layer.threshold_count + j)] = wrap(*word++, bits);
      }
    }
  }
}

// One name a line. The last line may lack its end, and empty lines at the end are no classes.
std::vector<std::string> read_classes(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) {
    throw Error("{}: is missing; it names the classes, one a line, and so says how many of the {} outputs count",
                path.string(), kOutputs);
  }
  const std::vector<std::byte> bytes = read_file(path, kMaxClassesBytes);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!is_utf8(text)) throw Error("{}: is not UTF-8 text", path.string());
  std::vector<std::string> classes;
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find('\n', start), text.size());
    std::string_view line = text.substr(start, end - start);
    if (line.ends_with('\r')) line.remove_suffix(1);
    classes.emplace_back(line);
    start = end + 1;
  }
  while (!classes.empty() && classes.back().empty()) classes.pop_back();
  if (classes.empty() || classes.size() > static_cast<size_t>(kOutputs)) {
    throw Error("{}: names {} classes; the network has between 1 and {}", path.string(), classes.size(), kOutputs);
  }
  return classes;
}

}  // namespace

Folder read_folder(const fs::path& path) {
  const std::map<std::string, uintmax_t> sizes = list(path);
  const Network& network = recognize(path, sizes);
  Folder folder;
  folder.is_cnv = network.is_cnv;
  folder.weight_bits = network.weight_bits;
  folder.activation_bits = find_activation_bits(network, sizes);
  folder.name = fmt::format("{}A{}", network.family, folder.activation_bits);
  folder.classes = read_classes(path / "classes.txt");
  for (size_t i = 0; i < network.layers.size(); ++i) {
    Layer layer{.shape = network.layers[i], .threshold_count = 0, .weights = {}, .thresholds = {}};
    if (has_thresholds(network, i)) layer.threshold_count = i + 1 < network.layers.size() ? folder.activation_bits : 1;
    read_weights(path, i, folder.weight_bits, layer);
    read_thresholds(path, i, folder.is_cnv && i == 0 ? 24 : 16, layer);
    folder.layers.push_back(std::move(layer));
  }
  return folder;
}

}  // namespace bitloom::frontend::bnn_pynq
