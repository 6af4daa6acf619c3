// SPDX-License-Identifier: Apache-2.0
//
// A queue of Depth words between two streams. Neither side's ready or valid depends on the other side's through gates, so it
// also ends a combinational path.
//
// Throughput: a word a cycle. Latency: a word is at the output the cycle after it was taken, in every Style.
// Style: "distributed" (LUT RAM), "block" (block RAM; a word that goes through an empty queue takes a register beside it) or
// "auto" (block from 4096 bits on if it is deeper than 64 words).
// Clock: the read of the memory (distributed), or a multiplexer after it (block).
`default_nettype none

module bitloom_fifo #(
  parameter int Width = 8,
  parameter int Depth = 2,
  parameter Style = "auto"
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic [Width-1:0] in_data_i,
  input  logic             in_valid_i,
  output logic             in_ready_o,
  output logic [Width-1:0] out_data_o,
  output logic             out_valid_o,
  input  logic             out_ready_i
);
  if (Width < 1) $error("bitloom_fifo: Width must be at least 1");
  if (Depth < 2) $error("bitloom_fifo: Depth must be at least 2, or a word could not enter while another leaves");
  /* verilator lint_off WIDTH */  // strings of different lengths
  if (Style != "auto" && Style != "block" && Style != "distributed")
    $error("bitloom_fifo: Style must be auto, block or distributed");
  localparam int Block = (Style == "block" || (Style == "auto" && Depth > 64 && Width * Depth >= 4096)) ? 1 : 0;
  /* verilator lint_on WIDTH */

  localparam int AddrBits = $clog2(Depth);
  localparam int LevelBits = $clog2(Depth + 1);

  logic [AddrBits-1:0] write_q, read_q, read_d;
  logic [LevelBits-1:0] level_q;
  logic push, pop;
  assign in_ready_o = (level_q != LevelBits'(Depth));
  assign out_valid_o = (level_q != '0);
  assign push = in_valid_i && in_ready_o;
  assign pop = out_valid_o && out_ready_i;
  assign read_d = !pop ? read_q : (read_q == AddrBits'(Depth - 1)) ? '0 : read_q + 1'b1;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      write_q <= '0;
      read_q <= '0;
      level_q <= '0;
    end else begin
      if (push) write_q <= (write_q == AddrBits'(Depth - 1)) ? '0 : write_q + 1'b1;
      read_q <= read_d;
      if (push && !pop) level_q <= level_q + 1'b1;
      if (pop && !push) level_q <= level_q - 1'b1;
    end
  end

  if (Block != 0) begin : gen_block
    // The memory shows the next word a cycle after its address, so a word written to that very address comes from a register.
    (* ram_style = "block" *) logic [Width-1:0] words [Depth];
    logic [Width-1:0] word_q, around_q;
    logic around;
    logic use_around_q;
    assign around = push && (write_q == read_d);
    always_ff @(posedge clk_i) begin
      if (push) words[write_q] <= in_data_i;
      word_q <= words[read_d];
      if (around) around_q <= in_data_i;
      use_around_q <= around;
    end
    assign out_data_o = use_around_q ? around_q : word_q;
  end else begin : gen_distributed
    (* ram_style = "distributed" *) logic [Width-1:0] words [Depth];
    always_ff @(posedge clk_i) if (push) words[write_q] <= in_data_i;
    assign out_data_o = words[read_q];
  end
endmodule

`default_nettype wire
