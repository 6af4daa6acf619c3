// SPDX-License-Identifier: Apache-2.0
//
// Where the words of a picture lie in pools that do not overlap: bitloom_max_pool and bitloom_sum_pool keep a partial result a
// pool and channel word of a row of pools, at addr_o. first_o and last_o mark a word that begins or completes its pool, keep_o
// one that is in a pool at all (the right and lower rest of a picture that the pools do not cover is not).
`default_nettype none

module bitloom_pool_steps #(
  parameter int Words = 1,  // channel words a position
  parameter int InH = 4,
  parameter int InW = 4,
  parameter int KernelH = 2,
  parameter int KernelW = 2,
  parameter int OutW = InW / KernelW,
  parameter int AddrBits = (OutW * Words > 1) ? $clog2(OutW * Words) : 1
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic                step_i,  // this cycle's word is done
  output logic [AddrBits-1:0] addr_o,
  output logic                first_o,
  output logic                last_o,
  output logic                keep_o
);
  localparam int OutH = InH / KernelH;
  if (KernelH < 1 || KernelW < 1 || OutH < 1 || OutW < 1) $error("bitloom_pool_steps: the kernel must fit the picture");

  localparam int WBits = $clog2(Words) + 1;
  localparam int XBits = $clog2(InW) + 1;
  localparam int YBits = $clog2(InH) + 1;
  localparam int KxBits = $clog2(KernelW) + 1;
  localparam int KyBits = $clog2(KernelH) + 1;

  logic [WBits-1:0] w_q;
  logic [XBits-1:0] x_q;
  logic [YBits-1:0] y_q;
  logic [KxBits-1:0] kx_q;
  logic [KyBits-1:0] ky_q;
  logic [AddrBits-1:0] base_q;  // the pool's first word
  logic w_last, x_last, y_last, kx_last, ky_last;
  assign w_last = (w_q == WBits'(Words - 1));
  assign x_last = (x_q == XBits'(InW - 1));
  assign y_last = (y_q == YBits'(InH - 1));
  assign kx_last = (kx_q == KxBits'(KernelW - 1));
  assign ky_last = (ky_q == KyBits'(KernelH - 1));

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      w_q <= '0;
      x_q <= '0;
      y_q <= '0;
      kx_q <= '0;
      ky_q <= '0;
      base_q <= '0;
    end else if (step_i) begin
      w_q <= w_last ? '0 : w_q + 1'b1;
      if (w_last) begin
        x_q <= x_last ? '0 : x_q + 1'b1;
        kx_q <= (x_last || kx_last) ? '0 : kx_q + 1'b1;
        if (x_last) base_q <= '0;
        else if (kx_last) base_q <= base_q + AddrBits'(Words);
        if (x_last) begin
          y_q <= y_last ? '0 : y_q + 1'b1;
          ky_q <= (y_last || ky_last) ? '0 : ky_q + 1'b1;
        end
      end
    end
  end

  assign addr_o = base_q + AddrBits'(w_q);
  assign first_o = (kx_q == '0) && (ky_q == '0);
  assign last_o = kx_last && ky_last;
  assign keep_o = (x_q < XBits'(OutW * KernelW)) && (y_q < YBits'(OutH * KernelH));
endmodule

`default_nettype wire
