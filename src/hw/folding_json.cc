// SPDX-License-Identifier: Apache-2.0
//
// Foldings as JSON files that a person may write. Comments are allowed.
#include <nlohmann/json.hpp>

#include "bitloom/hw.h"

namespace bitloom::hw {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kReference = "see docs/reference/hardware.md";
constexpr int64_t kMost = int64_t{1} << 28;  ///< of a PE, a SIMD, a depth

/// An object's fields, each of which must be known.
class Reader {
 public:
  Reader(const Json& object, std::string place, std::vector<std::string_view> known)
      : object_(object), place_(std::move(place)) {
    if (!object.is_object()) throw Error("{}: must be an object with named fields; {}", place_, kReference);
    for (const auto& [name, value] : object.items()) {
      if (std::ranges::find(known, name) == known.end()) {
        throw Error("{}: field '{}' is not known; {}", place_, name, kReference);
      }
    }
  }

  const Json* find(const char* name) const {
    const auto at = object_.find(name);
    return at == object_.end() ? nullptr : &*at;
  }
  int32_t whole(const char* name) const {
    const Json* value = find(name);
    if (!value) throw Error("{}: has no field '{}'; {}", place_, name, kReference);
    return whole(*value, fmt::format("{}: field '{}'", place_, name));
  }
  static int32_t whole(const Json& value, const std::string& place) {
    const bool fits =
        value.is_number_integer() && (!value.is_number_unsigned() || value.get<uint64_t>() <= uint64_t{kMost});
    if (!fits || value.get<int64_t>() < 0 || value.get<int64_t>() > kMost) {
      throw Error("{} must be a whole number up to {}", place, kMost);
    }
    return value.get<int32_t>();
  }
  MemoryStyle style(const char* name) const {
    const Json* value = find(name);
    if (!value || *value == "auto") return MemoryStyle::kAuto;
    if (*value == "block") return MemoryStyle::kBlock;
    if (*value == "distributed") return MemoryStyle::kDistributed;
    throw Error("{}: field '{}' must be \"auto\", \"block\" or \"distributed\"", place_, name);
  }
  const std::string& place() const { return place_; }

 private:
  const Json& object_;
  std::string place_;
};

LayerFolding read_layer(const Json& json, const std::string& place, std::string layer) {
  const Reader fields(json, place, {"pe", "simd", "weights", "thresholds"});
  return {std::move(layer), fields.whole("pe"), fields.whole("simd"), fields.style("weights"), fields.style("thresholds")};
}

std::map<std::string, int32_t> read_numbers(const Json* json, const std::string& place) {
  std::map<std::string, int32_t> numbers;
  if (!json) return numbers;
  if (!json->is_object()) throw Error("{}: must be an object with named fields; {}", place, kReference);
  for (const auto& [name, value] : json->items())
    numbers[name] = Reader::whole(value, fmt::format("{}: '{}'", place, name));
  return numbers;
}

void read_layers(const Json& layers, const std::string& name, Folding& folding) {
  folding.by_position = layers.is_array();
  if (!layers.is_array() && !layers.is_object()) {
    throw Error("{}: field 'layers' must be an object of layers by name, or a list of them by position; {}", name,
                kReference);
  }
  size_t position = 0;
  for (const auto& [key, value] : layers.items()) {
    const std::string place =
        folding.by_position ? fmt::format("{}: layer {}", name, position) : fmt::format("{}: {}", name, key);
    folding.layers.push_back(read_layer(value, place, folding.by_position ? "" : key));
    ++position;
  }
}

std::string_view text_of(MemoryStyle style) {
  switch (style) {
    case MemoryStyle::kAuto:
      return "auto";
    case MemoryStyle::kBlock:
      return "block";
    case MemoryStyle::kDistributed:
      return "distributed";
  }
  BITLOOM_CHECK(false);
  return "";
}

/// Names are bytes; what is no UTF-8 is replaced.
std::string quoted(const std::string& text) { return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string line_of(const LayerFolding& layer, bool by_position) {
  std::string text = by_position ? "    {" : fmt::format("    {}: {{", quoted(layer.name));
  text += fmt::format("\"pe\": {}, \"simd\": {}", layer.pe, layer.simd);
  if (layer.weights != MemoryStyle::kAuto) text += fmt::format(", \"weights\": \"{}\"", text_of(layer.weights));
  if (layer.thresholds != MemoryStyle::kAuto) text += fmt::format(", \"thresholds\": \"{}\"", text_of(layer.thresholds));
  return text + "}";
}

std::string line_of(const char* name, const std::map<std::string, int32_t>& numbers) {
  std::string text;
  for (const auto& [key, value] : numbers) text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", quoted(key), value);
  return fmt::format("  \"{}\": {{{}}}", name, text);
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (size_t i = 0; i < lines.size(); ++i) text += lines[i] + (i + 1 < lines.size() ? ",\n" : "\n");
  return text;
}

}  // namespace

Folding read_folding(std::string_view json, std::string_view name) {
  Json document;
  try {
    document = Json::parse(json, nullptr, true, true);
  } catch (const Json::exception& error) {
    throw Error("{}: is not JSON: {}", name, error.what());
  }
  const std::string place(name);
  const Reader fields(document, place, {"device", "clock_mhz", "round_down", "inputs", "layers", "fifos", "rows"});
  Folding folding;
  if (const Json* device = fields.find("device")) {
    if (!device->is_string()) throw Error("{}: field 'device' must be a text", name);
    folding.device = device->get<std::string>();
  }
  if (const Json* clock = fields.find("clock_mhz")) {
    if (!clock->is_number() || !(clock->get<double>() > 0))
      throw Error("{}: field 'clock_mhz' must be a positive number", name);
    folding.clock_mhz = clock->get<double>();
  }
  if (const Json* round = fields.find("round_down")) {
    if (!round->is_boolean()) throw Error("{}: field 'round_down' must be true or false", name);
    folding.round_down = round->get<bool>();
  }
  folding.inputs = read_numbers(fields.find("inputs"), place + ": inputs");
  folding.fifos = read_numbers(fields.find("fifos"), place + ": fifos");
  folding.rows = read_numbers(fields.find("rows"), place + ": rows");
  const Json* layers = fields.find("layers");
  if (!layers) throw Error("{}: has no field 'layers'; {}", name, kReference);
  read_layers(*layers, place, folding);
  return folding;
}

std::string print(const Folding& folding) {
  std::vector<std::string> lines, layers;
  if (!folding.device.empty()) lines.push_back(fmt::format("  \"device\": {}", quoted(folding.device)));
  if (folding.clock_mhz > 0) lines.push_back(fmt::format("  \"clock_mhz\": {}", folding.clock_mhz));
  if (folding.round_down) lines.push_back("  \"round_down\": true");
  if (!folding.inputs.empty()) lines.push_back(line_of("inputs", folding.inputs));
  for (const LayerFolding& layer : folding.layers) layers.push_back(line_of(layer, folding.by_position));
  lines.push_back(fmt::format("  \"layers\": {}\n{}  {}", folding.by_position ? "[" : "{", joined(layers),
                              folding.by_position ? "]" : "}"));
  if (!folding.fifos.empty()) lines.push_back(line_of("fifos", folding.fifos));
  if (!folding.rows.empty()) lines.push_back(line_of("rows", folding.rows));
  return "{\n" + joined(lines) + "}\n";
}

}  // namespace bitloom::hw
