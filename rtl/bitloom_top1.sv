// SPDX-License-Identifier: Apache-2.0
//
// Which class has the largest number; the first of several. A frame is Classes/Lanes words in, one word (the index) out.
//
// Throughput: a word a cycle. Latency: the index appears the cycle after the frame's last word was taken. Ready goes through
// gates from the output to the input.
// Clock: Lanes comparisons of InBits one after another; use one lane where it matters, a classifier has time.
`default_nettype none

module bitloom_top1 #(
  parameter int Classes = 10,
  parameter int Lanes = 1,
  parameter int InBits = 8,
  parameter int Signed = 1,
  parameter int OutBits = (Classes > 1) ? $clog2(Classes) : 1
) (
  input  logic                    clk_i,
  input  logic                    rst_ni,
  input  logic [Lanes*InBits-1:0] in_data_i,
  input  logic                    in_valid_i,
  output logic                    in_ready_o,
  output logic [OutBits-1:0]      out_data_o,
  output logic                    out_valid_o,
  input  logic                    out_ready_i
);
  if (Lanes < 1 || Classes % Lanes != 0) $error("bitloom_top1: Lanes must divide Classes");
  if (OutBits < $clog2(Classes)) $error("bitloom_top1: OutBits must hold the last class's index");

  localparam int Words = Classes / Lanes;
  localparam int WordBits = $clog2(Words) + 1;

  logic [WordBits-1:0] word_q;
  logic [OutBits-1:0] index_q;  // of the first lane
  logic [InBits-1:0] best_q;
  logic [OutBits-1:0] best_index_q;
  logic last, step, out_valid_q;
  assign last = (word_q == WordBits'(Words - 1));
  assign in_ready_o = !(last && out_valid_q && !out_ready_i);
  assign step = in_valid_i && in_ready_o;

  // Order is kept by comparing with "greater": an equal number comes too late. Two's complement compares as unsigned once the
  // sign is inverted.
  localparam logic [InBits-1:0] Flip = (Signed != 0) ? {1'b1, {(InBits - 1) {1'b0}}} : '0;
  logic [InBits-1:0] best, value;
  logic [OutBits-1:0] best_index;
  always_comb begin
    best = best_q;
    best_index = best_index_q;
    value = '0;
    for (int i = 0; i < Lanes; i++) begin
      value = in_data_i[i*InBits+:InBits] ^ Flip;
      if (value > best || (i == 0 && word_q == '0)) begin
        best = value;
        best_index = index_q + OutBits'(i);
      end
    end
  end
  always_ff @(posedge clk_i) begin
    if (step) begin
      best_q <= best;
      best_index_q <= best_index;
      if (last) out_data_o <= best_index;
    end
    if (!rst_ni) begin
      word_q <= '0;
      index_q <= '0;
      out_valid_q <= 1'b0;
    end else begin
      if (step) begin
        word_q <= last ? '0 : word_q + 1'b1;
        index_q <= last ? '0 : index_q + OutBits'(Lanes);
      end
      if ((step && last) || out_ready_i) out_valid_q <= step && last;
    end
  end
  assign out_valid_o = out_valid_q;
endmodule

`default_nettype wire
