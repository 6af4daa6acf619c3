// SPDX-License-Identifier: Apache-2.0
#include "checkpoint.h"

#include <bit>
#include <cstring>
#include <utility>

#include <nlohmann/json.hpp>

#include "recipe.h"

namespace bitloom::train {
namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little, "safetensors files are little-endian");

constexpr size_t kLengthBytes = 8;
constexpr uint64_t kMaxHeaderBytes = uint64_t{1} << 24;
constexpr const char* kMetadata = "__metadata__";
constexpr const char* kFormat = "bitloom training 2";

std::string progress_text(const Progress& progress) {
  return json{{"epoch", progress.epoch},
              {"epochs", progress.epochs},
              {"loss", progress.loss},
              {"train_accuracy", progress.train_accuracy},
              {"test_accuracy", progress.test_accuracy},
              {"learning_rate", progress.learning_rate},
              {"seconds", progress.seconds}}
      .dump();
}

Progress parse_progress(const std::string& text) {
  const json document = json::parse(text);
  return {document.at("epoch"),         document.at("epochs"),        document.at("loss"),   document.at("train_accuracy"),
          document.at("test_accuracy"), document.at("learning_rate"), document.at("seconds")};
}

/// The floats of one header entry, checked against the bytes that follow the header.
SavedTensor read_tensor(const json& entry, std::span<const std::byte> body, const std::string& name,
                        std::string_view source) {
  if (entry.at("dtype") != "F32") throw Error("{}: tensor '{}' is not of 32-bit floats", source, name);
  const auto begin = entry.at("data_offsets").at(0).get<uint64_t>();
  const auto end = entry.at("data_offsets").at(1).get<uint64_t>();
  if (begin > end || end > body.size()) throw Error("{}: tensor '{}' lies outside of the file", source, name);
  SavedTensor tensor{entry.at("shape").get<std::vector<int64_t>>(), {}};
  uint64_t elements = 1;
  for (const int64_t size : tensor.shape) {
    const bool fits = size >= 0 && (size == 0 || elements <= body.size() / static_cast<uint64_t>(size));
    if (!fits) throw Error("{}: the shape of tensor '{}' does not fit its data", source, name);
    elements *= static_cast<uint64_t>(size);
  }
  if (elements * sizeof(float) != end - begin) {
    throw Error("{}: the shape of tensor '{}' does not fit its data", source, name);
  }
  tensor.data.resize(elements);
  if (elements > 0) std::memcpy(tensor.data.data(), body.data() + begin, end - begin);
  return tensor;
}

Checkpoint read_header(const json& header, std::span<const std::byte> body, std::string_view source) {
  const json& metadata = header.at(kMetadata);
  if (metadata.at("format") != kFormat) {
    throw Error("{}: is a checkpoint of another program or version; expected '{}'", source, kFormat);
  }
  Checkpoint checkpoint;
  checkpoint.recipe = metadata.at("recipe");
  checkpoint.data = metadata.at("data");
  checkpoint.arithmetic = metadata.at("arithmetic");
  checkpoint.progress = parse_progress(metadata.at("progress"));
  for (const auto& [name, entry] : header.items()) {
    if (name != kMetadata) checkpoint.tensors.emplace(name, read_tensor(entry, body, name, source));
  }
  return checkpoint;
}

}  // namespace

std::string checkpoint_bytes(const Checkpoint& checkpoint) {
  json header;
  header[kMetadata] = {{"format", kFormat},
                       {"recipe", checkpoint.recipe},
                       {"data", checkpoint.data},
                       {"arithmetic", checkpoint.arithmetic},
                       {"progress", progress_text(checkpoint.progress)}};
  uint64_t offset = 0;
  for (const auto& [name, tensor] : checkpoint.tensors) {
    const uint64_t end = offset + tensor.data.size() * sizeof(float);
    header[name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + kLengthBytes - 1) / kLengthBytes * kLengthBytes, ' ');  // so that the floats are aligned

  const uint64_t length = text.size();
  std::string bytes;
  bytes.reserve(kLengthBytes + text.size() + offset);
  bytes.append(reinterpret_cast<const char*>(&length), kLengthBytes);
  bytes.append(text);
  for (const auto& [name, tensor] : checkpoint.tensors) {
    bytes.append(reinterpret_cast<const char*>(tensor.data.data()), tensor.data.size() * sizeof(float));
  }
  return bytes;
}

Checkpoint parse_checkpoint(std::span<const std::byte> bytes, std::string_view source) {
  uint64_t length = 0;
  if (bytes.size() >= kLengthBytes) std::memcpy(&length, bytes.data(), kLengthBytes);
  if (bytes.size() < kLengthBytes || length > kMaxHeaderBytes || length > bytes.size() - kLengthBytes) {
    throw Error("{}: is not a checkpoint of a training, or is cut short", source);
  }
  const auto* text = reinterpret_cast<const char*>(bytes.data() + kLengthBytes);
  try {
    return read_header(json::parse(text, text + length), bytes.subspan(kLengthBytes + length), source);
  } catch (const json::exception& error) {
    throw Error("{}: the header of the checkpoint is damaged: {}", source, error.what());
  }
}

void check_same_training(const Checkpoint& checkpoint, const std::string& recipe, const std::string& data,
                         std::string_view source) {
  constexpr const char* kRemedy = "finish that training as it was begun, or train anew with --restart";
  if (checkpoint.recipe != recipe) {
    const json there = json::parse(print(parse_recipe(checkpoint.recipe, source)));
    const json here = json::parse(recipe);
    for (const auto& [field, value] : here.items()) {
      if (there.at(field) != value) {
        throw Error("{}: is the checkpoint of another recipe: '{}' is {} there and {} here; {}", source, field,
                    there.at(field).dump(), value.dump(), kRemedy);
      }
    }
  }
  if (checkpoint.data != data) {
    throw Error("{}: is the checkpoint of a training on other images; {}", source, kRemedy);
  }
}

}  // namespace bitloom::train
