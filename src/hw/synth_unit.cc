// SPDX-License-Identifier: Apache-2.0
#include "synth_unit.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace bitloom::hw {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array kFamilies{Family::kXilinx7, Family::kUltraScale, Family::kIce40};

/// Widths of the data of the streams into and out of a unit.
struct Widths {
  std::vector<int64_t> in, out;
};

Widths same(int64_t width) { return {{width}, {width}}; }

Widths widths(const Window& u) { return same(int64_t{u.lanes} * u.bits); }
Widths widths(const Mvtu& u) {
  const int64_t lanes = u.depthwise ? u.pe : u.simd;
  return {{lanes * static_cast<int64_t>(u.in_coefs.size())}, {int64_t{u.pe} * u.out_bits}};
}
Widths widths(const Threshold& u) { return {{int64_t{u.lanes} * u.in_bits}, {int64_t{u.lanes} * u.out_bits}}; }
Widths widths(const Table& u) { return {{int64_t{u.lanes} * u.in_bits}, {int64_t{u.lanes} * u.out_bits}}; }
Widths widths(const MaxPool& u) { return same(int64_t{u.lanes} * u.bits); }
Widths widths(const SumPool& u) { return {{int64_t{u.lanes} * u.in.bits}, {int64_t{u.lanes} * u.out_bits}}; }
Widths widths(const Width& u) { return {{int64_t{u.bits} * u.in_lanes}, {int64_t{u.bits} * u.out_lanes}}; }
Widths widths(const Fifo& u) { return same(u.width); }
Widths widths(const Fork& u) { return {{u.width}, {u.width, u.width}}; }
Widths widths(const Add& u) {
  return {{int64_t{u.lanes} * u.in[0].bits, int64_t{u.lanes} * u.in[1].bits}, {int64_t{u.lanes} * u.out_bits}};
}
Widths widths(const Crop& u) { return same(int64_t{u.lanes} * u.bits); }
Widths widths(const Scale& u) { return {{int64_t{u.lanes} * u.in.bits}, {int64_t{u.lanes} * u.out_bits}}; }
Widths widths(const Concat& u) {
  const int64_t word = int64_t{u.lanes} * u.bits;
  return {{word, word}, {word}};
}
Widths widths(const Reorder& u) { return same(int64_t{u.lanes} * u.bits); }
Widths widths(const Top1& u) { return {{int64_t{u.lanes} * u.in_bits}, {u.out_bits}}; }

void add_stream(std::vector<SynthPort>& ports, const std::string& name, int64_t width, bool input) {
  const char *forth = input ? "i" : "o", *back = input ? "o" : "i";
  ports.push_back({fmt::format("{}_data_{}", name, forth), width, input});
  ports.push_back({fmt::format("{}_valid_{}", name, forth), 1, input});
  ports.push_back({fmt::format("{}_ready_{}", name, back), 1, !input});
}

std::vector<SynthPort> ports_of(const Widths& widths) {
  std::vector<SynthPort> ports{{"clk_i", 1, true}, {"rst_ni", 1, true}};
  const auto add = [&](const char* direction, const std::vector<int64_t>& list, bool input) {
    for (size_t i = 0; i < list.size(); ++i)
      add_stream(ports, list.size() == 1 ? direction : fmt::format("{}{}", direction, i), list[i], input);
  };
  add("in", widths.in, true);
  add("out", widths.out, false);
  return ports;
}

bool is_identifier(const std::string& name) { return !name.empty() && identifier(name) == name.substr(0, name.size()); }

/// A number, a sized constant, or a quoted text without anything special.
bool is_value(const std::string& value) {
  return !value.empty() && std::ranges::all_of(value, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '\'' || c == '-' ||
           c == '"' || c == '_' || c == '/' || c == '.';
  });
}

Json to_json(const Resources& r) { return Json::array({r.lut, r.lut_ram, r.ff, r.bram36, r.bram18, r.dsp}); }

Resources read_resources(const Json& json) {
  return {json.at(0), json.at(1), json.at(2), json.at(3), json.at(4), json.at(5)};
}

Json to_json(const SynthUnit& unit) {
  Json parameters = Json::object(), ports = Json::array(), estimates = Json::object();
  for (const auto& [name, value] : unit.parameters) parameters[name] = value;
  for (const SynthPort& port : unit.ports) ports.push_back({port.name, port.width, port.input ? "in" : "out"});
  for (const auto& [family, resources] : unit.estimates) estimates[std::string(family_name(family))] = to_json(resources);
  return {{"name", unit.name}, {"kind", unit.kind},   {"parameters", parameters},
          {"ports", ports},    {"files", unit.files}, {"estimates", estimates}};
}

SynthUnit read_unit(const Json& json) {
  SynthUnit unit;
  unit.name = json.at("name");
  unit.kind = json.at("kind");
  for (const auto& [name, value] : json.at("parameters").items()) unit.parameters.emplace_back(name, value);
  for (const Json& port : json.at("ports")) unit.ports.push_back({port.at(0), port.at(1), port.at(2) == "in"});
  for (const Json& file : json.at("files")) unit.files.push_back(file);
  for (const Family family : kFamilies)
    unit.estimates[family] = read_resources(json.at("estimates").at(std::string(family_name(family))));
  return unit;
}

bool is_sound(const SynthUnit& unit) {
  const auto sound_port = [](const SynthPort& p) { return is_identifier(p.name) && p.width > 0 && p.width <= (1 << 20); };
  const auto sound_parameter = [](const auto& p) { return is_identifier(p.first) && is_value(p.second); };
  const auto inside = [](const std::string& file) {
    return is_value(file) && file.starts_with("mem/") && file.find("..") == std::string::npos;
  };
  return is_identifier(unit.kind) && std::ranges::all_of(unit.ports, sound_port) &&
         std::ranges::all_of(unit.parameters, sound_parameter) && std::ranges::all_of(unit.files, inside);
}

}  // namespace

std::string_view family_name(Family family) {
  switch (family) {
    case Family::kXilinx7:
      return "xc7";
    case Family::kUltraScale:
      return "xcu";
    case Family::kIce40:
      return "ice40";
  }
  BITLOOM_CHECK(false);
}

SynthUnit synth_unit(const Unit& unit) {
  const VerilogUnit verilog = verilog_unit(unit);
  SynthUnit result{unit.name, std::string(kind_name(unit.kind)), verilog.parameters, {}, {}, {}};
  result.ports = ports_of(std::visit([](const auto& kind) { return widths(kind); }, unit.kind));
  for (const MemoryFile& file : verilog.files) result.files.push_back(file.name);
  for (const Family family : kFamilies) result.estimates[family] = resources(unit.kind, family);
  return result;
}

std::string print_unit(const SynthUnit& unit) { return to_json(unit).dump(-1, ' ', false, Json::error_handler_t::replace); }

SynthDesign read_design(std::string_view text, const std::string& place) {
  try {
    const Json json = Json::parse(text);
    SynthDesign design{json.at("name"), {}};
    for (const Json& unit : json.at("units")) design.units.push_back(read_unit(unit));
    if (std::ranges::all_of(design.units, is_sound)) return design;
  } catch (const Json::exception&) {  // told below
  }
  throw Error("{}: is not as `bitloom emit rtl` writes it; emit the design again", place);
}

std::string wrapper(const SynthUnit& unit, const std::string& name, const std::map<std::string, std::string>& files) {
  std::string ports, parameters, connections;
  for (const SynthPort& port : unit.ports) {
    ports += fmt::format("{}\n  {} logic [{}:0] {}", ports.empty() ? "" : ",", port.input ? "input " : "output",
                         port.width - 1, port.name);
    connections += fmt::format("{}.{}({})", connections.empty() ? "" : ", ", port.name, port.name);
  }
  for (const auto& [parameter, value] : unit.parameters) {
    const bool quoted = value.size() > 2 && value.front() == '"';
    const auto file = quoted ? files.find(value.substr(1, value.size() - 2)) : files.end();
    parameters += fmt::format("{}\n    .{}({})", parameters.empty() ? "" : ",", parameter,
                              file == files.end() ? value : '"' + file->second + '"');
  }
  return fmt::format("(* keep_hierarchy *)\nmodule {} ({}\n);\n  bitloom_{} #({}\n  ) u_unit ({});\nendmodule\n", name,
                     ports, unit.kind, parameters, connections);
}

}  // namespace bitloom::hw
