// SPDX-License-Identifier: Apache-2.0
//
// Changes how many elements a word of a stream has. Elements keep their order; a stream must have a whole number of words on
// both sides (Lanes divides the channel count, so every frame has).
//
// If one count divides the other, a register of the wider word is gathered or handed out; else the stream goes through words
// of the least common multiple. Throughput: the side with more words moves one every cycle.
// Latency from the first word taken to the first given, in cycles: max(1, OutLanes/InLanes), or with r = lcm(InLanes, OutLanes)
// between, r/InLanes + 1. Ready goes through gates from the output to the input.
// Clock: a multiplexer.
`default_nettype none

module bitloom_width #(
  parameter int Bits = 1,
  parameter int InLanes = 8,
  parameter int OutLanes = 4
) (
  input  logic                     clk_i,
  input  logic                     rst_ni,
  input  logic [InLanes*Bits-1:0]  in_data_i,
  input  logic                     in_valid_i,
  output logic                     in_ready_o,
  output logic [OutLanes*Bits-1:0] out_data_o,
  output logic                     out_valid_o,
  input  logic                     out_ready_i
);
  if (Bits < 1 || InLanes < 1 || OutLanes < 1) $error("bitloom_width: Bits and lanes must be at least 1");

  function automatic int multiple(input int a, input int b);  // the least common one; a loop, for Verilog has no recursion here
    int i;
    multiple = a * b;
    for (i = b; i > 0; i = i - 1) if ((a * i) % b == 0) multiple = a * i;
  endfunction

  localparam int Middle = multiple(InLanes, OutLanes);

  if (InLanes == OutLanes) begin : gen_same
    assign out_data_o = in_data_i;
    assign out_valid_o = in_valid_i;
    assign in_ready_o = out_ready_i;
    logic unused;
    assign unused = &{1'b0, clk_i, rst_ni};
  end else if (Middle == InLanes) begin : gen_narrow
    localparam int Parts = InLanes / OutLanes;
    localparam int Part = OutLanes * Bits;
    localparam int LeftBits = $clog2(Parts + 1);
    logic [InLanes*Bits-1:0] word_q;
    logic [LeftBits-1:0] left_q;
    assign out_data_o = word_q[Part-1:0];
    assign out_valid_o = (left_q != '0);
    assign in_ready_o = (left_q == '0) || (left_q == LeftBits'(1) && out_ready_i);
    always_ff @(posedge clk_i) begin
      if (!rst_ni) left_q <= '0;
      else if (in_valid_i && in_ready_o) left_q <= LeftBits'(Parts);
      else if (out_valid_o && out_ready_i) left_q <= left_q - 1'b1;
      // With one part left, or none, only a new word can follow; whether one does is not asked here, for what a register without
      // a valid word holds does not matter, and the choice then takes one LUT a bit.
      if (left_q == '0 || out_ready_i) word_q <= (left_q <= LeftBits'(1)) ? in_data_i : word_q >> Part;
    end
  end else if (Middle == OutLanes) begin : gen_wide
    localparam int Parts = OutLanes / InLanes;
    localparam int Part = InLanes * Bits;
    localparam int CountBits = $clog2(Parts + 1);
    logic [OutLanes*Bits-1:0] word_q;
    logic [CountBits-1:0] count_q;
    logic full;
    assign full = (count_q == CountBits'(Parts));
    assign out_data_o = word_q;
    assign out_valid_o = full;
    assign in_ready_o = !full || out_ready_i;
    always_ff @(posedge clk_i) begin
      if (!rst_ni) count_q <= '0;
      else if (full && out_ready_i) count_q <= CountBits'(in_valid_i);
      else if (in_valid_i && !full) count_q <= count_q + 1'b1;
      if (in_valid_i && in_ready_o) word_q <= {in_data_i, word_q[OutLanes*Bits-1:Part]};
    end
  end else begin : gen_both
    logic [Middle*Bits-1:0] middle_data;
    logic middle_valid, middle_ready;
    bitloom_width #(.Bits(Bits), .InLanes(InLanes), .OutLanes(Middle)) u_wide (
      .clk_i      (clk_i),
      .rst_ni     (rst_ni),
      .in_data_i  (in_data_i),
      .in_valid_i (in_valid_i),
      .in_ready_o (in_ready_o),
      .out_data_o (middle_data),
      .out_valid_o(middle_valid),
      .out_ready_i(middle_ready)
    );
    bitloom_width #(.Bits(Bits), .InLanes(Middle), .OutLanes(OutLanes)) u_narrow (
      .clk_i      (clk_i),
      .rst_ni     (rst_ni),
      .in_data_i  (middle_data),
      .in_valid_i (middle_valid),
      .in_ready_o (middle_ready),
      .out_data_o (out_data_o),
      .out_valid_o(out_valid_o),
      .out_ready_i(out_ready_i)
    );
  end
endmodule

`default_nettype wire
