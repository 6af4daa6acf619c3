// SPDX-License-Identifier: Apache-2.0
//
// Some of the channels of a tensor: First to First + Count - 1 of each pixel. The words of the others are taken and dropped.
//
// Throughput: a word of input a cycle. Latency: none, all paths are gates but a counter's.
`default_nettype none

module bitloom_crop #(
  parameter int Channels = 8,
  parameter int Lanes = 2,
  parameter int Bits = 1,
  parameter int First = 0,
  parameter int Count = 4
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,
  input  logic [Lanes*Bits-1:0] in_data_i,
  input  logic                  in_valid_i,
  output logic                  in_ready_o,
  output logic [Lanes*Bits-1:0] out_data_o,
  output logic                  out_valid_o,
  input  logic                  out_ready_i
);
  if (Lanes < 1 || Channels % Lanes != 0 || First % Lanes != 0 || Count % Lanes != 0)
    $error("bitloom_crop: Lanes must divide Channels, First and Count");
  if (First < 0 || Count < 1 || First + Count > Channels)
    $error("bitloom_crop: First and Count must lie within Channels, and Count be at least 1");

  localparam int Words = Channels / Lanes;
  localparam int WordBits = $clog2(Words) + 1;
  localparam int Begin = First / Lanes;
  localparam int End = Begin + Count / Lanes;

  logic [WordBits-1:0] word_q;
  logic keep, from, to;
  if (Begin > 0) assign from = (word_q >= WordBits'(Begin));
  else assign from = 1'b1;
  if (End < Words) assign to = (word_q < WordBits'(End));
  else assign to = 1'b1;
  assign keep = from && to;
  assign in_ready_o = !keep || out_ready_i;
  assign out_valid_o = keep && in_valid_i;
  assign out_data_o = in_data_i;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) word_q <= '0;
    else if (in_valid_i && in_ready_o) word_q <= (word_q == WordBits'(Words - 1)) ? '0 : word_q + 1'b1;
  end
endmodule

`default_nettype wire
