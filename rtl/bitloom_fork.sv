// SPDX-License-Identifier: Apache-2.0
//
// Gives every word of a stream to two others. Each takes it when it likes; the word is done when both have it.
//
// Throughput: a word a cycle. Latency: none, all paths are gates.
`default_nettype none

module bitloom_fork #(
  parameter int Width = 8
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic [Width-1:0] in_data_i,
  input  logic             in_valid_i,
  output logic             in_ready_o,
  output logic [Width-1:0] out0_data_o,
  output logic             out0_valid_o,
  input  logic             out0_ready_i,
  output logic [Width-1:0] out1_data_o,
  output logic             out1_valid_o,
  input  logic             out1_ready_i
);
  if (Width < 1) $error("bitloom_fork: Width must be at least 1");

  logic had0_q, had1_q;  // who has the word already
  logic has0, has1;
  assign has0 = had0_q || out0_ready_i;
  assign has1 = had1_q || out1_ready_i;
  assign in_ready_o = has0 && has1;
  assign out0_valid_o = in_valid_i && !had0_q;
  assign out1_valid_o = in_valid_i && !had1_q;
  assign out0_data_o = in_data_i;
  assign out1_data_o = in_data_i;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      had0_q <= 1'b0;
      had1_q <= 1'b0;
    end else if (in_valid_i) begin
      had0_q <= has0 && !has1;
      had1_q <= has1 && !has0;
    end
  end
endmodule

`default_nettype wire
