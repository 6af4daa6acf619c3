// SPDX-License-Identifier: Apache-2.0
//
// Adds two streams element by element: In0Scale * value of in0 + In1Scale * value of in1, in two's complement of OutBits (which
// must hold it). How an element stands for its value, see bitloom_decode.
//
// Throughput: a word a cycle. Latency: 1 cycle after the later of the two words. A word is taken from both inputs in the same
// cycle, so each ready depends on the other input's valid, and on out_ready_i, through gates.
// Clock: carry chains of OutBits, one after another where a scale is not a power of two.
`default_nettype none

module bitloom_add #(
  parameter int Lanes = 4,
  parameter int In0Bits = 1,
  parameter int In1Bits = 1,
  parameter int In0Plain = 0,
  parameter int In1Plain = 0,
  parameter logic [32*In0Bits-1:0] In0Coefs = {In0Bits{32'd1}},
  parameter logic [32*In1Bits-1:0] In1Coefs = {In1Bits{32'd1}},
  parameter int In0Bias = 0,
  parameter int In1Bias = 0,
  parameter int In0Scale = 1,
  parameter int In1Scale = 1,
  parameter int OutBits = 8
) (
  input  logic                     clk_i,
  input  logic                     rst_ni,
  input  logic [Lanes*In0Bits-1:0] in0_data_i,
  input  logic                     in0_valid_i,
  output logic                     in0_ready_o,
  input  logic [Lanes*In1Bits-1:0] in1_data_i,
  input  logic                     in1_valid_i,
  output logic                     in1_ready_o,
  output logic [Lanes*OutBits-1:0] out_data_o,
  output logic                     out_valid_o,
  input  logic                     out_ready_i
);
  if (Lanes < 1) $error("bitloom_add: Lanes must be at least 1");

  logic free, step, out_valid_q;
  assign free = !out_valid_q || out_ready_i;
  assign step = in0_valid_i && in1_valid_i && free;
  assign in0_ready_o = in1_valid_i && free;
  assign in1_ready_o = in0_valid_i && free;

  logic [Lanes*OutBits-1:0] sums;
  for (genvar i = 0; i < Lanes; i++) begin : gen_lane
    logic [OutBits-1:0] value0, value1;
    bitloom_decode #(
      .Bits(In0Bits), .Plain(In0Plain), .Coefs(In0Coefs), .Bias(In0Bias), .Scale(In0Scale), .OutBits(OutBits)
    ) u_decode0 (
      .code_i (in0_data_i[i*In0Bits+:In0Bits]),
      .value_o(value0)
    );
    bitloom_decode #(
      .Bits(In1Bits), .Plain(In1Plain), .Coefs(In1Coefs), .Bias(In1Bias), .Scale(In1Scale), .OutBits(OutBits)
    ) u_decode1 (
      .code_i (in1_data_i[i*In1Bits+:In1Bits]),
      .value_o(value1)
    );
    assign sums[i*OutBits+:OutBits] = value0 + value1;
  end
  always_ff @(posedge clk_i) begin
    if (step) out_data_o <= sums;
    if (!rst_ni) out_valid_q <= 1'b0;
    else if (step || out_ready_i) out_valid_q <= step;
  end
  assign out_valid_o = out_valid_q;
endmodule

`default_nettype wire
