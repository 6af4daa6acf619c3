// SPDX-License-Identifier: Apache-2.0
//
// Joins two tensors along their channels: for each pixel the Channels0/Lanes words of in0, then the Channels1/Lanes of in1.
//
// Throughput: a word of output a cycle. Latency: none, all paths are gates but a counter's. While one input passes the other
// waits, so what comes of one source needs a FIFO that holds the words of a pixel, or more where the ways differ.
`default_nettype none

module bitloom_concat #(
  parameter int Channels0 = 4,
  parameter int Channels1 = 4,
  parameter int Lanes = 2,
  parameter int Bits = 1
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,
  input  logic [Lanes*Bits-1:0] in0_data_i,
  input  logic                  in0_valid_i,
  output logic                  in0_ready_o,
  input  logic [Lanes*Bits-1:0] in1_data_i,
  input  logic                  in1_valid_i,
  output logic                  in1_ready_o,
  output logic [Lanes*Bits-1:0] out_data_o,
  output logic                  out_valid_o,
  input  logic                  out_ready_i
);
  if (Channels0 < 1 || Channels1 < 1) $error("bitloom_concat: both inputs must have channels");
  if (Lanes < 1 || Channels0 % Lanes != 0 || Channels1 % Lanes != 0)
    $error("bitloom_concat: Lanes must divide Channels0 and Channels1");

  localparam int Words0 = Channels0 / Lanes;
  localparam int Words = Words0 + Channels1 / Lanes;
  localparam int WordBits = $clog2(Words);

  logic [WordBits-1:0] word_q;
  logic second;
  assign second = (word_q >= WordBits'(Words0));
  assign in0_ready_o = !second && out_ready_i;
  assign in1_ready_o = second && out_ready_i;
  assign out_valid_o = second ? in1_valid_i : in0_valid_i;
  assign out_data_o = second ? in1_data_i : in0_data_i;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) word_q <= '0;
    else if (out_valid_o && out_ready_i) word_q <= (word_q == WordBits'(Words - 1)) ? '0 : word_q + 1'b1;
  end
endmodule

`default_nettype wire
