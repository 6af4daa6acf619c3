// SPDX-License-Identifier: Apache-2.0
//
// The files of an emitted folder that depend on the design's ports, names and device, as text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bitloom/hw.h"

namespace bitloom::hw {

/// "in", or "in0", "in1" ... where there are several.
std::string port_name(const char* direction, size_t index, size_t count);

/// A name for comments and tables: what is not a letter, a digit or one of " _-.:/" becomes "_". Names come from models,
/// which anyone may have written; nothing that they hold may become a line of a Makefile.
std::string label(std::string_view name);

/// The stream of a port.
const Stream& stream_of(const Design& design, const Port& port);

/// The device that the design is folded for; xc7z020 if its folding does not say.
const Device& device_of(const Design& design);

/// In MHz: the folding's; the device's if it does not say.
double clock_of(const Design& design);

/// bitloom_axis.v: bitloom_top with ports of AXI4-Stream.
std::string axis_wrapper(const Design& design);

/// ports.h: what test_bench.cc and board.cc know of the ports; streams.h: what watch.h knows of the streams.
std::string ports_header(const Design& design);
std::string streams_header(const Design& design);

/// `modules`: names of all that bitloom_top instantiates.
std::string makefile(const Design& design, const std::vector<std::string>& modules);

/// vivado.tcl: a project with reports, or a packaged IP.
std::string vivado_script(const Design& design, const std::vector<std::string>& modules);

/// README.md, which says what is what.
std::string readme(const Design& design);

/// design.json (docs/reference/hardware.md).
std::string design_json(const Design& design);

}  // namespace bitloom::hw
