// SPDX-License-Identifier: Apache-2.0
//
// What a design is, for programs: design.json of an emitted folder.
#include <nlohmann/json.hpp>

#include "bitloom/dataflow.h"
#include "project.h"
#include "synth_unit.h"

namespace bitloom::hw {
namespace {

using Json = nlohmann::ordered_json;

/// Names are bytes; what is no UTF-8 is replaced.
std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json to_json(const Element& element) {
  Json json{{"bits", element.bits}};
  if (element.plain()) return json;
  json["coefficients"] = element.coefficients;
  json["bias"] = element.bias;
  return json;
}

Json to_json(const End& end) {
  return end.unit < 0 ? Json{{"port", end.port}} : Json{{"unit", end.unit}, {"port", end.port}};
}

Json to_json(const Resources& r) {
  return {{"lut", r.lut}, {"lut_ram", r.lut_ram}, {"ff", r.ff}, {"bram36", r.bram36}, {"bram18", r.bram18}, {"dsp", r.dsp}};
}

Json to_json(const Stream& s) {
  return {{"name", s.name},   {"element", to_json(s.element)}, {"lanes", s.lanes},   {"width", s.width()},
          {"words", s.words}, {"from", to_json(s.from)},       {"to", to_json(s.to)}};
}

Json ports_json(const Design& design, const std::vector<Port>& ports, const char* direction, const char* axis) {
  Json list = Json::array();
  for (size_t i = 0; i < ports.size(); ++i) {
    const Port& port = ports[i];
    const ir::Shape& shape = port.type.shape;
    const ir::Range range = port.type.range();
    Json json{{"name", port.name},
              {"port", port_name(direction, i, ports.size())},
              {"axis", port_name(axis, i, ports.size())},
              {"tdata_bits", (stream_of(design, port).width() + 7) / 8 * 8},
              {"stream", port.stream},
              {"shape", {shape.height, shape.width, shape.channels}},
              {"lowest", range.lowest},
              {"highest", range.highest}};
    if (const ir::Encoding* encoding = port.type.encoding()) {
      json["coefficients"] = encoding->coefficients;
      json["bias"] = encoding->bias;
    }
    list.push_back(std::move(json));
  }
  return list;
}

Json units_json(const Design& design, Family family) {
  Json list = Json::array();
  for (const Unit& unit : design.units) {
    Json json = Json::parse(print_unit(synth_unit(unit)));
    json["in"] = unit.in;
    json["out"] = unit.out;
    json["cycles"] = cycles(design, unit);
    json["resources"] = to_json(resources(unit.kind, family));
    list.push_back(std::move(json));
  }
  return list;
}

/// One line an entry: short enough to read, long enough to search.
std::string lines(const Json& list) {
  std::string text;
  for (const Json& entry : list) text += fmt::format("{}    {}", text.empty() ? "" : ",\n", text_of(entry));
  return fmt::format("[\n{}\n  ]", text);
}

}  // namespace

std::string design_json(const Design& design) {
  const Device& device = device_of(design);
  const double clock_mhz = clock_of(design);
  const Dataflow first = simulate_handshakes(design, {.frames = 1});
  const Latency& delay = first.latency;
  Json streams = Json::array();
  for (const Stream& stream : design.streams) streams.push_back(to_json(stream));
  const std::vector<std::pair<const char*, std::string>> fields{
      {"format", "1"},
      {"name", text_of(design.name)},
      {"device", Json{{"name", device.name}, {"part", device.part}, {"board", device.board}}.dump()},
      {"clock_mhz", Json(clock_mhz).dump()},
      {"interval", std::to_string(interval(design))},
      {"latency", first.stopped ? "null" : Json{{"first", delay.first}, {"last", delay.last}}.dump()},
      {"resources", to_json(resources(design, device.family)).dump()},
      {"folding", text_of(Json::parse(print(design.folding)))},
      {"inputs", lines(ports_json(design, design.inputs, "in", "s_axis"))},
      {"outputs", lines(ports_json(design, design.outputs, "out", "m_axis"))},
      {"streams", lines(streams)},
      {"units", lines(units_json(design, device.family))}};
  std::string text;
  for (const auto& [name, value] : fields) text += fmt::format("{}  \"{}\": {}", text.empty() ? "" : ",\n", name, value);
  return "{\n" + text + "\n}\n";
}

}  // namespace bitloom::hw
