// SPDX-License-Identifier: Apache-2.0
//
// A design for Vivado: as a project with reports, or as an IP for block designs.
#include "project.h"

namespace bitloom::hw {
namespace {

// Vivado runs synthesis in folders of its own, so memory files go by their full paths in a copy of the top level.
constexpr std::string_view kSources = R"tcl(set here [file dirname [file normalize [info script]]]
file mkdir $here/vivado
set from [open $here/bitloom_top.sv]
set top [string map [list {"mem/} "\"$here/mem/"] [read $from]]
close $from
set to [open $here/vivado/bitloom_top.sv w]
puts -nonewline $to $top
close $to

create_project -force bitloom $here/vivado/project -part $part
add_files -norecurse $here/vivado/bitloom_top.sv
foreach module $modules { add_files -norecurse $here/$module.sv }
add_files -norecurse $here/bitloom_axis.v
set_property top bitloom_axis [current_fileset]

if {[lindex $argv 0] eq "ip"} {
  ipx::package_project -root_dir $here/ip -vendor bitloom -library bitloom -taxonomy /UserIP -import_files -set_current true
  set core [ipx::current_core]
  set_property name bitloom $core
  set_property display_name $name $core
  ipx::create_xgui_files $core
  ipx::update_checksums $core
  ipx::save_core $core
} else {
  set constraints [open $here/vivado/clock.xdc w]
  puts $constraints "create_clock -name aclk -period $period \[get_ports aclk\]"
  close $constraints
  add_files -fileset constrs_1 -norecurse $here/vivado/clock.xdc
  synth_design -top bitloom_axis -part $part -mode out_of_context
  opt_design
  place_design
  route_design
  report_utilization -hierarchical -file $here/vivado/utilization.txt
  report_timing_summary -file $here/vivado/timing.txt
  write_checkpoint -force $here/vivado/bitloom.dcp
}
)tcl";

}  // namespace

std::string vivado_script(const Design& design, const std::vector<std::string>& modules) {
  const Device& device = device_of(design);
  const double clock_mhz = clock_of(design);
  return fmt::format(
      "# {}: made by bitloom.\n#\n"
      "#   vivado -mode batch -source vivado.tcl                synthesis, placement and routing out of context; reports\n"
      "#                                                        in vivado/\n"
      "#   vivado -mode batch -source vivado.tcl -tclargs ip    an IP in ip/, with AXI4-Stream ports\n"
      "set name {{{}}}\nset part {}\nset period {:.3f}\nset modules {{{}}}\n{}",
      label(design.name), label(design.name), device.part, 1000 / clock_mhz, fmt::join(modules, " "), kSources);
}

}  // namespace bitloom::hw
