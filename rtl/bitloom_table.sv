// SPDX-License-Identifier: Apache-2.0
//
// Codes into other codes: each element of a word looks up its own in one table (code of element value v in bits
// [v*OutBits +: OutBits] of Codes).
//
// Throughput: a word a cycle. Latency: none, all paths are gates. Clock: a lookup of InBits.
`default_nettype none

module bitloom_table #(
  parameter int Lanes = 4,
  parameter int InBits = 2,
  parameter int OutBits = 2,
  parameter logic [(1<<InBits)*OutBits-1:0] Codes = '0
) (
  input  logic                     clk_i,
  input  logic                     rst_ni,
  input  logic [Lanes*InBits-1:0]  in_data_i,
  input  logic                     in_valid_i,
  output logic                     in_ready_o,
  output logic [Lanes*OutBits-1:0] out_data_o,
  output logic                     out_valid_o,
  input  logic                     out_ready_i
);
  if (Lanes < 1 || InBits < 1 || OutBits < 1) $error("bitloom_table: Lanes, InBits and OutBits must be at least 1");
  if (InBits > 12) $error("bitloom_table: InBits must be at most 12, or the table would be larger than thresholds");

  assign in_ready_o = out_ready_i;
  assign out_valid_o = in_valid_i;
  for (genvar i = 0; i < Lanes; i++) begin : gen_lane
    assign out_data_o[i*OutBits+:OutBits] = Codes[in_data_i[i*InBits+:InBits]*OutBits+:OutBits];
  end
  logic unused;
  assign unused = &{1'b0, clk_i, rst_ni};
endmodule

`default_nettype wire
