// SPDX-License-Identifier: Apache-2.0
//
// A memory with a write port and a read port. The word read is at data_o a cycle after its address, and stays while read_i is
// low. A word that is written in the cycle of its reading reads as anything: whoever uses the memory does not do that.
//
// Style: "block" (block RAM), "distributed" (LUT RAM) or "auto" (block if it holds 4096 bits in more than 64 words).
`default_nettype none

module bitloom_ram #(
  parameter int Width = 8,
  parameter int Depth = 16,
  parameter Style = "auto",
  parameter int AddrBits = (Depth > 1) ? $clog2(Depth) : 1
) (
  input  logic                clk_i,
  input  logic                write_i,
  input  logic [AddrBits-1:0] waddr_i,
  input  logic [Width-1:0]    data_i,
  input  logic                read_i,
  input  logic [AddrBits-1:0] raddr_i,
  output logic [Width-1:0]    data_o
);
  if (Width < 1 || Depth < 1) $error("bitloom_ram: Width and Depth must be at least 1");
  /* verilator lint_off WIDTH */  // strings of different lengths
  if (Style != "auto" && Style != "block" && Style != "distributed")
    $error("bitloom_ram: Style must be auto, block or distributed");
  localparam int Block = (Style == "block" || (Style == "auto" && Depth > 64 && Width * Depth >= 4096)) ? 1 : 0;
  /* verilator lint_on WIDTH */

  logic [Width-1:0] data_q;
  if (Block != 0) begin : gen_block
    (* ram_style = "block" *) logic [Width-1:0] words [Depth];
    always_ff @(posedge clk_i) begin
      if (write_i) words[waddr_i] <= data_i;
      if (read_i) data_q <= words[raddr_i];
    end
  end else begin : gen_distributed
    (* ram_style = "distributed" *) logic [Width-1:0] words [Depth];
    always_ff @(posedge clk_i) begin
      if (write_i) words[waddr_i] <= data_i;
      if (read_i) data_q <= words[raddr_i];
    end
  end
  assign data_o = data_q;
endmodule

`default_nettype wire
