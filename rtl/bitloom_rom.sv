// SPDX-License-Identifier: Apache-2.0
//
// A read-only memory filled from a file of hexadecimal words ($readmemh). The word at addr_i is at data_o one cycle later, and
// stays while en_i is low. Without a file the memory holds zeros.
//
// Style: "block" (block RAM), "distributed" (LUTs) or "auto" (the synthesis tool decides). A memory of one word is a constant
// that synthesis propagates; it takes no register. With Registered = 0 the word is there at once, for small memories in LUTs
// whose reader registers what it makes of the word.
`default_nettype none

module bitloom_rom #(
  parameter int Width = 8,
  parameter int Depth = 2,
  parameter File = "",
  parameter Style = "auto",
  parameter int Registered = 1,
  parameter int AddrBits = (Depth > 1) ? $clog2(Depth) : 1
) (
  input  logic                clk_i,
  input  logic                en_i,
  input  logic [AddrBits-1:0] addr_i,
  output logic [Width-1:0]    data_o
);
  if (Width < 1 || Depth < 1) $error("bitloom_rom: Width and Depth must be at least 1");
  /* verilator lint_off WIDTH */  // strings of different lengths
  if (Style != "auto" && Style != "block" && Style != "distributed")
    $error("bitloom_rom: Style must be auto, block or distributed");
  /* verilator lint_off UNUSEDPARAM */
`ifdef YOSYS
  localparam RomStyle = (Style == "distributed") ? "logic" : Style;  // "distributed" means LUT RAM there, which has no ROM
`else
  localparam RomStyle = Style;
`endif
  /* verilator lint_on UNUSEDPARAM */
  /* verilator lint_on WIDTH */

  if (File == "") begin : gen_zero
    assign data_o = '0;
    logic unused;
    assign unused = &{1'b0, clk_i, en_i, addr_i};
  end else if (Depth == 1) begin : gen_constant
    logic [Width-1:0] words [1];
    initial $readmemh(File, words);
    assign data_o = words[0];
    logic unused;
    assign unused = &{1'b0, clk_i, en_i, addr_i};
  end else begin : gen_memory
    (* rom_style = RomStyle *) logic [Width-1:0] words [Depth];
    initial $readmemh(File, words);
    if (Registered != 0) begin : gen_register
      logic [Width-1:0] data_q;
      always_ff @(posedge clk_i) if (en_i) data_q <= words[addr_i];
      assign data_o = data_q;
    end else begin : gen_gates
      assign data_o = words[addr_i];
      logic unused;
      assign unused = &{1'b0, clk_i, en_i};
    end
  end
endmodule

`default_nettype wire
