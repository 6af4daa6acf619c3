// SPDX-License-Identifier: Apache-2.0
//
// A processing element of bitloom_mvtu: one row of the matrix at a time. It counts the matches of Simd elements of the input
// and of the row (bitloom_plane_dot), registers that, adds up the steps of the row and says what code the sum gets.
//
// move_i moves everything by a cycle. sum_i says that the registered count belongs to a step, sum_first_i that it is the first
// of its row. code_o is valid together with the row's last step at sum_i if Levels is 0 or 1, else a move later, where row_i
// must then be that of the row. With Levels = 0 or 1, row_i must be there at every step of the row.
`default_nettype none

module bitloom_pe #(
  parameter int Simd = 8,
  parameter int InPlanes = 1,
  parameter int WeightPlanes = 1,
  parameter int Xnor = 1,
  parameter logic [32*InPlanes-1:0] InCoefs = {InPlanes{32'd1}},
  parameter logic [32*WeightPlanes-1:0] WeightCoefs = {WeightPlanes{32'd1}},
  parameter int AccBits = 16,
  parameter int Levels = 1,
  parameter int OutBits = 1,
  parameter int HasDescending = 0,
  parameter logic [(Levels+1)*OutBits-1:0] Codes = '0,
  parameter int Fused = 1,  // as bitloom_plane_dot
  parameter int RowBits = HasDescending + ((Levels > 1) ? Levels : 1) * AccBits
) (
  input  logic                         clk_i,
  input  logic                         move_i,
  input  logic [Simd*InPlanes-1:0]     x_i,
  input  logic [Simd*WeightPlanes-1:0] weights_i,
  input  logic                         sum_i,
  input  logic                         sum_first_i,
  input  logic [RowBits-1:0]           row_i,
  output logic [OutBits-1:0]           code_o
);
  // With one threshold the sum starts at -t, so that its sign is the answer and no comparator is needed; the difference takes
  // a bit more than the sum. With a bias the sum starts there and need only be right in the bits that go out.
  localparam int SumBits = (Levels == 0) ? OutBits : (Levels == 1) ? AccBits + 1 : AccBits;

  logic [AccBits-1:0] dot, dot_q;
  bitloom_plane_dot #(
    .Simd(Simd), .InPlanes(InPlanes), .WeightPlanes(WeightPlanes), .Xnor(Xnor), .InCoefs(InCoefs),
    .WeightCoefs(WeightCoefs), .OutBits(AccBits), .Fused(Fused)
  ) u_dot (
    .x_i      (x_i),
    .weights_i(weights_i),
    .dot_o    (dot)
  );
  always_ff @(posedge clk_i) if (move_i) dot_q <= dot;

  // Sums are written as a - ~b, that is a + b + 1, with a bit below the lowest that takes the 1: so Yosys takes a, the count,
  // past the LUTs of the carry chain, and they have room for `base`.
  logic [SumBits-1:0] start, base, sum, sum_q;
  assign base = sum_first_i ? start : sum_q;
  always_ff @(posedge clk_i) if (move_i && sum_i) sum_q <= sum;

  if (Levels == 0) begin : gen_bias
    assign start = SumBits'($signed(row_i[AccBits-1:0]));
    logic below;
    assign {sum, below} = {SumBits'($signed(dot_q)), 1'b0} - ~{base, 1'b0};
    assign code_o = sum;
    logic unused;
    assign unused = below;
  end else if (Levels == 1) begin : gen_sign
    // -t = ~t + 1: the 1 is the carry of the first step.
    logic [SumBits-1:0] threshold;
    logic below, reached;
    assign threshold = SumBits'($signed(row_i[AccBits-1:0]));
    assign start = ~threshold;
    assign {sum, below} = {SumBits'($signed(dot_q)), sum_first_i} - ~{base, 1'b0};
    if (HasDescending != 0) assign reached = !sum[SumBits-1] ^ row_i[AccBits];
    else assign reached = !sum[SumBits-1];
    assign code_o = reached ? Codes[OutBits+:OutBits] : Codes[0+:OutBits];
    logic unused;
    assign unused = below;
  end else begin : gen_levels
    assign start = '0;
    logic below;
    assign {sum, below} = {dot_q, 1'b0} - ~{base, 1'b0};
    logic unused;
    assign unused = below;
    bitloom_levels #(
      .AccBits(AccBits), .Levels(Levels), .OutBits(OutBits), .HasDescending(HasDescending), .Codes(Codes)
    ) u_levels (
      .acc_i (sum_q),
      .row_i (row_i),
      .code_o(code_o)
    );
  end
endmodule

`default_nettype wire
