// SPDX-License-Identifier: Apache-2.0
//
// README.md of an emitted folder.
#include "ice40_board.h"
#include "project.h"

#include <cstdlib>

namespace bitloom::hw {
namespace {

std::string element_text(const Element& element) {
  if (element.plain()) return fmt::format("{}-bit integer, two's complement", element.bits);
  std::string text = fmt::format("{}-bit code, worth {}", element.bits, element.bias);
  for (size_t p = 0; p < element.coefficients.size(); ++p) {
    const int64_t coefficient = element.coefficients[p];
    text += fmt::format(" {} {} b{}", coefficient < 0 ? '-' : '+', std::abs(coefficient), p);
  }
  return text;
}

std::string port_rows(const Design& design, const std::vector<Port>& ports, const char* direction, const char* axis) {
  std::string rows;
  for (size_t i = 0; i < ports.size(); ++i) {
    const Stream& stream = stream_of(design, ports[i]);
    const ir::Shape& shape = ports[i].type.shape;
    rows += fmt::format("| `{}_*`, `{}_*` | {} | {} x {} x {} | {} | {} | {} |\n", port_name(direction, i, ports.size()),
                        port_name(axis, i, ports.size()), label(ports[i].name), shape.height, shape.width, shape.channels,
                        stream.words, stream.lanes, element_text(stream.element));
  }
  return rows;
}

constexpr std::string_view kFiles = R"(
A frame is its words in [y][x][channel] order, lane 0 in the lowest bits. Handshakes are those of AXI4-Stream: a word moves in a
cycle in which `valid` and `ready` are high. Reset is synchronous and active low.

| file | |
|---|---|
| `bitloom_top.sv` | the design: instances and parameters only |
| `bitloom_axis.v` | the same with ports `aclk`, `aresetn`, `s_axis*`, `m_axis*`; TDATA is whole bytes, TLAST ends a frame |
| `bitloom_*.sv` | the modules that it is made of |
| `mem/` | weights and thresholds, for `$readmemh`, by paths relative to the folder in which a tool runs |
| `input*.hex`, `expected*.hex` | frames and what must come out, a word a line |
| `test_bench.cc`, `watch.h`, `ports.h`, `streams.h` | streams them through the design and compares |
| `board.cc` | the design as a library that a program can load |
| `report.html` | layers, cycles, resources, and when which unit works, to look at |
| `design.json` | all of this for programs |

| command | |
|---|---|
| `make` | builds the simulation with Verilator and runs it |
| `make TOP=bitloom_axis` | the same through the wrapper |
| `make waves.vcd` | a trace of every signal |
| `make synth` | what the design takes, by Yosys |
)";

}  // namespace

std::string readme(const Design& design) {
  const Device& device = device_of(design);
  const double clock_mhz = clock_of(design);
  const std::string vendor =
      has_board(design) ? "| `make bitstream` | `board.bin` for the board: serial line, clock and lights of `board.v` "
                          "around the design |\n"
                          "| `make program` | writes it into the board's flash memory |\n"
                          "| `make netlist` | simulates the gates that it was made of with the frames of `serial/` |\n"
                        : "| `vivado -mode batch -source vivado.tcl` | a project: utilization and timing in `vivado/` |\n"
                          "| the same with `-tclargs ip` | an IP for block designs in `ip/` |\n";
  const int64_t cycles = interval(design);
  return fmt::format(
      "# {}\n\nA neural network as hardware, made by bitloom for {} at {} MHz: a frame every {} cycles.\n\n"
      "| ports | tensor | height x width x channels | words a frame | lanes a word | a lane |\n|---|---|---|---|---|---|\n"
      "{}{}{}{}",
      label(design.name), device.name, clock_mhz, cycles, port_rows(design, design.inputs, "in", "s_axis"),
      port_rows(design, design.outputs, "out", "m_axis"), kFiles, vendor);
}

}  // namespace bitloom::hw
