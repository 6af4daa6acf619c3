// SPDX-License-Identifier: Apache-2.0
//
// Counts the ones of a word; combinational.
//
// For synthesis counters on carry chains (bitloom_compress): a behavioural loop, or $countones, becomes a chain of adders and
// takes three times the LUTs. A simulator counts words faster than it walks a tree, so Verilator sees $countones.
//
// Clock: that of bitloom_compress.
`default_nettype none

module bitloom_popcount #(
  parameter int Width = 32,
  parameter int OutBits = $clog2(Width + 1)
) (
  input  logic [Width-1:0]   bits_i,
  output logic [OutBits-1:0] count_o
);
  if (Width < 1 || Width > 65535) $error("bitloom_popcount: Width must be from 1 to 65535");
  if (OutBits < $clog2(Width + 1)) $error("bitloom_popcount: OutBits must hold Width: $clog2(Width + 1) bits or more");

`ifdef VERILATOR
  assign count_o = OutBits'($countones(bits_i));
`else
  bitloom_compress #(.Columns(OutBits), .Bits(Width), .Heights({{(16 * OutBits - 16) {1'b0}}, 16'(Width)})) u_compress (
    .bits_i(bits_i),
    .sum_o (count_o)
  );
`endif
endmodule

`default_nettype wire
